"""Which numbers were said? Spoken and written numbers as digits, with the words they stand on.

Two readings of the same words: as quantities ("sixty four hundred" is 6400), for phrases, and as digits read out one after
another ("forty one eleven" is 4111), for card and account numbers. It checks no number; see :mod:`app.language.sensitive`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from app.language.words import word_set

UNITS: Mapping[str, int] = MappingProxyType(
    {w: n for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])}
)
TENS: Mapping[str, int] = MappingProxyType(
    {w: 20 + 10 * n for n, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])}
)
TEENS: Mapping[str, int] = MappingProxyType(
    {
        "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
        "eighteen": 18, "nineteen": 19,
    }
)  # fmt: skip
SCALES: Mapping[str, int] = MappingProxyType({"hundred": 100, "thousand": 1000, "million": 1_000_000})
QUANTITIES: Mapping[str, int] = MappingProxyType({**UNITS, **TEENS, **TENS, **SCALES})

_DIGIT_WORDS: Mapping[str, str] = MappingProxyType(
    {**{w: str(n) for w, n in UNITS.items()}, "oh": "0", "nought": "0", "niner": "9"}
)
# Words that are digits only between digits: "press two" is plain, "two to for" needs its neighbours.
_AMBIGUOUS: Mapping[str, str] = MappingProxyType({"to": "2", "too": "2", "for": "4", "won": "1", "ate": "8", "o": "0"})
_TIMES: Mapping[str, int] = MappingProxyType({"double": 2, "triple": 3})
_BEGINS_DIGITS = frozenset({*_DIGIT_WORDS, *_TIMES, *TEENS, *TENS})
FILLERS = word_set(
    "uh um mm hmm er ah er mm hmm and then dash hyphen space ok yes yep yeah mmhmm right so is it next pause got go ahead"
)
MAX_FILLERS = 2  # between two digits of one run


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Digits said one after another, in words ``start`` up to ``end`` (exclusive); ``at`` names the word of each digit."""

    digits: str
    start: int
    end: int
    at: tuple[int, ...]


def parse_quantities(values: Sequence[int]) -> list[int]:
    """Join the values of neighbouring number words: [60, 4, 100] is [6400], [4, 1, 1] stays as it is."""
    said: list[int] = []
    i = 0
    while i < len(values):
        total, i = _take_below_thousand(values, i)
        if i < len(values) and values[i] == 1000 and total < 1000:
            total *= 1000
            i += 1
            if i < len(values) and values[i] < 100 and values[i] not in (0, 100):
                rest, after = _take_below_thousand(values, i)
                if rest < 1000:
                    total, i = total + rest, after
        said.append(total)
    return said


def _take_below_thousand(values: Sequence[int], i: int) -> tuple[int, int]:
    total = values[i]
    i += 1
    if 20 <= total < 100 and total % 10 == 0 and i < len(values) and 1 <= values[i] <= 9:
        total += values[i]
        i += 1
    if 1 <= total < 100 and i < len(values) and values[i] == 100:
        total *= 100
        i += 1
        if i < len(values) and 1 <= values[i] < 100 and not (i + 1 < len(values) and values[i + 1] == 100):
            rest, i = _take_below_thousand(values, i)
            total += rest
    return total, i


def find_digit_runs(words: Sequence[str], *, least: int = 1) -> tuple[DigitRun, ...]:
    """Return the runs of at least ``least`` digits in the words, read out or written.

    Double and triple repeat the next digit; a ten takes the unit behind it; hundred and thousand append zeros;
    up to two fillers may stand between digits; an ambiguous word counts only when both neighbours, fillers aside, are digits.
    """
    for word in words:  # most words are none: this is asked of every word of every call
        if may_begin_digits(word):
            break
    else:
        return ()  # an ambiguous word counts between digits alone
    runs: list[DigitRun] = []
    digits: list[tuple[str, int]] = []
    start = end = 0
    idle = 0
    i = 0
    while i <= len(words):
        said, taken = _read_digits(words, i) if i < len(words) else ("", 0)
        if said:
            if not digits:
                start = i
            for n, digit in enumerate(said):
                digits.append((digit, min(i + n, i + taken - 1)))
            i += taken
            end, idle = i, 0
            continue
        idle += 1
        is_filler = i < len(words) and words[i] in FILLERS and idle <= MAX_FILLERS
        if digits and not is_filler:
            if len(digits) >= least:
                runs.append(DigitRun("".join(d for d, _ in digits), start, end, tuple(at for _, at in digits)))
            digits = []
        i += 1
    return tuple(runs)


def may_begin_digits(word: str) -> bool:
    """Say whether a run of digits may begin at a word, whatever follows it."""
    return word in _BEGINS_DIGITS or word.isdigit()


def _read_digits(words: Sequence[str], i: int) -> tuple[str, int]:  # noqa: PLR0911 - one return per kind of number word
    """Return the digits that begin at word ``i`` and how many words they take."""
    word = words[i]
    if word.isdigit():
        return word, 1
    if word in _TIMES and i + 1 < len(words):
        unit = _as_digit(words[i + 1])
        return (unit * _TIMES[word], 2) if unit else ("", 0)
    if word in _DIGIT_WORDS or (word in _AMBIGUOUS and _stands_between_digits(words, i)):
        digit = _as_digit(word)
        scale = words[i + 1] if i + 1 < len(words) else ""
        if scale in ("hundred", "thousand") and word in UNITS:
            return digit + str(SCALES[scale])[1:], 2
        return digit, 1
    if word in TEENS:
        return str(TEENS[word]), 1
    if word in TENS:
        unit = words[i + 1] if i + 1 < len(words) else ""
        if unit in UNITS and unit != "zero":
            return str(TENS[word] + UNITS[unit]), 2
        return str(TENS[word]), 1
    return "", 0


def _as_digit(word: str) -> str:
    return _DIGIT_WORDS.get(word) or _AMBIGUOUS.get(word) or (word if len(word) == 1 and word.isdigit() else "")


def _stands_between_digits(words: Sequence[str], i: int) -> bool:
    return _is_next_a_digit(words, i, -1) and _is_next_a_digit(words, i, 1)


def _is_next_a_digit(words: Sequence[str], i: int, step: int) -> bool:
    j = i + step
    if 0 <= j < len(words) and words[j] in FILLERS:
        j += step
    while 0 <= j < len(words) and words[j] in _AMBIGUOUS:  # "four to for one": look past its equals
        j += step
    if not 0 <= j < len(words):
        return False
    word = words[j]
    return word.isdigit() or word in _DIGIT_WORDS or word in TEENS or word in TENS or word in _TIMES
