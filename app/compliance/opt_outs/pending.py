"""What did somebody ask that the internal list cannot tell yet? A recorded request counts from its first second.

The list has the number only once a worker has made a version with it, and answers for the moment a call began. So calls and
look-ups also see requests whose version is not made yet, and the request that was spoken on the call itself.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.models.consumers import OptOut


def find_requested_at(session: Session, number: str, at: datetime, *, call_id: str | None = None) -> datetime | None:
    """Return the newest request of a number until a moment that is not on the internal list yet.

    With a call, also the request that was made on it, listed or not; a request before the call goes before that one.
    """
    waiting = and_(OptOut.suppressed_at.is_(None), OptOut.received_at <= at)
    wanted = waiting if call_id is None else or_(waiting, OptOut.call_id == call_id)
    rows = session.scalars(select(OptOut.received_at).where(OptOut.number == number, OptOut.is_request == 1, wanted))
    moments = sorted(rows)
    before = [moment for moment in moments if moment <= at]
    return before[-1] if before else next(iter(moments), None)
