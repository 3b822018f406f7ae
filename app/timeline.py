"""Where in a recording does something happen?

One value, :class:`Span`, in seconds from the start of the recording, and the few set operations that every stage needs.
It knows nothing about samples, words or people.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time, in seconds from the start of the recording; the end is exclusive.

    Raises
    ------
    ValueError
        If ``start_s`` is negative or ``end_s`` lies before it.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if self.start_s < 0 or self.end_s < self.start_s:
            raise ValueError(f"a span needs 0 <= start <= end, got {self.start_s} to {self.end_s}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def overlaps(self, other: "Span") -> bool:
        """Say whether the two spans share more than a point."""
        return self.start_s < other.end_s and other.start_s < self.end_s

    def overlap_s(self, other: "Span") -> float:
        """Return the seconds that both spans cover."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))


def merge(spans: Iterable[Span], *, gap_s: float = 0.0) -> tuple[Span, ...]:
    """Join spans that overlap, touch, or lie at most ``gap_s`` apart; the answer is sorted and disjoint."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s - merged[-1].end_s <= gap_s:
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].end_s, span.end_s))
        else:
            merged.append(span)
    return tuple(merged)


def intersect(left: Iterable[Span], right: Iterable[Span]) -> tuple[Span, ...]:
    """Return what both sets of spans cover, sorted and disjoint."""
    left_spans, right_spans = merge(left), merge(right)
    shared: list[Span] = []
    i = j = 0
    while i < len(left_spans) and j < len(right_spans):
        start = max(left_spans[i].start_s, right_spans[j].start_s)
        end = min(left_spans[i].end_s, right_spans[j].end_s)
        if start < end:
            shared.append(Span(start, end))
        if left_spans[i].end_s <= right_spans[j].end_s:
            i += 1
        else:
            j += 1
    return tuple(shared)


def gaps(spans: Iterable[Span], within: Span) -> tuple[Span, ...]:
    """Return the parts of ``within`` that no span covers, sorted."""
    holes: list[Span] = []
    cursor = within.start_s
    for span in merge(spans):
        if span.start_s >= within.end_s:
            break
        if span.start_s > cursor:
            holes.append(Span(cursor, span.start_s))
        cursor = max(cursor, span.end_s)
    if cursor < within.end_s:
        holes.append(Span(cursor, within.end_s))
    return tuple(holes)


def clip(spans: Iterable[Span], within: Span) -> tuple[Span, ...]:
    """Cut the spans to what lies inside ``within``; spans outside it are dropped."""
    return intersect(spans, (within,))


def total_s(spans: Iterable[Span]) -> float:
    """Return the seconds that the spans cover together; overlapping parts count once."""
    return sum(span.duration_s for span in merge(spans))
