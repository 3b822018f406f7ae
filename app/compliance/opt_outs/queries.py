"""Which requests not to be called are there, how do they stand, and which one is due next?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.compliance.opt_outs.clock import state_of
from app.models.calls import Call
from app.models.consumers import OptOut, OptOutNotice
from app.models.screening import Consent
from app.vocabulary import OptOutScope, OptOutState, OptOutWay

PAGE_SIZE = 50
OPEN_STATES = (OptOutState.TO_CONFIRM, OptOutState.RECORDED, OptOutState.SUPPRESSED)
IN_STATE: Mapping[OptOutState, ColumnElement[bool]] = {
    OptOutState.TO_CONFIRM: OptOut.is_request.is_(None),
    OptOutState.RECORDED: and_(OptOut.is_request == 1, OptOut.suppressed_at.is_(None)),
    OptOutState.SUPPRESSED: and_(OptOut.suppressed_at.is_not(None), OptOut.completed_at.is_(None)),
    OptOutState.COMPLETE: OptOut.completed_at.is_not(None),
    OptOutState.NOT_ONE: OptOut.is_request == 0,
}


@dataclass(frozen=True, slots=True)
class OptOutLine:
    """A request as lists and its own page show it; ``notices`` are (acknowledged, made)."""

    id: str
    number: str
    state: OptOutState
    way: OptOutWay
    scope: OptOutScope
    seller: str | None
    received_at: datetime
    due_on: date
    call_id: str | None
    call_external_id: str | None
    quote: str
    start_s: float | None
    end_s: float | None
    comment: str
    recorded_at: datetime
    recorded_by: str
    judged_at: datetime | None
    judged_by: str | None
    judged_why: str | None
    suppressed_at: datetime | None
    list_version: str | None
    completed_at: datetime | None
    proof: Mapping[str, Any] | None
    proof_sha256: str | None
    notices: tuple[int, int]


@dataclass(frozen=True, slots=True)
class OptOutFilter:
    """Which requests are wanted; without a state, those that are not closed."""

    state: OptOutState | None = None
    is_everything: bool = False
    is_overdue: bool = False
    number: str | None = None
    way: OptOutWay | None = None


@dataclass(frozen=True, slots=True)
class RevokedConsent:
    """A consent that a request ended."""

    id: str
    external_id: str
    seller: str | None
    given_at: datetime
    revoked_at: datetime | None


def count_by_state(session: Session, today: date) -> tuple[dict[OptOutState, int], int]:
    """Return how many requests are in each state, and how many are not suppressed although their clock ran out."""
    counts = {
        state: session.scalar(select(func.count()).select_from(OptOut).where(condition)) or 0
        for state, condition in IN_STATE.items()
    }
    overdue = session.scalar(select(func.count()).select_from(OptOut).where(_is_overdue(today))) or 0
    return counts, overdue


def list_requests(
    session: Session,
    wanted: OptOutFilter,
    today: date,
    *,
    after: tuple[date, str] | None = None,
    limit: int = PAGE_SIZE,
) -> tuple[OptOutLine, ...]:
    """Return requests by the day until which they must be honoured: open ones the most urgent first, else the latest first."""
    found = select(OptOut).where(*_conditions(wanted, today))
    if is_urgent_first(wanted):
        order = (OptOut.due_on, OptOut.id)
        further = (
            None if after is None else or_(OptOut.due_on > after[0], and_(OptOut.due_on == after[0], OptOut.id > after[1]))
        )
        found = found.order_by(*order)
    else:
        further = (
            None if after is None else or_(OptOut.due_on < after[0], and_(OptOut.due_on == after[0], OptOut.id < after[1]))
        )
        found = found.order_by(OptOut.due_on.desc(), OptOut.id.desc())
    if further is not None:
        found = found.where(further)
    return _view(session, session.scalars(found.limit(limit)).all())


def get_line(session: Session, row: OptOut) -> OptOutLine:
    """Return a request as a value."""
    return _view(session, [row])[0]


def list_revoked(session: Session, opt_out_id: str, number: str) -> tuple[RevokedConsent, ...]:
    """Return the consents that a request ended."""
    rows = session.scalars(
        select(Consent).where(Consent.number == number, Consent.revoked_at.is_not(None)).order_by(Consent.given_at, Consent.id)
    )
    return tuple(
        RevokedConsent(row.id, row.external_id, row.seller, row.given_at, row.revoked_at)
        for row in rows
        if (row.revocation or {}).get("opt_out_id") == opt_out_id
    )


def is_urgent_first(wanted: OptOutFilter) -> bool:
    """Tell whether the list begins with what is due first: where all that is wanted is still open."""
    return not wanted.is_everything and (wanted.is_overdue or wanted.state is None or wanted.state in OPEN_STATES)


def _conditions(wanted: OptOutFilter, today: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(IN_STATE[wanted.state])
    elif not wanted.is_everything:
        conditions.append(or_(*(IN_STATE[state] for state in OPEN_STATES)))
    if wanted.is_overdue:
        conditions.append(_is_overdue(today))
    if wanted.number is not None:
        conditions.append(OptOut.number == wanted.number)
    if wanted.way is not None:
        conditions.append(OptOut.way == wanted.way)
    return conditions


def _is_overdue(today: date) -> ColumnElement[bool]:
    return and_(OptOut.suppressed_at.is_(None), or_(OptOut.is_request == 1, OptOut.is_request.is_(None)), OptOut.due_on < today)


def _view(session: Session, rows: Sequence[OptOut]) -> tuple[OptOutLine, ...]:
    ids = [row.id for row in rows]
    counted = session.execute(
        select(OptOutNotice.opt_out_id, func.count(OptOutNotice.acknowledged_at), func.count(OptOutNotice.id))
        .where(OptOutNotice.opt_out_id.in_(ids))
        .group_by(OptOutNotice.opt_out_id)
    )
    notices = {row[0]: (row[1], row[2]) for row in counted}
    calls = {row.call_id for row in rows if row.call_id}
    names = {row.id: row.external_id for row in session.execute(select(Call.id, Call.external_id).where(Call.id.in_(calls)))}
    return tuple(
        OptOutLine(
            id=row.id,
            number=row.number,
            state=state_of(row),
            way=row.way,
            scope=row.scope,
            seller=row.seller,
            received_at=row.received_at,
            due_on=row.due_on,
            call_id=row.call_id,
            call_external_id=names.get(row.call_id) if row.call_id else None,
            quote=row.quote,
            start_s=row.start_s,
            end_s=row.end_s,
            comment=row.comment,
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
            judged_at=row.judged_at,
            judged_by=row.judged_by,
            judged_why=row.judged_why,
            suppressed_at=row.suppressed_at,
            list_version=row.list_version,
            completed_at=row.completed_at,
            proof=row.proof,
            proof_sha256=row.proof_sha256,
            notices=notices.get(row.id, (0, 0)),
        )
        for row in rows
    )
