"""How far apart are two days where the consumer lives? Calendar days for consent and do-not-call clocks (ruling 13).

Where several time zones are possible the answer may differ: a clock says whether it has surely run out, may have, or has not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.compliance.case import Case
from app.compliance.place.business_days import add_business_days, add_months
from app.compliance.place.zones import local_date

ALL_US = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
"""Where nothing is known of the consumer's place, any of these may hold."""


class Clock(StrEnum):
    """Whether a day lies inside a span that began on another."""

    INSIDE = "inside"
    DOUBTFUL = "doubtful"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class DayPair:
    """The days of two moments at one possible place."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Return the calendar days between them."""
        return (self.end - self.start).days


def day_pairs(case: Case, start: datetime, end: datetime) -> tuple[DayPair, ...]:
    """Return the days of two moments at every possible place, without repetition."""
    zones = case.place.zones or ALL_US
    return tuple(dict.fromkeys(DayPair(local_date(start, zone), local_date(end, zone)) for zone in zones))


def within_days(case: Case, start: datetime, end: datetime, days: int) -> Clock:
    """Tell whether ``end`` lies at most so many calendar days after ``start``."""
    return _clock([pair.days <= days for pair in day_pairs(case, start, end)])


def within_months(case: Case, start: datetime, end: datetime, months: int) -> Clock:
    """Tell whether ``end`` lies at most so many months after ``start``; the same day of the last month is inside."""
    return _clock([pair.start <= pair.end <= add_months(pair.start, months) for pair in day_pairs(case, start, end)])


def within_business_days(case: Case, start: datetime, end: datetime, days: int) -> Clock:
    """Tell whether ``end`` lies at most so many business days after ``start``: no Saturdays, Sundays and federal holidays."""
    return _clock([pair.end <= add_business_days(pair.start, days) for pair in day_pairs(case, start, end)])


def _clock(inside: list[bool]) -> Clock:
    if all(inside):
        return Clock.INSIDE
    return Clock.DOUBTFUL if any(inside) else Clock.OUTSIDE
