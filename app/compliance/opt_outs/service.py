"""Who asked not to be called any more? Records requests, spoken or told otherwise, and what a person says of the doubtful ones.

A clear request is one at once; softer words ("I'm not interested") wait until a person has said what they are. Whatever follows
(the internal list, revoked consents, notices) is the work of the job ``suppress_number``; see ``suppression``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.finding import FindingValue
from app.compliance.opt_outs.clock import due_day
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.calls import Call
from app.models.consumers import OptOut
from app.models.parties import Party
from app.phone import mask, parse_nanp
from app.ports import JobRequest
from app.unit_of_work import Work
from app.vocabulary import EventKind, FindingDecision, JobName, LegDirection, OptOutScope, OptOutWay, Outcome, QueueName

CAPTURE_RULE = "DNC-INTERNAL-CAPTURE"
BY_MACHINE = "system"
CLEAR = frozenset({Outcome.VIOLATION, Outcome.NEEDS_EVIDENCE})
"""What the rule says of words that ask plainly: not entered in time, or still inside the day in which it has to be."""

LONGEST_COMMENT = 2000
LONGEST_SELLER = 200
EARLIEST_YEAR = 1991  # the TCPA is of that year; nothing can have been asked for under it before

log = structlog.get_logger()


def capture_request(
    work: Work, call_id: str, findings: Iterable[FindingValue], legs: Sequence[Mapping[str, Any]]
) -> str | None:
    """Make what a screening heard into a request of the call's consumer; return its id, None where nobody asked.

    Screening again makes no second one: a call holds one request of a number. A doubtful one that is now heard plainly becomes
    clear, unless a person has judged it.
    """
    finding = next((each for each in findings if each.rule == CAPTURE_RULE and each.span is not None), None)
    if finding is None or finding.span is None or finding.outcome not in {*CLEAR, Outcome.REVIEW}:
        return None
    call = work.session.get_one(Call, call_id)
    number = parse_nanp(find_consumer(call, legs) or "")
    if number is None:
        log.warning("somebody asked not to be called, and the number is not known", call_id=call_id)
        return None
    known = work.session.scalar(select(OptOut).where(OptOut.call_id == call_id, OptOut.number == number))
    is_clear = finding.outcome in CLEAR
    if known is not None:
        if is_clear and known.is_request is None:
            _judge(work, known, is_request=True, by=BY_MACHINE, why="")
        return known.id
    said_at = min(call.started_at + timedelta(seconds=finding.span.start_s), work.now)
    seller = work.session.scalar(select(Party.name).where(Party.id == call.advertiser_id))
    row = _add(
        work,
        number=number,
        way=OptOutWay.SPOKEN,
        scope=OptOutScope.SELLER if seller else OptOutScope.EVERYBODY,
        seller=seller,
        received_at=said_at,
        due_on=due_day(said_at, number, zip_code=call.consumer_zip, state=call.consumer_state),
        call_id=call_id,
        rule=CAPTURE_RULE,
        quote=_quote(finding.evidence),
        start_s=finding.span.start_s,
        end_s=finding.span.end_s,
        recorded_by=BY_MACHINE,
    )
    if is_clear:
        _judge(work, row, is_request=True, by=BY_MACHINE, why="")
    return row.id


def find_consumer(call: Call, legs: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the consumer's number: who called on a leg the consumer placed, who was called on one placed to the consumer."""
    origin = next((leg for leg in legs if leg.get("direction") != LegDirection.INTERNAL_TRANSFER), None)
    if origin is None:
        return call.caller_number
    number: str | None = origin.get("from" if origin.get("direction") == LegDirection.CONSUMER_PLACED else "to")
    return number or call.caller_number


def record_request(
    work: Work,
    *,
    number: str,
    way: OptOutWay,
    scope: OptOutScope,
    received_at: datetime,
    seller: str = "",
    comment: str = "",
    call_id: str | None = None,
) -> str:
    """Record a request that somebody told us of, and let the number be put on the internal list; return its id.

    Raises
    ------
    InvalidInput
        Naming the field: no North American number, a moment ahead, a seller's request without the seller.
    NotFound
        If the call is not there.
    """
    e164 = parse_nanp(number)
    if e164 is None:
        raise InvalidInput("expected a North American telephone number such as (212) 555-0123", field="number")
    if received_at > work.now:
        raise InvalidInput("expected a moment that is not in the future: when the request was made", field="received_at")
    if received_at.year < EARLIEST_YEAR:
        raise InvalidInput(f"expected a moment after {EARLIEST_YEAR}", field="received_at")
    seller = seller.strip()
    if scope is OptOutScope.SELLER and not seller:
        raise InvalidInput("expected the seller that the request is about, or choose everybody", field="seller")
    for field, text, longest in (("seller", seller, LONGEST_SELLER), ("comment", comment, LONGEST_COMMENT)):
        if len(text) > longest:
            raise InvalidInput(f"expected at most {longest} characters, got {len(text)}", field=field)
    call = work.session.get(Call, call_id) if call_id else None
    if call_id and call is None:
        raise NotFound(f"there is no call {call_id}", call_id=call_id)
    known = select(OptOut.id).where(OptOut.call_id == call_id, OptOut.number == e164)
    if call_id and work.session.scalar(known) is not None:
        raise InvalidTransition("the request on this call is recorded already; judge that one", call_id=call_id)
    row = _add(
        work,
        number=e164,
        way=way,
        scope=scope,
        seller=seller if scope is OptOutScope.SELLER else None,
        received_at=received_at,
        due_on=due_day(
            received_at, e164, zip_code=call.consumer_zip if call else None, state=call.consumer_state if call else None
        ),
        call_id=call_id,
        comment=comment.strip(),
        recorded_by=work.actor,
    )
    _judge(work, row, is_request=True, by=work.actor, why="")
    return row.id


def judge_request(work: Work, opt_out_id: str, *, is_request: bool, why: str = "") -> None:
    """Say whether words were a request; that they were none wants a reason.

    Raises NotFound, InvalidInput, or InvalidTransition when that was said before or the number is listed already.
    """
    row = get_request(work.session, opt_out_id, for_update=True)
    if not is_request and not why.strip():
        raise InvalidInput("expected the reason why this is no request", field="why")
    if len(why) > LONGEST_COMMENT:
        raise InvalidInput(f"expected at most {LONGEST_COMMENT} characters, got {len(why)}", field="why")
    if row.is_request is not None and not _may_change(row, is_request=is_request):
        raise InvalidTransition("this request was judged already, and what followed from it cannot be taken back here")
    _judge(work, row, is_request=is_request, by=work.actor, why=why.strip())


def judge_by_finding(work: Work, call_id: str, rule: str, decision: FindingDecision, reason: str) -> None:
    """Let what a person decided about the finding count for the request that came of it; of other findings nothing follows."""
    if rule != CAPTURE_RULE or decision is FindingDecision.NEEDS_EVIDENCE:
        return
    is_request = decision is FindingDecision.AGREE
    rows = work.session.scalars(select(OptOut).where(OptOut.call_id == call_id, OptOut.rule == rule).with_for_update())
    for row in rows:
        if row.is_request is None or (row.is_request != int(is_request) and _may_change(row, is_request=is_request)):
            _judge(work, row, is_request=is_request, by=work.actor, why=reason.strip()[:LONGEST_COMMENT])


def get_request(session: Session, opt_out_id: str, *, for_update: bool = False) -> OptOut:
    """Return a request. Raises NotFound."""
    row = session.get(OptOut, opt_out_id, with_for_update=for_update or None)
    if row is None:
        raise NotFound(f"there is no opt-out {opt_out_id}", opt_out_id=opt_out_id)
    return row


def suppression_job(opt_out_id: str) -> JobRequest:
    """Return the job that puts the number on the internal list."""
    return JobRequest(QueueName.LIGHT, JobName.SUPPRESS_NUMBER, opt_out_id, timeout_s=3600)


def _may_change(row: OptOut, *, is_request: bool) -> bool:
    """Tell whether a person's word may replace what was said: until the number is listed, or from none to a request."""
    return row.is_request != int(is_request) and row.suppressed_at is None


def _add(work: Work, **fields: Any) -> OptOut:
    row = OptOut(id=work.new_id(), recorded_at=work.now, **fields)
    work.session.add(row)
    work.session.flush()
    told = {"number": mask(row.number), "way": str(row.way), "scope": str(row.scope), "due_on": row.due_on.isoformat()}
    told |= {"received_at": row.received_at.isoformat()} | ({"call_id": row.call_id} if row.call_id else {})
    work.publish(EventKind.OPT_OUT_RECORDED, ("opt_out", row.id), told)
    return row


def _judge(work: Work, row: OptOut, *, is_request: bool, by: str, why: str) -> None:
    row.is_request, row.judged_at, row.judged_by, row.judged_why = int(is_request), work.now, by, why or None
    work.session.flush()
    jobs = (suppression_job(row.id),) if is_request else ()
    told = {"is_request": is_request, "by": by}
    work.publish(EventKind.OPT_OUT_JUDGED, ("opt_out", row.id), told, jobs=jobs)


def _quote(evidence: Mapping[str, Any]) -> str:
    hits = evidence.get("hits") or [{}]
    return str(hits[0].get("quote") or "")
