"""What has a consumer asked about their data, until when is it answered, and what came of it?

A request is received, perhaps as words on a call; verified; and then done, refused, or deferred with reason and date. To be
acknowledged within 10 business days and answered within 45 calendar days, once extended by another 45 (11 CCR 7021; Cal. Civ.
Code 1798.130(a)(2)). The record of requests is kept 24 months and longer (11 CCR 7101).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.finding import FindingValue
from app.compliance.opt_outs.clock import day_at_consumer
from app.compliance.opt_outs.service import EARLIEST_YEAR, find_consumer
from app.compliance.place.business_days import add_business_days
from app.compliance.privacy.erasure import erase_call, find_calls, plan_erasure
from app.compliance.privacy.holds import latest_day
from app.compliance.privacy.purge import purge_deleted
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.calls import Call
from app.models.campaigns import TrackingNumber
from app.models.consumers import PrivacyRequest
from app.phone import mask, parse_nanp
from app.ports import BlobStore, StageCache
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import EventKind, Outcome, PrivacyKind, PrivacyState

CAPTURE_RULE = "PRIV-REQUEST-CAPTURE"
ACKNOWLEDGE_BUSINESS_DAYS = 10
ANSWER_DAYS = 45
LOOK_AGAIN_DAYS = 30
"""A deferral without a day of its own is looked at again after so many days."""

LONGEST_TEXT = 2000
WAYS = ("spoken", "web_form", "email", "letter", "phone", "other")
_SAYS = (
    (PrivacyKind.DELETE, ("delete", "erase")),
    (PrivacyKind.OPT_OUT_OF_SALE, ("sell", "selling", "sold", "sharing", "share")),
    (PrivacyKind.CORRECT, ("correct",)),
    (PrivacyKind.LIMIT_SENSITIVE, ("limit",)),
)
KEPT_BESIDES = (
    "the number on do-not-call lists, with the moment of the request: it must not be called again",
    "consents and their revocations, as proof of why calls were placed",
    "this request, for 24 months at least",
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision: how many calls were erased, how many wait, and the state that the request is in."""

    erased: int
    waiting: int
    state: PrivacyState


def capture_privacy_request(
    work: Work, call_id: str, findings: Iterable[FindingValue], legs: Sequence[Mapping[str, Any]]
) -> str | None:
    """Record the request that a caller was heard to make, one for a call; what is asked is read from the words.

    Returns its id, None where nobody asked or the number is not known.
    """
    finding = next((each for each in findings if each.rule == CAPTURE_RULE and each.outcome is Outcome.REVIEW), None)
    if finding is None:
        return None
    known = work.session.scalar(select(PrivacyRequest.id).where(PrivacyRequest.call_id == call_id).limit(1))
    if known is not None:
        return known
    call = work.session.get_one(Call, call_id)
    number = parse_nanp(find_consumer(call, legs) or "")
    if number is None:
        log.warning("somebody asked about their data, and the number is not known", call_id=call_id)
        return None
    start_s = finding.span.start_s if finding.span else 0.0
    said_at = min(call.started_at + timedelta(seconds=start_s), work.now)
    day = day_at_consumer(said_at, number, zip_code=call.consumer_zip, state=call.consumer_state)
    return _add(work, _read_kind(finding.evidence), number, "spoken", said_at, day, call_id=call_id, recorded_by="system")


def record_privacy_request(
    work: Work,
    *,
    kind: PrivacyKind,
    number: str,
    way: str,
    received_at: datetime,
    name: str = "",
    contact: str = "",
) -> str:
    """Record a request that came another way; return its id.

    Raises
    ------
    InvalidInput
        Naming the field: no North American number, a number of the network's own, a moment ahead, a way that is none.
    """
    e164 = parse_nanp(number)
    if e164 is None:
        raise InvalidInput("expected a North American telephone number such as (212) 555-0123", field="number")
    if work.session.scalar(select(TrackingNumber.id).where(TrackingNumber.number == e164).limit(1)) is not None:
        raise InvalidInput("this is one of the network's own tracking numbers, not a consumer's", field="number")
    if way not in WAYS:
        raise InvalidInput(f"expected one of {', '.join(WAYS)}", field="way")
    if received_at > work.now:
        raise InvalidInput("expected a moment that is not in the future: when the request came", field="received_at")
    if received_at.year < EARLIEST_YEAR:
        raise InvalidInput(f"expected a moment after {EARLIEST_YEAR}", field="received_at")
    for field, text in (("name", name), ("contact", contact)):
        if len(text) > 200:
            raise InvalidInput(f"expected at most 200 characters, got {len(text)}", field=field)
    day = day_at_consumer(received_at, e164)
    return _add(work, kind, e164, way, received_at, day, name=name.strip(), contact=contact.strip(), recorded_by=work.actor)


def acknowledge_receipt(work: Work, request_id: str) -> None:
    """Note that the consumer was told that the request came. Raises NotFound, InvalidTransition."""
    row = _get_open(work, request_id)
    if row.acknowledged_at is not None:
        raise InvalidTransition("the receipt was acknowledged already")
    row.acknowledged_at = work.now
    _tell(work, row, {"step": "acknowledged"})


def extend_clock(work: Work, request_id: str, *, why: str) -> None:
    """Take another 45 days, once, with a reason that the consumer is told. Raises NotFound, InvalidInput, InvalidTransition."""
    row = _get_open(work, request_id)
    if row.extended_why is not None:
        raise InvalidTransition("the time to answer was extended already; it can be once")
    row.extended_why = _read_text(why, "why", "the reason why it takes longer")
    row.answer_by += timedelta(days=ANSWER_DAYS)
    _tell(work, row, {"step": "extended", "answer_by": row.answer_by.isoformat()})


def change_kind(work: Work, request_id: str, kind: PrivacyKind) -> None:
    """Say what is asked, where the words of a call left it open. Raises NotFound, InvalidTransition once verified."""
    row = _get_open(work, request_id)
    if row.state is not PrivacyState.RECEIVED:
        raise InvalidTransition("the request was verified for what it is; refuse it and record another")
    row.kind = kind
    _tell(work, row, {"step": "changed", "kind": str(kind)})


def verify_requester(work: Work, request_id: str, *, how: str) -> None:
    """Note how it was made sure that the data are the asker's. Raises NotFound, InvalidInput, InvalidTransition."""
    row = _get_open(work, request_id)
    if row.state is not PrivacyState.RECEIVED:
        raise InvalidTransition("the asker was verified already")
    row.verified_how = _read_text(how, "how", "how the asker was verified")
    row.state, row.verified_at, row.verified_by = PrivacyState.VERIFIED, work.now, work.actor
    work.publish(EventKind.PRIVACY_VERIFIED, ("privacy_request", row.id), {"how": row.verified_how})


def refuse_request(work: Work, request_id: str, *, why: str) -> None:
    """Refuse a request, such as one that could not be verified. Raises NotFound, InvalidInput, InvalidTransition."""
    row = _get_open(work, request_id)
    why = _read_text(why, "why", "the reason of the refusal")
    _end(work, row, PrivacyState.REFUSED, {**(row.outcome or {}), "why": why})


def finish_request(work: Work, request_id: str, *, done: str) -> None:
    """Close a request that people answered: data handed out, corrected, no longer sold. Raises as :func:`refuse_request`."""
    row = _get_open(work, request_id)
    _check_verified(row)
    if row.kind is PrivacyKind.DELETE:
        raise InvalidTransition("a request to delete is closed by erasing what it is about")
    _end(work, row, PrivacyState.DONE, {"done": _read_text(done, "done", "what was done")})


def erase_for_request(
    uow: UnitOfWork,
    blobs: BlobStore,
    cache: StageCache,
    actor: str,
    request_id: str,
    *,
    keep_alive: Callable[[int, int], None] = lambda done, total: None,
) -> Decided:
    """Erase what may be erased for a verified request to delete, each call in a transaction of its own; the rest is deferred.

    Safe to run twice, and to go on after it was cut off: what is erased stays so, and the request ends once nothing waits.

    Raises
    ------
    NotFound
    InvalidTransition
        If it is not verified, ended already, or asks for something else.
    """
    with uow.read() as session:
        row = get_request(session, request_id)
        _check_open(row)
        _check_verified(row)
        if row.kind is not PrivacyKind.DELETE:
            raise InvalidTransition("the request does not ask to delete")
        call_ids = [call.id for call in find_calls(session, row.number)]
    erased = 0
    for at, call_id in enumerate(call_ids):
        keep_alive(at, len(call_ids))
        with uow.begin(actor) as work:
            today = work.now.date()
            why = f"request {request_id} to delete"
            erased += erase_call(work, blobs, cache, call_id, request_id=request_id, why=why, today=today)
    purge_deleted(uow)
    with uow.begin(actor) as work:
        row = _get_open(work, request_id)
        waiting = _record_outcome(work, row)
    return Decided(erased, waiting, row.state)


def get_request(session: Session, request_id: str) -> PrivacyRequest:
    """Return a request. Raises NotFound."""
    row = session.get(PrivacyRequest, request_id)
    if row is None:
        raise NotFound(f"there is no privacy request {request_id}", request_id=request_id)
    return row


def _record_outcome(work: Work, row: PrivacyRequest) -> int:
    """Write call by call what came of it; end the request, or defer it. Return how many calls wait."""
    plans = plan_erasure(work.session, row.number, work.now.date())
    calls = [
        {
            "call_id": plan.call_id,
            "external_id": plan.external_id,
            "is_erased": plan.action == "erased",
            "why_kept": [each.why for each in plan.obstacles] if plan.action != "erased" else [],
        }
        for plan in plans
    ]
    waiting = [plan for plan in plans if plan.action != "erased"]
    row.outcome = {"calls": calls, "kept_besides": list(KEPT_BESIDES)}
    if not waiting:
        _end(work, row, PrivacyState.DONE, row.outcome)
        return 0
    reasons = sorted({each.why for plan in waiting for each in plan.obstacles}) or ["a call came in meanwhile"]
    days = latest_day([each for plan in waiting for each in plan.obstacles])
    again = days + timedelta(days=1) if days is not None else work.now.date() + timedelta(days=LOOK_AGAIN_DAYS)
    row.state, row.deferred_until, row.deferred_why = PrivacyState.DEFERRED, again, "; ".join(reasons)[:LONGEST_TEXT]
    told = {"until": again.isoformat(), "why": row.deferred_why, "calls_waiting": len(waiting)}
    work.publish(EventKind.PRIVACY_DEFERRED, ("privacy_request", row.id), told)
    return len(waiting)


def _add(
    work: Work, kind: PrivacyKind, number: str, way: str, received_at: datetime, day: date, *, recorded_by: str, **more: Any
) -> str:
    row = PrivacyRequest(
        id=work.new_id(),
        kind=kind,
        number=number,
        way=way,
        received_at=received_at,
        acknowledge_by=add_business_days(day, ACKNOWLEDGE_BUSINESS_DAYS),
        answer_by=day + timedelta(days=ANSWER_DAYS),
        state=PrivacyState.RECEIVED,
        recorded_by=recorded_by,
        **more,
    )
    work.session.add(row)
    work.session.flush()
    told = {"kind": str(kind), "number": mask(number), "way": way, "answer_by": row.answer_by.isoformat()}
    work.publish(EventKind.PRIVACY_REQUESTED, ("privacy_request", row.id), told)
    return row.id


def _end(work: Work, row: PrivacyRequest, state: PrivacyState, outcome: Mapping[str, Any]) -> None:
    row.state, row.outcome = state, dict(outcome)
    row.ended_at, row.ended_by, row.deferred_until, row.deferred_why = work.now, work.actor, None, None
    calls = outcome.get("calls")
    told = {"state": str(state), "why": outcome.get("why")} | ({"calls_erased": len(calls)} if calls is not None else {})
    work.publish(EventKind.PRIVACY_ENDED, ("privacy_request", row.id), told)


def _tell(work: Work, row: PrivacyRequest, told: Mapping[str, Any]) -> None:
    work.publish(EventKind.PRIVACY_CHANGED, ("privacy_request", row.id), told)


def _get_open(work: Work, request_id: str) -> PrivacyRequest:
    row = work.session.get(PrivacyRequest, request_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no privacy request {request_id}", request_id=request_id)
    _check_open(row)
    return row


def _check_open(row: PrivacyRequest) -> None:
    if row.ended_at is not None:
        raise InvalidTransition("the request has ended")


def _check_verified(row: PrivacyRequest) -> None:
    if row.verified_at is None:
        raise InvalidTransition("verify first that the asker is the one whose data it is")


def _read_text(text: str, field: str, what: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise InvalidInput(f"expected {what}, in at most {LONGEST_TEXT} characters", field=field)
    return text


def _read_kind(evidence: Mapping[str, Any]) -> PrivacyKind:
    said = " ".join(str(hit.get("quote", "")) for hit in evidence.get("hits", ())).casefold().split()
    spoken = {word.strip(".,!?'\"") for word in said}
    return next((kind for kind, words in _SAYS if spoken & set(words)), PrivacyKind.KNOW)
