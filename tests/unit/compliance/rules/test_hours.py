"""Section 9 of the rule sheet, cases 1 to 7, as rulings 1 to 5 and 15 settle them."""

from typing import Any

import pytest

from tests.factories.screening import consent, inbound, outbound, outcome_of, screened

NY, FL, GA, FL_PANHANDLE = "+12122345678", "+13052345678", "+14042345678", "+18502345678"
TX, KY, CT, RI, OR, UT, AL, PA, MS, LA = (
    "+12142345678",
    "+12702345678",
    "+12032345678",
    "+14012345678",
    "+15032345678",
    "+18012345678",
    "+12052345678",
    "+12152345678",
    "+16012345678",
    "+15042345678",
)
ND = "+17012345678"


@pytest.mark.parametrize(
    ("number", "at", "expected"),
    [
        (NY, "2026-11-23T13:00:00Z", "pass"),  # 9.1.1
        (NY, "2026-11-23T12:59:59Z", "violation"),  # 9.1.2
        (NY, "2026-11-24T02:00:00Z", "pass"),  # 9.1.3
        (NY, "2026-11-24T02:00:01Z", "violation"),
        (ND, "2026-11-23T14:30:00Z", "review"),  # 9.1.4
        (ND, "2026-11-23T13:30:00Z", "violation"),
        ("+18332345678", "2026-11-23T13:30:00Z", "needs_evidence"),  # 9.1.6
        (GA, "2026-11-01T12:30:00Z", "violation"),  # 9.2, 07:30 EST
        (GA, "2026-03-08T12:30:00Z", "pass"),  # 08:30 EDT
    ],
)
def test_9_1_and_9_2_federal_hours_at_the_called_party(number: str, at: str, expected: str) -> None:
    assert outcome_of(outbound(number, at), "TCPA-HOURS") == expected


def test_9_1_5_a_call_the_consumer_placed_at_night_is_not_judged() -> None:
    assert outcome_of(inbound(NY, "2026-11-23T08:00:00Z"), "TCPA-HOURS") == "not_applicable"


def test_9_1_7_a_transfer_is_judged_by_its_origin_leg() -> None:
    facts = outbound(NY, "2026-11-23T12:55:00Z")
    arrived = {"seq": 2, "direction": "internal_transfer", "started_at": "2026-11-23T13:02:00Z"}
    assert outcome_of({**facts, "transfer_type": "warm", "legs": [*facts["legs"], arrived]}, "TCPA-HOURS") == "violation"
    lost = {**facts, "transfer_type": "warm", "legs": [arrived]}
    assert outcome_of(lost, "EVID-ORIGIN-LEG-MISSING") == "needs_evidence"
    assert outcome_of(lost, "TCPA-HOURS") == "needs_evidence"


def test_an_unsynchronised_clock_near_an_edge_asks_for_review() -> None:
    assert outcome_of(outbound(NY, "2026-11-23T13:00:30Z", clock="unsynchronised"), "TCPA-HOURS") == "review"
    assert outcome_of(outbound(NY, "2026-11-23T13:01:01Z", clock="unsynchronised"), "TCPA-HOURS") == "pass"


def test_a_consent_that_covers_the_number_turns_a_violation_of_the_hours_into_a_review() -> None:
    facts = outbound(NY, "2026-11-23T12:00:00Z")
    assert outcome_of({**facts, "consents": [consent(NY, "2026-11-01T00:00:00Z")]}, "TCPA-HOURS") == "review"
    other = consent("+12122345679", "2026-11-01T00:00:00Z")
    assert outcome_of({**facts, "consents": [other]}, "TCPA-HOURS") == "violation"
    late = consent(NY, "2026-11-23T12:00:01Z")
    assert outcome_of({**facts, "consents": [late]}, "TCPA-HOURS") == "violation"
    revoked = consent(NY, "2026-11-01T00:00:00Z", revoked_at="2026-11-20T00:00:00Z")
    assert outcome_of({**facts, "consents": [revoked]}, "TCPA-HOURS") == "violation"


def test_an_informational_call_is_not_judged_and_an_unknown_purpose_needs_evidence() -> None:
    facts = outbound(NY, "2026-11-23T12:00:00Z")
    assert outcome_of({**facts, "purpose": "informational"}, "TCPA-HOURS") == "not_applicable"
    assert outcome_of({**facts, "purpose": None}, "TCPA-HOURS") == "needs_evidence"
    assert outcome_of({**facts, "purpose": "dual"}, "TCPA-HOURS") == "violation"


@pytest.mark.parametrize(
    ("facts", "federal", "state"),
    [
        (outbound(FL, "2026-11-24T01:05:00Z"), "pass", "violation"),
        (outbound(FL_PANHANDLE, "2026-11-24T01:30:00Z"), "pass", "review"),
        (outbound("+14482345678", "2026-11-24T01:30:00Z"), "pass", "review"),
        ({**outbound(FL_PANHANDLE, "2026-11-24T01:30:00Z"), "consumer": {"zip": "32501"}}, "pass", "pass"),
    ],
)
def test_9_3_florida(facts: dict[str, Any], federal: str, state: str) -> None:
    assert (outcome_of(facts, "TCPA-HOURS"), outcome_of(facts, "STATE-HOURS-FL")) == (federal, state)


@pytest.mark.parametrize(
    ("number", "at", "rule", "expected"),
    [
        (TX, "2026-11-22T17:30:00Z", "STATE-HOURS-TX", "violation"),
        (TX, "2026-11-22T18:30:00Z", "STATE-HOURS-TX", "pass"),
        (KY, "2026-11-23T14:30:00Z", "STATE-HOURS-KY", "violation"),
        (CT, "2026-11-23T13:30:00Z", "STATE-HOURS-CT", "violation"),
        (CT, "2026-11-24T01:30:00Z", "STATE-HOURS-CT", "violation"),
        (RI, "2026-11-21T22:30:00Z", "STATE-HOURS-RI", "violation"),
        (OR, "2025-12-31T04:30:00Z", "STATE-HOURS-OR", "pass"),
        (OR, "2026-01-06T04:30:00Z", "STATE-HOURS-OR", "violation"),
    ],
)
def test_9_4_other_states(number: str, at: str, rule: str, expected: str) -> None:
    assert outcome_of(outbound(number, at), rule) == expected


def test_a_states_severity_is_its_rows_confidence_and_a_low_one_asks_for_review_at_most() -> None:
    texas = screened(outbound(TX, "2026-11-22T17:30:00Z"))["STATE-HOURS-TX"]
    florida = screened(outbound(FL, "2026-11-24T01:05:00Z"))["STATE-HOURS-FL"]
    nevada = screened(outbound("+17022345678", "2026-11-23T16:30:00Z"))["STATE-HOURS-NV"]  # 08:30 Pacific
    assert (texas["severity"], florida["severity"]) == ("medium", "high")
    assert (nevada["outcome"], nevada["severity"]) == ("review", "low")


def test_a_state_that_keeps_the_federal_hours_is_silent() -> None:
    assert outcome_of(outbound(GA, "2026-11-01T12:30:00Z"), "STATE-HOURS-GA") == "not_applicable"


@pytest.mark.parametrize(
    ("number", "at", "rule", "expected"),
    [
        (UT, "2026-07-24T18:00:00Z", "STATE-HOLIDAY-UT", "violation"),
        (AL, "2026-07-03T17:00:00Z", "STATE-HOLIDAY-AL", "violation"),
        (RI, "2026-07-03T16:00:00Z", "STATE-HOLIDAY-RI", "review"),
        (PA, "2026-11-03T17:00:00Z", "STATE-HOLIDAY-PA", "violation"),
        (LA, "2026-02-17T18:00:00Z", "STATE-HOLIDAY-LA", "violation"),
    ],
)
def test_9_5_state_holidays(number: str, at: str, rule: str, expected: str) -> None:
    assert outcome_of(outbound(number, at), rule) == expected


def test_9_5_exemptions_and_states_that_do_not_close() -> None:
    utah = outbound(UT, "2026-07-24T18:00:00Z")
    assert outcome_of({**utah, "consents": [consent(UT, "2026-07-01T00:00:00Z")]}, "STATE-HOLIDAY-UT") == "pass"
    sheet = outbound(PA, "2026-11-03T17:00:00Z")
    bought = {"last_purchase_at": "2025-11-10T17:00:00Z", "with_seller": True}
    assert outcome_of({**sheet, "relationship": bought}, "STATE-HOLIDAY-PA") == "not_applicable"
    too_old = {**bought, "last_purchase_at": "2025-11-02T17:00:00Z"}
    assert outcome_of({**sheet, "relationship": too_old}, "STATE-HOLIDAY-PA") == "violation"
    assert outcome_of(outbound(MS, "2026-11-26T18:00:00Z"), "STATE-HOLIDAY-MS") in ("pass", "not_applicable")
    assert outcome_of(outbound(MS, "2026-11-26T18:00:00Z"), "TCPA-HOURS") == "pass"


def tried(at: str, *hours: float, number: str = FL, **more: Any) -> dict[str, Any]:
    from datetime import datetime, timedelta

    moment = datetime.fromisoformat(at)
    attempts = [{"at": (moment - timedelta(hours=h)).isoformat(), "subject": "roof", "number": number, **more} for h in hours]
    return {**outbound(number, at), "attempts_24h": attempts}


def test_9_6_the_fourth_attempt_within_twenty_four_hours_is_a_violation() -> None:
    at = "2026-11-23T18:00:00+00:00"
    fourth = 23 + 59 / 60
    assert outcome_of(tried(at, fourth, fourth - 2, fourth - 5), "STATE-FREQ-CAP") == "violation"
    assert outcome_of(tried(at, 24 + 1 / 60, 22, 19), "STATE-FREQ-CAP") == "pass"


def test_9_6_two_subjects_of_one_seller_pass_with_a_note() -> None:
    facts = tried("2026-11-23T18:00:00+00:00", 1, 2)
    facts["attempts_24h"].append({**facts["attempts_24h"][0], "subject": "auto", "at": "2026-11-23T15:00:00+00:00"})
    assert outcome_of(facts, "STATE-FREQ-CAP") in ("pass", "review")


def test_9_6_texts_count_in_maryland_and_a_purchase_lifts_oregons_cap() -> None:
    maryland = tried("2026-11-23T18:00:00+00:00", 1, number="+14102345678")
    texts = [{**maryland["attempts_24h"][0], "kind": "text", "at": f"2026-11-23T1{hour}:00:00+00:00"} for hour in (4, 5)]
    facts = {**maryland, "attempts_24h": [*maryland["attempts_24h"], *texts]}
    assert outcome_of(facts, "STATE-FREQ-CAP") == "violation"
    oregon = tried("2026-11-23T18:00:00+00:00", 1, 2, 3, number=OR)
    assert outcome_of(oregon, "STATE-FREQ-CAP") == "violation"
    bought = {"last_purchase_at": "2026-01-23T18:00:00Z", "with_seller": True}
    assert outcome_of({**oregon, "relationship": bought}, "STATE-FREQ-CAP") == "not_applicable"


def emergency(**consumer: str) -> dict[str, Any]:
    declared = [{"state": "NY", "county": "Erie", "from": "2026-11-20", "to": "2026-11-25"}]
    return {**outbound("+17162345678", "2026-11-22T18:00:00Z"), "emergencies": declared, "consumer": consumer}


def test_9_7_emergencies_in_new_york() -> None:
    rule = "STATE-EMERGENCY-NY"
    assert outcome_of(emergency(zip="14201"), rule) == "violation"
    assert outcome_of(emergency(zip="10001"), rule) == "pass"
    assert outcome_of(emergency(), rule) == "review"
    agreed = {**emergency(zip="14201"), "consents": [consent("+17162345678", "2026-11-01T00:00:00Z")]}
    assert outcome_of(agreed, rule) == "not_applicable"


def test_a_list_dialer_in_florida_without_written_consent() -> None:
    facts = outbound(FL, "2026-11-23T18:00:00Z", dialer="list")
    assert outcome_of(facts, "STATE-AUTODIAL-FL") == "violation"
    assert outcome_of(outbound(FL, "2026-11-23T18:00:00Z", dialer="manual"), "STATE-AUTODIAL-FL") == "pass"
    assert outcome_of(outbound(FL, "2026-11-23T18:00:00Z"), "STATE-AUTODIAL-FL") == "needs_evidence"
    full = consent(FL, "2026-11-01T00:00:00Z", certificate={"kind": "trustedform", "id": "x", "phone_match": True})
    assert outcome_of({**facts, "consents": [full]}, "STATE-AUTODIAL-FL") == "pass"
    assert outcome_of(outbound(GA, "2026-11-23T18:00:00Z", dialer="list"), "STATE-AUTODIAL") == "not_applicable"


def test_a_day_that_a_governor_closed_is_kept_in_that_state_alone() -> None:
    at = "2023-12-26T18:00:00Z"
    assert outcome_of(outbound(LA, at), "STATE-HOLIDAY-LA") == "violation"
    assert outcome_of(outbound(AL, at), "STATE-HOLIDAY-AL") == "pass"
