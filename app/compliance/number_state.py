"""What was known of a number at a moment? The lists' answers, consents, calls, and the hour where its owner may be.

Nothing is judged here: the rules do that for calls. Each look-up is put on the audit trail with the last digits only, as the
trail is read by more people than may see whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.masking import show_caller
from app.access.scope import scope_calls
from app.compliance.place.candidates import location_candidates
from app.compliance.place.hours import HoursResult, hours_check
from app.compliance.place.nanp import NumberCheck, nanp_check
from app.compliance.place.state_rules import StateTable, load_state_rules
from app.compliance.registry.service import NumberLists, NumberState
from app.errors import InvalidInput
from app.models.calls import Call, CallLeg
from app.models.consumers import OptOut
from app.models.screening import Consent
from app.phone import mask
from app.unit_of_work import UnitOfWork
from app.vocabulary import Disposition, EventKind, OptOutScope, OptOutWay, ScrubOutcome

MOST_CALLS = 50


@dataclass(frozen=True, slots=True)
class ConsentThen:
    """A consent given until then; ``is_revoked`` as of the moment, ``is_recorded_later`` where Earshot was told afterwards."""

    external_id: str
    seller: str | None
    given_at: datetime
    revoked_at: datetime | None
    is_revoked: bool
    recorded_at: datetime
    is_recorded_later: bool


@dataclass(frozen=True, slots=True)
class OptOutThen:
    """A request not to be called made until then; ``is_listed``: the internal list has it by now."""

    id: str
    received_at: datetime
    way: OptOutWay
    scope: OptOutScope
    seller: str | None
    is_listed: bool


@dataclass(frozen=True, slots=True)
class CallThen:
    """A call until then in which the number took part, on which side: from, to, or on a later leg."""

    id: str
    external_id: str
    started_at: datetime
    side: str
    disposition: Disposition | None


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """Everything that was known; ``shown`` is the number as the asker may see it."""

    shown: str
    state: NumberState
    check: NumberCheck
    consents: tuple[ConsentThen, ...]
    opt_outs: tuple[OptOutThen, ...]
    calls: tuple[CallThen, ...]
    has_more_calls: bool
    hours: HoursResult


def look_up_number(uow: UnitOfWork, lists: NumberLists, identity: Identity, text: str, at: datetime) -> NumberFacts:
    """Return what was known of a number at a moment, and record that it was asked for.

    Raises
    ------
    InvalidInput
        When it is no North American number, or the moment lies ahead.
    ListDamaged
    """
    with uow.begin(identity.actor) as work:
        if at > work.now:
            raise InvalidInput(
                "expected a moment that is not in the future: nobody knows yet what the lists will say", field="at"
            )
        state = lists.check(text[:40], at)
        opt_outs = _find_opt_outs(work.session, state.number, at)
        waiting = next((each for each in opt_outs if not each.is_listed), None)
        if waiting is not None:
            # A request counts from its first second, not from the minute in which the list is made anew.
            reason = (
                f"asked on {waiting.received_at:%Y-%m-%d} not to be called; the internal list gets the number within minutes"
            )
            state = replace(state, outcome=str(ScrubOutcome.BLOCKED), reason=reason)
        told = {"number": mask(state.number), "at": at.isoformat(), "outcome": state.outcome}
        work.publish(EventKind.NUMBER_LOOKED_UP, ("number", mask(state.number)), told)
    candidates = location_candidates(_states(), number=state.number)
    with uow.read() as session:
        calls = _find_calls(session, identity, state.number, at)
        consents = _find_consents(session, state.number, at)
    return NumberFacts(
        shown=show_caller(state.number, identity),
        state=state,
        check=nanp_check(state.number),
        consents=consents,
        opt_outs=opt_outs,
        calls=calls[:MOST_CALLS],
        has_more_calls=len(calls) > MOST_CALLS,
        hours=hours_check(at, candidates, _states()),
    )


def _find_consents(session: Session, number: str, at: datetime) -> tuple[ConsentThen, ...]:
    rows = session.scalars(
        select(Consent).where(Consent.number == number, Consent.given_at <= at).order_by(Consent.given_at.desc(), Consent.id)
    )
    return tuple(
        ConsentThen(
            external_id=row.external_id,
            seller=row.seller,
            given_at=row.given_at,
            # A revocation that came after the moment was not known then.
            revoked_at=row.revoked_at if row.revoked_at is not None and row.revoked_at <= at else None,
            is_revoked=row.revoked_at is not None and row.revoked_at <= at,
            recorded_at=row.recorded_at,
            is_recorded_later=row.recorded_at > at,
        )
        for row in rows
    )


def _find_opt_outs(session: Session, number: str, at: datetime) -> tuple[OptOutThen, ...]:
    made = select(OptOut).where(OptOut.number == number, OptOut.received_at <= at, OptOut.is_request == 1)
    return tuple(
        OptOutThen(row.id, row.received_at, row.way, row.scope, row.seller, row.suppressed_at is not None)
        for row in session.scalars(made.order_by(OptOut.received_at.desc(), OptOut.id))
    )


def _find_calls(session: Session, identity: Identity, number: str, at: datetime) -> tuple[CallThen, ...]:
    # Caller and dialled number have an index each; joined by "or" with the legs they would use none, and every call be read.
    on_call = (select(Call.id).where(column == number) for column in (Call.caller_number, Call.dialed_number))
    on_leg = (select(CallLeg.call_id).where(column == number) for column in (CallLeg.from_number, CallLeg.to_number))
    asked = Call.id.in_(union(*on_call, *on_leg))
    found = scope_calls(select(Call).where(Call.started_at <= at, asked), identity)
    rows = session.scalars(found.order_by(Call.started_at.desc(), Call.id.desc()).limit(MOST_CALLS + 1))
    return tuple(CallThen(row.id, row.external_id, row.started_at, _side(row, number), row.disposition) for row in rows)


def _side(call: Call, number: str) -> str:
    if call.caller_number == number:
        return "from"
    return "to" if call.dialed_number == number else "leg"


@cache
def _states() -> StateTable:
    return load_state_rules()
