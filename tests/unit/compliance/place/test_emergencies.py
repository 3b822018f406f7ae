"""Emergencies by county (section 9, case 7)."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest

from app.compliance.place.candidates import location_candidates
from app.compliance.place.emergencies import EmergencyReach, emergency_check
from app.compliance.place.state_rules import StateTable
from tests.unit.compliance.place.conftest import at

NOON = "2026-11-22T17:00:00Z"
INSIDE, UNCERTAIN, OUTSIDE = EmergencyReach.INSIDE, EmergencyReach.UNCERTAIN, EmergencyReach.OUTSIDE


@dataclass(frozen=True, slots=True)
class Declared:
    state: str
    county: str | None
    starts: date | datetime
    ends: date | datetime


ERIE = Declared("NY", "Erie County", date(2026, 11, 20), date(2026, 11, 25))


@pytest.mark.parametrize(
    ("case", "where", "moment", "expected"),
    [
        ("7 Buffalo", {"zip_code": "14201"}, NOON, INSIDE),
        ("7 Manhattan", {"zip_code": "10001"}, NOON, OUTSIDE),
        ("7 area code of Buffalo alone", {"number": "+17162345678"}, NOON, UNCERTAIN),
        ("the first minute of the first day", {"zip_code": "14201"}, "2026-11-20T05:00:00Z", INSIDE),
        ("the evening before", {"zip_code": "14201"}, "2026-11-20T04:59:59Z", OUTSIDE),
        ("the last evening", {"zip_code": "14201"}, "2026-11-26T04:59:59Z", INSIDE),
        ("the day after", {"zip_code": "14201"}, "2026-11-26T05:00:00Z", OUTSIDE),
        ("another state", {"zip_code": "16501"}, NOON, OUTSIDE),  # Erie, Pennsylvania
        ("nothing known", {}, NOON, OUTSIDE),
    ],
)
def test_case_7_emergency_in_a_county(
    table: StateTable, case: str, where: dict[str, str], moment: str, expected: EmergencyReach
) -> None:
    candidates = location_candidates(table, **where)  # type: ignore[arg-type]
    assert emergency_check(at(moment), candidates, [ERIE], state="NY").reach is expected, case


def test_an_emergency_of_the_whole_state_with_exact_times(table: StateTable) -> None:
    declared = Declared("LA", None, at("2026-08-27T18:00:00Z"), at("2026-09-10T05:00:00Z"))
    candidates = location_candidates(table, number="+15042345678")

    def reach(moment: str) -> EmergencyReach:
        return emergency_check(at(moment), candidates, [declared], state="LA").reach

    assert [reach(m) for m in ("2026-08-27T17:59:59Z", "2026-08-27T18:00:00Z", "2026-09-10T05:00:01Z")] == [
        OUTSIDE,
        INSIDE,
        OUTSIDE,
    ]
    both = location_candidates(table, number="+15042345678", stated_state="TX")
    assert emergency_check(at("2026-09-01T18:00:00Z"), both, [declared], state="LA").reach is UNCERTAIN
