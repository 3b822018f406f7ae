"""Section 9 of the rule sheet, case 30, as ruling 18 settles it."""

from typing import Any

import pytest

from tests.factories.screening import inbound, outcome_of, said, screened

CALLER = "+12122345678"
BEFORE, AFTER = "2026-09-15T18:00:00Z", "2026-10-15T18:00:00Z"
WHOLE = (
    "we do not offer every plan available in your area currently we represent six organizations which offer "
    "ten products in your area please contact medicare.gov or one eight hundred medicare"
)
WITH_SHIP = f"{WHOLE} or your local state health insurance program"


def talk(at: str, *lines: tuple[str, float, str], **more: Any) -> dict[str, Any]:
    return {**inbound(CALLER, at), "vertical": "medicare", "utterances": said(*lines), **more}


def spoken_until(text: str, end_s: float) -> tuple[str, float, str]:
    return ("agent", end_s - 0.35 * len(text.split()), text)


HELLO = ("agent", 0.0, "hello")
BENEFITS = [("agent", 200.0, "your premium would be zero"), ("agent", 210.0, "this plan includes dental")]


@pytest.mark.parametrize(
    ("end_s", "text", "expected"), [(48, WITH_SHIP, "pass"), (70, WITH_SHIP, "violation"), (48, WHOLE, "review")]
)
def test_9_30_before_october_2026_the_disclaimer_stands_in_the_first_minute(end_s: float, text: str, expected: str) -> None:
    assert outcome_of(talk(BEFORE, HELLO, spoken_until(text, end_s)), "MED-TPMO") == expected


def test_9_30_never_said_is_a_critical_violation() -> None:
    found = screened(talk(BEFORE, HELLO, ("agent", 10.0, "how are you")))["MED-TPMO"]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")
    assert outcome_of(talk(AFTER, HELLO, *BENEFITS), "MED-TPMO") == "violation"


@pytest.mark.parametrize(("end_s", "expected"), [(150, "pass"), (260, "violation")])
def test_9_30_from_october_2026_the_disclaimer_comes_before_benefits(end_s: float, expected: str) -> None:
    assert outcome_of(talk(AFTER, HELLO, spoken_until(WHOLE, end_s), *BENEFITS), "MED-TPMO") == expected


def test_9_30_without_benefits_nothing_has_to_be_said() -> None:
    assert outcome_of(talk(AFTER, HELLO, ("agent", 20.0, "what is your zip code")), "MED-TPMO") == "not_applicable"
    passing = ("agent", 20.0, "this plan covers")
    assert outcome_of(talk(AFTER, HELLO, passing), "MED-TPMO") == "not_applicable"


def test_one_agent_utterance_that_explains_a_benefit_is_a_discussion() -> None:
    explained = ("agent", 20.0, "this plan covers two dental cleanings and an eye exam every single year for you")
    assert outcome_of(talk(AFTER, HELLO, explained), "MED-TPMO") == "violation"


def test_the_border_is_the_eastern_day() -> None:
    # 03:59 UTC on 1 October is still 30 September in New York: the first-minute rule holds and nothing was said.
    assert outcome_of(talk("2026-10-01T03:59:59Z", HELLO), "MED-TPMO") == "violation"
    assert outcome_of(talk("2026-10-01T04:00:00Z", HELLO), "MED-TPMO") == "not_applicable"


def test_other_campaigns_are_not_judged_and_a_missing_transcript_needs_evidence() -> None:
    assert outcome_of({**talk(AFTER, HELLO, *BENEFITS), "vertical": "legal"}, "MED-TPMO") == "not_applicable"
    assert outcome_of({**inbound(CALLER, AFTER), "vertical": "medicare"}, "MED-TPMO") == "needs_evidence"


def test_a_beneficiary_who_is_handed_over_hears_that_a_licensed_agent_takes_over() -> None:
    told = talk(AFTER, ("agent", 5.0, "i'm transferring you to a licensed agent"), transfer_type="warm")
    silent = talk(AFTER, HELLO, transfer_type="warm")
    assert outcome_of(told, "MED-TPMO-TRANSFER") == "pass"
    assert outcome_of(silent, "MED-TPMO-TRANSFER") == "review"
    assert outcome_of(talk(AFTER, HELLO), "MED-TPMO-TRANSFER") == "not_applicable"


def test_a_consent_to_share_names_the_organisation() -> None:
    facts = talk(AFTER, HELLO)
    assert outcome_of({**facts, "consents": [{"elements": {"names_seller": "partners"}}]}, "MED-ONE-TO-ONE") == "review"
    assert outcome_of({**facts, "consents": [{"elements": {"names_seller": True}}]}, "MED-ONE-TO-ONE") == "pass"


def test_a_scope_of_appointment_comes_before_the_appointment() -> None:
    held = {"appointment_at": "2026-10-16T15:00:00Z"}
    for soa, expected in (("2026-10-15T19:00:00Z", "pass"), ("2026-10-16T16:00:00Z", "violation"), (None, "needs_evidence")):
        assert outcome_of(talk(AFTER, HELLO, record={**held, "soa_at": soa}), "MED-SOA") == expected
