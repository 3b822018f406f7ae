"""A bundle is what was signed, or the first place that differs is named."""

import base64
import csv
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.errors import InvalidInput
from app.reports.exports.contract import Column
from app.reports.exports.signing import Signer, parse_pin
from app.reports.exports.verify import verify_bundle
from app.reports.exports.writers_pdf import choose_columns
from app.tasks import TaskStopped
from app.vocabulary import ReportFormat
from tests.unit.reports.bundles import (
    COLUMNS,
    SIGNER,
    a_report,
    a_row,
    read_entries,
    read_manifest,
    write,
    write_entries,
)

EVERY = frozenset(ReportFormat)
CALLS = "report-calls.csv"
Entries = dict[str, bytes]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write(tmp_path / "whole.zip")
    return tmp_path / "whole.zip"


def alter(bundle: Path, change: Callable[[Entries], object]) -> Path:
    entries = read_entries(bundle)
    change(entries)
    return write_entries(bundle.with_name("altered.zip"), entries)


def test_a_whole_bundle_holds_and_says_what_that_proves(tmp_path: Path) -> None:
    written = write(tmp_path / "a.zip", formats=EVERY)
    answer = verify_bundle(tmp_path / "a.zip", SIGNER.fingerprint)
    assert (answer.holds, answer.problem, answer.is_pinned) == (True, None, True)
    assert any("signed with the key you named" in line for line in answer.proven)
    assert written.row_count == 6
    assert set(written.files) == {CALLS, "report-sums.csv", "report.xlsx", "report.pdf"}


def test_without_a_fingerprint_it_is_said_that_the_signer_is_not_proven(bundle: Path) -> None:
    answer = verify_bundle(bundle)
    assert (answer.holds, answer.is_pinned) == (True, False)
    assert answer.not_proven[0].startswith("Who signed it")


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name, formats=EVERY) for name in ("a.zip", "b.zip"))
    assert first.sha256 == second.sha256
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        (b"call 3,", b"call 9,", 5, "call"),
        (b"+12125550001", b"+12125550009", 3, "number"),
        (b"4.05,", b"40.5,", 6, "paid"),
        (b"2026-11-22,yes", b"2026-11-21,yes", 2, "day"),
    ],
)
def test_a_changed_cell_is_named_by_line_and_column(bundle: Path, old: bytes, new: bytes, line: int, column: str) -> None:
    altered = alter(bundle, lambda entries: entries.update({CALLS: entries[CALLS].replace(old, new, 1)}))
    answer = verify_bundle(altered, SIGNER.fingerprint)
    assert (answer.holds, answer.file, answer.line) == (False, CALLS, line)
    assert f"the cell in column {column} was changed" in str(answer.problem)
    assert answer.proven == []


def test_the_hash_of_the_rows_can_be_made_again_as_the_documentation_says(bundle: Path) -> None:
    rows = list(csv.reader(io.StringIO(read_entries(bundle)[CALLS].decode("utf-8-sig"))))[1:]
    said = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    first = "".join(json.dumps(row[:1], ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    table = read_manifest(bundle)["tables"][0]
    assert table["rows_sha256"] == hashlib.sha256(said.encode()).hexdigest()
    assert table["columns"][0]["sha256"] == hashlib.sha256(first.encode()).hexdigest()


def test_rows_left_out_slipped_in_or_moved_are_named(bundle: Path) -> None:
    lines = read_entries(bundle)[CALLS].splitlines(keepends=True)
    cases = {
        "rows are missing at its end": (lines[:-1], None),
        "the first line that differs is 3": (lines[:2] + lines[3:], 3),
        "5 were signed; the first line that differs is 7": ([*lines, lines[-1]], 7),
        "line 3: changed in": ([*lines[:2], lines[3], lines[2], *lines[4:]], 3),
    }
    for said, (changed, line) in cases.items():
        answer = verify_bundle(alter(bundle, lambda entries, c=changed: entries.update({CALLS: b"".join(c)})))
        assert said in str(answer.problem)
        assert (answer.file, answer.line) == (CALLS, line)


@pytest.mark.parametrize(
    ("change", "said", "line"),
    [
        (lambda text: text.replace(b"call,number", b"number,call"), "the columns are not those of the manifest", 1),
        (lambda text: text.replace(b"call 1,", b"call 1,,"), "the row has 8 cells, expected 7", 3),
        (lambda text: text.replace(b"call 1,", b'"call 1"x,'), "line 3 is no CSV", 3),
        (lambda text: text.replace(b"call 1,", b"\xff\xff,"), "it is no UTF-8", None),
        (lambda text: text.replace(b"\r\n", b"\n"), "the file is written differently", None),
        (lambda text: text.removeprefix(b"\xef\xbb\xbf"), "the file is written differently", None),
        (lambda text: b"", "the file is empty", 1),
        (lambda text: random.Random(1).randbytes(4_500_000).hex().encode(), "longer than any line of a report", None),
    ],
)
def test_a_csv_that_is_written_otherwise_is_refused(
    bundle: Path, change: Callable[[bytes], bytes], said: str, line: int | None
) -> None:
    answer = verify_bundle(alter(bundle, lambda entries: entries.update({CALLS: change(entries[CALLS])})))
    assert said in str(answer.problem)
    assert (answer.holds, answer.file) == (False, CALLS)
    assert line is None or answer.line == line


@pytest.mark.parametrize(
    ("change", "file", "said"),
    [
        (lambda e: e.pop("READ-ME.txt"), "READ-ME.txt", "it is missing"),
        (lambda e: e.pop(CALLS), CALLS, "it is missing"),
        (lambda e: e.pop("manifest.json"), "manifest.json", "is missing; this is no bundle"),
        (lambda e: e.pop("signature.json"), "signature.json", "is missing; this is no bundle"),
        (lambda e: e.update({"more.txt": b"x"}), "more.txt", "it was added later"),
        (lambda e: e.update({"../evil.txt": b"x"}), "../evil.txt", "not a plain file name; nothing was unpacked"),
        (lambda e: e.update({"/etc/passwd": b"x"}), "/etc/passwd", "not a plain file name"),
        (lambda e: e.update({"folder/": b""}), "folder/", "not a plain file name"),
        (lambda e: e.update({"a\\b": b"x"}), "a\\\\b", "not a plain file name"),
        (lambda e: e.update({"READ-ME.txt": b"pay no attention"}), "READ-ME.txt", "it was changed"),
        (lambda e: e.update({"report-calls.rows.txt": b"0" * 85}), "report-calls.rows.txt", "it was changed"),
        (lambda e: e.update({"signature.json": b"{}"}), "signature.json", "no Ed25519 signature"),
        (lambda e: e.update({"signature.json": b"nothing"}), "signature.json", "it is no JSON"),
        (lambda e: e.update({"manifest.json": b"[1]"}), "manifest.json", "expected a JSON object"),
        (lambda e: e.update({"manifest.json": b"[" * 200_000}), "manifest.json", "it is no JSON"),
        (lambda e: e.update({"manifest.json": b'{"format": 2}'}), "manifest.json", "reads format 1"),
        (lambda e: e.update({"manifest.json": b'{"format": 1}'}), "manifest.json", "not as it should be"),
    ],
)
def test_files_missing_beside_or_changed_are_named(
    bundle: Path, change: Callable[[Entries], object], file: str, said: str
) -> None:
    answer = verify_bundle(alter(bundle, change))
    assert not answer.holds
    assert said in str(answer.problem)
    assert answer.file == file


def test_a_manifest_changed_in_one_letter_does_not_fit_its_signature(bundle: Path) -> None:
    answer = verify_bundle(alter(bundle, lambda e: e.update({"manifest.json": e["manifest.json"].replace(b"Olga", b"Olaf")})))
    assert (answer.holds, answer.file) == (False, "signature.json")
    assert "one of the two was changed" in str(answer.problem)


def test_a_forger_with_a_key_of_his_own_is_found_by_the_fingerprint_alone(tmp_path: Path, bundle: Path) -> None:
    forger = Signer.from_seed(b"\7" * 32)
    write(tmp_path / "forged.zip", a_report(4), signer=forger)
    assert verify_bundle(tmp_path / "forged.zip").holds
    pinned = verify_bundle(tmp_path / "forged.zip", SIGNER.fingerprint)
    assert (pinned.holds, pinned.file) == (False, "signature.json")
    assert "signed by another key" in str(pinned.problem)


def test_a_fingerprint_that_is_not_the_keys_is_refused(bundle: Path) -> None:
    def lie(entries: Entries) -> None:
        told = json.loads(entries["signature.json"]) | {"fingerprint": "0" * 64}
        entries["signature.json"] = json.dumps(told).encode()

    assert "not that of the public key" in str(verify_bundle(alter(bundle, lie)).problem)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_bundle_that_was_cut_off_is_told_plainly(bundle: Path, share: float) -> None:
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(len(content) * share)])
    answer = verify_bundle(bundle)
    assert not answer.holds
    assert "damaged, cut off, or no bundle" in str(answer.problem)


def test_every_changed_byte_is_noticed(bundle: Path) -> None:
    content = bundle.read_bytes()
    for at in range(0, len(content), 53):
        changed = bytearray(content)
        changed[at] ^= 0x10
        bundle.write_bytes(bytes(changed))
        answer = verify_bundle(bundle, SIGNER.fingerprint)
        if answer.holds:  # dates and attributes in the ZIP's own headers say nothing of the report
            assert read_entries(bundle) == read_entries(write_whole(bundle, content))


def write_whole(bundle: Path, content: bytes) -> Path:
    path = bundle.with_name("whole-again.zip")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("where", ["before", "behind", "comment"])
def test_bytes_that_belong_to_no_entry_are_refused(bundle: Path, where: str) -> None:
    if where == "comment":
        with zipfile.ZipFile(bundle, "a") as archive:
            archive.comment = b"hidden"
    else:
        content = bundle.read_bytes()
        bundle.write_bytes(b"#!/bin/sh\n" + content if where == "before" else content + b"more")
    answer = verify_bundle(bundle)
    assert not answer.holds


def test_two_entries_of_one_name_are_refused(bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("READ-ME.txt", "another")
    assert "two entries of this name" in str(verify_bundle(bundle).problem)


def test_an_entry_that_would_unpack_to_far_more_is_not_opened(bundle: Path) -> None:
    answer = verify_bundle(alter(bundle, lambda entries: entries.update({CALLS: b"0" * 60_000_000})))
    assert "it was not opened" in str(answer.problem)


def test_a_thousand_entries_are_no_report(bundle: Path) -> None:
    answer = verify_bundle(alter(bundle, lambda entries: entries.update({f"f{at}": b"" for at in range(1000)})))
    assert "at most 200" in str(answer.problem)


def test_a_file_that_is_no_archive_is_told_plainly_and_none_at_all_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(b"Dear Sir or Madam" * 100)
    assert "no bundle" in str(verify_bundle(path).problem)
    with pytest.raises(InvalidInput, match="no such file"):
        verify_bundle(tmp_path / "nothing.zip")


def test_a_pin_is_a_fingerprint_in_any_grouping_or_a_public_key() -> None:
    fingerprint = SIGNER.fingerprint
    grouped = " ".join(fingerprint[at : at + 4] for at in range(0, 64, 4)).upper()
    raw = base64.b64encode(SIGNER.public_key).decode()
    for given in (fingerprint, grouped, f"SHA256:{fingerprint}", SIGNER.public_pem, raw):
        assert parse_pin(given) == fingerprint
    for wrong in ("", "abc", fingerprint[:-1], "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"):
        with pytest.raises(InvalidInput, match="--key"):
            parse_pin(wrong)


HOSTILE = ("=cmd|'/c calc'!A1", '+1+cmd|"x"', "-2+3", "@SUM(A1)", "\t=1+1", "  =1+1", "\uff1d1", "\r=1")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_was_typed_runs_as_a_formula(tmp_path: Path, text: str) -> None:
    first = (text, *a_row(0)[1:])
    write(tmp_path / "a.zip", a_report(1, first), formats=frozenset({ReportFormat.XLSX, ReportFormat.CSV}))
    entries = read_entries(tmp_path / "a.zip")
    row = list(csv.reader(io.StringIO(entries[CALLS].decode("utf-8-sig"))))[1]
    assert row[0].startswith("'")
    assert row[1] == "+12125550000"  # a plain number is no formula
    sheets = zipfile.ZipFile(io.BytesIO(entries["report.xlsx"]))
    for name in sheets.namelist():
        if name.startswith("xl/worksheets/sheet"):
            assert [e for e in ElementTree.fromstring(sheets.read(name)).iter() if e.tag.endswith("}f")] == []
    assert verify_bundle(tmp_path / "a.zip").holds


@pytest.mark.parametrize("text", ['say "hi", twice', "two\nlines", "żółć 你好 \U0001f600", "a\0b", "x" * 40_000, "\ud800", ""])
def test_any_text_survives_and_verifies(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.zip", a_report(3, (text, *a_row(0)[1:])), formats=EVERY)
    assert verify_bundle(tmp_path / "a.zip", SIGNER.fingerprint).problem is None


def test_long_reports_are_whole_in_csv_and_say_in_the_manifest_how_many_rows_they_have(tmp_path: Path) -> None:
    write(tmp_path / "a.zip", a_report(2500), formats=EVERY)
    manifest = read_manifest(tmp_path / "a.zip")
    assert manifest["tables"][0]["rows"] == 2500
    assert manifest["notes"] == ["A test.", "2500 rows were made."]
    assert read_entries(tmp_path / "a.zip")[CALLS].count(b"\r\n") == 2501
    assert verify_bundle(tmp_path / "a.zip").holds


def test_a_page_holds_the_main_columns_and_says_which_it_leaves_out() -> None:
    columns = (
        Column("a", "A", width=30),
        Column("b", "B", is_main=False),
        *(Column(f"c{at}", "C", width=36) for at in range(6)),
    )
    kept, left_out = choose_columns(columns)
    assert [column.name for column in kept] == ["a", "c0", "c1", "c2", "c3"]
    assert [column.name for column in left_out] == ["b", "c4", "c5"]
    assert choose_columns(COLUMNS) == (COLUMNS, ())


def test_a_report_that_is_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(*told: object) -> None:
        raise TaskStopped("stopped", task_id="t")

    with pytest.raises(TaskStopped):
        write(tmp_path / "a.zip", formats=EVERY, on_progress=stop)
    assert list(tmp_path.iterdir()) == []
