"""Checks of numbers and the table of area codes (section 9, case 19)."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.place.nanp import NumberCheck, area_code_of, find_area_code, nanp_check
from app.compliance.place.state_rules import StateTable
from app.compliance.place.state_rules_schema import STATES
from app.compliance.place.zones import get_zone

SINCE_THE_LIBRARY = {"357", "436", "457", "465", "471", "483", "621", "624", "679", "729", "837", "861", "924"}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12013456789", NumberCheck.OK),
        ("+12012113456", NumberCheck.INVALID),  # case 19: the library says valid
        ("+12019113456", NumberCheck.INVALID),
        ("+12025550101", NumberCheck.FICTIONAL),  # case 19
        ("+12025550200", NumberCheck.OK),
        ("+18222000000", NumberCheck.INVALID),  # case 19
        ("+18005551212", NumberCheck.NON_GEOGRAPHIC),  # case 19
        ("+18882345678", NumberCheck.NON_GEOGRAPHIC),
        ("+18812345678", NumberCheck.INVALID),
        ("+15002345678", NumberCheck.NON_GEOGRAPHIC),
        ("+15882345678", NumberCheck.NON_GEOGRAPHIC),
        ("+17002345678", NumberCheck.NON_GEOGRAPHIC),
        ("+17102345678", NumberCheck.NON_GEOGRAPHIC),
        ("+19002345678", NumberCheck.NON_GEOGRAPHIC),
        ("+14112345678", NumberCheck.INVALID),
        ("+13702345678", NumberCheck.INVALID),
        ("+12992345678", NumberCheck.INVALID),
        ("+12120345678", NumberCheck.INVALID),
        ("+11232345678", NumberCheck.INVALID),
        ("+1212234567", NumberCheck.INVALID),
        ("+121223456789", NumberCheck.INVALID),
        ("+12222345678", NumberCheck.UNASSIGNED_NPA),
        ("+14162345678", NumberCheck.FOREIGN),
        ("+18762345678", NumberCheck.FOREIGN),
        ("+17872345678", NumberCheck.OK),
        ("+442079460000", NumberCheck.FOREIGN),
        ("+4420", NumberCheck.INVALID),
        ("not a number", NumberCheck.INVALID),
        ("", NumberCheck.INVALID),
    ],
)
def test_case_19_a_number_is_judged_by_its_digits(number: str, expected: NumberCheck) -> None:
    assert nanp_check(number) is expected


@given(st.from_regex(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_what_we_call_ok_the_library_calls_valid(number: str) -> None:
    code = area_code_of(number)
    if nanp_check(number) is NumberCheck.OK and code and code.kind == "state" and code.npa not in SINCE_THE_LIBRARY:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))


@given(st.text(max_size=20))
def test_any_text_gets_an_answer(text: str) -> None:
    assert nanp_check(text) in NumberCheck


def test_every_state_has_an_area_code_and_every_zone_exists(table: StateTable) -> None:
    codes = [code for npa in range(200, 1000) if (code := find_area_code(str(npa))) is not None]
    assert {code.region for code in codes if code.kind == "state"} == set(STATES)
    for code in codes:
        assert bool(code.zones) == code.is_geographic, code
        if code.kind == "state":
            assert set(code.zones) <= set(table.states[code.region or ""].zones), code
        for zone in code.zones:
            get_zone(zone)


def test_the_split_area_codes_have_all_the_zones_of_the_state_table(table: StateTable) -> None:
    assert len(table.multi_zone_area_codes) == 24
    for npa, (state, zones) in table.multi_zone_area_codes.items():
        code = find_area_code(npa)
        assert code is not None
        assert (code.region, code.zones) == (state, zones)


@pytest.mark.parametrize(
    ("npa", "state"), [("212", "NY"), ("771", "DC"), ("907", "AK"), ("808", "HI"), ("448", "FL"), ("621", "TX")]
)
def test_an_area_code_names_its_state(npa: str, state: str) -> None:
    code = find_area_code(npa)
    assert code is not None
    assert code.region == state


def test_orlandos_overlay_is_on_eastern_time_whatever_the_library_says() -> None:
    code = area_code_of("+16892345678")
    assert code is not None
    assert code.zones == ("America/New_York",)
