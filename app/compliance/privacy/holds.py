"""What may not be erased now? Legal holds on calls, numbers and parties, and disputes that are still open.

Cal. Civ. Code 1798.105(d) leaves what law or a legal claim asks to keep; a hold lasts to its day, or until it is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.billing import Charge
from app.models.calls import Call, CallLeg
from app.models.consumers import LegalHold
from app.models.disputes import Dispute
from app.models.parties import Party
from app.phone import mask, parse_nanp
from app.unit_of_work import Work
from app.vocabulary import EventKind, HoldSubject

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a call may not be erased now; ``until`` is the last day of a hold that has one."""

    why: str
    until: date | None


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold with its subject in words."""

    id: str
    kind: HoldSubject
    subject_id: str
    subject: str
    reason: str
    until: date | None
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None
    released_why: str | None


def place_hold(work: Work, kind: HoldSubject, subject: str, *, reason: str, until: date | None = None) -> str:
    """Protect a call (by Earshot's or the sender's id), all calls of a number or of a party (by id); return the hold's id.

    Raises
    ------
    InvalidInput
        Naming the field: no subject, no reason, a day that has passed.
    NotFound
        If the call or party is not there.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidInput(f"expected the reason of the hold, in at most {LONGEST_REASON} characters", field="reason")
    if until is not None and until < work.now.date():
        raise InvalidInput("expected a day that has not passed, or none", field="until")
    subject_id = _find_subject(work.session, kind, subject.strip())
    row = LegalHold(
        id=work.new_id(),
        subject_kind=kind,
        subject_id=subject_id,
        reason=reason,
        until=until,
        placed_at=work.now,
        placed_by=work.actor,
    )
    work.session.add(row)
    work.session.flush()
    shown = mask(subject_id) if kind is HoldSubject.NUMBER else subject_id
    told = {"subject_kind": str(kind), "subject": shown, "reason": reason, "until": until.isoformat() if until else None}
    work.publish(EventKind.HOLD_PLACED, ("hold", row.id), told)
    return row.id


def release_hold(work: Work, hold_id: str, *, why: str) -> None:
    """Let what was held be erased again. Raises NotFound, InvalidInput without a reason, InvalidTransition when released."""
    row = work.session.get(LegalHold, hold_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no hold {hold_id}", hold_id=hold_id)
    if row.released_at is not None:
        raise InvalidTransition(f"hold {hold_id} was released already")
    why = why.strip()
    if not why or len(why) > LONGEST_REASON:
        raise InvalidInput(f"expected why the hold is released, in at most {LONGEST_REASON} characters", field="why")
    row.released_at, row.released_by, row.released_why = work.now, work.actor, why
    work.publish(EventKind.HOLD_RELEASED, ("hold", row.id), {"why": why})


def list_holds(session: Session, *, with_released: bool = False) -> tuple[HoldLine, ...]:
    """Return the holds, those that are not released first, the newest first."""
    found = select(LegalHold) if with_released else select(LegalHold).where(LegalHold.released_at.is_(None))
    rows = session.scalars(found.order_by(LegalHold.placed_at.desc(), LegalHold.id.desc()).limit(1000)).all()
    calls = {row.subject_id for row in rows if row.subject_kind is HoldSubject.CALL}
    parties = {row.subject_id for row in rows if row.subject_kind is HoldSubject.PARTY}
    named = select(Call.id, Call.external_id).where(Call.id.in_(calls))
    names: dict[str, str] = {row[0]: row[1] for row in session.execute(named)}
    names |= {row[0]: row[1] for row in session.execute(select(Party.id, Party.name).where(Party.id.in_(parties)))}
    lines = [
        HoldLine(
            row.id, row.subject_kind, row.subject_id, names.get(row.subject_id, row.subject_id), row.reason, row.until,
            row.placed_at, row.placed_by, row.released_at, row.released_by, row.released_why,
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(lines, key=lambda line: line.released_at is not None))


def find_obstacles(session: Session, call: Call, today: date) -> tuple[Obstacle, ...]:
    """Return what keeps a call from being erased on a day: holds on it, its numbers and parties, and an open dispute."""
    legs = session.execute(select(CallLeg.from_number, CallLeg.to_number).where(CallLeg.call_id == call.id))
    numbers = {call.caller_number, call.dialed_number, *(number for leg in legs for number in leg)} - {None}
    parties = {call.advertiser_id, call.publisher_id} - {None}
    about = or_(
        and_(LegalHold.subject_kind == HoldSubject.CALL, LegalHold.subject_id == call.id),
        and_(LegalHold.subject_kind == HoldSubject.NUMBER, LegalHold.subject_id.in_(numbers)),
        and_(LegalHold.subject_kind == HoldSubject.PARTY, LegalHold.subject_id.in_(parties)),
    )
    in_force = (LegalHold.released_at.is_(None), or_(LegalHold.until.is_(None), LegalHold.until >= today))
    holds = session.scalars(select(LegalHold).where(about, *in_force).order_by(LegalHold.placed_at))
    found = [Obstacle(f"legal hold: {hold.reason}", hold.until) for hold in holds]
    disputes = session.scalars(
        select(Dispute)
        .join(Charge, Charge.id == Dispute.charge_id)
        .where(Charge.call_id == call.id, Dispute.decided_at.is_(None))
    )
    found += [
        Obstacle(f"open dispute ({dispute.reason.replace('_', ' ')}), filed {dispute.filed_at:%Y-%m-%d}", None)
        for dispute in disputes
    ]
    return tuple(found)


def _find_subject(session: Session, kind: HoldSubject, subject: str) -> str:
    if kind is HoldSubject.NUMBER:
        number = parse_nanp(subject)
        if number is None:
            raise InvalidInput("expected a North American telephone number such as (212) 555-0123", field="subject")
        return number
    if not subject or len(subject) > 200:
        raise InvalidInput(f"expected which {kind} is held", field="subject")
    table = Call if kind is HoldSubject.CALL else Party
    found = session.scalars(select(table.id).where(or_(table.id == subject, table.external_id == subject)).limit(2)).all()
    if len(found) != 1:
        why = (
            f"several senders have a {kind} of this id; name it by Earshot's own" if found else f"there is no {kind} of this id"
        )
        raise InvalidInput(why, field="subject")
    return str(found[0])


def latest_day(obstacles: Sequence[Obstacle]) -> date | None:
    """Return the last day of the holds, None where one of them has none."""
    days = [each.until for each in obstacles]
    return None if not days or None in days else max(day for day in days if day is not None)
