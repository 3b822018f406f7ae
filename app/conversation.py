"""What was heard on a call, as values that every later stage reads.

These are the shapes between listening (``app.audio``), understanding (``app.language``), scoring and the pages. All times are
seconds from the start of the recording. Nothing here decodes, recognises or decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.timeline import Span
from app.vocabulary import ChannelRole, PackKind, PartKind, Severity, Speaker, ToneKind, VoiceLabel


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word with its time and the recogniser's probability (0 to 1)."""

    span: Span
    text: str
    confidence: float
    low_trust: bool = False


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one speaker said without a long pause, on one channel.

    ``estimated_speaker`` tells voices apart where one channel carries both parties: "A" is the first that was heard, then "B";
    it is None where every channel has one party, and where the voices could not be told apart well enough.
    """

    channel: int
    speaker: Speaker
    span: Span
    text: str
    words: tuple[Word, ...] = ()
    estimated_speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Tone:
    """A stretch of signalling, beep or music; ``detail`` is the digit of a DTMF tone, or the nominal frequencies."""

    channel: int
    kind: ToneKind
    detail: str
    span: Span


@dataclass(frozen=True, slots=True)
class CallPart:
    """What goes on during a stretch of one channel; the parts of a channel follow one another without gap.

    ``detail`` says more where there is more: the keys pressed, "music", "menu", or the estimated speaker of a part of speech.
    """

    channel: int
    kind: PartKind
    span: Span
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """Which language is spoken (ISO 639-1 code, None where it could not be told), how sure, from 0 to 1, and by what check."""

    code: str | None
    confidence: float
    checked_by: str


@dataclass(frozen=True, slots=True)
class EstimatedTurns:
    """How two voices on one channel shared the time, as far as their sound tells; ``talk_s`` by estimated speaker."""

    talk_s: Mapping[str, float]
    two_way_speech_s: float


@dataclass(frozen=True, slots=True)
class Turns:
    """How the parties shared the time.

    ``talk_s`` has one entry per channel. ``two_way_speech_s`` (seconds in stretches where both parties take part) and
    ``overlap_s`` are None where the parties cannot be told apart, as on a mono recording; ``estimated`` then says what their
    voices tell, where these can be told apart.
    """

    talk_s: tuple[float, ...]
    dead_air_s: float
    longest_dead_air_s: float
    overlap_s: float | None = None
    two_way_speech_s: float | None = None
    response_latency_s: float | None = None
    interruptions: int | None = None
    first_word_s: tuple[float | None, ...] = ()
    dead_air: tuple[Span, ...] = ()
    overlap: tuple[Span, ...] = ()
    estimated: EstimatedTurns | None = None


@dataclass(frozen=True, slots=True)
class VoiceReason:
    """One ground for the verdict on the caller's voice; a negative weight speaks for a live person."""

    code: str
    text: str
    weight: float
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class CallerVoice:
    """Whether the caller is a live person, a recording or a synthetic voice; ``unknown`` is an allowed answer."""

    label: VoiceLabel
    probabilities: Mapping[str, float] | None = None
    reasons: tuple[VoiceReason, ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordHit:
    """A phrase of a pack, found in what was said.

    ``quote`` is what the recogniser wrote, ``phrase`` what the pack says; ``match`` tells how they were found equal
    (exact, sound_alike); ``decisive`` that one such hit is enough where others need two. ``confidence`` is the lowest word
    probability in the span times the match's similarity.
    """

    pack: str
    rule: str
    kind: PackKind
    severity: Severity
    phrase: str
    speaker: Speaker
    span: Span
    quote: str
    confidence: float
    low_trust: bool = False
    match: str = "exact"
    decisive: bool = False


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One line of a call score: how many points, and why, in a sentence a person can check."""

    name: str
    points: int
    why: str


@dataclass(frozen=True, slots=True)
class CallScore:
    """A call's quality from 0 (worst) to 100 (best), with the parts it is made of and the version of the formula."""

    value: int
    parts: tuple[ScorePart, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Listening:
    """Everything the machine heard in one recording.

    ``speech`` has one tuple of spans per channel. ``engine`` names pipeline, model and settings, so that the run can be
    repeated; ``notes`` are plain sentences about what was doubtful (a header that lies, one channel copied twice). ``language``
    is None where it was not checked.
    """

    sha256: str
    duration_s: float
    sample_rate_hz: int
    channels: int
    channel_roles: tuple[ChannelRole, ...]
    speech: tuple[tuple[Span, ...], ...]
    utterances: tuple[Utterance, ...]
    turns: Turns
    tones: tuple[Tone, ...]
    caller_voice: CallerVoice
    engine: Mapping[str, object]
    notes: tuple[str, ...] = field(default=())
    parts: tuple[CallPart, ...] = ()
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Redaction:
    """What outside parties may not hear or read of a call: the spans to mute, and what was said with its numbers masked."""

    spans: tuple[Span, ...]
    utterances: tuple[Utterance, ...]
