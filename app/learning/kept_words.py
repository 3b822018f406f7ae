"""What were the words of an utterance? Read from the record only when somebody asks: most utterances hold no phrase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from pydantic_core import from_json

from app.conversation import Word
from app.timeline import Span


class KeptWords(Sequence[Word]):
    """The words of one utterance as the database holds them; behaves as the tuple they are."""

    __slots__ = ("_kept", "_words")

    def __init__(self, kept: str) -> None:
        self._kept = kept
        self._words: tuple[Word, ...] | None = None

    def read(self) -> tuple[Word, ...]:
        """Return the words."""
        if self._words is None:
            rows = from_json(self._kept)
            self._words = tuple(Word(Span(start_s, end_s), text, sure, bool(low)) for start_s, end_s, text, sure, low in rows)
        return self._words

    @overload
    def __getitem__(self, at: int) -> Word: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Word, ...]: ...
    def __getitem__(self, at: int | slice) -> Word | tuple[Word, ...]:
        return self.read()[at]

    def __len__(self) -> int:
        return len(self.read())

    def __iter__(self) -> Iterator[Word]:
        return iter(self.read())

    def __add__(self, other: Sequence[Word]) -> tuple[Word, ...]:
        return (*self.read(), *other)

    def __radd__(self, other: Sequence[Word]) -> tuple[Word, ...]:
        return (*other, *self.read())

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Sequence) and self.read() == tuple(other)

    def __hash__(self) -> int:
        return hash(self.read())
