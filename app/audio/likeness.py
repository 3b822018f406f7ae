"""Do two recordings hold the same audio, and how much of it?

Laid over each other at the right offset, two prints of the same audio share peaks all along; two prints of different audio
share a few per cent by chance. So the share of common peaks is taken second by second, and only seconds where it is high count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.fingerprint import AudioPrint, frames_to_s

OFFSET_REACH = 2
"""Frames around the offset that the index proposes; landmarks agree to a step of two."""

WINDOW_FRAMES = 125
"""2 s: some 26 peaks of speech, enough to tell a share of a quarter from a share of a twentieth."""

FEWEST_PEAKS = 8
LEAST_SHARE = 0.22
LEAST_MATCHED_S, FEWEST_COMMON, LEAST_COMMON_SHARE = 1.5, 30, 0.38
"""Measured on 5,136 recordings, each against 10,301 others (docs/same-audio.md): none of different audio met the three; the
same audio with cafe noise of 15 dB and then through GSM met them 59 times in 60."""

_COLUMNS = 512


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two prints share: ``matched_s`` seconds of the first, which lie ``offset_s`` later in the second.

    ``common_peaks`` are the peaks shared inside those seconds, and ``share`` their part of the first print's peaks there.
    """

    offset_s: float
    matched_s: float
    common_peaks: int
    share: float

    @property
    def is_same_audio(self) -> bool:
        """Whether this is more than recordings of different audio share by chance."""
        return self.matched_s >= LEAST_MATCHED_S and self.common_peaks >= FEWEST_COMMON and self.share >= LEAST_COMMON_SHARE


def compare_prints(one: AudioPrint, other: AudioPrint, offset_frames: int) -> Likeness:
    """Return what two prints share when the second is laid ``offset_frames`` later, or up to two frames beside that."""
    cells = _cells_around(other)
    frames = one.frames.astype(np.int64)
    beside = sorted(range(-OFFSET_REACH, OFFSET_REACH + 1), key=abs)
    tried = [(_is_in(cells, frames + offset_frames + step, one.bins), offset_frames + step) for step in beside]
    is_common, best_offset = max(tried, key=lambda entry: int(entry[0].sum()))
    first = np.searchsorted(frames, frames - WINDOW_FRAMES // 2)
    last = np.searchsorted(frames, frames + WINDOW_FRAMES // 2, side="right")
    sums = np.concatenate([[0], np.cumsum(is_common)])
    share = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    is_alike = is_common & (share >= LEAST_SHARE) & (last - first >= FEWEST_PEAKS)
    matched_frames = _covered(frames[is_alike])
    inside = int((share[: frames.size] >= LEAST_SHARE).sum())
    common = int(is_alike.sum())
    return Likeness(
        round(frames_to_s(best_offset), 3), round(frames_to_s(matched_frames), 3), common, round(common / max(inside, 1), 3)
    )


def _covered(frames: NDArray[np.int64]) -> int:
    """Return how many frames lie between common peaks that are at most a second apart."""
    if frames.size < 2:
        return 0
    steps = np.diff(frames)
    return int(steps[steps <= WINDOW_FRAMES // 2].sum())


def _cells_around(print_: AudioPrint) -> NDArray[np.int64]:
    """Return the sorted cells (frame, bin) at and next to each peak: what counts as the same place."""
    frames, bins = print_.frames.astype(np.int64), print_.bins.astype(np.int64) + 1
    around = [(frames + late) * _COLUMNS + bins + high for late in (-1, 0, 1) for high in (-1, 0, 1)]
    return np.unique(np.concatenate(around))


def _is_in(cells: NDArray[np.int64], frames: NDArray[np.int64], bins: NDArray[np.uint8]) -> NDArray[np.bool_]:
    wanted = frames * _COLUMNS + bins.astype(np.int64) + 1
    if cells.size == 0:
        return np.zeros(wanted.size, dtype=bool)
    at = np.minimum(np.searchsorted(cells, wanted), cells.size - 1)
    found: NDArray[np.bool_] = cells[at] == wanted
    return found
