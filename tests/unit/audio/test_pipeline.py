"""Listening end to end on a scripted recogniser: roles, cache and progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.audio.listening_json import listening_from_json, listening_to_json
from app.audio.pcm import DecodedAudio
from app.audio.pipeline import assign_roles, listen
from app.conversation import CallPart, Language, Word
from app.ports import RecognisedSegment, TranscriberIdentity
from app.timeline import Span
from app.vocabulary import ChannelRole, PartKind, Speaker, ToneKind, VoiceLabel

RATE = 16_000
CALLER, AGENT, MIXED = ChannelRole.CALLER, ChannelRole.AGENT, ChannelRole.MIXED


class OneWordTranscriber:
    """Hears one word in the middle of each clip; it can break down at the nth channel."""

    def __init__(self, *, beam_size: int = 1, breaks_at: int | None = None) -> None:
        self.beam_size = beam_size
        self.breaks_at = breaks_at
        self.calls = 0

    @property
    def identity(self) -> TranscriberIdentity:
        return TranscriberIdentity("one-word", "0" * 64, "int8", self.beam_size)

    def transcribe(
        self,
        samples: Any,
        clips: Sequence[Span],
        *,
        hot_words: str | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Sequence[RecognisedSegment]:
        self.calls += 1
        if self.calls == self.breaks_at:
            raise ConnectionResetError("the worker was killed here")
        if on_progress:
            on_progress(0.5)
            on_progress(1.0)
        words = [Word(Span(c.start_s, c.end_s), hot_words or "hello", 0.9) for c in clips]
        return [RecognisedSegment(word.span, word.text, (word,), -0.1, 0.0, 1.0) for word in words]


class MemoryStageCache:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def load(self, key: str) -> Mapping[str, Any] | None:
        return json.loads(self.kept[key]) if key in self.kept else None

    def store(self, key: str, value: Mapping[str, Any]) -> None:
        self.kept[key] = json.dumps(value)


def voice(seconds: float, pitch_hz: float) -> np.ndarray:
    """A wavering vowel in syllables, which the voice detector takes for speech."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 + 0.05 * np.sin(2 * np.pi * 3 * time_s))) / RATE
    gains = [
        (n, np.exp(-(((n * pitch_hz - 600) / 250) ** 2)) + 0.5 * np.exp(-(((n * pitch_hz - 1500) / 350) ** 2)))
        for n in range(1, 25)
    ]
    sound = sum(gain * np.sin(n * phase) for n, gain in gains) * (0.6 + 0.4 * np.sin(2 * np.pi * 5 * time_s))
    return np.round(3000 * sound / np.sqrt(np.mean(sound**2))).astype(np.int16)


def call(*voices: Sequence[tuple[float, float]], seconds: float = 8.0) -> DecodedAudio:
    """A call with one channel per argument, each with somebody speaking in the given stretches."""
    samples = np.round(np.random.default_rng(0).normal(0, 10, (len(voices), round(seconds * RATE)))).astype(np.int16)
    for channel, stretches in enumerate(voices):
        for start_s, end_s in stretches:
            samples[channel, round(start_s * RATE) : round(end_s * RATE)] += voice(end_s - start_s, 110 + 60 * channel)
    return DecodedAudio(samples, 8000, len(voices), "pcm_mulaw", "wav", False, ("a note",), "a" * 64)


STEREO = call([(1.0, 3.0)], [(4.0, 7.0)])


def test_each_party_is_heard_on_its_channel() -> None:
    heard = listen(STEREO, OneWordTranscriber())
    assert heard.channel_roles == (CALLER, AGENT)
    assert {(u.channel, u.speaker) for u in heard.utterances} == {(0, Speaker.CALLER), (1, Speaker.AGENT)}
    assert heard.turns.talk_s[0] == pytest.approx(2.0, abs=0.4)
    assert heard.turns.talk_s[1] == pytest.approx(3.0, abs=0.4)
    assert heard.turns.response_latency_s == pytest.approx(1.0, abs=0.4)
    assert heard.notes[0] == "a note"
    assert "roles were assumed" in heard.notes[1]


def test_the_voice_of_the_caller_is_unknown_where_the_recogniser_shows_no_encoder() -> None:
    voice_ = listen(STEREO, OneWordTranscriber()).caller_voice
    assert (voice_.label, voice_.probabilities) == (VoiceLabel.UNKNOWN, None)
    assert [(reason.code, reason.weight) for reason in voice_.reasons] == [("not_measured", 0.0)]


@pytest.mark.parametrize(
    ("channels", "given", "roles"),
    [
        (1, None, (MIXED,)),
        (1, (CALLER,), (MIXED,)),
        (2, None, (CALLER, AGENT)),
        (2, (AGENT, CALLER), (AGENT, CALLER)),
        (3, None, (CALLER, AGENT, ChannelRole.UNKNOWN)),
        (2, (AGENT, CALLER, MIXED), (CALLER, AGENT)),
    ],
)
def test_roles_of_channels(channels: int, given: tuple[ChannelRole, ...] | None, roles: tuple[ChannelRole, ...]) -> None:
    assert assign_roles(channels, given) == roles


class TwoPartyTranscriber(OneWordTranscriber):
    """Hears on each channel in turn what that party says, while the party of STEREO speaks."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.parties = list(zip(texts, (Span(1.0, 3.0), Span(4.0, 7.0)), strict=True))

    def transcribe(self, samples: Any, clips: Sequence[Span], **options: Any) -> Sequence[RecognisedSegment]:
        self.calls += 1
        text, spoken = self.parties[self.calls - 1]
        step_s = spoken.duration_s / len(text.split())
        starts = [(spoken.start_s + at * step_s, word) for at, word in enumerate(text.split())]
        words = tuple(Word(Span(start_s, start_s + step_s), word, 0.9) for start_s, word in starts)
        return [RecognisedSegment(spoken, text, words, -0.1, 0.0, 1.0)]


def test_the_agent_is_known_by_what_is_said_on_either_channel() -> None:
    heard = listen(STEREO, TwoPartyTranscriber("thank you for calling how can i help", "i need a quote"))
    assert heard.channel_roles == (AGENT, CALLER)
    assert {(u.channel, u.speaker) for u in heard.utterances} == {(0, Speaker.AGENT), (1, Speaker.CALLER)}
    assert "channel 1 thanks for calling" in heard.notes[-1]


def test_the_senders_word_on_the_roles_wins() -> None:
    said = TwoPartyTranscriber("thank you for calling how can i help", "i need a quote")
    heard = listen(STEREO, said, channel_roles=(CALLER, AGENT))
    assert (heard.channel_roles, heard.notes) == ((CALLER, AGENT), ("a note",))


def test_roles_for_another_number_of_channels_are_not_used_and_that_is_said() -> None:
    said = TwoPartyTranscriber("thank you for calling how can i help", "i need a quote")
    heard = listen(STEREO, said, channel_roles=(CALLER,))
    assert heard.channel_roles == (AGENT, CALLER)
    assert "The sender's channel roles were not used: 1 given for 2 channels." in heard.notes


def test_the_same_audio_is_recognised_once() -> None:
    cache, first, second = MemoryStageCache(), OneWordTranscriber(), OneWordTranscriber()
    assert listen(STEREO, first, cache=cache) == listen(STEREO, second, cache=cache)
    assert (first.calls > 0, second.calls) == (True, 0)


@pytest.mark.parametrize("change", ["beam", "hot words", "audio"])
def test_anything_that_changes_the_result_is_recognised_anew(change: str) -> None:
    cache = MemoryStageCache()
    listen(STEREO, OneWordTranscriber(), cache=cache)
    other = OneWordTranscriber(beam_size=5 if change == "beam" else 1)
    audio = call([(1.0, 3.5)], [(4.0, 6.0)]) if change == "audio" else STEREO
    listen(audio, other, cache=cache, hot_words="Acme" if change == "hot words" else None)
    assert other.calls >= 2


def test_a_killed_worker_goes_on_at_the_channel_it_was_at() -> None:
    cache = MemoryStageCache()
    with pytest.raises(ConnectionResetError):
        listen(STEREO, OneWordTranscriber(breaks_at=2), cache=cache)
    again = OneWordTranscriber()
    resumed = listen(STEREO, again, cache=cache)
    assert again.calls == 1
    assert resumed == listen(STEREO, OneWordTranscriber())


def test_progress_rises_to_the_whole() -> None:
    told: list[tuple[str, float]] = []
    listen(STEREO, OneWordTranscriber(), on_progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("turns", 1.0)
    assert [stage for stage, _ in told][:2] == ["speech", "speech"]


def test_a_tone_is_neither_speech_nor_dead_air_nor_sent_to_the_recogniser() -> None:
    audio = call([(6.0, 8.0)], seconds=12.0)
    time_s = np.arange(5 * RATE) / RATE
    key = 4000 * (np.sin(2 * np.pi * 770 * time_s[: RATE // 2]) + np.sin(2 * np.pi * 1336 * time_s[: RATE // 2]))
    audio.samples[0, RATE : RATE + RATE // 2] += key.astype(np.int16)
    heard = listen(audio, OneWordTranscriber())
    assert [(tone.kind, tone.detail) for tone in heard.tones] == [(ToneKind.DTMF, "5")]
    assert not any(span.overlaps(heard.tones[0].span) for span in heard.speech[0])
    assert not any(span.overlaps(Span(1.1, 1.4)) for span in heard.turns.dead_air)


def test_what_was_heard_is_written_in_the_shape_of_the_contract_and_read_back() -> None:
    heard = listen(STEREO, OneWordTranscriber())
    written = json.loads(json.dumps(listening_to_json(heard)))
    assert {"sha256", "duration_s", "sample_rate_hz", "channels", "channel_roles", "engine", "utterances", "speech"} < set(
        written
    )
    assert set(written["utterances"][0]) == {
        "channel", "speaker", "estimated_speaker", "start_s", "end_s", "text", "words"
    }  # fmt: skip
    assert set(written["utterances"][0]["words"][0]) == {"start_s", "end_s", "text", "confidence", "low_trust"}
    assert {
        "talk_s", "overlap_s", "dead_air_s", "longest_dead_air_s", "two_way_speech_s", "response_latency_s", "interruptions"
    } <= set(written["turns"])  # fmt: skip
    assert {key: written["caller_voice"][key] for key in ("label", "probabilities")} == {
        "label": "unknown",
        "probabilities": None,
    }
    assert set(written["caller_voice"]["reasons"][0]) == {"code", "text", "weight", "spans"}
    assert written["engine"]["asr"]["model"] == "one-word"
    assert listening_to_json(listening_from_json(written)) == written


def test_parts_language_and_estimated_speakers_are_written_and_read_back() -> None:
    heard = listen(STEREO, OneWordTranscriber())
    spoken = replace(heard.utterances[0], estimated_speaker="B")
    parts = (CallPart(0, PartKind.HOLD, Span(0.0, 4.0), "music"), CallPart(1, PartKind.SPEECH, Span(0.5, 2.0)))
    full = replace(heard, utterances=(spoken,), parts=parts, language=Language("es", 0.93, "tiny"))
    again = listening_from_json(json.loads(json.dumps(listening_to_json(full))))
    assert (again.utterances[0].estimated_speaker, again.parts, again.language) == ("B", full.parts, full.language)
    old = {key: value for key, value in listening_to_json(heard).items() if key not in ("parts", "language")}
    assert (listening_from_json(old).parts, listening_from_json(old).language) == ((), None)


def test_silence_on_every_channel_is_a_result_and_no_error() -> None:
    silent = DecodedAudio(np.zeros((2, 4 * RATE), dtype=np.int16), 8000, 2, "pcm", "wav", False, (), "b" * 64)
    heard = listen(silent, OneWordTranscriber())
    assert (heard.utterances, heard.speech, heard.turns.dead_air_s) == ((), ((), ()), 4.0)
