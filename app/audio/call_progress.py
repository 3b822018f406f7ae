"""Where does the network ring or say busy?

North American call progress tones (ITU-T E.180 supplement 2; Telcordia GR-506): ringback is 440 + 480 Hz, two seconds on and
four off; busy is 480 + 620 Hz, half a second on and off, reorder the same tones at twice the pace. Two tones must hold the
frame, and for busy the cadence must repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.audio.spectrum import HIGHEST_HZ, LONG, LOWEST_HZ, QUIETEST_DBFS, runs
from app.conversation import Tone
from app.timeline import Span
from app.vocabulary import ToneKind

RINGBACK_HZ, BUSY_HZ = (440.0, 480.0), (480.0, 620.0)
PURITY = 0.80
LARGEST_TWIST_DB = 6.0
_REACH_HZ = 14.0
"""Half the main lobe of a long frame; also the tolerance on frequency, a generous 3 %."""

SHORTEST_RING_S = 0.6
LONGEST_RING_GAP_S = 4.6
"""Rings this close belong to one ringing; 4 s is the nominal pause."""

CADENCES_S = {"busy": 0.5, "reorder": 0.25}
_CADENCE_TOLERANCE = 0.3
_FEWEST_BURSTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class ProgressFrames:
    """Which pair holds each long frame: 0 ringback, 1 busy, -1 neither."""

    labels: NDArray[np.intp]

    @classmethod
    def of(cls, power: NDArray[np.float32]) -> Self:
        """Judge each spectrum of a block (frames, bins) by itself."""
        total = power[:, LONG.bins(LOWEST_HZ, HIGHEST_HZ)].sum(axis=1) + 1e-12
        is_loud = 10 * np.log10(total) >= QUIETEST_DBFS
        labels = np.full(total.size, -1)
        for label, pair_hz in enumerate((RINGBACK_HZ, BUSY_HZ)):
            low, high = (power[:, LONG.bins(hz - _REACH_HZ, hz + _REACH_HZ)].sum(axis=1) + 1e-15 for hz in pair_hz)
            is_pair = (low + high >= PURITY * total) & (np.abs(10 * np.log10(low / high)) <= LARGEST_TWIST_DB)
            labels[is_pair & is_loud] = label
        return cls(labels)

    @classmethod
    def joined(cls, blocks: list[Self]) -> Self:
        """Return the frames of consecutive blocks as one."""
        return cls(np.concatenate([block.labels for block in blocks]))


def find_ringback(frames: ProgressFrames, channel: int) -> tuple[Tone, ...]:
    """Return each ringing, from the first ring to the end of the last, pauses included."""
    ringing: list[Span] = []
    for ring in find_rings(frames):
        if ringing and ring.start_s - ringing[-1].end_s <= LONGEST_RING_GAP_S:
            ringing[-1] = Span(ringing[-1].start_s, ring.end_s)
        else:
            ringing.append(ring)
    return tuple(Tone(channel, ToneKind.RINGBACK, "440+480", span) for span in ringing)


def find_rings(frames: ProgressFrames) -> tuple[Span, ...]:
    """Return each single ring; between two of them somebody may be speaking."""
    return tuple(span for span in _bursts(frames, 0) if span.duration_s >= SHORTEST_RING_S)


def find_busy(frames: ProgressFrames, channel: int) -> tuple[Tone, ...]:
    """Return each stretch of busy or reorder tone: at least three bursts in cadence."""
    found: list[Tone] = []
    bursts = _bursts(frames, 1)
    for name, nominal_s in CADENCES_S.items():
        series: list[Span] = []
        for burst in [*bursts, None]:
            if burst and series and _in_cadence(burst.start_s - series[-1].start_s, 2 * nominal_s):
                series.append(burst)
                continue
            if len(series) >= _FEWEST_BURSTS:
                found.append(Tone(channel, ToneKind.BUSY, f"480+620 {name}", Span(series[0].start_s, series[-1].end_s)))
            series = [burst] if burst and _in_cadence(burst.duration_s, nominal_s) else []
    return tuple(sorted(found, key=lambda tone: tone.span))


def _bursts(frames: ProgressFrames, label: int) -> list[Span]:
    # The pair holds a frame as soon as it fills the middle of it, so the middles of the first and last frame are its edges.
    return [
        Span(max(0.0, LONG.middle_s(first) - LONG.hop_s), LONG.middle_s(last - 1) + LONG.hop_s)
        for found, first, last in runs(frames.labels, bridge=2)
        if found == label
    ]


def _in_cadence(found_s: float, nominal_s: float) -> bool:
    return abs(found_s - nominal_s) <= _CADENCE_TOLERANCE * nominal_s
