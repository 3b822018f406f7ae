"""Which calls wait just now? Puts calls into the queues when they were screened, and takes them out when they were reviewed.

An entry follows from facts: the screening in force, what people decided, the review in force. :func:`refresh_entries` makes it
anew and may run any number of times; who holds a call or was given it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.compliance.findings.decisions import load_decisions
from app.compliance.rule_set import load_rule_set
from app.models.calls import Call
from app.models.reviews import QueueEntry
from app.models.screening import CurrentScreening, Finding
from app.review.in_force import load_reviews_in_force
from app.review.queue.order import OpenFinding, Place, SamplingPolicy, Waiting, find_place
from app.unit_of_work import Work
from app.vocabulary import Authority, Outcome

COUNTED_AT_MOST = 100
AT_ONCE = 500


def refresh_entries(work: Work, call_ids: Sequence[str], policy: SamplingPolicy) -> int:
    """Put calls into the queues, move them, or take them out, as what is known of them says; return how many wait now."""
    waiting = 0
    for first in range(0, len(call_ids), AT_ONCE):
        waiting += _refresh(work, call_ids[first : first + AT_ONCE], policy)
    return waiting


def leave_queue(work: Work, call_ids: Sequence[str]) -> None:
    """Take calls out of the queues, whoever holds them: somebody has decided about them."""
    for first in range(0, len(call_ids), AT_ONCE):
        work.session.execute(delete(QueueEntry).where(QueueEntry.call_id.in_(call_ids[first : first + AT_ONCE])))


def fill_queues(work: Work, policy: SamplingPolicy, *, after: str = "", limit: int = 2000) -> str | None:
    """Put calls that were screened before there were queues into them, a batch at a time; return where to go on, or None."""
    screened = select(CurrentScreening.call_id).where(CurrentScreening.call_id > after).order_by(CurrentScreening.call_id)
    ids = work.session.scalars(screened.limit(limit)).all()
    refresh_entries(work, ids, policy)
    return ids[-1] if len(ids) == limit else None


def _refresh(work: Work, call_ids: Sequence[str], policy: SamplingPolicy) -> int:
    session = work.session
    known = {entry.call_id: entry for entry in session.scalars(select(QueueEntry).where(QueueEntry.call_id.in_(call_ids)))}
    reviewed = {call_id for call_id, review in load_reviews_in_force(session, call_ids).items() if review.is_decided}
    findings = _load_open_findings(session, call_ids)
    rows = session.execute(
        select(Call.id, Call.campaign_id, Call.source_id, Call.revenue_minor, CurrentScreening.screening_id)
        .join(CurrentScreening, CurrentScreening.call_id == Call.id)
        .where(Call.id.in_(call_ids))
        .order_by(Call.started_at, Call.id)
    ).all()
    waiting, gone = 0, set(known) - {row.id for row in rows}
    for row in rows:
        entry = known.get(row.id)
        place = None
        if row.id not in reviewed:
            place = find_place(
                Waiting(
                    call_id=row.id,
                    entered_at=entry.entered_at if entry else work.now,
                    findings=tuple(findings.get(row.id, ())),
                    revenue_minor=row.revenue_minor or 0,
                    calls_of_source=_count_screened(session, row.source_id, row.id, policy.first_of_source),
                    waiting_of_source=_count_waiting(session, row.source_id, row.id, entry.entered_at if entry else work.now),
                ),
                policy,
            )
        if place is None:
            gone.add(row.id)
            continue
        waiting += 1
        _write(work, entry, row.id, row.campaign_id, row.source_id, row.screening_id, place)
    if gone:
        session.execute(delete(QueueEntry).where(QueueEntry.call_id.in_(gone)))
    session.flush()
    return waiting


def _write(
    work: Work,
    entry: QueueEntry | None,
    call_id: str,
    campaign_id: str | None,
    source_id: str | None,
    screening_id: str,
    place: Place,
) -> None:
    if entry is None:
        entry = QueueEntry(call_id=call_id, entered_at=work.now)
        work.session.add(entry)
    entry.queue, entry.why, entry.due_at = place.queue, place.why, place.due_at
    entry.parts, entry.money_minor = list(place.parts), place.money_minor
    entry.campaign_id, entry.source_id, entry.screening_id = campaign_id, source_id, screening_id
    work.session.flush()


def _load_open_findings(session: Session, call_ids: Sequence[str]) -> dict[str, list[OpenFinding]]:
    decided = load_decisions(session, call_ids)
    rows = session.scalars(
        select(Finding)
        .join(CurrentScreening, CurrentScreening.screening_id == Finding.screening_id)
        .where(Finding.call_id.in_(call_ids), Finding.outcome.in_((Outcome.VIOLATION, Outcome.REVIEW)))
        .order_by(Finding.call_id, Finding.rule)
    )
    rules = load_rule_set()
    found: dict[str, list[OpenFinding]] = {}
    for row in rows:
        if (row.call_id, row.rule) in decided:
            continue
        rule = rules.find(row.rule)
        found.setdefault(row.call_id, []).append(
            OpenFinding(
                rule=row.rule,
                title=rule.title if rule else row.rule,
                outcome=row.outcome,
                severity=row.severity,
                authority=rule.authority if rule else Authority.STATUTE,
                stake_most_minor=row.stake_most_minor or 0,
            )
        )
    return found


def _count_screened(session: Session, source_id: str | None, call_id: str, most: int) -> int:
    """Return how many other calls of a source were screened, at most ``most``; no source at all is never a new one."""
    if source_id is None or most == 0:
        return most
    others = (
        select(Call.id)
        .join(CurrentScreening, CurrentScreening.call_id == Call.id)
        .where(Call.source_id == source_id, Call.id != call_id)
        .limit(most)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(others)) or 0


def _count_waiting(session: Session, source_id: str | None, call_id: str, before: datetime) -> int:
    if source_id is None:
        return 0
    others = (
        select(QueueEntry.call_id)
        .where(QueueEntry.source_id == source_id, QueueEntry.entered_at <= before, QueueEntry.call_id != call_id)
        .limit(COUNTED_AT_MOST)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(others)) or 0
