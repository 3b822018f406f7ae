"""Where does one steady tone sound alone: the beep of a voicemail box or dialler, or the three tones of a network announcement?

A frame counts when nearly all its energy lies at one frequency; a tone is a run of such frames that keeps frequency and level.
Three rising tones of the right frequencies are the special information tones (ITU-T E.180, 950 / 1400 / 1800 Hz, with the North
American offsets of Telcordia GR-1162).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.audio.spectrum import HIGHEST_HZ, LOWEST_HZ, QUIETEST_DBFS, SHORT, energy_around, peak_hz, runs
from app.conversation import Tone
from app.timeline import Span
from app.vocabulary import ToneKind

PURITY = 0.90
LOWEST_BEEP_HZ, HIGHEST_BEEP_HZ = 350.0, 3_000.0
SHORTEST_BEEP_S, LONGEST_BEEP_S = 0.18, 1.05
"""200 ms to 1 s, with 20 to 50 ms for the edges."""

STEADY_HZ_RATIO = 0.005
"""Largest stray (95th percentile) from the median frequency; a held vowel wanders by more (measured on the sample set)."""

STEADY_DB = 2.0
"""Largest standard deviation of the level inside a beep."""

SIT_HZ = ((913.8, 985.2), (1370.6, 1428.5), (1776.7,))
"""The choices for the first, second and third tone; which of them sound tells why the call failed."""

SIT_TOLERANCE = 0.015
SHORTEST_SIT_S, LONGEST_SIT_S, LONGEST_SIT_GAP_S = 0.18, 0.5, 0.1
"""A tone lasts 276 or 380 ms, and 330 ms in the international form, with gaps of at most 30 ms."""

_LOBE_BINS = 4
_FREQUENCY_STEP = 1.03
"""Frames whose frequency lies within one step of the last one's are one run."""


@dataclass(frozen=True, slots=True, eq=False)
class SingleToneFrames:
    """What each short frame says: whether one frequency holds nearly all the energy, which one, and the level in dBFS."""

    is_pure: NDArray[np.bool_]
    peak_hz: NDArray[np.float64]
    level_dbfs: NDArray[np.float64]

    @classmethod
    def of(cls, power: NDArray[np.float32]) -> Self:
        """Judge each spectrum of a block (frames, bins) by itself."""
        total = power[:, SHORT.bins(LOWEST_HZ, HIGHEST_HZ)].sum(axis=1) + 1e-12
        level_dbfs = 10 * np.log10(total.astype(np.float64))
        found_hz, middle = peak_hz(power, SHORT.bins(LOWEST_BEEP_HZ, HIGHEST_BEEP_HZ), SHORT.bin_hz)
        is_pure = (energy_around(power, middle, _LOBE_BINS) >= PURITY * total) & (level_dbfs >= QUIETEST_DBFS)
        is_pure &= found_hz >= LOWEST_BEEP_HZ  # a peak below the band shows at its edge: the hum of a high voice
        return cls(is_pure, found_hz, level_dbfs)

    @classmethod
    def joined(cls, blocks: list[Self]) -> Self:
        """Return the frames of consecutive blocks as one."""
        return cls(*(np.concatenate([getattr(block, name) for block in blocks]) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class SteadyTone:
    """A run of pure frames: its span and its median frequency."""

    span: Span
    hz: float


def find_steady_tones(frames: SingleToneFrames) -> tuple[SteadyTone, ...]:
    """Return every steady single tone of at least ``SHORTEST_BEEP_S``, however long."""
    found: list[SteadyTone] = []
    for _, first, last in runs(_run_labels(frames)):
        if (last - first) * SHORT.hop_s < SHORTEST_BEEP_S - 2 * SHORT.hop_s:
            continue
        inner = slice(first + 3, last - 3)
        hz = float(np.median(frames.peak_hz[inner]))
        stray = float(np.percentile(np.abs(frames.peak_hz[inner] / hz - 1), 95))
        span = Span(max(0.0, SHORT.middle_s(first) - SHORT.hop_s), SHORT.middle_s(last - 1) + SHORT.hop_s)
        if (
            stray <= STEADY_HZ_RATIO
            and float(np.std(frames.level_dbfs[inner])) <= STEADY_DB
            and span.duration_s >= SHORTEST_BEEP_S
        ):
            found.append(SteadyTone(span, hz))
    return tuple(found)


def find_beeps(steady: tuple[SteadyTone, ...], channel: int) -> tuple[Tone, ...]:
    """Return the steady tones that are as short as a beep."""
    return tuple(
        Tone(channel, ToneKind.BEEP, f"{tone.hz:.0f}", tone.span) for tone in steady if tone.span.duration_s <= LONGEST_BEEP_S
    )


def find_sit(steady: tuple[SteadyTone, ...], channel: int) -> tuple[Tone, ...]:
    """Return the special information tones: three steady tones in a row, rising through ``SIT_HZ``."""
    found: list[Tone] = []
    for three in zip(steady, steady[1:], steady[2:], strict=False):
        nominal = [_nearest_sit(tone, choices) for tone, choices in zip(three, SIT_HZ, strict=True)]
        gaps_s = [after.span.start_s - before.span.end_s for before, after in pairwise(three)]
        if None not in nominal and max(gaps_s) <= LONGEST_SIT_GAP_S:
            detail = "+".join(f"{hz:g}" for hz in nominal if hz is not None)
            found.append(Tone(channel, ToneKind.SIT, detail, Span(three[0].span.start_s, three[2].span.end_s)))
    return tuple(found)


def _run_labels(frames: SingleToneFrames) -> NDArray[np.intp]:
    """Number the stretches of pure frames between which the frequency jumps; -1 elsewhere."""
    jumps = np.abs(np.diff(np.log(frames.peak_hz), prepend=np.log(frames.peak_hz[:1]))) > np.log(_FREQUENCY_STEP)
    return np.where(frames.is_pure, np.cumsum(jumps), -1)


def _nearest_sit(tone: SteadyTone, choices: tuple[float, ...]) -> float | None:
    if not SHORTEST_SIT_S <= tone.span.duration_s <= LONGEST_SIT_S:
        return None
    return next((hz for hz in choices if abs(tone.hz / hz - 1) <= SIT_TOLERANCE), None)
