"""What may be read of a call in which numbers were given away? The same words at the same times, the numbers masked.

Everything that a party said inside a sensitive span is masked, not its digits alone: recognisers write "for" for "four". Number
words that stand right beside a span are masked too, and those of the other party while it is spoken, because a span can miss a
digit at its edge and an earpiece repeats them on the other channel. Times and speakers stay.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.conversation import KeywordHit, Redaction, Tone, Utterance, Word
from app.language.keypad import find_keyed_numbers
from app.language.matching import PackSet
from app.language.normalise import spoken_words
from app.language.numbers import QUANTITIES, find_digit_runs
from app.language.sensitive import SensitiveSpan, find_sensitive
from app.language.spotting import spot
from app.timeline import Span

MASK = "•••"
BESIDE_S = 1.5
"""A number word that follows or precedes a masked word within this time belongs to it: digits are read about two a second."""


def redact(utterances: Sequence[Utterance], tones: Iterable[Tone], packs: PackSet, *, duration_s: float) -> Redaction:
    """Find the numbers of a call, spoken and keyed in, and return what to mute and what may be read."""
    hits = spot(utterances, packs, duration_s=duration_s)
    found = find_all_sensitive(utterances, tones, hits)
    return Redaction(tuple(sorted({item.span for item in found})), redact_text(utterances, found))


def find_all_sensitive(
    utterances: Sequence[Utterance], tones: Iterable[Tone], hits: Sequence[KeywordHit]
) -> tuple[SensitiveSpan, ...]:
    """Return the stretches in which numbers were spoken or keyed in, sorted by time."""
    spoken = find_sensitive(utterances, hits)
    keyed = find_keyed_numbers(tones, hits, spoken)
    return tuple(sorted((*spoken, *keyed), key=lambda item: (item.span, item.channel)))


def redact_text(utterances: Sequence[Utterance], sensitive: Sequence[SensitiveSpan]) -> tuple[Utterance, ...]:
    """Return the utterances with every number of the spans masked in text and words; order, times and speakers stay."""
    if not sensitive:
        return tuple(utterances)
    places = [(index, word) for index, u in enumerate(utterances) for word in range(len(_words(u)))]
    words = {place: _words(utterances[place[0]])[place[1]] for place in places}
    masked = {place for place in places if _is_inside(words[place], utterances[place[0]], sensitive)}
    for channel in {u.channel for u in utterances}:
        line = sorted((p for p in places if utterances[p[0]].channel == channel), key=lambda p: words[p].span)
        masked |= _spread(line, words, masked)
        masked |= _spread(line[::-1], words, masked)
    return tuple(_mask(u, {word for at, word in masked if at == index}) for index, u in enumerate(utterances))


def redact_quote(hit: KeywordHit, sensitive: Iterable[SensitiveSpan]) -> KeywordHit:
    """Return a phrase found with its quote masked where it reaches into a span."""
    is_near = any(hit.span.overlaps(_wide(item.span)) for item in sensitive)
    if not is_near:
        return hit
    return replace(hit, quote=" ".join(MASK if holds_number(token) else token for token in hit.quote.split()))


def holds_number(text: str) -> bool:
    """Say whether a written word is a number or a part of one: 4111, four, forty-one."""
    said = spoken_words(text)
    return any(c.isdigit() for c in text) or bool(find_digit_runs(said)) or any(word in QUANTITIES for word in said)


def _is_inside(word: Word, utterance: Utterance, sensitive: Iterable[SensitiveSpan]) -> bool:
    for item in sensitive:
        if item.channel == utterance.channel and word.span.overlaps(item.span):
            return True
        if item.channel != utterance.channel and word.span.overlaps(item.span) and holds_number(word.text):
            return True
    return False


def _spread(
    line: Sequence[tuple[int, int]], words: dict[tuple[int, int], Word], masked: set[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Return the number words that follow a masked word of the line without a pause, one after another."""
    more: set[tuple[int, int]] = set()
    last: Word | None = None
    for place in line:
        word = words[place]
        if place in masked or (last is not None and _distance_s(last, word) <= BESIDE_S and holds_number(word.text)):
            more.add(place)
            last = word
    return more


def _distance_s(one: Word, other: Word) -> float:
    return max(one.span.start_s, other.span.start_s) - min(one.span.end_s, other.span.end_s)


def _mask(utterance: Utterance, masked: set[int]) -> Utterance:
    if not masked:
        return utterance
    texts = [MASK if at in masked else word.text.strip() for at, word in enumerate(_words(utterance))]
    words = tuple(replace(word, text=MASK) if at in masked else word for at, word in enumerate(utterance.words))
    return replace(utterance, text=" ".join(texts), words=words)


def _words(utterance: Utterance) -> tuple[Word, ...]:
    """Return an utterance's words; without word times every word may stand anywhere in it."""
    return utterance.words or tuple(Word(utterance.span, token, 1.0) for token in utterance.text.split())


def _wide(span: Span) -> Span:
    return Span(max(0.0, span.start_s - BESIDE_S), span.end_s + BESIDE_S)
