"""Section 9 of the rule sheet, cases 18 to 20, and the edges beside them."""

from typing import Any

import pytest

from app.compliance.certificates import phone_prints
from app.compliance.stir import read_caller_identity
from tests.factories.screening import inbound, outbound, outcome_of, screened

AT = "2026-11-22T18:00:00Z"
CALLER = "+13055550142"
PLAIN = "<sip:+13055550142@carrier.example>;verstat=TN-Validation-Passed"
WEB_ID = "0123456789abcdef0123456789abcdef01234567"
REAL = "+13052345678"


@pytest.mark.parametrize(
    ("verstat", "vendor", "indicator", "validated", "attest"),
    [
        (PLAIN, "telnyx", None, True, "A"),
        (f"{PLAIN}-C", "telnyx", None, True, "C"),
        ("TN-Validation-Passed", "bandwidth", "B", True, "B"),
        (PLAIN, "somebody", None, True, None),
        (PLAIN, None, None, True, None),
        (None, "telnyx", None, None, None),
        ("TN-Validation-Failed-A", "twilio", None, False, "A"),
        ("No-TN-Validation", "telnyx", None, None, None),
        ("<sip:+1@x>", "telnyx", None, None, None),
        ("TN-Validation-Passed", "bandwidth", "nonsense", True, None),
    ],
)
def test_9_18_each_vendors_dialect_is_read(
    verstat: str | None, vendor: str | None, indicator: str | None, validated: bool | None, attest: str | None
) -> None:
    identity = read_caller_identity(verstat, vendor, indicator)
    assert (identity.is_validated, identity.attestation) == (validated, attest)


@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        ({"verstat": f"{PLAIN}-C", "verstat_vendor": "telnyx"}, "review"),
        ({"verstat": "TN-Validation-Failed"}, "review"),
        ({"verstat": PLAIN, "verstat_vendor": "telnyx"}, "pass"),
        ({"verstat": PLAIN}, "not_applicable"),
        ({}, "not_applicable"),
    ],
)
def test_9_18_a_missing_header_is_no_failed_check(leg: dict[str, str], expected: str) -> None:
    assert outcome_of(inbound(REAL, AT, **leg), "STIR-LOW-ATTEST") == expected


@pytest.mark.parametrize(
    ("number", "check", "expected"),
    [
        ("+12013113456", "invalid", "review"),  # N11 is no exchange code
        ("+12013123456", "ok", "pass"),
        ("+12012113456", "invalid", "review"),
        ("+12019113456", "invalid", "review"),
        ("+12025550101", "fictional", "review"),
        ("+18222000000", "invalid", "review"),
        ("+18005551212", "non_geographic", "review"),
        (REAL, "ok", "pass"),
    ],
)
def test_9_19_a_number_that_cannot_be_a_consumers_asks_for_review(number: str, check: str, expected: str) -> None:
    found = screened(inbound(number, AT))["NUM-INVALID-ANI"]
    assert (found["outcome"], found["evidence"]["check"]) == (expected, check)


def test_9_19_the_tracking_number_itself_is_no_consumers_number() -> None:
    facts = inbound("+18335550100", AT)
    assert outcome_of(facts, "NUM-INVALID-ANI") == "review"
    same = inbound(REAL, AT, to=REAL)
    assert outcome_of(same, "NUM-INVALID-ANI") == "review"


def test_9_19_a_failed_check_makes_an_impossible_number_worse() -> None:
    plain = screened(inbound("+12012113456", AT))["NUM-INVALID-ANI"]
    failed = screened(inbound("+12012113456", AT, verstat="TN-Validation-Failed"))["NUM-INVALID-ANI"]
    assert (plain["severity"], failed["severity"]) == ("medium", "high")


def test_a_withheld_number_needs_evidence() -> None:
    assert outcome_of(inbound("anonymous", AT), "NUM-INVALID-ANI") == "needs_evidence"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"caller_id_number": "+12125550123"}, "violation"),  # kept for fiction
        ({"caller_id_number": "+12122345678"}, "pass"),
        ({"caller_id_number": "+18332345678"}, "pass"),
        ({"caller_id_number": "restricted"}, "violation"),
        ({}, "needs_evidence"),
        ({"caller_id_number": "+12122345678", "verstat": "TN-Validation-Failed"}, "review"),
    ],
)
def test_a_sales_call_shows_a_number_that_can_be_called_back(shown: dict[str, str], expected: str) -> None:
    facts = outbound(REAL, AT, **shown)
    assert outcome_of(facts, "TCPA-CALLER-ID") == expected
    assert outcome_of(facts, "TSR-CALLER-ID") == expected
    assert outcome_of(inbound(REAL, AT, **shown), "TCPA-CALLER-ID") == "not_applicable"


def certified(number: str = REAL, at: str = AT, **certificate: Any) -> dict[str, Any]:
    made = {"kind": "trustedform", "id": WEB_ID, "host": "cert.trustedform.com", "created_at": "2026-11-22T16:00:00Z"}
    made |= {"retained_at": "2026-11-22T16:05:00Z", "phone_match": True, **certificate}
    return {**outbound(number, at), "consents": [{"given_at": made["created_at"], "certificate": made}]}


def cert(facts: dict[str, Any], **options: Any) -> tuple[str, str]:
    found = screened(facts, **options)["CONSENT-CERT"]
    return found["outcome"], found["severity"]


def test_9_20_a_certificate_of_the_right_shape_host_and_match_passes() -> None:
    assert cert(certified())[0] == "pass"


def test_9_20_an_id_of_39_characters_is_a_violation() -> None:
    assert cert(certified(id=WEB_ID[:-1]))[0] == "violation"
    assert cert(certified(id=f"{WEB_ID[:-1]}g"))[0] == "violation"


def test_9_20_another_number_on_the_form_is_critical() -> None:
    assert cert(certified(phone_match=False)) == ("violation", "critical")
    other = {"fingerprints": {"non_matching": sorted(phone_prints(REAL))[:1]}}
    assert cert(certified(phone_match=None, answer=other)) == ("violation", "critical")
    same = {"fingerprints": {"matching": sorted(phone_prints(REAL))[:1], "non_matching": ["00"]}}
    assert cert(certified(phone_match=None, answer=same))[0] == "pass"
    assert cert(certified(phone_match=None))[0] == "needs_evidence"


def test_9_20_an_unretained_certificate_is_lost_after_three_days_and_after_ninety_when_the_form_was_sent() -> None:
    old = {"created_at": "2026-11-01T16:00:00Z", "retained_at": None}
    lost = screened(certified(**old, submission_detected=False))["CONSENT-CERT"]
    assert lost["outcome"] == "needs_evidence"
    assert "2026-11-04" in lost["reason"]
    kept = screened(certified(**old, submission_detected=True))["CONSENT-CERT"]
    assert kept["outcome"] == "pass"
    assert kept["evidence"]["proof_until"].startswith("2027-01-30")


def test_expiry_after_the_call_counts_only_when_asked_for() -> None:
    facts = certified(retained_at=None)
    assert cert(facts)[0] == "pass"
    assert cert(facts, as_of="2026-11-29T00:00:00+00:00")[0] == "needs_evidence"


def test_9_20_a_look_alike_host_is_a_violation_and_is_not_fetched() -> None:
    found = screened(certified(host="cert.trustedform.com.evil.example"))["CONSENT-CERT"]
    assert found["outcome"] == "violation"
    assert "not fetched" in found["reason"]


def test_9_20_used_up_look_ups_are_no_forgery() -> None:
    token = {"kind": "leadid", "id": "01234567-89AB-CDEF-0123-456789ABCDEF", "host": None}
    assert cert(certified(**token, answer={"audit": {"authentic": 0, "reason": 2}}))[0] == "needs_evidence"
    assert cert(certified(**token, answer={"authentic": 0, "reason": 1}))[0] == "review"
    assert cert(certified(**{**token, "id": "01234567-89AB-CDEF-0123-456789ABCDE"}))[0] == "violation"


def test_a_call_before_its_consent_is_critical() -> None:
    assert cert(certified(created_at="2026-11-22T18:00:05Z")) == ("violation", "critical")


def test_an_old_lead_a_bot_and_a_form_sent_at_once_ask_for_review() -> None:
    assert cert(certified(created_at="2026-10-20T16:00:00Z"))[0] == "review"
    facts = certified()
    assert cert({**facts, "consents": [{**facts["consents"][0], "bot_detected": True}]})[0] == "review"
    assert cert({**facts, "consents": [{**facts["consents"][0], "seconds_on_page": 4.9}]})[0] == "review"
    assert cert({**facts, "consents": [{**facts["consents"][0], "scan": "by clicking you agree to Other Co"}]})[0] == "review"
    assert (
        cert({**facts, "consents": [{**facts["consents"][0], "scan": "you agree that Acme Insurance LLC may call"}]})[0]
        == "pass"
    )


def test_a_call_placed_to_a_consumer_without_certificate_needs_evidence() -> None:
    assert cert(outbound(REAL, AT)) == ("needs_evidence", "high")
    assert cert(inbound(REAL, AT))[0] == "not_applicable"
