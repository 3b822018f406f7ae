"""Which privacy requests are there, which clock runs out first, and what is kept of a number?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.audio.records import load_listening
from app.compliance.privacy.erasure import find_calls, is_erased
from app.conversation import Listening, Redaction
from app.models.analysis import AnalysisResult, AnalysisRun
from app.models.calls import Call, CallLeg, Recording
from app.models.consumers import CertificateAnswer, OptOut, PrivacyRequest
from app.models.screening import CallScoreRow, Consent, CurrentScreening, Finding
from app.vocabulary import PrivacyKind, PrivacyState

PAGE_SIZE = 50
FORMAT = "earshot-data-of-a-consumer/1"
OPEN_STATES = (PrivacyState.RECEIVED, PrivacyState.VERIFIED, PrivacyState.DEFERRED)


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request as lists and its own page show it."""

    id: str
    kind: PrivacyKind
    number: str
    name: str
    contact: str
    way: str
    call_id: str | None
    received_at: datetime
    acknowledge_by: date
    answer_by: date
    state: PrivacyState
    acknowledged_at: datetime | None
    extended_why: str | None
    verified_at: datetime | None
    verified_by: str | None
    verified_how: str | None
    deferred_until: date | None
    deferred_why: str | None
    ended_at: datetime | None
    ended_by: str | None
    outcome: Mapping[str, Any] | None
    recorded_by: str


def count_by_state(session: Session) -> dict[PrivacyState, int]:
    """Return how many requests are in each state."""
    rows = session.execute(select(PrivacyRequest.state, func.count()).group_by(PrivacyRequest.state)).all()
    return dict.fromkeys(PrivacyState, 0) | {row[0]: row[1] for row in rows}


def list_requests(
    session: Session, states: Sequence[PrivacyState], *, after: tuple[date, str] | None = None, limit: int = PAGE_SIZE
) -> tuple[RequestLine, ...]:
    """Return requests in some states, those first whose answer is due first."""
    found = select(PrivacyRequest).where(PrivacyRequest.state.in_(states))
    if after is not None:
        day, last_id = after
        later = and_(PrivacyRequest.answer_by == day, PrivacyRequest.id > last_id)
        found = found.where(or_(PrivacyRequest.answer_by > day, later))
    rows = session.scalars(found.order_by(PrivacyRequest.answer_by, PrivacyRequest.id).limit(limit))
    return tuple(map(view_request, rows))


def view_request(row: PrivacyRequest) -> RequestLine:
    """Return a row as a value."""
    return RequestLine(**{name: getattr(row, name) for name in RequestLine.__dataclass_fields__})


def bundle_of(session: Session, number: str, at: datetime, redact: Callable[[Listening], Redaction]) -> dict[str, Any]:
    """Return what is kept of a number as JSON: calls with words, findings and scores, consents, requests.

    What was inferred belongs to it: findings and scores (Cal. Civ. Code 1798.140(v)(1)(K)); money between companies does not.
    Numbers of cards, accounts and the like are covered by ``redact``: they may not be disclosed even to their owner (11 CCR
    7024(d)).
    """
    consents = session.scalars(select(Consent).where(Consent.number == number).order_by(Consent.given_at, Consent.id)).all()
    opt_outs = session.scalars(select(OptOut).where(OptOut.number == number).order_by(OptOut.received_at, OptOut.id))
    requests = session.scalars(
        select(PrivacyRequest).where(PrivacyRequest.number == number).order_by(PrivacyRequest.received_at, PrivacyRequest.id)
    )
    return {
        "format": FORMAT,
        "number": number,
        "made_at": at.isoformat(),
        "calls": [_describe_call(session, call, redact) for call in find_calls(session, number)],
        "consents": [_describe_consent(session, consent) for consent in consents],
        "opt_outs": [
            {"received_at": row.received_at.isoformat(), "way": str(row.way), "scope": str(row.scope), "seller": row.seller,
             "on_internal_list_since": _write(row.suppressed_at)}
            for row in opt_outs
        ],
        "privacy_requests": [
            {"id": row.id, "kind": str(row.kind), "received_at": row.received_at.isoformat(), "state": str(row.state),
             "ended_at": _write(row.ended_at)}
            for row in requests
        ],
    }  # fmt: skip


def _describe_call(session: Session, call: Call, redact: Callable[[Listening], Redaction]) -> dict[str, Any]:
    run = session.scalar(
        select(AnalysisRun.id)
        .join(AnalysisResult, AnalysisResult.run_id == AnalysisRun.id)
        .where(AnalysisRun.call_id == call.id, AnalysisRun.finished_at.is_not(None))
        .order_by(AnalysisRun.finished_at.desc(), AnalysisRun.id.desc())
        .limit(1)
    )
    said = redact(load_listening(session, run)).utterances if run and not is_erased(session, call.id) else ()
    screening = session.scalar(select(CurrentScreening.screening_id).where(CurrentScreening.call_id == call.id))
    findings = (
        session.scalars(select(Finding).where(Finding.screening_id == screening).order_by(Finding.rule)) if screening else ()
    )
    score = session.get(CallScoreRow, screening) if screening else None
    legs = session.scalars(select(CallLeg).where(CallLeg.call_id == call.id).order_by(CallLeg.seq))
    recordings = session.scalars(select(Recording).where(Recording.call_id == call.id).order_by(Recording.received_at))
    return {
        "id": call.id,
        "started_at": call.started_at.isoformat(),
        "ended_at": _write(call.ended_at),
        "caller_number": call.caller_number,
        "dialed_number": call.dialed_number,
        "disposition": str(call.disposition) if call.disposition else None,
        "zip": call.consumer_zip,
        "state": call.consumer_state,
        "further_fields": call.tags,
        "is_erased": is_erased(session, call.id),
        "legs": [
            {
                "direction": str(leg.direction),
                "from": leg.from_number,
                "to": leg.to_number,
                "started_at": _write(leg.started_at),
            }
            for leg in legs
        ],
        "recordings": [
            {"sha256": each.sha256, "bytes": each.byte_count, "is_kept": each.blob_key is not None} for each in recordings
        ],
        "transcript": [
            {"speaker": str(each.speaker), "start_s": each.span.start_s, "end_s": each.span.end_s, "text": each.text}
            for each in said
        ],
        "findings": [{"rule": each.rule, "outcome": str(each.outcome), "reason": each.reason} for each in findings],
        "call_score": None if score is None else {"value": score.value, "parts": score.parts},
    }


def _describe_consent(session: Session, consent: Consent) -> dict[str, Any]:
    answers = session.scalars(
        select(CertificateAnswer).where(CertificateAnswer.consent_id == consent.id).order_by(CertificateAnswer.asked_at)
    )
    return {
        "external_id": consent.external_id,
        "seller": consent.seller,
        "given_at": consent.given_at.isoformat(),
        "revoked_at": _write(consent.revoked_at),
        "elements": consent.elements,
        "certificate": consent.certificate,
        "shown": consent.shown,
        "vendor_answers": [
            {"vendor": each.vendor, "asked_at": _write(each.asked_at), "answer": each.answer} for each in answers
        ],
    }


def _write(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
