"""How far is a transcript from what was said? Counts word errors by the cheapest alignment (Levenshtein over words)."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Words of the reference, and how many were replaced, lost, or put in; they add up over recordings."""

    words: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: "WordErrors") -> "WordErrors":
        return WordErrors(
            self.words + other.words,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def rate(self) -> float | None:
        """Word error rate: errors over words of the reference, above 1 when much was put in; None without words."""
        return (self.substitutions + self.deletions + self.insertions) / self.words if self.words else None

    @property
    def deletion_rate(self) -> float | None:
        """Share of the reference's words that were lost; None without words."""
        return self.deletions / self.words if self.words else None


def count_errors(reference: Sequence[str], heard: Sequence[str]) -> WordErrors:
    """Return the errors of the cheapest alignment of two word sequences."""
    kinds = [step.tag for step in Levenshtein.editops(list(reference), list(heard))]
    return WordErrors(len(reference), kinds.count("replace"), kinds.count("delete"), kinds.count("insert"))
