"""Which consents are on record, what does each prove, and who relied on it? Read for pages and the API.

What a consent proves follows from its elements and is stored nowhere, so a list that asks for it reads on until its page is
full, or until it has looked at so many that the asker should be told; the next page begins where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.compliance.certificates import check_host, check_id, expiry_of
from app.compliance.consent_records.as_facts import read_row
from app.compliance.consent_records.service import get_consent
from app.compliance.consents import ConsentReading, read_consent
from app.compliance.facts import Certificate
from app.models.calls import Call
from app.models.campaigns import CallSource
from app.models.consumers import CertificateAnswer
from app.models.events import Event
from app.models.screening import Consent, CurrentScreening, Screening
from app.vocabulary import CertificateStanding, ConsentStanding, Outcome

PAGE_SIZE = 50
MOST_LOOKED_AT = 5000
EXPIRES_SOON = timedelta(days=3)
MOST_CALLS = 50
MOST_EVENTS = 200
CONSENT_RULES = ("TCPA-PEWC", "TCPA-PRERECORDED", "CONSENT-CERT", "CONSENT-RECORD", "TCPA-REVOKE", "CONSENT-DISPUTED")


@dataclass(frozen=True, slots=True)
class ConsentFilters:
    """What is looked for; None: anything. ``lacks`` is an element (E1 to E11) that is missing or not known."""

    number: str | None = None
    seller: str | None = None
    standing: ConsentStanding | None = None
    lacks: str | None = None
    certificate: CertificateStanding | None = None
    cursor: tuple[datetime, str] | None = None
    limit: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A consent with what it proves by itself now; ``expires_at`` is when its certificate is lost."""

    row: Consent
    reading: ConsentReading
    standing: ConsentStanding
    certificate: CertificateStanding
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """A page of consents, the newest first; ``is_cut`` where it looked at so many that it stopped before the page was full."""

    lines: tuple[ConsentLine, ...]
    next_cursor: tuple[datetime, str] | None
    is_cut: bool


@dataclass(frozen=True, slots=True)
class RelyingCall:
    """A later call of the number: what its screening in force says by the rules on consent, rule and outcome.

    ``is_judged_with`` tells whether this consent was among the facts; None where the call is not screened, or its facts were
    not kept.
    """

    id: str
    external_id: str
    started_at: datetime
    outcomes: tuple[tuple[str, str], ...]
    is_screened: bool
    is_judged_with: bool | None


@dataclass(frozen=True, slots=True)
class ConsentDetail:
    """Everything on record of one consent."""

    line: ConsentLine
    source: str | None
    shape_expected: str | None
    is_shape_right: bool | None
    is_host_right: bool | None
    answers: tuple[CertificateAnswer, ...]
    calls: tuple[RelyingCall, ...]
    has_more_calls: bool
    events: tuple[Event, ...]
    others: tuple[Consent, ...]


def list_consents(session: Session, filters: ConsentFilters, now: datetime) -> ConsentPage:
    """Return a page of the consents that fit."""
    found: list[ConsentLine] = []
    cursor, looked = filters.cursor, 0
    while looked < MOST_LOOKED_AT:
        rows = session.scalars(_after(_narrow(filters), cursor).limit(max(filters.limit, 200))).all()
        for row in rows:
            looked += 1
            cursor = (row.given_at, row.id)
            line = read_line(row, now)
            if _fits(line, filters):
                found.append(line)
                if len(found) == filters.limit:
                    return ConsentPage(tuple(found), cursor, is_cut=False)
        if len(rows) < max(filters.limit, 200):
            return ConsentPage(tuple(found), None, is_cut=False)
    return ConsentPage(tuple(found), cursor, is_cut=True)


def load_consent(session: Session, consent_id: str, now: datetime) -> ConsentDetail:
    """Return everything on record of a consent. Raises NotFound."""
    row = get_consent(session, consent_id)
    certificate = read_row(row).certificate or Certificate()
    shape = check_id(certificate)
    calls = _load_calls(session, row)
    answers = select(CertificateAnswer).where(CertificateAnswer.consent_id == row.id)
    events = select(Event).where(Event.subject_type == "consent", Event.subject_id == row.id).order_by(Event.seq)
    others = select(Consent).where(Consent.number == row.number, Consent.id != row.id).order_by(Consent.given_at.desc())
    return ConsentDetail(
        line=read_line(row, now),
        source=session.scalar(select(CallSource.name).where(CallSource.id == row.source_id)) if row.source_id else None,
        shape_expected=shape.expected if shape else None,
        is_shape_right=shape.is_right if shape else None,
        is_host_right=check_host(certificate),
        answers=tuple(session.scalars(answers.order_by(CertificateAnswer.asked_at.desc(), CertificateAnswer.id.desc()))),
        calls=tuple(calls[:MOST_CALLS]),
        has_more_calls=len(calls) > MOST_CALLS,
        events=tuple(session.scalars(events.limit(MOST_EVENTS))),
        others=tuple(session.scalars(others.limit(20))),
    )


def read_line(row: Consent, now: datetime) -> ConsentLine:
    """Return what a consent proves by itself now: for its own seller and number."""
    facts = read_row(row)
    reading = read_consent(facts, seller=row.seller, number=row.number, at=now)
    certificate, expires_at = _read_certificate(facts.certificate, now)
    return ConsentLine(row, reading, _standing(row, reading, now), certificate, expires_at)


def _standing(row: Consent, reading: ConsentReading, now: datetime) -> ConsentStanding:
    if row.revoked_at is not None and row.revoked_at <= now:
        return ConsentStanding.REVOKED
    if reading.is_full:
        return ConsentStanding.FULL
    return ConsentStanding.LACKING if reading.failed or reading.names_partners_only else ConsentStanding.UNPROVED


def _read_certificate(certificate: Certificate | None, now: datetime) -> tuple[CertificateStanding, datetime | None]:
    if certificate is None or certificate.id is None:
        return CertificateStanding.NO_CERTIFICATE, None
    if certificate.retained_at is not None:
        return CertificateStanding.KEPT, None
    expires_at = expiry_of(certificate)
    if expires_at is None:
        return CertificateStanding.UNDATED, None
    if expires_at < now:
        return CertificateStanding.LOST, expires_at
    is_soon = expires_at - now <= EXPIRES_SOON
    return (CertificateStanding.EXPIRING if is_soon else CertificateStanding.VALID), expires_at


def _narrow(filters: ConsentFilters) -> Select[Consent]:
    """Return the conditions that the tables can judge."""
    statement: Select[Consent] = select(Consent)
    if filters.number is not None:
        statement = statement.where(Consent.number == filters.number)
    if filters.seller is not None:
        statement = statement.where(func.lower(Consent.seller).contains(filters.seller.lower(), autoescape=True))
    if filters.standing is ConsentStanding.REVOKED:
        statement = statement.where(Consent.revoked_at.is_not(None))
    return statement


def _after(statement: Select[Consent], cursor: tuple[datetime, str] | None) -> Select[Consent]:
    if cursor is not None:
        at, id_ = cursor
        statement = statement.where(or_(Consent.given_at < at, and_(Consent.given_at == at, Consent.id < id_)))
    return statement.order_by(Consent.given_at.desc(), Consent.id.desc())


def _fits(line: ConsentLine, filters: ConsentFilters) -> bool:
    if filters.standing is not None and line.standing is not filters.standing:
        return False
    if filters.certificate is not None and line.certificate is not filters.certificate:
        return False
    return filters.lacks is None or line.reading.elements.get(filters.lacks) is not True


def _load_calls(session: Session, row: Consent) -> list[RelyingCall]:
    """Return the calls of the number from the consent on, the newest first, one more than are shown."""
    found = session.execute(
        select(Call.id, Call.external_id, Call.started_at, CurrentScreening.screening_id, Screening.outcomes, Screening.facts)
        .outerjoin(CurrentScreening, CurrentScreening.call_id == Call.id)
        .outerjoin(Screening, Screening.id == CurrentScreening.screening_id)
        .where(or_(Call.caller_number == row.number, Call.dialed_number == row.number), Call.started_at >= row.given_at)
        .order_by(Call.started_at.desc(), Call.id.desc())
        .limit(MOST_CALLS + 1)
    )
    return [
        RelyingCall(
            id=call.id,
            external_id=call.external_id,
            started_at=call.started_at,
            outcomes=_consent_outcomes(call.outcomes or ()),
            is_screened=call.screening_id is not None,
            is_judged_with=_names(call.facts, row.external_id),
        )
        for call in found
    ]


def _consent_outcomes(outcomes: Iterable[object]) -> tuple[tuple[str, str], ...]:
    """Return what the rules on consent said, of the triples (rule, outcome, severity) kept with a screening."""
    told = [(str(each[0]), str(each[1])) for each in outcomes if isinstance(each, list) and len(each) >= 2]
    return tuple((rule, said) for rule, said in told if rule in CONSENT_RULES and said != Outcome.NOT_APPLICABLE)


def _names(facts: object, external_id: str) -> bool | None:
    if not isinstance(facts, dict):
        return None
    # Screenings from before a consent was told by its id name none; of those nothing is claimed.
    call = facts.get("call")
    consents: Sequence[object] = (call.get("consents") if isinstance(call, dict) else None) or ()
    ids = {each.get("id") for each in consents if isinstance(each, dict)}
    return True if external_id in ids else None if None in ids else False
