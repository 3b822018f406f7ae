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

from app.language.normalise import ARTICLES, FILLERS, spoken_words
from app.language.numbers import QUANTITIES, parse_quantities

BREAK = "\x01"  # no phrase crosses it
OTHER = "\x02"  # a word that no phrase holds
OTHER_NUMBER = chr(0xE000)
_FIRST_NUMBER = 0xE001
_LAST_NUMBER = 0xE7FF
_FIRST_WORD = 0xE800
_LAST_CODE = 0xF8FF  # end of the private use area of Unicode's first plane
_CACHE_LIMIT = 100_000  # written tokens remembered; then the memory starts anew

IS_NUMBER = re.compile(f"[\\ue000-{chr(_LAST_NUMBER)}]+")
# Two neighbouring numbers, or a word said twice in a row (not OTHER: it stands for many words).
_EDIT = re.compile(f"[\\ue000-{chr(_LAST_NUMBER)}]{{2,}}|([{chr(_FIRST_WORD)}-{chr(_LAST_CODE)}])\\1+")

# Small words that recognisers drop or add. A phrase may lack few of them; see `app.language.likeness`.
MINOR = frozenset(
    "to of is are am was were be been that this these those and on in at from have has had would will just actually like really "
    "basically literally please already honestly also even still so well there then".split()
)
# Words that sound alike although their metaphone codes differ, or that must not be taken for their neighbours.
_HOMOPHONES = {
    "won": "1", "one": "1", "two": "2", "to": "2", "too": "2", "four": "4", "for": "4", "eight": "8", "ate": "8",
    "know": "no", "no": "no", "their": "there", "there": "there", "bye": "by", "buy": "by", "by": "by", "hear": "here",
    "here": "here", "our": "our", "are": "our", "your": "your", "hour": "our", "texas": "texts", "tax": "text", "tech": "text",
    "now": "now", "new": "new", "knew": "new", "not": "not", "male": "mail", "mail": "mail", "sale": "sale", "sell": "sell",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of speech in the alphabet: ``text``, and for each character the written token it comes from."""

    text: str
    token_of: NDArray[np.int64]


@dataclass(slots=True)
class Lexicon:
    """The alphabet of one set of packs; built once, then only read (apart from its memory of written tokens)."""

    words: dict[str, str] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    sounds: dict[str, str] = field(default_factory=dict)
    repeatable: set[str] = field(default_factory=set)
    _value_of_code: dict[str, int] = field(default_factory=dict)
    _table: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    _known: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, phrases: Iterable[Iterable[str]], *, repeatable: Iterable[str] = ()) -> "Lexicon":
        """Build the alphabet for phrases given as spoken words."""
        lexicon = cls()
        for value in range(101):
            lexicon._add_number(value)
        for value in (1000, 1_000_000):
            lexicon._add_number(value)
        code = _FIRST_WORD
        for words in phrases:
            listed = list(words)
            values = [_value_of(word) for word in listed]
            for value in parse_quantities([v for v in values if v is not None]):
                lexicon._add_number(value)
            for word, value in zip(listed, values, strict=True):
                if value is None and word not in ARTICLES and word not in FILLERS and word not in lexicon.words:
                    lexicon.words[word] = chr(code)
                    code += 1
        # One further character per sound, for words outside every phrase that sound like one inside.
        for sound in sorted({sound_of(word) for word in lexicon.words} - {""}):
            lexicon.sounds[sound] = chr(code)
            code += 1
        if code > _LAST_CODE:
            raise ValueError(f"expected at most {_LAST_CODE - _FIRST_WORD} different words and sounds in all phrases, got more")
        lexicon.repeatable = {lexicon.words[word] for word in repeatable if word in lexicon.words}
        lexicon._build_table(code)
        return lexicon

    def read(self, tokens: list[str]) -> Reading:
        """Write tokens in the alphabet: numbers joined, immediate repetitions of a word made one."""
        known = self._known
        if len(known) > _CACHE_LIMIT:
            known.clear()
        try:
            codes = [known[token] for token in tokens]
        except KeyError:
            for token in set(tokens):
                if token not in known:
                    known[token] = self.write(spoken_words(token)) if token != BREAK else BREAK
            codes = [known[token] for token in tokens]
        lengths = np.fromiter(map(len, codes), dtype=np.int64, count=len(codes))
        return self._edit("".join(codes), np.repeat(np.arange(len(codes), dtype=np.int64), lengths))

    def write(self, words: Iterable[str]) -> str:
        """Return the characters of spoken words, numbers not yet joined."""
        return "".join(map(self._write_word, words))

    def write_phrase(self, words: Iterable[str]) -> str:
        """Return the characters of a phrase, numbers joined and repetitions made one, as :meth:`read` does."""
        text = self.write(words)
        return self._edit(text, np.arange(len(text), dtype=np.int64)).text

    def sound(self, text: str) -> tuple[str, NDArray[np.int64]]:
        """Return the text by sound, small words left out, and the position in ``text`` of each character."""
        codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
        classes = self._table[codes]
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
        return self.sounds.get(sound_of(word), OTHER)

    def _edit(self, text: str, origin: NDArray[np.int64]) -> Reading:
        pieces: list[str] = []
        kept: list[NDArray[np.int64]] = []
        done = 0
        for match in _EDIT.finditer(text):
            start, end = match.span()
            if match[1]:
                if match[1] in self.repeatable:
                    continue
                pieces.append(text[done : start + 1])
                kept.append(origin[done : start + 1])
            else:
                joined = self._join_numbers(match[0])
                pieces += (text[done:start], joined)
                kept += (origin[done:start], np.linspace(origin[start], origin[end - 1], len(joined)).astype(np.int64))
            done = end
        if not done:
            return Reading(text, origin)
        pieces.append(text[done:])
        kept.append(origin[done:])
        return Reading("".join(pieces), np.concatenate(kept))

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
        for value, sound in ((1, "1"), (2, "2"), (4, "4"), (8, "8")):
            if sound in self.sounds:
                table[ord(self.numbers[value])] = ord(self.sounds[sound])
        self._table = table


def sound_of(word: str) -> str:
    """Return the sound class of a word: homophones share one; short words stand for themselves; else metaphone of the stem."""
    if word in _HOMOPHONES:
        return _HOMOPHONES[word]
    if len(word) <= 3:
        return word
    return jellyfish.metaphone(stem(word)) or word


def stem(word: str) -> str:
    """Cut the endings that recognisers most often lose: plural, past tense, -ing, a silent e."""
    for ending, put in (("ies", "y"), ("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", ""), ("d", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            return word.removesuffix(ending) + put
    return word


def _value_of(word: str) -> int | None:
    if word in QUANTITIES:
        return QUANTITIES[word]
    return int(word) if word.isdigit() and len(word) < 10 else None
