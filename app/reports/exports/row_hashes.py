"""What are the rows of a table, in few bytes? One hash over all of them, one per column, and the beginning of one per row.

A row is hashed as the JSON array of the texts of its cells, UTF-8, and a line feed; a column as rows of that one cell.

Whoever checks a table reads its CSV and makes the same hashes again. The first proves that the rows are those that were
signed; the others tell where they are not: a row by its own hash, the cell in it by its column's. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from json.encoder import encode_basestring

ROW_DIGITS = 16
"""Hexadecimal digits of each row's hash that are kept: they find a changed row, they prove nothing by themselves."""


class RowHashes:
    """Counts and hashes rows as they pass by."""

    def __init__(self, column_count: int) -> None:
        self.count = 0
        self._rows = hashlib.sha256()
        self._columns = [hashlib.sha256() for _ in range(column_count)]

    def add(self, cells: Sequence[str]) -> str:
        """Take a row in; return the beginning of its own hash."""
        quoted = [encode_basestring(cell) for cell in cells]
        row = f"[{','.join(quoted)}]\n".encode()
        self.count += 1
        self._rows.update(row)
        for column, cell in zip(self._columns, quoted, strict=True):
            column.update(f"[{cell}]\n".encode())
        return hashlib.sha256(row).hexdigest()[:ROW_DIGITS]

    @property
    def rows_sha256(self) -> str:
        """The hash of all rows in order, hex."""
        return self._rows.hexdigest()

    @property
    def column_sha256s(self) -> tuple[str, ...]:
        """The hash of each column's cells in order, hex."""
        return tuple(column.hexdigest() for column in self._columns)


def join_hashes(hashes: Sequence[str]) -> str:
    """Return one hash (hex) for the rows of all tables: SHA-256 over theirs, one a line."""
    return hashlib.sha256("".join(f"{each}\n" for each in hashes).encode()).hexdigest()
