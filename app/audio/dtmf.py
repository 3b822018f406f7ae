"""Which keys were pressed on the telephone?

Each key sounds two frequencies at once, one of a low and one of a high group (ITU-T Q.23). What a receiver must accept and
refuse (ITU-T Q.24, table A-1, the AT&T column) is applied to each frame. Speech hits a pair now and then, but its pitch moves;
that both frequencies stand still for the whole digit is what keeps a voice from dialling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.audio.spectrum import HIGHEST_HZ, LOWEST_HZ, QUIETEST_DBFS, SHORT, energy_around, peak_hz, runs
from app.conversation import Tone
from app.timeline import Span
from app.vocabulary import ToneKind

LOW_GROUP_HZ = (697.0, 770.0, 852.0, 941.0)
HIGH_GROUP_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS = "123A456B789C*0#D"

FRAME_TOLERANCE = 0.02
TONE_TOLERANCE = 0.015
"""Q.24: up to 1.5 % must be accepted, 3.5 % must be refused; one frame in noise errs by another half a per cent."""

HIGHEST_OVER_LOW_DB = 4.0 + 2.0
LOWEST_OVER_LOW_DB = -8.0 - 2.0
"""Twist: level of the high group over the low one. Q.24 asks for 4 dB and -8 dB; 2 dB are added for speech under the tone."""

PURITY = 0.50
"""Share of the energy in the telephone band that the two tones must hold."""

LOW_JITTER, HIGH_JITTER = 0.010, 0.002
"""How far, relative to the median, three frames of four may stray. Measured on the sample set: 98 % of the digits that are 3 to
6 dB louder than the live speech around them stay under 0.58 % and 0.15 % (the voice disturbs the low group), and no stretch of
speech that passes every other test here does."""

CLEAR_PURITY = 0.90
"""A digit whose tones hold less than this has a voice beside it, or is a voice: it must be as exact as keypads are."""

KEYPAD_TOLERANCE = 0.0065
"""Crystal-driven keypads hold their frequencies within 0.63 % (the dividers of the common generator chips, such as Texas
Instruments' TCM5087; keys 0 to 9, * and #)."""

KEYPAD_STRAY = 0.0070
"""Error of the high group plus twice its jitter. On the sample set and our own sample calls, also played 3 to 12 % faster and
slower, no stretch of speech that passes the other tests stays within this and the tolerance above; 98 % of the digits at 3 dB
above live speech stay under 0.46 %."""

FEWEST_FRAMES = 5
SURE_FRAMES = 6
SHORT_TONE_TOLERANCE = 0.006
"""Frames of 8 ms. A digit of 40 ms, the shortest that Q.24 lets count, is seen in five or six frames, one of 23 ms, the longest
that it lets pass by, in four. One of five frames must be as exact as crystal-driven keypads are, because the jitter of so few
frames proves little."""

LONGEST_DIP_FRAMES = 3
"""A dip of one lost packet (20 ms) does not make one digit two."""

STEADY_DB = 6.0
"""Frames this far below the loudest of their digit lie outside it: half the window on the digit leaves 3 dB less."""

_LOBE_BINS = 4


@dataclass(frozen=True, slots=True, eq=False)
class DtmfFrames:
    """What each short frame says: the index into ``KEYS`` or -1, the level in dBFS, the two frequencies, and their purity."""

    labels: NDArray[np.intp]
    level_dbfs: NDArray[np.float64]
    low_hz: NDArray[np.float64]
    high_hz: NDArray[np.float64]
    purity: NDArray[np.float32]

    @classmethod
    def of(cls, power: NDArray[np.float32]) -> Self:
        """Judge each spectrum of a block (frames, bins) by itself."""
        total = power[:, SHORT.bins(LOWEST_HZ, HIGHEST_HZ)].sum(axis=1) + 1e-12
        level_dbfs = 10 * np.log10(total.astype(np.float64))
        low_hz, low_bin = peak_hz(power, SHORT.bins(650, 1_020), SHORT.bin_hz)
        high_hz, high_bin = peak_hz(power, SHORT.bins(1_130, 1_720), SHORT.bin_hz)
        low, high = energy_around(power, low_bin, _LOBE_BINS), energy_around(power, high_bin, _LOBE_BINS)
        row, low_is_near = _nearest(low_hz, LOW_GROUP_HZ)
        column, high_is_near = _nearest(high_hz, HIGH_GROUP_HZ)
        purity = (low + high) / total
        twist_db = 10 * np.log10((high + 1e-15) / (low + 1e-15))
        is_digit = (
            low_is_near
            & high_is_near
            & (twist_db <= HIGHEST_OVER_LOW_DB)
            & (twist_db >= LOWEST_OVER_LOW_DB)
            & (purity >= PURITY)
            & (level_dbfs >= QUIETEST_DBFS)
        )
        return cls(np.where(is_digit, row * 4 + column, -1), level_dbfs, low_hz, high_hz, purity.astype(np.float32))

    @classmethod
    def joined(cls, blocks: list[Self]) -> Self:
        """Return the frames of consecutive blocks as one."""
        return cls(*(np.concatenate([getattr(block, name) for block in blocks]) for name in cls.__slots__))


def find_dtmf(frames: DtmfFrames, channel: int) -> tuple[Tone, ...]:
    """Return the keys pressed, one tone each, in order of time."""
    found: list[Tone] = []
    for label, first, last in runs(frames.labels, bridge=LONGEST_DIP_FRAMES):
        level_dbfs = frames.level_dbfs[first:last]
        is_core = (frames.labels[first:last] == label) & (level_dbfs >= level_dbfs.max() - STEADY_DB)
        core = first + np.flatnonzero(is_core)
        if core.size >= FEWEST_FRAMES and _stands_still(frames, core, label):
            start_s, end_s = SHORT.middle_s(int(core[0])), SHORT.middle_s(int(core[-1]))
            found.append(Tone(channel, ToneKind.DTMF, KEYS[label], Span(max(0.0, start_s - SHORT.hop_s), end_s + SHORT.hop_s)))
    return tuple(found)


def _stands_still(frames: DtmfFrames, core: NDArray[np.intp], label: int) -> bool:
    tolerance = TONE_TOLERANCE if core.size >= SURE_FRAMES else SHORT_TONE_TOLERANCE
    groups = (
        (frames.low_hz[core] / LOW_GROUP_HZ[label // 4] - 1, LOW_JITTER),
        (frames.high_hz[core] / HIGH_GROUP_HZ[label % 4] - 1, HIGH_JITTER),
    )
    medians = [float(np.median(deviation)) for deviation, _ in groups]
    strays = [
        float(np.percentile(np.abs(deviation - median), 75)) for (deviation, _), median in zip(groups, medians, strict=True)
    ]
    if any(abs(median) > tolerance for median in medians):
        return False
    if any(stray > most for stray, (_, most) in zip(strays, groups, strict=True)):
        return False
    if float(np.median(frames.purity[core])) >= CLEAR_PURITY:
        return True
    return max(map(abs, medians)) <= KEYPAD_TOLERANCE and abs(medians[1]) + 2 * strays[1] <= KEYPAD_STRAY


def _nearest(found_hz: NDArray[np.float64], nominal_hz: tuple[float, ...]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    nominal = np.array(nominal_hz)
    distance = np.abs(found_hz[:, None] - nominal) / nominal
    return distance.argmin(axis=1), distance.min(axis=1) <= FRAME_TOLERANCE
