"""Section 9 of the rule sheet, cases 8 to 13 and 17, as rulings 8, 10, 13 and 14 settle them."""

from typing import Any

import pytest

from tests.factories.screening import SELLER, consent, inbound, outbound, outcome_of, said, screened

NY, PA, TX = "+12122345678", "+12152345678", "+12142345678"
NOON = "2026-11-22T17:00:00Z"


def listed(at: str = NOON, number: str = NY, **more: Any) -> dict[str, Any]:
    return {**outbound(number, at), "dnc": {"national": {"listed": True}}, **more}


def scrubbed(at: str, obtained: str, run: str | None, **more: Any) -> dict[str, Any]:
    national = {"listed": False, "obtained_at": obtained, "scrubbed_at": run, **more}
    return {**outbound(NY, at), "dnc": {"national": national}}


@pytest.mark.parametrize(
    ("at", "obtained", "run", "expected"),
    [
        ("2026-11-22T17:00:00Z", "2026-10-22", "2026-11-21T17:00:00Z", "pass"),
        ("2026-11-22T17:00:00Z", "2026-10-22T15:00:00Z", "2026-11-21T17:00:00Z", "pass"),
        ("2026-11-22T17:00:00Z", "2026-10-22T00:00:00Z", "2026-11-21T17:00:00Z", "pass"),  # a day alone, as systems write it
        ("2026-11-23T17:00:00Z", "2026-10-22", "2026-11-21T17:00:00Z", "violation"),
        ("2026-11-23T04:30:00Z", "2026-10-22T15:00:00Z", "2026-11-21T17:00:00Z", "pass"),  # still the 22nd in New York
        ("2026-11-23T17:00:00Z", "2026-11-20", None, "violation"),
        ("2026-11-22T17:00:00Z", "2026-11-20", "2026-11-22T17:00:01Z", "violation"),
    ],
)
def test_9_8_a_registry_version_lasts_31_local_days(at: str, obtained: str, run: str | None, expected: str) -> None:
    assert outcome_of(scrubbed(at, obtained, run), "DNC-NATIONAL-31D") == expected


def test_9_8_no_scrub_record_is_a_violation_and_an_area_code_that_is_not_covered_needs_evidence() -> None:
    assert outcome_of(outbound(NY, NOON), "DNC-NATIONAL-31D") == "violation"
    without = scrubbed(NOON, "2026-11-20", "2026-11-21T17:00:00Z", san="1-1", area_codes=["305", "718"])
    assert outcome_of(without, "DNC-NATIONAL-31D") == "needs_evidence"
    covered = scrubbed(NOON, "2026-11-20", "2026-11-21T17:00:00Z", san="1-1", area_codes=["212"])
    assert outcome_of(covered, "DNC-NATIONAL-31D") == "pass"


def test_9_9_a_listed_number_without_exemption_is_a_violation() -> None:
    found = screened(listed())["DNC-NATIONAL"]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")
    assert found["evidence"]["at_stake_minor"] == {"least": 50_000, "most": 150_000, "currency": "USD"}


def test_9_9_a_signed_agreement_with_this_seller_for_this_number_passes() -> None:
    agreement = {"seller": SELLER, "number": NY, "signed": True, "given_at": "2026-01-01T00:00:00Z"}
    for change, expected in (
        ({}, "pass"),
        ({"seller": "Other Co"}, "violation"),
        ({"number": TX}, "violation"),
        ({"signed": False}, "violation"),
        ({"signed": None}, "needs_evidence"),
        ({"given_at": "2026-11-22T17:00:01Z"}, "violation"),
    ):
        assert outcome_of(listed(relationship={"permission": {**agreement, **change}}), "DNC-NATIONAL") == expected, change


def test_9_9_a_consent_to_partners_is_no_permission_and_one_that_names_the_seller_is() -> None:
    partners = consent(NY, "2026-01-01T00:00:00Z")
    partners["elements"]["names_seller"] = "partners"
    assert outcome_of(listed(consents=[partners]), "DNC-NATIONAL") == "violation"
    assert outcome_of(listed(consents=[consent(NY, "2026-01-01T00:00:00Z")]), "DNC-NATIONAL") == "pass"


def test_9_9_a_call_the_consumer_placed_is_not_judged_and_an_unknown_listing_needs_evidence() -> None:
    assert outcome_of({**inbound(NY, NOON), "dnc": {"national": {"listed": True}}}, "DNC-NATIONAL") == "not_applicable"
    assert outcome_of(outbound(NY, NOON), "DNC-NATIONAL") == "needs_evidence"
    assert outcome_of({**outbound(NY, NOON), "dnc": {"national": {"listed": False}}}, "DNC-NATIONAL") == "pass"


@pytest.mark.parametrize(
    ("relationship", "at", "expected"),
    [
        ({"last_purchase_at": "2025-05-20", "with_seller": True}, "2026-11-20T17:00:00Z", "pass"),
        ({"last_purchase_at": "2025-05-20", "with_seller": True}, "2026-11-21T17:00:00Z", "violation"),
        ({"last_inquiry_at": "2026-08-22", "with_seller": True}, "2026-11-22T17:00:00Z", "pass"),
        ({"last_inquiry_at": "2026-08-22", "with_seller": True}, "2026-11-23T17:00:00Z", "violation"),
        ({"last_inquiry_at": "2026-08-22", "with_seller": False}, "2026-11-22T17:00:00Z", "violation"),
        ({"last_purchase_at": "2026-08-22"}, "2026-11-22T17:00:00Z", "needs_evidence"),
        ({"personal": True}, "2026-11-22T17:00:00Z", "pass"),
    ],
)
def test_9_10_a_relationship_lasts_to_the_same_day_of_its_last_month(
    relationship: dict[str, Any], at: str, expected: str
) -> None:
    facts = listed(at, relationship=relationship)
    assert outcome_of(facts, "DNC-NATIONAL") == expected
    if "personal" not in relationship:
        assert outcome_of(facts, "DNC-EBR") == expected


def test_9_10_a_request_not_to_be_called_ends_the_relationship() -> None:
    bought = {"last_purchase_at": "2026-08-22", "with_seller": True}
    dnc = {"national": {"listed": True}, "internal": {"requested_at": "2026-09-01"}}
    assert outcome_of(listed(relationship=bought, dnc=dnc), "DNC-NATIONAL") == "violation"


def test_9_10_pennsylvania_looks_back_twelve_months() -> None:
    facts = listed(number=PA, relationship={"last_purchase_at": "2025-10-22", "with_seller": True})
    assert outcome_of(facts, "DNC-NATIONAL") == "pass"
    assert outcome_of(facts, "DNC-STATE-EBR-PA") == "violation"
    recent = listed(number=PA, relationship={"last_purchase_at": "2025-11-22", "with_seller": True})
    assert outcome_of(recent, "DNC-STATE-EBR-PA") == "pass"


def asked(when: str | None, at: str) -> dict[str, Any]:
    return {**outbound(NY, at), "dnc": {"internal": {"requested_at": when}}}


@pytest.mark.parametrize(
    ("when", "at", "expected"),
    [
        ("2026-11-16", "2026-12-01T17:00:00Z", "review"),  # the tenth business day; Thanksgiving does not count
        ("2026-11-16", "2026-12-02T17:00:00Z", "violation"),
        ("2026-11-16", "2026-11-20T17:00:00Z", "review"),
        ("2025-03-03", "2025-03-25T17:00:00Z", "review"),
        ("2025-03-03", "2025-04-02T17:00:00Z", "review"),
        ("2025-03-03", "2025-04-03T17:00:00Z", "violation"),
        ("2020-11-01", "2026-11-22T17:00:00Z", "pass"),
        ("2026-11-23", "2026-11-22T17:00:00Z", "pass"),
        (None, "2026-11-22T17:00:00Z", "needs_evidence"),
    ],
)
def test_9_11_a_request_is_kept_within_ten_business_days(when: str | None, at: str, expected: str) -> None:
    assert outcome_of(asked(when, at), "DNC-INTERNAL-10BD") == expected


def test_9_11_after_five_years_the_policy_still_speaks() -> None:
    old = asked("2020-11-01", NOON)
    assert outcome_of(old, "DNC-INTERNAL-POLICY") == "violation"
    assert outcome_of(asked("2026-11-16", "2026-12-02T17:00:00Z"), "DNC-INTERNAL-POLICY") == "not_applicable"


def spoken(*lines: tuple[str, float, str], **more: Any) -> dict[str, Any]:
    return {**inbound(NY, NOON, ended_at="2026-11-22T17:05:00Z"), "utterances": said(*lines), **more}


@pytest.mark.parametrize(
    ("entered", "expected"),
    [
        ("2026-11-23T17:05:00Z", "pass"),
        ("2026-11-23T17:05:01Z", "violation"),
        (None, "violation"),
        ("2026-11-22T17:01:00Z", "pass"),
    ],
)
def test_9_12_a_spoken_request_is_entered_within_a_day_of_the_calls_end(entered: str | None, expected: str) -> None:
    facts = spoken(("caller", 20.0, "take me off your list"), dnc={"internal": {"requested_at": entered}})
    assert outcome_of(facts, "DNC-INTERNAL-CAPTURE") == expected


def test_9_12_a_request_that_is_still_in_time_needs_evidence() -> None:
    facts = spoken(("caller", 20.0, "take me off your list"))
    assert outcome_of(facts, "DNC-INTERNAL-CAPTURE", as_of="2026-11-23T10:00:00+00:00") == "needs_evidence"
    assert outcome_of(facts, "DNC-INTERNAL-CAPTURE", as_of="2026-11-23T17:05:01+00:00") == "violation"


def test_9_12_soft_words_ask_for_review_and_refusing_a_request_is_a_violation() -> None:
    assert outcome_of(spoken(("caller", 20.0, "I'm not interested")), "DNC-INTERNAL-CAPTURE") == "review"
    refused = spoken(("caller", 18.0, "take me off your list"), ("agent", 22.0, "you'll have to email us to be removed"))
    assert outcome_of(refused, "DNC-INTERNAL-DENIED") == "violation"


@pytest.mark.parametrize("said", ["I said no", "I don't want it", "no thanks", "we're all set here", "I don't need it"])
def test_9_12_refusing_what_is_offered_asks_for_nothing(said: str) -> None:
    assert outcome_of(spoken(("caller", 20.0, said)), "DNC-INTERNAL-CAPTURE") == "pass"
    both = spoken(("caller", 20.0, said), ("caller", 30.0, "leave me alone"))
    assert outcome_of(both, "DNC-INTERNAL-CAPTURE") == "review"


def test_9_12_an_agent_who_offers_the_key_passes() -> None:
    facts = spoken(("agent", 5.0, "press 9 to be removed"))
    assert outcome_of(facts, "DNC-INTERNAL-DENIED") == "pass"
    assert outcome_of(facts, "DNC-INTERNAL-CAPTURE") == "pass"


def revoked(at: str, *, voice: str = "artificial_ai", scope: str | None = None) -> dict[str, Any]:
    given = consent(NY, "2026-01-01T00:00:00Z", revoked_at="2026-11-02T17:00:00Z", revocation_scope=scope)
    return {**outbound(NY, at, voice=voice), "consents": [given]}


def test_9_13_an_automated_call_after_a_revocation() -> None:
    # 2026-11-02 is a Monday; Veterans Day (the 11th) does not count: the tenth business day is Tuesday the 17th.
    late = screened(revoked("2026-11-18T17:00:00Z"))["TCPA-REVOKE"]
    assert (late["outcome"], late["severity"]) == ("violation", "critical")
    assert outcome_of(revoked("2026-11-17T17:00:00Z"), "TCPA-REVOKE") == "review"
    assert outcome_of(revoked("2026-11-06T17:00:00Z"), "TCPA-REVOKE") == "review"
    assert outcome_of(revoked("2026-11-18T17:00:00Z", voice="live"), "TCPA-REVOKE") == "not_applicable"
    assert outcome_of(revoked("2026-11-18T17:00:00Z", voice="unknown"), "TCPA-REVOKE") == "needs_evidence"
    assert outcome_of(revoked("2026-10-18T17:00:00Z"), "TCPA-REVOKE") == "not_applicable"


def test_9_13_the_rule_on_all_subjects_is_stayed_until_2027_01_31() -> None:
    before = screened(revoked("2027-01-29T17:00:00Z", scope="all"))["TCPA-REVOKE-ALL"]
    assert (before["outcome"], "stayed" in before["reason"]) == ("not_applicable", True)
    assert outcome_of(revoked("2027-02-01T17:00:00Z", scope="all"), "TCPA-REVOKE-ALL") == "violation"


def test_9_13_asking_to_be_called_later_is_no_request_to_stop() -> None:
    facts = spoken(("caller", 20.0, "call me next week instead"))
    assert outcome_of(facts, "DNC-INTERNAL-CAPTURE") == "pass"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"queried_at": "2026-11-20T10:00:00Z", "since": "2026-01-10", "answer": "no"}, "pass"),
        ({"queried_at": "2026-11-20T10:00:00Z", "since": "2026-01-10", "answer": "yes"}, "violation"),
        ({"queried_at": "2026-11-20T10:00:00Z", "since": "2020-01-10", "answer": "no_data"}, "review"),
        ({"queried_at": "2026-11-22T17:00:01Z", "since": "2026-01-10", "answer": "no"}, "review"),
    ],
)
def test_9_17_the_reassigned_numbers_database(query: dict[str, str], expected: str) -> None:
    facts = {**outbound(NY, NOON), "consents": [consent(NY, "2026-01-10T17:00:00Z")], "dnc": {"reassigned": query}}
    assert outcome_of(facts, "RND-REASSIGNED") == expected


def test_9_17_a_fresh_consent_needs_no_query_and_an_old_one_asks_for_review() -> None:
    fresh = {**outbound(NY, NOON), "consents": [consent(NY, "2026-11-17T17:00:00Z")]}
    old = {**outbound(NY, NOON), "consents": [consent(NY, "2026-08-01T17:00:00Z")]}
    assert outcome_of(fresh, "RND-REASSIGNED") == "pass"
    assert outcome_of(old, "RND-REASSIGNED") == "review"


def test_a_state_that_keeps_its_own_list_wants_it_asked() -> None:
    assert outcome_of(outbound(TX, NOON), "DNC-STATE") == "needs_evidence"
    assert outcome_of(outbound(NY, NOON), "DNC-STATE") == "not_applicable"
    on_list = {**outbound(TX, NOON), "dnc": {"state": {"TX": {"listed": True}}}}
    assert outcome_of(on_list, "DNC-STATE") == "violation"
    assert outcome_of({**on_list, "dnc": {"state": {"TX": {"listed": False}}}}, "DNC-STATE") == "pass"


def test_a_litigators_number_asks_for_review_and_so_do_words_of_a_suit() -> None:
    assert outcome_of({**inbound(NY, NOON), "dnc": {"litigator": {"listed": True, "source": "x"}}}, "LITIGATOR") == "review"
    assert outcome_of(inbound(NY, NOON), "LITIGATOR") == "not_applicable"


def test_a_second_call_to_a_listed_number_is_told() -> None:
    again = listed(attempts_24h=[{"at": "2026-11-22T10:00:00Z"}])
    assert outcome_of(again, "TCPA-C5-REPEAT") == "review"
    assert outcome_of(listed(), "TCPA-C5-REPEAT") == "not_applicable"
