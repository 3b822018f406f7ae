"""Section 9 of the rule sheet, cases 21 to 23, and the speech rules of 16 CFR part 310."""

from typing import Any

import pytest

from tests.factories.screening import inbound, outbound, outcome_of, said, screened

AT = "2026-11-23T18:00:00Z"
NY, NJ = "+12122345678", "+12012345678"
RECORD = {
    "telemarketer": "Calls Inc",
    "product": "health insurance",
    "script_id": "s-7",
    "caller_id_authorization": {"document": "letter 12"},
    "disposition": "connected",
}
WHOLE = {"b2b": False, "duration_s": 120, "record": RECORD}
SHOWN = {"caller_id_number": "+18332345678", "caller_id_name": "ACME"}


def complete(**more: Any) -> dict[str, Any]:
    return {**outbound(NY, AT, **SHOWN), **WHOLE, **more}


def test_9_21_all_ten_items_are_complete() -> None:
    assert outcome_of(complete(), "TSR-RECORDKEEPING") == "pass"


@pytest.mark.parametrize("item", sorted(RECORD))
def test_9_21_each_item_that_is_missing_is_named(item: str) -> None:
    record = {name: value for name, value in RECORD.items() if name != item}
    facts = complete(record=record)
    if item == "product":
        facts = {**facts, "vertical": None}
    found = screened(facts)["TSR-RECORDKEEPING"]
    assert (found["outcome"], found["severity"]) == ("needs_evidence", "medium")
    assert len(found["evidence"]["missing"]) == 1


def test_9_21_a_transfer_without_receiving_party_and_a_script_that_is_null_are_incomplete() -> None:
    assert outcome_of(complete(transfer_type="warm"), "TSR-RECORDKEEPING") == "needs_evidence"
    to = {**RECORD, "transfer_to": {"number": "+18332345679", "name": "Buyer"}}
    assert outcome_of(complete(transfer_type="warm", record=to), "TSR-RECORDKEEPING") == "pass"
    assert outcome_of(complete(record={**RECORD, "script_id": None}), "TSR-RECORDKEEPING") == "needs_evidence"


def advertised(vertical: str, ad_type: str | None, at: str = AT, **more: Any) -> dict[str, Any]:
    return {**inbound(NY, at), "vertical": vertical, "ad_type": ad_type, **more}


@pytest.mark.parametrize(
    ("facts", "applies"),
    [
        (advertised("pest_control", "general_media"), False),
        (advertised("debt_relief", "general_media"), True),
        (advertised("tech_support", "digital", "2025-06-02T18:00:00Z"), True),
        (advertised("tech_support", "digital", "2024-12-02T18:00:00Z"), False),
        (advertised("tech_support", "digital", "2025-01-09T05:00:00Z"), True),  # midnight Eastern
        (advertised("tech_support", "digital", "2025-01-09T04:59:59Z"), False),
        (advertised("pest_control", "general_media", upsell=True), True),
        (advertised("pest_control", "none"), False),
        ({**outbound(NY, AT), "vertical": "pest_control"}, True),
        ({**outbound(NY, AT), "b2b": True}, False),
    ],
)
def test_9_22_coverage(facts: dict[str, Any], applies: bool) -> None:
    assert (outcome_of(facts, "TSR-RECORDKEEPING") != "not_applicable") is applies


def test_9_22_a_lie_to_a_business_is_covered_since_2024() -> None:
    lie = said(("agent", 3.0, "we can cut your debt in half guaranteed"), ("agent", 9.0, "this is a government program"))
    after = {**outbound(NY, "2025-06-02T18:00:00Z"), "b2b": True, "utterances": lie}
    before = {**outbound(NY, "2024-05-15T18:00:00Z"), "b2b": True, "utterances": lie}
    assert outcome_of(after, "TSR-MISREP") != "not_applicable"
    assert outcome_of(before, "TSR-MISREP") == "not_applicable"


def test_unknown_advertising_needs_evidence() -> None:
    assert outcome_of(advertised("pest_control", None), "TSR-RECORDKEEPING") == "needs_evidence"


FEE = "the enrollment fee is two hundred due today"


@pytest.mark.parametrize(
    ("text", "vertical", "expected"),
    [
        (FEE, "debt_relief", "violation"),
        ("our fee is charged only after a settlement", "debt_relief", "pass"),
        (FEE, "gym", "not_applicable"),
        ("there is no upfront fee with us", "debt_relief", "pass"),
        ("you don't pay an enrollment fee", "debt_relief", "pass"),
        ("your first payment goes to our fee", "debt_relief", "violation"),
        ("we charge an up front fee of ninety nine dollars", "debt_relief", "violation"),
        (FEE, None, "review"),
    ],
)
def test_9_23_a_fee_before_a_settlement(text: str, vertical: str | None, expected: str) -> None:
    facts = {**outbound(NY, AT), "vertical": vertical, "utterances": said(("agent", 3.0, text))}
    assert outcome_of(facts, "TSR-DEBT-ADVANCE-FEE") == expected


def test_9_23_the_fee_is_critical_on_a_call_the_consumer_placed_too() -> None:
    found = screened({**advertised("debt_relief", "general_media"), "utterances": said(("agent", 3.0, FEE))})[
        "TSR-DEBT-ADVANCE-FEE"
    ]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")


def test_a_consumer_who_speaks_of_a_fee_asks_for_none() -> None:
    facts = {**outbound(NY, AT), "vertical": "debt_relief", "utterances": said(("caller", 3.0, FEE))}
    assert outcome_of(facts, "TSR-DEBT-ADVANCE-FEE") == "pass"


def test_opening_words_of_a_sales_call() -> None:
    rule = "TSR-DISCLOSE-OUTBOUND"
    hello = ("caller", 0.5, "hello")
    plain = said(hello, ("agent", 1.5, "my name is Ann Miller with Acme I'm calling about our insurance"))
    assert outcome_of({**outbound(NY, AT), "utterances": plain, "duration_s": 120}, rule) == "pass"
    silent = said(hello, ("agent", 1.5, "how is the weather"))
    assert outcome_of({**outbound(NY, AT), "utterances": silent, "duration_s": 120}, rule) == "review"
    assert outcome_of({**inbound(NY, AT), "utterances": silent, "duration_s": 120}, rule) == "not_applicable"
    assert outcome_of(outbound(NY, AT), rule) == "needs_evidence"


def test_new_jersey_gives_thirty_seconds() -> None:
    late = said(("caller", 0.5, "hello"), ("agent", 40.0, "my name is Ann Miller with Acme"))
    soon = said(("caller", 0.5, "hello"), ("agent", 4.0, "my name is Ann Miller with Acme"))
    assert outcome_of({**outbound(NJ, AT), "utterances": late}, "STATE-OPENING-NJ") == "review"
    assert outcome_of({**outbound(NJ, AT), "utterances": soon}, "STATE-OPENING-NJ") == "pass"


@pytest.mark.parametrize(
    ("text", "rule"),
    [("you can pay with a gift card", "TSR-PAYMENT-METHOD"), ("it's a free trial", "TSR-NEGATIVE-OPTION")],
)
def test_forbidden_words_of_an_agent_are_a_violation(text: str, rule: str) -> None:
    facts = {**outbound(NY, AT), "utterances": said(("agent", 3.0, text))}
    assert outcome_of(facts, rule) == "violation"
    exempt = {**advertised("pest_control", "general_media"), "utterances": said(("agent", 3.0, text))}
    assert outcome_of(exempt, rule) == "not_applicable"


def test_payment_before_cost_asks_for_review() -> None:
    card = ("agent", 30.0, "what's your card number")
    before = {**outbound(NY, AT), "utterances": said(("agent", 10.0, "the total cost is ninety dollars"), card)}
    without = {**outbound(NY, AT), "utterances": said(card)}
    assert outcome_of(without, "TSR-DISCLOSE-COST") == "review"
    assert outcome_of(before, "TSR-DISCLOSE-COST") == "pass"


def test_a_recorded_sales_message_needs_a_signed_agreement_under_the_ftcs_rule_too() -> None:
    assert outcome_of(outbound(NY, AT, voice="prerecorded"), "TSR-ROBOCALL") == "violation"
