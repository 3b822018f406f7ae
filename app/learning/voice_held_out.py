"""What do heads say that heard neither the source nor the person they judge? Scores of every row, for testing and calibrating.

The model carries copies of its heads that were fitted without each source and each group of speakers. Which copy judges a row
goes by the names in the manifest, except for the files that the model learned from: those are known by their content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.voice.model import Head
from app.learning.voice_figures import HeardVoice
from app.learning.voice_rows import Figures, is_live, list_machine_sources, sources_of, speaker_folds

SPEAKER_FOLDS = 5
"""Groups of speakers; each is judged by heads that were fitted without it."""

ANY_SOURCE = "*"
"""Stands for no source in the name of a head that was fitted without a group of speakers alone."""

CONTENT_DIGITS = 12
"""Hexadecimal digits of a file's SHA-256 by which it is known again: 48 bits, no two of a million files alike."""

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


def head_name(source: str, fold: int) -> str:
    """Return the name of the head that heard neither a source nor the people of a group of speakers."""
    return f"{source}|{fold}"


def kind_head_name(source: str) -> str:
    """Return the name of the head that tells recorded from synthetic and never heard a source."""
    return f"{source}|kind"


def _margins(head: Head, standardised: Figures) -> Figures:
    return np.asarray(standardised @ head.weights + head.intercept)
