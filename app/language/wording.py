"""Which recognised words, with their times, stand behind a stretch of written tokens?

Recognisers give words beside the text; where the two agree token by token, a stretch has the times of its words. Where an
utterance has no words, or others than its text, time is shared out by length, and the probability is not known.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from app.conversation import Utterance, Word
from app.language.normalise import split_tokens
from app.timeline import Span


@dataclass(frozen=True, slots=True)
class _Layout:
    """One utterance, token by token."""

    utterance: Utterance
    owners: list[int]  # for each token the index of its word; empty where text and words do not agree
    ends: list[int]  # characters up to the end of each token


@dataclass(slots=True)
class Wording:
    """The utterances of one party end to end; each is taken apart once, when a hit first touches it."""

    ordered: Sequence[Utterance]
    members: Sequence[int]  # places of the party's utterances in ``ordered``
    starts: Sequence[int]  # first token of each of them
    _layouts: dict[int, _Layout] = field(default_factory=dict)

    def words(self, first: int, last: int) -> tuple[Word, ...]:
        """Return the recognised words behind tokens ``first`` to ``last``, as far as they are known."""
        words: list[Word] = []
        for layout, low, high in self._parts(first, last):
            if layout.owners:
                words += [layout.utterance.words[i] for i in sorted(set(layout.owners[low:high]))]
        return tuple(words)

    def span(self, first: int, last: int) -> Span:
        """Return when tokens ``first`` to ``last`` were said, by word times or by their share of each utterance's length."""
        start_s, end_s = float("inf"), 0.0
        for layout, low, high in self._parts(first, last):
            if layout.owners:
                words = layout.utterance.words
                part = Span(words[layout.owners[low]].span.start_s, words[layout.owners[high - 1]].span.end_s)
            else:
                part = _share(layout, low, high)
            start_s, end_s = min(start_s, part.start_s), max(end_s, part.end_s)
        return Span(start_s, max(start_s, end_s))

    def _parts(self, first: int, last: int) -> list[tuple[_Layout, int, int]]:
        """Return (utterance, from token, to token) for each utterance that the stretch touches."""
        parts = []
        at = max(bisect_right(self.starts, first) - 1, 0)
        while at < len(self.starts) and self.starts[at] < last:
            layout = self._layouts.get(at)
            if layout is None:
                layout = self._layouts[at] = _lay_out(self.ordered[self.members[at]])
            low, high = max(first - self.starts[at], 0), min(last - self.starts[at], len(layout.ends))
            if low < high:
                parts.append((layout, low, high))
            at += 1
        return parts


def _lay_out(utterance: Utterance) -> _Layout:
    tokens = split_tokens(utterance.text)
    owners: list[int] = []
    for index, word in enumerate(utterance.words):
        owners += [index] * len(split_tokens(word.text))
    if len(owners) != len(tokens):
        owners = _owners_by_letters(utterance, tokens)
    return _Layout(utterance, owners, list(accumulate(len(token) + 1 for token in tokens)))


def _owners_by_letters(utterance: Utterance, tokens: Sequence[str]) -> list[int]:
    """Agree text and words letter by letter: recognisers part "medicare .gov" where the text has one token."""
    letters: list[int] = []
    for index, word in enumerate(utterance.words):
        letters += [index] * len("".join(word.text.split()))
    if not letters or len(letters) != sum(map(len, tokens)):
        return []
    owners = []
    at = 0
    for token in tokens:
        owners.append(letters[at])
        at += len(token)
    return owners


def _share(layout: _Layout, low: int, high: int) -> Span:
    span, ends = layout.utterance.span, layout.ends
    step = span.duration_s / ends[-1]
    start_s = span.start_s + (ends[low - 1] if low else 0) * step
    return Span(start_s, min(span.end_s, max(start_s, span.start_s + ends[high - 1] * step)))
