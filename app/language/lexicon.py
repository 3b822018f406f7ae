"""How is speech written as one character a word? The alphabet in which phrases and transcripts are compared.

Every word of a phrase gets a character, every number its own, all other words one and the same; articles and fillers get none.
So a megabyte of transcript shrinks to one character a word, word borders cannot be missed, and an automaton runs over it in
milliseconds. A second reading maps each character to a class of words that sound alike, and leaves out small words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import jellyfish
import numpy as np
from numpy.typing import NDArray

from app.errors import InvalidInput
from app.language.mending import Mender
from app.language.normalise import ARTICLES, FILLERS, JOINED, spoken_words
from app.language.numbers import QUANTITIES, parse_quantities
from app.language.tokens import Memory, Tokens
from app.language.words import word_set

BREAK = "\x01"  # no phrase crosses it
OTHER = "\x02"  # a word that no phrase holds
LEFT_PART = "\x04"  # stands before a word that may be the first half of one of a phrase, while a reading is made
RIGHT_PART = "\x06"  # the same for the second half
GUESS = "\x05"  # stands before the words guessed for a misspelling, while a reading is made
OTHER_NUMBER = chr(0xE000)
_UNMARKED = dict.fromkeys(map(ord, (LEFT_PART, GUESS, RIGHT_PART)))
_FIRST_NUMBER = 0xE001
_LAST_NUMBER = 0xE7FF
_FIRST_WORD = 0xE800
_LAST_CODE = 0xF8FF  # end of the private use area of Unicode's first plane
LONGEST_WORD = 40  # letters; what is longer is no word, and is not looked at letter by letter
_LONGEST_KNOWN_RUN = 16  # numbers in a row that are remembered joined
_CACHE_LIMIT = 100_000  # pairs of tokens and runs of numbers remembered; then the memory starts anew

IS_NUMBER = re.compile(f"[\\ue000-{chr(_LAST_NUMBER)}]+")
_NUMBERS = re.compile(f"[\\ue000-{chr(_LAST_NUMBER)}]{{2,}}")
# Up to three words said twice in a row (not OTHER: it stands for many words).
_AGAIN = re.compile(f"([{chr(_FIRST_WORD)}-{chr(_LAST_CODE)}]{{1,3}}?)\\1+")

# Words people put into any sentence; they change nothing in what a phrase says.
FREE = word_set(
    "just actually like really basically literally please already honestly also even still so well then that this these those "
    "ever now all very maybe probably only own guys people folks single little whole some any every my our have had must"
)
# Words one may stand for another: "off the list" is off this list, your list, our list.
DETERMINERS = word_set("this that these those some any your our every all")
# Small words that recognisers drop or add. A phrase may lack few of them; see `app.language.likeness`.
MINOR = (
    FREE
    | DETERMINERS
    | word_set("to of is are am was were be been and on in at from has would will there their for two too four 2 4")
)
# Small words without which a phrase says something else ("my doctor", "i never ever").
KEPT = word_set("my must only people ever maybe probably single little whole now")
# What may stand before a number without changing it for a phrase: "at least two minutes".
HEDGES = word_set("at least about around over like just another almost only exactly maybe up nearly approximately")
LEAST_TO_MISSPELL = 5  # letters; shorter words are too near to one another
# Words that sound alike although their metaphone codes differ, or that must not be taken for their neighbours.
_HOMOPHONES = {
    "won": "1", "one": "1", "two": "2", "to": "2", "too": "2", "four": "4", "for": "4", "eight": "8", "ate": "8",
    "know": "no", "no": "no", "their": "there", "there": "there", "bye": "by", "buy": "by", "by": "by", "hear": "here",
    "here": "here", "our": "our", "are": "our", "your": "your", "hour": "our", "texas": "texts", "tax": "text", "tech": "text",
    "send": "send", "sent": "sent", "now": "now", "new": "new", "knew": "new", "not": "not", "male": "mail", "mail": "mail",
    "sale": "sale", "sell": "sell",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of speech in the alphabet: ``text``, and for each character the written token it comes from."""

    text: str
    token_of: NDArray[np.int64]
    guesses: list[int]  # where words stand that were guessed for misspelt ones, sorted


@dataclass(slots=True)
class Lexicon:
    """The alphabet of one set of packs; built once, then only read (apart from its memory of written tokens)."""

    words: dict[str, str] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    sounds: dict[str, str] = field(default_factory=dict)
    repeatable: set[str] = field(default_factory=set)
    _value_of_code: dict[str, int] = field(default_factory=dict)
    _table: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    free: set[str] = field(default_factory=set)
    word_of: dict[str, str] = field(default_factory=dict)
    hedges: str = ""
    mender: Mender = field(default_factory=lambda: Mender(()))
    _memory: Memory = field(default_factory=lambda: Memory(str))
    _joins: dict[tuple[str, str], str] = field(default_factory=dict)
    _numbers_joined: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, phrases: Iterable[Iterable[str]], *, repeatable: Iterable[str] = ()) -> "Lexicon":
        """Build the alphabet for phrases given as spoken words."""
        lexicon = cls()
        for value in range(101):
            lexicon._add_number(value)
        for value in (1000, 1_000_000):
            lexicon._add_number(value)
        code = _FIRST_WORD
        spelled = [list(words) for words in phrases]
        lexicon.mender = Mender([*spelled, MINOR], {**JOINED, **{word: (word,) for word in QUANTITIES}})
        for listed in spelled:
            values = [_value_of(word) for word in listed]
            for value in parse_quantities([v for v in values if v is not None]):
                lexicon._add_number(value)
            for word, number in zip(listed, values, strict=True):
                if number is None and word not in ARTICLES and word not in FILLERS and word not in lexicon.words:
                    lexicon.words[word] = chr(code)
                    code += 1
        for word in sorted((MINOR | HEDGES) - lexicon.words.keys()):
            if _value_of(word) is None:
                lexicon.words[word] = chr(code)
                code += 1
        lexicon.words["their"] = lexicon.words["there"]  # written for one another everywhere
        # One further character per sound, for words outside every phrase that sound like one inside.
        for sound in sorted({sound_of(word) for word in lexicon.words} - {""}):
            lexicon.sounds[sound] = chr(code)
            code += 1
        if code > _LAST_CODE:
            raise InvalidInput(
                f"Phrase packs: expected at most {_LAST_CODE - _FIRST_WORD} different words and sounds in all phrases, got "
                f"{code - _FIRST_WORD}; split the packs or drop phrases"
            )
        lexicon.repeatable = {lexicon.words[word] for word in repeatable if word in lexicon.words}
        lexicon.word_of = {code: word for word, code in lexicon.words.items() if word != "their"}
        lexicon.hedges = "".join(lexicon.words[word] for word in sorted(HEDGES))
        lexicon.free = {lexicon.words[word] for word in FREE if word in lexicon.words}
        lexicon._build_table(code)
        lexicon._memory = Memory(lexicon._write_token)
        return lexicon

    def read(self, tokens: Tokens) -> Reading:
        """Write tokens in the alphabet: numbers joined, immediate repetitions of a word made one."""
        codes, token_of, numbers = self._memory.read(tokens)
        is_mark = (codes >= ord(LEFT_PART)) & (codes <= ord(RIGHT_PART))  # GUESS lies between them
        if not is_mark.any():
            return self._edit(codes, token_of, np.zeros(len(codes), dtype=np.bool_))
        marked = np.flatnonzero(is_mark)
        places = marked - np.arange(len(marked))  # where the marked words stand once the marks are gone
        marks = codes[marked]
        codes, token_of = codes[~is_mark], token_of[~is_mark]
        is_guess = np.zeros(len(codes), dtype=np.bool_)
        guesses = places[marks == ord(GUESS)]
        is_guess[guesses[guesses < len(codes)]] = True
        firsts = np.concatenate((places[marks == ord(LEFT_PART)], places[marks == ord(RIGHT_PART)] - 1))
        return self._edit(*self._join_parts(firsts, codes, token_of, is_guess, tokens, numbers))

    def _join_parts(
        self,
        firsts: NDArray[np.int64],
        codes: NDArray[np.uint32],
        token_of: NDArray[np.int64],
        is_guess: NDArray[np.bool_],
        tokens: Tokens,
        numbers: NDArray[np.int64],
    ) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.bool_]]:
        """Put words together that were heard in two: "in formation"; ``firsts`` are places where the first half may stand."""
        firsts = firsts[(firsts >= 0) & (firsts + 1 < len(codes))]
        firsts = firsts[token_of[firsts + 1] == token_of[firsts] + 1]
        one = token_of[firsts]
        _, examples, which = np.unique((numbers[one] << 32) + numbers[one + 1], return_index=True, return_inverse=True)
        joined = [self._join(tokens[token], tokens[token + 1]) for token in one[examples].tolist()]
        is_kept = np.ones(len(codes), dtype=np.bool_)
        for i in np.flatnonzero(np.array([bool(code) for code in joined], dtype=np.bool_)[which]).tolist():
            first = int(firsts[i])
            if is_kept[first] and is_kept[first + 1]:
                codes[first] = ord(joined[which[i]])
                is_guess[first] = True
                is_kept[first + 1] = False
        return codes[is_kept], token_of[is_kept], is_guess[is_kept]

    def _join(self, first: str, second: str) -> str:
        """Return the character of the word that two written tokens make, or an empty text."""
        code = self._joins.get((first, second))
        if code is None:
            if len(self._joins) > _CACHE_LIMIT:
                self._joins.clear()
            word = self.mender.join("".join(spoken_words(first)), "".join(spoken_words(second)))
            code = self._joins[first, second] = self.words.get(word, "")
        return code

    def _write_token(self, token: str) -> str:
        return BREAK if token == BREAK else self.write(spoken_words(token))

    def write(self, words: Iterable[str]) -> str:
        """Return the characters of spoken words, numbers not yet joined."""
        return "".join(map(self._write_word, words))

    def write_phrase(self, words: Iterable[str]) -> str:
        """Return the characters of a phrase, numbers joined and repetitions made one, as :meth:`read` does."""
        text = self.write(words).translate(_UNMARKED)
        return self._edit(_codes_of(text), np.arange(len(text), dtype=np.int64), np.zeros(len(text), dtype=np.bool_)).text

    def sound(self, text: str) -> tuple[str, NDArray[np.int64]]:
        """Return the text by sound, small words left out, and the position in ``text`` of each character."""
        classes = self._table[_codes_of(text)]
        kept = np.flatnonzero(classes)
        return classes[kept].astype("<u4").tobytes().decode("utf-32-le"), kept

    def _write_word(self, word: str) -> str:
        if word in ARTICLES or word in FILLERS:
            return ""
        code = self.words.get(word)
        if code is not None:
            return code
        value = _value_of(word)
        if value is not None:
            return self.numbers.get(value, OTHER_NUMBER)
        if len(word) > LONGEST_WORD:
            return OTHER
        mended = self.mender.mend(word)
        part = (LEFT_PART if self.mender.may_begin(word) else "") + (RIGHT_PART if self.mender.may_end(word) else "")
        if mended == (word,):
            return part + self.sounds.get(sound_of(word), OTHER)
        return part + GUESS + "".join(map(self._write_known, mended))

    def _write_known(self, word: str) -> str:
        code = self.words.get(word)
        if code is not None:
            return code
        value = _value_of(word)
        return "" if value is None else self.numbers.get(value, OTHER_NUMBER)

    def _edit(self, codes: NDArray[np.uint32], origin: NDArray[np.int64], is_guess: NDArray[np.bool_]) -> Reading:
        text = codes.tobytes().decode("utf-32-le")
        codes = codes.copy()
        is_kept = np.ones(len(codes), dtype=np.bool_)
        for start in _where_numbers_meet(codes):
            match = _NUMBERS.match(text, start)
            assert match is not None
            run = match[0]
            joined = self._numbers_joined.get(run, "")
            if not joined:
                joined = self._join_numbers(run)
                if len(run) <= _LONGEST_KNOWN_RUN:
                    if len(self._numbers_joined) > _CACHE_LIMIT:
                        self._numbers_joined.clear()
                    self._numbers_joined[run] = joined
            if joined == run:
                continue
            codes[start : start + len(joined)] = [ord(code) for code in joined]
            is_kept[start + len(joined) : match.end()] = False
        done = 0
        for start in _where_said_again(codes):
            again = _AGAIN.match(text, start) if start >= done else None
            if again and again[1] not in self.repeatable:
                done = again.end()
                is_kept[start + len(again[1]) : done] = False
        if is_kept.all():
            return Reading(text, origin, np.flatnonzero(is_guess).tolist())
        left = np.flatnonzero(is_guess[is_kept]).tolist()
        return Reading(codes[is_kept].tobytes().decode("utf-32-le"), origin[is_kept], left)

    def _join_numbers(self, codes: str) -> str:
        values = [self._value_of_code.get(code) for code in codes]
        joined: list[str] = []
        run: list[int] = []
        for value in [*values, None]:
            if value is not None:
                run.append(value)
                continue
            joined += [self.numbers.get(v, OTHER_NUMBER) for v in parse_quantities(run)]
            run = []
            joined.append(OTHER_NUMBER)
        return "".join(joined[:-1])

    def _add_number(self, value: int) -> None:
        if value not in self.numbers:
            self.numbers[value] = chr(_FIRST_NUMBER + len(self.numbers))
            self._value_of_code[self.numbers[value]] = value

    def _build_table(self, end: int) -> None:
        table = np.full(0x10000, ord(OTHER), dtype=np.uint32)
        table[ord(BREAK)] = ord(BREAK)
        table[0xE000 : _LAST_NUMBER + 1] = np.arange(0xE000, _LAST_NUMBER + 1)
        for word, code in self.words.items():
            table[ord(code)] = 0 if word in MINOR else ord(self.sounds.get(sound_of(word), code))
        for code in self.sounds.values():
            table[ord(code)] = ord(code)
        for value, sound in ((1, "1"), (8, "8")):
            if sound in self.sounds:
                table[ord(self.numbers[value])] = ord(self.sounds[sound])
        for value in (2, 4):  # "to" and "for", as small as they are
            table[ord(self.numbers[value])] = 0
        self._table = table


def _codes_of(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _where_numbers_meet(codes: NDArray[np.uint32]) -> list[int]:
    """Return where each run of two numbers or more begins."""
    is_number = (codes >= ord(OTHER_NUMBER)) & (codes <= _LAST_NUMBER)
    begins = is_number[:-1] & is_number[1:]
    begins[1:] &= ~is_number[:-2]
    places: list[int] = np.flatnonzero(begins).tolist()
    return places


def _where_said_again(codes: NDArray[np.uint32]) -> list[int]:
    """Return, sorted, where one to three words may be said twice in a row."""
    places: set[int] = set()
    is_word = codes >= _FIRST_WORD
    for size in (1, 2, 3):
        if len(codes) < 2 * size:
            break
        same = (codes[size:] == codes[:-size]) & is_word[size:]
        run = same
        for shift in range(1, size):
            run = run[:-1] & same[shift:]
        places.update(np.flatnonzero(run).tolist())
    return sorted(places)


def sound_of(word: str) -> str:
    """Return the sound class of a word: homophones share one; short words stand for themselves; else metaphone of the stem."""
    if word in _HOMOPHONES:
        return _HOMOPHONES[word]
    if len(word) <= 3:
        return word
    return jellyfish.metaphone(stem(word)) or word


def letters_apart_at_most(word: str) -> int:
    """Return how many letters a word may be off and still be taken for a misspelling: one, or two in a long word."""
    return 2 if len(word) >= 9 else 1


def stem(word: str) -> str:
    """Cut the endings that recognisers most often lose: plural, past tense, -ing, a silent e."""
    for ending, put in (("ies", "y"), ("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            return word.removesuffix(ending) + put
    return word


def _value_of(word: str) -> int | None:
    if word in QUANTITIES:
        return QUANTITIES[word]
    return int(word) if word.isdigit() and len(word) < 10 else None
