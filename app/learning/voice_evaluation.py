"""How well does the model tell machines from people it never heard? Figures with their uncertainty.

The model carries copies of its first head that were fitted without each source and each group of speakers. A row is judged by
copies that never heard what is judged, on the corpus of the training as on any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.voice.model import VoiceModel
from app.learning.voice_auc import find_auc, find_auc_same_line
from app.learning.voice_breakdown import (
    LineResult,
    SpeakerResult,
    VerdictShares,
    count_verdicts,
    split_by_line,
    split_by_speaker,
)
from app.learning.voice_corpus import CLASSIC_ENGINES, RECORDED, normalise_text
from app.learning.voice_figures import HeardVoice
from app.learning.voice_held_out import (
    CONTENT_DIGITS,
    HeldOut,
    head_name,
    judged_as,
    score_held_out,
    score_recorded_held_out,
    score_speakers_held_out,
)
from app.learning.voice_rows import Figures, each_source, is_live
from app.shares import Share

GOAL_CLASSIC, GOAL_OTHER = 0.90, 0.85
GOAL_LIVE_REFUSED = 0.03
DRAWS = 300
"""Resamplings of files for a 95 % interval."""


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One engine or recorded speaker, judged by a model that never heard it, against live people it never heard either.

    ``auc`` is over the same kinds of line (each machine file is compared with people over that kind of line only, where there
    are any); ``auc_all`` over every line; ``auc_read`` against people who read aloud, who are the hardest to tell from
    machines.
    """

    source: str
    kind: str
    files: int
    rows: int
    auc: float
    auc_low: float
    auc_high: float
    auc_all: float
    auc_read: float | None
    called_not_live: float
    called_live: float
    unknown: float
    goal: float

    @property
    def is_met(self) -> bool:
        """Tell whether the goal is reached."""
        return self.auc >= self.goal


@dataclass(frozen=True, slots=True)
class LiveResult:
    """What became of live people whom the judging model had never heard."""

    files: int
    rows: int
    speakers: int
    called_not_live: float
    called_not_live_low: float
    called_not_live_high: float
    called_live: float
    unknown: float
    by_kind: Mapping[str, float]
    goal: float = GOAL_LIVE_REFUSED


@dataclass(frozen=True, slots=True)
class VoiceEvaluation:
    """Everything that was measured."""

    way: str
    model_version: str
    sources: tuple[SourceResult, ...]
    live: LiveResult
    speakers_left_out_auc: float | None
    matched_sentences: int
    matched_auc: float | None
    matched_auc_by_source: Mapping[str, float]
    brier: float
    calibration: tuple[tuple[float, float, int], ...]
    lines: tuple[LineResult, ...]
    verdicts: tuple[VerdictShares, ...]
    speakers: SpeakerResult
    known_files: int

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON-able values."""
        data = asdict(self)
        data["sources"] = [{**asdict(result), "is_met": result.is_met} for result in self.sources]
        return data


def evaluate_model(rows: Sequence[HeardVoice], model: VoiceModel, tested: NDArray[np.bool_] | None = None) -> VoiceEvaluation:
    """Return the figures of a model; each row is judged by a head that heard neither its source nor, of people, the speaker.

    ``tested`` marks the rows that are reported; the others join the test of matched sentences alone.
    """
    tested = np.ones(len(rows), dtype=bool) if tested is None else tested
    standardised = model.standardise(np.stack([row.figures for row in rows]))
    heard = model.training.get("heard", {})
    held_out = score_held_out(rows, standardised, model.without, model.not_live, heard)
    speakers = score_speakers_held_out(rows, standardised, model.without, heard)
    recorded = score_recorded_held_out(rows, standardised, model.without, model.recorded, heard)
    live = is_live(rows)
    auc = find_auc(speakers[tested & ~live], speakers[tested & live])
    known, _ = judged_as(rows, heard)
    new = sorted({str(name) for name in known[~live] if head_name(name, 0) not in model.without})
    way = "heads fitted without the source and without the people judged"
    way += f"; new to the model altogether: {', '.join(new)}" if new else ""
    return _evaluate(rows, held_out, recorded, tested, model, way, auc)


def _evaluate(
    rows: Sequence[HeardVoice],
    held_out: HeldOut,
    recorded: Figures,
    tested: NDArray[np.bool_],
    model: VoiceModel,
    way: str,
    speakers_auc: float | None,
) -> VoiceEvaluation:
    live = is_live(rows) & tested
    lines = np.array([row.line for row in rows])
    reads = live & np.array([row.voice.subclass == "read" for row in rows])
    files = np.array([row.voice.name.split("#")[0] for row in rows])
    results = []
    for source, of_source in each_source(rows):
        machines, people = of_source & tested, held_out.live[source]
        if not machines.any():
            continue
        scores = np.where(of_source, held_out.machine, people)
        low, high = _interval(scores, machines, live, lines, files)
        kind = _kind(next(row for row, yes in zip(rows, machines, strict=True) if yes))
        own = scores[machines]
        results.append(
            SourceResult(
                source=source,
                kind=kind,
                files=len(set(files[machines])),
                rows=int(machines.sum()),
                auc=_round(find_auc_same_line(own, lines[machines], scores[live], lines[live])),
                auc_low=_round(low),
                auc_high=_round(high),
                auc_all=_round(find_auc(own, scores[live])),
                auc_read=_round(find_auc(own, scores[reads])) if reads.any() else None,
                called_not_live=_round(float(np.mean(own > model.not_live_above))),
                called_live=_round(float(np.mean(own < model.live_below))),
                unknown=_round(float(np.mean((own >= model.live_below) & (own <= model.not_live_above)))),
                goal=GOAL_CLASSIC if kind == "classic" else GOAL_OTHER,
            )
        )
    everyone = np.where(live, held_out.live_mean(), held_out.machine)
    matched = _matched(rows, held_out)
    chances = 1 / (1 + np.exp(-everyone[tested]))
    truth = (~is_live(rows))[tested]
    return VoiceEvaluation(
        way=way,
        model_version=model.version,
        sources=tuple(results),
        live=_live_result(rows, everyone, live, model),
        speakers_left_out_auc=None if speakers_auc is None else _round(speakers_auc),
        matched_sentences=matched[0],
        matched_auc=matched[1],
        matched_auc_by_source=matched[2],
        brier=_round(float(np.mean((chances - truth) ** 2))),
        calibration=_calibration_table(chances, truth),
        lines=split_by_line(rows, held_out, tested, model),
        verdicts=count_verdicts(rows, held_out, recorded, tested, model),
        speakers=split_by_speaker(rows, held_out, tested, model),
        known_files=_count_known(rows, model),
    )


def _count_known(rows: Sequence[HeardVoice], model: VoiceModel) -> int:
    """Return how many of the files are among those that the model learned from."""
    taught = {content for contents in model.training.get("heard", {}).values() for content in contents}
    return len({row.voice.name.split("#")[0] for row in rows if row.content_sha256[:CONTENT_DIGITS] in taught})


def _live_result(rows: Sequence[HeardVoice], scores: Figures, live: NDArray[np.bool_], model: VoiceModel) -> LiveResult:
    refused = live & (scores > model.not_live_above)
    passed = live & (scores < model.live_below)
    kinds = np.array([row.voice.subclass for row in rows])
    low, high = Share(int(refused.sum()), int(live.sum())).interval
    return LiveResult(
        files=len({row.voice.name.split("#")[0] for row, yes in zip(rows, live, strict=True) if yes}),
        rows=int(live.sum()),
        speakers=len({row.voice.speaker for row, yes in zip(rows, live, strict=True) if yes}),
        called_not_live=_round(refused.sum() / live.sum()),
        called_not_live_low=_round(low),
        called_not_live_high=_round(high),
        called_live=_round(passed.sum() / live.sum()),
        unknown=_round(1.0 - (refused.sum() + passed.sum()) / live.sum()),
        by_kind={str(kind): _round(refused[live & (kinds == kind)].mean()) for kind in sorted(set(kinds[live]))},
    )


def _matched(rows: Sequence[HeardVoice], held_out: HeldOut) -> tuple[int, float | None, dict[str, float]]:
    """Compare machines with people on the sentences that both say, whoever made the recordings."""
    texts = np.array([normalise_text(row.voice.text) for row in rows])
    live = is_live(rows)
    shared = {text for text in set(texts[live]) & set(texts[~live]) if text}
    said = np.array([text in shared for text in texts])
    by_source = {}
    for source, of_source in each_source(rows):
        machines = said & of_source
        if machines.any():
            by_source[source] = _round(find_auc(held_out.machine[machines], held_out.live[source][said & live]))
    return len(shared), _round(float(np.mean(list(by_source.values())))) if by_source else None, by_source


def _interval(
    scores: Figures, machines: NDArray[np.bool_], live: NDArray[np.bool_], lines: NDArray[np.str_], files: NDArray[np.str_]
) -> tuple[float, float]:
    rng = np.random.default_rng(1)
    drawn = [
        find_auc_same_line(scores[own], lines[own], scores[people], lines[people])
        for own, people in ((_redraw(machines, files, rng), _redraw(live, files, rng)) for _ in range(DRAWS))
    ]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def _redraw(chosen: NDArray[np.bool_], files: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw whole files with replacement: the lines of one file are no independent evidence."""
    at = np.flatnonzero(chosen)
    _, which = np.unique(files[at], return_inverse=True)
    of_file = np.split(at[np.argsort(which, kind="stable")], np.cumsum(np.bincount(which))[:-1])
    return np.concatenate([of_file[index] for index in rng.integers(len(of_file), size=len(of_file))])


def _calibration_table(chances: Figures, truth: NDArray[np.bool_]) -> tuple[tuple[float, float, int], ...]:
    """Return for each fifth of the scale the mean chance said, the share that was not live, and how many there were."""
    fifth = np.minimum((chances * 5).astype(int), 4)
    return tuple(
        (_round(chances[fifth == at].mean()), _round(truth[fifth == at].mean()), int((fifth == at).sum()))
        for at in range(5)
        if (fifth == at).any()
    )


def _kind(row: HeardVoice) -> str:
    if row.voice.truth == RECORDED:
        return "recorded"
    return "classic" if row.voice.source in CLASSIC_ENGINES else "neural"


def _round(value: float) -> float:
    return round(float(value), 4)
