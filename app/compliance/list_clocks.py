"""Which do-not-call lists run out, where, when, and how many calls go there? Read from the lists themselves when it is asked.

A warning is given seven, three and one days before the last day, on it, and once the list is too old; each once, as the audit
trail tells which were given. Nothing else is stored, so that a newer list silences all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.compliance.registry.service import NumberLists
from app.compliance.registry.snapshot import zones_of
from app.compliance.registry.versions import LONGEST_AGE_DAYS, AreaFreshness, ListName
from app.models.calls import Call
from app.models.events import Event
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, Freshness, ListKind

LEVELS = (7, 3, 1, 0)
TOO_OLD = -1
COUNTED_DAYS = 7
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ListClock:
    """Area codes of one version that run out on the same day; ``areas`` empty where the list speaks of every number.

    ``last_day`` is the last day on which it may be used, in the calendar of its area codes that counts most; ``days_left`` is
    negative when it is over; ``calls_a_day`` is the mean over the last seven days of calls from there.
    """

    list_name: ListName
    source: str
    version_id: str
    areas: tuple[int, ...]
    last_day: date
    days_left: int
    state: Freshness
    calls_a_day: float = 0.0

    @property
    def title(self) -> str:
        """The list's name, with the source where it has one."""
        return f"{self.list_name} ({self.source})" if self.source else str(self.list_name)

    @property
    def level(self) -> int | None:
        """The warning that is due: the least of seven, three, one and no days that are left, -1 when it is too old."""
        if self.days_left < 0:
            return TOO_OLD
        return min((level for level in LEVELS if self.days_left <= level), default=None)


@dataclass(frozen=True, slots=True)
class ListClocks:
    """All clocks, those that run out first before the others."""

    clocks: tuple[ListClock, ...]
    is_anything_loaded: bool
    is_national_loaded: bool

    @property
    def running_out(self) -> tuple[ListClock, ...]:
        """Those of which somebody should know."""
        return tuple(clock for clock in self.clocks if clock.level is not None)


def read_clocks(session: Session, lists: NumberLists) -> ListClocks:
    """Return the clocks of all lists in force, with the calls that go there. Raises ListDamaged."""
    found = find_clocks(lists)
    if not found.clocks:
        return found
    calls = _count_calls(session, lists)
    counted = tuple(replace(clock, calls_a_day=_calls_of(clock, calls) / COUNTED_DAYS) for clock in found.clocks)
    return ListClocks(counted, found.is_anything_loaded, found.is_national_loaded)


def find_clocks(lists: NumberLists) -> ListClocks:
    """Return the same without counting calls, which needs no database. Raises ListDamaged."""
    rows = lists.freshness()
    kinds = {row.list_name.kind for row in rows}
    return ListClocks(group_clocks(rows), bool(rows), ListKind.NATIONAL in kinds)


def group_clocks(rows: Iterable[AreaFreshness]) -> tuple[ListClock, ...]:
    """Join area codes of one version that run out on the same day; lists without a known limit have no clock."""
    groups: dict[tuple[str, date], list[AreaFreshness]] = defaultdict(list)
    for row in rows:
        if row.days_left is not None:
            groups[row.version.id, last_day_of(row)].append(row)
    found = []
    for (version_id, last_day), group in groups.items():
        first, areas = group[0], tuple(sorted(row.area for row in group if row.area is not None))
        least = min(row.days_left for row in group if row.days_left is not None)
        found.append(ListClock(first.list_name, first.version.source, version_id, areas, last_day, least, _worst(group)))
    return tuple(sorted(found, key=lambda clock: (clock.days_left, clock.title, clock.areas)))


def last_day_of(row: AreaFreshness) -> date:
    """Return the last day on which a list may be used for an area code, by the calendar that counts most there."""
    zones = zones_of(row.area) if row.area is not None else (UTC,)
    first = min(row.version.obtained_at.astimezone(zone).date() for zone in zones)
    return first + timedelta(days=LONGEST_AGE_DAYS[row.list_name.kind])


def warn_of_lists(uow: UnitOfWork, lists: NumberLists) -> int:
    """Put every warning that became due on the audit trail and into the log, once; return how many. Raises ListDamaged."""
    due = find_clocks(lists).running_out
    if not due:
        return 0
    with uow.read() as session:
        clocks = read_clocks(session, lists).running_out
    count = 0
    with uow.begin("system") as work:
        given = {_key(event) for event in _find_warnings(work.session, {clock.version_id for clock in clocks})}
        for clock in clocks:
            if (clock.version_id, clock.last_day.isoformat(), clock.level) in given:
                continue
            told: dict[str, Any] = {"list": clock.title, "level": clock.level, "last_day": clock.last_day.isoformat()}
            told |= {"days_left": clock.days_left, "area_codes": list(clock.areas), "calls_a_day": round(clock.calls_a_day, 1)}
            work.publish(EventKind.NUMBER_LIST_RUNS_OUT, ("number_list_version", clock.version_id), told)
            log.warning("number list runs out", version=clock.version_id, **told)
            count += 1
    return count


def _find_warnings(session: Session, version_ids: set[str]) -> Sequence[Event]:
    about = (Event.subject_type == "number_list_version", Event.subject_id.in_(version_ids))
    return session.scalars(select(Event).where(*about, Event.kind == EventKind.NUMBER_LIST_RUNS_OUT)).all()


def _key(event: Event) -> tuple[str, str, int]:
    return event.subject_id, event.payload["last_day"], event.payload["level"]


def _worst(group: Sequence[AreaFreshness]) -> Freshness:
    states = {row.state for row in group}
    return next(state for state in (Freshness.STALE, Freshness.DUE, Freshness.FRESH) if state in states)


def _count_calls(session: Session, lists: NumberLists) -> dict[str, int]:
    """Return how many calls of the last seven days came from each area code."""
    area = func.substr(Call.caller_number, 3, 3)
    since = lists.now() - timedelta(days=COUNTED_DAYS)
    asked = select(area, func.count()).where(Call.started_at >= since, Call.caller_number.like("+1%")).group_by(area)
    return {str(code): int(count) for code, count in session.execute(asked)}


def _calls_of(clock: ListClock, calls: dict[str, int]) -> int:
    return sum(calls.get(str(area), 0) for area in clock.areas) if clock.areas else sum(calls.values())
