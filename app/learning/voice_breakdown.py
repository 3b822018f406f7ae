"""For which lines, voices and people do the figures hold? Splits an evaluation by line, by verdict and by speaker.

Everything is read off the scores of an evaluation (:mod:`app.learning.voice_evaluation`), made by heads that had not heard what
they judge; nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.voice.model import VoiceModel
from app.learning.voice_auc import find_auc
from app.learning.voice_figures import HeardVoice
from app.learning.voice_held_out import HeldOut
from app.learning.voice_rows import Figures, each_source, is_live

WORST_SPEAKERS = 5


@dataclass(frozen=True, slots=True)
class LineResult:
    """One kind of line: ``auc`` is the mean over the sources heard over it; None where people or machines are missing."""

    line: str
    machine_rows: int
    live_rows: int
    auc: float | None
    live_called_not_live: float | None


@dataclass(frozen=True, slots=True)
class VerdictShares:
    """What one source (``live`` for people) was called, from the sound alone.

    ``not_live`` is recorded and synthetic together. The two are told apart by heads that never heard the engine either; they
    are None where no such head is left, because the model knows one recorded speaker or no engine but this.
    """

    source: str
    rows: int
    live: float
    unknown: float
    not_live: float
    recorded: float | None
    synthetic: float | None


@dataclass(frozen=True, slots=True)
class SpeakerResult:
    """Live people one by one: each was judged by heads fitted without that speaker.

    ``worst`` names those with the largest share of rows called not live, with that share and their rows.
    """

    speakers: int
    mean_called_not_live: float
    with_any_called_not_live: int
    with_most_called_not_live: int
    worst: tuple[tuple[str, float, int], ...]


def split_by_line(
    rows: Sequence[HeardVoice], held_out: HeldOut, tested: NDArray[np.bool_], model: VoiceModel
) -> tuple[LineResult, ...]:
    """Return the figures of each kind of line, sorted by name."""
    live = is_live(rows) & tested
    lines = np.array([row.line for row in rows])
    people = held_out.live_mean()
    results = []
    for line in sorted(set(lines[tested])):
        over = tested & (lines == line)
        callers = live & over
        each = [
            find_auc(held_out.machine[machines], held_out.live[source][callers])
            for source, of_source in each_source(rows)
            if (machines := of_source & over).any() and callers.any()
        ]
        results.append(
            LineResult(
                line=str(line),
                machine_rows=int((over & ~live).sum()),
                live_rows=int(callers.sum()),
                auc=_round(np.mean(each)) if each else None,
                live_called_not_live=_share(people[callers] > model.not_live_above),
            )
        )
    return tuple(results)


def count_verdicts(
    rows: Sequence[HeardVoice], held_out: HeldOut, recorded: Figures, tested: NDArray[np.bool_], model: VoiceModel
) -> tuple[VerdictShares, ...]:
    """Return what each source was called; ``recorded`` holds log-odds of recorded against synthetic, nan where unknown."""
    groups = [("live", is_live(rows) & tested), *((source, of & tested) for source, of in each_source(rows))]
    scores = np.where(is_live(rows), held_out.live_mean(), held_out.machine)
    shares = []
    for source, chosen in groups:
        if not chosen.any():
            continue
        refused = scores[chosen] > model.not_live_above
        kinds = recorded[chosen]
        is_told = not bool(np.isnan(kinds).any())
        shares.append(
            VerdictShares(
                source=source,
                rows=int(chosen.sum()),
                live=_round(np.mean(scores[chosen] < model.live_below)),
                unknown=_round(np.mean((scores[chosen] >= model.live_below) & ~refused)),
                not_live=_round(np.mean(refused)),
                recorded=_round(np.mean(refused & (kinds > 0))) if is_told else None,
                synthetic=_round(np.mean(refused & (kinds <= 0))) if is_told else None,
            )
        )
    return tuple(shares)


def split_by_speaker(
    rows: Sequence[HeardVoice], held_out: HeldOut, tested: NDArray[np.bool_], model: VoiceModel
) -> SpeakerResult:
    """Return how live people fared, each speaker counted once."""
    chosen = np.flatnonzero(is_live(rows) & tested)
    refused = held_out.live_mean()[chosen] > model.not_live_above
    names = np.array([rows[int(at)].voice.speaker for at in chosen])
    shares = {str(name): (float(refused[names == name].mean()), int((names == name).sum())) for name in sorted(set(names))}
    worst = sorted(((name, *told) for name, told in shares.items() if told[0] > 0), key=lambda told: (-told[1], told[0]))
    return SpeakerResult(
        speakers=len(shares),
        mean_called_not_live=_round(np.mean([share for share, _ in shares.values()])),
        with_any_called_not_live=sum(share > 0 for share, _ in shares.values()),
        with_most_called_not_live=sum(share > 0.5 for share, _ in shares.values()),
        worst=tuple((name, _round(share), count) for name, share, count in worst[:WORST_SPEAKERS]),
    )


def _share(marks: NDArray[np.bool_]) -> float | None:
    return _round(np.mean(marks)) if len(marks) else None


def _round(value: float | np.floating[Any]) -> float:
    return round(float(value), 4)
