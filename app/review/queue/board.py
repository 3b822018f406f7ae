"""How many calls wait in each queue, since when, and which come next for one person?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from app.models.calls import Call
from app.models.campaigns import CallSource, Campaign
from app.models.parties import Party
from app.models.reviews import QueueEntry
from app.models.users import User
from app.review.queue.claims import Filters, offered_to
from app.vocabulary import QueueReason, ReviewQueue


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """One queue in figures; money in US cents."""

    queue: ReviewQueue
    waiting: int
    held: int
    overdue: int
    money_minor: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A call that comes soon, with what made it due."""

    call_id: str
    external_id: str
    started_at: datetime
    caller_number: str | None
    campaign: str | None
    publisher: str | None
    why: QueueReason
    due_at: datetime
    parts: tuple[str, ...]
    money_minor: int
    held_by: str | None
    assigned_to: str | None


def load_standings(session: Session, now: datetime) -> tuple[QueueStanding, ...]:
    """Return both queues, the one of law first."""
    is_held = (QueueEntry.claimed_by.is_not(None)) & (QueueEntry.claim_ends_at > now)
    rows = session.execute(
        select(
            QueueEntry.queue,
            func.count().label("waiting"),
            func.sum(case((is_held, 1), else_=0)).label("held"),
            func.sum(case((QueueEntry.due_at < now, 1), else_=0)).label("overdue"),
            func.sum(QueueEntry.money_minor).label("money"),
            func.min(QueueEntry.entered_at).label("oldest"),
        ).group_by(QueueEntry.queue)
    )
    found = {row.queue: row for row in rows}
    return tuple(_standing(queue, found.get(queue)) for queue in ReviewQueue)


def list_next(
    session: Session, user_id: str, now: datetime, queue: ReviewQueue, filters: Filters, *, limit: int = 25
) -> tuple[WaitingCall, ...]:
    """Return the calls that would be offered to a person next, the first one first."""
    entry = aliased(QueueEntry, offered_to(user_id, now, queue, filters).limit(limit).subquery())
    holder, assignee = aliased(User), aliased(User)
    rows = session.execute(
        select(
            entry,
            Call.external_id,
            Call.started_at,
            Call.caller_number,
            Campaign.name.label("campaign"),
            Party.name.label("publisher"),
            holder.name.label("holder"),
            assignee.name.label("assignee"),
        )
        .join(Call, Call.id == entry.call_id)
        .outerjoin(Campaign, Campaign.id == Call.campaign_id)
        .outerjoin(Party, Party.id == Call.publisher_id)
        .outerjoin(holder, holder.id == entry.claimed_by)
        .outerjoin(assignee, assignee.id == entry.assigned_to)
        .order_by(entry.due_at, entry.call_id)
    )
    return tuple(
        WaitingCall(
            call_id=row[0].call_id,
            external_id=row.external_id,
            started_at=row.started_at,
            caller_number=row.caller_number,
            campaign=row.campaign,
            publisher=row.publisher,
            why=row[0].why,
            due_at=row[0].due_at,
            parts=tuple(row[0].parts),
            money_minor=row[0].money_minor,
            held_by=row.holder,
            assigned_to=row.assignee,
        )
        for row in rows
    )


def list_choices(session: Session) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return (id, name) of the campaigns and of the call sources that a person may narrow the queue to."""
    campaigns = session.execute(select(Campaign.id, Campaign.name).order_by(Campaign.name))
    sources = session.execute(select(CallSource.id, CallSource.name).order_by(CallSource.name))
    return tuple((row.id, row.name) for row in campaigns), tuple((row.id, row.name) for row in sources)


def _standing(queue: ReviewQueue, row: Any) -> QueueStanding:
    if row is None:
        return QueueStanding(queue, 0, 0, 0, 0, None)
    return QueueStanding(queue, row.waiting, int(row.held), int(row.overdue), int(row.money), row.oldest)
