"""How is a table written as CSV? RFC 4180, UTF-8 with the mark that spreadsheets look for, and the hashes of its rows."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Self

from app.reports.exports.cells import write_cell
from app.reports.exports.contract import ReportTable, Row
from app.reports.exports.layout import csv_name, hashes_name
from app.reports.exports.row_hashes import RowHashes


class CsvTable:
    """Writes one table, and beside it the beginnings of its rows' hashes, one a line."""

    def __init__(self, folder: Path, table: ReportTable) -> None:
        self.table = table
        self.csv_name, self.hashes_name = csv_name(table.name), hashes_name(table.name)
        self.hashes = RowHashes(len(table.columns))
        self._file = (folder / self.csv_name).open("w", encoding="utf-8-sig", newline="")
        self._rows = (folder / self.hashes_name).open("w", encoding="ascii", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self._writer.writerow([column.name for column in table.columns])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._rows.close()

    def write(self, row: Row) -> None:
        """Write a row. Raises ValueError when it has not one cell for each column."""
        cells = [write_cell(value) for value in row]
        own = self.hashes.add(cells)
        self._writer.writerow(cells)
        self._rows.write(own + "\n")
