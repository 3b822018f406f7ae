"""A call log is read row by row; what does not fit is told with its line, and the rest goes on."""

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.intake.csv_log import CsvRow, read_call_log

HEADER = "external_id,started_at,note\n"


def read(content: str | bytes, encoding: str = "utf-8") -> list[CsvRow]:
    data = content.encode(encoding) if isinstance(content, str) else content
    return list(read_call_log(io.BytesIO(data), name="calls.csv"))


def notes(rows: list[CsvRow]) -> list[str | None]:
    return [row.cells["note"] if row.problem is None else None for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_usual_delimiters_and_line_ends_are_understood(delimiter: str, ending: str) -> None:
    text = ending.join(
        delimiter.join(line) for line in (["external_id", "started_at", "note"], ["1", "t", "a"], ["2", "t", "b"])
    )
    assert notes(read(text)) == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_usual_encodings_are_understood(encoding: str) -> None:
    assert notes(read(HEADER + "1,t,Peña\n", encoding)) == ["Peña"]


def test_bytes_of_no_encoding_cost_their_row_only() -> None:
    rows = read(HEADER.encode() + b"1,t,a\n2,t,\x81\xff\n3,t,c\n")
    assert notes(rows) == ["a", None, "c"]


@pytest.mark.parametrize(
    "bad",
    ["2,t", "2,t,b,c,d", '2,t,"open', '2,t,"a"b', "2,t,a\x00b", '"2,t,b', "2,t," + "x" * 200_000, "2,t," + "x" * 1_200_000],
)
def test_a_bad_row_in_the_middle_is_told_with_its_line_and_the_rest_goes_on(bad: str) -> None:
    rows = read(f"{HEADER}1,t,a\n{bad}\n3,t,c\n4,t,d\n")
    assert [(row.line, note) for row, note in zip(rows, notes(rows), strict=True)] == [(2, "a"), (3, None), (4, "c"), (5, "d")]
    assert "expected" in (rows[1].problem or "")


def test_a_quotation_mark_inside_a_field_is_a_sign_like_any_other() -> None:
    assert notes(read(HEADER + '1,t,a 5" pipe\n2,t,b\n')) == ['a 5" pipe', "b"]


def test_a_quoted_field_over_several_lines_is_one_field() -> None:
    rows = read(HEADER + '1,t,"first\nsecond, ""third"""\n2,t,b\n')
    assert notes(rows) == ['first\nsecond, "third"', "b"]
    assert [row.line for row in rows] == [2, 4]


def test_empty_lines_and_empty_columns_at_the_end_are_left_out() -> None:
    assert notes(read("external_id,started_at,note,,\n\n1,t,a,,\n,,,,\n2,t,b\n")) == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (b"name,age\nx,1\n", "missing_columns"),
        (b"external_id\n1\n", "missing_columns"),
        (b"external_id,started_at,Note,note\n", "duplicate_columns"),
        (b"\x00\x01\x02\xff", "not_a_call_log"),
        (b"RIFF\x24\x00\x00\x00WAVE", "not_a_call_log"),
    ],
)
def test_a_file_that_is_no_call_log_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(content)
    assert caught.value.code == code
    assert "calls.csv" in caught.value.message


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufffd"), min_size=1, max_size=12), max_size=6))
def test_what_the_csv_writer_of_python_writes_is_read_back(cells: list[str]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["external_id", "started_at", "note"])
    writer.writerows([[str(n), "t", cell] for n, cell in enumerate(cells)])
    assert notes(read(out.getvalue())) == cells


@given(st.binary(max_size=400))
def test_any_bytes_behind_a_header_give_rows_or_problems_and_nothing_else(junk: bytes) -> None:
    for row in read(HEADER.encode() + junk):
        assert (row.problem is None) == bool(row.cells)


@given(st.binary(max_size=400))
def test_any_file_is_read_or_refused_with_invalid_input(junk: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        read(junk)
