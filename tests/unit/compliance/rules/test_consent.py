"""Section 9 of the rule sheet, cases 14 to 16, as rulings 9, 10 and 12 settle them."""

from typing import Any

import pytest

from app.compliance.abandonment import AnsweredCall, measure_abandonment
from tests.factories.screening import consent, inbound, outbound, outcome_of, said, screened

AT = "2026-11-23T18:00:00Z"
NY, DALLAS, DENVER, LA_CITY = "+12122345678", "+12142345678", "+13032345678", "+12132345678"
MATCHED = {"kind": "trustedform", "id": "0123456789abcdef0123456789abcdef01234567", "phone_match": True}


def full(number: str = NY, given_at: str = "2026-11-20T18:00:00Z", **elements: Any) -> dict[str, Any]:
    made = consent(number, given_at, certificate=MATCHED)
    return {**made, "elements": {**made["elements"], **elements}}


def machine(
    number: str = NY, *consents: dict[str, Any], voice: str = "prerecorded", at: str = AT, **more: Any
) -> dict[str, Any]:
    return {**outbound(number, at, voice=voice, **more), "consents": list(consents)}


def test_9_14_every_element_true_passes() -> None:
    assert outcome_of(machine(NY, full()), "TCPA-PEWC") == "pass"
    assert outcome_of(machine(NY, full()), "TCPA-PRERECORDED") == "pass"


@pytest.mark.parametrize("element", ["written", "signed", "names_seller", "automated_calls", "conspicuous", "not_condition"])
def test_9_14_an_element_that_is_false_is_a_violation_and_an_unknown_one_needs_evidence(element: str) -> None:
    assert outcome_of(machine(NY, full(**{element: False})), "TCPA-PEWC") == "violation"
    assert outcome_of(machine(NY, full(**{element: None})), "TCPA-PEWC") == "needs_evidence"


def test_9_14_a_consent_given_after_the_call_or_for_another_number_is_a_violation() -> None:
    late = machine(NY, full(given_at="2026-11-23T10:00:05Z"), at="2026-11-23T10:00:01Z")
    found = screened(late)["TCPA-PEWC"]
    assert (found["outcome"], "E9" in found["reason"]) == ("violation", True)
    other = screened(machine("+13055550101", full("+13055550100")))["TCPA-PEWC"]
    assert (other["outcome"], "E5" in other["reason"]) == ("violation", True)


def test_9_14_an_oral_consent_is_put_before_a_person_in_texas_and_is_a_violation_in_colorado() -> None:
    spoken = {"elements": {"number": DALLAS, "names_seller": True}, "given_at": "2026-11-20T18:00:00Z", "oral": True}
    texas = screened(machine(DALLAS, spoken))
    assert (texas["TCPA-PEWC"]["outcome"], texas["TCPA-PEWC"]["severity"]) == ("review", "medium")
    assert texas["TCPA-PRERECORDED"]["outcome"] == "review"
    denver = {**spoken, "elements": {"number": DENVER, "names_seller": True}}
    assert outcome_of(machine(DENVER, denver), "TCPA-PEWC") == "violation"
    assert outcome_of(machine(DENVER, denver), "TCPA-PRERECORDED") == "violation"


def test_partners_without_a_list_ask_for_review() -> None:
    assert outcome_of(machine(NY, full(names_seller="partners")), "TCPA-PEWC") == "review"


def test_a_person_who_dials_by_hand_needs_no_written_consent() -> None:
    assert outcome_of(outbound(NY, AT, dialer="manual"), "TCPA-PEWC") == "not_applicable"
    assert outcome_of(outbound(NY, AT, dialer="predictive"), "TCPA-PEWC") == "needs_evidence"
    assert outcome_of(outbound(NY, AT), "TCPA-PEWC") == "needs_evidence"
    assert outcome_of(inbound(NY, AT), "TCPA-PEWC") == "not_applicable"


def test_of_two_consents_the_stronger_is_judged() -> None:
    assert outcome_of(machine(NY, full(signed=False), full()), "TCPA-PEWC") == "pass"


def test_9_15_a_recorded_voice_without_consent_is_critical() -> None:
    found = screened(machine())["TCPA-PRERECORDED"]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")


def test_9_15_a_soundboard_with_written_consent_passes() -> None:
    assert outcome_of(machine(NY, full(), voice="soundboard"), "TCPA-PRERECORDED") == "pass"


def test_9_15_an_unknown_voice_needs_evidence_and_with_the_consumers_words_a_review() -> None:
    silent = machine(voice="unknown")
    assert outcome_of(silent, "TCPA-PRERECORDED") == "needs_evidence"
    asked = screened({**silent, "utterances": said(("caller", 3.0, "was that a recording"))})["TCPA-PRERECORDED"]
    assert asked["outcome"] == "review"
    assert asked["evidence"]["notes"][0]["outcome"] == "needs_evidence"


def test_9_15_a_detector_against_a_live_voice_asks_for_review() -> None:
    facts = {**outbound(NY, AT), "voice_detector": {"name": "x", "version": "1", "score": 0.93}}
    found = screened(facts)["TCPA-AI-VOICE"]
    assert (found["outcome"], found["evidence"]["detector"]["score"]) == ("review", 0.93)
    assert outcome_of({**facts, "voice_detector": {"score": 0.4}}, "TCPA-AI-VOICE") == "not_applicable"


def test_9_15_a_synthetic_message_to_california_says_that_it_is_one() -> None:
    silent = {
        **machine(LA_CITY, full(LA_CITY), voice="artificial_ai"),
        "utterances": said(("agent", 0.5, "hello this is Ann with Acme")),
    }
    assert outcome_of(silent, "TCPA-AI-VOICE-CA") == "violation"
    told = {**silent, "utterances": said(("agent", 0.5, "hello this message uses an artificial voice"))}
    assert outcome_of(told, "TCPA-AI-VOICE-CA") == "pass"
    assert outcome_of({**silent, "utterances": []}, "TCPA-AI-VOICE-CA") == "needs_evidence"
    assert outcome_of(machine(NY, voice="artificial_ai"), "TCPA-AI-VOICE-CA") == "not_applicable"


def test_a_synthetic_voice_needs_the_same_consent() -> None:
    assert outcome_of(machine(voice="artificial_ai"), "TCPA-AI-VOICE") == "violation"
    assert outcome_of(machine(NY, full(), voice="artificial_ai"), "TCPA-AI-VOICE") == "pass"


def test_an_informational_recording_needs_express_consent_only() -> None:
    spoken = {"elements": {"number": NY}, "given_at": "2026-11-20T18:00:00Z", "oral": True}
    assert outcome_of({**machine(NY, spoken), "purpose": "informational"}, "TCPA-PRERECORDED") == "pass"
    assert outcome_of({**machine(NY), "purpose": "informational"}, "TCPA-PRERECORDED") == "violation"


@pytest.mark.parametrize(
    ("abandoned", "connect_s", "expected"),
    [(30, None, "pass"), (31, None, "violation"), (100, 1.9, "pass"), (31, 2.1, "violation")],
)
def test_9_16_three_in_a_hundred_answered_calls_may_be_abandoned(
    abandoned: int, connect_s: float | None, expected: str
) -> None:
    calls = [AnsweredCall(connect_s)] * abandoned + [AnsweredCall(0.5)] * (1000 - abandoned)
    assert measure_abandonment(calls).outcome == expected


def test_9_16_without_times_the_share_needs_evidence() -> None:
    assert measure_abandonment([AnsweredCall(None, is_timed=False)] * 1000).outcome == "needs_evidence"
    assert measure_abandonment([]).outcome == "not_applicable"


def test_a_caller_who_never_says_who_is_calling_asks_for_review() -> None:
    silent = {**outbound(NY, AT), "utterances": said(("caller", 0.5, "hello"), ("agent", 1.5, "do you want a new roof"))}
    named = {**silent, "utterances": said(("caller", 0.5, "hello"), ("agent", 1.5, "my name is Ann Miller with Acme"))}
    assert outcome_of({**silent, "duration_s": 60}, "TCPA-ID-LIVE") == "review"
    assert outcome_of({**named, "duration_s": 60}, "TCPA-ID-LIVE") == "pass"
    assert outcome_of(silent, "TCPA-ID-PRERECORDED") == "not_applicable"


def test_a_consumer_who_denies_consent_is_heard_with_certificate_or_without() -> None:
    facts = {**outbound(NY, AT), "consents": [full()], "utterances": said(("caller", 3.0, "I never signed up for this"))}
    found = screened(facts)["CONSENT-DISPUTED"]
    assert (found["outcome"], found["severity"]) == ("review", "high")


def test_a_consent_record_without_its_parts_needs_evidence() -> None:
    assert outcome_of(machine(NY, full()), "CONSENT-RECORD") == "pass"
    assert outcome_of(machine(NY, {"given_at": "2026-11-20T18:00:00Z"}), "CONSENT-RECORD") == "needs_evidence"
    assert outcome_of(machine(), "CONSENT-RECORD") == "not_applicable"
