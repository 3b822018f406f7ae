"""The house format: lengths in seconds, and floats that come back as the same integers."""

import numpy as np
import pytest

from app.audio.pcm import HOUSE_RATE_HZ, DecodedAudio, as_float, as_int16


def recording(channels: int, count: int) -> DecodedAudio:
    samples = np.zeros((channels, count), dtype=np.int16)
    return DecodedAudio(samples, 8000, channels, "pcm_mulaw", "wav", False, (), "0" * 64)


@pytest.mark.parametrize(("count", "duration_s"), [(16_000, 1.0), (8_000, 0.5), (0, 0.0)])
def test_duration_counts_samples_of_one_channel_at_the_house_rate(count: int, duration_s: float) -> None:
    assert recording(2, count).duration_s == duration_s
    assert HOUSE_RATE_HZ == 16_000


def test_channels_are_rows() -> None:
    assert recording(6, 10).channels == 6


def test_every_int16_survives_the_way_to_float_and_back() -> None:
    every = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)[None, :]
    floats = as_float(every)
    assert floats.dtype == np.float32
    assert floats.min() == -1.0
    assert floats.max() < 1.0
    assert np.array_equal(as_int16(floats), every)


def test_too_loud_floats_are_clipped_not_wrapped() -> None:
    loud = np.array([[1.0, 1.5, -1.0, -1.5]], dtype=np.float32)
    assert as_int16(loud).tolist() == [[32767, 32767, -32768, -32768]]
