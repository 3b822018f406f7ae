"""How is the language check made and tested? Fits a logistic regression on the recogniser's doubts, language by language.

Every figure that is reported comes from a copy of the model that did not hear the language (or, for English, the speaker) it is
tested on. The two lines, from which on a stretch is unsure or not English, are set on the same left-out figures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.language_check import check_channel, gather_stretches, measure_stretch
from app.audio.language_model import LanguageModel, write_language_model
from app.errors import InvalidInput
from app.learning.language_corpus import HeardPassage
from app.timeline import total_s

MODEL_SERIES = "language-1"
ENGLISH = "en"
ENGLISH_FOLDS = 10
FALSE_FOREIGN, FALSE_UNSURE = 0.005, 0.03
"""At most these shares of English stretches, heard by copies that do not know the speaker, lie above the two lines."""

LEAST_SPEECH_S = 4.0


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """One language, or English of one kind of speaker: passages judged by copies of the model that never heard it."""

    name: str
    passages: int
    foreign: int
    unsure: int
    stretches: int
    foreign_stretches: int


@dataclass(frozen=True, slots=True)
class TrainedLanguage:
    """A model and what copies of it say of languages and speakers they did not hear."""

    model: LanguageModel
    rows: tuple[LanguageRow, ...]
    auc: float


def train_language(heard: Sequence[HeardPassage], *, asr_sha256: str) -> TrainedLanguage:
    """Return the model learned from passages that may be learned from, tested on all of them.

    Raises
    ------
    InvalidInput
        If there is no English, or fewer than two other languages, with words in it.
    """
    figures, foreign, groups, at_passage = _measure(heard)
    may_train = np.array([heard[at].passage.may_train for at in at_passage])
    languages = {heard[at].passage.language for at in at_passage if heard[at].passage.may_train}
    if ENGLISH not in languages or len(languages) < 3:
        told = ", ".join(sorted(languages)) or "none"
        raise InvalidInput(f"expected English and at least two other languages to learn from, got {told}")
    odds = np.zeros(len(figures))
    copies: dict[str, LanguageModel] = {}
    for group in sorted(set(groups)):
        left_out = np.array([other == group for other in groups])
        copies[group] = _fit(figures[may_train & ~left_out], foreign[may_train & ~left_out], asr_sha256)
        odds[left_out] = [copies[group].log_odds(row) for row in figures[left_out]]
    foreign_above = _line(odds[~foreign], FALSE_FOREIGN)
    unsure_above = min(_line(odds[~foreign], FALSE_UNSURE), foreign_above)

    def with_lines(model: LanguageModel) -> LanguageModel:
        return replace(model, unsure_above=unsure_above, foreign_above=foreign_above)

    whole = replace(with_lines(_fit(figures[may_train], foreign[may_train], asr_sha256)), training=_describe(heard))
    rows = _test(heard, {group: with_lines(copy) for group, copy in copies.items()}, whole)
    content = hashlib.sha256(write_language_model(whole).encode()).hexdigest()
    return TrainedLanguage(replace(whole, version=f"{MODEL_SERIES}-{content[:8]}"), rows, _auc(odds, foreign))


def render_training(trained: TrainedLanguage) -> str:
    """Return the figures as a table for a person at a terminal."""
    lines = [
        f"area under the curve, stretches of about 12 s, language or speaker left out: {trained.auc:.3f}",
        f"{'':24} {'passages':>8} {'not English':>12} {'unsure':>7} {'stretches':>10} {'not English':>12}",
    ]
    for row in trained.rows:
        lines.append(
            f"{row.name:24} {row.passages:8} {row.foreign:12} {row.unsure:7} {row.stretches:10} {row.foreign_stretches:12}"
        )
    return "\n".join(lines)


def training_to_json(trained: TrainedLanguage) -> dict[str, Any]:
    """Return the figures as JSON-able values."""
    rows = [asdict(row) for row in trained.rows]
    return {"version": trained.model.version, "auc": round(trained.auc, 4), "rows": rows}


def _group_of(heard: HeardPassage) -> str:
    """Name what is left out together: a language, or one of ten sets of English speakers."""
    passage = heard.passage
    if passage.language != ENGLISH:
        return passage.language
    fold = int(hashlib.sha256(passage.speaker.encode()).hexdigest(), 16) % ENGLISH_FOLDS
    return f"{ENGLISH}-{fold}"


def _measure(
    heard: Sequence[HeardPassage],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str], list[int]]:
    figures, foreign, groups, at_passage = [], [], [], []
    for at, item in enumerate(heard):
        for stretch in gather_stretches(item.words, item.speech):
            measured = measure_stretch(stretch)
            if measured is not None and stretch.speech_s >= LEAST_SPEECH_S:
                figures.append(measured)
                foreign.append(item.passage.language != ENGLISH)
                groups.append(_group_of(item))
                at_passage.append(at)
    if not figures:
        raise InvalidInput("expected passages with speech and words in them, got none")
    return np.array(figures), np.array(foreign), groups, at_passage


def _fit(figures: NDArray[np.float64], foreign: NDArray[np.bool_], asr_sha256: str) -> LanguageModel:
    from sklearn.linear_model import LogisticRegression

    center, scale = figures.mean(axis=0), figures.std(axis=0) + 1e-9
    fitted = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000).fit((figures - center) / scale, foreign)
    return LanguageModel(
        version=MODEL_SERIES,
        asr_sha256=asr_sha256,
        center=_numbers(center),
        scale=_numbers(scale),
        weights=_numbers(fitted.coef_[0]),
        intercept=float(f"{fitted.intercept_[0]:.5g}"),
        unsure_above=0.0,
        foreign_above=0.0,
        training={},
    )


def _line(english: NDArray[np.float64], share: float) -> float:
    """Return the value that at most this share of the English stretches lies above; never below even odds."""
    ordered = np.sort(english)[::-1]
    return max(0.0, round(float(ordered[int(len(ordered) * share)]) + 0.01, 3))


def _test(heard: Sequence[HeardPassage], copies: dict[str, LanguageModel], whole: LanguageModel) -> tuple[LanguageRow, ...]:
    found: dict[str, list[tuple[bool, bool, int, int]]] = {}
    for item in heard:
        copy = copies.get(_group_of(item), whole)  # a language that got no words at all taught nothing
        if total_s(item.speech) < LEAST_SPEECH_S:
            continue
        judged = check_channel(item.words, item.speech, copy)
        stretches = gather_stretches(item.words, item.speech)
        hit = sum(any(stretch.span.overlaps(span) for span in judged.foreign) for stretch in stretches)
        unsure = not judged.is_foreign and bool(judged.unsure or judged.foreign)
        found.setdefault(_row_name(item), []).append((judged.is_foreign, unsure, len(stretches), hit))
    return tuple(
        LanguageRow(
            name, len(all_), sum(r[0] for r in all_), sum(r[1] for r in all_), sum(r[2] for r in all_), sum(r[3] for r in all_)
        )
        for name, all_ in sorted(found.items())
    )


def _row_name(item: HeardPassage) -> str:
    source = item.passage.speaker.split(":")[0].split()[0].lower() if item.passage.speaker else ""
    return f"{item.passage.language} {source}".strip()


def _describe(heard: Sequence[HeardPassage]) -> dict[str, Any]:
    learned = [item for item in heard if item.passage.may_train]
    digest = hashlib.sha256("".join(sorted(item.sha256 for item in learned)).encode()).hexdigest()
    languages = sorted({item.passage.language for item in learned})
    english = {item.passage.speaker for item in learned if item.passage.language == ENGLISH}
    return {"data_sha256": digest, "passages": len(learned), "languages": languages, "english_speakers": len(english)}


def _auc(odds: NDArray[np.float64], foreign: NDArray[np.bool_]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(foreign, odds))


def _numbers(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)
