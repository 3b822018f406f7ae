"""How does a channel sound from moment to moment: which line, which voice?

The spectra that tones are looked for in are folded into twenty bands of the telephone band, every 16 ms. From them follow the
level, the colour of the line's own noise, and the cepstra that tell voices apart. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.audio.spectrum import SHORT
from app.timeline import Span

LOWEST_HZ, HIGHEST_HZ = 200.0, 3_400.0
BANDS = 20
CEPSTRA = 12
STEP = 2
"""Every second short frame is kept: one each 16 ms."""

HOP_S = SHORT.hop_s * STEP
FAINTEST = -19.5
"""Natural logarithm of the power below which bands are alike: about 85 dB under full scale, the quantisation noise of G.711."""

LOUD_WINDOW_FRAMES, LOUD_STEP_FRAMES, LOUD_PERCENTILE = 190, 32, 92
"""How loud people are around a moment: the 92nd percentile of the 3 s before and after it, looked at twice a second."""


@dataclass(frozen=True, slots=True, eq=False)
class TimbreTrack:
    """Logarithms of the power in each band, float16 of shape (frames, ``BANDS``), and levels in dBFS, float32 (frames,)."""

    bands: NDArray[np.float16]
    level_dbfs: NDArray[np.float32]

    @classmethod
    def of(cls, power: NDArray[np.float32]) -> Self:
        """Fold a block of short spectra (frames, bins)."""
        bands = np.log(power[::STEP] @ _band_weights() + np.float32(1e-11))
        level = 10 * np.log10(np.exp(bands).sum(axis=1) + 1e-12)
        return cls(bands.astype(np.float16), level.astype(np.float32))

    @classmethod
    def joined(cls, blocks: Sequence[Self]) -> Self:
        """Return consecutive blocks as one track; no block gives an empty track."""
        if not blocks:
            return cls(np.zeros((0, BANDS), dtype=np.float16), np.zeros(0, dtype=np.float32))
        return cls(np.concatenate([block.bands for block in blocks]), np.concatenate([block.level_dbfs for block in blocks]))

    def cepstra(self, frames: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the cepstra 1 to ``CEPSTRA`` of the frames, shape (frames, ``CEPSTRA``); the level is not among them."""
        values: NDArray[np.float64] = self.bands[frames].astype(np.float64) @ _cosines()
        return values

    def find_loudness(self) -> NDArray[np.float32]:
        """Return how loud people are around each frame, in dBFS, shape (frames,)."""
        count = self.level_dbfs.size
        at = range(0, count, LOUD_STEP_FRAMES)
        around = [self.level_dbfs[max(0, middle - LOUD_WINDOW_FRAMES) : middle + LOUD_WINDOW_FRAMES] for middle in at]
        loud = np.array([np.percentile(levels, LOUD_PERCENTILE) for levels in around], dtype=np.float32)
        return np.repeat(loud, LOUD_STEP_FRAMES)[:count]

    def mark(self, spans: Sequence[Span]) -> NDArray[np.bool_]:
        """Say for each frame whether one of the spans covers it, shape (frames,)."""
        marks = np.zeros(self.level_dbfs.size, dtype=np.bool_)
        for span in spans:
            marks[max(0, int(span.start_s / HOP_S)) : int(span.end_s / HOP_S) + 1] = True
        return marks


@cache
def _band_weights() -> NDArray[np.float32]:
    """Return triangles of equal width on the mel scale (O'Shaughnessy 1987: 2595 log10(1 + f / 700)), shape (bins, bands)."""
    low, high = (2_595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    edges_hz = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2_595) - 1)
    bins_hz = np.arange(SHORT.bins(0, 4_000).stop) * SHORT.bin_hz
    left, middle, right = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising, falling = (bins_hz[:, None] - left) / (middle - left), (right - bins_hz[:, None]) / (right - middle)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


@cache
def _cosines() -> NDArray[np.float64]:
    """Return the cosine transform (DCT-II, orthonormal) without its constant, shape (bands, cepstra)."""
    order, band = np.arange(1, CEPSTRA + 1), np.arange(BANDS)
    values: NDArray[np.float64] = np.sqrt(2 / BANDS) * np.cos(np.pi * (band[:, None] + 0.5) * order / BANDS)
    return values
