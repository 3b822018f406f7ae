"""Which past calls do today's lists and rules see otherwise? Screens the calls of a window again, as work that can be stopped.

A list that was obtained before a call and loaded after it, a consent or a request that came late, or other rules change what is
known of the moment of that call. Calls of which all is as it was get no new screening. What changed is told against what was in
force when this was asked for, so that an attempt after a lost worker gives the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.compliance.judge import Judge
from app.errors import EarshotError, InvalidInput
from app.models.calls import Call
from app.models.screening import CurrentScreening, Screening
from app.tasks import OnProgress, TaskStopped, TaskView, ask_for
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import Outcome, TaskKind

MOST_DAYS = 365
LONGEST_REASON = 500
MOST_NUMBERS = 1000
BATCH = 100
MOST_ROWS = 200
TOLD = frozenset({Outcome.VIOLATION, Outcome.REVIEW, Outcome.NEEDS_EVIDENCE})

Screen = Callable[[Work, str, Judge], None]
"""Screens one call with a judge, and whatever else goes with a screening."""


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that says something else of a call: ``before`` and ``after`` are outcomes, None where it had nothing to tell."""

    call_id: str
    external_id: str
    rule: str
    before: str | None
    after: str | None


@dataclass(slots=True)
class _Count:
    changed: int = 0
    unchanged: int = 0
    failed: list[str] = field(default_factory=list)
    failed_count: int = 0
    appeared: Counter[str] = field(default_factory=Counter)
    vanished: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)
    rows: list[dict[str, Any]] = field(default_factory=list)


def ask_screen_again(work: Work, *, days: int, reason: str, numbers: Sequence[str] | None = None) -> str:
    """Ask that the calls of the last days be screened again, only those of some numbers where any are given; return the task.

    Raises
    ------
    InvalidInput
    """
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"days: expected 1 to {MOST_DAYS}, got {days}", field="days")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidInput(f"reason: expected up to {LONGEST_REASON} letters that say why", field="reason")
    if numbers is not None and not 1 <= len(numbers) <= MOST_NUMBERS:
        raise InvalidInput(f"numbers: expected 1 to {MOST_NUMBERS}, got {len(numbers)}", field="numbers")
    params = {
        "days": days,
        "since": (work.now - timedelta(days=days)).isoformat(),
        "until": work.now.isoformat(),
        "reason": reason.strip(),
        "numbers": None if numbers is None else list(numbers),
    }
    return ask_for(work, TaskKind.SCREEN_AGAIN, f"Screen the calls of the last {days} days again", params)


def screen_again(
    uow: UnitOfWork, task: TaskView, judge_of: Callable[[Session], Judge], screen: Screen, on_progress: OnProgress
) -> dict[str, Any]:
    """Screen the calls of a task and tell what changed; each call is a transaction of its own. Raises TaskStopped."""
    window = _window(task)
    with uow.read() as session:
        judge = judge_of(session)
        total = session.scalar(select(func.count()).select_from(Call).join(CurrentScreening).where(window)) or 0
    count = _Count()
    done = 0
    for call_id, external_id in _walk(uow, window):
        on_progress(done, total, f"{count.changed:,} calls changed")
        try:
            with uow.read() as session:
                then = _find_then(session, task.asked_at, call_id)
            with uow.begin(task.asked_by) as work:
                screen(work, call_id, judge)
        except TaskStopped:
            raise
        except EarshotError as error:
            count.failed_count += 1
            if len(count.failed) < MOST_ROWS:
                count.failed.append(f"{external_id}: {error.message}")
        else:
            with uow.read() as session:
                _compare(then, _find_in_force(session, call_id), external_id, count)
        done += 1
    on_progress(done, max(done, total), f"{count.changed:,} calls changed")
    return {
        "calls": done,
        "changed": count.changed,
        "unchanged": count.unchanged,
        "failed": count.failed_count,
        "failures": count.failed,
        "appeared": dict(count.appeared.most_common()),
        "vanished": dict(count.vanished.most_common()),
        "other": dict(count.other.most_common()),
        "rows": count.rows,
    }


def compare_outcomes(
    before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]
) -> list[tuple[str, str | None, str | None]]:
    """Return the rules of which a person is told something else: rule, outcome before and after, None for nothing to tell."""
    then, now = _worst_told(before), _worst_told(after)
    return [(rule, then.get(rule), now.get(rule)) for rule in sorted({*then, *now}) if then.get(rule) != now.get(rule)]


def _worst_told(outcomes: Sequence[Sequence[str]]) -> dict[str, str]:
    order = (Outcome.NEEDS_EVIDENCE, Outcome.REVIEW, Outcome.VIOLATION)
    told: dict[str, str] = {}
    for rule, outcome, *_ in outcomes:
        if outcome in TOLD and (rule not in told or order.index(Outcome(outcome)) > order.index(Outcome(told[rule]))):
            told[rule] = str(outcome)
    return told


def _find_in_force(session: Session, call_id: str) -> Screening:
    current = select(Screening).join(CurrentScreening, CurrentScreening.screening_id == Screening.id)
    return session.scalars(current.where(Screening.call_id == call_id)).one()


def _find_then(session: Session, asked_at: datetime, call_id: str) -> Screening:
    """Return the screening in force when this was asked for: an attempt before this one may have made a newer one."""
    in_force = _find_in_force(session, call_id)
    if in_force.made_at <= asked_at:
        return in_force
    older = select(Screening).where(Screening.call_id == call_id, Screening.made_at <= asked_at)
    return session.scalars(older.order_by(Screening.made_at.desc(), Screening.id.desc()).limit(1)).first() or in_force


def _compare(then: Screening, now: Screening, external_id: str, count: _Count) -> None:
    if then.id == now.id:
        count.unchanged += 1
        return
    count.changed += 1
    for rule, before, after in compare_outcomes(then.outcomes or (), now.outcomes or ()):
        counter = count.appeared if before is None else count.vanished if after is None else count.other
        counter[rule] += 1
        if len(count.rows) < MOST_ROWS:
            count.rows.append(
                {"call_id": now.call_id, "external_id": external_id, "rule": rule, "before": before, "after": after}
            )


def _walk(uow: UnitOfWork, window: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    """Yield the calls of the window, oldest first, a batch at a time so that nothing is read for long."""
    after: ColumnElement[bool] | None = None
    while True:
        asked = select(Call.id, Call.external_id, Call.started_at).join(CurrentScreening).where(window)
        if after is not None:
            asked = asked.where(after)
        with uow.read() as session:
            rows = session.execute(asked.order_by(Call.started_at, Call.id).limit(BATCH)).all()
        if not rows:
            return
        for row in rows:
            yield row.id, row.external_id
        last = rows[-1]
        after = or_(Call.started_at > last.started_at, and_(Call.started_at == last.started_at, Call.id > last.id))


def _window(task: TaskView) -> ColumnElement[bool]:
    since, until = (datetime.fromisoformat(task.params[name]) for name in ("since", "until"))
    window = and_(Call.started_at >= since, Call.started_at <= until)
    numbers = task.params["numbers"]
    return window if numbers is None else and_(window, or_(Call.caller_number.in_(numbers), Call.dialed_number.in_(numbers)))
