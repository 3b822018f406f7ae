"""Section 9 of the rule sheet, cases 31 and 32, as rulings 19 and 20 settle them."""

import json
from typing import Any

import pytest

from tests.factories.screening import inbound, outcome_of, said, screened

AT = "2026-11-23T18:00:00Z"
CALLER = "+12122345678"
ONES = "one one one one"


def call(*lines: tuple[str, float, str]) -> dict[str, Any]:
    return {**inbound(CALLER, AT), "utterances": said(*lines)}


CARD = call(("agent", 1.0, "what's your card number"), ("caller", 4.0, f"it's four one one one {ONES} {ONES} {ONES}"))


def test_9_31_a_card_number_is_a_violation_and_no_digit_of_it_is_kept() -> None:
    found = screened(CARD)["SENS-PAN"]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")
    kept = json.dumps(found["evidence"]["spans"])
    assert "1111" not in kept
    assert "one one" not in json.dumps(found)


@pytest.mark.parametrize(
    ("lines", "rule", "expected"),
    [
        ([("caller", 4.0, f"four one one one {ONES} {ONES} one one one two")], "SENS-PAN", "pass"),
        ([("caller", 4.0, "the security code is three two one")], "SENS-CVV", "violation"),
        ([("agent", 4.0, "what's your card number")], "SENS-PAN", "not_applicable"),
        ([("caller", 4.0, "my social is nine zero zero four five six seven eight nine")], "SENS-SSN", "not_applicable"),
        ([("caller", 4.0, "my social is two one nine oh nine nine nine nine nine")], "SENS-SSN", "violation"),
        ([("caller", 4.0, "my routing number is zero two one zero zero zero zero two one")], "SENS-BANK", "violation"),
        ([("caller", 4.0, "my number is three oh five five five five oh one two three")], "SENS-PAN", "pass"),
    ],
)
def test_9_31_numbers_of_people(lines: list[tuple[str, float, str]], rule: str, expected: str) -> None:
    found = outcome_of(call(*lines), rule)
    assert found == expected or (expected in ("pass", "not_applicable") and found in ("pass", "not_applicable"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm eleven years old", "violation"),
        ("I have an eleven year old", "pass"),
        ("my mom isn't home", "review"),
        ("I'm seventeen", "review"),
        ("I'm ten minutes away", "pass"),
    ],
)
def test_9_32_a_childs_voice(text: str, expected: str) -> None:
    assert outcome_of(call(("caller", 3.0, text)), "COPPA-MINOR-VOICE") == expected


def test_a_request_for_deletion_opens_a_clock() -> None:
    found = screened(call(("caller", 3.0, "I want you to delete my information")))["PRIV-REQUEST-CAPTURE"]
    assert (found["outcome"], found["evidence"]["answer_within_days"]) == ("review", 45)


def test_health_words_leave_only_their_place() -> None:
    found = screened(call(("caller", 3.0, "I have diabetes and I take insulin")))["SENS-PHI"]
    assert "diabetes" not in json.dumps(found).casefold()
    assert found["outcome"] in ("violation", "pass")
