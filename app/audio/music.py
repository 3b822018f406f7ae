"""Where does music play, as on hold?

A note keeps its harmonics where they are; a voice moves them all the time. So the fine structure of the spectrum is compared
with that of a fifth of a second later: in music the two look alike for seconds on end, in speech they do not. A hum looks alike
for ever, and is left out for that. Precision comes first: thin or percussive music may be missed, speech must not be called
music.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.spectrum import LONG, runs
from app.conversation import Tone
from app.timeline import Span
from app.vocabulary import ToneKind

_SMOOTHING_BINS = 25
"""About 200 Hz: wider than the distance of harmonics, so that subtracting the mean leaves the fine structure."""

LAG_FRAMES = 8
"""200 ms, longer than most phonemes."""

FAR_LAG_FRAMES = 80
"""2 s, longer than notes and chords."""

WINDOW_FRAMES = 160
SURE_LIKENESS = 0.33
"""Mean likeness over 4 s that starts a stretch. On the sample set live callers reach 0.23, synthetic voices 0.24 and street
noise 0.31; the six pieces of hold music reach 0.47 to 0.74. The set is the one this was chosen on."""

EDGE_FRAMES = 30
EDGE_LIKENESS = 0.24
"""A stretch is grown while the mean over 0.75 s stays above this."""

LONGEST_HOLE_FRAMES = 80
"""A rest or a drum break of up to 2 s does not end the music."""

HUM_RATIO = 0.93
"""Likeness over 2 s, relative to that over 200 ms, from which a sound is stationary: 0.98 for hum, at most 0.87 for music."""

LOUD_DB = 25.0
"""Frames this far below the channel's loud ones (95th percentile) are background, whatever they look like."""

QUIETEST_DBFS = -60.0
SHORTEST_MUSIC_S = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class MusicFrames:
    """What each long frame says: its level in dBFS, and how much its fine structure, 0 to 1, is like that of later frames.

    ``near`` is the likeness to the frame ``LAG_FRAMES`` later, ``far`` to that ``FAR_LAG_FRAMES`` later; both are shorter than
    the levels by their lag.
    """

    level_dbfs: NDArray[np.float64]
    near: NDArray[np.float64]
    far: NDArray[np.float64]


class MusicMeter:
    """Measures consecutive blocks of spectra; of what is past it keeps the two seconds that later frames are compared with."""

    def __init__(self) -> None:
        self._recent = np.zeros((0, LONG.bins(200, 3_400).stop - LONG.bins(200, 3_400).start), dtype=np.float32)
        self._levels: list[NDArray[np.float64]] = []
        self._near: list[NDArray[np.float32]] = []
        self._far: list[NDArray[np.float32]] = []

    def add(self, power: NDArray[np.float32]) -> None:
        """Measure the next block of long spectra (frames, bins)."""
        structure, levels = _measure(power)
        self._levels.append(levels)
        known = np.concatenate([self._recent, structure])
        for lag, likeness in ((LAG_FRAMES, self._near), (FAR_LAG_FRAMES, self._far)):
            first = max(0, len(self._recent) - lag)
            if len(known) - lag > first:
                likeness.append(np.einsum("ij,ij->i", known[first:-lag], known[first + lag :]))
        self._recent = known[-FAR_LAG_FRAMES:]

    def read(self) -> MusicFrames:
        """Return what all blocks say together."""
        levels = np.concatenate(self._levels) if self._levels else np.zeros(0)
        near, far = (
            np.maximum(np.concatenate(parts), 0.0).astype(np.float64) if parts else np.zeros(0)
            for parts in (self._near, self._far)
        )
        return MusicFrames(levels, near, far)


def _measure(power: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the fine structure of each frame, of unit length, and its level: the logarithm less its own smooth shape."""
    band = power[:, LONG.bins(200, 3_400)]
    total = band.sum(axis=1)
    floor = 1e-3 * np.sqrt(total[:, None] / band.shape[1]) + 1e-7
    logs = np.log(np.sqrt(band) + floor)
    half = _SMOOTHING_BINS // 2
    sums = np.cumsum(np.pad(logs, ((0, 0), (half + 1, half)), mode="edge"), axis=1)
    fine = np.maximum(logs - (sums[:, _SMOOTHING_BINS:] - sums[:, :-_SMOOTHING_BINS]) / _SMOOTHING_BINS, 0)
    fine -= fine.mean(axis=1, keepdims=True)
    fine /= np.sqrt((fine**2).sum(axis=1, keepdims=True)) + 1e-9
    return fine.astype(np.float32), 10 * np.log10(total.astype(np.float64) + 1e-12)


def find_music(frames: MusicFrames, channel: int, taken: tuple[Span, ...]) -> tuple[Tone, ...]:
    """Return the stretches of music; ``taken`` are spans of signalling tones, which are steady too and are no music."""
    count = frames.level_dbfs.size - LAG_FRAMES
    if count < WINDOW_FRAMES:
        return ()
    is_heard = _is_heard(frames, taken)
    near = np.where(is_heard[:count], frames.near, 0.0)
    is_sure = np.zeros(count, dtype=bool)
    for first in np.flatnonzero(_moving_mean(near, WINDOW_FRAMES) >= SURE_LIKENESS).tolist():
        is_sure[first : first + WINDOW_FRAMES] = True
    edge = np.pad(_moving_mean(near, EDGE_FRAMES), (EDGE_FRAMES // 2, EDGE_FRAMES - 1 - EDGE_FRAMES // 2), mode="edge")
    labels = np.where(edge >= EDGE_LIKENESS, 0, -1).astype(np.intp)
    far = frames.far if frames.level_dbfs.size > 2 * FAR_LAG_FRAMES else None
    found: list[Tone] = []
    for _, first, last in runs(labels, bridge=LONGEST_HOLE_FRAMES):
        span = Span(LONG.middle_s(first), LONG.middle_s(last - 1 + LAG_FRAMES))
        is_long_enough = span.duration_s >= SHORTEST_MUSIC_S
        if is_long_enough and is_sure[first:last].any() and not _is_hum(near[first:last], far, first, last):
            found.append(Tone(channel, ToneKind.MUSIC, "", span))
    return tuple(found)


def _is_heard(frames: MusicFrames, taken: tuple[Span, ...]) -> NDArray[np.bool_]:
    loud_dbfs = float(np.percentile(frames.level_dbfs, 95))
    is_heard: NDArray[np.bool_] = frames.level_dbfs >= max(loud_dbfs - LOUD_DB, QUIETEST_DBFS)
    for span in taken:
        first, last = round((span.start_s - 0.2) / LONG.hop_s), round((span.end_s + 0.2) / LONG.hop_s)
        is_heard[max(0, first) : max(0, last)] = False
    return is_heard


def _moving_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    sums = np.cumsum(np.concatenate([[0.0], values]))
    means: NDArray[np.float64] = (sums[width:] - sums[:-width]) / width
    return means


def _is_hum(near: NDArray[np.float64], far: NDArray[np.float64] | None, first: int, last: int) -> bool:
    if far is None or first >= far.size:
        return False
    distant = far[first:last]
    return float(distant.mean()) >= HUM_RATIO * float(near[: distant.size].mean())
