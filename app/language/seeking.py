"""Where in a text do given strings stand? Every place of thousands of them, in one pass over the places that could matter.

Most of what is said begins no phrase and goes on with none. So before an automaton (Aho and Corasick 1975) walks the text, each
pair of neighbours is looked up in a table of the pairs that the strings hold; what is in no such pair, and is no string by
itself, is left out, and a barrier is put where it stood. Most words of a transcript never reach the automaton.

It knows characters only, not what they stand for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import ahocorasick
import numpy as np
from numpy.typing import NDArray

BARRIER = 0  # stands for a character that no string holds
T = TypeVar("T")
_CODES = 0x10000  # characters of Unicode's first plane


@dataclass(frozen=True, slots=True)
class Seeker(Generic[T]):
    """Strings made ready for seeking, each with what is known of it; build with :meth:`of`, then only read."""

    automaton: Any
    ranks: NDArray[np.uint16]  # of each character among those of the strings, from 1; 0 for all others
    pairs: NDArray[np.bool_]  # [first rank * size + second rank]: do they stand side by side in a string?
    alone: NDArray[np.bool_]  # by rank: is the character a string by itself?

    @classmethod
    def of(cls, known: Mapping[str, T]) -> "Seeker[T]":
        """Make strings of Unicode's first plane ready, none of them empty; no strings find nothing."""
        letters = sorted(set("".join(known)))
        ranks = np.zeros(_CODES, dtype=np.uint16)
        for rank, letter in enumerate(letters, start=1):
            ranks[ord(letter)] = rank
        size = len(letters) + 1
        pairs = np.zeros(size * size, dtype=np.bool_)
        alone = np.zeros(size, dtype=np.bool_)
        automaton = ahocorasick.Automaton()
        for text, value in known.items():
            codes = ranks[_codes_of(text)].astype(np.int64)
            pairs[codes[:-1] * size + codes[1:]] = True
            if len(codes) == 1:
                alone[codes[0]] = True
            automaton.add_word(_spread(codes), (len(text), value))
        automaton.make_automaton()
        return cls(automaton, ranks, pairs, alone)

    def find(self, text: str) -> Iterator[tuple[int, int, T]]:
        """Give (first character, one past the last, what is known) of every place of every string, by its end."""
        if not len(self.automaton) or not text:
            return
        ranks = self.ranks[_codes_of(text)]
        is_pair = self.pairs[ranks[:-1].astype(np.int64) * len(self.alone) + ranks[1:]]
        may_stand = self.alone[ranks]
        may_stand[:-1] |= is_pair
        may_stand[1:] |= is_pair
        is_kept = may_stand.copy()
        is_kept[1:] |= may_stand[:-1]  # one more behind each stretch, as its barrier
        places = np.flatnonzero(is_kept)
        left = np.where(may_stand, ranks, BARRIER)[places]
        for last, (size, value) in self.automaton.iter(_spread(left)):
            end = int(places[last // 2]) + 1
            yield end - size, end, value


def _codes_of(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def _spread(ranks: NDArray[Any]) -> str:
    """Write each rank as two characters, of small and separate alphabets.

    The automaton looks for a node's next character one by one; with a thousand at its root that is slow, with thirty not
    (measured: less than half the time on a megabyte of transcript).
    """
    pairs = np.empty(2 * len(ranks), dtype="<u2")
    pairs[0::2] = (ranks >> 6) + 0x1000
    pairs[1::2] = (ranks & 63) + 0x100
    return pairs.tobytes().decode("utf-16-le")
