"""Which days close a state (section 9, case 5), and holidays worked out in second ways: libraries and printed calendars."""

from datetime import date, timedelta

import dateutil.easter
import holidays as second_opinion
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.place.business_days import federal_holidays_observed
from app.compliance.place.calendar import HolidayCertainty, find_holiday, week_part
from app.compliance.place.holidays import Nth, TuesdayAfterFirstMonday, easter, observed_day
from app.compliance.place.state_rules import StateTable, load_state_rules

LISTED, DOUBTFUL = HolidayCertainty.LISTED, HolidayCertainty.DOUBTFUL
YEARS = range(2010, 2041)


@pytest.mark.parametrize(
    ("case", "state", "day", "certainty", "name"),
    [
        ("5 Pioneer Day", "UT", "2026-07-24", LISTED, "pioneer_day"),
        ("5 Independence Day of 2026 is a Saturday, kept on Friday", "AL", "2026-07-03", LISTED, "independence_day"),
        ("and the Saturday is closed as well", "AL", "2026-07-04", LISTED, "independence_day"),
        (
            "5 the same Friday in Rhode Island, by the federal government alone",
            "RI",
            "2026-07-03",
            DOUBTFUL,
            "independence_day",
        ),
        ("5 Rhode Island keeps the Saturday", "RI", "2026-07-04", LISTED, "independence_day"),
        ("5 Election Day", "PA", "2026-11-03", LISTED, "election_day"),
        ("5 Mississippi's ban on holidays is repealed", "MS", "2026-11-26", None, ""),
        ("5 Mardi Gras", "LA", "2026-02-17", LISTED, "mardi_gras"),
        ("Pennsylvania does not move a Saturday to Friday", "PA", "2026-07-03", None, ""),
        ("Good Friday", "PA", "2026-04-03", LISTED, "good_friday"),
        ("a Sunday is kept on Monday", "PA", "2027-07-05", LISTED, "independence_day"),
        ("and closed itself", "PA", "2027-07-04", LISTED, "independence_day"),
        ("Louisiana votes in even years", "LA", "2027-11-02", None, ""),
        ("the day after Thanksgiving", "LA", "2026-11-27", LISTED, "day_after_thanksgiving"),
        ("Confederate Memorial Day", "AL", "2026-04-27", LISTED, "confederate_memorial_day_al"),
        ("Victory Day", "RI", "2026-08-10", LISTED, "victory_day_ri"),
        ("New Year's Day of 2028 is a Saturday: kept in the year before", "UT", "2027-12-31", LISTED, "new_years_day"),
        ("but a plain day in Pennsylvania", "PA", "2027-12-31", None, ""),
        ("a state without a holiday rule", "NY", "2026-12-25", None, ""),
        ("a territory", "PR", "2026-12-25", None, ""),
    ],
)
def test_case_5_holiday(
    table: StateTable, case: str, state: str, day: str, certainty: HolidayCertainty | None, name: str
) -> None:
    found = find_holiday(table, state, date.fromisoformat(day))
    assert (found.certainty if found else None) is certainty, case
    assert found is None or name in found.names


def test_mardi_gras_closes_two_counties_of_alabama(table: StateTable) -> None:
    day = date(2026, 2, 17)

    def certainty(*counties: str) -> HolidayCertainty | None:
        found = find_holiday(table, "AL", day, counties=counties or None)
        return found.certainty if found else None

    assert certainty("Mobile County") is LISTED
    assert certainty("Baldwin", "Mobile") is LISTED
    assert certainty("Jefferson") is None
    assert certainty("Mobile", "Washington") is DOUBTFUL
    assert certainty() is DOUBTFUL


def test_a_governors_day_closes_the_state_that_proclaimed_it(table: StateTable) -> None:
    day = date(2023, 12, 26)
    found = find_holiday(table, "LA", day, proclaimed={"LA": {day}})
    assert found is not None
    assert (found.names, found.certainty, found.confidence) == (("proclaimed",), LISTED, "low")
    assert find_holiday(table, "PA", day, proclaimed={"LA": {day}}) is None


@pytest.mark.parametrize("year", YEARS)
def test_easter_is_the_easter_of_another_library(year: int) -> None:
    assert easter(year) == dateutil.easter.easter(year)


@pytest.mark.parametrize("year", YEARS)
def test_observed_federal_holidays_are_those_of_another_library(year: int) -> None:
    theirs = second_opinion.country_holidays("US", years=[year, year + 1], observed=True)
    assert federal_holidays_observed(year) == {day for day in theirs if day.year == year and day.weekday() < 5}


@pytest.mark.parametrize(
    ("state", "name", "theirs"),
    [
        ("LA", "mardi_gras", "Mardi Gras"),
        ("LA", "good_friday", "Good Friday"),
        ("UT", "pioneer_day", "Pioneer Day"),
        ("RI", "victory_day_ri", "Victory Day"),
        ("AL", "confederate_memorial_day_al", "Confederate Memorial Day"),
        ("AL", "jefferson_davis_birthday_al", "Jefferson Davis Birthday"),
    ],
)
def test_a_states_own_day_is_that_of_another_library(table: StateTable, state: str, name: str, theirs: str) -> None:
    rule = table.holiday_sets[state].days[name]
    for year in range(2015, 2036):
        days = second_opinion.country_holidays("US", subdiv=state, years=year, observed=False)
        assert [day for day, said in days.items() if theirs in said] == [rule.in_year(year)], year


def test_election_days_are_those_of_the_calendar() -> None:
    printed = {2016: 8, 2018: 6, 2020: 3, 2022: 8, 2024: 5, 2026: 3}
    assert {y: TuesdayAfterFirstMonday(11).in_year(y).day for y in printed} == printed  # type: ignore[union-attr]
    assert TuesdayAfterFirstMonday(11, only_even_years=True).in_year(2025) is None


@given(st.integers(1990, 2090), st.integers(1, 12), st.integers(0, 6))
def test_the_first_four_and_the_last_weekday_of_a_month_are_where_a_count_finds_them(
    year: int, month: int, weekday: int
) -> None:
    start = date(year, month, 1)
    counted = [d for n in range(31) if (d := start + timedelta(days=n)).month == month and d.weekday() == weekday]
    assert [Nth(n, weekday, month).in_year(year) for n in (1, 2, 3, 4)] == counted[:4]
    assert Nth(-1, weekday, month).in_year(year) == counted[-1]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_holiday_is_kept_on_a_working_day_at_most_two_days_away(day: date) -> None:
    kept = observed_day(day, saturday="previous_friday", sunday="next_monday")
    assert kept.weekday() < 5
    assert abs((kept - day).days) <= 1
    assert (kept == day) == (day.weekday() < 5)
    assert observed_day(day, saturday="none", sunday="none") == day
    assert (week_part(day) == "weekdays") == (day.weekday() < 5)


@given(st.dates(date(2015, 1, 1), date(2040, 12, 31)), st.sampled_from(["AL", "LA", "PA", "RI", "UT", "NE"]))
def test_every_listed_day_is_a_holiday_or_the_day_it_is_kept_on(day: date, state: str) -> None:
    table = load_state_rules()
    found = find_holiday(table, state, day, counties=("Nowhere",))
    rules = table.holiday_sets[state]
    near = {
        d
        for name, rule in rules.days.items()
        if name not in rules.county_only
        for year in (day.year - 1, day.year, day.year + 1)
        if (d := rule.in_year(year)) is not None
    }
    falls = day in near
    kept = any(observed_day(d, saturday=rules.saturday, sunday=rules.sunday) == day for d in near)
    assert (found is not None and found.certainty is LISTED) == (falls or kept)
