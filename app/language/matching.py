"""Where do the words of a phrase stand? Two searches over the alphabet of :mod:`app.language.lexicon`.

The first finds phrases as written, the second by sound; what the second finds is measured by :mod:`app.language.likeness`.
Phrases with ``*`` or ``{n}`` are found piece by piece and put together. Who spoke, and whether the sentence denies or asks, is
decided elsewhere.
"""

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from app.language.lexicon import BREAK, IS_NUMBER, MINOR, Lexicon, Reading
from app.language.likeness import LEAST_WORDS_TO_LACK_ONE, LIKENESS_OF_GUESS, guesses_allowed, measure_likeness
from app.language.normalise import ARTICLES, FILLERS, apostrophe_variants, spoken_words
from app.language.packs import Pack, Phrase, PhrasePacks
from app.language.seeking import Seeker
from app.language.variants import vary

MAX_GAP_WORDS = 3  # what `*` may stand for
MAX_NUMBER_CODES = 5  # what `{n}` may stand for, in numbers
MAX_HEDGES = 2  # "at least", "up to" before a number
LEAST_SOUNDS = 2
LEAST_WORDS_OF_ONE_SOUND = 3  # a phrase with one weighty word needs all its small ones
_TELLING_LITTLE = frozenset({"only", "not", "no", "never", "all", "now", "set", "name", "four", "last", "here", "one"})
FEW_TIMES = 4  # so many times the seconds, firsts are looked at one by one
LEAST_LETTERS = 8  # below this, too many passages sound alike


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase of one pack, as the automata know it."""

    pack: Pack
    phrase: Phrase
    article: str  # the article the phrase begins with, or ""
    first_word: str
    size: int  # in characters of the alphabet


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of words of one spelling of a phrase; ``gap`` is what stands before it: "", "*" or "{n}"."""

    pattern: int
    index: int
    gap: str
    code: str
    words: tuple[str, ...]
    lead: str = ""  # the small words it begins with, which the reading by sound leaves out
    tail: str = ""
    needs_all: bool = False  # too short to lack a small word at its ends


@dataclass(frozen=True, slots=True)
class Pattern:
    """One spelling of a phrase: an entry and the number of its pieces."""

    entry: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a stretch of characters stands for: whole phrases, and whether it is also a piece of phrases in several."""

    code: str
    wholes: tuple[Piece, ...]
    is_part: bool


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A phrase found at characters ``start`` to ``end`` of a reading; likeness 100 means the same words."""

    start: int
    end: int
    entry: int
    likeness: float


@dataclass(frozen=True, slots=True)
class PackSet:
    """Packs made ready for searching; build once with :func:`compile_packs`, then only read."""

    source: PhrasePacks
    lexicon: Lexicon
    entries: tuple[Entry, ...]
    patterns: tuple[Pattern, ...]
    gaps: tuple[tuple[str, ...], ...]  # per pattern, what stands before each piece
    codes: tuple[tuple[str, ...], ...]  # per pattern, its pieces as written
    beginning: Mapping[str, tuple[int, ...]]  # the patterns of several pieces that begin with a code
    exact: Seeker[Written]
    by_sound: Seeker[tuple[Piece, ...]]


def compile_packs(packs: PhrasePacks) -> PackSet:
    """Make packs ready for searching (about a tenth of a second for the shipped ones)."""
    spelled = [(pack, phrase, _spell(phrase.say)) for pack in packs.packs for phrase in pack.phrases]
    vocabulary = [words for _, _, spellings in spelled for spelling in spellings for _, words in spelling]
    lexicon = Lexicon.of(vocabulary, repeatable=("hello",))
    entries: list[Entry] = []
    patterns: list[Pattern] = []
    gaps: list[tuple[str, ...]] = []
    exact: dict[str, list[Piece]] = {}
    by_sound: dict[str, list[Piece]] = {}
    for pack, phrase, spellings in spelled:
        first = phrase.say.split()[0]
        sizes = []
        for spelling in spellings:
            patterns.append(Pattern(len(entries), len(spelling)))
            gaps.append(tuple(gap for gap, _ in spelling))
            sizes.append(0)
            for index, (gap, words) in enumerate(spelling):
                code = lexicon.write_phrase(words)
                sounds, origin = lexicon.sound(code)
                lead, tail = (code[: origin[0]], code[origin[-1] + 1 :]) if sounds else ("", "")
                needs_all = len(sounds) == 1 or len(words) < LEAST_WORDS_TO_LACK_ONE
                piece = Piece(len(patterns) - 1, index, gap, code, words, lead, tail, needs_all)
                sizes[-1] += len(code)
                exact.setdefault(code, []).append(piece)
                if _may_be_misheard(words, sounds):
                    by_sound.setdefault(sounds, []).append(piece)
        lead = spellings[0][0][1][0]
        entries.append(Entry(pack, phrase, first if first in ARTICLES else "", lead, sizes[0]))
    return _make_ready(packs, lexicon, entries, patterns, gaps, exact, by_sound)


def _make_ready(
    packs: PhrasePacks,
    lexicon: Lexicon,
    entries: list[Entry],
    patterns: list[Pattern],
    gaps: list[tuple[str, ...]],
    exact: dict[str, list[Piece]],
    by_sound: dict[str, list[Piece]],
) -> PackSet:
    codes: list[dict[int, str]] = [{} for _ in patterns]
    beginning: dict[str, list[int]] = {}
    written = {}
    for code, pieces in exact.items():
        wholes = tuple(piece for piece in pieces if patterns[piece.pattern].pieces == 1)
        written[code] = Written(code, wholes, len(wholes) < len(pieces))
        for piece in pieces:
            codes[piece.pattern][piece.index] = code
            if piece.index == 0 and patterns[piece.pattern].pieces > 1:
                beginning.setdefault(code, []).append(piece.pattern)
    return PackSet(
        source=packs,
        lexicon=lexicon,
        entries=tuple(entries),
        patterns=tuple(patterns),
        gaps=tuple(gaps),
        codes=tuple(tuple(of[index] for index in sorted(of)) for of in codes),
        beginning={code: tuple(numbers) for code, numbers in beginning.items()},
        exact=Seeker.of(written),
        by_sound=Seeker.of({code: tuple(pieces) for code, pieces in by_sound.items()}),
    )


def _may_be_misheard(words: tuple[str, ...], sounds: str) -> bool:
    """Say whether a piece has enough to be looked for by sound: two weighty words, or a telling one among small ones."""
    if len(" ".join(words)) < LEAST_LETTERS:
        return False
    if len(sounds) >= LEAST_SOUNDS:
        return True
    is_telling = any(len(word) > 2 and word not in MINOR and word not in _TELLING_LITTLE for word in words)
    return is_telling and len(sounds) == 1 and len(words) >= LEAST_WORDS_OF_ONE_SOUND


def find_matches(packs: PackSet, reading: Reading, words_between: Callable[[int, int], list[str]]) -> list[Match]:
    """Return every place of every phrase in a reading, sorted.

    ``words_between`` gives the spoken words, without articles and fillers, that characters ``start`` to ``end`` stand for.
    """
    text, guesses, patterns = reading.text, reading.guesses, packs.patterns
    matches: dict[tuple[int, int, int], float] = {}
    parts = _Parts(packs)

    def note(piece: Piece, start: int, end: int, likeness: float) -> None:
        key = (start, end, patterns[piece.pattern].entry)
        if likeness > matches.get(key, 0.0):
            matches[key] = likeness

    for start, end, known in packs.exact.find(text):
        guessed = _count_between(guesses, start, end)
        if guessed <= guesses_allowed(end - start):
            likeness = LIKENESS_OF_GUESS if guessed else 100.0
            for piece in known.wholes:
                note(piece, start, end, likeness)
            if known.is_part:
                parts.as_written.setdefault(known.code, []).append((start, end, likeness))
    for piece, start, end, likeness in _find_by_sound(packs, reading, words_between):
        if patterns[piece.pattern].pieces == 1:
            note(piece, start, end, likeness)
        else:
            parts.by_sound.setdefault((piece.pattern, piece.index), []).append((start, end, likeness))
    for number in parts.find_begun():
        for start, end, likeness in _assemble(packs, number, parts, text):
            key = (start, end, patterns[number].entry)
            matches[key] = max(likeness, matches.get(key, 0.0))
    return sorted(Match(start, end, entry, likeness) for (start, end, entry), likeness in matches.items())


def _find_by_sound(
    packs: PackSet, reading: Reading, words_between: Callable[[int, int], list[str]]
) -> Iterator[tuple[Piece, int, int, float]]:
    """Give (piece, from, to, likeness) of every passage that sounds like a piece and is not the same word for word."""
    text, guesses, free = reading.text, reading.guesses, packs.lexicon.free
    sounds, origin = packs.lexicon.sound(text)
    passages: dict[tuple[int, int], tuple[str, ...]] = {}  # read back once, though several pieces end there
    alike: dict[tuple[tuple[str, ...], tuple[str, ...], int], float] = {}  # and compared once, though said again
    for first, behind, pieces in packs.by_sound.find(sounds):
        left, right = int(origin[first]), int(origin[behind - 1]) + 1
        before = text[left - 1] if left else ""
        is_free = before in free
        for piece in pieces:
            lead = piece.lead
            if piece.needs_all and lead and lead[-1] != before and not is_free:
                continue  # without its small words it says something else
            if text.startswith(piece.code, max(left - len(lead), 0)):
                continue  # word for word: found as written
            start, end = _widen(text, left, right, piece, free)
            guessed = _count_between(guesses, start, end)
            is_short = piece.needs_all and end - start < len(lead) + right - left + len(piece.tail)
            if is_short or guessed > guesses_allowed(len(piece.words)):
                continue
            heard = passages.get((start, end))
            if heard is None:
                heard = passages[start, end] = tuple(words_between(start, end))
            compared = (piece.words, heard, guessed)
            likeness = alike.get(compared)
            if likeness is None:
                likeness = alike[compared] = measure_likeness(*compared)
            if likeness:
                yield piece, start, end, likeness


def _spell(say: str) -> list[list[tuple[str, tuple[str, ...]]]]:
    """Return the spellings of a phrase, each a list of (gap before, words without articles and fillers)."""
    spellings = []
    for choice in _choose(say):
        for variant in apostrophe_variants(choice):
            pieces: list[tuple[str, tuple[str, ...]]] = []
            gap = ""
            words: list[str] = []
            for part in variant.split():
                if part in ("*", "{n}"):
                    pieces.append((gap, tuple(words)))
                    gap, words = part, []
                else:
                    words += [word for word in spoken_words(part) if word not in ARTICLES and word not in FILLERS]
            pieces.append((gap, tuple(words)))
            if all(words for _, words in pieces):
                spellings += [known for known in _vary(pieces) if known not in spellings]
    return spellings


def _vary(pieces: list[tuple[str, tuple[str, ...]]]) -> list[list[tuple[str, tuple[str, ...]]]]:
    """Exchange the turns of speech of each piece; of a phrase in several pieces, one piece at a time."""
    varied = [pieces]
    for index, (gap, words) in enumerate(pieces):
        varied += [[*pieces[:index], (gap, other), *pieces[index + 1 :]] for other in vary(words)[1:]]
    return varied


def _choose(say: str) -> list[str]:
    """Write out the alternatives of a phrase: "(a|the) card" is "a card" and "the card"."""
    parts = re.split(r"\(([^()]*)\)", say)
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    return [" ".join("".join(pick).split()) for pick in itertools.product(*choices)]


def _count_between(places: list[int], start: int, end: int) -> int:
    return bisect_left(places, end) - bisect_left(places, start) if places else 0


def _widen(text: str, left: int, right: int, piece: Piece, free: set[str]) -> tuple[int, int]:
    """Take in the small words with which the piece begins and ends, where they stand there."""
    for code in reversed(piece.lead):
        if left > 0 and text[left - 1] == code:
            left -= 1
        elif left > 1 and text[left - 1] in free and text[left - 2] == code:  # "there [actually] was a link"
            left -= 2
    for code in piece.tail:
        if right < len(text) and text[right] == code:
            right += 1
    return left, right


@dataclass(slots=True)
class _Parts:
    """Where pieces of phrases in several were found: as written once for all phrases that have them, by sound for each."""

    packs: PackSet
    as_written: dict[str, list[tuple[int, int, float]]] = field(default_factory=dict)
    by_sound: dict[tuple[int, int], list[tuple[int, int, float]]] = field(default_factory=dict)

    def find_begun(self) -> list[int]:
        """Return the patterns of which the first piece was found."""
        begun = {number for code in self.as_written for number in self.packs.beginning.get(code, ())}
        return sorted(begun | {number for number, index in self.by_sound if index == 0})

    def places(self, number: int, index: int) -> list[tuple[int, int, float]]:
        """Return where a piece of a pattern stands, in order."""
        written = self.as_written.get(self.packs.codes[number][index], [])
        heard = self.by_sound.get((number, index))
        return sorted(written + heard) if heard else written


def _assemble(packs: PackSet, number: int, parts: _Parts, text: str) -> Iterator[tuple[int, int, float]]:
    """Put the pieces of one pattern together, each first piece with the nearest pieces behind it."""
    gaps = packs.gaps[number]
    rests: list[list[tuple[int, int, float]]] = []
    for index in range(len(gaps) - 1, 0, -1):
        rest = parts.places(number, index)
        if not rest:
            return
        rests.insert(0, rest)
    for first, end, likeness in _only_near(parts.places(number, 0), rests[0]):
        reach, worst = end, likeness
        for gap, rest in zip(gaps[1:], rests, strict=True):
            after = _find_next(rest, reach, gap, text, packs.lexicon.hedges)
            if after is None:
                break
            _, reach, alike = after
            worst = min(worst, alike)
        else:
            yield first, reach, worst


def _only_near(firsts: list[tuple[int, int, float]], seconds: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Return the first pieces that may be near a second one: of many, only those are looked at."""
    if len(firsts) <= FEW_TIMES * len(seconds):
        return firsts
    reach = MAX_NUMBER_CODES + MAX_HEDGES + max(end - start for start, end, _ in firsts)
    near: list[tuple[int, int, float]] = []
    done = 0
    for second, _, _ in seconds:
        low = max(bisect_left(firsts, (second - reach,)), done)
        done = max(bisect_left(firsts, (second + 1,)), done)
        near += firsts[low:done]
    return near


def _find_next(
    rest: list[tuple[int, int, float]], reach: int, gap: str, text: str, hedges: str
) -> tuple[int, int, float] | None:
    for i in range(bisect_left(rest, (reach,)), len(rest)):
        start = rest[i][0]
        if start - reach > MAX_NUMBER_CODES + MAX_HEDGES:
            return None
        if _fits(gap, text[reach:start], hedges):
            return rest[i]
    return None


def _fits(gap: str, between: str, hedges: str) -> bool:
    if gap == "*":
        return len(between) <= MAX_GAP_WORDS and BREAK not in between
    between = between.lstrip(hedges)  # "at least two minutes"
    return len(between) <= MAX_NUMBER_CODES and IS_NUMBER.fullmatch(between) is not None
