"""Which stretches of a channel go to the recogniser, and where are they cut?

Everything is heard except what is certainly not speech: digital silence, long stretches no louder than the line itself, and
signalling that was recognised as such. A voice detector does not decide here: on telephone lines it loses whole callers.
What is left is cut at its quietest points, into clips that fill most of the recogniser's 30 s window; short clips share
one, because each window costs the same: :func:`pack_clips` puts together what belongs into one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.audio.levels import LEVEL_FRAME_S, find_digital_silence, find_noise_floor_dbfs, measure_frames
from app.audio.pcm import HOUSE_RATE_HZ
from app.timeline import Span, gaps, merge

WINDOW_S = 30.0
"""What Whisper hears at once (Radford et al. 2022, section 2.2); shorter input is padded to it and costs the same."""

CLIP_S = 24.0
"""What a window is filled with. Shorter than Whisper's, because a window that goes wrong then loses less: joined telephone
sentences lost 1.9 % of their words, and 3.8 % with 29.5 s (see ``docs/speed.md``)."""

QUIET_MARGIN_DB = 4.0
"""A frame within this of the noise floor is line noise: the level of 20 ms of stationary noise varies by less than 1 dB
(standard deviation, 160 independent samples at 8 kHz), and the floor is itself the loudest of the quietest tenth."""

FAINTEST_VOICE_DB = 40.0
"""What lies this far below the loudest twentieth of the channel is the other party's echo or the line: telephone echo that is
heard at all is weaker by 20 to 50 dB, while two people on one line seldom differ by more than 25."""

LOUDEST_QUIET_DBFS = -40.0
"""Nothing louder is left out, however steady: where somebody speaks without a pause the floor is that of speech."""

LONG_QUIET_S = 2.0
"""Only quiet of this length is left out; a shorter pause stays inside its clip, as speech sounds with it."""

KEPT_EDGE_S = 0.8
"""How much of a long quiet stays on both sides of what is heard: onsets are softer than the gate, and sentences that are set
close together are skipped more often (on 10 composed calls of 200 sentences 4.4 % deletions, 5.0 % with 0.4 s)."""

EARLIEST_CUT_S = 16.0
"""A cut is looked for in the last third of the window, so that windows are at least two thirds full."""

LATENESS_DB_PER_S = 0.3
"""A second less in the window must buy this much more quiet at the cut."""

LEAST_CLIP_S = 0.2
"""Nothing shorter holds a word (the shortest English words last about 0.1 s, and their neighbours are in other clips)."""


def plan_clips(samples: NDArray[np.int16], not_speech: Sequence[Span] = ()) -> tuple[Span, ...]:
    """Return what to recognise on one channel: sorted, disjoint, each at most 30 s.

    Parameters
    ----------
    samples
        int16 array of shape (n,), 16 kHz.
    not_speech
        What is known to be something else, such as ringback or music.
    """
    duration_s = len(samples) / HOUSE_RATE_HZ
    if not len(samples):
        return ()
    levels = measure_frames(samples)
    heard = _find_heard(samples, levels, not_speech, duration_s)
    kept = np.flatnonzero(_mark(heard, len(levels)))
    return tuple(
        Span(start_s, min(end_s, duration_s))
        for window in _cut(kept, levels)
        for start_s, end_s in _as_times(window)
        if min(end_s, duration_s) - start_s >= LEAST_CLIP_S
    )


def pack_clips(clips: Sequence[Span], *, window_s: float = CLIP_S) -> tuple[tuple[Span, ...], ...]:
    """Return the clips in order, grouped so that each group lasts at most ``window_s`` together, or is a single clip.

    Raises
    ------
    ValueError
        If a clip is longer than Whisper's window.
    """
    groups: list[list[Span]] = []
    filled_s = 0.0
    for span in clips:
        if span.duration_s > WINDOW_S + 1e-6:
            raise ValueError(f"a clip lasts at most {WINDOW_S} s, got {span.duration_s:.3f} s from {span.start_s:.3f} s on")
        if groups and filled_s + span.duration_s <= window_s + 1e-6:
            groups[-1].append(span)
            filled_s += span.duration_s
        else:
            groups.append([span])
            filled_s = span.duration_s
    return tuple(tuple(group) for group in groups)


def _find_heard(
    samples: NDArray[np.int16], levels: NDArray[np.float64], not_speech: Sequence[Span], duration_s: float
) -> tuple[Span, ...]:
    audible = ~find_digital_silence(samples)
    floor = find_noise_floor_dbfs(levels, audible)
    if floor is None:
        return ()
    faintest = float(np.percentile(levels[audible], 95)) - FAINTEST_VOICE_DB
    quiet = ~audible | (levels < min(max(floor + QUIET_MARGIN_DB, faintest), LOUDEST_QUIET_DBFS))
    whole = Span(0.0, duration_s)
    silent = [_shrink(span, whole) for span in _runs(quiet, duration_s) if span.duration_s >= LONG_QUIET_S]
    return gaps(merge([*silent, *not_speech]), whole)


def _runs(marks: NDArray[np.bool_], duration_s: float) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marks, [False])).astype(np.int8)))
    return [
        Span(float(start) * LEVEL_FRAME_S, min(float(end) * LEVEL_FRAME_S, duration_s))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _shrink(span: Span, whole: Span) -> Span:
    start_s = span.start_s + (KEPT_EDGE_S if span.start_s > whole.start_s else 0.0)
    return Span(start_s, max(start_s, span.end_s - (KEPT_EDGE_S if span.end_s < whole.end_s else 0.0)))


def _mark(spans: Sequence[Span], frame_count: int) -> NDArray[np.bool_]:
    marks = np.zeros(frame_count, dtype=np.bool_)
    for span in spans:
        marks[int(span.start_s / LEVEL_FRAME_S + 1e-6) : int(np.ceil(span.end_s / LEVEL_FRAME_S - 1e-6))] = True
    return marks


def _cut(kept: NDArray[np.int64], levels: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Cut the kept frames into runs of at most one window, where it is quietest; a gap in them is as quiet as can be."""
    most, least = round(CLIP_S / LEVEL_FRAME_S), round(EARLIEST_CUT_S / LEVEL_FRAME_S)
    smoothed = np.convolve(levels, np.full(15, 1 / 15), mode="same")[kept]
    joints = np.flatnonzero(np.diff(kept) > 1) + 1
    smoothed[joints] = levels.min()
    windows = []
    while len(kept) > most:
        lateness = np.arange(most - least, -1, -1) * LEVEL_FRAME_S * LATENESS_DB_PER_S
        at = least + int(np.argmin(smoothed[least : most + 1] + lateness))
        windows.append(kept[:at])
        kept, smoothed = kept[at:], smoothed[at:]
    return [*windows, kept] if len(kept) else windows


def _as_times(frames: NDArray[np.int64]) -> list[tuple[float, float]]:
    breaks = np.flatnonzero(np.diff(frames) > 1) + 1
    return [
        (round(float(run[0]) * LEVEL_FRAME_S, 6), round(float(run[-1] + 1) * LEVEL_FRAME_S, 6))
        for run in np.split(frames, breaks)
    ]
