"""How are rows stored? Column types and the declarative base that every table uses.

Only INTEGER, REAL, TEXT and BLOB reach the database, so that SQLite's STRICT tables and PostgreSQL hold the same values:
moments are UTC microseconds since 1970, days are ISO 8601 text, money is integer minor units, lists and maps are JSON text.
"""

import json
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import REAL, BigInteger, CheckConstraint, Dialect, Double, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

WideInteger = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {str: Text, int: Integer, float: Double().with_variant(REAL, "sqlite")}


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole microseconds since 1970; a naive datetime is refused."""

    impl = WideInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a moment with a time zone, got {value!r}")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


class Day(TypeDecorator[date]):
    """A calendar day, kept as text such as 2026-11-22, so that days sort as they should."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        if isinstance(value, datetime):
            raise ValueError(f"expected a day, got the moment {value!r}")
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A list or map, kept as compact JSON text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Flag(TypeDecorator[bool]):
    """A boolean, kept as 0 or 1."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        return None if value is None else int(bool(value))

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class Term(TypeDecorator[Any]):
    """A word of ``app.vocabulary``, kept as its text and read back as the enum."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(self.kind(value).value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


def canonical_json(value: Any) -> str:
    """Return the one text of a JSON value: sorted keys, no spaces, non-ASCII kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """Return the check that a text column holds a word of the vocabulary."""
    words = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")
