"""Where does another line, or another speaker's recording, take over?

A menu hands over to a person, a person to a machine: what changes is the voice and the noise of the line behind it, and it
changes in a pause. Each pause is weighed by what stands on both sides: the cepstra of the three seconds of voice before and
after (Bayesian information criterion, Chen & Gopalakrishnan 1998), a step of the noise inside the pause, and its length.
The weights are a logistic regression's over 120 calls that ``tests/bench/parts.py`` composes of the development audio.
A change without any pause is not found here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.timbre import CEPSTRA, FAINTEST, HOP_S, TimbreTrack
from app.timeline import Span

QUIET_DB, VOICED_DB = 18.0, 22.0
"""A pause is this far below the people around it; a voice is within this of them."""

SHORTEST_PAUSE_S = 0.1
VOICE_FRAMES, REACH_FRAMES = 190, 400
"""Three seconds of voice, gathered from at most 6.4 s on each side."""

FEWEST_FRAMES = 20
_RIDGE = 0.05
_DECAY_FRAMES = 3
"""The first frames of a pause still hold the end of a word."""

_FEWEST_NOISE_FRAMES = 6
_LEAST_SPREAD = 0.3
MOST = 30.0
"""Measures above this say no more."""

WEIGHTS = {"bic": 0.123, "step": 0.573, "pause": 1.274}
OFFSET = -3.267
"""Two halves of the voices, each judged by weights of the other half: area under the curve 0.960 and 0.967."""

BEFORE_ONSET_S = 0.3
"""Where in the pause: a party that takes over is heard within this of its line (nine of ten composed joints: 0.03 to 0.6 s)."""


@dataclass(frozen=True, slots=True)
class LineChange:
    """A pause in which line or voice may change: where exactly, and how likely (0 to 1)."""

    at_s: float
    pause: Span
    probability: float


def find_line_changes(track: TimbreTrack, taken: Sequence[Span] = ()) -> tuple[LineChange, ...]:
    """Return the pauses of a channel with how likely line or voice change in them; ``taken`` is where tones sound."""
    found = []
    for first, last, features in measure_pauses(track, taken):
        score = OFFSET + sum(WEIGHTS[name] * features[name] for name in WEIGHTS)
        pause = Span(first * HOP_S, last * HOP_S)
        at_s = max(pause.start_s, pause.end_s - BEFORE_ONSET_S)
        found.append(LineChange(round(at_s, 3), pause, round(float(1 / (1 + np.exp(-score))), 4)))
    return tuple(found)


def measure_pauses(track: TimbreTrack, taken: Sequence[Span]) -> list[tuple[int, int, dict[str, float]]]:
    """Return (first frame, one past the last, what was measured) for each pause with voices on both sides."""
    is_taken = track.mark(taken)
    loud = track.find_loudness()
    is_voiced = (track.level_dbfs > loud - VOICED_DB) & ~is_taken
    is_quiet = (track.level_dbfs < loud - QUIET_DB) & ~is_taken
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_quiet, [False])).astype(np.int8)))
    measured = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if (last - first) * HOP_S < SHORTEST_PAUSE_S:
            continue
        low = max(0, first - REACH_FRAMES)
        before = low + np.flatnonzero(is_voiced[low:first])[-VOICE_FRAMES:]
        after = last + np.flatnonzero(is_voiced[last : last + REACH_FRAMES])[:VOICE_FRAMES]
        if min(before.size, after.size) >= FEWEST_FRAMES:
            features = {
                "bic": min(_compare_voices(track, before, after), MOST),
                "step": min(_find_step(track, first, last), MOST),
                "pause": float(np.log((last - first) * HOP_S)),
            }
            measured.append((first, last, features))
    return measured


def _compare_voices(track: TimbreTrack, before: NDArray[np.intp], after: NDArray[np.intp]) -> float:
    """Return by how much two models of the voice beat one, beyond what their size explains, per root of the frames."""
    left, right = track.cepstra(before), track.cepstra(after)
    count = len(left) + len(right)
    ridge = _RIDGE * np.eye(CEPSTRA)
    together, first, second = (
        float(np.linalg.slogdet(np.cov(side.T) + ridge)[1]) for side in (np.concatenate([left, right]), left, right)
    )
    gain = 0.5 * (count * together - len(left) * first - len(right) * second)
    penalty = 0.5 * (CEPSTRA + CEPSTRA * (CEPSTRA + 1) / 2) * np.log(count)
    return float((gain - penalty) / np.sqrt(count))


def _find_step(track: TimbreTrack, first: int, last: int) -> float:
    """Return how clear the clearest step of the noise inside a pause is, in standard deviations of its bands."""
    noise = np.maximum(track.bands[first + _DECAY_FRAMES : last - 1].astype(np.float64), FAINTEST)
    count = len(noise)
    if count < _FEWEST_NOISE_FRAMES:
        return 0.0
    split = np.arange(3, count - 2)
    sums = np.cumsum(noise, axis=0)
    before, after = sums[split - 1] / split[:, None], (sums[-1] - sums[split - 1]) / (count - split)[:, None]
    spread = float(noise.var(axis=0).mean()) + _LEAST_SPREAD
    strength = split * (count - split) / count * np.square(after - before).mean(axis=1) / spread
    return float(np.sqrt(strength.max()))
