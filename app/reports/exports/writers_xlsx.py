"""How is a report written as a workbook? A sheet that says what it is, then one sheet per table, row by row.

A sheet holds 1,048,576 rows; a longer table goes on in further sheets. Nothing is read as a formula, and the same report gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from app.money import Money
from app.reports.exports.cells import write_cell, write_text
from app.reports.exports.contract import Cell, Column, ColumnKind, Report, ReportTable, Row

MOST_ROWS = 1_048_575
FORMATS = {
    ColumnKind.TEXT: {"text_wrap": True, "valign": "top"},
    ColumnKind.NUMBER: {"valign": "top"},
    ColumnKind.MONEY: {"num_format": "#,##0.00", "valign": "top"},
    ColumnKind.MOMENT: {"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top"},
    ColumnKind.DAY: {"num_format": "yyyy-mm-dd", "valign": "top"},
    ColumnKind.FLAG: {"valign": "top"},
}


class Workbook:
    """Writes a report's tables as they come; :meth:`close` writes the first sheet and the file."""

    def __init__(self, path: Path, report: Report, made_at: datetime) -> None:
        options = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        }  # fmt: skip
        self._book = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"title": report.title, "author": "Earshot", "created": made_at.replace(tzinfo=None)})
        self._head = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._bold = self._book.add_format({"bold": True, "valign": "top"})
        self._wrap = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._formats = {kind: self._book.add_format(look) for kind, look in FORMATS.items()}
        self._about = self._book.add_worksheet("About")
        in_order = sorted(report.tables, key=lambda table: not table.is_summary)
        self._sheets = {table.name: _Sheet(self, table) for table in in_order}

    def write(self, table: ReportTable, row: Row) -> None:
        """Write a row of a table."""
        self._sheets[table.name].write(row)

    def close(self, about: Sequence[tuple[str, str]]) -> None:
        """Write what the report is, as pairs of name and text (an empty name goes on with the one before), and the file."""
        self._about.set_column(0, 0, 28)
        self._about.set_column(1, 1, 100)
        for at, (name, text) in enumerate(about):
            self._about.write_string(at, 0, name, self._bold)
            self._about.write_string(at, 1, write_text(text), self._wrap)
        self._book.close()

    def discard(self) -> None:
        """Let go of what was written so far; after :meth:`close` nothing is left to do."""
        for sheet in self._book.worksheets():
            if sheet.row_data_fh is not None:
                sheet.row_data_fh.close()

    def add_sheet(self, table: ReportTable, part: int) -> Any:
        """Start a sheet with the table's heading, which stays in sight."""
        sheet = self._book.add_worksheet(table.name if part == 1 else f"{table.name}-{part}")
        for at, column in enumerate(table.columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, _title(column), self._head)
        sheet.freeze_panes(1, 0)
        return sheet

    def write_value(self, sheet: Any, row: int, at: int, column: Column, value: Cell) -> None:
        """Write one cell as what it is: a number, a date, a text."""
        look = self._formats[column.kind]
        if value is None:
            return
        if isinstance(value, Money) and value.currency == "USD":
            sheet.write_number(row, at, value.amount_minor / 100, look)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, at, value.astimezone(UTC).replace(tzinfo=None), look)
        elif isinstance(value, date):
            sheet.write_datetime(row, at, value, look)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            sheet.write_number(row, at, value, look)
        else:
            sheet.write_string(row, at, write_cell(value), look)


class _Sheet:
    def __init__(self, book: Workbook, table: ReportTable) -> None:
        self._book, self._table, self._part, self._row = book, table, 1, 0
        self._sheet = book.add_sheet(table, 1)

    def write(self, row: Row) -> None:
        if self._row >= MOST_ROWS:
            self._part, self._row = self._part + 1, 0
            self._sheet = self._book.add_sheet(self._table, self._part)
        self._row += 1
        for at, (column, value) in enumerate(zip(self._table.columns, row, strict=True)):
            self._book.write_value(self._sheet, self._row, at, column, value)


def _title(column: Column) -> str:
    told = f"{column.title} (UTC)" if column.kind is ColumnKind.MOMENT else column.title
    return f"{told}: {column.note}" if column.note else told
