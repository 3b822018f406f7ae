"""What does the page of calls screened again show? How far it is, then which findings appeared and which are gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.tasks import TaskView
from app.web.formatting import write_count


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule: on how many calls it speaks now and did not, no longer speaks, or says something else."""

    rule: str
    appeared: int
    vanished: int
    other: int


@dataclass(frozen=True, slots=True)
class ScreeningPage:
    """The whole page; ``result`` is None while there is none."""

    task: TaskView
    reason: str
    headline: str
    result: Mapping[str, Any] | None
    rules: tuple[RuleLine, ...]
    has_more_rows: bool


def present_screening(task: TaskView) -> ScreeningPage:
    """Return the page."""
    result = task.result
    if result is None:
        return ScreeningPage(task, task.params["reason"], "", None, (), False)
    names = {*result["appeared"], *result["vanished"], *result["other"]}
    rules = tuple(
        RuleLine(rule, *(result[what].get(rule, 0) for what in ("appeared", "vanished", "other"))) for rule in sorted(names)
    )
    calls, changed = result["calls"], result["changed"]
    headline = (
        f"Of {write_count(calls)} calls {write_count(changed)} got a new screening; {write_count(result['unchanged'])} are as"
    )
    failed = f", and {write_count(result['failed'])} could not be screened" if result["failed"] else ""
    told = sum(line.appeared + line.vanished + line.other for line in rules)
    return ScreeningPage(
        task, task.params["reason"], f"{headline} they were{failed}.", result, rules, told > len(result["rows"])
    )
