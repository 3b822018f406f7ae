"""Which recognised words, with their times, stand behind a stretch of written tokens?

Recognisers give words beside the text; where the two agree token by token, a stretch has the times of its words. Where an
utterance has no words, or others than its text, time is shared out by length, and the probability is not known.
"""

from bisect import bisect_right
from collections.abc import Sequence

from app.conversation import Utterance, Word
from app.language.normalise import split_tokens
from app.timeline import Span


def hit_words(
    ordered: Sequence[Utterance], members: Sequence[int], starts: Sequence[int], first: int, last: int
) -> tuple[Word, ...]:
    """Return the recognised words behind tokens ``first`` to ``last`` of a stream of utterances, as far as they are known."""
    words: list[Word] = []
    for utterance, low, high, _ in _parts(ordered, members, starts, first, last):
        owners = _owners(utterance)
        if owners:
            picked = sorted(set(owners[low:high]))
            words += [utterance.words[i] for i in picked]
    return tuple(words)


def heard_span(
    ordered: Sequence[Utterance],
    members: Sequence[int],
    starts: Sequence[int],
    first: int,
    last: int,
) -> Span:
    """Return when tokens ``first`` to ``last`` were said, by word times or by their share of each utterance's length."""
    start_s, end_s = float("inf"), 0.0
    for utterance, low, high, count in _parts(ordered, members, starts, first, last):
        owners = _owners(utterance)
        if owners:
            part = Span(utterance.words[owners[low]].span.start_s, utterance.words[owners[high - 1]].span.end_s)
        else:
            part = _share(utterance, low, high, count)
        start_s, end_s = min(start_s, part.start_s), max(end_s, part.end_s)
    return Span(start_s, max(start_s, end_s))


def _parts(
    ordered: Sequence[Utterance], members: Sequence[int], starts: Sequence[int], first: int, last: int
) -> list[tuple[Utterance, int, int, int]]:
    """Return (utterance, from token, to token, number of tokens) for each utterance that the stretch touches."""
    parts = []
    at = max(bisect_right(starts, first) - 1, 0)
    while at < len(starts) and starts[at] < last:
        utterance = ordered[members[at]]
        count = len(split_tokens(utterance.text))
        low, high = max(first - starts[at], 0), min(last - starts[at], count)
        if low < high:
            parts.append((utterance, low, high, count))
        at += 1
    return parts


def _owners(utterance: Utterance) -> list[int]:
    """Return, for each token of the text, the index of its word; empty where text and words do not agree."""
    owners: list[int] = []
    for index, word in enumerate(utterance.words):
        owners += [index] * len(split_tokens(word.text))
    tokens = split_tokens(utterance.text)
    if len(owners) != len(tokens):
        return _owners_by_letters(utterance, tokens)
    return owners


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


def _share(utterance: Utterance, low: int, high: int, count: int) -> Span:
    lengths = [len(token) + 1 for token in split_tokens(utterance.text)]
    whole = sum(lengths)
    step = utterance.span.duration_s / whole if whole else 0.0
    start_s = utterance.span.start_s + sum(lengths[:low]) * step
    return Span(start_s, min(utterance.span.end_s, max(start_s, utterance.span.start_s + sum(lengths[:high]) * step)))
