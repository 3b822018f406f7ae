"""What vendors' answers say of a certificate, joined to what was known; and which certificate an address or id means."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.certificates import are_lookups_used_up, is_disowned, phone_prints
from app.compliance.consent_records.certificate_link import read_certificate_link, refuse_foreign_address
from app.compliance.consent_records.vendor_answers import merge_answer, parse_answer, read_answer
from app.compliance.facts import Certificate
from app.errors import InvalidInput
from app.models.base import canonical_json

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+15125551234"
ID = "eb9fc4dd9bed9ad451a5648946cf4bf09b5bb947"
TOKEN = "a1c2860f-25ea-4937-bc78-222d8c227789"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
NAMES = (
    "match_lead", "result", "phone_match", "retain", "results", "insights", "properties", "fingerprints", "scans", "audit",
    "cert", "authentic", "reason", "data_integrity", "lead_age", "outcome", "bot_detected", "seconds_on_page", "page_url",
)  # fmt: skip
ANSWERS = st.dictionaries(
    st.sampled_from(NAMES) | st.text(max_size=8), JSON | st.dictionaries(st.sampled_from(NAMES), JSON), max_size=6
)


def read(answer: dict[str, Any], kind: str = "trustedform", seller: str | None = None) -> Any:
    return read_answer(kind, answer, number=NUMBER, asked_at=AT, seller=seller)


def test_a_version_4_answer_tells_match_keeping_and_what_was_seen_on_the_page() -> None:
    answer = {
        "outcome": "success", "reason": "null",
        "match_lead": {"phone": "5125551234", "result": {"phone_match": True, "success": True}},
        "retain": {"reference": "r", "results": {"expires_at": "2031-11-22T12:00:00.000Z", "previously_retained": False}},
        "insights": {
            "properties": {
                "bot_detected": False, "seconds_on_page": 37, "created_at": "2026-11-20T10:00:00Z",
                "expires_at": "2026-11-23T10:00:00Z", "page_url": "https://quotes.example.com/a?b=1",
            },
            "scans": {"required": ["Acme Inc."], "result": {"required_found": ["Acme Inc."], "required_not_found": []}},
        },
    }  # fmt: skip
    reading = read(answer, seller="Acme Inc.")
    assert (reading.phone_match, reading.bot_detected, reading.seconds_on_page) == (True, False, 37)
    assert (reading.retained_at, reading.kept_until) == (AT.isoformat(), "2031-11-22T12:00:00+00:00")
    assert (reading.created_at, reading.expires_at) == ("2026-11-20T10:00:00+00:00", "2026-11-23T10:00:00+00:00")
    assert (reading.page_host, reading.scan["seller_found"]) == ("quotes.example.com", True)
    assert reading.problem is None


@pytest.mark.parametrize(
    ("prints", "match"),
    [
        ({"matching": [min(phone_prints(NUMBER))], "non_matching": []}, True),
        ({"matching": [], "non_matching": [max(phone_prints(NUMBER)).upper()]}, False),
        ({"matching": ["0" * 40], "non_matching": ["1" * 40]}, None),
        ({"matching": "no list"}, None),
    ],
)
def test_fingerprints_of_earlier_versions_are_compared_with_the_number(prints: dict[str, Any], match: bool | None) -> None:
    assert read({"outcome": "success", "fingerprints": prints, "created_at": "2026-11-20T10:00:00Z"}).phone_match is match


def test_a_failed_answer_keeps_nothing_and_says_why() -> None:
    failed = read({"outcome": "failure", "reason": "certificate expired", "retain": {"results": {"expires_at": "x"}}})
    assert (failed.retained_at, failed.kept_until) == (None, None)
    missing = read({"outcome": "error", "reason": "Certificate not found"})
    assert missing.problem == "Certificate not found"
    assert read({"hello": "world"}).problem == "it names nothing we know"


def test_the_sellers_name_missing_from_the_page_is_told() -> None:
    scans = {"required_not_found": ["ACME INC."], "required_found": []}
    assert read({"insights": {"scans": scans}}, seller="Acme Inc.").scan["seller_found"] is False
    assert read({"insights": {"scans": {"forbidden_found": ["free"]}}}, seller="Acme Inc.").scan == {
        "forbidden_found": ["free"]
    }


@pytest.mark.parametrize(
    ("audit", "match"),
    [
        ({"authentic": 1, "data_integrity": 1}, True),
        ({"authentic": 1, "data_integrity": 0}, False),
        ({"authentic": 1, "data_integrity": 3}, None),
        ({"authentic": 1, "data_integrity": 0, "data_integrity_passed": "phone1"}, True),
        ({"authentic": 1, "data_integrity": 1, "data_integrity_failed": ["phone1", "email"]}, False),
        ({"authentic": 1}, None),
    ],
)
def test_the_audit_of_a_token_tells_whether_the_number_was_typed(audit: dict[str, Any], match: bool | None) -> None:
    reading = read({"audit": audit | {"lead_age": 3600, "lead_duration": "12"}}, "leadid")
    assert reading.phone_match is match
    assert reading.created_at == (AT - timedelta(hours=1)).isoformat()
    assert reading.seconds_on_page == 12


def test_used_up_look_ups_are_no_forgery() -> None:
    for authentic, reason in ((0, 2), ("0", "2"), (False, 2)):
        reading = read({"audit": {"authentic": authentic, "reason": reason}}, "leadid")
        certificate = Certificate(kind="leadid", id=TOKEN, answer=reading.answer)
        assert are_lookups_used_up(certificate)
        assert not is_disowned(certificate)
    forged = Certificate(kind="leadid", id=TOKEN, answer=read({"audit": {"authentic": 0, "reason": 1}}, "leadid").answer)
    assert is_disowned(forged)


def test_joining_keeps_what_an_answer_does_not_say_and_the_first_day_of_keeping() -> None:
    known = {
        "kind": "trustedform",
        "id": ID,
        "retained_at": "2026-11-01T00:00:00+00:00",
        "phone_match": True,
        "answer": {"a": 1},
    }
    answer = {"outcome": "success", "retain": {"results": {"expires_at": "2031-11-01T00:00:00Z"}}}
    merged = merge_answer(known, read(answer))
    assert merged == known | {"kept_until": "2031-11-01T00:00:00+00:00", "answer": {"a": 1, "outcome": "success"}}


@given(
    st.dictionaries(
        st.sampled_from(NAMES) | st.text(max_size=8), JSON | st.dictionaries(st.sampled_from(NAMES), JSON), max_size=6
    )
)
def test_no_answer_breaks_the_reading_and_whatever_is_joined_can_be_stored(answer: dict[str, Any]) -> None:
    for kind in ("trustedform", "leadid"):
        try:
            told = parse_answer(json.dumps(answer).encode())
        except InvalidInput:
            continue
        merged = merge_answer({"kind": kind, "id": ID}, read_answer(kind, told, number=NUMBER, asked_at=AT, seller="Acme"))
        canonical_json(merged).encode()
        assert merged["kind"] == kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"https://cert.trustedform.com/{ID}", ("trustedform", ID, "cert.trustedform.com")),
        (f"HTTPS://Cert.TrustedForm.com:443/{ID}/?x=1#y", ("trustedform", ID, "cert.trustedform.com")),
        (ID, ("trustedform", ID, None)),
        (ID[:39], ("trustedform", ID[:39], None)),
        (TOKEN, ("leadid", TOKEN, None)),
        (f"https://cert.trustedform.com.evil.example/{ID}", ("trustedform", ID, "cert.trustedform.com.evil.example")),
        ("whatever-else", (None, "whatever-else", None)),
    ],
)
def test_an_address_or_id_is_read_as_it_stands(text: str, found: tuple[str | None, str, str | None]) -> None:
    certificate = read_certificate_link(text)
    assert (certificate.get("kind"), certificate["id"], certificate.get("host")) == found


@pytest.mark.parametrize(
    "text", ["", "two words", "https://:x/", f"https://user:pw@cert.trustedform.com/{ID}", "x" * 501, "\x01"]
)
def test_what_is_neither_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_certificate_link(text)
    assert not text or text not in refused.value.message


@pytest.mark.parametrize(
    "address",
    [
        f"https://cert.trustedform.com.evil.example/{ID}", f"https://evil.example/cert.trustedform.com/{ID}",
        f"http://cert.trustedform.com/{ID}", f"https://cert.trustedform.com:8443/{ID}", f"https://xcert.trustedform.com/{ID}",
        f"https://trustedform.com/{ID}",
    ],
)  # fmt: skip
def test_only_the_vendors_own_host_over_tls_may_be_asked(address: str) -> None:
    with pytest.raises(InvalidInput, match="nobody was asked"):
        refuse_foreign_address(read_certificate_link(address, "trustedform"))


def test_the_vendors_own_host_may_be_asked() -> None:
    refuse_foreign_address(read_certificate_link(f"https://cert.trustedform.com/{ID}"))
    refuse_foreign_address({"kind": "trustedform", "id": ID})
    with pytest.raises(InvalidInput):
        refuse_foreign_address({"kind": "trustedform", "id": ID, "host": "cert.trustedform.com.evil.example"})
