"""The numbered hour cases of the rule sheet (section 9, 1 to 4), judged as hours; what a rule makes of it is the rule's."""

import pytest

from app.compliance.place.hours import Spread
from app.vocabulary import Dialer, LegVoice
from tests.unit.compliance.place.conftest import ask

IN, SOME, OUT, NONE = Spread.ALL_INSIDE, Spread.SOME_OUTSIDE, Spread.ALL_OUTSIDE, Spread.NO_PLACE


@pytest.mark.parametrize(
    ("case", "moment", "npa", "expected"),
    [
        ("1.1 eight sharp", "2026-11-23T13:00:00Z", "212", IN),
        ("1.2 a second before eight", "2026-11-23T12:59:59Z", "212", OUT),
        ("1.3 nine sharp in the evening", "2026-11-24T02:00:00Z", "212", IN),
        ("1.3 a second after nine", "2026-11-24T02:00:01Z", "212", OUT),
        ("1.3 a fraction of the second of nine is still nine", "2026-11-24T02:00:00.900Z", "212", IN),
        ("1.4 unlisted exchange of a split code", "2026-11-23T14:30:00Z", "701", SOME),
        ("1.4 too early in both zones", "2026-11-23T13:30:00Z", "701", OUT),
        ("1.6 toll-free number, no ZIP", "2026-11-23T15:00:00Z", "833", NONE),
        ("2 Georgia, the morning after the clocks went back", "2026-11-01T12:30:00Z", "404", OUT),
        ("2 Georgia, the morning the clocks went on", "2026-03-08T12:30:00Z", "404", IN),
    ],
)
def test_federal_hour_case(case: str, moment: str, npa: str, expected: Spread) -> None:
    assert ask(moment, npa).federal is expected, case


def test_case_1_7_a_warm_transfer_is_judged_on_its_origin_leg() -> None:
    assert ask("2026-11-23T12:55:00Z", "212").federal is OUT
    assert ask("2026-11-23T13:02:00Z", "212").federal is IN


@pytest.mark.parametrize(
    ("case", "state", "moment", "where", "expected"),
    [
        ("3 Miami at 20:05", "FL", "2026-11-24T01:05:00Z", {"npa": "305"}, OUT),
        ("3 panhandle mobile, 20:30 and 19:30", "FL", "2026-11-24T01:30:00Z", {"npa": "850"}, SOME),
        ("3 its overlay 448", "FL", "2026-11-24T01:30:00Z", {"npa": "448"}, SOME),
        ("3 the ZIP code of Pensacola decides", "FL", "2026-11-24T01:30:00Z", {"npa": "850", "zip_code": "32501"}, IN),
        ("4 Texas, Sunday 11:30", "TX", "2026-11-22T17:30:00Z", {"npa": "512"}, OUT),
        ("4 Texas, Sunday 12:30", "TX", "2026-11-22T18:30:00Z", {"npa": "512"}, IN),
        ("4 Kentucky 270, 09:30 and 08:30", "KY", "2026-11-23T14:30:00Z", {"npa": "270"}, OUT),
        ("4 Connecticut, Monday 08:30", "CT", "2026-11-23T13:30:00Z", {"npa": "203"}, OUT),
        ("4 Connecticut, Monday 20:30", "CT", "2026-11-24T01:30:00Z", {"npa": "203"}, OUT),
        ("4 Rhode Island, Saturday 17:30", "RI", "2026-11-21T22:30:00Z", {"npa": "401"}, OUT),
        ("4 Rhode Island, Saturday 16:59:59", "RI", "2026-11-21T21:59:59Z", {"npa": "401"}, IN),
        ("4 Oregon 20:30 while the end was 21:00", "OR", "2025-12-31T04:30:00Z", {"npa": "503"}, IN),
        ("4 Oregon 20:30 since the end is 20:00", "OR", "2026-01-06T04:30:00Z", {"npa": "503"}, OUT),
        ("state ends are exclusive", "FL", "2026-11-24T01:00:00Z", {"npa": "305"}, OUT),
        ("and inclusive to the second before", "FL", "2026-11-24T00:59:59Z", {"npa": "305"}, IN),
        ("Alabama on a Sunday", "AL", "2026-11-22T18:00:00Z", {"npa": "205"}, OUT),
        ("a state that is no candidate", "FL", "2026-11-24T01:05:00Z", {"npa": "212"}, NONE),
    ],
)
def test_state_hour_case(case: str, state: str, moment: str, where: dict[str, str], expected: Spread) -> None:
    assert ask(moment, **where).state(state) is expected, case  # type: ignore[arg-type]


def test_case_3_miami_is_inside_the_federal_hours() -> None:
    assert ask("2026-11-24T01:05:00Z", "305").federal is IN


def test_a_call_in_one_of_two_contradicting_states_is_never_all_outside() -> None:
    result = ask("2026-11-24T01:05:00Z", "305", state="GA")
    assert (result.candidates.states, result.state("FL"), result.state("GA")) == (("GA", "FL"), SOME, IN)


def test_sunday_evening_in_the_west_is_monday_in_universal_time_and_still_sunday_there() -> None:
    place = ask("2026-11-23T04:00:00Z", "801").places[0]  # 21:00 Sunday in Utah
    assert (str(place.part), place.local.isoformat()) == ("sunday", "2026-11-22T21:00:00-07:00")


@pytest.mark.parametrize("second", [59, 60])
def test_an_unsynchronised_clock_is_in_doubt_up_to_a_minute_from_an_edge(second: int) -> None:
    late = f"2026-11-24T02:{second // 60:02d}:{second % 60:02d}Z"
    early = f"2026-11-24T01:{59 - second // 60:02d}:{(60 - second) % 60:02d}Z" if second < 60 else "2026-11-24T01:59:00Z"
    assert ask(late, "212", unsynchronised=True).is_federal_in_skew_band
    assert ask(early, "212", unsynchronised=True).is_federal_in_skew_band
    assert not ask(late, "212").is_federal_in_skew_band
    assert not ask("2026-11-24T02:01:01Z", "212", unsynchronised=True).is_federal_in_skew_band
    assert ask("2026-11-24T01:00:30Z", "305", unsynchronised=True).is_state_in_skew_band("FL")


def test_hours_that_other_sources_give_are_for_review_and_no_violation() -> None:
    mississippi = ask("2026-11-24T02:30:00Z", "601")  # Monday 20:30, statute says 21:00, older tables 20:00
    assert mississippi.state("MS") is IN
    assert mississippi.is_state_in_review_hours("MS")
    wyoming = ask("2026-11-24T03:30:00Z", "307")  # Monday 20:30
    assert wyoming.is_state_in_review_hours("WY")
    window = wyoming.places[0].state_window
    assert window is not None
    assert (window.is_own_rule, window.confidence) == (False, "low")


def test_a_row_says_whether_the_state_rules_and_how_sure_the_table_is() -> None:
    def own(npa: str) -> tuple[bool, str]:
        window = ask("2026-11-23T18:00:00Z", npa).places[0].state_window
        assert window is not None
        return window.is_own_rule, window.confidence

    assert own("512") == (True, "medium")  # Texas
    assert own("305") == (True, "high")  # Florida
    assert own("775") == (True, "low")  # Nevada
    assert own("404") == (False, "medium")  # Georgia
    assert own("215") == (True, "high")  # Pennsylvania: its own rule though the hours are the federal ones


def test_nine_sharp_is_inside_where_the_state_adds_nothing_and_outside_where_it_rules() -> None:
    georgia, pennsylvania = ask("2026-11-24T02:00:00Z", "404"), ask("2026-11-24T02:00:00Z", "215")
    assert (georgia.federal, georgia.state("GA"), georgia.effective) == (IN, IN, IN)
    assert (pennsylvania.federal, pennsylvania.state("PA"), pennsylvania.effective) == (IN, OUT, OUT)


def test_south_dakota_is_closed_on_sunday_for_automated_calls_alone() -> None:
    sunday_noon = "2026-11-22T18:00:00Z"
    assert ask(sunday_noon, "605").state("SD") is IN
    assert ask(sunday_noon, "605", voice=LegVoice.PRERECORDED).state("SD") is OUT
    assert ask(sunday_noon, "605", dialer=Dialer.PREDICTIVE).state("SD") is OUT


def test_a_persons_call_that_a_machine_dialled_must_be_inside_both_rows() -> None:
    nine = "2026-11-23T14:30:00Z"  # 09:30 in Louisville
    assert ask(nine, "502").state("KY") is OUT
    assert ask(nine, "502", dialer=Dialer.PREDICTIVE).state("KY") is OUT
    assert ask(nine, "502", voice=LegVoice.PRERECORDED).state("KY") is IN
    half_past_eight = "2026-11-23T16:30:00Z"  # 08:30 in Los Angeles
    live, dialled = ask(half_past_eight, "213"), ask(half_past_eight, "213", dialer=Dialer.PREDICTIVE)
    assert (live.state("CA"), dialled.state("CA")) == (IN, OUT)
    window = dialled.places[0].state_window
    assert window is not None
    assert (window.basis, window.citation) == ("automated_rule", "Cal. Pub. Util. Code 2872 (memory)")


def test_nebraska_shortens_sundays_and_holidays_for_recorded_messages_alone() -> None:
    thanksgiving_ten = "2026-11-26T16:00:00Z"  # 10:00 Central, a Thursday
    assert ask(thanksgiving_ten, "402").state("NE") is IN
    assert ask(thanksgiving_ten, "402", dialer=Dialer.PREDICTIVE).state("NE") is IN
    assert ask(thanksgiving_ten, "402", voice=LegVoice.PRERECORDED).state("NE") is OUT
    assert ask("2026-11-26T19:00:00Z", "402", voice=LegVoice.PRERECORDED).state("NE") is IN


def test_a_territory_has_the_federal_hours_alone() -> None:
    place = ask("2026-11-24T01:00:00Z", "787").places[0]  # 21:00 in Puerto Rico
    assert (place.state_code, place.federal.is_inside, place.state) == ("PR", True, None)


def test_a_finding_can_print_where_the_hour_comes_from() -> None:
    evidence = ask("2026-11-24T01:30:00Z", "850").evidence()
    assert evidence["candidate_zones"] == ["America/Chicago", "America/New_York"]
    assert evidence["zone_source"] == ["area_code"]
    assert [place["local"] for place in evidence["local_times"]] == ["2026-11-23T19:30:00-06:00", "2026-11-23T20:30:00-05:00"]
    assert evidence["tzdb_version"].startswith("20")
    assert evidence["state_table"].startswith("2026-11-22/")
