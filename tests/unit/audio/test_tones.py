"""Tones made by formula are found where they are; speech and hum are not taken for tones."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from app.audio.decode import decode
from app.audio.tones import find_tones
from app.conversation import Tone
from app.vocabulary import ToneKind

RATE_HZ = 16_000
KEYPAD = {
    key: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, key in zip((1209, 1336, 1477, 1633), row, strict=True)
}


def sound(*frequencies_hz: float, seconds: float, level: float = 0.1) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return level * sum(np.sin(2 * np.pi * hz * time_s + hz) for hz in frequencies_hz)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ))


def channel_of(*parts: np.ndarray, noise: float = 0.0005) -> np.ndarray:
    joined = np.concatenate(parts)
    noisy = joined + np.random.default_rng(11).normal(0, noise, joined.size)
    return np.clip(np.round(noisy * 32767), -32768, 32767).astype(np.int16)


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """Gliding harmonics in syllables of a fifth of a second, as unlike a steady tone as a voice is."""
    rng = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < seconds * RATE_HZ:
        count = int(rng.uniform(0.12, 0.3) * RATE_HZ)
        pitch_hz = np.linspace(rng.uniform(90, 220), rng.uniform(90, 220), count)
        phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
        parts += [0.05 * np.hanning(count) * sum(np.sin(k * phase) / k for k in range(1, 16)), silence(rng.uniform(0.02, 0.1))]
    return np.concatenate(parts)[: round(seconds * RATE_HZ)]


def found(samples: np.ndarray) -> list[tuple[ToneKind, str]]:
    return [(tone.kind, tone.detail) for tone in find_tones(samples, 0)]


@pytest.mark.parametrize("key", KEYPAD)
@pytest.mark.parametrize("seconds", [0.04, 0.1, 0.5])
def test_each_key_is_read_with_its_time(key: str, seconds: float) -> None:
    tones = find_tones(channel_of(silence(0.5), sound(*KEYPAD[key], seconds=seconds), silence(0.5)), 1)
    assert [(tone.channel, tone.kind, tone.detail) for tone in tones] == [(1, ToneKind.DTMF, key)]
    assert tones[0].span.start_s == pytest.approx(0.5, abs=0.03)
    assert tones[0].span.end_s == pytest.approx(0.5 + seconds, abs=0.03)


def test_a_number_dialled_at_the_pace_of_a_machine_keeps_all_its_digits() -> None:
    parts = [part for key in "18005551122#" for part in (sound(*KEYPAD[key], seconds=0.05), silence(0.05))]
    assert "".join(tone.detail for tone in find_tones(channel_of(silence(0.2), *parts, silence(0.2)), 0)) == "18005551122#"


@pytest.mark.parametrize(("error", "is_key"), [(0.014, True), (-0.014, True), (0.035, False), (-0.035, False)])
def test_a_key_off_its_frequency_counts_as_q24_says(error: float, is_key: bool) -> None:
    low, high = KEYPAD["5"]
    dialled = sound(low * (1 + error), high * (1 + error), seconds=0.1)
    assert bool(found(channel_of(silence(0.3), dialled, silence(0.3)))) is is_key


@pytest.mark.parametrize(("high_over_low_db", "is_key"), [(4, True), (-8, True), (12, False), (-14, False)])
def test_twist_counts_as_q24_says(high_over_low_db: float, is_key: bool) -> None:
    low, high = KEYPAD["9"]
    dialled = sound(low, seconds=0.1) + sound(high, seconds=0.1, level=0.1 * 10 ** (high_over_low_db / 20))
    tones = find_tones(channel_of(silence(0.3), dialled, silence(0.3)), 0)
    assert any(tone.kind is ToneKind.DTMF for tone in tones) is is_key


@pytest.mark.parametrize("seconds", [0.01, 0.02])
def test_a_pair_shorter_than_a_key_press_is_no_digit(seconds: float) -> None:
    assert found(channel_of(silence(0.3), sound(*KEYPAD["3"], seconds=seconds), silence(0.3))) == []


def test_ringing_is_one_span_from_first_ring_to_last() -> None:
    ring = sound(440, 480, seconds=2, level=0.05)
    (tone,) = find_tones(channel_of(silence(1), ring, silence(4), ring, silence(4), ring, silence(3)), 0)
    assert (tone.kind, tone.detail) == (ToneKind.RINGBACK, "440+480")
    assert (tone.span.start_s, tone.span.end_s) == pytest.approx((1, 15), abs=0.1)


@pytest.mark.parametrize(("on_s", "name"), [(0.5, "busy"), (0.25, "reorder")])
def test_busy_and_reorder_are_told_apart_by_their_pace(on_s: float, name: str) -> None:
    bursts = [part for _ in range(6) for part in (sound(480, 620, seconds=on_s), silence(on_s))]
    (tone,) = find_tones(channel_of(silence(1), *bursts, silence(1)), 0)
    assert (tone.kind, tone.detail) == (ToneKind.BUSY, f"480+620 {name}")
    assert (tone.span.start_s, tone.span.end_s) == pytest.approx((1, 1 + 11 * on_s), abs=0.1)


def test_two_bursts_are_no_busy_signal() -> None:
    burst = sound(480, 620, seconds=0.5)
    assert found(channel_of(silence(1), burst, silence(0.5), burst, silence(1))) == []


@pytest.mark.parametrize(
    ("frequencies_hz", "seconds"),
    [((913.8, 1370.6, 1776.7), (0.276, 0.276, 0.38)), ((985.2, 1428.5, 1776.7), (0.38, 0.276, 0.38))],
)
def test_three_rising_tones_are_a_network_announcement_and_no_beeps(
    frequencies_hz: tuple[float, ...], seconds: tuple[float, ...]
) -> None:
    parts = [sound(hz, seconds=length) for hz, length in zip(frequencies_hz, seconds, strict=True)]
    (tone,) = find_tones(channel_of(silence(0.5), *parts, silence(0.5)), 0)
    assert (tone.kind, tone.detail) == (ToneKind.SIT, "+".join(f"{hz:g}" for hz in frequencies_hz))
    assert (tone.span.start_s, tone.span.end_s) == pytest.approx((0.5, 0.5 + sum(seconds)), abs=0.05)


@pytest.mark.parametrize("hz", [440, 1000, 1400, 2100])
@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0])
def test_a_beep_is_found_with_its_time_and_pitch(hz: int, seconds: float) -> None:
    (tone,) = find_tones(channel_of(voice(2.0), silence(0.1), sound(hz, seconds=seconds), silence(0.1), voice(2.0, 1)), 0)
    assert tone.kind is ToneKind.BEEP
    assert float(tone.detail) == pytest.approx(hz, rel=0.005)
    assert (tone.span.start_s, tone.span.end_s) == pytest.approx((2.1, 2.1 + seconds), abs=0.05)


@pytest.mark.parametrize(
    "other",
    [sound(1000, seconds=0.1), sound(1000, seconds=3.0), np.sin(np.cumsum(np.linspace(0.3, 0.6, 8000))) * 0.1],
    ids=["too short", "too long", "a whistle that glides"],
)
def test_what_is_no_beep_is_not_called_one(other: np.ndarray) -> None:
    assert found(channel_of(silence(1), other, silence(1))) == []


def chords(seconds: float, seed: int = 3) -> np.ndarray:
    """A piece of four-note chords with harmonics and decay, a new one every 0.6 s."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(round(seconds / 0.6)):
        root_hz = 130.8 * 2 ** (rng.integers(0, 12) / 12)
        partials = [root_hz * step * k for step in (1, 1.26, 1.5, 2) for k in (1, 2, 3, 4, 5)]
        parts.append(sound(*partials, seconds=0.6, level=0.01) * np.exp(-np.arange(9600) / 16_000))
    return np.concatenate(parts)


def test_chords_are_music_and_the_voices_around_them_are_not() -> None:
    (tone,) = find_tones(channel_of(voice(6.0), chords(15.0), voice(6.0, 1)), 0)
    assert tone.kind is ToneKind.MUSIC
    assert (tone.span.start_s, tone.span.end_s) == pytest.approx((6, 21), abs=0.5)


@pytest.mark.parametrize(
    "other",
    [voice(20.0), sound(60, 120, 180, 240, 300, 360, 420, 480, 540, seconds=20, level=0.01), silence(20.0), silence(0.01)],
    ids=["a voice", "mains hum", "silence", "next to nothing"],
)
def test_voices_hum_and_silence_hold_no_tones(other: np.ndarray) -> None:
    assert found(channel_of(other)) == []


@pytest.fixture(scope="module")
def corpus() -> Path:
    folder = Path(os.environ.get("EARSHOT_AUDIO_CORPUS", "../shared/audio"))
    if not (folder / "manifest.csv").exists():
        pytest.skip(f"no development audio in {folder}; set EARSHOT_AUDIO_CORPUS to its folder")
    return folder


def tones_of(path: Path) -> list[Tone]:
    return [tone for index, samples in enumerate(decode(path).samples) for tone in find_tones(samples, index)]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("folder", ["live", "prompts", "tts", "noise"])
def test_no_voice_of_the_corpus_is_taken_for_a_tone(corpus: Path, folder: str) -> None:
    paths = sorted(path for path in (corpus / folder).iterdir() if path.suffix in {".wav", ".flac", ".mp3"})
    assert paths
    assert {path.name: tones for path in paths if (tones := tones_of(path))} == {}


@pytest.mark.corpus
@pytest.mark.parametrize(("seconds", "over_speech_db"), [(0.06, 10), (0.1, 6)])
def test_digits_dialled_over_live_speech_are_read(corpus: Path, seconds: float, over_speech_db: float) -> None:
    """The digit is mixed into the speech, louder than the talking by 10 dB, or by 6 dB where the talker is loud."""
    rng, right, wrong = np.random.default_rng(40), 0, 0
    paths = sorted((corpus / "live").glob("wuw_*.wav"))
    for _ in range(40):
        speech = decode(paths[rng.integers(len(paths))]).samples[0].astype(float)
        blocks = np.square(speech[: speech.size // 320 * 320].reshape(-1, 320)).mean(axis=1)
        talking_rms = np.sqrt(blocks[blocks > np.percentile(blocks, 95) / 100].mean())
        key = list(KEYPAD)[rng.integers(16)]
        start = int(rng.uniform(0.2, speech.size / RATE_HZ - 0.4) * RATE_HZ)
        digit = sound(*KEYPAD[key], seconds=seconds, level=talking_rms * 10 ** (over_speech_db / 20))
        speech[start : start + digit.size] += digit
        tones = find_tones(np.clip(speech, -32768, 32767).astype(np.int16), 0)
        is_right = [
            tone.detail == key
            and abs(tone.span.start_s - start / RATE_HZ) < 0.05
            and abs(tone.span.end_s - start / RATE_HZ - seconds) < 0.05
            for tone in tones
        ]
        right += any(is_right)
        wrong += len(tones) - any(is_right)
    assert right >= 38
    assert wrong == 0


@pytest.mark.corpus
def test_hold_music_of_the_corpus_is_found_from_end_to_end(corpus: Path) -> None:
    for path in sorted((corpus / "music").iterdir()):
        (tone,) = tones_of(path)
        assert tone.kind is ToneKind.MUSIC
        assert tone.span.duration_s > 27, path.name


@pytest.mark.corpus
def test_composed_calls_have_the_tones_of_their_timeline_and_no_others(corpus: Path) -> None:
    for timeline in sorted((corpus / "refs").glob("mixed_*.csv")):
        rows = list(csv.DictReader(timeline.read_text(encoding="utf-8").splitlines()))
        tones = tones_of(corpus / "mixed" / f"{timeline.stem.removeprefix('mixed_')}.wav")
        wanted = [row for row in rows if row["label"].split("_")[0] in {"ringback", "dtmf", "beep", "music"}]
        assert [tone.kind + tone.detail * (tone.kind == "dtmf") for tone in tones] == [
            row["label"].replace("_", "") for row in wanted
        ], timeline.name
        for tone, row in zip(tones, wanted, strict=True):
            start_s, end_s = float(row["start_s"]), float(row["end_s"])
            assert start_s - 0.5 < tone.span.start_s
            assert tone.span.end_s < end_s + 0.5
            # The timeline counts the silence around a digit or a beep as theirs, and one piece of music fades in for 1.2 s.
            least_s = {"music": end_s - start_s - 1.5, "ringback": 6.5, "dtmf": 0.2, "beep": 0.5}[tone.kind]
            assert tone.span.duration_s > least_s, (timeline.name, tone)
    assert Counter(tone.kind for name in (0, 1) for tone in tones_of(corpus / "mixed" / f"stereo_robocall_{name}.wav")) == {}
