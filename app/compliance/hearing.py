"""How much do the words that were heard weigh? One place for what makes a hit count, for every rule on speech.

Low-trust words are never alone; words the recogniser gave less than one half are not counted; two hits are two different
phrases, or one phrase in two utterances more than five seconds apart (ruling 11). Words of a speaker nobody can name ask for a
person, as the rule is about one party's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from app.compliance.case import Case, hit_evidence
from app.conversation import KeywordHit
from app.timeline import Span
from app.vocabulary import PackKind, Speaker

LEAST_MEAN_CONFIDENCE = 0.5
APART_S = 5.0


def find_telling(case: Case, packs: Iterable[str], *, kinds: frozenset[PackKind] | None = None) -> tuple[KeywordHit, ...]:
    """Return the hits of some packs that count: trusted, sure enough, and of a kind that may speak for a finding."""
    wanted = kinds or frozenset({PackKind.VIOLATION})
    return tuple(
        hit for hit in case.heard(*packs) if hit.kind in wanted and mean_confidence(case, hit) >= LEAST_MEAN_CONFIDENCE
    )


def mean_confidence(case: Case, hit: KeywordHit) -> float:
    """Return the mean probability of the words under a hit; without words, the hit's own."""
    inside = [
        word.confidence
        for utterance in case.facts.utterances
        if utterance.speaker is hit.speaker and utterance.span.overlaps(hit.span)
        for word in utterance.words
        if word.span.overlaps(hit.span)
    ]
    return sum(inside) / len(inside) if inside else hit.confidence


def are_two(hits: Sequence[KeywordHit]) -> bool:
    """Tell whether the hits count as two (ruling 11)."""
    return any(
        one.phrase != other.phrase or abs(one.span.start_s - other.span.start_s) > APART_S
        for one, other in combinations(hits, 2)
        if not one.span.overlaps(other.span)
    )


def is_by_unknown(hits: Iterable[KeywordHit]) -> bool:
    """Tell whether nobody can say who spoke any of the words."""
    return all(hit.speaker is Speaker.UNKNOWN for hit in hits)


def quote(hits: Sequence[KeywordHit]) -> str:
    """Return how often and where the words were heard, for a reason."""
    first = hits[0]
    times = "once, at" if len(hits) == 1 else f"{len(hits)} times, first at"
    seconds = int(first.span.start_s)
    return f"heard {times} {seconds // 60}:{seconds % 60:02d}: “{first.quote}”"


def words_evidence(hits: Sequence[KeywordHit], **more: Any) -> dict[str, Any]:
    """Return the evidence of words: each hit, and what the rule adds."""
    return {**more, "hits": [hit_evidence(hit) for hit in hits]}


def first_span(hits: Sequence[KeywordHit]) -> Span | None:
    """Return where to listen first."""
    return hits[0].span if hits else None
