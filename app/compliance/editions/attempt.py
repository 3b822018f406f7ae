"""Which phrase packs speak up at a sentence that somebody types, and at which of its words?

The sentence is treated as one thing said on a call, with what the other party answers, if anything; the packs hear it as they
hear a recording. Nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.conversation import KeywordHit, Utterance, Word
from app.errors import InvalidInput
from app.language.matching import PackSet
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import Speaker

LONGEST_TEXT = 2_000
SECONDS_PER_WORD = 0.4
ANSWERS_AFTER_S = 0.5
SURE = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of the sentence, one after the other, that are all heard by a pack, or all not."""

    text: str
    is_heard: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What one pack heard: its hit, and the sentence with the words marked."""

    hit: KeywordHit
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sentence with who said it, the answer, and what was heard in order of its words."""

    speaker: Speaker
    text: str
    answer: str
    heard: tuple[Heard, ...]


def try_sentence(packs: PackSet, speaker: Speaker, text: str, answer: str = "") -> Attempt:
    """Return what the packs hear in a sentence.

    Raises
    ------
    InvalidInput
        If there is no sentence, or it or the answer is longer than ``LONGEST_TEXT`` letters.
    """
    text, answer = " ".join(text.split()), " ".join(answer.split())
    if not text:
        raise InvalidInput("expected a sentence to try", field="text")
    for name, typed in (("text", text), ("answer", answer)):
        if len(typed) > LONGEST_TEXT:
            raise InvalidInput(f"expected at most {LONGEST_TEXT:,} letters, got {len(typed):,}", field=name)
    said = _say(text, speaker, 0.0)
    utterances = [said]
    if answer:
        utterances.append(_say(answer, _other(speaker), said.span.end_s + ANSWERS_AFTER_S))
    hits = spot(utterances, packs, duration_s=utterances[-1].span.end_s)
    words = text.split()
    heard = (Heard(hit, _mark(words, hit)) for hit in hits if hit.span.start_s < said.span.end_s)
    return Attempt(speaker, text, answer, tuple(heard))


def _say(text: str, speaker: Speaker, start_s: float) -> Utterance:
    words = tuple(
        Word(Span(start_s + at * SECONDS_PER_WORD, start_s + (at + 1) * SECONDS_PER_WORD), word, SURE)
        for at, word in enumerate(text.split())
    )
    channel = 1 if speaker is Speaker.AGENT else 0
    return Utterance(channel, speaker, Span(start_s, words[-1].span.end_s), text, words)


def _other(speaker: Speaker) -> Speaker:
    return Speaker.AGENT if speaker is Speaker.CALLER else Speaker.CALLER


def _mark(words: list[str], hit: KeywordHit) -> tuple[Piece, ...]:
    first = max(0, round(hit.span.start_s / SECONDS_PER_WORD))
    behind = min(len(words), round(hit.span.end_s / SECONDS_PER_WORD))
    parts = ((words[:first], False), (words[first:behind], True), (words[behind:], False))
    return tuple(Piece(" ".join(part), is_heard) for part, is_heard in parts if part)
