"""Which rows of a corpus belong together, and how much does each count? Sources, speakers, groups of speakers, weights.

Every source (an engine, a recorded speaker) has the same say however many files it has, and people have half of it all: a
model must not learn which engine the corpus is full of.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from app.learning.voice_corpus import LIVE
from app.learning.voice_figures import HeardVoice

Figures = NDArray[np.float64]


def is_live(rows: Sequence[HeardVoice]) -> NDArray[np.bool_]:
    """Return which rows are live people."""
    return np.array([row.is_live for row in rows])


def sources_of(rows: Sequence[HeardVoice]) -> NDArray[np.str_]:
    """Return the source of each row."""
    return np.array([row.voice.source for row in rows])


def list_machine_sources(rows: Sequence[HeardVoice]) -> list[str]:
    """Return the sources that are not live people, sorted."""
    return sorted({row.voice.source for row in rows if row.voice.truth != LIVE})


def each_source(rows: Sequence[HeardVoice]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each machine source with the rows that are of it."""
    sources = sources_of(rows)
    for source in list_machine_sources(rows):
        yield source, sources == source


def speaker_folds(rows: Sequence[HeardVoice], folds: int) -> NDArray[np.int64]:
    """Return a group for each row; all rows of one speaker share it, and it depends on the speaker's name alone."""
    return np.array([zlib.crc32(row.voice.speaker.encode()) % folds for row in rows])


def weigh(rows: Sequence[HeardVoice], kept: NDArray[np.bool_] | None = None) -> Figures:
    """Return a weight for each row: half for people, by the kinds of recording in equal parts, half for machines, by source."""
    kept = np.ones(len(rows), dtype=bool) if kept is None else kept
    kinds = np.array([f"live {row.voice.subclass}" if row.is_live else row.voice.source for row in rows])
    weights = np.zeros(len(rows))
    live = is_live(rows)
    for people in (True, False):
        inside = kept & (live == people)
        for kind in (names := sorted(set(kinds[inside]))):
            rows_of_kind = inside & (kinds == kind)
            weights[rows_of_kind] = 0.5 / len(names) / rows_of_kind.sum()
    return np.asarray(weights * kept.sum())


def weighted_quantile(values: Figures, weights: Figures, share: float) -> float:
    """Return the value below which ``share`` of the weight lies."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / np.sum(weights)
    return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])
