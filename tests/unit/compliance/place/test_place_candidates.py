"""Where may the consumer be: ranked evidence, nothing pooled."""

import pytest

from app.compliance.place.candidates import TERRITORY_ZONES, ZoneSource, location_candidates
from app.compliance.place.nanp import find_area_code
from app.compliance.place.state_rules import StateTable

EASTERN, CENTRAL = "America/New_York", "America/Chicago"


def test_a_zip_code_decides_state_and_zone_alone(table: StateTable) -> None:
    found = location_candidates(table, zip_code="32501", stated_state="GA", consent_ip_state="NY", number="+18502345678")
    assert (found.states, found.zones, found.counties) == (("FL",), (CENTRAL,), ("Escambia",))
    assert found.sources == (ZoneSource.ZIP,)
    assert [(e.source, e.is_used) for e in found.evidence] == [
        (ZoneSource.ZIP, True),
        (ZoneSource.STATED_STATE, False),
        (ZoneSource.CONSENT_IP, False),
        (ZoneSource.AREA_CODE, False),
    ]
    assert found.evidence[1].note == "outranked by zip, which says FL"


def test_a_stated_state_picks_its_part_of_the_area_code(table: StateTable) -> None:
    assert location_candidates(table, stated_state="FL", number="+13052345678").zones == (EASTERN,)
    assert location_candidates(table, stated_state="fl", number="+18502345678").zones == (CENTRAL, EASTERN)


def test_a_stated_state_against_the_area_code_leaves_both(table: StateTable) -> None:
    found = location_candidates(table, stated_state="TX", number="+12122345678")
    assert found.is_contradictory
    assert [(p.state, p.zone, p.source) for p in found.places] == [
        ("TX", CENTRAL, ZoneSource.STATED_STATE),
        ("TX", "America/Denver", ZoneSource.STATED_STATE),
        ("NY", EASTERN, ZoneSource.AREA_CODE),
    ]


def test_without_a_number_a_stated_state_has_all_its_zones(table: StateTable) -> None:
    assert location_candidates(table, stated_state="TN").zones == (CENTRAL, EASTERN)


def test_the_consent_address_counts_where_nobody_named_a_state(table: StateTable) -> None:
    assert location_candidates(table, consent_ip_state="GA", number="+18332345678").states == ("GA",)
    both = location_candidates(table, consent_ip_state="GA", number="+12122345678")
    assert both.states == ("GA", "NY")
    assert location_candidates(table, stated_state="NY", consent_ip_state="GA", number="+12122345678").states == ("NY",)


@pytest.mark.parametrize("zip_code", ["09012", "00000", "nonsense", "1234", "123456"])
def test_a_zip_code_that_names_no_place_leaves_the_word_to_the_next_evidence(table: StateTable, zip_code: str) -> None:
    found = location_candidates(table, zip_code=zip_code, number="+12122345678")
    assert found.states == ("NY",)
    assert found.evidence[0].note == "no ZIP code of a state or territory"


@pytest.mark.parametrize("number", ["+18332345678", "+14162345678", "+442079460000", "+12125550123", "+19995550199", None])
def test_nothing_known_is_no_candidate(table: StateTable, number: str | None) -> None:
    assert location_candidates(table, number=number).places == ()


def test_florida_presumes_its_area_codes_and_that_is_told(table: StateTable) -> None:
    assert location_candidates(table, zip_code="10001", number="+13052345678").presumed_state == "FL"
    assert location_candidates(table, zip_code="10001", number="+12142345678").presumed_state is None
    assert location_candidates(table, zip_code="33101", number="+13052345678").presumed_state is None


def test_territories_have_the_same_zones_here_and_in_the_area_codes() -> None:
    codes = {"684": "AS", "671": "GU", "670": "MP", "787": "PR", "939": "PR", "340": "VI"}
    for npa, territory in codes.items():
        code = find_area_code(npa)
        assert code is not None
        assert (code.region, code.zones) == (territory, TERRITORY_ZONES[territory])
