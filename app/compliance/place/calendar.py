"""Is this day a holiday there, and which hours of the week hold? Days as a state's law sees them.

A holiday on a weekend closes the day itself and the day on which it is kept. A day that only the words "state or federal" may
close is ``doubtful``; a holiday of single counties is so too where the county is not known.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from app.compliance.place.holidays import observed_day
from app.compliance.place.state_rules import Confidence, HolidaySet, StateTable
from app.compliance.place.zip_codes import plain_county


class WeekPart(StrEnum):
    """The part of the week that a table of hours tells apart."""

    WEEKDAYS = "weekdays"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class HolidayCertainty(StrEnum):
    """Whether the law surely closes the day, or a person must look."""

    LISTED = "listed"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day on which a state closes: which holidays, why it is that day, how sure that is."""

    state: str
    day: date
    names: tuple[str, ...]
    is_observed_day: bool
    certainty: HolidayCertainty
    why: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    is_observed_day: bool


def week_part(day: date) -> WeekPart:
    """Return the part of the week a day belongs to."""
    return {5: WeekPart.SATURDAY, 6: WeekPart.SUNDAY}.get(day.weekday(), WeekPart.WEEKDAYS)


def find_holiday(
    table: StateTable,
    state: str,
    day: date,
    *,
    counties: Collection[str] | None = None,
    proclaimed: Mapping[str, Collection[date]] | None = None,
) -> Holiday | None:
    """Return what closes a day in a state; None where the state has no holiday rule or the day is none of its holidays.

    ``counties`` are those the consumer may be in, None where nothing is known of them. ``proclaimed`` holds days that a
    governor added.
    """
    rules = table.find_state(state)
    if rules is None or rules.holidays.set is None:
        return None
    holidays = table.holiday_sets[rules.holidays.set]

    def holiday(names: Collection[str], certainty: HolidayCertainty, why: str, *, observed: bool = False) -> Holiday:
        return Holiday(state, day, tuple(names), observed, certainty, why, holidays.confidence)

    if proclaimed and day in proclaimed.get(state, ()):
        return holiday(("proclaimed",), HolidayCertainty.LISTED, "the governor proclaimed the day")
    entries = _closed_days(_Year(holidays, day.year)).get(day, ())
    sure = [entry for entry in entries if entry.name not in holidays.county_only]
    if sure:
        observed = all(entry.is_observed_day for entry in sure)
        why = "kept on this day" if observed else "falls on this day"
        return holiday([entry.name for entry in sure], HolidayCertainty.LISTED, why, observed=observed)
    for entry in entries:
        certainty = _county_certainty(holidays.county_only[entry.name], counties)
        if certainty:
            why = f"a holiday in the counties {' and '.join(holidays.county_only[entry.name])} alone"
            return holiday((entry.name,), certainty, why, observed=entry.is_observed_day)
    federal = _closed_days(_Year(table.holiday_sets["federal"], day.year)).get(day, ())
    if federal and holidays.is_federal_observance_doubtful:
        why = "kept by the federal government on this day; the statute says 'state or federal holiday'"
        names = [entry.name for entry in federal]
        return holiday(names, HolidayCertainty.DOUBTFUL, why, observed=all(entry.is_observed_day for entry in federal))
    return None


def _county_certainty(where: Collection[str], counties: Collection[str] | None) -> HolidayCertainty | None:
    closed = {plain_county(county) for county in where}
    known = {plain_county(county) for county in counties or ()}
    if known and known <= closed:
        return HolidayCertainty.LISTED
    return HolidayCertainty.DOUBTFUL if not known or known & closed else None


class _Year:
    """A holiday set in a year: the key that its days are kept under; two sets are one only when they are the same object."""

    __slots__ = ("holidays", "year")

    def __init__(self, holidays: HolidaySet, year: int) -> None:
        self.holidays, self.year = holidays, year

    def __hash__(self) -> int:
        return hash((id(self.holidays), self.year))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Year) and self.holidays is other.holidays and self.year == other.year


@lru_cache(maxsize=512)
def _closed_days(key: _Year) -> Mapping[date, tuple[_Entry, ...]]:
    closed: dict[date, tuple[_Entry, ...]] = {}
    holidays = key.holidays
    for name, rule in holidays.days.items():
        for year in (key.year, key.year + 1):  # New Year's Day on a Saturday is kept on 31 December
            day = rule.in_year(year)
            if day is None:
                continue
            kept = observed_day(day, saturday=holidays.saturday, sunday=holidays.sunday)
            for closed_day in dict.fromkeys((day, kept)):
                if closed_day.year == key.year:
                    closed[closed_day] = (*closed.get(closed_day, ()), _Entry(name, closed_day != day))
    return closed
