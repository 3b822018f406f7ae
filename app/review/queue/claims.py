"""Who has which call? Claims with an end, giving back, passing over, and assignment.

A claim is held in one row, which is locked while it is taken: of two people at once one gets the call and the other is told, or
is given the next one. The page renews its claim while it is open; a browser that is lost gives the call back when it runs out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from app.models.reviews import QueueEntry, QueueSkip
from app.models.users import User
from app.review.queue.entries import refresh_entries
from app.review.queue.order import SamplingPolicy
from app.unit_of_work import Work
from app.vocabulary import EventKind, ReviewQueue

CLAIM = timedelta(minutes=5)
"""How long a claim lasts without a sign from its page, which renews it every minute."""
LONGEST_REASON = 500
MOST_OF_ONE = 3
"""A reviewer may hold so many calls at a time, as in several tabs."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reviewer wants to hear; None means everything."""

    campaign_id: str | None = None
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A call somebody holds, until when."""

    call_id: str
    queue: ReviewQueue
    user_id: str
    user_name: str
    claimed_at: datetime
    ends_at: datetime


def claim_next(
    work: Work,
    identity: Identity,
    queue: ReviewQueue,
    policy: SamplingPolicy,
    filters: Filters | None = None,
    *,
    after: str | None = None,
) -> str | None:
    """Take the call that should be heard next and return its id; None when nothing waits for this person.

    A call the person holds already comes first, unless it is ``after``, the one just left. An entry that facts have overtaken,
    as when its findings were decided one by one elsewhere, is put right on the way.

    Raises
    ------
    Conflict
        If the person holds as many calls as one may (``too_many_claims``).
    """
    me = user_id_of(identity)
    mine = _held_by(work.session, me, work.now)
    for entry in mine:
        if entry.queue is queue and entry.call_id != after:
            return _hold(work, entry, me)
    if len(mine) >= MOST_OF_ONE:
        raise Conflict(f"you hold {len(mine)} calls; finish one or give it back first", code="too_many_claims")
    offered = offered_to(me, work.now, queue, filters or Filters()).limit(1).with_for_update(skip_locked=True)
    while (found := work.session.scalar(offered)) is not None:
        call_id = found.call_id
        refresh_entries(work, [call_id], policy)
        found = work.session.get(QueueEntry, call_id)
        if found is not None and found.queue is queue:
            return _hold(work, found, me)
    return None


def claim_call(work: Work, identity: Identity, call_id: str) -> datetime:
    """Take one call, or hold it longer; return until when.

    Raises
    ------
    NotFound
        If the call does not wait for a reviewer.
    Conflict
        If another person has it (``claimed``) or it was given to another person (``assigned``); the message says who.
    """
    me = user_id_of(identity)
    entry = work.session.get(QueueEntry, call_id, with_for_update=True)
    if entry is None:
        raise NotFound("this call does not wait for a reviewer", call_id=call_id)
    if _is_held(entry, work.now) and entry.claimed_by != me:
        name = _name_of(work.session, entry.claimed_by)
        raise Conflict(f"{name} is reviewing this call since {entry.claimed_at:%H:%M} UTC", code="claimed", by=name)
    if entry.assigned_to not in (None, me):
        name = _name_of(work.session, entry.assigned_to)
        raise Conflict(f"this call was given to {name}", code="assigned", by=name)
    _hold(work, entry, me)
    assert entry.claim_ends_at is not None
    return entry.claim_ends_at


def give_back(work: Work, identity: Identity, call_id: str) -> None:
    """Let others have a call; nothing happens when the person does not hold it."""
    entry = work.session.get(QueueEntry, call_id, with_for_update=True)
    if entry is not None and entry.claimed_by == user_id_of(identity):
        _let_go(entry)
        work.publish(EventKind.REVIEW_GIVEN_BACK, ("call", call_id))


def skip_call(work: Work, identity: Identity, call_id: str, reason: str) -> None:
    """Pass a call over: it is not offered to this person again, and goes back to the others.

    Raises
    ------
    InvalidInput
        If no reason is given.
    InvalidTransition
        If another person holds it.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InvalidInput(f"say why you pass it over, in at most {LONGEST_REASON} characters", field="reason")
    me = user_id_of(identity)
    entry = work.session.get(QueueEntry, call_id, with_for_update=True)
    if entry is not None and _is_held(entry, work.now) and entry.claimed_by != me:
        raise InvalidTransition("another person has this call now", call_id=call_id)
    if entry is not None and entry.claimed_by == me:
        _let_go(entry)
    work.session.add(QueueSkip(id=work.new_id(), call_id=call_id, user_id=me, reason=reason, skipped_at=work.now))
    work.publish(EventKind.REVIEW_SKIPPED, ("call", call_id), {"reason": reason})


def assign_call(work: Work, call_id: str, user_id: str | None) -> None:
    """Give a waiting call to one person, or to whoever comes (None).

    Raises
    ------
    NotFound
        If the call does not wait, or there is no such person.
    """
    entry = work.session.get(QueueEntry, call_id, with_for_update=True)
    if entry is None:
        raise NotFound("this call does not wait for a reviewer", call_id=call_id)
    if user_id is not None and work.session.get(User, user_id) is None:
        raise NotFound("there is no such person", user_id=user_id)
    entry.assigned_to = user_id
    if entry.claimed_by is not None and entry.claimed_by != user_id and user_id is not None:
        _let_go(entry)
    work.publish(EventKind.REVIEW_ASSIGNED, ("call", call_id), {"to": user_id})


def find_claim(session: Session, call_id: str, now: datetime) -> Claim | None:
    """Return who has a call just now; None when nobody does."""
    row = session.execute(
        select(QueueEntry, User.name).outerjoin(User, User.id == QueueEntry.claimed_by).where(QueueEntry.call_id == call_id)
    ).first()
    entry: QueueEntry | None = row[0] if row else None
    if entry is None or entry.claimed_by is None or entry.claimed_at is None or entry.claim_ends_at is None:
        return None
    name = (row[1] if row else None) or entry.claimed_by
    claim = Claim(call_id, entry.queue, entry.claimed_by, name, entry.claimed_at, entry.claim_ends_at)
    return claim if claim.ends_at > now else None


def offered_to(user_id: str, now: datetime, queue: ReviewQueue, filters: Filters) -> Select[QueueEntry]:
    """Return the calls that a person may take, the one to be heard next first."""
    wanted: list[ColumnElement[bool]] = [QueueEntry.queue == queue]
    if filters.campaign_id is not None:
        wanted.append(QueueEntry.campaign_id == filters.campaign_id)
    if filters.source_id is not None:
        wanted.append(QueueEntry.source_id == filters.source_id)
    passed_over = exists().where(QueueSkip.call_id == QueueEntry.call_id, QueueSkip.user_id == user_id)
    return (
        select(QueueEntry)
        .where(
            *wanted,
            or_(QueueEntry.claimed_by.is_(None), QueueEntry.claim_ends_at <= now),
            or_(QueueEntry.assigned_to.is_(None), QueueEntry.assigned_to == user_id),
            ~passed_over,
        )
        .order_by(QueueEntry.due_at, QueueEntry.call_id)
    )


def user_id_of(identity: Identity) -> str:
    """Return the id under which claims are kept."""
    return identity.actor.partition(":")[2]


def _held_by(session: Session, user_id: str, now: datetime) -> list[QueueEntry]:
    held = select(QueueEntry).where(and_(QueueEntry.claimed_by == user_id, QueueEntry.claim_ends_at > now))
    return list(session.scalars(held.order_by(QueueEntry.claimed_at)))


def _hold(work: Work, entry: QueueEntry, user_id: str) -> str:
    is_new = entry.claimed_by != user_id or not _is_held(entry, work.now)
    entry.claimed_by, entry.claim_ends_at = user_id, work.now + CLAIM
    if is_new:
        entry.claimed_at = work.now
        work.session.flush()
        work.publish(EventKind.REVIEW_CLAIMED, ("call", entry.call_id), {"queue": str(entry.queue)})
    return entry.call_id


def _let_go(entry: QueueEntry) -> None:
    entry.claimed_by = entry.claimed_at = entry.claim_ends_at = None


def _is_held(entry: QueueEntry, now: datetime) -> bool:
    return entry.claimed_by is not None and entry.claim_ends_at is not None and entry.claim_ends_at > now


def _name_of(session: Session, user_id: str | None) -> str:
    return session.scalar(select(User.name).where(User.id == user_id)) or "somebody else"
