"""How is each word of the vocabulary said to a reviewer? Labels in plain words; the codes stay in URLs and tables."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.vocabulary import (
    AnalysisState,
    Channel,
    ChannelRole,
    Disposition,
    EndedBy,
    FindingDecision,
    LegDirection,
    Outcome,
    PackKind,
    PartKind,
    Severity,
    Speaker,
    ToneKind,
    TransferType,
    Verdict,
    VoiceLabel,
)

VERDICT_WORDS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.GOOD: ("Good call", "A real buyer, handled as agreed"),
    Verdict.BAD_QUALITY: ("Poor quality", "Real, but not worth its price"),
    Verdict.NOT_QUALIFIED: ("Not qualified", "The caller could not buy this"),
    Verdict.ROBOCALL: ("Robocall", "No live person on the caller's side"),
    Verdict.MISDIAL: ("Wrong number", "The caller wanted somebody else"),
    Verdict.DUPLICATE: ("Duplicate", "The same caller was sold before"),
    Verdict.CHANNEL_VIOLATION: ("Forbidden channel", "The call came by a way the campaign bars"),
    Verdict.LAW_VIOLATION: ("Breaks the law", "A rule of law was broken"),
    Verdict.UNDECIDED: ("Undecided", "Somebody else should hear this"),
}
DECISION_WORDS: Mapping[FindingDecision, tuple[str, str]] = {
    FindingDecision.AGREE: ("Agree", "Agreed"),
    FindingDecision.REFUSE: ("Refuse", "Refused"),
    FindingDecision.NEEDS_EVIDENCE: ("Needs evidence", "Needs evidence"),
}
CHANNEL_WORDS: Mapping[Channel, str] = {
    Channel.SEARCH_PAID: "Paid search",
    Channel.SEARCH_ORGANIC: "Organic search",
    Channel.SOCIAL: "Social media",
    Channel.DISPLAY: "Display ads",
    Channel.PROGRAMMATIC: "Programmatic ads",
    Channel.EMAIL: "E-mail",
    Channel.INFLUENCER: "Influencer",
    Channel.AI_CHAT: "AI chat",
    Channel.PRINT: "Print",
    Channel.RADIO: "Radio",
    Channel.TV: "TV",
    Channel.OUTDOOR: "Outdoor",
    Channel.DIRECT_MAIL: "Direct mail",
    Channel.SMS: "Text message",
    Channel.VOICE_SEARCH: "Voice search",
    Channel.DIRECTORY_ASSISTANCE: "Directory assistance",
    Channel.INTERCEPT: "Number intercept",
    Channel.INCENTIVIZED: "Incentivized",
    Channel.LEAD_FORM_OUTBOUND: "Outbound to a lead form",
}
DISPOSITION_WORDS: Mapping[Disposition, str] = {
    Disposition.COMPLETED: "Completed",
    Disposition.NO_ANSWER: "No answer",
    Disposition.BUSY: "Busy",
    Disposition.FAILED: "Failed",
    Disposition.ABANDONED: "Abandoned",
    Disposition.VOICEMAIL: "Voicemail",
}
ENDED_BY_WORDS: Mapping[EndedBy, str] = {
    EndedBy.CALLER: "the caller hung up",
    EndedBy.AGENT: "the agent hung up",
    EndedBy.SYSTEM: "the system ended it",
}
TRANSFER_WORDS: Mapping[TransferType, str] = {
    TransferType.NONE: "not transferred",
    TransferType.WARM: "warm transfer",
    TransferType.COLD: "cold transfer",
}
DIRECTION_WORDS: Mapping[LegDirection, str] = {
    LegDirection.CONSUMER_PLACED: "The consumer called",
    LegDirection.PLACED_TO_CONSUMER: "The consumer was called",
    LegDirection.INTERNAL_TRANSFER: "Handed over",
}
SPEAKER_WORDS: Mapping[Speaker, str] = {
    Speaker.CALLER: "Caller",
    Speaker.AGENT: "Agent",
    Speaker.UNKNOWN: "Speaker",
}
LANE_WORDS: Mapping[ChannelRole, str] = {
    ChannelRole.CALLER: "Caller",
    ChannelRole.AGENT: "Agent",
    ChannelRole.MIXED: "Both parties",
    ChannelRole.UNKNOWN: "Channel",
}
TONE_WORDS: Mapping[ToneKind, str] = {
    ToneKind.DTMF: "Key pressed",
    ToneKind.BEEP: "Beep",
    ToneKind.RINGBACK: "Ringing",
    ToneKind.BUSY: "Busy tone",
    ToneKind.SIT: "Number not in service tone",
    ToneKind.MUSIC: "Music",
}
PART_WORDS: Mapping[PartKind, str] = {
    PartKind.RINGING: "Ringing",
    PartKind.NETWORK: "Network",
    PartKind.IVR: "Menu",
    PartKind.VOICEMAIL: "Voicemail",
    PartKind.HOLD: "Hold",
    PartKind.BEEP: "Beep",
    PartKind.KEYS: "Keys",
    PartKind.SPEECH: "Speech",
    PartKind.SILENCE: "Silence",
}
SEVERITY_WORDS: Mapping[Severity, str] = {
    Severity.INFO: "Note",
    Severity.LOW: "Low",
    Severity.MEDIUM: "Medium",
    Severity.HIGH: "High",
    Severity.CRITICAL: "Critical",
}
OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.VIOLATION: "Violation",
    Outcome.REVIEW: "Needs your ear",
    Outcome.NEEDS_EVIDENCE: "Evidence missing",
    Outcome.PASS: "Passed",
    Outcome.NOT_APPLICABLE: "Does not apply",
}
KIND_WORDS: Mapping[PackKind, str] = {
    PackKind.VIOLATION: "May break a rule",
    PackKind.REQUIRED: "Required words",
    PackKind.CONTEXT: "Context",
    PackKind.COUNTER: "Speaks against a finding",
}
VOICE_WORDS: Mapping[VoiceLabel, tuple[str, str]] = {
    VoiceLabel.LIVE: ("Live person", "What was heard speaks for a live person."),
    VoiceLabel.RECORDED: ("Recorded message", "What was heard speaks for a recording that was played."),
    VoiceLabel.SYNTHETIC: ("Synthetic voice", "What was heard speaks for a voice made by a machine."),
    VoiceLabel.UNKNOWN: ("Not known", "There is not enough to tell a live person from a recording. Judge by ear."),
}
STATE_WORDS: Mapping[AnalysisState, str] = {
    AnalysisState.NO_RECORDING: "No recording",
    AnalysisState.WAITING: "Waiting",
    AnalysisState.RUNNING: "Being analysed",
    AnalysisState.ANALYSED: "Analysed",
    AnalysisState.FAILED: "Analysis failed",
}
# The stages that the listening pipeline reports while it works.
STAGE_WORDS: Mapping[str, str] = {
    "waiting": "Waiting for a free worker",
    "starting": "Starting",
    "decoding": "Reading the recording",
    "drawing": "Drawing the waveform",
    "speech": "Finding who speaks when",
    "transcript": "Writing the transcript",
    "turns": "Measuring turns and pauses",
    "screening": "Holding the words against the rules",
    "finished": "Finished",
}
# Plain words for why a recording could not be heard, by the code of AudioUnreadable and of jobs that failed.
FAILURE_WORDS: Mapping[str, str] = {
    "empty_file": "The file that was sent is empty.",
    "not_audio": "The file that was sent is not a recording.",
    "truncated": "The recording was cut off on its way here.",
    "too_short": "The recording is too short to hear anything.",
    "too_long": "The recording is longer than this installation analyses.",
    "stored_bytes_changed": "The stored recording no longer matches what was received.",
    "worker_died": "The worker that heard this call stopped every time.",
}


def say_stage(stage: str) -> str:
    """Return a stage of the analysis in plain words; an unknown one as the pipeline names it."""
    return STAGE_WORDS.get(stage) or stage.replace("_", " ").capitalize()


def say_clock(seconds: float) -> str:
    """Return a moment of the recording as on a clock: 0:07, 12:45, 1:02:03."""
    whole = int(seconds + 1e-6)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def say_seconds(seconds: float) -> str:
    """Return a length of time: 0.6 s, 12 s, 3 min 07 s, 1 h 02 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def say_bytes(count: int) -> str:
    """Return a number of bytes: 812 bytes, 1.4 MB."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def local_moment(moment: datetime, zone: str | None) -> datetime:
    """Return the moment on the campaign's clock, or in UTC where the campaign names no (known) zone."""
    if zone is None:
        return moment.astimezone(UTC)
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC)


def say_day(moment: datetime) -> str:
    """Return a day as Nov 23, 2026."""
    return f"{moment:%b} {moment.day}, {moment.year}"


def say_time(moment: datetime, *, seconds: bool = False) -> str:
    """Return a time of day as 10:02 AM, with seconds 10:02:31 AM."""
    hour = moment.hour % 12 or 12
    rest = f":{moment.second:02d}" if seconds else ""
    return f"{hour}:{moment.minute:02d}{rest} {'AM' if moment.hour < 12 else 'PM'}"
