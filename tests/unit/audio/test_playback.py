"""The listening copy is the analysed sound, bit for bit, in a file that says how long it is."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
import soundfile

from app.audio.playback import LISTENING_MEDIA_TYPE, encode_listening_copy


@pytest.mark.parametrize(("channels", "count"), [(1, 16_000), (2, 40_001), (6, 5_000), (2, 61 * 16_000)])
def test_the_copy_holds_the_same_samples_and_its_length(channels: int, count: int) -> None:
    rng = np.random.default_rng(count)
    samples = rng.integers(-32768, 32768, (channels, count)).astype(np.int16)
    content = b"".join(encode_listening_copy(samples))
    again, rate_hz = soundfile.read(io.BytesIO(content), dtype="int16", always_2d=True)
    assert rate_hz == 16_000
    assert np.array_equal(again.T, samples)
    with av.open(io.BytesIO(content), format="flac") as opened:
        assert opened.streams.audio[0].duration == count


def test_the_media_type_is_that_of_the_bytes() -> None:
    content = b"".join(encode_listening_copy(np.zeros((2, 1600), np.int16)))
    assert (LISTENING_MEDIA_TYPE, content[:4]) == ("audio/flac", b"fLaC")


def test_a_position_is_found_exactly_from_the_middle_of_the_file() -> None:
    samples = np.zeros((2, 30 * 16_000), dtype=np.int16)
    samples[:, 20 * 16_000 + 123] = 20_000
    with av.open(io.BytesIO(b"".join(encode_listening_copy(samples))), format="flac") as opened:
        stream = opened.streams.audio[0]
        opened.seek(int(19.9 / stream.time_base), stream=stream)
        frames = list(opened.decode(stream))
        loud = [(frame.pts, frame.to_ndarray().reshape(-1, 2)[:, 0]) for frame in frames if frame.to_ndarray().any()]
    assert frames[0].pts > 15 * 16_000
    assert loud[0][0] + int(loud[0][1].argmax()) == 20 * 16_000 + 123
