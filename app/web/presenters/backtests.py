"""What do the pages of back-tests show? The form, the list, and one answer with its figures, bars, flips and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.compliance.editions.drafts import DraftFacts
from app.compliance.editions.service import EditionFacts
from app.compliance.rule_texts import find_rule_text
from app.learning.backtest_service import MOST_DAYS, USUAL_DAYS
from app.learning.backtest_words import precision, recall, say_headline, say_money, say_share, say_warnings
from app.money import Money
from app.shares import Share
from app.tasks import TaskView
from app.vocabulary import DraftState, TaskState
from app.web.formatting import write_word
from app.web.presenters.call_list import Choice

BAR = 220.0
"""Length of the longest bar, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class BacktestLine:
    """One back-test in the list; ``said`` is its headline, or why there is none."""

    task: TaskView
    asked_by: str
    said: str


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form for a back-test, with what was typed."""

    choices: tuple[Choice, ...]
    days: str
    limit: str
    problem: str | None
    problem_field: str
    most_days: int = MOST_DAYS


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with what it counts."""

    figure: str
    word: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class IntervalView:
    """A share with its interval, as words and as places on a line of 100 units."""

    text: str
    low: float
    high: float
    middle: float | None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule on both sides: flags and their bars, what comes and goes, money at stake, precision and recall."""

    rule: str
    title: str
    before: int
    after: int
    bar_before: float
    bar_after: float
    newly_flagged: int
    no_longer_flagged: int
    changed: int
    doubtful: int
    stake: str
    precision: tuple[IntervalView, IntervalView] | None
    recall: tuple[IntervalView, IntervalView] | None


@dataclass(frozen=True, slots=True)
class FlipLine:
    """A flip with its call and where to listen."""

    call_id: str
    external_id: str
    started_at: datetime
    rule: str
    title: str
    kind: str
    before: str
    after: str
    quote: str
    reason: str
    at: str
    anchor: str
    money: str
    note: str


@dataclass(frozen=True, slots=True)
class PhraseLine:
    """A phrase that only one side hears."""

    call_id: str
    external_id: str
    pack: str
    phrase: str
    is_added: bool
    quote: str
    speaker: str
    at: str
    anchor: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """The answer of a back-test."""

    headline: str
    warnings: tuple[str, ...]
    tiles: tuple[Tile, ...]
    differences: tuple[Mapping[str, Any], ...]
    rules: tuple[RuleLine, ...]
    same_rules: tuple[RuleLine, ...]
    flips: tuple[FlipLine, ...]
    flips_total: int
    phrases: tuple[PhraseLine, ...]
    phrases_total: int
    packs: tuple[Mapping[str, Any], ...]
    since: datetime
    until: datetime
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    has_file: bool


@dataclass(frozen=True, slots=True)
class BacktestPage:
    """One back-test; ``answer`` is None until it is done, ``outdated`` says what has changed since."""

    title: str
    draft_id: str | None
    edition_id: str | None
    days: int
    asked_by: str
    answer: AnswerView | None
    outdated: str


def present_list(tasks: Sequence[TaskView], names: Mapping[str, str]) -> tuple[BacktestLine, ...]:
    """Return the lines of the list."""
    return tuple(BacktestLine(task, names.get(task.asked_by, task.asked_by), _say_short(task)) for task in tasks)


def present_form(
    drafts: Sequence[DraftFacts],
    editions: Sequence[EditionFacts],
    typed: Mapping[str, str],
    *,
    problem: str | None = None,
    problem_field: str = "",
) -> NewPage:
    """Return the form; ``typed`` holds what was chosen, or the draft that a link names."""
    wanted = typed.get("tried", "")
    choices = [
        Choice(f"draft:{d.id}", f"Draft: {d.title}", wanted == f"draft:{d.id}") for d in drafts if d.state is DraftState.OPEN
    ]
    choices += [
        Choice(f"edition:{e.id}", f"Edition {e.number}: {e.title}", wanted == f"edition:{e.id}") for e in editions
    ]  # fmt: skip
    return NewPage(tuple(choices), typed.get("days", str(USUAL_DAYS)), typed.get("limit", ""), problem, problem_field)


def present_backtest(task: TaskView, names: Mapping[str, str], outdated: str = "") -> BacktestPage:
    """Return the page of one back-test."""
    return BacktestPage(
        title=task.title,
        draft_id=task.params.get("draft_id"),
        edition_id=task.params.get("edition_id"),
        days=int(task.params["days"]),
        asked_by=names.get(task.asked_by, task.asked_by),
        answer=None if task.result is None else _present_answer(task.result),
        outdated=outdated,
    )


def _say_short(task: TaskView) -> str:
    if task.result is not None:
        return say_headline(task.result)
    if task.failure is not None:
        return task.failure
    return "Stopped before the end; there is no result." if task.state is TaskState.STOPPED else task.note or "Waiting"


def _present_answer(result: Mapping[str, Any]) -> AnswerView:
    most = max((max(_flags(rule)) for rule in result["rules"]), default=0)
    lines = [(_present_rule(rule, most), _differs(rule)) for rule in result["rules"]]
    changing = sorted((line for line, differs in lines if differs), key=_by_weight)
    return AnswerView(
        headline=say_headline(result),
        warnings=say_warnings(result),
        tiles=_present_tiles(result),
        differences=tuple(result["differences"]),
        rules=tuple(changing),
        same_rules=tuple(line for line, differs in lines if not differs and (line.before or line.precision or line.recall)),
        flips=tuple(_present_flip(flip) for flip in result["flips"]),
        flips_total=result["flips_total"],
        phrases=tuple(_present_phrase(phrase) for phrase in result["phrases"]),
        phrases_total=result["phrases_total"],
        packs=tuple(pack for pack in result["packs"] if pack["added"] or pack["removed"]),
        since=datetime.fromisoformat(result["since"]),
        until=datetime.fromisoformat(result["until"]),
        before=result["before"],
        after=result["after"],
        has_file="csv_bytes" in result,
    )


def _present_tiles(result: Mapping[str, Any]) -> tuple[Tile, ...]:
    calls = result["calls"]
    least, most = (
        sum(rule[f"stake_{end}_added"] - rule[f"stake_{end}_removed"] for rule in result["rules"]) for end in ("least", "most")
    )
    at_stake = _signed(least) if least == most else f"{_signed(least)} to {_signed(most)}"

    def tile(name: str, word: str) -> Tile:
        revenue, payout = say_money(result, f"{name}_revenue"), say_money(result, f"{name}_payout")
        return Tile(f"{calls[name]:,}", word, f"{revenue} of revenue, {payout} of payout" if calls[name] else "")

    return (
        tile("newly_flagged", "calls newly flagged"),
        tile("no_longer_flagged", "no longer flagged"),
        tile("with_new_flags", "with a flag more"),
        tile("with_lost_flags", "with a flag less"),
        tile("newly_unbillable", "newly not billable"),
        tile("billable_again", "billable again"),
        Tile(at_stake, "money at stake by law", "change over all flags, least to most"),
    )


def _present_rule(rule: Mapping[str, Any], most: int) -> RuleLine:
    before, after = _flags(rule)
    least = rule["stake_least_added"] - rule["stake_least_removed"]
    most_stake = rule["stake_most_added"] - rule["stake_most_removed"]
    stake = (
        "–"
        if not (least or most_stake)
        else _signed(least)
        if least == most_stake
        else f"{_signed(least)} to {_signed(most_stake)}"
    )
    return RuleLine(
        rule=rule["rule"],
        title=find_rule_text(rule["rule"]).title,
        before=before,
        after=after,
        bar_before=BAR * before / most if most else 0.0,
        bar_after=BAR * after / most if most else 0.0,
        newly_flagged=rule["newly_flagged"],
        no_longer_flagged=rule["no_longer_flagged"],
        changed=rule["changed"],
        doubtful=rule["doubtful"],
        stake=stake,
        precision=_pair(precision(rule, "before"), precision(rule, "after")),
        recall=_pair(recall(rule, "before"), recall(rule, "after")),
    )  # fmt: skip


def _pair(before: Share, after: Share) -> tuple[IntervalView, IntervalView] | None:
    return (_interval(before), _interval(after)) if before.total or after.total else None


def _interval(share: Share) -> IntervalView:
    low, high = share.interval
    return IntervalView(say_share(share), 100 * low, 100 * high, None if share.value is None else 100 * share.value)


def _flags(rule: Mapping[str, Any]) -> tuple[int, int]:
    return (rule["violation_before"] + rule["review_before"], rule["violation_after"] + rule["review_after"])


def _differs(rule: Mapping[str, Any]) -> bool:
    return bool(rule["newly_flagged"] or rule["no_longer_flagged"] or rule["changed"] or rule["stake_most_added"])


def _by_weight(line: RuleLine) -> tuple[int, int, str]:
    return -(line.newly_flagged + line.no_longer_flagged), -line.changed, line.rule


def _present_flip(flip: Mapping[str, Any]) -> FlipLine:
    decision = flip["decision"]
    note = f"A person said: {write_word(decision)}" if decision else "Reviewed as good" if flip["is_reviewed_good"] else ""
    revenue = flip["revenue_minor"]
    return FlipLine(
        call_id=flip["call_id"],
        external_id=flip["external_id"],
        started_at=datetime.fromisoformat(flip["started_at"]),
        rule=flip["rule"],
        title=find_rule_text(flip["rule"]).title,
        kind=flip["kind"],
        before=_say_outcome(flip["before"]),
        after=_say_outcome(flip["after"]),
        quote=flip["quote"],
        reason=flip["reason"],
        at=_say_time(flip["start_s"]),
        anchor=_anchor(flip["start_s"]),
        money="–" if revenue is None else str(Money(revenue, flip["currency"])),
        note=note,
    )


def _present_phrase(phrase: Mapping[str, Any]) -> PhraseLine:
    return PhraseLine(
        call_id=phrase["call_id"],
        external_id=phrase["external_id"],
        pack=phrase["pack"],
        phrase=phrase["phrase"],
        is_added=phrase["change"] == "added",
        quote=phrase["quote"],
        speaker=phrase["speaker"],
        at=_say_time(phrase["start_s"]),
        anchor=_anchor(phrase["start_s"]),
    )


def _say_outcome(said: Mapping[str, str] | None) -> str:
    if said is None:
        return "nothing"
    is_severe = said["outcome"] in ("violation", "review", "needs_evidence")
    return write_word(said["outcome"]) + (f", {said['severity']}" if is_severe else "")


def _say_time(start_s: float | None) -> str:
    return "" if start_s is None else f"{int(start_s) // 60}:{int(start_s) % 60:02d}"


def _anchor(start_s: float | None) -> str:
    return "" if start_s is None else f"#t={max(0.0, start_s - 1.0):.1f}"


def _signed(cents: int) -> str:
    return f"+{Money(cents)}" if cents > 0 else str(Money(cents))
