"""What is this call, at a glance? The header, the table of facts and the legs, masked for who looks."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.access.identity import Identity
from app.access.masking import sees_payout, sees_revenue, sees_target, show_caller
from app.phone import describe, mask
from app.review import wording
from app.review.screen import CallRecord, CallScreen, Leg
from app.review.wording import say_clock, say_day, say_time
from app.vocabulary import RecordingState


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled value; ``note`` stands smaller beneath it, ``tone`` is good, bad or empty."""

    label: str
    value: str
    note: str = ""
    icon: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class LegView:
    """One connection of the call, ready to print."""

    seq: int
    direction: str
    from_number: str
    to_number: str
    started: str
    duration: str


@dataclass(frozen=True, slots=True)
class Header:
    """The top of the page; ``glance`` has the few facts that a reviewer reads first."""

    title: str
    external_id: str
    state: str
    state_label: str
    glance: tuple[Fact, ...]


def build_header(screen: CallScreen, identity: Identity) -> Header:
    """Return the top of the page."""
    call, standing = screen.call, screen.standing
    return Header(
        title="Withheld number" if call.caller_number is None else show_caller(call.caller_number, identity),
        external_id=call.external_id,
        state=str(standing.state),
        state_label=wording.STATE_WORDS[standing.state],
        glance=(
            _campaign(call),
            _source(call, identity),
            _started(call),
            _duration(screen),
            _ending(call),
            *_money(call, identity),
        ),
    )


def build_facts(screen: CallScreen, identity: Identity) -> tuple[Fact, ...]:
    """Return the rest of what the call log says, for the table at the side."""
    call, recording = screen.call, screen.recording
    rows = [
        Fact("Call id", call.external_id, f"sent by {call.sender}"),
        Fact("Number dialled", describe(call.dialed_number) if call.dialed_number else "Not known"),
        Fact("Caller's state", call.consumer_state or "Not stated", f"ZIP {call.consumer_zip}" if call.consumer_zip else ""),
        Fact("Transfer", wording.TRANSFER_WORDS[call.transfer_type].capitalize() if call.transfer_type else "Not stated"),
    ]
    if not identity.is_outside:
        rows += [Fact("Advertiser", call.advertiser or "Not known"), Fact("Publisher", call.publisher or "Not known")]
    if recording is not None and recording.state is RecordingState.NOT_ALLOWED:
        rows.append(Fact("Recording", "Not kept", "sent although the campaign does not record"))
    elif recording is not None:
        rows.append(
            Fact("Recording", recording.filename, f"{wording.say_bytes(recording.byte_count)}, sha256 {recording.sha256[:12]}…")
        )
    rows += [Fact(name, str(value)) for name, value in sorted(call.tags.items())] if not identity.is_outside else []
    return tuple(rows)


def build_legs(call: CallRecord, identity: Identity) -> tuple[LegView, ...]:
    """Return the connections of the call; a publisher does not see the call center's number."""
    return tuple(
        LegView(
            seq=leg.seq + 1,
            direction=wording.DIRECTION_WORDS[leg.direction],
            from_number=_number(leg.from_number, call, identity),
            to_number=_number(leg.to_number, call, identity),
            started=say_time(wording.local_moment(leg.started_at, call.zone), seconds=True),
            duration=_leg_duration(leg),
        )
        for leg in call.legs
    )


def _campaign(call: CallRecord) -> Fact:
    return Fact("Campaign", call.campaign or "Not matched", call.ad or call.advertiser or "", "megaphone")


def _source(call: CallRecord, identity: Identity) -> Fact:
    channel = wording.CHANNEL_WORDS[call.source_channel] if call.source_channel else ""
    declared = wording.CHANNEL_WORDS[call.declared_channel] if call.declared_channel else ""
    if declared and declared != channel:
        channel = f"{channel}, declared as {declared.lower()}" if channel else declared
    note = " · ".join(part for part in ("" if identity.is_outside else call.publisher or "", channel) if part)
    return Fact("Source", call.source or "Not matched", note, "radio-tower")


def _started(call: CallRecord) -> Fact:
    local = wording.local_moment(call.started_at, call.zone)
    is_zoned = isinstance(local.tzinfo, ZoneInfo)
    zone = f"{local:%Z}, the campaign's time" if is_zoned else "UTC; the campaign names no zone"
    return Fact("Started", f"{say_day(local)}, {say_time(local)}", f"{local:%A}, {zone}", "calendar-clock")


def _duration(screen: CallScreen) -> Fact:
    call = screen.call
    seconds = call.connected_s
    if seconds is None and screen.heard is not None:
        length = say_clock(screen.heard.listening.duration_s)
        return Fact("Duration", length, "of the recording; the sender gave none", "timer")
    if seconds is None:
        return Fact("Duration", "Not known", "the sender gave none", "timer")
    if call.billable_s is None:
        return Fact("Duration", say_clock(seconds), "connected", "timer")
    if seconds >= call.billable_s:
        return Fact("Duration", say_clock(seconds), f"billable from {say_clock(call.billable_s)} on", "timer", "good")
    short = say_clock(call.billable_s - seconds)
    return Fact("Duration", say_clock(seconds), f"{short} short of billable ({say_clock(call.billable_s)})", "timer", "bad")


def _ending(call: CallRecord) -> Fact:
    value = wording.DISPOSITION_WORDS[call.disposition] if call.disposition else "Not stated"
    return Fact("Ended", value, wording.ENDED_BY_WORDS[call.ended_by] if call.ended_by else "", "phone-off")


def _money(call: CallRecord, identity: Identity) -> tuple[Fact, ...]:
    revenue = call.revenue if sees_revenue(identity) else None
    payout = call.payout if sees_payout(identity) else None
    if revenue is not None and payout is not None:
        note = f"pays {payout}"
        if revenue.currency == payout.currency:
            note += f", margin {revenue - payout}"
        return (Fact("Revenue", str(revenue), note, "circle-dollar-sign"),)
    if revenue is not None:
        return (
            Fact("Price" if identity.is_outside else "Revenue", str(revenue), "as the call log says", "circle-dollar-sign"),
        )
    if payout is not None:
        return (Fact("Payout", str(payout), "as the call log says", "circle-dollar-sign"),)
    return (Fact("Money", "Not stated", "", "circle-dollar-sign"),)


def _number(number: str | None, call: CallRecord, identity: Identity) -> str:
    if number is None:
        return "not known"
    if not identity.is_outside or number == call.dialed_number:
        return describe(number)
    if number == call.caller_number:
        return show_caller(number, identity)
    # What is neither the caller's nor the tracking number may be the call center's.
    return describe(number) if sees_target(identity) else mask(number)


def _leg_duration(leg: Leg) -> str:
    if leg.ended_at is None:
        return ""
    return say_clock((leg.ended_at - (leg.answered_at or leg.started_at)).total_seconds())
