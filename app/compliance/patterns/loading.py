"""What happened in a window, counted by the database: one bounded query per pattern, a row per source or party.

Every query begins with a range of an index on time (calls by start, consents by the day they were given), so its cost follows
the window and not the age of the house. Calls themselves are named only for what was found, some of each.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.compliance.finding import FLAGGED
from app.compliance.findings.decisions import is_decided, load_decisions
from app.compliance.patterns.values import (
    BUCKET_S,
    BUCKETS_EACH_SIDE,
    CertificateUse,
    Denials,
    Durations,
    OpenFindings,
    Subject,
    SubjectKind,
)
from app.models.calls import Call
from app.models.campaigns import AdVersion, CallSource
from app.models.parties import Party
from app.models.screening import Consent, CurrentScreening, Finding, Screening
from app.vocabulary import EndedBy, FindingDecision, Severity

MOST_CALLS_NAMED = 20
MOST_DENIALS_READ = 10_000
MOST_CERTIFICATES = 1_000
NEAR_S = 10
"""How near the billable second it is counted who hung up."""

_past_s = Call.connected_s - AdVersion.billable_s


def load_durations(session: Session, kind: SubjectKind, since: datetime, now: datetime) -> tuple[Durations, ...]:
    """Return how far from the billable second calls ended, by source or by advertiser; calls without terms are left out."""
    edges = [step * BUCKET_S for step in range(-BUCKETS_EACH_SIDE, BUCKETS_EACH_SIDE)]
    counts = [_count((_past_s >= edge) & (_past_s < edge + BUCKET_S)) for edge in edges]
    is_source = kind is SubjectKind.SOURCE
    by = Call.source_id if is_source else Call.advertiser_id
    rows: Sequence[tuple[Any, ...]] = session.execute(
        select(
            by,
            *counts,
            _count(_past_s >= BUCKETS_EACH_SIDE * BUCKET_S),
            _count((_past_s >= -NEAR_S) & (_past_s < 0) & (Call.ended_by == EndedBy.AGENT)),
            _count((_past_s >= 0) & (_past_s < NEAR_S) & (Call.ended_by == EndedBy.CALLER)),
        )
        .join(AdVersion, AdVersion.id == Call.ad_version_id)
        .where(Call.started_at >= since, Call.started_at < now, Call.connected_s.is_not(None), by.is_not(None))
        .group_by(by)
    ).all()
    subjects = _load_sources(session) if is_source else _load_parties(session, kind)
    middle = 1 + BUCKETS_EACH_SIDE
    return tuple(
        Durations(subjects[row[0]], tuple(row[1:middle]), tuple(row[middle : middle + BUCKETS_EACH_SIDE]), *row[-3:])
        for row in sorted(rows, key=lambda row: row[0])
    )


def load_open_findings(session: Session, since: datetime, older_than: datetime) -> tuple[OpenFindings, ...]:
    """Return, by publisher, the critical findings in force that nobody decided about and that were made before a moment."""
    totals = session.execute(
        _open_findings(
            Call.publisher_id,
            func.count(),
            func.count(Call.id.distinct()),
            func.min(Screening.made_at),
            since=since,
            to=older_than,
        ).group_by(Call.publisher_id)
    ).all()
    by_rule = session.execute(
        _open_findings(Call.publisher_id, Finding.rule, func.count(), since=since, to=older_than).group_by(
            Call.publisher_id, Finding.rule
        )
    ).all()
    parties = _load_parties(session, SubjectKind.PUBLISHER)
    found = []
    for publisher_id, findings, calls, oldest_at in sorted(totals, key=lambda row: row[0]):
        own = [(rule, count) for publisher, rule, count in by_rule if publisher == publisher_id]
        ranked = tuple(sorted(own, key=lambda pair: (-pair[1], pair[0])))
        found.append(OpenFindings(parties[publisher_id], findings, calls, oldest_at, ranked))
    return tuple(found)


def load_certificate_uses(
    session: Session, since: datetime, now: datetime, *, more_numbers_than: int, more_sellers_than: int
) -> tuple[CertificateUse, ...]:
    """Return the certificates of consents given in the window that stand for more numbers or buyers than that."""
    certificate = certificate_id_of(session)
    numbers, sellers = func.count(Consent.number.distinct()), func.count(Consent.seller.distinct())
    rows = session.execute(
        select(certificate, numbers, sellers, func.count(), func.min(Consent.source_id))
        .where(Consent.given_at >= since, Consent.given_at < now, Consent.certificate.is_not(None), certificate.is_not(None))
        .group_by(certificate)
        .having((numbers > more_numbers_than) | (sellers > more_sellers_than))
        .order_by(numbers.desc(), sellers.desc(), certificate)
        .limit(MOST_CERTIFICATES)
    ).all()
    sources = _load_sources(session) if rows else {}
    return tuple(CertificateUse(*row[:4], sources.get(row[4] or "")) for row in rows)


def load_denials(session: Session, rule: str, since: datetime, now: datetime) -> tuple[Denials, ...]:
    """Return, by source, the calls in which a rule found that the caller denies having agreed, and nobody refused it."""
    rows = session.execute(
        select(Call.source_id, Call.id)
        .join(CurrentScreening, CurrentScreening.call_id == Call.id)
        .join(Finding, Finding.screening_id == CurrentScreening.screening_id)
        .where(
            Call.started_at >= since,
            Call.started_at < now,
            Call.source_id.is_not(None),
            Finding.rule == rule,
            Finding.outcome.in_(FLAGGED),
        )
        .order_by(Call.started_at.desc(), Call.id)
        .limit(MOST_DENIALS_READ)
    ).all()
    decisions = load_decisions(session, [row[1] for row in rows])
    calls: dict[str, list[str]] = {}
    for source_id, call_id in rows:
        decision = decisions.get((call_id, rule))
        if decision is None or decision.decision is not FindingDecision.REFUSE:
            calls.setdefault(str(source_id), []).append(call_id)
    sources = _load_sources(session) if calls else {}
    return tuple(Denials(sources[source_id], tuple(ids)) for source_id, ids in sorted(calls.items()))


def name_calls_near(
    session: Session, subject: Subject, since: datetime, now: datetime, *, from_s: float, to_s: float
) -> tuple[str, ...]:
    """Return the newest calls of a source or advertiser that ended so many seconds from the billable one."""
    by = Call.source_id if subject.kind is SubjectKind.SOURCE else Call.advertiser_id
    return _newest(
        session,
        select(Call.id)
        .join(AdVersion, AdVersion.id == Call.ad_version_id)
        .where(by == subject.id, Call.started_at >= since, Call.started_at < now, _past_s >= from_s, _past_s < to_s),
    )


def name_open_calls(session: Session, publisher_id: str, since: datetime, older_than: datetime) -> tuple[str, ...]:
    """Return the newest calls of a publisher that have open critical findings."""
    calls = _open_findings(Call.id, Call.started_at, since=since, to=older_than).where(Call.publisher_id == publisher_id)
    return _newest(session, select(Call.id).where(Call.id.in_(select(calls.subquery().c.id))))


def name_certificate_calls(session: Session, certificate: str, since: datetime, now: datetime) -> tuple[str, ...]:
    """Return the newest calls of the numbers for which a certificate was used."""
    numbers = select(Consent.number).where(
        Consent.given_at >= since, Consent.given_at < now, certificate_id_of(session) == certificate
    )
    return _newest(
        session, select(Call.id).where(Call.caller_number.in_(numbers), Call.started_at >= since, Call.started_at < now)
    )


def certificate_id_of(session: Session) -> ColumnElement[str]:
    """Return the id inside a consent's certificate, as the database at hand reads JSON text."""
    if session.get_bind().dialect.name == "postgresql":
        inside: ColumnElement[str] = cast(cast(Consent.certificate, Text), JSONB)["id"].astext
        return inside
    return func.json_extract(Consent.certificate, "$.id", type_=Text)


def _open_findings(*columns: Any, since: datetime, to: datetime) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Call)
        .join(CurrentScreening, CurrentScreening.call_id == Call.id)
        .join(Screening, Screening.id == CurrentScreening.screening_id)
        .join(Finding, Finding.screening_id == Screening.id)
        .where(
            Call.started_at >= since,
            Call.started_at < to,
            Call.publisher_id.is_not(None),
            CurrentScreening.flag_count > 0,
            Screening.made_at < to,
            Finding.severity == Severity.CRITICAL,
            Finding.outcome.in_(FLAGGED),
            ~is_decided(Finding.call_id, Finding.rule),
        )
    )


def _newest(session: Session, calls: Select[str]) -> tuple[str, ...]:
    return tuple(session.scalars(calls.order_by(Call.started_at.desc(), Call.id.desc()).limit(MOST_CALLS_NAMED)))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _load_sources(session: Session) -> dict[str, Subject]:
    rows = session.execute(
        select(CallSource.id, CallSource.name, Party.id, Party.name).join(Party, Party.id == CallSource.publisher_id)
    )
    return {row[0]: Subject(SubjectKind.SOURCE, *row) for row in rows}


def _load_parties(session: Session, kind: SubjectKind) -> dict[str, Subject]:
    rows = session.execute(select(Party.id, Party.name)).all()
    return {party_id: Subject(kind, party_id, name, party_id, name) for party_id, name in rows}
