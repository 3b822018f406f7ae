"""What does each short piece of speech on a shared channel sound like?

Speech is taken apart at its pauses into pieces of at most two and a half seconds, short enough to be one person's, and of each
piece the sums are kept from which any Gaussian model's likelihood follows. Nothing here decides who speaks.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.listening_json import span_to_json, spans_from_json
from app.audio.timbre import CEPSTRA, HOP_S, TimbreTrack
from app.timeline import Span

QUIET_DB, VOICED_DB = 20.0, 18.0
LONGEST_PIECE_S = 2.5
SHORTEST_PAUSE_S = 0.15
LEVEL_DB = 6.0
"""The level in steps of 6 dB weighs about as much as a cepstrum."""

SIZE = CEPSTRA + 1


@dataclass(frozen=True, slots=True, eq=False)
class VoicePieces:
    """Spans, and for each (pieces, 1 + ``SIZE`` + ``SIZE`` ** 2) float64: frames with a voice, sums, sums of products."""

    spans: tuple[Span, ...]
    sums: NDArray[np.float64]

    @property
    def counts(self) -> NDArray[np.float64]:
        """Frames with a voice in each piece."""
        return self.sums[:, 0]

    def pool(self, chosen: NDArray[np.bool_]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return frames, mean and covariance over the chosen pieces."""
        total = self.sums[chosen].sum(axis=0)
        count = max(float(total[0]), 1.0)
        mean = total[1 : 1 + SIZE] / count
        return float(total[0]), mean, total[1 + SIZE :].reshape(SIZE, SIZE) / count - np.outer(mean, mean)

    def log_likelihoods(self, mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the summed logarithm of the density of each piece under a Gaussian, up to a constant per frame."""
        inverse = np.linalg.inv(covariance)
        firsts, seconds = self.sums[:, 1 : 1 + SIZE], self.sums[:, 1 + SIZE :]
        distances = seconds @ inverse.reshape(-1) - 2 * firsts @ (inverse @ mean) + self.counts * float(mean @ inverse @ mean)
        values: NDArray[np.float64] = -0.5 * (distances + self.counts * float(np.linalg.slogdet(covariance)[1]))
        return values

    def select(self, chosen: NDArray[np.bool_]) -> VoicePieces:
        """Return some of the pieces."""
        return VoicePieces(tuple(span for span, yes in zip(self.spans, chosen, strict=True) if yes), self.sums[chosen])


def measure_pieces(track: TimbreTrack, speech: Sequence[Span]) -> VoicePieces:
    """Return the pieces of the speech on a channel."""
    loud = track.find_loudness()
    is_quiet, is_voiced = track.level_dbfs < loud - QUIET_DB, track.level_dbfs > loud - VOICED_DB
    edges = [edge for span in speech for edge in _cut(is_quiet, span)]
    rows = []
    for first, last in edges:
        frames = first + np.flatnonzero(is_voiced[first:last])
        values = np.column_stack([track.cepstra(frames), track.level_dbfs[frames] / LEVEL_DB])
        rows.append(np.concatenate([[len(frames)], values.sum(axis=0), (values.T @ values).reshape(-1)]))
    spans = tuple(Span(round(first * HOP_S, 3), round(last * HOP_S, 3)) for first, last in edges)
    return VoicePieces(spans, np.array(rows).reshape(len(rows), 1 + SIZE + SIZE**2))


def pieces_to_json(pieces: VoicePieces) -> dict[str, Any]:
    """Return the pieces as JSON-able values, the sums as base64 of little-endian float64."""
    return {
        "spans": [span_to_json(span) for span in pieces.spans],
        "sums": base64.b64encode(pieces.sums.astype("<f8").tobytes()).decode("ascii"),
    }


def pieces_from_json(data: Mapping[str, Any]) -> VoicePieces:
    """Return the pieces that were written."""
    sums = np.frombuffer(base64.b64decode(data["sums"]), dtype="<f8").reshape(-1, 1 + SIZE + SIZE**2)
    return VoicePieces(spans_from_json(data["spans"]), sums)


def _cut(is_quiet: NDArray[np.bool_], span: Span) -> list[tuple[int, int]]:
    start, end = int(span.start_s / HOP_S), min(int(span.end_s / HOP_S), is_quiet.size)
    changes = np.flatnonzero(np.diff(np.concatenate(([True], is_quiet[start:end], [True])).astype(np.int8)))
    joined: list[tuple[int, int]] = []
    for first, last in zip((start + changes[::2]).tolist(), (start + changes[1::2]).tolist(), strict=True):
        is_near = joined and (first - joined[-1][1]) * HOP_S < SHORTEST_PAUSE_S
        if is_near and (last - joined[-1][0]) * HOP_S < LONGEST_PIECE_S:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    pieces = []
    for first, last in joined:
        steps = np.linspace(first, last, int(np.ceil((last - first) * HOP_S / LONGEST_PIECE_S)) + 1).astype(int).tolist()
        pieces += list(pairwise(steps))
    return pieces
