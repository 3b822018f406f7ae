"""What does the house know of a call when it is screened? Reads the tables into facts.

The facts are made as JSON (``docs/screening-facts.md``): what is kept with a screening is what was judged. What was said
on the call is not among them; it joins from the recording's analysis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.compliance.consent_records.as_facts import describe_consent
from app.compliance.facts import Facts
from app.compliance.facts_json import read_facts
from app.compliance.opt_outs.pending import find_requested_at
from app.errors import ListDamaged
from app.intake.call_rows import ASSUMED_START_TAG
from app.models.calls import Call, CallLeg, Recording
from app.models.campaigns import AdVersion, CallSource, Campaign, CampaignVersion, TrackingNumber
from app.models.numbers import NumberListVersion
from app.models.parties import Party
from app.models.screening import Consent
from app.ports import NumberRegistry
from app.vocabulary import LegDirection, ListKind, RecordingState, TransferType

SAMPLE_SENDER = "sample"
"""Calls that ship with Earshot; their numbers are kept for fiction."""

LOOK_BACK = timedelta(days=60)
MOST_PRIOR_CALLS = 200
MOST_CONSENTS = 50
FIRST_LEG_WORDS = frozenset({"consumer_placed", "placed_to_consumer", "ai_chat", "sms"})
"""What ``transfers.origin`` may say of the first leg; a campaign may also name parties there, which no rule reads."""

log = structlog.get_logger()


def load_facts(session: Session, call_id: str, *, lists: NumberRegistry | None = None) -> Facts:
    """Return what is known of a call; values that do not fit are unknown. Raises NoResultFound for a call that is not there."""
    return read_facts(load_call_facts(session, call_id, lists=lists))[0]


def load_call_facts(session: Session, call_id: str, *, lists: NumberRegistry | None = None) -> dict[str, Any]:
    """Return the same as the JSON that is kept with a screening, empty parts left out.

    ``lists`` are asked as of the origin leg's start; without any, or when one cannot be trusted, what they say is unknown.
    """
    row = _find_call(session, call_id)
    call: Call = row.Call
    start = None if ASSUMED_START_TAG in call.tags else call.started_at
    legs = _load_legs(session, call, start)
    consumer = _find_consumer(legs, call)
    facts = {
        "call_id": call.external_id,
        "purpose": row.CampaignVersion.purpose if row.CampaignVersion else None,
        "seller": row.advertiser,
        "advertiser": row.advertiser,
        "vertical": row.vertical,
        "transfer_type": call.transfer_type,
        "declared_channel": call.declared_channel or row.source_channel,
        "legs": legs,
        "consumer": {"zip": call.consumer_zip, "stated_state": call.consumer_state},
        "campaign": _describe_terms(row.CampaignVersion, row.AdVersion),
        "consents": _load_consents(session, consumer),
        "dnc": _ask_lists(session, lists, legs, call_id),
        "attempts_24h": _load_attempts(session, call, consumer, start),
        "prior_calls": _load_prior_calls(session, call, consumer, start),
        "recorded": True if row.has_recording else None,
        "made_up": True if call.sender == SAMPLE_SENDER else None,
        "duration_s": call.connected_s,
        **_describe_number(session, call.dialed_number, start),
    }
    return {name: value for name, part in facts.items() if (value := _without_blanks(part)) is not None}


def _find_call(session: Session, call_id: str) -> Any:
    stored = select(Recording.id).where(Recording.call_id == Call.id, Recording.state == RecordingState.STORED)
    return session.execute(
        select(
            Call,
            CampaignVersion,
            AdVersion,
            Campaign.vertical,
            Party.name.label("advertiser"),
            CallSource.channel.label("source_channel"),
            stored.exists().label("has_recording"),
        )
        .outerjoin(CampaignVersion, CampaignVersion.id == Call.campaign_version_id)
        .outerjoin(AdVersion, AdVersion.id == Call.ad_version_id)
        .outerjoin(Campaign, Campaign.id == Call.campaign_id)
        .outerjoin(Party, Party.id == Call.advertiser_id)
        .outerjoin(CallSource, CallSource.id == Call.source_id)
        .where(Call.id == call_id)
    ).one()


def _load_legs(session: Session, call: Call, start: datetime | None) -> list[dict[str, Any]]:
    """Return the legs as sent, without the network's own connection from the tracking number to the buyer.

    A row without legs that says nobody handed the call over tells its one leg; of any other, who placed it is not known.
    """
    rows = session.scalars(select(CallLeg).where(CallLeg.call_id == call.id).order_by(CallLeg.seq)).all()
    if rows:
        return [_describe_leg(leg) for leg in rows if not _is_own_connection(leg, call)]
    if call.transfer_type is not TransferType.NONE or call.caller_number is None:
        return []
    only = {"seq": 0, "direction": LegDirection.CONSUMER_PLACED, "from": call.caller_number, "to": call.dialed_number}
    times = {"started_at": start, "answered_at": call.answered_at, "ended_at": call.ended_at} if start else {}
    return [{**only, **{name: _write(at) for name, at in times.items()}}]


def _describe_leg(leg: CallLeg) -> dict[str, Any]:
    return {
        **leg.facts,
        "seq": leg.seq,
        "direction": leg.direction,
        "from": leg.from_number,
        "to": leg.to_number,
        "started_at": _write(leg.started_at),
        "answered_at": _write(leg.answered_at),
        "ended_at": _write(leg.ended_at),
    }


def _is_own_connection(leg: CallLeg, call: Call) -> bool:
    return leg.direction is LegDirection.INTERNAL_TRANSFER and leg.from_number == call.dialed_number


def _describe_terms(version: CampaignVersion | None, ad: AdVersion | None) -> dict[str, Any]:
    terms: dict[str, Any] = {"billable_seconds": ad.billable_s if ad else None}
    if version is None:
        return terms
    origins = [word for word in version.transfers.get("origin") or () if word in FIRST_LEG_WORDS]
    return {
        **terms,
        "channels": version.channels,
        "transfers": {"allow": version.transfers.get("allow"), "origin": origins},
        "voice": {"allow": version.voices},
        "recording": {"enabled": version.is_recording_allowed},
        "dedupe": {"window_days": version.dedupe_window_days},
        "hours": version.hours,
        "geo": {"states": (ad.states if ad else None) or version.states},
    }


def _find_consumer(legs: Sequence[Mapping[str, Any]], call: Call) -> str | None:
    """Return the consumer's number: of the origin leg the end that is not ours; without legs the caller's as sent."""
    origin = _find_origin(legs)
    if origin is None:
        return call.caller_number
    number = origin["from"] if origin["direction"] is LegDirection.CONSUMER_PLACED else origin["to"]
    return number or call.caller_number


def _find_origin(legs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((leg for leg in legs if leg["direction"] is not LegDirection.INTERNAL_TRANSFER), None)


def _load_consents(session: Session, number: str | None) -> list[dict[str, Any]]:
    if number is None:
        return []
    newest = select(Consent).where(Consent.number == number).order_by(Consent.given_at.desc(), Consent.id).limit(MOST_CONSENTS)
    return [describe_consent(consent) for consent in session.scalars(newest)]


def _ask_lists(
    session: Session, lists: NumberRegistry | None, legs: Sequence[Mapping[str, Any]], call_id: str
) -> dict[str, Any]:
    origin = _find_origin(legs)
    if origin is None or origin.get("started_at") is None:
        return {}
    number = origin["from"] if origin["direction"] is LegDirection.CONSUMER_PLACED else origin["to"]
    if number is None:
        return {}
    at = datetime.fromisoformat(origin["started_at"])
    facts = _ask_versions(session, lists, number, at) if lists is not None else {}
    asked_at = find_requested_at(session, number, at, call_id=call_id)
    listed_at = (facts.get("internal") or {}).get("requested_at")
    if asked_at is not None and (listed_at is None or at >= asked_at > datetime.fromisoformat(listed_at)):
        facts["internal"] = {"requested_at": _write(asked_at)}
    return facts


def _ask_versions(session: Session, lists: NumberRegistry, number: str, at: datetime) -> dict[str, Any]:
    try:
        facts = dict(lists.dnc_facts(number, at))
    except ListDamaged as error:
        log.error("a number list is damaged; what the lists say is unknown", error=str(error))
        return {}
    internal = select(NumberListVersion.id).where(
        NumberListVersion.kind == ListKind.INTERNAL, NumberListVersion.withdrawn_at.is_(None)
    )
    if session.scalar(internal.limit(1)) is None:
        facts.pop("internal", None)  # no request known, because no list of requests is: that is not "never asked"
    elif (facts.get("internal") or {}).get("requested_at") is None:
        facts["internal"] = {"requested_at": None, "asked": True}
    return facts


def _load_attempts(session: Session, call: Call, consumer: str | None, start: datetime | None) -> list[dict[str, Any]]:
    if consumer is None or start is None:
        return []
    legs = session.execute(
        select(CallLeg.started_at, CallLeg.from_number, Party.name)
        .join(Call, Call.id == CallLeg.call_id)
        .outerjoin(Party, Party.id == Call.advertiser_id)
        .where(
            _is_about(consumer),
            Call.started_at > start - timedelta(hours=24),
            Call.started_at < start,
            Call.id != call.id,
            CallLeg.direction == LegDirection.PLACED_TO_CONSUMER,
        )
        .order_by(CallLeg.started_at, CallLeg.call_id)
        .limit(MOST_PRIOR_CALLS)
    )
    return [{"at": _write(leg.started_at), "entity": leg.name, "number": leg.from_number} for leg in legs]


def _load_prior_calls(session: Session, call: Call, consumer: str | None, start: datetime | None) -> list[dict[str, Any]]:
    if consumer is None or start is None:
        return []
    earlier = session.execute(
        select(Call.started_at, Party.name)
        .outerjoin(Party, Party.id == Call.advertiser_id)
        .where(
            _is_about(consumer),
            Call.started_at >= start - LOOK_BACK,
            Call.started_at < start,
            Call.id != call.id,
        )
        .order_by(Call.started_at.desc(), Call.id)
        .limit(MOST_PRIOR_CALLS)
    )
    return [{"at": _write(found.started_at), "advertiser": found.name} for found in earlier]


def _is_about(number: str) -> ColumnElement[bool]:
    """Return the condition that a call has the number at one of its ends: a consumer dials, or is dialled."""
    return or_(Call.caller_number == number, Call.dialed_number == number)


def _describe_number(session: Session, number: str | None, start: datetime | None) -> dict[str, Any]:
    """Return the channel that the tracking number was given out for, and when its use before this one ended."""
    if number is None or start is None:
        return {}
    uses = session.execute(
        select(TrackingNumber.assigned_from, TrackingNumber.assigned_to, CallSource.channel)
        .join(CallSource, CallSource.id == TrackingNumber.source_id)
        .where(TrackingNumber.number == number, TrackingNumber.assigned_from <= start)
        .order_by(TrackingNumber.assigned_from.desc())
        .limit(2)
    ).all()
    if not uses or (uses[0].assigned_to is not None and uses[0].assigned_to <= start):
        return {}
    before = uses[1].assigned_to if len(uses) > 1 else None
    return {
        "tracking_number_channel": uses[0].channel,
        "tracking_number": {"assigned_at": _write(uses[0].assigned_from), "previous_use_ended_at": _write(before)},
    }


def _write(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _without_blanks(value: Any) -> Any:
    """Return a value without what is unknown; None where nothing is left. A flag that is false is known."""
    if isinstance(value, Mapping):
        return {name: kept for name, inner in value.items() if (kept := _without_blanks(inner)) is not None} or None
    if isinstance(value, list | tuple):
        return [kept for inner in value if (kept := _without_blanks(inner)) is not None] or None
    return str(value) if isinstance(value, str) else value
