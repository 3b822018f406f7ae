"""The state table is whole, and a broken one is refused in words that help to mend it."""

import copy
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
import yaml

from app.compliance.place.nanp import find_area_code
from app.compliance.place.state_rules import StateTable, read_state_rules
from app.compliance.place.state_rules_schema import STATES
from app.errors import InvalidInput

TEXT = resources.files("app.compliance").joinpath("data", "state_rules.yaml").read_text("utf-8")
DATA: dict[str, Any] = yaml.safe_load(TEXT)


def broken(change: Callable[[dict[str, Any]], object]) -> str:
    data = copy.deepcopy(DATA)
    change(data)
    with pytest.raises(InvalidInput) as caught:
        read_state_rules(yaml.safe_dump(data, sort_keys=False))
    return caught.value.message


def test_the_table_holds_every_state_and_the_district(table: StateTable) -> None:
    assert len(STATES) == 51
    assert set(table.states) == set(STATES)


def test_the_version_changes_with_the_text(table: StateTable) -> None:
    assert read_state_rules(TEXT).version == table.version
    assert read_state_rules(TEXT + "\n# a word\n").version != table.version


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["states"].pop("OH"), "states.OH: missing; every state and DC needs a row"),
        (lambda d: d["states"].update(XX=d["states"]["OH"]), "states.XX: no state of the United States"),
        (lambda d: d["states"]["OH"].update(hour_notes="x"), "states.OH.hour_notes: unknown key"),
        (lambda d: d["states"]["OH"].pop("confidence"), "states.OH.confidence: missing"),
        (lambda d: d["states"]["OH"].update(confidence="sure"), "expected one of high, medium, low, got 'sure'"),
        (lambda d: d["states"]["OH"].update(timezones=["America/Ohio"]), "has no time zone 'America/Ohio'"),
        (lambda d: d["states"]["OH"].update(timezones=[]), "states.OH.timezones: expected a list of texts"),
        (lambda d: d["states"]["OH"]["calling_hours"]["sunday"].update(start="8"), "expected a time such as 08:00, got '8'"),
        (lambda d: d["states"]["OH"]["calling_hours"]["sunday"].update(start="22:00"), "expected a start before the end"),
        (lambda d: d["states"]["OH"]["calling_hours"].update(basis="rule"), "expected one of state_rule, federal_default"),
        (lambda d: d["states"]["OH"]["holidays"].update(set="XX"), "expected the name of a holiday set"),
        (lambda d: d["states"]["FL"]["frequency_cap"].update(max=0), "expected a whole number from 1 to 100, got 0"),
        (lambda d: d["states"]["FL"]["frequency_cap"].update(group_by=["mood"]), "expected entity, number, subject, got mood"),
        (lambda d: d["states"]["FL"]["frequency_cap"].update(effective_from="soon"), "expected a day such as 2026-01-31"),
        (
            lambda d: d["states"]["OR"]["calling_hours_before"].update(effective_to="2025-12-30"),
            "expected to end the day before",
        ),
        (lambda d: d["states"]["OH"].update(emergency_ban="no"), "expected true or false, got 'no'"),
        (lambda d: d["states"].update(OH=None), "states.OH: expected an object, got None"),
        (lambda d: d["holiday_definitions"].update(odd={"fixed": "02-30"}), "holiday_definitions.odd: expected one of fixed"),
        (lambda d: d["holiday_sets"]["UT"]["days"].append("moon_day"), "no holiday definition for 'moon_day'"),
        (lambda d: d.update(extra=1), "extra: unknown key"),
        (lambda d: d.pop("states"), "states: missing"),
    ],
)
def test_a_fault_is_named_with_its_place(change: Callable[[dict[str, Any]], object], said: str) -> None:
    assert said in broken(change)


def test_all_faults_are_named_at_once() -> None:
    def change(data: dict[str, Any]) -> None:
        data["states"].pop("OH")
        data["states"]["FL"]["confidence"] = "sure"

    message = broken(change)
    assert "states.OH" in message
    assert "states.FL.confidence" in message


@pytest.mark.parametrize("text", ["", "[]", "states: [", "just words", "a: &a [*a]"])
def test_a_file_that_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="state table"):
        read_state_rules(text)


def test_no_yaml_tag_builds_an_object() -> None:
    with pytest.raises(InvalidInput, match="no YAML"):
        read_state_rules("!!python/object/apply:os.system ['true']")


def test_the_non_geographic_codes_are_those_of_the_area_codes() -> None:
    named = DATA["non_geographic_codes"]
    for kind, codes in (("toll_free", named["toll_free"]), ("premium", named["premium"]), ("personal", named["personal"])):
        ours = {str(npa) for npa in range(200, 1000) if (code := find_area_code(str(npa))) and code.kind == kind}
        assert ours == set(codes), kind
    for npa in named["other"]:
        code = find_area_code(npa)
        assert code is not None
        assert not code.is_geographic
