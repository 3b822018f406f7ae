"""What does the page of number lists show? What is loaded, how long it may be used, and the form with what was typed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.compliance.list_clocks import ListClock, last_day_of
from app.compliance.registry.versions import AreaFreshness, ListVersion
from app.intake.values import US_STATES
from app.tasks import TaskView
from app.vocabulary import Freshness, ListKind
from app.web.calendar_file import CalendarDay
from app.web.formatting import write_count, write_title
from app.web.list_alarms import say_areas

SHORT_HASH = 12
WEEK = 7
ICONS = {Freshness.FRESH: "circle-check", Freshness.DUE: "clock", Freshness.STALE: "octagon-alert"}
LOOKS = {Freshness.FRESH: "good", Freshness.DUE: "medium", Freshness.STALE: "critical"}
RUNNING_WEEKS = 6  # 31 days ahead touch at most six calendar weeks


@dataclass(frozen=True, slots=True)
class AreaView:
    """One area code: how long the list may still be used there."""

    code: str
    state: Freshness
    days: str
    said: str


@dataclass(frozen=True, slots=True)
class ClockView:
    """One list and its area codes, and how many are in each state; ``limit`` None where no age is too old."""

    title: str
    areas: tuple[AreaView, ...]
    counts: tuple[tuple[Freshness, str, str, int], ...]


@dataclass(frozen=True, slots=True)
class DayView:
    """One day of the calendar: the lists whose last good day it is, and for how many area codes."""

    day: date
    is_past: bool
    is_today: bool
    ends: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a list."""

    version: ListVersion
    title: str
    area_codes: str
    age_days: int
    short_hash: str
    garbage_count: int
    in_force: str


@dataclass(frozen=True, slots=True)
class ListForm:
    """The form as typed, with what was wrong."""

    typed: Mapping[str, str]
    problem: str | None
    kinds: tuple[tuple[str, str], ...]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListsPage:
    """The whole page."""

    warnings: tuple[str, ...]
    clocks: tuple[ClockView, ...]
    weeks: tuple[tuple[DayView, ...], ...]
    versions: tuple[VersionView, ...]
    form: ListForm
    max_mb: int
    open_tasks: tuple[TaskView, ...]
    again_days: str
    again_reason: str


def present_lists(
    rows: Sequence[AreaFreshness],
    versions: Sequence[ListVersion],
    warnings: Sequence[str],
    now: datetime,
    *,
    typed: Mapping[str, str],
    problem: str | None,
    max_mb: int,
    open_tasks: Sequence[TaskView] = (),
    again: Mapping[str, str] | None = None,
) -> ListsPage:
    """Return the page; ``again`` is what was typed to have calls screened again."""
    newest = max(versions, key=lambda version: version.withdrawn_at or version.loaded_at, default=None)
    given = again or {}
    used = Counter(row.version.id for row in rows)
    return ListsPage(
        warnings=tuple(warnings),
        clocks=_clocks(rows),
        weeks=_weeks(rows, now.date()),
        versions=tuple(
            _version(version, used[version.id], now)
            for version in sorted(versions, key=lambda v: (v.obtained_at, v.loaded_at), reverse=True)
        ),
        form=ListForm(
            typed,
            problem,
            tuple((str(kind), _KIND_TITLES[kind]) for kind in ListKind),
            tuple(sorted(US_STATES.split())),
        ),
        max_mb=max_mb,
        open_tasks=tuple(open_tasks),
        again_days=given.get("days") or str(_days_since(newest, now)),
        again_reason=given.get("reason") or (_say_newest(newest) if newest else ""),
    )


def _days_since(version: ListVersion | None, now: datetime) -> int:
    """Return for how many days a version may have something to say of past calls."""
    return 7 if version is None else max(1, min(365, (now - version.obtained_at).days + 1))


def _say_newest(version: ListVersion) -> str:
    what = "withdrawn" if version.withdrawn_at else "loaded"
    return f"{title_of(version)} of {version.obtained_at:%d %b %Y} was {what}"


def say_loaded(version: ListVersion, *, is_new: bool) -> tuple[str, str]:
    """Return what is told of a list that was just loaded, and the look of the notice."""
    left_out = sum(file.garbage_count for file in version.files)
    rest = f"; {write_count(left_out)} rows that are no entries were left out, see below" if left_out else ""
    done = "Loaded" if is_new else "Was loaded before, nothing changed"
    return f"{done}: {title_of(version)}, {write_count(version.count)} numbers{rest}.", "warn" if left_out else "done"


def fill_again(given: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed for a load, by the parameters of its task."""
    kind, _, state = given.get("list_name", "").partition(":")
    names = ("san", "area_codes", "source", "source_version")
    kept = {name: given.get(name, "") for name in names}
    return {"kind": kind, "state": state, "obtained_at": given.get("obtained_at", "")[:16]} | kept


def list_days(clocks: Sequence[ListClock]) -> list[CalendarDay]:
    """Return the last days of the lists for somebody's own calendar, one event for each version and day."""
    return [
        CalendarDay(
            uid=f"{clock.version_id}-{clock.last_day:%Y%m%d}@earshot",
            day=clock.last_day,
            summary=f"Last day of the {clock.title} list for {say_areas(clock.areas).lower()}",
            description=f"Get a newer version and load it: from the next day on version {clock.version_id} clears no number "
            f"of {', '.join(map(str, clock.areas)) or 'any area code'}.",
        )
        for clock in clocks
    ]


def title_of(version: ListVersion) -> str:
    """Return how people call a list: National registry, List of FL, Litigators (seller)."""
    name = version.list_name
    title = f"List of {name.state}" if name.state else _KIND_TITLES[name.kind]
    return f"{title} ({version.source})" if version.source else title


_KIND_TITLES = {
    ListKind.NATIONAL: "National registry",
    ListKind.STATE: "List of a state",
    ListKind.INTERNAL: "Internal requests",
    ListKind.LITIGATOR: "Litigators",
    ListKind.REASSIGNED: "Reassigned numbers",
}


def _clocks(rows: Sequence[AreaFreshness]) -> tuple[ClockView, ...]:
    groups: dict[str, list[AreaFreshness]] = defaultdict(list)
    for row in rows:
        if row.days_left is not None:
            groups[title_of(row.version)].append(row)
    found = []
    for title, group in groups.items():
        states = Counter(row.state for row in group)
        counts = tuple((state, ICONS[state], LOOKS[state], states[state]) for state in Freshness if states[state])
        found.append(ClockView(title, tuple(map(_area, group)), counts))
    return tuple(found)


def _area(row: AreaFreshness) -> AreaView:
    left = row.days_left or 0
    code = "All" if row.area is None else str(row.area)
    said = f"stale for {-left} days" if left < 0 else f"{write_title(row.state).lower()}, good for {left} more days"
    return AreaView(code, row.state, f"{left}" if left >= 0 else f"−{-left}", said)


def _weeks(rows: Sequence[AreaFreshness], today: date) -> tuple[tuple[DayView, ...], ...]:
    ends: dict[date, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.days_left is not None and row.days_left >= 0:
            ends[last_day_of(row)][title_of(row.version)] += 0 if row.area is None else 1
    if not ends:
        return ()
    first = today - timedelta(days=today.weekday())
    days = [first + timedelta(days=at) for at in range(WEEK * RUNNING_WEEKS)]
    views = [
        DayView(
            day,
            day < today,
            day == today,
            tuple((title, f"{count} area codes" if count else "all numbers") for title, count in ends[day].items()),
        )
        for day in days
    ]
    return tuple(tuple(views[at : at + WEEK]) for at in range(0, len(views), WEEK))


def _version(version: ListVersion, used: int, now: datetime) -> VersionView:
    if version.withdrawn_at is not None:
        in_force = "withdrawn"
    elif version.list_name.is_log:
        in_force = "in force"  # requests and answers add up: no version replaces another
    elif not used:
        in_force = "replaced"
    elif version.area_codes is not None and used < len(version.area_codes):
        in_force = f"in force for {used} of {len(version.area_codes)}"
    else:
        in_force = "in force"
    return VersionView(
        version=version,
        title=title_of(version),
        area_codes="all" if version.area_codes is None else f"{len(version.area_codes)}",
        age_days=(now.astimezone(UTC).date() - version.obtained_at.astimezone(UTC).date()).days,
        short_hash=version.data_sha256[:SHORT_HASH],
        garbage_count=sum(file.garbage_count for file in version.files),
        in_force=in_force,
    )
