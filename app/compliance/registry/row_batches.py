"""How do rows go from one file to another, quickly? By the block, as they stand, with their numbers read on the way.

Lines without quotation marks, which are nearly all, are cut and read as arrays of bytes; quoted cells by the csv reader; rows
that go over several lines, and stray quotation marks, one by one (``table_rows``). All three give the same (tested).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from app.compliance.registry.number_set import Numbers
from app.compliance.registry.parse import parse_column, parse_many
from app.compliance.registry.table_rows import Table, TableRow, read_rows

ROWS_ONE_BY_ONE = 5000  # where a row goes over several lines, the next ones probably do
QUOTE = '"'
LONGEST_BLANK = 9  # letters; a line of so few holds no number
_NEEDS_QUOTES = re.compile('[,"\r\n]')


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some rows on their way from one file to another: the lines they begin on, their numbers (0 where there is none), each row
    as CSV with a comma between the cells and none missing, and what is wrong with some, by their place."""

    lines: Sequence[int]
    numbers: Numbers
    texts: list[str]
    problems: dict[int, str]


def read_batches(table: Table, width: int) -> Iterator[RowBatch]:
    """Yield all rows of a table, those of the sample first, filled up to ``width`` cells; blank lines are passed over."""
    reader = _BatchReader(width, table.number_at, table.delimiter)
    yield reader.read_rows(table.sample)
    while True:
        block = table.lines.take_block()
        if block is None:
            return
        first, lines, restore = block
        marked, even = _find_quotes(lines)
        if marked:
            yield reader.read_plain(first, lines[:marked] if marked < len(lines) else lines)
        quoted = reader.read_quoted(first + marked, lines[marked:even]) if even > marked else None
        if quoted is not None:
            yield quoted
            marked = even
        if marked < len(lines):
            table.lines.put_back([(first + place, restore(place)) for place in range(marked, len(lines))])
            yield reader.read_rows(tuple(islice(read_rows(table.lines, table.delimiter), ROWS_ONE_BY_ONE)))


def _find_quotes(lines: list[str]) -> tuple[int, int]:
    """Return where the first line with a quotation mark stands, and from it on the first with a quoted cell left open."""
    if '"' not in "".join(lines):
        return len(lines), len(lines)
    marked = next(place for place, line in enumerate(lines) if '"' in line)
    odd = (place for place in range(marked, len(lines)) if lines[place].count('"') % 2)
    return marked, next(odd, len(lines))


class _BatchReader:
    """Reads rows whose number stands in one column and writes them as CSV."""

    def __init__(self, width: int, number_at: int, delimiter: str) -> None:
        self._width, self._number_at, self._delimiter = width, number_at, delimiter

    def read_plain(self, first: int, lines: list[str]) -> RowBatch:
        """Take lines without any quotation mark as they stand."""
        numbers = self._read_column(lines)
        if numbers is not None:
            return RowBatch(range(first, first + len(lines)), numbers, self._put_commas(lines), {})
        # Some row has more or fewer cells, or a letter is of several bytes.
        kept = [place for place, line in enumerate(lines) if line and not line.isspace()]
        lines, places, at = [lines[place] for place in kept], [first + place for place in kept], self._number_at
        cells = [line.split(self._delimiter, at + 1) for line in lines]
        numbers = parse_many([row[at] if at < len(row) else "" for row in cells])
        missing = [self._width - 1 - line.count(self._delimiter) for line in lines]
        texts = [
            text + "," * count if count > 0 else text for text, count in zip(self._put_commas(lines), missing, strict=True)
        ]
        return RowBatch(places, numbers, texts, {})

    def read_quoted(self, first: int, lines: list[str]) -> RowBatch | None:
        """Read lines each of which is a whole row; None when one of them is no row."""
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter))
        except csv.Error:
            return None
        if len(rows) != len(lines):
            return None
        kept = [place for place, line in enumerate(lines) if line and not line.isspace()]
        picked = [rows[place] for place in kept]
        texts = io.StringIO(newline="")
        csv.writer(texts).writerows([row + [""] * (self._width - len(row)) for row in picked])
        numbers = parse_many([row[self._number_at] if self._number_at < len(row) else "" for row in picked])
        return RowBatch([first + place for place in kept], numbers, texts.getvalue().split("\r\n")[:-1], {})

    def read_rows(self, rows: Sequence[TableRow]) -> RowBatch:
        """Take rows that were read one by one."""
        at = self._number_at
        numbers = parse_many([row.cells[at] if at < len(row.cells) and not row.problem else "" for row in rows])
        problems = {place: row.problem for place, row in enumerate(rows) if row.problem}
        return RowBatch(
            [row.line for row in rows],
            numbers,
            [_join_cells([*row.cells, *[""] * (self._width - len(row.cells))]) for row in rows],
            problems,
        )

    def _read_column(self, lines: list[str]) -> Numbers | None:
        """Return the numbers of lines in ASCII that all have as many cells as there are columns; None for others."""
        block = "\n".join(lines)
        if not block.isascii() or (self._delimiter == "\t" and self._width > 1):
            return None  # a line of tabs alone is a blank one
        if self._number_at >= self._width or (self._width == 1 and self._delimiter in block):
            return None
        octets = np.frombuffer(block.encode() + b"\n", dtype=np.uint8)
        ends = octets == ord("\n")
        marks = np.flatnonzero(ends | (octets == ord(self._delimiter)) if self._width > 1 else ends)
        if marks.size != self._width * len(lines):
            return None
        marked = marks.reshape(-1, self._width)
        if not ends[marked[:, -1]].all():
            return None
        if self._width == 1 and bool((np.diff(marked[:, 0], prepend=-1) <= LONGEST_BLANK).any()):
            return None  # perhaps a blank line
        end = marked[:, self._number_at]
        start = np.append(-1, marked[:-1, -1]) + 1 if self._number_at == 0 else marked[:, self._number_at - 1] + 1
        lengths = end - start + 1
        before = np.cumsum(lengths) - lengths
        column = octets[np.repeat(start - before, lengths) + np.arange(int(lengths.sum()))]
        column[before + lengths - 1] = ord("\n")
        return parse_column(column.tobytes())

    def _put_commas(self, lines: list[str]) -> list[str]:
        if self._delimiter == ",":
            return lines
        if any("," in line for line in lines):
            return [_join_cells(line.split(self._delimiter)) for line in lines]
        return [line.replace(self._delimiter, ",") for line in lines]


def _join_cells(cells: Sequence[str]) -> str:
    return ",".join(f'"{cell.replace(QUOTE, QUOTE * 2)}"' if _NEEDS_QUOTES.search(cell) else cell for cell in cells)
