"""How does sound of any rate become the house format without filling the memory?

Blocks go in, are resampled to 16 kHz as they come, and end in one int16 buffer per channel that grows in place. Three hours of
stereo take 691 MB in the end; a 96 kHz file of six channels is never held at its own size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ, as_int16
from app.audio.source import BLOCK_FRAMES, Block

_FIRST_SAMPLES = 60 * HOUSE_RATE_HZ


class HouseBuffer:
    """Collects one recording in the house format.

    Parameters
    ----------
    channels
        How many channels to keep. A later block with one channel is copied to all, one with more loses the surplus, one with
        fewer has silence in the rest (only damaged streams change their channels on the way).
    """

    def __init__(self, channels: int) -> None:
        self._rows = [np.empty(_FIRST_SAMPLES, dtype=np.int16) for _ in range(channels)]
        self._count = 0
        self._rate_hz = 0
        self._resampler: Any = None

    @property
    def duration_s(self) -> float:
        """Seconds collected so far."""
        return self._count / HOUSE_RATE_HZ

    def add(self, block: Block) -> None:
        """Append a block; when its rate differs from the last one's, the old resampler is emptied first."""
        if block.rate_hz != self._rate_hz:
            self._flush()
            self._rate_hz = block.rate_hz
            self._resampler = self._new_resampler()
        samples = self._fit(block.samples)
        for start in range(0, samples.shape[1], BLOCK_FRAMES):
            piece = samples[:, start : start + BLOCK_FRAMES]
            if self._resampler is not None:
                piece = self._resampler.resample_chunk(np.ascontiguousarray(piece.T)).T
            self._append(piece)

    def finish(self) -> NDArray[np.int16]:
        """Return everything as int16 of shape (channels, n); the buffer is empty afterwards."""
        self._flush()
        rows, count, self._rows, self._count = self._rows, self._count, [], 0
        if len(rows) == 1:
            rows[0].resize(count, refcheck=False)
            return rows[0].reshape(1, count)
        # Rows are released one by one, so that the peak is one channel above the result and not twice its size.
        samples = np.empty((len(rows), count), dtype=np.int16)
        for index in range(len(rows)):
            samples[index] = rows[index][:count]
            rows[index] = np.empty(0, dtype=np.int16)
        return samples

    def _new_resampler(self) -> Any:
        if self._rate_hz == HOUSE_RATE_HZ:
            return None
        import soxr

        return soxr.ResampleStream(self._rate_hz, HOUSE_RATE_HZ, len(self._rows), dtype="float32", quality="HQ")

    def _flush(self) -> None:
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(np.zeros((0, len(self._rows)), dtype=np.float32), last=True)
            self._append(rest.T)
            self._resampler = None

    def _fit(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        wanted, got = len(self._rows), samples.shape[0]
        if got == wanted:
            return samples
        if got == 1:
            return np.repeat(samples, wanted, axis=0)
        fitted = np.zeros((wanted, samples.shape[1]), dtype=np.float32)
        fitted[: min(wanted, got)] = samples[:wanted]
        return fitted

    def _append(self, samples: NDArray[np.float32]) -> None:
        end = self._count + samples.shape[1]
        if end > self._rows[0].size:
            for row in self._rows:
                row.resize(max(end, row.size + row.size // 2), refcheck=False)
        for row, channel in zip(self._rows, samples, strict=True):
            row[self._count : end] = as_int16(channel)
        self._count = end
