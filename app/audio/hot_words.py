"""Which names should the recogniser expect, and when is such a name to be believed?

Names of a campaign (brand, agents, products) are put before the recogniser, which then writes them rightly more often, and,
where it hears little, may write them although nobody said them. So few and short ones are put before it, and a doubtful name
among doubtful words is of low trust.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.conversation import Word

MOST_PHRASES = 40
LONGEST_PHRASE = 40
LONGEST_PROMPT = 400
"""Characters: about 100 of the decoder's 448 positions, which leaves more than 200 for what is said."""

LEAST_CONFIDENCE = 0.6
"""An expected word below this needs a word above it within :data:`SPOT_S`. By itself it is no ground for doubt: names that were
said have 0.4 to 0.6 more often than other words; see ``docs/audio.md``."""

SPOT_S = 2.0

LEGAL_FORM = re.compile(r",? (llc|inc|corp|ltd|co|lp|plc)\.?$", re.IGNORECASE)
"""Nobody says it."""


def clean_hot_words(phrases: Iterable[object]) -> tuple[str, ...]:
    """Return the phrases that are put before the recogniser, in the order given: few, short, each once."""
    kept: dict[str, str] = {}
    length = 0
    for phrase in phrases:
        plain = " ".join(re.sub(r"[^\w\s.&'-]", " ", str(phrase)).split())
        plain = LEGAL_FORM.sub("", plain)
        if not re.search(r"[^\W\d_]{2}", plain) or len(plain) > LONGEST_PHRASE or plain.casefold() in kept:
            continue
        if len(kept) == MOST_PHRASES or length + len(plain) + 2 > LONGEST_PROMPT:
            break
        kept[plain.casefold()] = plain
        length += len(plain) + 2
    return tuple(kept.values())


def join_hot_words(phrases: Iterable[object]) -> str | None:
    """Return the phrases as the recogniser takes them, or None where none is left."""
    return ", ".join(clean_hot_words(phrases)) or None


def doubt_hot_words(words: Sequence[Word], hot_words: str | None) -> tuple[Word, ...]:
    """Return the words of a channel, expected ones of low trust where nothing near them was heard with confidence.

    A name that is heard well once on the channel is believed everywhere on it.
    """
    expected = {part for phrase in (hot_words or "").split(",") for part in map(_plain, phrase.split()) if part not in COMMON}
    sure = [word for word in words if word.confidence >= LEAST_CONFIDENCE and not word.low_trust]
    doubted = expected - {_plain(word.text) for word in sure} - {""}
    sure_at = sorted((word.span.start_s + word.span.end_s) / 2 for word in sure)
    return tuple(
        replace(word, low_trust=True) if _plain(word.text) in doubted and not _is_near(word, sure_at) else word
        for word in words
    )


COMMON = frozenset(
    {
        "a",
        "an",
        "and",
        "at",
        "auto",
        "car",
        "care",
        "for",
        "from",
        "group",
        "health",
        "home",
        "in",
        "insurance",
        "life",
        "my",
        "of",
    }
    | {
        "on",
        "our",
        "plan",
        "plans",
        "senior",
        "service",
        "services",
        "the",
        "to",
        "us",
        "we",
        "with",
        "you",
        "your",
        "debt",
        "air",
    }
)
"""Words of brand names that people say all the time: hearing them says nothing about the name."""


def _plain(text: str) -> str:
    return re.sub(r"[^\w]", "", text).casefold()


def _is_near(word: Word, moments_s: Sequence[float]) -> bool:
    at = bisect_left(moments_s, word.span.start_s - SPOT_S)
    return at < len(moments_s) and moments_s[at] <= word.span.end_s + SPOT_S
