"""What do the queue and the bar over a claimed call show? Times, reasons and money in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.identity import Identity, Permission
from app.models.reviews import QueueEntry
from app.models.users import User
from app.money import Money
from app.phone import describe
from app.review.queue.board import QueueStanding, WaitingCall
from app.review.queue.claims import Claim, Filters, find_claim, user_id_of
from app.vocabulary import QueueReason, ReviewQueue, Role

TITLES = {ReviewQueue.COMPLIANCE: "Compliance", ReviewQueue.QUALITY: "Quality"}
MEANINGS = {ReviewQueue.COMPLIANCE: "Calls with findings of law", ReviewQueue.QUALITY: "Contracts, quality, samples"}
WHY = {QueueReason.FLAGGED: "Finding", QueueReason.NEW_SOURCE: "New source", QueueReason.SAMPLE: "Random sample"}


@dataclass(frozen=True, slots=True)
class QueueTab:
    """One of the queues to choose from."""

    value: str
    title: str
    meaning: str
    waiting: int
    held: int
    overdue: int
    money: str
    oldest: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A call that comes soon."""

    call_id: str
    name: str
    external_id: str
    started_at: datetime
    where: str
    why: str
    due: str
    is_overdue: bool
    parts: tuple[str, ...]
    money: str
    note: str


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Both queues, and what comes next in the chosen one."""

    queue: str
    title: str
    tabs: tuple[QueueTab, ...]
    lines: tuple[WaitingLine, ...]
    campaigns: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    campaign: str
    source: str


@dataclass(frozen=True, slots=True)
class ClaimBar:
    """Who has the call, and what this person may do about it."""

    call_id: str
    queue: str
    queue_title: str
    is_mine: bool
    holder: str
    since: datetime | None
    due: str
    is_overdue: bool
    parts: tuple[str, ...]
    may_assign: bool
    people: tuple[tuple[str, str], ...]
    assigned_to: str


def build_queue_page(
    queue: ReviewQueue,
    filters: Filters,
    standings: Sequence[QueueStanding],
    calls: Sequence[WaitingCall],
    choices: tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]],
    now: datetime,
) -> QueuePage:
    """Return the page of the queues."""
    return QueuePage(
        queue=queue,
        title=TITLES[queue],
        tabs=tuple(_tab(standing, queue, now) for standing in standings),
        lines=tuple(_line(call, now) for call in calls),
        campaigns=choices[0],
        sources=choices[1],
        campaign=filters.campaign_id or "",
        source=filters.source_id or "",
    )


def load_claim_bar(session: Session, identity: Identity, call_id: str, now: datetime) -> ClaimBar | None:
    """Return the bar over a call that waits for a reviewer; None where it does not, or the person does not review."""
    if not identity.may(Permission.REVIEW_DECIDE):
        return None
    entry = session.get(QueueEntry, call_id)
    if entry is None:
        return None
    people: tuple[tuple[str, str], ...] = ()
    if identity.may(Permission.REVIEW_LEAD):
        reviewers = select(User.id, User.name).where(User.role.in_((Role.REVIEWER, Role.TEAM_LEAD, Role.COMPLIANCE)))
        people = tuple((row.id, row.name) for row in session.execute(reviewers.order_by(User.name)))
    return build_claim_bar(entry, find_claim(session, call_id, now), identity, people, now)


def build_claim_bar(
    entry: QueueEntry, claim: Claim | None, identity: Identity, people: tuple[tuple[str, str], ...], now: datetime
) -> ClaimBar:
    """Return the bar over a call."""
    return ClaimBar(
        call_id=entry.call_id,
        queue=entry.queue,
        queue_title=TITLES[entry.queue],
        is_mine=claim is not None and claim.user_id == user_id_of(identity),
        holder=claim.user_name if claim else "",
        since=claim.claimed_at if claim else None,
        due=say_due(entry.due_at, now),
        is_overdue=entry.due_at < now,
        parts=tuple(entry.parts),
        may_assign=bool(people),
        people=people,
        assigned_to=entry.assigned_to or "",
    )


def say_due(due_at: datetime, now: datetime) -> str:
    """Return by when a call should be heard, seen from now."""
    left = due_at - now
    return f"{_say_span(-left)} overdue" if left < timedelta(0) else f"within {_say_span(left)}"


def _tab(standing: QueueStanding, chosen: ReviewQueue, now: datetime) -> QueueTab:
    return QueueTab(
        value=standing.queue,
        title=TITLES[standing.queue],
        meaning=MEANINGS[standing.queue],
        waiting=standing.waiting,
        held=standing.held,
        overdue=standing.overdue,
        money=str(Money(standing.money_minor)),
        oldest=_say_span(now - standing.oldest_at) if standing.oldest_at else "–",
        is_chosen=standing.queue is chosen,
    )


def _line(call: WaitingCall, now: datetime) -> WaitingLine:
    return WaitingLine(
        call_id=call.call_id,
        name=describe(call.caller_number) if call.caller_number else "number withheld",
        external_id=call.external_id,
        started_at=call.started_at,
        where=", ".join(filter(None, (call.campaign, call.publisher))) or "–",
        why=WHY[call.why],
        due=say_due(call.due_at, now),
        is_overdue=call.due_at < now,
        parts=call.parts,
        money=str(Money(call.money_minor)) if call.money_minor else "–",
        note="given to you" if call.assigned_to else "",
    )


def _say_span(span: timedelta) -> str:
    minutes = max(1, int(span.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
