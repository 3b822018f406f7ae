"""Which rows and columns does a table of numbers have? Reads CSV as it comes, keeps every row, and finds the number in it.

A stray quotation mark must not swallow the rest of a file, so lines are joined only while a quoted cell is open, and at most
:data:`MOST_JOINED` of them; when joining leads nowhere, only the line where it began is given up.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO, TextIO

from app.compliance.registry.parse import parse_one
from app.errors import InvalidInput

DELIMITERS = ",;\t|"
MOST_JOINED = 50
LONGEST_LINE = 100_000
SAMPLE_ROWS = 100
BLOCK_LETTERS = 1 << 22
NUMBER_NAMES = frozenset(
    (
        *("number", "phone", "phonenumber", "phoneno", "telephone", "telephonenumber", "tel", "mobile", "cell", "cellphone"),
        *("caller", "callerid", "callernumber", "ani", "msisdn", "phone1", "primaryphone", "contactnumber", "e164", "to"),
        *("destination", "consumernumber", "dialednumber"),
    )
)
_SQUEEZE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the line it begins on, its cells, and its text where it could not be cut into cells."""

    line: int
    cells: tuple[str, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table as found: its column names (None where the first row is data), where the number stands, and the rows."""

    header: tuple[str, ...] | None
    number_at: int
    rows: Iterator[TableRow]
    sample: tuple[TableRow, ...]
    lines: _Lines
    delimiter: str


@contextmanager
def open_table(stream: BinaryIO, *, name: str, column: str | None = None) -> Iterator[Table]:
    """Hand out the rows of a CSV file and the column that holds the number.

    Parameters
    ----------
    stream
        UTF-8 (with or without byte order mark), UTF-16 with one, or Windows-1252; comma, semicolon, tab or bar.
    column
        The name or the position (from 1) of the column; None to find it by its name or its content.

    Raises
    ------
    InvalidInput
        When the file is empty or no text, or the column is not there.
    """
    text = _open_text(stream, name)
    try:
        yield _read_table(text, name, column)
    finally:
        text.detach()  # the stream is its owner's to close


def squeeze(text: str) -> str:
    """Return a column name without case and punctuation."""
    return _SQUEEZE.sub("", text.strip().casefold())


def _read_table(text: TextIO, name: str, column: str | None) -> Table:
    lines = _Lines(text)
    delimiter = _find_delimiter(lines)
    rows = read_rows(lines, delimiter)
    sample = tuple(islice(rows, SAMPLE_ROWS))
    if not sample:
        raise InvalidInput(f"{name}: expected rows with telephone numbers, the file is empty")
    header = _find_header(sample)
    data = sample[1:] if header else sample
    number_at = _find_number_column(header, data, column, name)
    return Table(header, number_at, chain(data, rows), data, lines, delimiter)


class _Lines:
    """The physical lines of a text with their numbers, one by one or by the block; lines can be put back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._back: deque[tuple[int, str]] = deque()
        self._waiting: list[str] = []
        self._taken = 0
        self._end = "\n"
        self._at = 1
        self._rest = ""
        self._is_over = False

    def take(self) -> tuple[int, str] | None:
        """Return the next line with its end, or None."""
        if self._back:
            return self._back.popleft()
        if self._taken >= len(self._waiting) and not self._fill():
            return None
        line = self._waiting[self._taken] + self._end
        self._taken += 1
        self._at += 1
        return self._at - 1, line

    def take_block(self) -> tuple[int, list[str], Callable[[int], str]] | None:
        """Return the number of the next line, it and those that follow without their ends, and a way to get them with it."""
        if self._back:
            numbered, self._back = list(self._back), deque()
            return numbered[0][0], [line.rstrip("\r\n") for _, line in numbered], lambda place: numbered[place][1]
        if self._taken >= len(self._waiting) and not self._fill():
            return None
        first, waiting, end = self._at, self._waiting[self._taken :] if self._taken else self._waiting, self._end
        self._at += len(waiting)
        self._waiting, self._taken = [], 0
        if end:
            return first, waiting, lambda place: waiting[place] + end
        return first, [line.rstrip("\r\n") for line in waiting], lambda place: waiting[place]

    def put_back(self, lines: Sequence[tuple[int, str]]) -> None:
        """Take lines back that follow each other and go before all that is left."""
        self._back.extendleft(reversed(lines))

    def _fill(self) -> bool:
        """Read on until there is a whole line; False at the end of the text."""
        while not self._is_over:
            piece = self._text.read(BLOCK_LETTERS)
            text = self._rest + piece
            self._is_over = not piece
            self._rest = ""
            if not self._is_over and text.endswith("\r"):  # its line feed may come with the next piece
                text, self._rest = text[:-1], "\r"
            lines, self._end = _split_lines(text)
            if not self._is_over:
                self._rest = lines.pop() + self._rest
                if len(self._rest) > LONGEST_LINE:
                    lines, self._end = [*(line + self._end for line in lines), self._rest], ""
                    self._rest = ""
            elif lines and not lines[-1]:
                lines.pop()
            self._waiting, self._taken = _cut_long(lines), 0
            if self._waiting:
                return True
        return False


def _split_lines(text: str) -> tuple[list[str], str]:
    """Return the lines of a text and the end that all but the last have; with an empty end each carries its own."""
    if "\r" not in text:
        return text.split("\n"), "\n"
    if text.count("\r\n") == text.count("\r") == text.count("\n"):
        return text.split("\r\n"), "\r\n"
    lines = io.StringIO(text, newline="").readlines()
    return [*lines, ""] if not lines or lines[-1].endswith(("\r", "\n")) else lines, ""


def _cut_long(lines: list[str]) -> list[str]:
    """Return lines none of which is longer than :data:`LONGEST_LINE`."""
    if max(map(len, lines), default=0) <= LONGEST_LINE:
        return lines
    return [line[at : at + LONGEST_LINE] for line in lines for at in range(0, max(len(line), 1), LONGEST_LINE)]


def _open_text(stream: BinaryIO, name: str) -> io.TextIOWrapper:
    head = stream.read(1 << 16)
    stream.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return io.TextIOWrapper(stream, "utf-16", errors="replace", newline="")
    if b"\0" in head:
        raise InvalidInput(f"{name}: expected a text file with telephone numbers (CSV), got a binary file")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "cp1252"
    return io.TextIOWrapper(stream, encoding, errors="replace", newline="")


def _find_delimiter(lines: _Lines) -> str:
    seen = [line for line in (lines.take() for _ in range(10)) if line]
    lines.put_back(seen)
    counts: Counter[str] = Counter()
    for _, line in seen:
        counts.update(mark for mark in line if mark in DELIMITERS)
    return counts.most_common(1)[0][0] if counts else ","


def read_rows(lines: _Lines, delimiter: str) -> Iterator[TableRow]:
    """Yield the rows one by one; a row may go over several lines."""
    while (taken := lines.take()) is not None:
        at, line = taken
        if not line.strip():
            continue
        if '"' not in line:
            yield TableRow(at, tuple(line.rstrip("\r\n").split(delimiter)))
            continue
        joined = line
        more: list[tuple[int, str]] = []
        while joined.count('"') % 2 and len(more) < MOST_JOINED and (following := lines.take()) is not None:
            more.append(following)
            joined += following[1]
        if joined.count('"') % 2:
            lines.put_back(more)
            yield TableRow(at, (line.rstrip("\r\n"),), "a quotation mark is opened and never closed")
            continue
        try:
            cells = next(csv.reader(io.StringIO(joined.rstrip("\r\n"), newline=""), delimiter=delimiter))
        except (csv.Error, StopIteration) as error:
            yield TableRow(at, (line.rstrip("\r\n"),), f"it is no row of a table ({error})")
            continue
        yield TableRow(at, tuple(cells))


def _find_header(sample: Sequence[TableRow]) -> tuple[str, ...] | None:
    """Return the first row when it names columns: it holds no number and hardly a digit, and what follows has some."""
    first = sample[0].cells
    digits = sum(letter.isdigit() for cell in first for letter in cell)
    if any(parse_one(cell) for cell in first) or digits > 3 or not any(cell.strip() for cell in first):
        return None
    letters = sum(letter.isalpha() for cell in first for letter in cell)
    return first if letters > digits else None


def _find_number_column(header: tuple[str, ...] | None, data: Sequence[TableRow], column: str | None, name: str) -> int:
    width = max((len(row.cells) for row in data), default=len(header or ()))
    if column is not None:
        return _find_given_column(header, width, column, name)
    hits = [sum(bool(parse_one(row.cells[at])) for row in data if at < len(row.cells)) for at in range(width)]
    named = [at for at, title in enumerate(header or ()) if squeeze(title) in NUMBER_NAMES]
    if named:
        return max(named, key=lambda at: hits[at] if at < len(hits) else 0)
    if hits and max(hits) > 0:
        return hits.index(max(hits))
    if header or not data:
        raise InvalidInput(
            f"{name}: no column with telephone numbers was found among {', '.join(header or ()) or 'the rows'}; "
            "name it with --column NAME or --column POSITION"
        )
    return 0


def _find_given_column(header: tuple[str, ...] | None, width: int, column: str, name: str) -> int:
    titles = [squeeze(title) for title in header or ()]
    if squeeze(column) in titles:
        return titles.index(squeeze(column))
    if column.isdecimal() and 1 <= int(column) <= max(width, len(titles)):
        return int(column) - 1
    there = ", ".join(header) if header else f"1 to {width}"
    raise InvalidInput(f"{name}: there is no column {column!r}; the columns are {there}")
