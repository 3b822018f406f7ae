"""What do the pages of scrubs show? The records kept beside the lists, ready to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.tasks import TaskView

WORDS = (("blocked", "critical", "octagon-alert"), ("unknown", "medium", "circle-help"), ("allowed", "good", "circle-check"))


@dataclass(frozen=True, slots=True)
class CountView:
    """How many rows had one outcome."""

    word: str
    look: str
    icon: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class ScrubLine:
    """One scrub."""

    name: str
    performed_at: datetime
    performed_by: str
    filename: str
    rows: int
    invalid: int
    counts: tuple[CountView, ...]
    was_unscrubbed: bool


@dataclass(frozen=True, slots=True)
class ScrubsPage:
    """The form and the history."""

    scrubs: tuple[ScrubLine, ...]
    warnings: tuple[str, ...]
    column: str
    problem: str | None
    max_mb: int
    open_tasks: tuple[TaskView, ...]


@dataclass(frozen=True, slots=True)
class ScrubPage:
    """One scrub with everything that was kept of it."""

    line: ScrubLine
    lists: tuple[dict[str, Any], ...]
    listed: tuple[tuple[str, int], ...]
    garbage: tuple[str, ...]
    warnings: tuple[str, ...]
    input_sha256: str
    report_sha256: str
    is_kept: bool
    has_garbage: bool


def present_scrubs(
    records: Sequence[tuple[str, dict[str, Any]]],
    warnings: Sequence[str],
    *,
    column: str,
    problem: str | None,
    max_mb: int,
    open_tasks: Sequence[TaskView] = (),
) -> ScrubsPage:
    """Return the page of all scrubs."""
    lines = tuple(_line(name, record) for name, record in records)
    return ScrubsPage(lines, tuple(warnings), column, problem, max_mb, tuple(open_tasks))


def present_scrub(name: str, record: dict[str, Any], *, is_kept: bool, has_garbage: bool = False) -> ScrubPage:
    """Return the page of one scrub."""
    lists = [each | {"obtained_at": datetime.fromisoformat(each["obtained_at"])} for each in record["lists"]]
    return ScrubPage(
        line=_line(name, record),
        lists=tuple(lists),
        listed=tuple(record["listed"].items()),
        garbage=tuple(record["garbage"]),
        warnings=tuple(record["warnings"]),
        input_sha256=record["input"]["sha256"],
        report_sha256=record["report"]["sha256"],
        is_kept=is_kept,
        has_garbage=has_garbage,
    )


def _line(name: str, record: dict[str, Any]) -> ScrubLine:
    rows = record["rows"]
    invalid = record["invalid"]
    counts = [CountView(word, look, icon, record[word], record[word] / max(rows, 1)) for word, look, icon in WORDS]
    return ScrubLine(
        name=name,
        performed_at=datetime.fromisoformat(record["performed_at"]),
        performed_by=record.get("performed_by") or "from the shell",
        filename=record["input"]["name"],
        rows=rows,
        invalid=invalid,
        counts=(*counts, CountView("no number", "info", "circle-x", invalid, invalid / max(rows, 1))),
        was_unscrubbed=not record["lists"],
    )
