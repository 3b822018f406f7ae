"""The outline of a recording: nothing loud is lost, nothing is invented, and the bytes are as documented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.audio.peaks import Peaks, compute_peaks, decode_peaks, encode_peaks, reduce_peaks
from app.errors import InvalidInput

RECORDINGS = arrays.arrays(
    np.int16, st.tuples(st.integers(1, 3), st.integers(0, 400)), elements=st.integers(-32768, 32767), fill=st.nothing()
)


def test_each_channel_has_its_own_extremes() -> None:
    samples = np.zeros((2, 16_000), dtype=np.int16)
    samples[0, 320 * 3 + 7] = 25_600
    samples[1, 320 * 10 + 1] = -12_800
    values = compute_peaks(samples).values
    assert values.shape == (2, 50, 2)
    assert values[0, 3].tolist() == [0, 100]
    assert values[1, 10].tolist() == [-50, 0]
    assert np.count_nonzero(values) == 2


def test_full_scale_and_a_single_step_are_both_seen() -> None:
    samples = np.array([[32_767] * 320 + [-32_768] * 320 + [1] * 320 + [-1] * 320], dtype=np.int16)
    assert compute_peaks(samples).values[0].tolist() == [[127, 127], [-128, -128], [0, 1], [-1, 0]]


@given(RECORDINGS)
def test_every_bucket_encloses_its_samples_by_less_than_one_step(samples: np.ndarray) -> None:
    values = compute_peaks(samples, per_second=1000).values.astype(int)
    assert values.shape[1] == -(-samples.shape[1] // 16)
    for channel in range(samples.shape[0]):
        for bucket in range(values.shape[1]):
            part = samples[channel, bucket * 16 : (bucket + 1) * 16].astype(int)
            low, high = values[channel, bucket]
            assert low * 256 <= part.min() < (low + 1) * 256
            assert (high - 1) * 256 < part.max() <= high * 256 or (high == 127 and part.max() > 126 * 256)


@given(RECORDINGS, st.integers(1, 7))
def test_bytes_come_back_as_the_same_peaks(samples: np.ndarray, factor: int) -> None:
    peaks = reduce_peaks(compute_peaks(samples, per_second=100), factor)
    again = decode_peaks(encode_peaks(peaks))
    assert np.array_equal(again.values, peaks.values)
    assert (again.per_second, again.reduced_by, again.bucket_s) == (100, factor, factor / 100)


@given(RECORDINGS, st.integers(1, 5))
def test_reduced_peaks_are_the_peaks_of_wider_buckets(samples: np.ndarray, factor: int) -> None:
    fine = compute_peaks(samples, per_second=1000)
    if 1000 % factor == 0:
        assert np.array_equal(reduce_peaks(fine, factor).values, compute_peaks(samples, per_second=1000 // factor).values)


def test_the_bytes_are_as_documented() -> None:
    values = np.array([[[-1, 2], [-3, 4]], [[-5, 6], [-7, 8]]], dtype=np.int8)
    assert encode_peaks(Peaks(values, 50, 3)) == (
        b"EPK\x01\x02\x00\x32\x00\x03\x00\x00\x00\x02\x00\x00\x00" + b"\xff\x02\xfd\x04\xfb\x06\xf9\x08"
    )


def test_two_hours_of_two_parties_stay_under_two_megabytes() -> None:
    samples = np.broadcast_to(np.int16(5), (2, 7200 * 16_000))
    assert len(encode_peaks(compute_peaks(samples))) == 16 + 2 * 7200 * 50 * 2 == 1_440_016


@pytest.mark.parametrize("content", [b"", b"EPK\x02" + bytes(12), encode_peaks(Peaks(np.zeros((1, 4, 2), np.int8), 50))[:-1]])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="compute them again"):
        decode_peaks(content)


def test_buckets_that_would_drift_are_refused() -> None:
    with pytest.raises(ValueError, match="must divide 16000"):
        compute_peaks(np.zeros((1, 10), np.int16), per_second=30)
