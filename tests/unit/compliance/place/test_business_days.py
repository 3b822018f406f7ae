"""Business days, months and local days: the clocks of consent and do-not-call."""

from datetime import date, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.place.business_days import add_business_days, add_months, count_business_days, is_business_day
from app.compliance.place.zones import local_date, local_time
from app.errors import InvalidInput

DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-16", 10, "2026-12-01"),  # case 11: Thanksgiving is no business day
        ("2026-11-13", 1, "2026-11-16"),
        ("2026-07-02", 1, "2026-07-06"),  # Friday 3 July is the observed holiday
        ("2026-11-10", 1, "2026-11-12"),  # Veterans Day
        ("2027-12-30", 1, "2028-01-03"),  # New Year's Day of 2028 is kept on Friday 31 December
        ("2026-11-22", 0, "2026-11-22"),
    ],
)
def test_business_days_counted_by_hand(start: str, count: int, end: str) -> None:
    assert add_business_days(date.fromisoformat(start), count) == date.fromisoformat(end)


@given(DAYS, st.integers(1, 60))
def test_adding_and_counting_business_days_agree(start: date, count: int) -> None:
    end = add_business_days(start, count)
    assert is_business_day(end)
    assert count_business_days(start, end) == count
    assert count_business_days(start, end - timedelta(days=1)) == count - 1


def test_a_negative_number_of_business_days_is_refused() -> None:
    with pytest.raises(InvalidInput, match="from 0 up, got -1"):
        add_business_days(date(2026, 1, 1), -1)


@given(DAYS, st.integers(-240, 240))
def test_months_are_clipped_to_the_months_end_as_another_library_does(day: date, months: int) -> None:
    assert add_months(day, months) == day + relativedelta(months=months)


def test_an_inquirys_last_days_are_those_of_the_rule_sheet() -> None:
    assert add_months(date(2025, 5, 20), 18) == date(2026, 11, 20)  # case 10
    assert add_months(date(2026, 8, 22), 3) == date(2026, 11, 22)  # case 10
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)


def test_the_local_day_is_the_consumers() -> None:
    moment = datetime.fromisoformat("2026-11-23T04:30:00+00:00")
    assert local_date(moment, "America/Los_Angeles") == date(2026, 11, 22)
    assert local_date(moment, "America/New_York") == date(2026, 11, 22)
    assert local_date(moment + timedelta(hours=1), "America/New_York") == date(2026, 11, 23)


@pytest.mark.parametrize("name", ["America/Atlantis", "../../etc/passwd", "", "/etc", "America"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        local_time(datetime.fromisoformat("2026-11-23T04:30:00+00:00"), name)


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(InvalidInput, match="without one"):
        local_time(datetime.fromisoformat("2026-11-23T04:30:00"), "America/New_York")
