"""What can be learned about voices from a corpus? Fits the voice model, and fits it again with a source or a speaker left out.

Every source (an engine, a recorded speaker) has the same say however many files it has, and people have half of it all: the
model must not learn which engine the corpus is full of. The odds are calibrated on scores from models that never heard the
source or the person; on its own training data a model is always too sure.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.features import SIGNAL_FEATURES
from app.audio.voice.model import FURTHEST_LOG_ODDS, Head, VoiceModel
from app.audio.voice.stretches import name_groups
from app.learning.voice_corpus import LIVE, RECORDED
from app.learning.voice_figures import HeardVoice

STRENGTH = 0.02
RECORDED_STRENGTH = 0.002
"""Inverse regularisation (scikit-learn's C). Measured with each source left out: mean AUC 0.92 at 0.002 and 0.93 at 0.02. For
recorded or synthetic, of which the corpus has one recorded speaker, it is held low."""

GROUP_SHARE = {"timbre": 1.0, "liveliness": 0.25, "spectrum": 1.0, "line": 1.0, "pitch": 1.0, "pauses": 1.0}
"""How freely each group may be used; measured with each source left out (mean AUC 0.915 to 0.931 over 27 settings of this and
of STRENGTH). Deviations generalise a little worse to engines never heard than means do, so they are held back."""

SPEAKER_FOLDS = 5
"""Groups of speakers; each is judged by heads that were fitted without it."""

ANY_SOURCE = "*"
"""Stands for no source in the name of a head that was fitted without a group of speakers alone."""

MOST_LIVE_REFUSED = 0.015
"""Share of live people, none of whom the judging model had heard, above the line for "not live". The promise is 3 %; the
half that is kept back allows for callers unlike those of the corpus."""

MOST_MACHINES_PASSED = 0.10
"""Share of machine voices, their engine never heard, below the line for "live"; between the lines the answer is unknown."""

CONTENT_DIGITS = 12
"""Hexadecimal digits of a file's SHA-256 by which it is known again: 48 bits, no two of a million files alike."""

Figures = NDArray[np.float64]
Heard = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Calibrated log-odds from models that had not heard the source, nor the person.

    ``machine`` has one number for each row (nan for people); ``live`` for each source left out one number for each row (nan for
    machines).
    """

    machine: Figures
    live: Mapping[str, Figures]

    def live_mean(self) -> Figures:
        """Return for each person the mean over the sources left out."""
        return np.asarray(np.mean(list(self.live.values()), axis=0))


def fit_voice_model(
    rows: Sequence[HeardVoice], *, version: str, encoder_sha256: str, training: Mapping[str, object]
) -> VoiceModel:
    """Return the model learned from the rows, its operating point, and the heads that judge what they have not heard."""
    figures = np.stack([row.figures for row in rows])
    center, scale = _standards(rows, figures)
    standardised = (figures - center) / scale
    heads = _fit_held_out(rows, standardised)
    whole = _fit_head(rows, standardised, np.ones(len(rows), dtype=bool))
    slope, offset = _calibration(rows, score_held_out(rows, standardised, heads, whole))
    heads = {name: _as_odds(head, slope, offset) for name, head in heads.items()}
    whole = _as_odds(whole, slope, offset)
    held_out = score_held_out(rows, standardised, heads, whole)
    live = is_live(rows)
    above = float(np.quantile(held_out.live_mean()[live], 1.0 - MOST_LIVE_REFUSED))
    below = min(above, weighted_quantile(held_out.machine[~live], weigh(rows)[~live], MOST_MACHINES_PASSED))
    return VoiceModel(
        version=version,
        encoder_sha256=encoder_sha256,
        center=center,
        scale=scale,
        not_live=whole,
        recorded=_fit_recorded(rows, standardised, ~live),
        live_below=round(below, 4),
        not_live_above=round(above, 4),
        without={**heads, **_fit_recorded_held_out(rows, standardised)},
        training={**training, "heard": list_heard(rows)},
    )


def score_held_out(
    rows: Sequence[HeardVoice], standardised: Figures, heads: Mapping[str, Head], whole: Head, heard: Heard | None = None
) -> HeldOut:
    """Return scores of every row by heads that heard neither its source nor, of people, the speaker.

    A source that no head was fitted without is new to all of them: the head fitted on everything judges it, and people are
    judged by the heads that were fitted without their group of speakers. A file of the training is known by its content, by
    whatever names another manifest calls it.
    """
    live, sources = is_live(rows), sources_of(rows)
    known, folds = judged_as(rows, heard or {})
    machine = np.full(len(rows), np.nan)
    people: dict[str, Figures] = {}
    for source in list_machine_sources(rows):
        of_source = sources == source
        for judge in sorted(set(known[of_source])):
            inside = of_source & (known == judge)
            is_known = head_name(judge, 0) in heads
            judges = [heads[head_name(judge, fold)] for fold in range(SPEAKER_FOLDS)] if is_known else [whole]
            machine[inside] = np.mean([_margins(head, standardised[inside]) for head in judges], axis=0)
        names, counts = np.unique(known[of_source], return_counts=True)
        most = str(names[np.argmax(counts)])
        name = most if head_name(most, 0) in heads else ANY_SOURCE
        people[source] = np.full(len(rows), np.nan)
        for fold in range(SPEAKER_FOLDS):
            inside = live & (folds == fold)
            people[source][inside] = _margins(heads[head_name(name, fold)], standardised[inside])
    return HeldOut(machine, people)


def score_recorded_held_out(
    rows: Sequence[HeardVoice], standardised: Figures, heads: Mapping[str, Head], whole: Head, heard: Heard | None = None
) -> Figures:
    """Return log-odds of recorded against synthetic by heads that never heard the source; nan where none was left to fit."""
    known, _ = judged_as(rows, heard or {})
    scores = np.full(len(rows), np.nan)
    for judge in sorted(set(known)):
        inside = known == judge
        is_new = head_name(judge, 0) not in heads  # people are new to it too: it is fitted on machines alone
        head = whole if is_new else heads.get(kind_head_name(judge))
        if head is not None:
            scores[inside] = _margins(head, standardised[inside])
    return scores


def judged_as(rows: Sequence[HeardVoice], heard: Heard) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Return for each row the source and the group of speakers that its judge must not have heard.

    They go by the names of the manifest, except for the very files that the model learned from.
    """
    sources, folds = sources_of(rows).astype(object), speaker_folds(rows, SPEAKER_FOLDS)
    by_content = {content: whose for whose, contents in heard.items() for content in contents}
    for at, row in enumerate(rows):
        whose = by_content.get(row.content_sha256[:CONTENT_DIGITS])
        if whose is not None:
            name, _, fold = whose.rpartition("|")
            sources[at], folds[at] = name, int(fold)
    return sources.astype(str), folds


def list_heard(rows: Sequence[HeardVoice]) -> dict[str, list[str]]:
    """Return what the rows are known by later: the content of their files, by source and group of speakers."""
    folds = speaker_folds(rows, SPEAKER_FOLDS)
    found: dict[str, set[str]] = {}
    for row, fold in zip(rows, folds, strict=True):
        if row.content_sha256:
            found.setdefault(head_name(row.voice.source, int(fold)), set()).add(row.content_sha256[:CONTENT_DIGITS])
    return {whose: sorted(contents) for whose, contents in sorted(found.items())}


def score_speakers_held_out(
    rows: Sequence[HeardVoice], standardised: Figures, heads: Mapping[str, Head], heard: Heard | None = None
) -> Figures:
    """Return scores of every row by heads that had not heard its speaker, person or machine voice (the engine they had)."""
    _, folds = judged_as(rows, heard or {})
    scores = np.full(len(rows), np.nan)
    for fold in range(SPEAKER_FOLDS):
        inside = folds == fold
        scores[inside] = _margins(heads[head_name(ANY_SOURCE, fold)], standardised[inside])
    return scores


def head_name(source: str, fold: int) -> str:
    """Return the name of the head that heard neither a source nor the people of a group of speakers."""
    return f"{source}|{fold}"


def kind_head_name(source: str) -> str:
    """Return the name of the head that tells recorded from synthetic and never heard a source."""
    return f"{source}|kind"


def is_live(rows: Sequence[HeardVoice]) -> NDArray[np.bool_]:
    """Return which rows are live people."""
    return np.array([row.is_live for row in rows])


def sources_of(rows: Sequence[HeardVoice]) -> NDArray[np.str_]:
    """Return the source of each row."""
    return np.array([row.voice.source for row in rows])


def list_machine_sources(rows: Sequence[HeardVoice]) -> list[str]:
    """Return the sources that are not live people, sorted."""
    return sorted({row.voice.source for row in rows if row.voice.truth != LIVE})


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


def _standards(rows: Sequence[HeardVoice], figures: Figures) -> tuple[Figures, Figures]:
    groups = name_groups((figures.shape[1] - len(SIGNAL_FEATURES)) // 2)
    shares = np.array([GROUP_SHARE[group] for group in groups])
    return figures.mean(axis=0), (figures.std(axis=0) + 1e-6) / shares


def _fit_head(rows: Sequence[HeardVoice], standardised: Figures, kept: NDArray[np.bool_]) -> Head:
    truth = ~is_live(rows)
    return _logistic(standardised[kept], truth[kept], weigh(rows, kept)[kept], STRENGTH)


def _fit_held_out(rows: Sequence[HeardVoice], standardised: Figures) -> dict[str, Head]:
    live, sources, folds = is_live(rows), sources_of(rows), speaker_folds(rows, SPEAKER_FOLDS)
    heads = {}
    for fold in range(SPEAKER_FOLDS):
        inside = folds == fold
        heads[head_name(ANY_SOURCE, fold)] = _fit_head(rows, standardised, ~inside)
        for source in list_machine_sources(rows):
            heads[head_name(source, fold)] = _fit_head(rows, standardised, (sources != source) & ~(live & inside))
    return heads


def _fit_recorded_held_out(rows: Sequence[HeardVoice], standardised: Figures) -> dict[str, Head]:
    """Return heads without each source; none without a source that alone is recorded, or alone synthetic."""
    machines, sources = ~is_live(rows), sources_of(rows)
    truth = np.array([row.voice.truth == RECORDED for row in rows])
    heads = {}
    for source in list_machine_sources(rows):
        kept = machines & (sources != source)
        if truth[kept].any() and not truth[kept].all():
            heads[kind_head_name(source)] = _fit_recorded(rows, standardised, kept)
    return heads


def _fit_recorded(rows: Sequence[HeardVoice], standardised: Figures, machines: NDArray[np.bool_]) -> Head:
    truth = np.array([row.voice.truth == RECORDED for row in rows]) & machines
    if not truth.any() or truth[machines].all():
        return Head(np.zeros(standardised.shape[1]), FURTHEST_LOG_ODDS * (1 if truth.any() else -1))
    weights = np.where(truth, 0.5 / truth.sum(), 0.5 / (machines & ~truth).sum()) * machines.sum()
    return _logistic(standardised[machines], truth[machines], weights[machines], RECORDED_STRENGTH)


def _logistic(figures: Figures, truth: NDArray[np.bool_], weights: Figures, strength: float) -> Head:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=strength, max_iter=1000).fit(figures, truth, sample_weight=weights)
    return Head(fitted.coef_[0].astype(np.float64), float(fitted.intercept_[0]))


def _margins(head: Head, standardised: Figures) -> Figures:
    return np.asarray(standardised @ head.weights + head.intercept)


def _calibration(rows: Sequence[HeardVoice], held_out: HeldOut) -> tuple[float, float]:
    """Return slope and offset that make held-out margins into log-odds (Platt 1999), people and machines equally likely."""
    live = is_live(rows)
    margins = np.where(live, held_out.live_mean(), held_out.machine)
    head = _logistic(margins[:, None], ~live, weigh(rows), 1e6)
    return float(head.weights[0]), head.intercept


def _as_odds(head: Head, slope: float, offset: float) -> Head:
    return Head(head.weights * slope, head.intercept * slope + offset)


def each_source(rows: Sequence[HeardVoice]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each machine source with the rows that are of it."""
    sources = sources_of(rows)
    for source in list_machine_sources(rows):
        yield source, sources == source
