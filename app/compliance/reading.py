"""How is a JSON object read field by field, so that one answer names everything that is wrong with it?

A :class:`Reader` stands on one object. Each method reads one field: absent and null give None (unknown); a value of the wrong
shape is noted with its path and gives None as well. Whoever reads the outermost object asks for the notes at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

NOON = time(12)

LONGEST_TEXT = 100_000
"""Characters of one text value; a fact that is longer is no fact but an accident."""


class Reader:
    """Reads the fields of one JSON object; ``errors`` and ``ignored`` are shared with the readers of inner objects."""

    def __init__(
        self, data: Mapping[str, Any], path: str = "", errors: list[str] | None = None, ignored: list[str] | None = None
    ) -> None:
        self._data = data
        self._path = path
        self._read: set[str] = set()
        self.errors = errors if errors is not None else []
        self.ignored = ignored if ignored is not None else []

    def text(self, name: str) -> str | None:
        """Return a text without blanks at its ends; an empty one is unknown."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            self._wrong(name, "a text", value)
            return None
        return value.strip() or None

    def flag(self, name: str) -> bool | None:
        """Return true or false."""
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(name, "true or false", value)
        return None

    def number(self, name: str, *, least: float = 0.0, most: float = 1e9) -> float | None:
        """Return a finite number between ``least`` and ``most``."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self._wrong(name, f"a number from {least:g} to {most:g}", value)
            return None
        return float(value)

    def whole(self, name: str, *, least: int = 0, most: int = 1_000_000_000) -> int | None:
        """Return a whole number between ``least`` and ``most``."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._wrong(name, f"a whole number from {least} to {most}", value)
            return None
        return value

    def moment(self, name: str) -> datetime | None:
        """Return a moment; a local time without offset could be any hour and is refused."""
        value = self._take(name)
        if value is None or value == "":
            return None
        try:
            at = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            at = None
        if at is None or at.utcoffset() is None:
            self._wrong(name, "an ISO 8601 time with offset, such as 2026-11-23T13:00:00Z", value)
            return None
        return at

    def day(self, name: str) -> datetime | None:
        """Return a moment that counts by its day; a day alone, and midnight UTC to the second, which is how systems write a day
        alone, stand for noon UTC: the same calendar day everywhere in the United States."""
        value = self._data.get(name)
        if isinstance(value, str) and len(value) == len("2026-11-23"):
            try:
                day = date.fromisoformat(value)
            except ValueError:
                return self.moment(name)
            self._read.add(name)
            return datetime.combine(day, NOON, tzinfo=UTC)
        at = self.moment(name)
        if at is not None and at.utcoffset() == timedelta(0) and at.time() == time.min:
            return datetime.combine(at.date(), NOON, tzinfo=UTC)
        return at

    def term(self, name: str, words: type[E]) -> E | None:
        """Return a word of an enum."""
        value = self._take(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or value not in list(words):
            self._wrong(name, "one of " + ", ".join(str(word) for word in words), value)
            return None
        return words(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; none when absent."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._wrong(name, "a list of texts", value)
            return ()
        return tuple(item.strip() for item in value if item.strip())

    def inner(self, name: str) -> Reader | None:
        """Return a reader of an object inside this one."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._wrong(name, "an object", value)
            return None
        return Reader(value, f"{self._path}{name}.", self.errors, self.ignored)

    def items(self, name: str, read: Callable[[Reader], T | None]) -> tuple[T, ...]:
        """Return what ``read`` makes of each object of a list."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(name, "a list of objects", value)
            return ()
        made = []
        for at, item in enumerate(value):
            path = f"{name}[{at}]"
            if not isinstance(item, Mapping):
                self._wrong(path, "an object", item)
                continue
            reader = Reader(item, f"{self._path}{path}.", self.errors, self.ignored)
            one = read(reader)
            reader.close()
            if one is not None:
                made.append(one)
        return tuple(made)

    def raw(self, name: str) -> Any:
        """Return a field as it is, for whoever checks it further."""
        return self._take(name)

    def names(self) -> tuple[str, ...]:
        """Return the names of the object's fields."""
        return tuple(str(name) for name in self._data)

    def refuse(self, name: str, expected: str, got: object) -> None:
        """Note that a field is not what was expected."""
        self._wrong(name, expected, got)

    def close(self) -> None:
        """Note the fields nobody has read."""
        self.ignored += [f"{self._path}{name}" for name in self._data if name not in self._read]

    def _take(self, name: str) -> Any:
        self._read.add(name)
        return self._data.get(name)

    def _wrong(self, name: str, expected: str, got: object) -> None:
        shown = repr(got)
        self.errors.append(f"{self._path}{name}: expected {expected}, got {shown if len(shown) <= 80 else shown[:77] + '...'}")
