"""A record of consent is read field by field; what nobody states stays unknown, and the same content has the same hash."""

import hashlib
import io
from typing import Any

import pytest

from app.compliance.consent_records.importing import read_rows
from app.compliance.consent_records.record import FIELDS, RecordRefused, read_record
from app.errors import InvalidInput

LEAST: dict[str, Any] = {"external_id": "c1", "number": "212-555-0123", "given_at": "2026-11-20T10:00:00-05:00"}


def test_the_least_record_states_nothing() -> None:
    record = read_record(LEAST)
    assert (record.number, record.given_at.isoformat()) == ("+12125550123", "2026-11-20T15:00:00+00:00")
    assert (dict(record.elements), record.certificate, dict(record.shown), record.text_sha256) == ({}, None, {}, None)


def test_every_field_is_read() -> None:
    told = {
        "seller": "Acme", "source": "src", "person": "Jane", "text": " I agree. ", "page_url": "https://x.example/a",
        "form_version": "v3", "act": "Key press", "ip": "198.51.100.7", "user_agent": "Mozilla", "session_id": "s",
        "purpose": "quotes", "channels": "Text; automated call", "rendering": "r.png", "esign_basis": "15 USC 7001",
        "written": "Y",
        "signed": 1, "names_seller": "Partners", "automated_calls": "no", "names_number": True, "conspicuous": "true",
        "discloses_calls": "0", "not_condition": "on", "certificate": "a1c2860f-25ea-4937-bc78-222d8c227789",
        "certificate_kind": "LeadID", "certificate_created_at": "2026-11-20T10:00:00Z", "certificate_retained_at": 1763632800,
        "certificate_expires_at": "2026-11-23T10:00:00Z", "certificate_submission_detected": "yes",
        "certificate_phone_match": "no",
    }  # fmt: skip
    assert set(told) | set(LEAST) == set(FIELDS)
    record = read_record(LEAST | told)
    assert record.elements == {
        "written": True, "signed": True, "names_seller": "partners", "automated_calls": False, "number": True,
        "conspicuous": True, "discloses_calls": False, "not_condition": True,
    }  # fmt: skip
    assert record.shown["text"] == " I agree. "
    assert record.text_sha256 == hashlib.sha256(b" I agree. ").hexdigest()
    assert record.shown["channels"] == ["automated_call", "text"]
    assert record.certificate is not None
    assert (record.certificate["kind"], record.certificate["phone_match"]) == ("leadid", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("external_id", ""), ("number", "+44 20 7946 0000"), ("number", "911"), ("given_at", "2026-11-20"), ("given_at", ""),
     ("act", "nodded"), ("channels", "smoke"), ("written", "perhaps"), ("text", "\ud800"), ("text", " \n "),
     ("seller", "a\x00b"),
     ("certificate_kind", "acme"), ("certificate", "a b"), ("ip", "x" * 61), ("page_url", "ftp://x")],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(field: str, value: str) -> None:
    with pytest.raises(RecordRefused) as refused:
        read_record(LEAST | {field: value} | ({"certificate": "x1"} if field == "certificate_kind" else {}))
    assert [misfit.field for misfit in refused.value.misfits] == [field]


def test_all_misfits_are_told_at_once_and_not_repeated_in_the_message() -> None:
    with pytest.raises(RecordRefused) as refused:
        read_record({"number": "my secret", "given_at": "then", "written": "eh"})
    assert [misfit.field for misfit in refused.value.misfits] == ["external_id", "number", "given_at", "written"]
    assert "secret" not in refused.value.message


def test_any_other_content_has_another_hash() -> None:
    hashes = {
        read_record(LEAST | more).sha256 for more in ({}, {"text": "a"}, {"text": "a "}, {"seller": "A"}, {"written": "no"})
    }
    assert len(hashes) == 5
    assert read_record(LEAST | {"number": "+1 (212) 555 0123"}).sha256 == read_record(LEAST).sha256


def rows(data: bytes) -> list[Any]:
    return list(read_rows(io.BytesIO(data), "f"))


def test_tables_and_json_lines_give_the_same_cells() -> None:
    table = b"\xef\xbb\xbfID;Phone Number;Opt-in time;Unknown\nc1;2125550123;2026-11-20T10:00:00Z;x\n"
    lines = b'\xef\xbb\xbf{"id": "c1", "phone_number": "2125550123", "optInTime": "2026-11-20T10:00:00Z", "unknown": 1}\n\n'
    [from_table], [from_lines] = rows(table), rows(lines)
    assert from_table.cells == from_lines.cells == {
        "external_id": "c1", "number": "2125550123", "given_at": "2026-11-20T10:00:00Z",
    }  # fmt: skip


def test_broken_lines_are_told_and_the_rest_goes_on() -> None:
    good = b'{"external_id": "c1"}\n'
    found = rows(good + b"{broken\n[1]\n" + b'{"a": "' + b"x" * 250_000 + b'"}\n' + good + b"\xff\xfe\n" + good.rstrip())
    assert [(row.line, row.problem is None) for row in found] == [
        (1, True), (2, False), (3, False), (4, False), (5, True), (6, False), (7, True),
    ]  # fmt: skip


def test_a_table_without_the_needed_columns_is_refused() -> None:
    with pytest.raises(InvalidInput, match="given_at"):
        rows(b"id,phone\n1,2\n")
    with pytest.raises(InvalidInput):
        rows(b"\x00\x01\x02")
