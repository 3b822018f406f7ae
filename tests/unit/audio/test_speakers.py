"""Two voices on one channel are told apart where they sound apart, and not named where they do not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.audio.speakers import Voices, estimate_speakers, estimate_turns, label_parts, label_utterances
from app.audio.spectrum import SHORT, power_spectra
from app.audio.timbre import TimbreTrack
from app.audio.voice_pieces import VoicePieces, measure_pieces, pieces_from_json, pieces_to_json
from app.conversation import CallPart, Utterance, Word
from app.timeline import Span
from app.vocabulary import PartKind, Speaker

RATE_HZ = 16_000
LOW, HIGH = (110.0, (500.0, 1_100.0, 2_400.0)), (210.0, (750.0, 1_700.0, 2_900.0))


def speak(voice: tuple[float, tuple[float, ...]], seconds: float, seed: int) -> np.ndarray:
    """Harmonics of a moving pitch under three moving resonances, in syllables: a vowel-like voice of its own colour."""
    rng = np.random.default_rng(seed)
    pitch_hz, formants_hz = voice
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < seconds * RATE_HZ:
        count = int(rng.uniform(0.1, 0.25) * RATE_HZ)
        phase = 2 * np.pi * np.cumsum(np.linspace(*(pitch_hz * rng.uniform(0.85, 1.2, 2)), count)) / RATE_HZ
        moved = [hz * rng.uniform(0.85, 1.15) for hz in formants_hz]
        wave = np.zeros(count)
        for k in range(1, 30):
            gain = sum(np.exp(-0.5 * ((k * pitch_hz - hz) / 150) ** 2) for hz in moved)
            wave += (gain + 0.02) * np.sin(k * phase)
        parts += [0.1 * np.hanning(count) * wave, np.zeros(int(rng.uniform(0.01, 0.05) * RATE_HZ))]
    return np.concatenate(parts)[: round(seconds * RATE_HZ)]


def pieces_of(turns: list[tuple[tuple[float, tuple[float, ...]], float]]) -> tuple[VoicePieces, list[Span]]:
    sound, spans = np.zeros(0), []
    for seed, (voice, seconds) in enumerate(turns):
        start_s = sound.size / RATE_HZ
        sound = np.concatenate([sound, speak(voice, seconds, seed), np.zeros(RATE_HZ // 2)])
        spans.append(Span(start_s, start_s + seconds))
    noisy = sound + np.random.default_rng(1).normal(0, 0.0005, sound.size)
    samples = np.clip(np.round(noisy * 32_767), -32_768, 32_767).astype(np.int16)
    track = TimbreTrack.joined([TimbreTrack.of(power) for power in power_spectra(samples, SHORT)])
    return measure_pieces(track, spans), spans


def test_two_voices_that_take_turns_are_told_apart_and_the_first_is_a() -> None:
    pieces, spans = pieces_of([(LOW, 3.0), (HIGH, 4.0)] * 4)
    voices = estimate_speakers(pieces, spans)
    assert voices is not None
    for number, span in enumerate(spans):
        label = "AB"[number % 2]
        assert sum(said.overlap_s(span) for said in voices.spans_of(label)) > 0.9 * (span.duration_s - 0.3)
    turns = estimate_turns(voices, ())
    assert turns.talk_s["A"] == pytest.approx(12.0, abs=1.0)
    assert turns.talk_s["B"] == pytest.approx(16.0, abs=1.0)


@pytest.mark.parametrize(
    "turns",
    [[(LOW, 3.0)] * 8, [(LOW, 10.0), (LOW, 10.0), (HIGH, 1.5)], [(LOW, 0.4)], []],
    ids=["one voice", "a word of another", "next to nothing", "nothing"],
)
def test_where_there_are_not_two_voices_nobody_is_named(turns: list[tuple[tuple[float, tuple[float, ...]], float]]) -> None:
    assert estimate_speakers(*pieces_of(turns)) is None


def test_what_is_not_the_parties_speech_is_no_voice() -> None:
    pieces, spans = pieces_of([(LOW, 3.0), (HIGH, 4.0)] * 4)
    assert estimate_speakers(pieces, spans[::2]) is None


def test_pieces_are_written_and_read_back_to_the_last_bit() -> None:
    pieces, _ = pieces_of([(LOW, 3.0), (HIGH, 4.0)])
    again = pieces_from_json(json.loads(json.dumps(pieces_to_json(pieces))))
    assert again.spans == pieces.spans
    assert np.array_equal(again.sums, pieces.sums)


def test_an_utterance_is_parted_where_the_other_voice_goes_on_and_parts_carry_their_voice() -> None:
    voices = Voices(((Span(0.0, 2.0), "A"), (Span(2.1, 4.0), "B")))
    words = tuple(Word(Span(at, at + 0.5), text, 0.9) for at, text in ((0.2, "are"), (1.0, "you"), (2.2, "yes"), (3.0, "I")))
    said = Utterance(0, Speaker.UNKNOWN, Span(0.2, 3.5), "are you yes I", words)
    labelled = label_utterances([said], voices)
    assert [(u.estimated_speaker, u.text, u.speaker) for u in labelled] == [
        ("A", "are you", Speaker.UNKNOWN),
        ("B", "yes I", Speaker.UNKNOWN),
    ]
    parts = [CallPart(0, PartKind.SPEECH, Span(0.0, 2.0)), CallPart(0, PartKind.SPEECH, Span(0.0, 4.0))]
    cut = [(part.detail, part.span.start_s, part.span.end_s) for part in label_parts(parts, voices)]
    assert cut == [("A", 0.0, 2.0), ("A", 0.0, 2.05), ("B", 2.05, 4.0)]
