"""Which rows does a call log hold? Reads CSV as it comes from exports and spreadsheets, one row at a time.

A row that does not fit is told and left out, and reading goes on with the next line. Python's ``csv`` alone would not do that:
one stray quotation mark swallows the rest of the file. So each record is first tried on its own line, lines are joined only
while a quoted field is open, and when joining leads nowhere only the line where it began is given up.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO, TextIO

from app.errors import InvalidInput
from app.intake.columns import CALL_LOG, Columns, squeeze

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000
MOST_JOINED_LINES = 50
MOST_COLUMNS = 500
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One line of a call log: its cells, or what is wrong with it and its text."""

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    text: str = ""


def read_call_log(stream: BinaryIO, *, name: str) -> Iterator[CsvRow]:
    """Yield the rows of a call log; see :func:`read_table`."""
    return read_table(stream, name=name, columns=CALL_LOG)


def read_table(stream: BinaryIO, *, name: str, columns: Columns) -> Iterator[CsvRow]:
    """Yield the rows of a table; the first line must name the columns.

    Parameters
    ----------
    stream
        Seekable; UTF-8 (with or without byte order mark), UTF-16 with one, or Windows-1252. The delimiter (comma, semicolon,
        tab, bar) is the one under which most column names are known.
    columns
        The names that columns may have, and which of them must be there.

    Raises
    ------
    InvalidInput
        When the file as a whole is no such table: no header, columns twice, or a column missing that must be there.
    """
    text = io.TextIOWrapper(stream, encoding=_find_encoding(stream), errors="replace", newline="")
    try:
        lines = _Lines(text)
        header, delimiter = _read_header(lines, name, columns)
        yield from _read_rows(lines, header, delimiter)
    finally:
        text.detach()


def _find_encoding(stream: BinaryIO) -> str:
    """Return the encoding: by its mark, else UTF-8 when the whole file is valid UTF-8, else Windows-1252."""
    head = stream.read(4)
    stream.seek(0)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := stream.read(1 << 20):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        stream.seek(0)
    return "utf-8"


class _Lines:
    """The physical lines of a text with their numbers; lines can be put back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._back: deque[tuple[int, str]] = deque()
        self._number = 0

    def take(self) -> tuple[int, str] | None:
        """Return the next line and its number; None at the end. Of an endless line only the beginning is kept."""
        if self._back:
            return self._back.popleft()
        line = self._text.readline(LONGEST_LINE)
        if not line:
            return None
        self._number += 1
        while len(line) >= LONGEST_LINE and not line.endswith(("\n", "\r")):
            rest = self._text.readline(LONGEST_LINE)
            if not rest or rest.endswith(("\n", "\r")):
                break
        return self._number, line

    def put_back(self, lines: list[tuple[int, str]]) -> None:
        """Give lines back, to be taken again in the same order."""
        self._back.extendleft(reversed(lines))


def _read_header(lines: _Lines, name: str, columns: Columns) -> tuple[list[str], str]:
    taken = lines.take()
    while taken and not taken[1].strip():
        taken = lines.take()
    if taken is None:
        raise InvalidInput(f"{name}: expected a line with column names, got an empty file", code="empty_file", where=name)
    line = taken[1]
    if "\x00" in line or len(line) >= LONGEST_LINE:
        raise InvalidInput(
            f"{name}: expected a text file with column names, got binary data", code="not_a_call_log", where=name
        )
    readings = {delimiter: _parse_line(line, delimiter) or [] for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: len(columns.match(readings[d])))
    header = [column.strip() for column in readings[delimiter]]
    while header and not header[-1]:  # spreadsheets leave empty columns at the end
        header.pop()
    _check_header(header, name, columns)
    return header, delimiter


def _check_header(header: list[str], name: str, columns: Columns) -> None:
    found = columns.match(header)
    missing = [needed for needed in columns.required if needed not in found]
    if missing:
        wanted = "; ".join(f"{needed} (or {', '.join(columns.synonyms[needed][1:])})" for needed in missing)
        shown = ", ".join(column[:40] for column in header[:30]) or "none"
        raise InvalidInput(
            f"{name}: expected columns for {wanted}; got the columns {shown}. Rename the columns in the first line.",
            code="missing_columns",
            where=name,
            missing=missing,
        )
    squeezed = [squeeze(column) or column for column in header]
    twice = sorted({column for column, key in zip(header, squeezed, strict=True) if squeezed.count(key) > 1})
    if twice or len(header) > MOST_COLUMNS:
        raise InvalidInput(
            f"{name}: expected each column once and at most {MOST_COLUMNS}, got {len(header)} columns"
            + (f", twice: {', '.join(column[:40] or '(no name)' for column in twice)}" if twice else "")
            + ". Remove or rename them.",
            code="duplicate_columns",
            where=name,
            columns=twice,
        )


def _read_rows(lines: _Lines, header: list[str], delimiter: str) -> Iterator[CsvRow]:
    while (taken := lines.take()) is not None:
        number, line = taken
        if not line.strip(f"{delimiter} \t\r\n\x1a"):
            continue
        yield replace(_read_record(lines, number, line, header, delimiter), line=number)


def _read_record(lines: _Lines, number: int, line: str, header: list[str], delimiter: str) -> CsvRow:
    problem = _find_damage(line)
    if problem:
        return CsvRow(number, problem=problem, text=line[:2000])
    fields = _parse_line(line, delimiter)
    if fields is None:
        fields = _join_lines(lines, line, header, delimiter)
        if fields is None:
            problem = "expected quotation marks in pairs around a field, got one that does not end or stands inside a field"
            return CsvRow(number, problem=problem, text=line[:2000])
    while len(fields) > len(header) and not fields[-1].strip():
        fields.pop()
    if len(fields) != len(header):
        problem = f"expected {len(header)} fields as in the first line, got {len(fields)}"
        return CsvRow(number, problem=problem, text=line[:2000])
    return CsvRow(number, cells=dict(zip(header, fields, strict=True)))


def _join_lines(lines: _Lines, line: str, header: list[str], delimiter: str) -> list[str] | None:
    """Read a record whose quoted field goes over several lines; None, with the lines put back, when that leads nowhere."""
    more: list[tuple[int, str]] = []
    joined = line
    while len(more) < MOST_JOINED_LINES and len(joined) < LONGEST_LINE and (taken := lines.take()) is not None:
        more.append(taken)
        joined += taken[1]
        fields = None if _find_damage(joined) else _parse_line(joined, delimiter)
        if fields is not None:
            if len(fields) == len(header):
                return fields
            break
    lines.put_back(more)
    return None


def _find_damage(line: str) -> str | None:
    if len(line) >= LONGEST_LINE:
        return f"expected a line of less than {LONGEST_LINE} characters, got more"
    if "\x00" in line:
        return "expected text, got NUL bytes"
    if "\ufffd" in line:
        return "expected UTF-8 or Windows-1252 text, got bytes that are neither"
    return None


def _parse_line(line: str, delimiter: str) -> list[str] | None:
    """Return the fields of one record, or None when its quotation marks or lengths do not fit."""
    try:
        records = list(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None
