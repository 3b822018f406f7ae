"""What is known of a call when it is screened? Frozen values; None means unknown, and unknown never becomes a pass.

The shapes follow the facts that ``earshot screen`` reads (``docs/screening-facts.md``). Nothing here decides; what follows from
the facts alone (origin leg, consumer number) is in :mod:`app.compliance.case`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from app.conversation import CallerVoice, Utterance
from app.timeline import Span
from app.vocabulary import AttemptKind, Channel, Dialer, LegDirection, LegVoice, Purpose, TransferType


@dataclass(frozen=True, slots=True)
class Leg:
    """One connection of the call. Times are timezone-aware; numbers are as sent, E.164 where they could be read."""

    seq: int
    direction: LegDirection | None = None
    from_number: str | None = None
    to_number: str | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    voice: LegVoice | None = None
    dialer: Dialer | None = None
    caller_id_number: str | None = None
    caller_id_name: str | None = None
    verstat: str | None = None
    verstat_vendor: str | None = None
    attestation: str | None = None
    is_clock_unsynchronised: bool = False


@dataclass(frozen=True, slots=True)
class Consumer:
    """What tells where the consumer is; states are two letters."""

    zip: str | None = None
    stated_state: str | None = None
    ip_state: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """Which call generation methods a campaign takes; ``default`` holds for channels in neither list.

    A list may name a family by its first part (``online``) or as people say it (``search``, ``broadcast``).
    """

    default: str | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    needs_creative_approval: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Tell whether the campaign says anything of channels."""
        return self.default is not None or bool(self.allow or self.deny)

    def allows(self, channel: str) -> bool | None:
        """Tell whether the campaign takes calls of a channel; None where it does not say."""
        if is_named(channel, self.deny):
            return False
        if is_named(channel, self.allow):
            return True
        if self.default is not None:
            return self.default == "allow"
        return False if self.allow else (True if self.deny else None)


CHANNEL_FAMILIES: Mapping[str, frozenset[str]] = {
    "broadcast": frozenset({Channel.TV, Channel.RADIO}),
    "search": frozenset({Channel.SEARCH_PAID, Channel.SEARCH_ORGANIC}),
}
"""Names that stand for several channels (rulings on the facts of screening)."""

CHANNEL_CODES = frozenset({*map(str, Channel), *CHANNEL_FAMILIES})


def is_named(channel: str, listed: tuple[str, ...]) -> bool:
    """Tell whether a list of channel codes names a channel, by itself or by its family."""
    members = CHANNEL_FAMILIES.get(channel, frozenset({channel}))
    return any(members <= CHANNEL_FAMILIES.get(code, frozenset({code})) or channel.startswith(f"{code}.") for code in listed)


@dataclass(frozen=True, slots=True)
class CampaignHours:
    """When a campaign takes calls: by weekday (0 = Monday), from and to, the end exclusive; a day not listed is closed."""

    tz: str
    by_weekday: Mapping[int, tuple[time, time]]


@dataclass(frozen=True, slots=True)
class CampaignPolicy:
    """The terms of the campaign that screening holds the call against."""

    channels: ChannelPolicy = ChannelPolicy()
    transfers_allow: tuple[str, ...] = ()
    transfer_origins: tuple[str, ...] = ()
    voices_allow: tuple[str, ...] = ()
    is_recording_enabled: bool | None = None
    dedupe_window_days: int | None = None
    hours: CampaignHours | None = None
    states: tuple[str, ...] = ()
    billable_s: float | None = None
    max_lead_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A consent certificate as its vendor answered; ``host`` is the host name it was to be fetched from."""

    kind: str | None = None
    id: str | None = None
    created_at: datetime | None = None
    retained_at: datetime | None = None
    expires_at: datetime | None = None
    phone_match: bool | None = None
    host: str | None = None
    is_submission_detected: bool | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """One consent; ``elements`` holds what is known of E1 to E11 by name (:data:`ELEMENT_NAMES`), unknown ones left out.

    ``names_seller`` may be the word ``partners``: the text speaks of partners and gives no list. ``id`` is that of its record.
    """

    elements: Mapping[str, Any] = field(default_factory=dict)
    given_at: datetime | None = None
    revoked_at: datetime | None = None
    revocation_scope: str | None = None
    is_oral: bool | None = None
    certificate: Certificate | None = None
    page_host: str | None = None
    is_bot_detected: bool | None = None
    seconds_on_page: float | None = None
    scan: Any = None
    id: str | None = None


ELEMENT_NAMES = (
    "written",
    "signed",
    "names_seller",
    "automated_calls",
    "number",
    "conspicuous",
    "discloses_calls",
    "not_condition",
)


@dataclass(frozen=True, slots=True)
class ListState:
    """What a do-not-call list says of the consumer's number, and how old the list is."""

    is_listed: bool | None = None
    obtained_at: datetime | None = None
    scrubbed_at: datetime | None = None
    san: str | None = None
    area_codes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LitigatorState:
    """Whether a commercial list of litigators names the number; which list in which version."""

    is_listed: bool | None = None
    source: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class ReassignedQuery:
    """A query of the Reassigned Numbers Database: when asked, for which date since, and the answer (yes, no, no_data)."""

    queried_at: datetime | None = None
    since: datetime | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class DncFacts:
    """What every list says of the consumer's number; ``state`` by two-letter code."""

    national: ListState | None = None
    state: Mapping[str, ListState] = field(default_factory=dict)
    internal_requested_at: datetime | None = None
    is_internal_known: bool = False
    litigator: LitigatorState | None = None
    reassigned: ReassignedQuery | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """A signed written agreement that one seller may call one number (47 CFR 64.1200(c)(2)(ii))."""

    seller: str | None = None
    number: str | None = None
    is_signed: bool | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Relationship:
    """What stands between consumer and seller apart from consent."""

    last_purchase_at: datetime | None = None
    last_inquiry_at: datetime | None = None
    is_with_seller: bool | None = None
    permission: Permission | None = None
    is_personal: bool | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An earlier attempt to reach the consumer, without this call."""

    at: datetime
    subject: str | None = None
    entity: str | None = None
    kind: AttemptKind = AttemptKind.CALL
    number: str | None = None


@dataclass(frozen=True, slots=True)
class PriorCall:
    """An earlier call of the same consumer number, and the advertiser that got it."""

    at: datetime
    advertiser: str | None = None


@dataclass(frozen=True, slots=True)
class IvrPrompt:
    """What the caller heard from the system before or at the start of the recording."""

    version: str | None = None
    has_recording_notice: bool | None = None
    is_before_recording: bool | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """A declared emergency during which a state bans sales calls; ``county`` None is the whole state.

    A start or end given as a day counts whole, in the state's own time.
    """

    state: str
    county: str | None
    starts: date | datetime
    ends: date | datetime
    source: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceDetector:
    """What a detector said of the origin leg's voice: its name, version, and score from 0 (a person) to 1 (a machine)."""

    name: str | None = None
    version: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class HeardVoice:
    """What our own ears say of the caller's voice; it comes with a recording and is never read from facts as sent.

    ``is_heard_elsewhere``: the caller's audio was heard in a call from another number. ``whole`` is the whole recording.
    """

    verdict: CallerVoice
    detector_version: str | None = None
    is_heard_elsewhere: bool = False
    whole: Span = Span(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The items of the TSR's call record (16 CFR 310.5(a)(2)) that no other fact carries, by name; see the TSR rules."""

    items: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Creative:
    """The ad that brought the call; ``status`` is approved or refused, on the days between ``starts_at`` and ``ends_at``."""

    id: str | None = None
    status: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrackingNumberUse:
    """When the tracking number was given to this source, and when its use before that ended."""

    assigned_at: datetime | None = None
    previous_use_ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PacingCount:
    """A cap of the ad and the calls that had counted towards it before this one; ``period`` names it, such as day."""

    period: str
    cap: int
    count_before: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known of one call."""

    call_id: str | None = None
    purpose: Purpose | None = None
    seller: str | None = None
    vertical: str | None = None
    transfer_type: TransferType | None = None
    declared_channel: str | None = None
    tracking_number_channel: str | None = None
    ad_type: str | None = None
    is_b2b: bool | None = None
    is_upsell: bool | None = None
    advertiser: str | None = None
    agent_state: str | None = None
    is_known_call_center: bool | None = None
    legs: tuple[Leg, ...] = ()
    consumer: Consumer = Consumer()
    campaign: CampaignPolicy = CampaignPolicy()
    consents: tuple[ConsentFacts, ...] = ()
    dnc: DncFacts = DncFacts()
    relationship: Relationship = Relationship()
    attempts_24h: tuple[Attempt, ...] = ()
    prior_calls: tuple[PriorCall, ...] = ()
    emergencies: tuple[Emergency, ...] = ()
    ivr_prompt: IvrPrompt | None = None
    voice_detector: VoiceDetector | None = None
    caller_voice: HeardVoice | None = None
    record: CallRecord = CallRecord()
    creative: Creative | None = None
    tracking_number: TrackingNumberUse | None = None
    pacing: tuple[PacingCount, ...] = ()
    utterances: tuple[Utterance, ...] = ()
    duration_s: float | None = None
    is_recorded: bool | None = None
    is_made_up: bool | None = None
    ignored_fields: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
