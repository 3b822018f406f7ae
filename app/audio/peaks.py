"""What does the waveform look like, small enough to send to a page?

For each channel and each bucket of time the lowest and the highest sample, as int8. A page draws a lane from it without ever
fetching the sound; ``reduce_peaks`` gives the overview from the same numbers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.errors import InvalidInput

FORMAT_VERSION = 1
_MAGIC = b"EPK"
_HEADER = struct.Struct("<3sBBxHII")
_BLOCK_BUCKETS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """The outline of a recording.

    ``values`` is int8 of shape (channels, buckets, 2): the minimum and the maximum of each bucket, full scale 128. Bucket i
    covers the seconds i / rate to (i + 1) / rate, with rate = ``per_second`` / ``reduced_by``; the last bucket may be shorter.
    """

    values: NDArray[np.int8]
    per_second: int
    reduced_by: int = 1

    @property
    def bucket_s(self) -> float:
        """Seconds that one bucket covers."""
        return self.reduced_by / self.per_second


def compute_peaks(samples: NDArray[np.int16], *, per_second: int = 50) -> Peaks:
    """Return the outline of int16 samples of shape (channels, n) at 16 kHz.

    Raises
    ------
    ValueError
        If ``per_second`` does not divide 16,000: buckets would drift against time.
    """
    if per_second < 1 or HOUSE_RATE_HZ % per_second:
        raise ValueError(f"peaks per second must divide {HOUSE_RATE_HZ}, got {per_second}")
    width = HOUSE_RATE_HZ // per_second
    channels, count = samples.shape
    buckets = -(-count // width)
    values = np.empty((channels, buckets, 2), dtype=np.int8)
    for first in range(0, buckets, _BLOCK_BUCKETS):
        piece = samples[:, first * width : (first + _BLOCK_BUCKETS) * width]
        missing = -piece.shape[1] % width
        if missing:
            piece = np.pad(piece, ((0, 0), (0, missing)), mode="edge")
        grouped = piece.reshape(channels, -1, width)
        last = first + grouped.shape[1]
        # Rounded outward, so that a sound of one step is still seen as a line and silence as none.
        values[:, first:last, 0] = grouped.min(axis=2) >> 8
        values[:, first:last, 1] = np.minimum(-(-grouped.max(axis=2).astype(np.int32) // 256), 127)
    return Peaks(values, per_second)


def reduce_peaks(peaks: Peaks, factor: int) -> Peaks:
    """Return the outline with ``factor`` buckets joined into one; extremes are kept exactly."""
    if factor < 1:
        raise ValueError(f"peaks are reduced by a factor of at least 1, got {factor}")
    channels, buckets, _ = peaks.values.shape
    starts = np.arange(0, buckets, factor)
    if buckets == 0:
        return Peaks(peaks.values, peaks.per_second, peaks.reduced_by * factor)
    values = np.empty((channels, starts.size, 2), dtype=np.int8)
    values[:, :, 0] = np.minimum.reduceat(peaks.values[:, :, 0], starts, axis=1)
    values[:, :, 1] = np.maximum.reduceat(peaks.values[:, :, 1], starts, axis=1)
    return Peaks(values, peaks.per_second, peaks.reduced_by * factor)


def encode_peaks(peaks: Peaks) -> bytes:
    """Return the peaks as bytes, all numbers little-endian.

    ======  =====  ==========================================================================================
    offset  bytes  content
    ======  =====  ==========================================================================================
    0       3      ``EPK``
    3       1      version, 1
    4       1      channels
    5       1      zero
    6       2      buckets of the finest outline per second
    8       4      how many of those make one bucket here (1 unless reduced)
    12      4      buckets per channel
    16      ...    per channel, per bucket: minimum (int8), maximum (int8); all of channel 0, then all of channel 1...
    ======  =====  ==========================================================================================
    """
    channels, buckets, _ = peaks.values.shape
    header = _HEADER.pack(_MAGIC, FORMAT_VERSION, channels, peaks.per_second, peaks.reduced_by, buckets)
    return header + np.ascontiguousarray(peaks.values).tobytes()


def decode_peaks(content: bytes) -> Peaks:
    """Return the peaks that ``encode_peaks`` wrote. Raises InvalidInput for any other bytes."""
    if len(content) < _HEADER.size:
        raise InvalidInput(f"peaks need a header of {_HEADER.size} bytes, got {len(content)}; compute them again")
    magic, version, channels, per_second, reduced_by, buckets = _HEADER.unpack_from(content)
    if magic != _MAGIC or version != FORMAT_VERSION:
        raise InvalidInput(f"expected peaks of version {FORMAT_VERSION}, got {magic!r} version {version}; compute them again")
    expected = _HEADER.size + channels * buckets * 2
    if len(content) != expected or not per_second or not reduced_by:
        raise InvalidInput(f"the header announces {expected} bytes of peaks, got {len(content)}; compute them again")
    values = np.frombuffer(content, dtype=np.int8, offset=_HEADER.size).reshape(channels, buckets, 2)
    return Peaks(values, per_second, reduced_by)
