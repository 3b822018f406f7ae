"""What has a party been told, and did it say that it knows? Notices of numbers that may not be called any more.

A notice shows the whole number, as nobody can suppress a number that is masked; so who read it first, and when, is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.compliance.opt_outs.completion import complete_if_told
from app.errors import InvalidInput, NotFound
from app.models.consumers import OptOut, OptOutNotice
from app.models.parties import Party
from app.unit_of_work import Work
from app.vocabulary import EventKind, OptOutScope, OptOutWay, PartyKind

PAGE_SIZE = 100
MOST_AT_ONCE = 10_000
LONGEST_HOW = 500


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice with what has to be done about it."""

    id: str
    opt_out_id: str
    number: str
    way: OptOutWay
    scope: OptOutScope
    seller: str | None
    received_at: datetime
    due_on: str
    party_id: str
    party: str
    role: PartyKind
    call_count: int
    made_at: datetime
    read_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_how: str | None


def list_notices(
    session: Session,
    identity: Identity,
    *,
    is_open: bool | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = PAGE_SIZE,
) -> tuple[NoticeView, ...]:
    """Return the notices of the asker's parties (the network's people: of every party), newest first."""
    found = _select(identity)
    if is_open is not None:
        at = OptOutNotice.acknowledged_at
        found = found.where(at.is_(None) if is_open else at.is_not(None))
    if before is not None:
        moment, last_id = before
        found = found.where((OptOutNotice.made_at < moment) | ((OptOutNotice.made_at == moment) & (OptOutNotice.id < last_id)))
    newest = found.order_by(OptOutNotice.made_at.desc(), OptOutNotice.id.desc()).limit(limit)
    return tuple(view_notice(*row) for row in session.execute(newest))


def notices_of(session: Session, opt_out_id: str) -> tuple[NoticeView, ...]:
    """Return the notices of a request, by party."""
    rows = session.execute(_joined().where(OptOutNotice.opt_out_id == opt_out_id).order_by(Party.name, OptOutNotice.id))
    return tuple(view_notice(*row) for row in rows)


def get_notice(session: Session, notice_id: str) -> NoticeView:
    """Return one notice. Raises NotFound."""
    row = session.execute(_joined().where(OptOutNotice.id == notice_id)).first()
    if row is None:
        raise NotFound("there is no such notice")
    return view_notice(*row)


def note_read(work: Work, identity: Identity, notice_ids: Sequence[str]) -> int:
    """Keep when somebody of a party first had notices before them; people of the network read them for nobody."""
    if not identity.is_outside or not notice_ids:
        return 0
    unread = select(OptOutNotice).where(OptOutNotice.id.in_(list(notice_ids)), OptOutNotice.read_at.is_(None))
    rows = work.session.scalars(unread.where(OptOutNotice.party_id.in_(_reach(identity)))).all()
    for row in rows:
        row.read_at = work.now
        work.publish(EventKind.OPT_OUT_NOTICE_READ, ("opt_out", row.opt_out_id), {"party": row.party_id})
    return len(rows)


def acknowledge(work: Work, identity: Identity, notice_ids: Sequence[str], *, how: str) -> int:
    """Note that parties know of their notices; return how many did not say so before.

    Parameters
    ----------
    how
        "page" or "api" for somebody of the party; for the network's people, how they were told.

    Raises
    ------
    NotFound
        If a notice does not exist or is another party's.
    InvalidInput
        Without a word on how.
    """
    how = how.strip()
    if not how or len(how) > LONGEST_HOW:
        raise InvalidInput(f"expected how the party said that it knows, in at most {LONGEST_HOW} characters", field="how")
    wanted = select(OptOutNotice).where(OptOutNotice.id.in_(list(notice_ids))).order_by(OptOutNotice.id).with_for_update()
    if identity.is_outside:
        wanted = wanted.where(OptOutNotice.party_id.in_(_reach(identity)))
    rows = work.session.scalars(wanted).all()
    if len(rows) != len(set(notice_ids)):
        raise NotFound("there is no such notice")
    waiting = [row for row in rows if row.acknowledged_at is None]
    for row in waiting:
        row.acknowledged_at, row.acknowledged_by, row.acknowledged_how = work.now, work.actor, how
        row.read_at = row.read_at or (work.now if identity.is_outside else None)
        told = {"party": row.party_id, "how": how}
        work.publish(EventKind.OPT_OUT_NOTICE_ACKNOWLEDGED, ("opt_out", row.opt_out_id), told)
    for opt_out_id in sorted({row.opt_out_id for row in waiting}):
        complete_if_told(work, work.session.get_one(OptOut, opt_out_id, with_for_update=True))
    return len(waiting)


def find_open_ids(session: Session, identity: Identity) -> list[str]:
    """Return the notices of the asker's parties that wait to be acknowledged, at most 10,000 at once."""
    found = select(OptOutNotice.id).where(OptOutNotice.acknowledged_at.is_(None))
    if identity.is_outside:
        found = found.where(OptOutNotice.party_id.in_(_reach(identity)))
    return list(session.scalars(found.order_by(OptOutNotice.id).limit(MOST_AT_ONCE)))


def view_notice(notice: OptOutNotice, opt_out: OptOut, party: str) -> NoticeView:
    """Return a notice as a value."""
    return NoticeView(
        id=notice.id,
        opt_out_id=opt_out.id,
        number=opt_out.number,
        way=opt_out.way,
        scope=opt_out.scope,
        seller=opt_out.seller,
        received_at=opt_out.received_at,
        due_on=opt_out.due_on.isoformat(),
        party_id=notice.party_id,
        party=party,
        role=notice.role,
        call_count=notice.call_count,
        made_at=notice.made_at,
        read_at=notice.read_at,
        acknowledged_at=notice.acknowledged_at,
        acknowledged_by=notice.acknowledged_by,
        acknowledged_how=notice.acknowledged_how,
    )


def _joined() -> Select[OptOutNotice, OptOut, str]:
    return (
        select(OptOutNotice, OptOut, Party.name)
        .join(OptOut, OptOut.id == OptOutNotice.opt_out_id)
        .join(Party, Party.id == OptOutNotice.party_id)
    )


def _select(identity: Identity) -> Select[OptOutNotice, OptOut, str]:
    return _joined().where(OptOutNotice.party_id.in_(_reach(identity))) if identity.is_outside else _joined()


def _reach(identity: Identity) -> list[str]:
    return sorted(identity.party_ids or ())
