"""On which days of a year does a holiday fall, and when is it observed? Rules for dates, no state law.

A rule answers ``in_year(year)``: a date, or None in years without the holiday. What a state closes is in
:mod:`app.compliance.place.calendar`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol

Observance = Literal["none", "previous_friday", "next_monday"]


class HolidayRule(Protocol):
    """Tells the date of a holiday in a year."""

    def in_year(self, year: int) -> date | None:
        """Return the date, or None where the year has none."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same day each year."""

    month: int
    day: int

    def in_year(self, year: int) -> date | None:
        """Return the date."""
        return date(year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class Nth:
    """The n-th weekday (0 = Monday) of a month; n = -1 is the last."""

    n: int
    weekday: int
    month: int

    def in_year(self, year: int) -> date:
        """Return the date."""
        if self.n < 0:
            end = date(year + self.month // 12, self.month % 12 + 1, 1) - timedelta(days=1)
            return end - timedelta(days=(end.weekday() - self.weekday) % 7)
        first = date(year, self.month, 1)
        return first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.n - 1))


@dataclass(frozen=True, slots=True)
class FromEaster:
    """So many days after western Easter Sunday (negative: before)."""

    days: int

    def in_year(self, year: int) -> date | None:
        """Return the date."""
        return easter(year) + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class TuesdayAfterFirstMonday:
    """Election day (2 U.S.C. 7); ``only_even_years`` where the state closes for general elections alone."""

    month: int
    only_even_years: bool = False

    def in_year(self, year: int) -> date | None:
        """Return the date."""
        if self.only_even_years and year % 2:
            return None
        return Nth(1, 0, self.month).in_year(year) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayAfter:
    """The day after another holiday."""

    other: HolidayRule

    def in_year(self, year: int) -> date | None:
        """Return the date."""
        day = self.other.in_year(year)
        return day + timedelta(days=1) if day else None


def easter(year: int) -> date:
    """Return western Easter Sunday by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def observed_day(day: date, *, saturday: Observance, sunday: Observance) -> date:
    """Return the day on which a holiday is kept that falls on ``day``."""
    rule = {5: saturday, 6: sunday}.get(day.weekday(), "none")
    if rule == "none":
        return day
    step = -1 if rule == "previous_friday" else 1
    while day.weekday() > 4:
        day += timedelta(days=step)
    return day
