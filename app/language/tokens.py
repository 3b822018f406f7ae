"""Where are the written words of a long text, and which were seen before? What ``str.split`` gives, without its strings.

A worker reads the same few thousand written words in every call, and cutting a text into strings and looking each up in a
dictionary is most of the time that reading takes. So words are held as two numbers of eight letters each, found and compared
by numpy many at a time. What is longer than sixteen letters, or not ASCII, goes the slow way. Nothing is compared by hash
alone: two words are one only if all their letters are.

What a word means is given from outside; it is asked for once.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import overload

import numpy as np
from numpy.typing import NDArray

_SLOTS_BITS = 17
_FIRST_TURN, _SECOND_TURN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)  # odd, their bits well mixed
_SHIFT = np.uint64(64 - _SLOTS_BITS)
_HALF = 8  # letters in one number
_BLOCK = 16_384  # words looked up at a time
_MOST_KEPT = 100_000  # written words; then the memory starts anew
_MASKS = np.array([(1 << (8 * letters)) - 1 for letters in range(_HALF + 1)], dtype=np.uint64)
_IS_SPACE = np.array(
    [chr(code).isspace() for code in range(0x3002)]
)  # U+3000 is the last; the one behind stands for all others
_ASCII_SPACES = bytes(chr(code).isspace() and code < 0x80 for code in range(256))
_FOREIGN = 0x80  # stands for every letter that is not ASCII, and for the letter 0, which pads


class Tokens(Sequence[str]):
    """The words of a text, cut at white space as ``str.split`` does; made into strings when asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        letters, is_space = _letters_of(text)
        is_inside = np.zeros(len(text) + 2, dtype=np.bool_)
        np.logical_not(is_space, out=is_inside[1:-1])
        edges = np.flatnonzero(is_inside[1:] != is_inside[:-1])
        self.starts, self.ends = edges[0::2], edges[1::2]
        self._starts, self._ends = self.starts.data, self.ends.data
        self._letters = letters

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self.text[self._starts[i] : self._ends[i]] for i in range(*place.indices(len(self)))]
        return self.text[self._starts[place] : self._ends[place]]

    def places_of(self, letters: Sequence[int]) -> list[int]:
        """Return, for places in the text, the first word that begins there or later."""
        places: list[int] = np.searchsorted(self.starts, letters).tolist()
        return places

    def keys(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.bool_]]:
        """Return the first and the next eight letters of each word as numbers, and which words they are all of."""
        size = self.ends - self.starts
        windows: NDArray[np.uint64] = np.ndarray(len(self._letters) - _HALF + 1, "<u8", self._letters, strides=(1,))
        low = windows[self.starts] & _MASKS[np.minimum(size, _HALF)]
        high = np.zeros(len(size), dtype=np.uint64)
        is_long = np.flatnonzero(size > _HALF)
        high[is_long] = windows[self.starts[is_long] + _HALF] & _MASKS[np.minimum(size[is_long] - _HALF, _HALF)]
        is_whole = size <= 2 * _HALF
        foreign = np.flatnonzero(self._letters == _FOREIGN)
        if len(foreign) and len(size):
            is_whole[np.searchsorted(self.starts, foreign, side="right") - 1] = False
        return low, high, is_whole


class Memory:
    """What written words mean, in characters; asked of ``write`` once per word and kept."""

    def __init__(self, write: Callable[[str], str]) -> None:
        self._write = write
        self._lock = Lock()  # one set of packs serves all threads
        self._number_of: dict[str, int] = {}
        self._firsts, self._sizes = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)  # per number: its part of the pool
        self._pool: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        # By slot: the letters of a word, and its number. Letters 0: an empty slot, for no word begins with the letter 0.
        self._low: NDArray[np.uint64] = np.zeros(1 << _SLOTS_BITS, dtype=np.uint64)
        self._high: NDArray[np.uint64] = np.zeros(1 << _SLOTS_BITS, dtype=np.uint64)
        self._numbers: NDArray[np.int32] = np.zeros(1 << _SLOTS_BITS, dtype=np.int32)

    def read(self, tokens: Tokens) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
        """Return the characters of all words in a row, for each character the word it comes from, and a number for each word.

        Equal words of one reading have equal numbers; from one reading to the next a number may mean another word.
        """
        with self._lock:
            if len(self._number_of) > _MOST_KEPT:
                self._forget()
            numbers = self._find_numbers(tokens)
            sizes = self._sizes[numbers]
            token_of = np.repeat(np.arange(len(numbers)), sizes)
            places = np.arange(len(token_of)) + (self._firsts[numbers] - np.cumsum(sizes) + sizes)[token_of]
            return self._pool[places], token_of, numbers

    def _find_numbers(self, tokens: Tokens) -> NDArray[np.int64]:
        low, high, is_whole = tokens.keys()
        numbers = np.full(len(low), -1, dtype=np.int64)
        for start in range(0, len(low), _BLOCK):  # what one block teaches, the next knows
            block = slice(start, start + _BLOCK)
            self._look_up(low[block], high[block], is_whole[block], numbers[block])
            unknown: dict[str, int] = {}
            for place in (start + np.flatnonzero(numbers[block] < 0)).tolist():
                token = tokens[place]
                number = self._number_of.get(token)
                if number is None:
                    number = self._number_of[token] = len(self._number_of)
                    unknown[token] = place
                numbers[place] = number
            if unknown:
                self._learn(unknown, low, high, is_whole)
        return numbers

    def _look_up(
        self, low: NDArray[np.uint64], high: NDArray[np.uint64], is_whole: NDArray[np.bool_], numbers: NDArray[np.int64]
    ) -> None:
        """Set the numbers of the words that are found by their letters."""
        slots = _slots_of(low, high, _FIRST_TURN)
        is_found = (self._low[slots] == low) & (self._high[slots] == high) & is_whole
        np.copyto(numbers, self._numbers[slots], where=is_found)
        left = np.flatnonzero(~is_found)
        slots = _slots_of(low[left], high[left], _SECOND_TURN)
        is_found = (self._low[slots] == low[left]) & (self._high[slots] == high[left]) & is_whole[left]
        numbers[left[is_found]] = self._numbers[slots[is_found]]

    def _learn(
        self, unknown: dict[str, int], low: NDArray[np.uint64], high: NDArray[np.uint64], is_whole: NDArray[np.bool_]
    ) -> None:
        written = [self._write(token) for token in unknown]
        sizes = np.array([len(codes) for codes in written], dtype=np.int64)
        self._firsts = np.concatenate((self._firsts, len(self._pool) + np.cumsum(sizes) - sizes))
        self._sizes = np.concatenate((self._sizes, sizes))
        self._pool = np.concatenate((self._pool, np.frombuffer("".join(written).encode("utf-32-le"), dtype="<u4")))
        for token, place in unknown.items():
            if not is_whole[place]:
                continue
            for turn in (_FIRST_TURN, _SECOND_TURN):
                slot = int(_slots_of(low[place : place + 1], high[place : place + 1], turn)[0])
                if not self._low[slot]:
                    self._low[slot], self._high[slot], self._numbers[slot] = low[place], high[place], self._number_of[token]
                    break

    def _forget(self) -> None:
        self._number_of.clear()
        self._firsts, self._sizes, self._pool = self._firsts[:0], self._sizes[:0], self._pool[:0]
        for slots in (self._low, self._high, self._numbers):
            slots.fill(0)


def _letters_of(text: str) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return one byte a letter, with enough zeros behind for a window of eight anywhere, and which letters are white space."""
    letters = np.zeros(len(text) + 2 * _HALF, dtype=np.uint8)
    inside = letters[: len(text)]
    if text.isascii():
        written = text.encode("ascii")
        inside[:] = np.frombuffer(written, dtype=np.uint8)
        is_space = np.frombuffer(written.translate(_ASCII_SPACES), dtype=np.bool_)
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        inside[:] = np.where(codes < _FOREIGN, codes, _FOREIGN)
        is_space = _IS_SPACE[np.minimum(codes, len(_IS_SPACE) - 1)]
    if "\0" in text:
        inside[inside == 0] = _FOREIGN
    return letters, is_space


def _slots_of(low: NDArray[np.uint64], high: NDArray[np.uint64], turn: np.uint64) -> NDArray[np.int64]:
    slots: NDArray[np.int64] = (((low ^ (high * _SECOND_TURN)) * turn) >> _SHIFT).astype(np.int64)
    return slots
