"""Where somebody speaks: what is surely not speech, and spans on hand-marked calls."""

from __future__ import annotations

import numpy as np
import pytest

from app.audio.vad import drop_wordless, find_speech, without
from app.timeline import Span

RATE = 16_000


def noise(seconds: float, rms: float) -> np.ndarray:
    return np.round(np.random.default_rng(0).normal(0, rms, round(seconds * RATE))).astype(np.int16)


def voiced(seconds: float, pitch_hz: float = 120.0, rms: float = 3000.0) -> np.ndarray:
    """A vowel-like sound: harmonics of a wavering pitch under two formants, in syllables of 0.2 s."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    pitch = pitch_hz * (1 + 0.05 * np.sin(2 * np.pi * 3 * time_s))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros_like(time_s)
    for harmonic in range(1, 25):
        frequency = harmonic * pitch_hz
        gain = np.exp(-(((frequency - 600) / 250) ** 2)) + 0.5 * np.exp(-(((frequency - 1500) / 350) ** 2))
        sound += gain * np.sin(harmonic * phase)
    sound *= 0.6 + 0.4 * np.sin(2 * np.pi * 5 * time_s)
    return np.round(sound * rms / np.sqrt(np.mean(sound**2))).astype(np.int16)


@pytest.mark.parametrize("rms", [0, 5, 200], ids=["digital silence", "quiet line", "loud hiss"])
def test_a_line_on_which_nobody_speaks_has_no_speech(rms: float) -> None:
    assert find_speech(noise(10, rms)) == ()


def test_a_voice_is_found_where_it_is() -> None:
    line = noise(10, 10)
    line[3 * RATE : 5 * RATE] += voiced(2.0)
    (span,) = find_speech(line)
    assert span.start_s == pytest.approx(3.0, abs=0.2)
    assert span.end_s == pytest.approx(5.0, abs=0.4)


def test_a_pause_inside_a_phrase_is_speech_and_a_long_one_is_not() -> None:
    line = noise(12, 10)
    for start_s in (1.0, 2.15, 6.0):
        line[round(start_s * RATE) : round((start_s + 1) * RATE)] += voiced(1.0)
    assert len(find_speech(line)) == 2


def test_no_samples_hold_no_speech() -> None:
    assert find_speech(np.zeros(0, dtype=np.int16)) == ()


def test_spans_end_with_the_recording() -> None:
    spans = find_speech(np.concatenate([noise(2, 10), voiced(1.0)]))
    assert spans[-1].end_s <= 3.0


def test_tones_are_subtracted_from_speech() -> None:
    assert without([Span(0, 5), Span(6, 8)], [Span(1, 2), Span(4, 7)]) == (Span(0, 1), Span(2, 4), Span(7, 8))


def test_long_noise_without_a_word_is_no_speech_and_a_listeners_sound_is() -> None:
    speech = (Span(0.0, 3.0), Span(5.0, 25.0), Span(26.0, 29.0), Span(45.0, 45.4))
    words = [Span(0.2, 2.8), Span(26.1, 28.9)]
    assert drop_wordless(speech, words) == (Span(0.0, 3.0), Span(26.0, 29.0), Span(45.0, 45.4))


def test_a_short_sound_without_a_word_is_kept_and_so_is_speech_with_words_throughout() -> None:
    speech = (Span(0.0, 3.0), Span(5.0, 8.0))
    assert drop_wordless(speech, [Span(0.2, 2.8)]) == speech
    talk = (Span(0.0, 20.0),)
    assert drop_wordless(talk, [Span(float(at), at + 0.5) for at in range(0, 20, 3)]) == talk
    assert drop_wordless((), []) == ()
    assert drop_wordless((Span(1.0, 9.0),), []) == ()
