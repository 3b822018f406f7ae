"""Daylight saving in the hours of calls (section 9, case 2), held against the statute and not the same database."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.place.candidates import location_candidates
from app.compliance.place.hours import Spread, hours_check
from app.compliance.place.state_rules import load_state_rules
from app.compliance.place.windows import FEDERAL_WINDOW, Window, intersect
from app.compliance.place.zones import TZDB_VERSION, local_time
from tests.unit.compliance.place.conftest import ask

STANDARD_H = {
    "America/New_York": -5,
    "America/Chicago": -6,
    "America/Denver": -7,
    "America/Los_Angeles": -8,
    "America/Anchorage": -9,
}
WITHOUT_SUMMER_TIME = {"America/Phoenix": -7, "Pacific/Honolulu": -10, "America/Puerto_Rico": -4, "Pacific/Guam": 10}
MOMENTS = st.datetimes(datetime(2007, 4, 1), datetime(2036, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
CLOCKS = st.integers(0, 86_399)


def statutory_offset(moment: datetime, standard_h: int) -> timedelta:
    """Return the offset by 15 U.S.C. 260a: from the second Sunday of March to the first of November, at 2 a.m. local time."""
    year = (moment + timedelta(hours=standard_h)).year
    march, november = date(year, 3, 8), date(year, 11, 1)
    march += timedelta(days=(6 - march.weekday()) % 7)
    november += timedelta(days=(6 - november.weekday()) % 7)
    begins = datetime.combine(march, time(2), UTC) - timedelta(hours=standard_h)
    ends = datetime.combine(november, time(2), UTC) - timedelta(hours=standard_h + 1)
    return timedelta(hours=standard_h + (begins <= moment < ends))


@given(MOMENTS, st.sampled_from(sorted(STANDARD_H)))
def test_local_time_follows_the_statute(moment: datetime, zone: str) -> None:
    assert local_time(moment, zone).utcoffset() == statutory_offset(moment, STANDARD_H[zone])


@given(MOMENTS, st.sampled_from(sorted(WITHOUT_SUMMER_TIME)))
def test_places_without_summer_time_keep_one_offset(moment: datetime, zone: str) -> None:
    assert local_time(moment, zone).utcoffset() == timedelta(hours=WITHOUT_SUMMER_TIME[zone])


@pytest.mark.parametrize("year", range(2008, 2036))
def test_clocks_change_at_night_where_no_call_is_allowed(year: int) -> None:
    day = datetime(year, 1, 1, tzinfo=UTC)
    offsets = {n: local_time(day + timedelta(hours=n), "America/New_York").utcoffset() for n in range(365 * 24)}
    changes = [day + timedelta(hours=n) for n in range(1, 365 * 24) if offsets[n] != offsets[n - 1]]
    assert len(changes) == 2
    for change in changes:
        assert {local_time(change + timedelta(seconds=s), "America/New_York").hour for s in (-1, 0)} <= {1, 2, 3}


@given(MOMENTS, st.integers(-12 * 60, 14 * 60))
def test_the_answer_is_of_the_moment_and_not_of_the_offset_it_is_written_in(moment: datetime, minutes: int) -> None:
    table = load_state_rules()
    candidates = location_candidates(table, number="+18502345678")
    written = moment.astimezone(timezone(timedelta(minutes=minutes)))
    here, there = (hours_check(m, candidates, table) for m in (moment, written))
    assert here.places == there.places


@given(
    MOMENTS,
    st.sampled_from(["212", "305", "701", "850", "512", "401", "801", "808"]),
    st.sampled_from(["AL", "GA", "TX", "CA"]),
)
def test_more_places_never_make_a_doubtful_hour_sure(moment: datetime, npa: str, state: str) -> None:
    table = load_state_rules()
    one = hours_check(moment, location_candidates(table, number=f"+1{npa}2345678"), table)
    more = hours_check(moment, location_candidates(table, number=f"+1{npa}2345678", stated_state=state), table)
    if one.federal is Spread.SOME_OUTSIDE:
        assert more.federal is Spread.SOME_OUTSIDE
    if more.federal is Spread.ALL_OUTSIDE:
        assert one.federal is Spread.ALL_OUTSIDE


@given(CLOCKS, CLOCKS, CLOCKS, st.booleans())
def test_an_intersection_holds_what_both_windows_hold(clock_s: int, start_s: int, end_s: int, is_end_inside: bool) -> None:
    other = Window(min(start_s, end_s), max(start_s, end_s), is_end_inside)
    both = intersect(FEDERAL_WINDOW, other)
    for second in (clock_s, start_s, end_s, FEDERAL_WINDOW.start_s, FEDERAL_WINDOW.end_s):
        assert (both is not None and both.holds(second)) == (FEDERAL_WINDOW.holds(second) and other.holds(second))
    assert intersect(FEDERAL_WINDOW, None) is None


def test_navajo_nation_and_phoenix_part_in_summer() -> None:
    evening = "2026-07-15T03:30:00Z"  # 20:30 in Phoenix, 21:30 in Chinle
    assert ask(evening, zip_code="85001").federal is Spread.ALL_INSIDE
    assert ask(evening, zip_code="86503").federal is Spread.ALL_OUTSIDE
    assert ask(evening, "928").federal is Spread.SOME_OUTSIDE


def test_the_edition_of_the_database_is_known() -> None:
    assert TZDB_VERSION[:4].isdigit()
    assert TZDB_VERSION[4:].isalpha()
