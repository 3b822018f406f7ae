"""Which rows does a list file hold? One way to read each shape, table columns included; see ``sources`` and ``xml_source``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import BinaryIO, cast

import numpy as np

from app.compliance.registry.parse import parse_many
from app.compliance.registry.sources import Garbage, Piece, Shape, read_changes, read_flat
from app.compliance.registry.table_rows import open_table
from app.compliance.registry.unpack import Member
from app.compliance.registry.xml_source import read_xml

ROWS_AT_A_TIME = 50_000


def read_pieces(member: Member, shape: Shape) -> Iterator[Piece]:
    """Yield the rows of a list file, a piece at a time. Raises InvalidInput."""
    if shape is Shape.FLAT:
        yield from read_flat(member)
    elif shape is Shape.CHANGE:
        yield from read_changes(member)
    elif shape is Shape.XML:
        yield from read_xml(member)
    else:
        yield from _read_table(member)


def _read_table(member: Member) -> Iterator[Piece]:
    with member.open() as file, open_table(cast(BinaryIO, file), name=member.name) as table:
        for _, group in groupby(enumerate(table.rows), key=lambda item: item[0] // ROWS_AT_A_TIME):
            rows = [row for _, row in group]
            cells = [row.cells[table.number_at] if table.number_at < len(row.cells) else "" for row in rows]
            numbers = parse_many(cells)
            garbage = tuple(
                Garbage(
                    member.name,
                    row.line,
                    row.problem or "it holds no telephone number",
                    ",".join(row.cells)[:80],
                )
                for row in (rows[at] for at in np.flatnonzero(numbers == 0).tolist())
            )
            read = sum(map(len, cells)) + len(cells)
            yield Piece(numbers[numbers > 0], len(rows), garbage, byte_count=read)
