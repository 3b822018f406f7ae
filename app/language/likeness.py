"""Did the recogniser write this phrase, only wrongly? The check behind every sound-alike match.

Two passages with the same sequence of sounds are compared word by word: short words must be themselves or a known homophone,
small words may be lost or added within limits, and what remains must be written alike to a ratio of 88 or more (rapidfuzz's
normalised Indel similarity; the cut follows trials on recognition errors such as "do not coal list" and "license insurance",
which reach 91 to 99).
"""

from collections.abc import Sequence

import jellyfish
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from app.language.lexicon import DETERMINERS, FREE, KEPT, LEAST_TO_MISSPELL, MINOR, letters_apart_at_most, sound_of, stem

LEAST_RATIO = 88.0
LEAST_RATIO_WHOLE = 80.0  # where every weighty word is the phrase's own and only small ones differ
LIKENESS_OF_OTHER_ENDING = 97.0  # "dialing" for "dials", all else the same
LEAST_WORDS_TO_LACK_ONE = 4
LIKENESS_OF_GUESS = 95.0  # a letter lost, all else the same
_ALIKE = {"two": "to", "too": "to", "2": "to", "four": "for", "4": "for", "their": "there"}
_PREPOSITIONS = frozenset({"to", "of", "on", "in", "at", "for", "from", "and", "your"})
_OF_CLAUSES = frozenset({"that", "is", "are", "was", "were", "has", "have", "been"})
_POLAR = frozenset({"no", "not", "never", "know", "nobody", "nothing"})


def measure_likeness(phrase: Sequence[str], heard: Sequence[str], guessed: int = 0) -> float:
    """Return how alike two passages of spoken words are, 0 to 100; 0 when they may not be taken for one another.

    Articles and fillers are expected to be gone from both; ``guessed`` of the heard words are guesses at misspelt ones.
    """
    if guessed:
        if guessed > guesses_allowed(len(phrase)):
            return 0.0
        return min(measure_likeness(phrase, heard), LIKENESS_OF_GUESS)
    if tuple(phrase) == tuple(heard):
        return 100.0
    cleaned = _align(phrase, heard)
    if cleaned is None:
        return 0.0
    if cleaned == list(phrase):
        return 100.0 if set(phrase) <= set(heard) else LIKENESS_OF_OTHER_ENDING
    ratio = float(fuzz.ratio(" ".join(phrase), " ".join(cleaned)))
    is_whole = [w for w in phrase if w not in MINOR] == [w for w in cleaned if w not in MINOR]
    least = LEAST_RATIO_WHOLE if is_whole and len(phrase) >= 4 else LEAST_RATIO
    return ratio if ratio >= least else 0.0


def guesses_allowed(words: int) -> int:
    """Return how many words of a passage may be guesses at misspelt ones."""
    return 0 if words < 2 else 1 if words < 6 else 2


def _align(phrase: Sequence[str], heard: Sequence[str]) -> list[str] | None:
    """Return the heard words without free additions, or None where the passages differ in more than recognition errors."""
    missing_left = 0 if len(phrase) < LEAST_WORDS_TO_LACK_ONE else 1 if len(phrase) < 7 else 2
    if len(phrase) - len(heard) > missing_left:  # the weighty words are as many, so small ones are lost
        return None
    slots_phrase, slots_heard = _slots(phrase), _slots(heard)
    if len(slots_phrase) != len(slots_heard):
        return None
    extra_left = 0 if len(phrase) < 4 else 1
    cleaned: list[str] = []
    for (small, word), (small_heard, word_heard) in zip(slots_phrase, slots_heard, strict=True):
        if small == small_heard:
            cleaned += small
        else:
            merged = _merge(_spell_alike(small), _spell_alike(small_heard), is_short=len(phrase) < 5)
            if merged is None:
                return None
            kept, lost, bought = merged
            missing_left -= lost
            extra_left -= bought
            cleaned += kept
        if word is not None and word_heard is not None:
            if not _is_same_word(word, word_heard, is_long=len(phrase) >= (4 if phrase[0] == "i" else 5)):
                return None
            is_same = word_heard.isdigit() or (len(phrase) >= 5 and stem(word) == stem(word_heard))
            cleaned.append(word if is_same else word_heard)
    return cleaned if missing_left >= 0 and extra_left >= 0 else None


def _merge(small: list[str], heard: list[str], *, is_short: bool) -> tuple[list[str], int, int] | None:
    """Return the small words to compare, how many were lost and how many bought; None where they say something else."""
    if "that" in heard and "that" not in small:  # "money [that has been] set aside"
        at = heard.index("that")
        heard = heard[:at] + [word for word in heard[at:] if word not in _OF_CLAUSES]
    lost, added = _without(small, heard), _without(heard, small)
    if lost and added:
        swapped = min(sum(word in DETERMINERS for word in lost), sum(word in DETERMINERS for word in added))
        if swapped:
            lost, added = _drop_determiners(lost, swapped), _drop_determiners(added, swapped)
    bought = [word for word in added if word not in FREE]
    if not _POLAR.isdisjoint(added) or not KEPT.isdisjoint(lost):
        return None
    is_other = not _PREPOSITIONS.issuperset(bought)
    if is_other and is_short:
        return None
    # "was calling" is not "am calling", and "i have an eleven year old" is not "i'm eleven years old"
    if lost and (is_other or "have" in added or "had" in added):
        return None
    return [*_without(small, lost), *bought], len(lost), len(bought)


def _without(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the words less the others, each taken away as often as it is there."""
    left = list(words)
    for word in others:
        if word in left:
            left.remove(word)
    return left


def _drop_determiners(words: list[str], number: int) -> list[str]:
    kept = []
    for word in words:
        if number and word in DETERMINERS:
            number -= 1
        else:
            kept.append(word)
    return kept


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
