"""Was the caller's audio heard in a call from another number? A fact for screening, and whom to screen again once it holds."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models.calls import Call
from app.models.fingerprints import AudioPrintRow, AudioPrintSeries, SameAudioMember


def is_heard_from_other_number(session: Session, call_id: str) -> bool:
    """Say whether the caller's audio was heard in a call from another number; withheld numbers count as one.

    One of the two must have the caller on a channel of its own: what two mixed channels share may be our side's announcement.
    Holds the series until the transaction ends, as whoever records a print does: what was not seen here is recorded after this
    transaction, and asks for the call to be screened again.
    """
    session.execute(select(AudioPrintSeries.id).with_for_update(read=True))
    mine, other = _Member(), _Member()
    found = mine.select(mine.call.id).where(
        mine.call.id == call_id, other.exists(other.member.cluster_id == mine.member.cluster_id, _speaks_for(mine, other))
    )
    return session.scalar(found.limit(1)) is not None


def find_calls_to_screen_again(session: Session, cluster_id: str, call_id: str, *, is_mixed: bool) -> list[str]:
    """Return the calls of a cluster whose audio was heard from no other number so far, and is now that a call joins."""
    one, other = _Member(), _Member()
    apart = one.select(one.number).where(one.member.cluster_id == cluster_id, one.print.is_mixed == 0).distinct()
    if len(session.scalars(apart.limit(2)).all()) == 2:
        return []  # every call differs in number from one of the two
    number = session.scalar(select(func.coalesce(Call.caller_number, "")).where(Call.id == call_id))
    told = other.exists(other.member.cluster_id == cluster_id, _speaks_for(one, other))
    learn = one.select(one.call.id).where(one.member.cluster_id == cluster_id, one.number != number, ~told).distinct()
    if is_mixed:
        learn = learn.where(one.print.is_mixed == 0)
    return list(session.scalars(learn.order_by(one.call.id)))


class _Member:
    """One side of a comparison of members: its row, its print and its call."""

    def __init__(self) -> None:
        self.member, self.print, self.call = aliased(SameAudioMember), aliased(AudioPrintRow), aliased(Call)
        self.number = func.coalesce(self.call.caller_number, "")

    def select(self, *columns: Any) -> Select[Any]:
        """Return a query over members with their prints and calls."""
        joined = select(*columns).select_from(self.member).join(self.print, self.print.id == self.member.print_id)
        return joined.join(self.call, self.call.id == self.print.call_id)

    def exists(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition that there is such a member."""
        return self.select(self.call.id).where(*conditions).exists()


def _speaks_for(one: _Member, other: _Member) -> ColumnElement[bool]:
    return and_(one.number != other.number, or_(one.print.is_mixed == 0, other.print.is_mixed == 0))
