"""How good was the call, who spoke, and is the caller a person? Score, talk figures and the voice verdict, ready to print."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.conversation import CallerVoice, CallScore, Listening, VoiceReason
from app.review import wording
from app.review.screen import CallScreen
from app.review.wording import say_clock, say_seconds
from app.timeline import total_s
from app.vocabulary import ChannelRole, PartKind

# How the gauge is coloured, no more: thirds of the scale. Nothing is decided by it.
FAIR_FROM, GOOD_FROM = 34, 67


@dataclass(frozen=True, slots=True)
class ScorePartView:
    """One line of the score; ``points`` carries its sign."""

    name: str
    points: str
    why: str
    tone: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    """The score and what it is made of."""

    value: int
    band: str
    band_label: str
    version: str
    parts: tuple[ScorePartView, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A party's part of the talking."""

    side: str
    label: str
    percent: int
    talk: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its explanation; ``jump_s`` is where to hear it."""

    label: str
    value: str
    hint: str = ""
    jump_s: float | None = None


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One ground for the voice verdict and where it is heard."""

    text: str
    speaks_for: str
    spans: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class VoiceView:
    """What the caller's voice is taken for."""

    label: str
    title: str
    sentence: str
    chances: tuple[tuple[str, int], ...]
    reasons: tuple[ReasonView, ...]


def build_score(score: CallScore | None) -> ScoreView | None:
    """Return the score with its parts as the formula lists them."""
    if score is None:
        return None
    band = "good" if score.value >= GOOD_FROM else "fair" if score.value >= FAIR_FROM else "poor"
    parts = tuple(
        ScorePartView(
            name=part.name.replace("_", " ").capitalize(),
            points=f"{part.points:+d}".replace("-", "−"),
            why=part.why,
            tone="good" if part.points > 0 else "bad" if part.points < 0 else "",
        )
        for part in score.parts
    )
    labels = {"good": "upper third", "fair": "middle third", "poor": "lower third"}
    return ScoreView(score.value, band, labels[band], score.version, parts)


def build_shares(listening: Listening) -> tuple[Share, ...]:
    """Return each party's part of the talking; empty where the parties cannot be told apart."""
    talk_s = listening.turns.talk_s
    if listening.channels < 2 or not sum(talk_s):
        return ()
    return tuple(
        Share(side=_side(role), label=wording.LANE_WORDS[role], percent=round(100 * talk / sum(talk_s)), talk=say_seconds(talk))
        for role, talk in zip(listening.channel_roles, talk_s, strict=False)
    )


def build_measures(listening: Listening) -> tuple[Measure, ...]:
    """Return how the parties shared the time; what cannot be measured on one channel is left out, not estimated."""
    turns = listening.turns
    longest = max(turns.dead_air, key=lambda span: span.duration_s, default=None)
    rows = [
        Measure("Dead air", say_seconds(turns.dead_air_s), "Nobody speaks and nothing plays"),
        Measure("Longest dead air", say_seconds(turns.longest_dead_air_s), "", longest.start_s if longest else None),
    ]
    if turns.two_way_speech_s is not None:
        rows.append(Measure("Two-way speech", say_seconds(turns.two_way_speech_s), "Stretches where both parties take part"))
    if turns.overlap_s is not None:
        first = turns.overlap[0].start_s if turns.overlap else None
        rows.append(Measure("Talk-over", say_seconds(turns.overlap_s), "Both speak at once", first))
    if turns.response_latency_s is not None:
        rows.append(
            Measure("Answering pause", say_seconds(turns.response_latency_s), "Middle length of pauses between speakers")
        )
    if turns.interruptions is not None:
        rows.append(Measure("Interruptions", str(turns.interruptions)))
    if turns.estimated is not None:
        hint = "Estimated from the sound of the voices"
        rows += [Measure(f"Talk, speaker {label}", say_seconds(talk), hint) for label, talk in turns.estimated.talk_s.items()]
        rows.append(Measure("Two-way speech, estimated", say_seconds(turns.estimated.two_way_speech_s), hint))
    for role, first_s in zip(listening.channel_roles, turns.first_word_s, strict=False):
        who = wording.LANE_WORDS[role].lower()
        value = "never" if first_s is None else f"at {say_clock(first_s)}"
        rows.append(Measure("First words" if listening.channels == 1 else f"First words, {who}", value, "", first_s))
    return (*rows, *_part_measures(listening))


def _part_measures(listening: Listening) -> list[Measure]:
    """Return how long the call rang, was in a menu and on hold; these are left out of talk and dead air."""
    rows = []
    for kind in (PartKind.RINGING, PartKind.IVR, PartKind.VOICEMAIL, PartKind.HOLD):
        spans = [part.span for part in listening.parts if part.kind is kind]
        if spans:
            hint = "Left out of talk and dead air"
            rows.append(Measure(wording.PART_WORDS[kind], say_seconds(total_s(spans)), hint, min(spans).start_s))
    return rows


def build_voice(voice: CallerVoice) -> VoiceView:
    """Return the verdict on the caller's voice; not knowing is said plainly."""
    title, sentence = wording.VOICE_WORDS[voice.label]
    chances = tuple(
        (wording.VOICE_WORDS[label][0], round(100 * voice.probabilities[str(label)]))
        for label in wording.VOICE_WORDS
        if voice.probabilities and str(label) in voice.probabilities
    )
    reasons = tuple(_reason(reason) for reason in sorted(voice.reasons, key=lambda reason: -abs(reason.weight)))
    return VoiceView(str(voice.label), title, sentence, chances, reasons)


def build_engine(screen: CallScreen) -> tuple[tuple[str, str], ...]:
    """Return which versions heard, screened and scored the call, so that it can be repeated."""
    rows: list[tuple[str, str]] = []
    if screen.heard is not None:
        listening = screen.heard.listening
        rows.append(("Pipeline", screen.heard.pipeline_version))
        rows += _flatten(listening.engine)
        rows.append(("Recording", f"{listening.sample_rate_hz:,} Hz, {listening.channels} channel(s)"))
        rows.append(("Analysed at", f"{screen.heard.finished_at:%Y-%m-%d %H:%M:%S} UTC"))
    if screen.screened is not None:
        rows += _flatten(screen.screened.versions)
        rows.append(("Screened at", f"{screen.screened.made_at:%Y-%m-%d %H:%M:%S} UTC"))
        if screen.screened.score is not None:
            rows.append(("Score formula", screen.screened.score.version))
    return tuple(dict(rows).items())


def _reason(reason: VoiceReason) -> ReasonView:
    speaks_for = "speaks for a live person" if reason.weight < 0 else "speaks against a live person" if reason.weight else ""
    return ReasonView(reason.text, speaks_for, tuple((span.start_s, say_clock(span.start_s)) for span in reason.spans))


def _flatten(values: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        label = f"{above} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            rows += _flatten(value, label)
        else:
            rows.append((label[:1].upper() + label[1:], str(value)))
    return rows


def _side(role: ChannelRole) -> str:
    return str(role) if role in (ChannelRole.CALLER, ChannelRole.AGENT) else "unknown"
