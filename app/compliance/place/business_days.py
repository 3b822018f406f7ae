"""When does a legal clock run out? Business days, calendar days and months, on dates alone.

Business days leave out Saturdays, Sundays and federal holidays as observed (5 U.S.C. 6103). Which day a moment falls on is the
consumer's: see :func:`app.compliance.place.zones.local_date`.
"""

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

from app.compliance.place.holidays import Nth, observed_day
from app.errors import InvalidInput

# 5 U.S.C. 6103(a), as of Public Law 117-17 (Juneteenth, first kept on 2021-06-18).
_FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_MOVING = (Nth(3, 0, 1), Nth(3, 0, 2), Nth(-1, 0, 5), Nth(1, 0, 9), Nth(2, 0, 10), Nth(4, 3, 11))
_JUNETEENTH_SINCE = 2021


def add_business_days(day: date, count: int) -> date:
    """Return the ``count``-th business day after a day; the day itself is not counted."""
    if count < 0:
        raise InvalidInput(f"expected a number of business days from 0 up, got {count}")
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day)
    return day


def count_business_days(start: date, end: date) -> int:
    """Return how many business days lie after ``start``, up to and with ``end``; 0 where ``end`` is not later."""
    return sum(is_business_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def is_business_day(day: date) -> bool:
    """Tell whether offices of the federal government are open on that day."""
    return day.weekday() < 5 and day not in federal_holidays_observed(day.year)


def add_months(day: date, months: int) -> date:
    """Return the same day of the month so many months later, clipped to the month's end: 31 August + 6 = 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=64)
def federal_holidays_observed(year: int) -> frozenset[date]:
    """Return the days of a year on which federal holidays are observed; 31 December may stand for the next New Year's Day."""
    actual = [
        date(y, month, day)
        for y in (year, year + 1)
        for month, day in _FIXED
        if (month, day) != (6, 19) or y >= _JUNETEENTH_SINCE
    ]
    actual += [nth.in_year(year) for nth in _MOVING]
    kept = (observed_day(day, saturday="previous_friday", sunday="next_monday") for day in actual)
    return frozenset(day for day in kept if day.year == year)
