"""Which calls were asked for? Reads the query string of the list, keeps what was typed, and says what does not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from app.models.base import EPOCH, MICROSECOND
from app.vocabulary import AnalysisState, Disposition, Severity, Verdict

Word = TypeVar("Word", bound=StrEnum)
ANY_FLAG, NO_FLAG = "any", "none"
NOT_REVIEWED = "none"
YES, NO = "yes", "no"
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list, between two calls: the list is ordered by (started_at, id), newest first."""

    started_at: datetime
    call_id: str

    def write(self) -> str:
        """Return the position as it stands in an address."""
        return f"{(self.started_at - EPOCH) // MICROSECOND}~{self.call_id}"


@dataclass(frozen=True, slots=True)
class CallFilters:
    """What the list is narrowed to; ``typed`` is the query string's part, ``problems`` what of it does not fit."""

    search: str = ""
    campaign_id: str | None = None
    source_id: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    state: AnalysisState | None = None
    flags: str | None = None
    severity: Severity | None = None
    rule: str | None = None
    disposition: Disposition | None = None
    has_recording: bool | None = None
    verdict: Verdict | None = None
    is_not_reviewed: bool = False
    older_than: Position | None = None
    newer_than: Position | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def starts_at(self) -> datetime | None:
        """The first moment of the first day, UTC."""
        return datetime.combine(self.first_day, time(), UTC) if self.first_day else None

    @property
    def ends_before(self) -> datetime | None:
        """The first moment after the last day, UTC."""
        return datetime.combine(self.last_day + timedelta(days=1), time(), UTC) if self.last_day else None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.typed)


FIELDS = (
    "q", "campaign", "source", "from", "to", "state", "flags", "severity", "rule", "disposition", "recording", "verdict"
)  # fmt: skip


def parse_filters(args: Mapping[str, str]) -> CallFilters:
    """Read the filters; a value that does not fit narrows nothing and is named in ``problems``."""
    typed = {name: text for name in FIELDS if (text := _tidy(args.get(name, "")))}
    problems: dict[str, str] = {}
    verdict = typed.get("verdict")
    filters = CallFilters(
        search=typed.get("q", ""),
        campaign_id=typed.get("campaign"),
        source_id=typed.get("source"),
        first_day=_read_day(typed, "from", problems),
        last_day=_read_day(typed, "to", problems),
        state=_read_word(AnalysisState, typed, "state", problems),
        flags=_read_choice((ANY_FLAG, NO_FLAG), typed, "flags", problems),
        severity=_read_word(Severity, typed, "severity", problems),
        rule=typed.get("rule"),
        disposition=_read_word(Disposition, typed, "disposition", problems),
        has_recording={YES: True, NO: False}.get(_read_choice((YES, NO), typed, "recording", problems) or ""),
        verdict=None if verdict == NOT_REVIEWED else _read_word(Verdict, typed, "verdict", problems),
        is_not_reviewed=verdict == NOT_REVIEWED,
        older_than=_read_position(args.get("before")),
        newer_than=_read_position(args.get("after")),
        typed=typed,
    )
    if filters.first_day and filters.last_day and filters.last_day < filters.first_day:
        problems["to"] = f"The last day, {filters.last_day}, lies before the first, {filters.first_day}."
    return replace(filters, problems=problems)


def write_query(typed: Mapping[str, str], **changes: str | None) -> str:
    """Return a query string with the given fields, changed; a field changed to None is left out."""
    kept = {name: value for name, value in {**typed, **changes}.items() if value}
    return f"?{urlencode(kept)}" if kept else "?"


def _tidy(text: str) -> str:
    """Return what was typed without control characters, which no page may carry, and not longer than anybody types."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST_TEXT]


def _read_day(typed: Mapping[str, str], name: str, problems: dict[str, str]) -> date | None:
    if name not in typed:
        return None
    try:
        day = date.fromisoformat(typed[name])
    except ValueError:
        day = None
    if day is None or not EPOCH.year <= day.year < 9000:
        problems[name] = f"Expected a day such as 2026-11-23, got {typed[name]!r}."
        return None
    return day


def _read_word(kind: type[Word], typed: Mapping[str, str], name: str, problems: dict[str, str]) -> Word | None:
    choice = _read_choice(tuple(member.value for member in kind), typed, name, problems)
    return kind(choice) if choice else None


def _read_choice(words: tuple[str, ...], typed: Mapping[str, str], name: str, problems: dict[str, str]) -> str | None:
    if name not in typed:
        return None
    if typed[name] not in words:
        problems[name] = f"Expected one of {', '.join(words)}, got {typed[name]!r}."
        return None
    return typed[name]


def _read_position(written: str | None) -> Position | None:
    """Read a position; one that was tampered with leads to the start of the list."""
    moment, separator, call_id = (written or "").partition("~")
    if not separator or not moment.isdecimal() or len(moment) > 17 or not call_id or len(call_id) > 100:
        return None
    return Position(EPOCH + int(moment) * MICROSECOND, call_id)
