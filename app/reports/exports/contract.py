"""What is a report before it is written? Tables of typed columns whose rows come one by one, and what they rest on.

A builder reads the database and gives a :class:`Report`. Its rows are generators: the writers take them once, table by
table in the given order, while the session is open; nothing may hold them all in memory. A table that sums up an earlier
one comes after it and is marked ``is_summary``, so that its rows can be counted on the way; people still read it first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.compliance.registry.service import NumberLists
from app.errors import InvalidInput
from app.money import Money
from app.phone import mask
from app.tasks import OnProgress
from app.vocabulary import ReportKind

LONGEST_DAYS = 400
"""A report covers at most so many days: a year, and a month to compare it with."""

Cell: TypeAlias = str | int | float | bool | datetime | date | Money | None
"""What a row holds: None where nothing is known, which every format writes as an empty cell."""

Row: TypeAlias = tuple[Cell, ...]


class ColumnKind(StrEnum):
    """What a column holds, and so how each format writes it."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    MOMENT = "moment"
    DAY = "day"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``name`` for machines (``local_time``), ``title`` for people, width in characters, what to know of it.

    A page holds about 200 characters: the PDF leaves out columns that are not ``is_main``, then the last ones, and says so.
    """

    name: str
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 16
    note: str = ""
    is_main: bool = True


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table; ``name`` (at most 25 small letters, digits, hyphens) names its CSV file and its sheet.

    ``rows`` is taken once. Each row has one cell per column; moments are timezone-aware.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    is_summary: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,24}", self.name):
            raise ValueError(f"expected at most 25 small letters, digits and hyphens as the name of a table, got {self.name!r}")


@dataclass(slots=True)
class Used:
    """What the rows rest on, collected while they are made: versions of the screenings concerned, and of number lists."""

    screenings: dict[str, set[str]] = field(default_factory=dict)
    lists: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    screening_count: int = 0
    without_facts: int = 0

    def add_screening(self, versions: Mapping[str, Any], *, has_facts: bool = True, count: int = 1) -> None:
        """Note the versions that made a screening (``Screening.versions``), or some, and whether facts were kept."""
        self.screening_count += count
        self.without_facts += 0 if has_facts else count
        for name, version in versions.items():
            for inner, value in version.items() if isinstance(version, Mapping) else ((None, version),):
                self.screenings.setdefault(f"{name}.{inner}" if inner else name, set()).add(str(value))

    def add_list(self, version_id: str, told: Mapping[str, Any]) -> None:
        """Note a version of a number list: its list, when it was obtained, SAN and hash as far as they are known."""
        self.lists.setdefault(version_id, told)


@dataclass(frozen=True, slots=True)
class Report:
    """A report ready to be written.

    Attributes
    ----------
    filters
        What was asked for, in words: ``{"Period": "1 to 30 November 2026 (UTC)", "Campaign": "all"}``.
    notes
        What a reader must know before relying on it.
    late_notes
        Called once all rows are made: notes that only the rows can tell.
    gaps
        Called once all rows are made: what is missing and of whom to ask it, one line each; None where the report knows none.
    """

    kind: ReportKind
    title: str
    filters: Mapping[str, str]
    tables: tuple[ReportTable, ...]
    notes: tuple[str, ...] = ()
    used: Used = field(default_factory=Used)
    late_notes: Callable[[], Sequence[str]] = lambda: ()
    gaps: Callable[[], Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Params:
    """What is asked for; ids name rows of this house, None means all. The period is from ``since`` up to ``until``, UTC.

    ``unmask_reason`` is why numbers are shown whole; empty: they are masked.
    """

    since: datetime
    until: datetime
    campaign_id: str | None = None
    publisher_id: str | None = None
    advertiser_id: str | None = None
    source_id: str | None = None
    state: str | None = None
    number: str | None = None
    unmask_reason: str = ""

    def check(self) -> None:
        """Raise InvalidInput when the period is no period or too long."""
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise InvalidInput("the period: expected times with an offset from UTC", field="since")
        if self.until <= self.since:
            raise InvalidInput("the period: expected its end after its beginning", field="until")
        if (self.until - self.since).days > LONGEST_DAYS:
            raise InvalidInput(
                f"the period: expected at most {LONGEST_DAYS} days, got {(self.until - self.since).days}", field="until"
            )


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a report is made: whose calls it may hold, and whether numbers of people stand in it whole."""

    identity: Identity
    sees_numbers: bool = False

    def show(self, number: str | None) -> str | None:
        """Return a consumer's number as this reader may see it: E.164, or the last four digits."""
        return number if number is None or self.sees_numbers else mask(number)


class Builder(Protocol):
    """Builds one kind of report."""

    def __call__(
        self,
        session: Session,
        params: Params,
        reader: Reader,
        *,
        lists: NumberLists | None,
        now: datetime,
        on_progress: OnProgress,
    ) -> Report:
        """Return the report; its rows are read while it is written, a batch at a time, each told to ``on_progress``.

        ``lists`` is None where the number lists are out of reach; ``on_progress(done, total, note)`` may raise TaskStopped.
        Rows are narrowed to what ``reader.identity`` may see (:func:`app.access.scope.scope_calls`).
        """


@dataclass(frozen=True, slots=True)
class KindOfReport:
    """One kind of report: what it tells, in words for its card, how it is built, and which filters it knows."""

    kind: ReportKind
    title: str
    tells: str
    build: Builder
    filters: frozenset[str] = frozenset({"campaign_id", "publisher_id", "advertiser_id"})
    check: Callable[[Params], None] = Params.check


def day_start(day: date) -> datetime:
    """Return the first moment of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
