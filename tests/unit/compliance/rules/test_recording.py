"""Section 9 of the rule sheet, cases 24 and 25, as ruling 17 settles them."""

from typing import Any

import pytest

from tests.factories.screening import inbound, outbound, outcome_of, said, screened

AT = "2026-11-23T18:00:00Z"
TX, CA, FL, WA, PA, NY = "+12142345678", "+12132345678", "+13052345678", "+12062345678", "+12152345678", "+12122345678"
NOTICE = "this call is being recorded"
TALK = ("caller", 8.0, "I need insurance for my truck")


def recorded(number: str, *lines: tuple[str, float, str], **more: Any) -> dict[str, Any]:
    return {**inbound(number, AT), "recorded": True, "utterances": said(*(lines or (TALK,))), **more}


def test_9_24_one_party_is_enough_in_texas() -> None:
    found = screened(recorded(TX, agent_state="TX"))["REC-CONSENT-TX"]
    assert (found["outcome"], found["severity"]) == ("pass", "info")


def test_9_24_a_notice_at_the_start_passes_in_california_and_a_late_one_asks_for_review() -> None:
    assert outcome_of(recorded(CA, ("agent", 4.0, NOTICE), TALK), "REC-CONSENT-CA") == "pass"
    late = screened(recorded(CA, TALK, ("agent", 95.0, NOTICE)))["REC-CONSENT-CA"]
    assert (late["outcome"], late["evidence"]["seconds_before_notice"]) == ("review", 95.0)


def test_a_greeting_is_no_substance_and_five_seconds_of_grace_are_given() -> None:
    hello = ("caller", 1.0, "hello")
    assert (
        outcome_of(recorded(CA, hello, ("agent", 10.0, NOTICE), ("caller", 16.0, "okay I need help")), "REC-CONSENT-CA")
        == "pass"
    )
    ends = 8.0 + 5.0 - 0.35 * len(NOTICE.split())
    assert outcome_of(recorded(CA, TALK, ("agent", ends, NOTICE)), "REC-CONSENT-CA") == "pass"
    assert outcome_of(recorded(CA, TALK, ("agent", ends + 0.1, NOTICE)), "REC-CONSENT-CA") == "review"


def test_9_24_no_notice_in_florida_is_critical() -> None:
    found = screened(recorded(FL))["REC-CONSENT-FL"]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")


def test_9_24_washington_wants_the_notice_on_the_recording() -> None:
    prompt = {"version": "7", "has_recording_notice": True, "before_recording": True}
    assert outcome_of(recorded(WA, ivr_prompt=prompt), "REC-CONSENT-WA") == "review"
    assert outcome_of(recorded(FL, ivr_prompt=prompt), "REC-CONSENT-FL") == "pass"


def test_9_24_an_unknown_state_is_taken_for_the_strictest() -> None:
    found = screened(recorded("+18332345678"))["REC-CONSENT-UNKNOWN"]
    assert (found["outcome"], found["severity"]) == ("violation", "high")


def test_9_24_recording_that_goes_on_after_an_objection_is_critical_notice_or_not() -> None:
    lines = [("agent", 1.0, NOTICE), ("caller", 6.0, "don't record me"), ("agent", 20.0, "okay so about your plan")]
    found = screened(recorded(PA, *lines))["REC-CONSENT-REFUSED"]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")
    assert outcome_of(recorded(PA, *lines[:2]), "REC-CONSENT-REFUSED") == "pass"
    asked = recorded(PA, ("caller", 6.0, "are you recording this"), ("agent", 20.0, "yes"))
    assert outcome_of(asked, "REC-CONSENT-REFUSED") == "pass"


def test_9_24_a_telemarketer_tells_a_new_yorker_of_the_recording() -> None:
    silent = {**outbound(NY, AT), "recorded": True, "utterances": said(("agent", 1.0, "do you want a new roof"))}
    assert outcome_of(silent, "STATE-NY-RECORDING") == "violation"
    assert outcome_of({**silent, "utterances": said(("agent", 1.0, NOTICE))}, "STATE-NY-RECORDING") == "pass"
    assert outcome_of(recorded(NY), "STATE-NY-RECORDING") == "not_applicable"


def test_asking_for_permission_is_a_notice_once_it_is_given() -> None:
    ask = ("agent", 1.0, "do I have your permission to record")
    assert outcome_of(recorded(CA, ask, ("caller", 4.0, "yes"), ("caller", 20.0, "I need a quote")), "REC-CONSENT-CA") == "pass"
    assert (
        outcome_of(recorded(CA, ask, ("caller", 4.0, "no"), ("caller", 20.0, "I need a quote")), "REC-CONSENT-CA")
        == "violation"
    )


def test_the_agents_state_counts_too() -> None:
    assert outcome_of(recorded(TX, agent_state="CA"), "REC-CONSENT-CA") == "violation"


def test_a_call_that_was_not_recorded_is_not_judged_and_without_a_transcript_evidence_is_needed() -> None:
    assert outcome_of({**inbound(CA, AT), "recorded": False}, "REC-CONSENT") == "not_applicable"
    assert outcome_of({**inbound(CA, AT), "recorded": True}, "REC-CONSENT-CA") == "needs_evidence"
    assert outcome_of(inbound(CA, AT), "REC-CONSENT") == "needs_evidence"


def test_a_call_that_nobody_answered_has_no_conversation_to_consent_to() -> None:
    assert outcome_of({**inbound(CA, AT), "recorded": True, "duration_s": 0}, "REC-CONSENT") == "not_applicable"


@pytest.mark.parametrize(
    ("enabled", "is_kept", "vertical", "expected"),
    [
        (False, True, "legal", "violation"),
        (False, False, "legal", "pass"),
        (False, False, "medicare", "violation"),
        (True, True, "legal", "pass"),
        (None, True, "legal", "not_applicable"),
        (False, None, "legal", "needs_evidence"),
    ],
)
def test_9_25_recording_where_it_is_off(enabled: bool | None, is_kept: bool | None, vertical: str, expected: str) -> None:
    facts = {**inbound(TX, AT), "campaign": {"recording": {"enabled": enabled}}, "recorded": is_kept, "vertical": vertical}
    assert outcome_of(facts, "REC-DISABLED") == expected
