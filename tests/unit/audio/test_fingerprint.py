"""The print of a voice stays what it is under noise, offset and codecs; other voices have other prints."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.audio.decode import decode
from app.audio.fingerprint import (
    FRAMING,
    AudioPrint,
    _running_max,
    decode_print,
    encode_print,
    find_landmarks,
    take_print,
)
from app.audio.fingerprint_index import Segment, find_candidates
from app.audio.likeness import Likeness, compare_prints
from app.timeline import Span

CALLS = Path(__file__).parents[3] / "sample_audio" / "calls"
RATE_HZ = 16_000
ALL = (Span(0.0, 3600.0),)


@lru_cache
def voice(name: str = "plumbing-sale-leak.wav", channel: int = 0) -> NDArray[np.int16]:
    return decode(CALLS / name).samples[channel]


def print_of(samples: NDArray[np.int16]) -> AudioPrint:
    return take_print(samples, ALL)


def meet(asked: AudioPrint, stored: AudioPrint) -> Likeness | None:
    """Look the asked print up among the stored one, as the product does."""
    segment = Segment.build([(7, find_landmarks(stored))])
    found = find_candidates([segment], find_landmarks(asked))
    return compare_prints(asked, stored, found[0].offset_frames) if found else None


def with_noise(samples: NDArray[np.int16], snr_db: float) -> NDArray[np.int16]:
    noise = np.random.default_rng(5).standard_normal(samples.size)
    loud = samples[np.abs(samples) > 300].astype(float)
    level = np.sqrt((loud**2).mean() / 10 ** (snr_db / 10))
    return np.clip(samples + level * noise, -32768, 32767).astype(np.int16)


def mu_law(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """There and back through G.711's companding curve with 8 bits (mu = 255)."""
    x = samples / 32768
    coded = np.round(np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256) * 127) / 127
    return (np.sign(coded) * ((256 ** np.abs(coded) - 1) / 255) * 32767).astype(np.int16)


@pytest.mark.parametrize("shift", [0, 100, 128, 5_000, 40_003])
def test_the_same_audio_is_found_wherever_the_recording_starts(shift: int) -> None:
    whole = voice()
    like = meet(print_of(whole[shift:]), print_of(whole))
    assert like is not None
    assert like.is_same_audio
    assert like.offset_s == pytest.approx(shift / RATE_HZ, abs=0.033)


@pytest.mark.parametrize("change", ["quiet", "noise", "mu_law", "all"])
def test_the_same_audio_is_found_through_level_noise_and_codec(change: str) -> None:
    heard = voice()
    if change in ("noise", "all"):
        heard = with_noise(heard, 10)
    if change in ("quiet", "all"):
        heard = (heard * 0.5).astype(np.int16)
    if change in ("mu_law", "all"):
        heard = mu_law(heard)
    like = meet(print_of(heard[9_000:]), print_of(voice()))
    assert like is not None
    assert like.is_same_audio
    assert like.matched_s > 10


def test_ten_seconds_of_a_recording_are_found_in_the_whole() -> None:
    part = voice()[12 * RATE_HZ : 22 * RATE_HZ]
    like = meet(print_of(part), print_of(voice()))
    assert like is not None
    assert like.is_same_audio
    assert like.matched_s <= 10.1


def test_the_same_voice_with_other_words_is_not_the_same_audio() -> None:
    half = voice().size // 2
    one, other = print_of(voice()[:half]), print_of(voice()[half:])
    like = meet(one, other)
    assert like is None or not like.is_same_audio
    assert not any(compare_prints(one, other, offset).is_same_audio for offset in range(-1000, 1000, 7))


def test_faster_by_a_tenth_is_other_audio() -> None:
    import soxr

    faster = soxr.resample(voice().astype(np.float32), RATE_HZ, RATE_HZ / 1.1).astype(np.int16)
    like = meet(print_of(faster), print_of(voice()))
    assert like is None or not like.is_same_audio


def test_only_speech_is_printed() -> None:
    spans = (Span(2.0, 4.0), Span(10.0, 11.5))
    print_ = take_print(voice(), spans)
    middle_s = print_.frames * FRAMING.hop_s + FRAMING.width / 2 / RATE_HZ
    assert print_.speech_s == 3.5
    assert print_.frames.size > 0
    assert all(any(span.start_s - 0.02 <= at <= span.end_s + 0.02 for span in spans) for at in middle_s)


@pytest.mark.parametrize("samples", [np.zeros(0, np.int16), np.zeros(1000, np.int16)])
def test_a_recording_too_short_for_one_frame_has_an_empty_print(samples: NDArray[np.int16]) -> None:
    print_ = print_of(samples)
    assert print_.frames.size == 0
    assert find_landmarks(print_).hashes.size == 0


def test_a_print_is_read_back_as_it_was_written_and_a_cut_one_is_refused() -> None:
    print_ = print_of(voice())
    content = encode_print(print_)
    again = decode_print(content, print_.speech_s)
    assert len(content) == 3 * print_.frames.size
    assert np.array_equal(again.frames, print_.frames)
    assert np.array_equal(again.bins, print_.bins)
    with pytest.raises(ValueError, match="damaged"):
        decode_print(content[:-1], print_.speech_s)


def test_running_maximum_equals_the_plain_one() -> None:
    values = np.random.default_rng(1).standard_normal((40, 3)).astype(np.float32)
    plain = np.array([[values[max(0, i - 5) : i + 6, j].max() for j in range(3)] for i in range(40)])
    assert np.array_equal(_running_max(values, 5), plain)
