"""Did the recogniser write this phrase, only wrongly? The check behind every sound-alike match.

Two passages with the same sequence of sounds are compared word by word: short words must be themselves or a known homophone,
small words may be lost or added within limits, and what remains must be written alike to a ratio of 88 or more (rapidfuzz's
normalised Indel similarity; the cut follows trials on recognition errors such as "do not coal list" and "license insurance",
which reach 91 to 99).
"""

from collections import Counter
from collections.abc import Sequence

import jellyfish
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from app.language.lexicon import FREE, LEAST_TO_MISSPELL, MINOR, letters_apart_at_most, sound_of

LEAST_RATIO = 88.0
LEAST_RATIO_WHOLE = 80.0  # where every weighty word is the phrase's own and only small ones differ
_ALIKE = {"two": "to", "too": "to", "2": "to", "four": "for", "4": "for", "their": "there"}
_POLAR = frozenset({"no", "not", "never", "know", "nobody", "nothing"})


def measure_likeness(phrase: Sequence[str], heard: Sequence[str]) -> float:
    """Return how alike two passages of spoken words are, 0 to 100; 0 when they may not be taken for one another.

    Articles and fillers are expected to be gone from both.
    """
    if tuple(phrase) == tuple(heard):
        return 100.0
    cleaned = _align(phrase, heard)
    if cleaned is None:
        return 0.0
    if cleaned == list(phrase):
        return 100.0
    ratio = float(fuzz.ratio(" ".join(phrase), " ".join(cleaned)))
    is_whole = [w for w in phrase if w not in MINOR] == [w for w in cleaned if w not in MINOR]
    least = LEAST_RATIO_WHOLE if is_whole and len(phrase) >= 4 else LEAST_RATIO
    return ratio if ratio >= least else 0.0


def _align(phrase: Sequence[str], heard: Sequence[str]) -> list[str] | None:
    """Return the heard words without free additions, or None where the passages differ in more than recognition errors."""
    slots_phrase, slots_heard = _slots(phrase), _slots(heard)
    if len(slots_phrase) != len(slots_heard):
        return None
    missing_left = 0 if len(phrase) < 4 else 1 if len(phrase) < 7 else 2
    extra_left = 0 if len(phrase) < 5 else 1
    cleaned: list[str] = []
    for (small_said, word), (small_written, word_heard) in zip(slots_phrase, slots_heard, strict=True):
        small, small_heard = _spell_alike(small_said), _spell_alike(small_written)
        lost = Counter(small) - Counter(small_heard)
        added = Counter(small_heard) - Counter(small)
        bought = sum(n for w, n in added.items() if w not in FREE)
        if bought and any(word in _POLAR for word in added):
            return None
        if lost and bought:  # one small word for another: "was calling" is not "am calling"
            return None
        missing_left -= sum(lost.values())
        extra_left -= bought
        for small_word in small_heard:
            if small_word in FREE and added[small_word] > 0:
                added[small_word] -= 1
            else:
                cleaned.append(small_word)
        if word is not None and word_heard is not None:
            if not _is_same_word(word, word_heard, is_long=len(phrase) >= 5):
                return None
            cleaned.append(word_heard)
    return cleaned if missing_left >= 0 and extra_left >= 0 else None


def _spell_alike(small: list[str]) -> list[str]:
    return [_ALIKE.get(word, word) for word in small]


def _slots(words: Sequence[str]) -> list[tuple[list[str], str | None]]:
    """Group words as (small words, the weighty word behind them); the last group has no weighty word."""
    slots: list[tuple[list[str], str | None]] = []
    small: list[str] = []
    for word in words:
        if word in MINOR:
            small.append(word)
        else:
            slots.append((small, word))
            small = []
    slots.append((small, None))
    return slots


def _is_same_word(word: str, heard: str, *, is_long: bool) -> bool:  # noqa: PLR0911 - a ladder of rules
    if word == heard or heard.isdigit():  # digits reached the same number character already
        return True
    if word in _POLAR or heard in _POLAR:
        return sound_of(word) == sound_of(heard)
    if len(word) >= LEAST_TO_MISSPELL and OSA.distance(word, heard) <= letters_apart_at_most(word):
        return True
    if sound_of(word) != sound_of(heard):
        return False
    if len(word) <= 3 or len(heard) <= 3:
        return True  # a known homophone
    if _without_plural(word) == _without_plural(heard) or jellyfish.metaphone(word) == jellyfish.metaphone(heard):
        return True
    return is_long  # another ending ("license" for "licensed"): too weak a likeness for three words


def _without_plural(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
