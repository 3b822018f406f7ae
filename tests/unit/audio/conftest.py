"""Recordings for the tests of decoding, made from formulas and written by encoders that are not ours."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest


def tune(rate_hz: int, seconds: float, frequency_hz: float, level: float = 0.5) -> np.ndarray:
    """A sine that is switched on and off every quarter of a second, so that a shift in time would show."""
    time_s = np.arange(round(rate_hz * seconds)) / rate_hz
    return level * np.sin(2 * np.pi * frequency_hz * time_s) * (np.floor(time_s * 4) % 2 == 0)


def stereo_call(rate_hz: int, seconds: float = 2.0) -> np.ndarray:
    """A call of two parties, float of shape (2, n): 440 Hz on the left, 1000 Hz on the right."""
    return np.stack([tune(rate_hz, seconds, 440), tune(rate_hz, seconds, 1000, 0.3)])


def wav_bytes(
    tag: int,
    bits: int,
    rate_hz: int,
    channels: int,
    data: bytes,
    *,
    data_size: int | None = None,
    block_align: int | None = None,
) -> bytes:
    """A WAV of the plain layout: RIFF, fmt, data; ``data_size`` is what the header claims."""
    align = block_align if block_align is not None else channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * align, align, bits)
    claimed = len(data) if data_size is None else data_size
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", claimed) + data
    return b"RIFF" + struct.pack("<I", (4 + 8 + len(fmt) + 8 + claimed) & 0xFFFFFFFF) + body


def pcm16_wav(samples: np.ndarray, rate_hz: int, **header: Any) -> bytes:
    """A 16-bit WAV of float samples of shape (channels, n)."""
    data = np.round(samples * 32767).astype("<i2").T.tobytes()
    return wav_bytes(1, 16, rate_hz, samples.shape[0], data, **header)


def encode_with_ffmpeg(
    path: Path, samples: np.ndarray, rate_hz: int, codec: str, container: str, bit_rate: int | None = None
) -> Path:
    """Write float samples of shape (channels, n) through FFmpeg's encoder."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[0]]
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate_hz, layout=layout)
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, dtype=np.float32), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate_hz, frame_size=stream.codec_context.frame_size or 1024
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """A function that stores bytes under a name that says nothing and returns the path."""

    def _write(content: bytes, name: str = "recording") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return _write
