"""The table of ZIP codes: places that anybody can look up, and its size and speed."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.compliance.place import zip_codes
from app.compliance.place.candidates import TERRITORY_ZONES
from app.compliance.place.state_rules import StateTable
from app.compliance.place.zip_codes import find_zip, plain_county
from app.compliance.place.zones import get_zone

ROOT = Path(__file__).parents[4]
EASTERN, CENTRAL, MOUNTAIN, PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("code", "state", "county", "zone"),
    [
        ("14201", "NY", "Erie", EASTERN),
        ("10001", "NY", "New York", EASTERN),
        ("32501", "FL", "Escambia", CENTRAL),
        ("32401", "FL", "Bay", CENTRAL),
        ("32301", "FL", "Leon", EASTERN),
        ("79901", "TX", "El Paso", MOUNTAIN),
        ("79942", "TX", "El Paso", MOUNTAIN),
        ("75201", "TX", "Dallas", CENTRAL),
        ("37402", "TN", "Hamilton", EASTERN),
        ("37405", "TN", "Hamilton", EASTERN),
        ("37203", "TN", "Davidson", CENTRAL),
        ("46402", "IN", "Lake", CENTRAL),
        ("46204", "IN", "Marion", EASTERN),
        ("42101", "KY", "Warren", CENTRAL),
        ("40202", "KY", "Jefferson", EASTERN),
        ("97914", "OR", "Malheur", "America/Boise"),
        ("83814", "ID", "Kootenai", PACIFIC),
        ("83702", "ID", "Ada", "America/Boise"),
        ("85001", "AZ", "Maricopa", "America/Phoenix"),
        ("86503", "AZ", "Apache", MOUNTAIN),
        ("49801", "MI", "Dickinson", CENTRAL),
        ("48201", "MI", "Wayne", EASTERN),
        ("57701", "SD", "Pennington", MOUNTAIN),
        ("58601", "ND", "Stark", MOUNTAIN),
        ("69101", "NE", "Lincoln", CENTRAL),
        ("69361", "NE", "Scotts Bluff", MOUNTAIN),
        ("89883", "NV", "Elko", MOUNTAIN),
        ("96813", "HI", "Honolulu", "Pacific/Honolulu"),
        ("99501", "AK", "Anchorage Municipality", "America/Anchorage"),
        ("00901", "PR", "San Juan", "America/Puerto_Rico"),
    ],
)
def test_a_zip_code_names_state_county_and_zone(code: str, state: str, county: str, zone: str) -> None:
    place = find_zip(code)
    assert place is not None
    assert (place.state, place.zones) == (state, (zone,))
    assert county in place.counties


@pytest.mark.parametrize("code", ["09012", "96201", "34001", "00000", "99999", "", "abc", "123456", "1234"])
def test_codes_of_the_armed_forces_and_no_codes_have_no_place(code: str) -> None:
    assert find_zip(code) is None


def test_zip_plus_four_is_read() -> None:
    assert find_zip("14201-1234") == find_zip("142011234") == find_zip(" 14201 ") == find_zip("14201")


def test_every_row_has_a_known_state_and_zones_that_exist(table: StateTable) -> None:
    places = set(zip_codes._table().values())
    assert len(zip_codes._table()) > 41_000
    assert {place.state for place in places} == set(table.states) | set(TERRITORY_ZONES)
    for place in places:
        assert place.zones
        for zone in place.zones:
            get_zone(zone)


def test_few_zip_codes_lie_in_two_zones() -> None:
    assert sum(len(place.zones) > 1 for place in zip_codes._table().values()) == 18


@pytest.mark.parametrize(
    ("one", "other"),
    [("Erie County", "erie"), ("St. Mary Parish", "Saint Mary"), ("DeKalb", "De Kalb County"), ("O'Brien", "OBrien County")],
)
def test_county_names_are_compared_without_their_dress(one: str, other: str) -> None:
    assert plain_county(one) == plain_county(other)
    assert plain_county("Erie") != plain_county("Eric")


def test_nothing_is_read_when_the_module_is_imported() -> None:
    code = (
        "import sys, app.compliance.place.hours as h, app.compliance.place.zip_codes as z, app.compliance.place.nanp as n;"
        "print('phonenumbers' in sys.modules, z._table.cache_info().currsize, n._table.cache_info().currsize)"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "0", "0"]
