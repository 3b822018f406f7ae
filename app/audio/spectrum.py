"""How is the energy of a channel spread over frequency, moment by moment?

Windowed power spectra for the finders of tones and music, computed in blocks so that an hour of sound needs no more memory than
a minute. Two resolutions: short frames tell when, long frames tell which of two neighbouring frequencies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ

LOWEST_HZ = 200
HIGHEST_HZ = 3_500
"""The telephone band; sound of wide-band recordings outside it is left out of every ratio here."""

QUIETEST_DBFS = -50.0
"""Frames below this root mean square level are not looked at: line noise lies there, and telephone tones at -10 to -30 dBFS."""

_BLOCK_FRAMES = 2_000


@dataclass(frozen=True, slots=True)
class Framing:
    """How frames are cut: ``width`` and ``hop`` in samples at 16 kHz, ``fft`` the (zero-padded) length of the transform."""

    width: int
    hop: int
    fft: int

    @property
    def bin_hz(self) -> float:
        """Distance between two values of the spectrum."""
        return HOUSE_RATE_HZ / self.fft

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop / HOUSE_RATE_HZ

    def middle_s(self, frame: int) -> float:
        """Return the time of the middle of a frame."""
        return (frame * self.hop + self.width / 2) / HOUSE_RATE_HZ

    def bins(self, low_hz: float, high_hz: float) -> slice:
        """Return the part of a spectrum between two frequencies, counted from its first value at 0 Hz."""
        return slice(round(low_hz / self.bin_hz), round(high_hz / self.bin_hz) + 1)


SHORT = Framing(width=512, hop=128, fft=1024)
"""32 ms every 8 ms: a DTMF digit of 40 ms, the shortest that counts, still fills two frames."""

LONG = Framing(width=2048, hop=400, fft=2048)
"""128 ms every 25 ms: keeps 440 and 480 Hz apart."""


def power_spectra(samples: NDArray[np.int16], framing: Framing) -> Iterator[NDArray[np.float32]]:
    """Yield blocks of power spectra up to 4 kHz, float32 of shape (frames, bins), of int16 samples (n,).

    Scaled so that the sum over a spectrum is the mean square of the windowed frame, full scale 1 (Parseval). A channel shorter
    than one frame yields nothing.
    """
    window = np.hanning(framing.width).astype(np.float32)
    scale = np.float32(2 / (32_768.0**2 * framing.fft * float(np.sum(window**2))))
    top = framing.bins(0, 4_000)
    count = (samples.size - framing.width) // framing.hop + 1
    for first in range(0, max(0, count), _BLOCK_FRAMES):
        last = min(count, first + _BLOCK_FRAMES)
        piece = samples[first * framing.hop : (last - 1) * framing.hop + framing.width]
        frames = np.lib.stride_tricks.sliding_window_view(piece, framing.width)[:: framing.hop]
        spectra = np.fft.rfft(frames * window, framing.fft, axis=1)[:, top]
        yield (spectra.real**2 + spectra.imag**2).astype(np.float32) * scale


def peak_hz(power: NDArray[np.float32], band: slice, bin_hz: float) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return frequency and bin of the strongest peak in a band of each spectrum (frames, bins).

    The frequency lies on the parabola through the logarithms of the peak and its two neighbours (J. O. Smith, Spectral Audio
    Signal Processing, "Quadratic interpolation of spectral peaks").
    """
    rows = np.arange(power.shape[0])
    middle = np.clip(power[:, band].argmax(axis=1) + band.start, 1, power.shape[1] - 2)
    below, at, above = (np.log(power[rows, middle + step].astype(np.float64) + 1e-20) for step in (-1, 0, 1))
    curvature = below - 2 * at + above
    offset = np.where(curvature < 0, 0.5 * (below - above) / np.where(curvature < 0, curvature, -1), 0.0)
    return (middle + np.clip(offset, -1, 1)) * bin_hz, middle


def energy_around(power: NDArray[np.float32], middle: NDArray[np.intp], reach: int) -> NDArray[np.float32]:
    """Return the energy within ``reach`` bins of one bin per spectrum."""
    cumulated = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    rows = np.arange(power.shape[0])
    low, high = np.maximum(middle - reach, 0), np.minimum(middle + reach + 1, power.shape[1])
    around: NDArray[np.float32] = (cumulated[rows, high] - cumulated[rows, low]).astype(np.float32)
    return around


def runs(labels: NDArray[np.intp], *, bridge: int = 0) -> list[tuple[int, int, int]]:
    """Return (label, first frame, one past the last) for each stretch of one label >= 0.

    Stretches of the same label at most ``bridge`` unlabelled frames apart are one.
    """
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), labels.size]
    found: list[tuple[int, int, int]] = []
    for first, last in pairwise(edges):
        if first == last or labels[first] < 0:
            continue
        label = int(labels[first])
        if found and found[-1][0] == label and first - found[-1][2] <= bridge:
            found[-1] = (label, found[-1][1], last)
        else:
            found.append((label, first, last))
    return found
