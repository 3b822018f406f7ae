"""How are the facts of a call read from the JSON that ``earshot screen`` takes? The shapes are in ``docs/screening-facts.md``.

null, an empty list and an absent field all mean unknown. Fields that nobody knows are listed, not refused, so that a newer
sender works; every value of the wrong shape is named in one error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.compliance.facts import (
    CHANNEL_CODES,
    Attempt,
    CallRecord,
    CampaignHours,
    CampaignPolicy,
    Certificate,
    ChannelPolicy,
    ConsentFacts,
    Consumer,
    Creative,
    DncFacts,
    Emergency,
    Facts,
    IvrPrompt,
    Leg,
    ListState,
    LitigatorState,
    PacingCount,
    Permission,
    PriorCall,
    ReassignedQuery,
    Relationship,
    TrackingNumberUse,
    VoiceDetector,
)
from app.compliance.reading import Reader
from app.conversation import Utterance, Word
from app.errors import InvalidInput
from app.timeline import Span
from app.vocabulary import AttemptKind, Dialer, LegDirection, LegVoice, Purpose, Speaker, TransferType

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECONDS_OF_ALL_CALLS = 7 * 86_400.0


def parse_facts(data: Any, *, item: str = "facts") -> Facts:
    """Return the facts of one call.

    Raises
    ------
    InvalidInput
        If the object, or a value in it, has the wrong shape; the message names every such value.
    """
    if not isinstance(data, Mapping):
        raise InvalidInput(f"{item}: expected a JSON object with the call's facts, got {type(data).__name__}", item=item)
    facts, errors = read_facts(data)
    if errors:
        raise InvalidInput(f"{item}: " + "; ".join(errors), item=item, errors=list(errors))
    return facts


def read_facts(data: Mapping[str, Any]) -> tuple[Facts, tuple[str, ...]]:
    """Return the facts of one call, and what is wrong with them; a value of the wrong shape is unknown."""
    reader = Reader(data)
    facts = _read_facts(reader, data)
    reader.close()
    return replace(facts, ignored_fields=tuple(reader.ignored)), tuple(reader.errors)


def _read_facts(r: Reader, data: Mapping[str, Any]) -> Facts:
    return Facts(
        call_id=r.text("call_id"),
        purpose=r.term("purpose", Purpose),
        seller=r.text("seller"),
        vertical=r.text("vertical"),
        transfer_type=r.term("transfer_type", TransferType),
        declared_channel=_channel(r, "declared_channel"),
        tracking_number_channel=_channel(r, "tracking_number_channel"),
        ad_type=r.text("ad_type"),
        is_b2b=r.flag("b2b"),
        is_upsell=r.flag("upsell"),
        advertiser=r.text("advertiser"),
        agent_state=_state(r, "agent_state"),
        is_known_call_center=r.flag("known_call_center"),
        legs=tuple(sorted(r.items("legs", _read_leg), key=lambda leg: leg.seq)),
        consumer=_read_consumer(r.inner("consumer")),
        campaign=_read_campaign(r.inner("campaign")),
        consents=r.items("consents", _read_consent),
        dnc=_read_dnc(r.inner("dnc")),
        relationship=_read_relationship(r.inner("relationship")),
        attempts_24h=r.items("attempts_24h", _read_attempt),
        prior_calls=r.items("prior_calls", _read_prior_call),
        emergencies=r.items("emergencies", _read_emergency),
        ivr_prompt=_read_ivr_prompt(r.inner("ivr_prompt")),
        voice_detector=_read_voice_detector(r.inner("voice_detector")),
        record=_read_record(r.inner("record")),
        creative=_read_creative(r.inner("creative")),
        tracking_number=_read_tracking_number(r.inner("tracking_number")),
        pacing=r.items("pacing", _read_pacing),
        utterances=r.items("utterances", _read_utterance),
        duration_s=r.number("duration_s", most=SECONDS_OF_ALL_CALLS),
        is_recorded=r.flag("recorded"),
        is_made_up=r.flag("made_up"),
        raw=data,
    )


def _read_leg(r: Reader) -> Leg:
    return Leg(
        seq=r.whole("seq") or 0,
        direction=r.term("direction", LegDirection),
        from_number=r.text("from"),
        to_number=r.text("to"),
        started_at=r.moment("started_at"),
        answered_at=r.moment("answered_at"),
        ended_at=r.moment("ended_at"),
        voice=r.term("voice", LegVoice),
        dialer=r.term("dialer", Dialer),
        caller_id_number=r.text("caller_id_number"),
        caller_id_name=r.text("caller_id_name"),
        verstat=r.text("verstat"),
        verstat_vendor=r.text("verstat_vendor"),
        attestation=r.text("attestation"),
        is_clock_unsynchronised=r.text("clock") == "unsynchronised",
    )


def _read_consumer(r: Reader | None) -> Consumer:
    if r is None:
        return Consumer()
    zip_code = r.raw("zip")
    if isinstance(zip_code, str) and (digits := zip_code.strip()[:5]) and not (len(digits) == 5 and digits.isdecimal()):
        r.refuse("zip", "a five-digit ZIP code", zip_code)
    elif zip_code is not None and not isinstance(zip_code, str):
        r.refuse("zip", "a five-digit ZIP code as text", zip_code)
    consumer = Consumer(
        zip=zip_code.strip()[:5] or None if isinstance(zip_code, str) else None,
        stated_state=_state(r, "stated_state"),
        ip_state=_state(r, "ip_state"),
    )
    r.close()
    return consumer


def _state(r: Reader, name: str) -> str | None:
    text = r.text(name)
    if text is not None and not (len(text) == 2 and text.isascii() and text.isalpha()):
        r.refuse(name, "a state in two letters", text)
        return None
    return text.upper() if text else None


def _read_campaign(r: Reader | None) -> CampaignPolicy:
    if r is None:
        return CampaignPolicy()
    channels, transfers, voice = r.inner("channels"), r.inner("transfers"), r.inner("voice")
    recording, dedupe, geo = r.inner("recording"), r.inner("dedupe"), r.inner("geo")
    policy = CampaignPolicy(
        channels=_read_channels(channels) if channels else ChannelPolicy(),
        transfers_allow=transfers.texts("allow") if transfers else (),
        transfer_origins=transfers.texts("origin") if transfers else (),
        voices_allow=voice.texts("allow") if voice else (),
        is_recording_enabled=recording.flag("enabled") if recording else None,
        dedupe_window_days=dedupe.whole("window_days", most=3650) if dedupe else None,
        hours=_read_hours(r.inner("hours")),
        states=tuple(state.upper() for state in geo.texts("states")) if geo else (),
        billable_s=r.number("billable_seconds"),
        max_lead_age_days=r.whole("max_lead_age_days", most=36_500),
    )
    for inner in (channels, transfers, voice, recording, dedupe, geo):
        if inner is not None:
            inner.close()
    r.close()
    return policy


def _channel(r: Reader, name: str) -> str | None:
    code = r.text(name)
    if code is not None and code not in CHANNEL_CODES:
        r.refuse(name, "one of " + ", ".join(sorted(CHANNEL_CODES)), code)
        return None
    return code


def _read_channels(r: Reader) -> ChannelPolicy:
    default = r.text("default")
    if default not in (None, "allow", "deny"):
        r.refuse("default", "allow or deny", default)
    return ChannelPolicy(default, r.texts("allow"), r.texts("deny"), r.texts("needs_creative_approval"))


def _read_creative(r: Reader | None) -> Creative | None:
    if r is None:
        return None
    creative = Creative(r.text("id"), r.text("status"), r.moment("from"), r.moment("to"))
    if creative.status not in (None, "approved", "refused"):
        r.refuse("status", "approved or refused", creative.status)
    r.close()
    return creative


def _read_tracking_number(r: Reader | None) -> TrackingNumberUse | None:
    if r is None:
        return None
    use = TrackingNumberUse(r.moment("assigned_at"), r.moment("previous_use_ended_at"))
    r.close()
    return use


def _read_pacing(r: Reader) -> PacingCount | None:
    period, cap, count = r.text("period"), r.whole("cap"), r.whole("count_before")
    return PacingCount(period or "period", cap, count) if cap is not None and count is not None else None


def _read_hours(r: Reader | None) -> CampaignHours | None:
    if r is None:
        return None
    zone = r.text("tz")
    try:
        ZoneInfo(zone or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        r.refuse("tz", "the name of a time zone, such as America/New_York", zone)
        return None
    by_weekday = {}
    for name in r.names():
        if name == "tz":
            continue
        first, _, last = name.partition("_")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS or WEEKDAYS.index(last or first) < WEEKDAYS.index(first):
            continue
        times = _read_times(r, name)
        if times is not None:
            by_weekday.update(dict.fromkeys(range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1), times))
    r.close()
    return CampaignHours(zone or "", by_weekday)


def _read_times(r: Reader, name: str) -> tuple[time, time] | None:
    value = r.raw(name)
    if value is None:
        return None
    try:
        start, end = (time(23, 59, 59, 999_999) if text == "24:00" else time.fromisoformat(text) for text in value)
    except (ValueError, TypeError):
        r.refuse(name, 'two times such as ["09:00", "20:00"]', value)
        return None
    return start, end


def _read_consent(r: Reader) -> ConsentFacts:
    elements = r.inner("elements")
    known = {name: elements.raw(name) for name in elements.names()} if elements else {}
    for name, value in known.items():
        if value is not None and not isinstance(value, bool | str) and elements is not None:
            elements.refuse(name, "true, false or a text", value)
    return ConsentFacts(
        elements={name: value for name, value in known.items() if value is not None and value != ""},
        given_at=r.moment("given_at"),
        revoked_at=r.moment("revoked_at"),
        revocation_scope=r.text("revocation_scope"),
        is_oral=r.flag("oral"),
        certificate=_read_certificate(r.inner("certificate")),
        page_host=r.text("page_host"),
        is_bot_detected=r.flag("bot_detected"),
        seconds_on_page=r.number("seconds_on_page"),
        scan=r.raw("scan"),
        id=r.text("id"),
    )


def _read_certificate(r: Reader | None) -> Certificate | None:
    if r is None:
        return None
    answer = r.inner("answer")
    certificate = Certificate(
        kind=r.text("kind"),
        id=r.text("id"),
        created_at=r.moment("created_at"),
        retained_at=r.moment("retained_at"),
        expires_at=r.moment("expires_at"),
        phone_match=r.flag("phone_match"),
        host=r.text("host"),
        is_submission_detected=r.flag("submission_detected"),
        answer={name: answer.raw(name) for name in answer.names()} if answer else {},
    )
    r.close()
    return certificate


def _read_dnc(r: Reader | None) -> DncFacts:
    if r is None:
        return DncFacts()
    states, internal, litigator, reassigned = r.inner("state"), r.inner("internal"), r.inner("litigator"), r.inner("reassigned")
    national = r.inner("national")
    if internal is not None:
        internal.flag("asked")  # whoever names the list has asked it, and found no request where none is told
    facts = DncFacts(
        national=_read_list(national) if national else None,
        state={code.upper(): _read_list(inner) for code in states.names() if (inner := states.inner(code)) is not None}
        if states
        else {},
        internal_requested_at=internal.day("requested_at") if internal else None,
        is_internal_known=internal is not None,
        litigator=LitigatorState(litigator.flag("listed"), litigator.text("source"), litigator.text("version"))
        if litigator
        else None,
        reassigned=ReassignedQuery(reassigned.day("queried_at"), reassigned.day("since"), reassigned.text("answer"))
        if reassigned
        else None,
    )
    if facts.reassigned and facts.reassigned.answer not in (None, "yes", "no", "no_data") and reassigned is not None:
        reassigned.refuse("answer", "yes, no or no_data", facts.reassigned.answer)
    for inner in (internal, litigator, reassigned, states):
        if inner is not None:
            inner.close()
    r.close()
    return facts


def _read_list(r: Reader) -> ListState:
    codes = r.texts("area_codes")
    state = ListState(
        is_listed=r.flag("listed"),
        obtained_at=r.day("obtained_at"),
        scrubbed_at=r.moment("scrubbed_at"),
        san=r.text("san"),
        area_codes=codes or None,
    )
    r.close()
    return state


def _read_relationship(r: Reader | None) -> Relationship:
    if r is None:
        return Relationship()
    permission = r.inner("permission")
    relationship = Relationship(
        last_purchase_at=r.day("last_purchase_at"),
        last_inquiry_at=r.day("last_inquiry_at"),
        is_with_seller=r.flag("with_seller"),
        permission=Permission(
            permission.text("seller"), permission.text("number"), permission.flag("signed"), permission.moment("given_at")
        )
        if permission
        else None,
        is_personal=r.flag("personal"),
    )
    r.close()
    return relationship


def _read_attempt(r: Reader) -> Attempt | None:
    at = r.moment("at")
    kind = r.term("kind", AttemptKind) or AttemptKind.CALL
    attempt = (r.text("subject"), r.text("entity"), kind, r.text("number"))
    return Attempt(at, *attempt) if at else None


def _read_prior_call(r: Reader) -> PriorCall | None:
    at, advertiser = r.moment("at"), r.text("advertiser")
    return PriorCall(at, advertiser) if at else None


def _read_emergency(r: Reader) -> Emergency | None:
    state, county, source = _state(r, "state"), r.text("county"), r.text("source")
    starts, ends = _day_or_moment(r, "from"), _day_or_moment(r, "to")
    if state is None or starts is None or ends is None:
        r.refuse("state", "an emergency with state, from and to", state)
        return None
    return Emergency(state, None if county in (None, "all") else county, starts, ends, source)


def _day_or_moment(r: Reader, name: str) -> date | datetime | None:
    value = r.raw(name)
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            r.refuse(name, "a day such as 2026-11-20", value)
            return None
    return r.moment(name)


def _read_ivr_prompt(r: Reader | None) -> IvrPrompt | None:
    if r is None:
        return None
    prompt = IvrPrompt(r.text("version"), r.flag("has_recording_notice"), r.flag("before_recording"))
    r.close()
    return prompt


def _read_voice_detector(r: Reader | None) -> VoiceDetector | None:
    if r is None:
        return None
    detector = VoiceDetector(r.text("name"), r.text("version"), r.number("score", most=1.0))
    r.close()
    return detector


def _read_record(r: Reader | None) -> CallRecord:
    return CallRecord({name: value for name in r.names() if (value := r.raw(name)) is not None}) if r else CallRecord()


def _read_utterance(r: Reader) -> Utterance | None:
    speaker = r.term("speaker", Speaker) or Speaker.UNKNOWN
    start_s, end_s, text = r.number("start_s"), r.number("end_s"), r.text("text")
    channel, voice = r.whole("channel", most=16), r.text("voice")
    words = r.items("words", _read_word)
    if start_s is None or end_s is None or end_s < start_s:
        r.refuse("start_s", "an utterance with start_s and end_s in seconds, in this order", [start_s, end_s])
        return None
    if text is None:
        return None
    return Utterance(channel or 0, speaker, Span(start_s, end_s), text, words, estimated_speaker=voice)


def _read_word(r: Reader) -> Word | None:
    start_s, end_s, text = r.number("start_s"), r.number("end_s"), r.text("text")
    confidence, low_trust = r.number("confidence", most=1.0), r.flag("low_trust")
    if start_s is None or end_s is None or text is None or end_s < start_s:
        return None
    return Word(Span(start_s, end_s), text, 1.0 if confidence is None else confidence, bool(low_trust))
