"""Whose voice is it, on a channel that both parties share?

Pieces of speech are grouped by sound into two voices: a first grouping of their means (two means, from the axis of the largest
spread), then models of both voices and the most probable sequence of pieces in turn, as in hidden Markov diarisation (Viterbi
alignment). When the two are not far enough apart, one of them hardly speaks, or one of them falls into two as clearly again,
nobody is named: a third voice or a single speaker would be told as two parties. What is named is an estimate and called one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from app.audio.part_cuts import LEAST_PART_S
from app.audio.timbre import HOP_S
from app.audio.turns import find_two_way
from app.audio.voice_pieces import SIZE, VoicePieces
from app.conversation import CallPart, EstimatedTurns, Utterance, Word
from app.timeline import Span, clip, merge, total_s
from app.vocabulary import PartKind

LEAST_APART = 1.5
"""Mahalanobis distance of the two voices' means. Chosen on the development audio and our sample calls, see docs/audio.md."""

LEAST_VOICE_S, LEAST_VOICE_SHARE = 4.0, 0.1
SPLIT_APART, SPLIT_S = 1.7, 4.0
"""A voice that falls apart this clearly, into parts of at least this length, is two."""

FEWEST_PIECES = 6
INDEPENDENT = 0.15
"""Frames of 16 ms follow one another closely; so much of each counts as news."""

SWITCH_COST = 2.0
"""What a change of speaker costs without a pause, in natural logarithms; a pause of a second takes most of it away."""

MOST_OF_A_PART = 0.9
_CLEAR_S = 0.5
_ROUNDS = 10
_FEWEST_FRAMES = 60


@dataclass(frozen=True, slots=True)
class Voices:
    """The pieces of speech with the voice that says each: "A" is the first that is heard, "B" the other."""

    pieces: tuple[tuple[Span, str], ...]

    def spans_of(self, label: str) -> tuple[Span, ...]:
        """Return where one voice speaks, short pauses included."""
        return merge((span for span, said_by in self.pieces if said_by == label), gap_s=0.3)


def estimate_speakers(pieces: VoicePieces, parties: Sequence[Span]) -> Voices | None:
    """Return which of two voices says each piece of the parties' speech, or None where that cannot be told."""
    inside = np.array([any(_lies_in(span, party) for party in parties) for span in pieces.spans], dtype=np.bool_)
    spoken = pieces.select(inside) if inside.size else pieces
    labels = _split(spoken)
    if labels is None or _measure_apart(spoken, labels) < LEAST_APART:
        return None
    seconds = [float(spoken.counts[labels == voice].sum()) * HOP_S for voice in (0, 1)]
    if min(seconds) < max(LEAST_VOICE_S, LEAST_VOICE_SHARE * sum(seconds)):
        return None
    least_s = max(SPLIT_S, LEAST_VOICE_SHARE * sum(seconds))
    if any(_is_two(spoken.select(labels == voice), least_s) for voice in (0, 1)):
        return None
    first = int(labels[0])
    return Voices(tuple((span, "A" if label == first else "B") for span, label in zip(spoken.spans, labels, strict=True)))


def label_utterances(utterances: Sequence[Utterance], voices: Voices) -> tuple[Utterance, ...]:
    """Return the utterances parted where another voice goes on, each with the voice that says it."""
    labelled = []
    for utterance in utterances:
        for label, group in groupby(utterance.words, key=lambda word: _find_label(word, voices)):
            words = tuple(group)
            labelled.append(
                replace(
                    utterance,
                    span=Span(words[0].span.start_s, max(word.span.end_s for word in words)),
                    text=" ".join(word.text for word in words),
                    words=words,
                    estimated_speaker=label,
                )
            )
    return tuple(labelled)


def label_parts(parts: Sequence[CallPart], voices: Voices) -> tuple[CallPart, ...]:
    """Return the parts, those of speech cut where the other voice goes on, with the voice that says nearly all of each."""
    spoken = {label: voices.spans_of(label) for label in ("A", "B")}
    changes = [
        (before.end_s + after.start_s) / 2
        for (before, left), (after, right) in pairwise(voices.pieces)
        if left != right and after.start_s > before.start_s
    ]
    labelled = []
    for part in parts:
        edges = [part.span.start_s]
        for at_s in changes if part.kind is PartKind.SPEECH else ():
            if edges[-1] + LEAST_PART_S <= at_s <= part.span.end_s - LEAST_PART_S:
                edges.append(at_s)
        for start_s, end_s in pairwise([*edges, part.span.end_s]):
            piece = replace(part, span=Span(start_s, end_s))
            labelled.append(replace(piece, detail=_find_one(piece.span, spoken)) if part.kind is PartKind.SPEECH else piece)
    return tuple(labelled)


def estimate_turns(voices: Voices, dead_air: Sequence[Span]) -> EstimatedTurns:
    """Return how the two voices shared the time."""
    spoken = {label: voices.spans_of(label) for label in ("A", "B")}
    two_way_s = total_s(find_two_way(spoken["A"], spoken["B"], dead_air))
    return EstimatedTurns({label: round(total_s(spans), 3) for label, spans in spoken.items()}, round(two_way_s, 3))


def explain_speakers(voices: Voices | None) -> str:
    """Return the note on how the speakers of a shared channel were told apart, or that they were not."""
    if voices is None:
        return "Both parties are on one channel, and their voices could not be told apart; no speaker is named."
    return "Both parties are on one channel; speakers A and B are estimated from the sound of their voices."


def _find_one(span: Span, spoken: Mapping[str, Sequence[Span]]) -> str:
    spoken_s = {label: total_s(clip(spans, span)) for label, spans in spoken.items()}
    label = max(spoken_s, key=lambda name: spoken_s[name])
    return label if spoken_s[label] >= MOST_OF_A_PART * sum(spoken_s.values()) and spoken_s[label] > 0 else ""


def _find_label(word: Word, voices: Voices) -> str:
    """Return the voice of the piece that lies nearest to the middle of a word."""
    middle_s = (word.span.start_s + word.span.end_s) / 2
    after = bisect_left(voices.pieces, middle_s, key=lambda piece: piece[0].start_s)
    near = voices.pieces[max(0, after - 1) : after + 1]
    return min(near, key=lambda piece: max(piece[0].start_s - middle_s, middle_s - piece[0].end_s, 0.0))[1]


def _lies_in(span: Span, party: Span) -> bool:
    return span.overlap_s(party) >= 0.5 * span.duration_s


def _split(pieces: VoicePieces) -> NDArray[np.intp] | None:
    """Return 0 or 1 for each piece; None where there is too little to hear."""
    is_clear = pieces.counts * HOP_S >= _CLEAR_S
    if int(is_clear.sum()) < FEWEST_PIECES:
        return None
    _, _, overall = pieces.pool(pieces.counts > 0)
    whitening = np.linalg.cholesky(np.linalg.inv(overall + 1e-6 * np.eye(SIZE)))
    means = pieces.sums[is_clear, 1 : 1 + SIZE] / pieces.counts[is_clear, None]
    labels = np.full(len(pieces.spans), -1, dtype=np.intp)
    labels[is_clear] = _halve(means @ whitening, pieces.counts[is_clear])
    for _ in range(_ROUNDS):
        models = [pieces.pool(labels == voice) for voice in (0, 1)]
        if min(count for count, _, _ in models) < _FEWEST_FRAMES:
            return None
        scores = [pieces.log_likelihoods(mean, 0.8 * own + 0.2 * overall) for _, mean, own in models]
        found = _align(INDEPENDENT * (scores[1] - scores[0]), pieces.spans)
        if np.array_equal(found, labels):
            break
        labels = found
    return labels if all(pieces.counts[labels == voice].sum() >= _FEWEST_FRAMES for voice in (0, 1)) else None


def _halve(points: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return 0 or 1 for each point (n, d): halves along the axis of the largest spread, then moved to the nearer mean."""
    centred = points - np.average(points, axis=0, weights=weights)
    axis = np.linalg.svd(centred * np.sqrt(weights)[:, None], full_matrices=False)[2][0]
    labels: NDArray[np.intp] = (centred @ axis > 0).astype(np.intp)
    for _ in range(_ROUNDS):
        if not 0 < labels.sum() < len(labels):
            break
        means = [np.average(points[labels == voice], axis=0, weights=weights[labels == voice]) for voice in (0, 1)]
        distances = [np.square(points - mean).sum(axis=1) for mean in means]
        labels = (distances[1] < distances[0]).astype(np.intp)
    return labels


def _align(advantage: NDArray[np.float64], spans: Sequence[Span]) -> NDArray[np.intp]:
    """Return the most probable sequence of voices; ``advantage`` is what speaks for voice 1 in each piece."""
    best = [0.0, 0.0]
    came_from = []
    for at, gain in enumerate(advantage.tolist()):
        pause_s = spans[at].start_s - spans[at - 1].end_s if at else 10.0
        cost = SWITCH_COST * float(np.exp(-max(pause_s, 0.0)))
        sources = [voice if best[voice] >= best[1 - voice] - cost else 1 - voice for voice in (0, 1)]
        best = [best[source] - cost * (source != voice) for voice, source in enumerate(sources)]
        best = [best[0] - gain / 2, best[1] + gain / 2]
        came_from.append(sources)
    labels = np.zeros(len(spans), dtype=np.intp)
    voice = int(best[1] > best[0])
    for at in range(len(spans) - 1, -1, -1):
        labels[at] = voice
        voice = came_from[at][voice]
    return labels


def _measure_apart(pieces: VoicePieces, labels: NDArray[np.intp]) -> float:
    """Return the Mahalanobis distance of the two voices' means under their common covariance."""
    (left_count, left, left_spread), (right_count, right, right_spread) = (pieces.pool(labels == voice) for voice in (0, 1))
    common = (left_count * left_spread + right_count * right_spread) / (left_count + right_count) + 1e-6 * np.eye(SIZE)
    shift = left - right
    return float(np.sqrt(shift @ np.linalg.solve(common, shift)))


def _is_two(pieces: VoicePieces, least_s: float) -> bool:
    labels = _split(pieces)
    if labels is None:
        return False
    shorter_s = min(float(pieces.counts[labels == voice].sum()) for voice in (0, 1)) * HOP_S
    return shorter_s >= least_s and _measure_apart(pieces, labels) >= SPLIT_APART
