"""Which recognised words should nobody rely on?

Whisper invents text on silence and noise, and falls into loops. This module finds both from what the recogniser says of itself
and from where somebody spoke: which segments are worth a second try, which words are shaded for the reader, and which text is
dropped because there was nothing to hear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.conversation import Word
from app.ports import RecognisedSegment
from app.timeline import Span, intersect, merge, total_s

MOST_COMPRESSION = 2.4
"""Text that zlib shrinks further than this is repetitive (Whisper's own fallback rule, Radford et al. 2022, section 4.5)."""

LEAST_LOG_PROBABILITY = -1.0
"""Below this mean log probability per token a decoding counts as failed (same source)."""

LOOP_REPEATS = 4
"""This many times the same words in a row is a loop; people say a word three times ("no no no") but seldom four."""

LONGEST_LOOP_WORDS = 8
"""Loops of up to this many words are looked for; longer ones show in the compression."""

MOST_WORDS_PER_S = 8.0
"""Nobody speaks faster: fast English conversation is 4 to 5 words a second, and a loop has no such limit."""

LEAST_CONFIDENCE = 0.4
"""Words below this probability are shaded; measured on real calls, see ``docs/audio.md``."""

NEAR_SPEECH_S = 0.25
"""Word times and detected speech may differ by this much and still mean the same sound."""

LEAST_IN_SPEECH = 0.3
"""A word with less than this share of its time near speech lies in silence."""


def is_improbable(segment: RecognisedSegment) -> bool:
    """Say whether the recogniser itself holds its text for a failure."""
    return segment.mean_log_probability < LEAST_LOG_PROBABILITY


def is_looping(segment: RecognisedSegment) -> bool:
    """Say whether the text of a segment repeats itself, or is more than anybody can say in the time."""
    words = [word.text for word in segment.words] or segment.text.split()
    return (
        segment.compression_ratio > MOST_COMPRESSION
        or bool(find_loops(words))
        or len(words) > MOST_WORDS_PER_S * max(segment.span.duration_s, 1.0)
    )


def find_loops(words: Sequence[str]) -> frozenset[int]:
    """Return the positions of words that belong to a loop, the first time through included."""
    plain = [re.sub(r"[^\w']", "", word).lower() for word in words]
    looped: set[int] = set()
    for size in range(1, LONGEST_LOOP_WORDS + 1):
        start = 0
        while start + size * LOOP_REPEATS <= len(plain):
            end = start + size
            while plain[end : end + size] == plain[start : start + size]:
                end += size
            if end - start >= size * LOOP_REPEATS and not _is_digits(plain[start : start + size]):
                looped.update(range(start, end))
                start = end
            else:
                start += 1
    return frozenset(looped)


def mark_low_trust(words: Sequence[Word], speech: Sequence[Span]) -> tuple[Word, ...]:
    """Return the words with ``low_trust`` set where the probability is low, nobody spoke, or the text loops."""
    near = _widen(speech)
    looped = find_loops([word.text for word in words])
    return tuple(
        replace(word, low_trust=word.confidence < LEAST_CONFIDENCE or at in looped or not _is_spoken(word, near))
        for at, word in enumerate(words)
    )


def drop_invented(words: Sequence[Word], speech: Sequence[Span]) -> tuple[Word, ...]:
    """Return the words without those runs that lie wholly where nobody spoke; a run ends at a pause of 1 s."""
    near = _widen(speech)
    kept: list[Word] = []
    for run in _runs(words):
        if any(_is_spoken(word, near) for word in run):
            kept.extend(run)
    return tuple(kept)


def _is_digits(words: Sequence[str]) -> bool:
    digits = {"zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
    return all(word in digits or word.isdigit() for word in words)


def _widen(speech: Sequence[Span]) -> tuple[Span, ...]:
    return merge(Span(max(0.0, span.start_s - NEAR_SPEECH_S), span.end_s + NEAR_SPEECH_S) for span in speech)


def _is_spoken(word: Word, near: Sequence[Span]) -> bool:
    if word.span.duration_s == 0:
        return any(span.start_s <= word.span.start_s <= span.end_s for span in near)
    return total_s(intersect((word.span,), near)) >= LEAST_IN_SPEECH * word.span.duration_s


def _runs(words: Sequence[Word], pause_s: float = 1.0) -> list[list[Word]]:
    runs: list[list[Word]] = []
    for word in words:
        if runs and word.span.start_s - runs[-1][-1].span.end_s < pause_s:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs
