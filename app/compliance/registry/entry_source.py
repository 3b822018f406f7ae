"""Which dated entries does a table hold? Reads internal requests and answers of the Reassigned Numbers Database.

Internal: a column of numbers, and if there is one the moment of the request (else the moment the list was obtained) and whether
it was withdrawn. Reassigned: number, the date asked about, the answer yes, no or no_data, and when it was asked; columns
without names are told apart by their content, as those of the database's own answer files are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

import numpy as np

from app.compliance.registry.entries import ANSWERS, ASKED, ENTRY, WITHDRAWN, Entries
from app.compliance.registry.moments import NO_MOMENT, to_micros
from app.compliance.registry.parse import parse_many
from app.compliance.registry.sources import Garbage, read_action, read_micros
from app.compliance.registry.table_rows import Table, TableRow, open_table, squeeze
from app.compliance.registry.unpack import Member
from app.errors import InvalidInput

AT_NAMES = {
    "internal": (
        "requestedat requestdate requested date datetime timestamp optoutat optoutdate optedoutat addedat createdat dateadded"
    ),
    "reassigned": "queriedat querydate queried askedat asked runat rundate checkedat date",
}
SINCE_NAMES = "since sincedate consentdate dateofconsent contactdate lastcontact lastcontactdate permissiondate"
CODE_NAMES = "action change answer result response status disconnected permanentlydisconnected reassigned"
ROWS_AT_A_TIME = 50_000
_DATE = re.compile(r"\s*\d{1,4}[-/]?\d{1,2}[-/]?\d{1,4}.*")


@dataclass(frozen=True, slots=True)
class EntryPiece:
    """Some rows of a table as entries, and those that are none."""

    entries: Entries
    row_count: int
    garbage: tuple[Garbage, ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    at: int | None
    since: int | None
    code: int | None


def read_entries(member: Member, kind: str, obtained_at: datetime) -> Iterator[EntryPiece]:
    """Yield the entries of a table; ``kind`` is ``internal`` or ``reassigned``. Raises InvalidInput."""
    with member.open() as file, open_table(cast(BinaryIO, file), name=member.name) as table:
        columns = _find_columns(table, kind)
        if kind == "reassigned" and columns.code is None:
            raise InvalidInput(f"{member.name}: expected a column with the answers yes, no or no_data beside the numbers")
        default_micros = to_micros(obtained_at)
        waiting: list[TableRow] = []
        for row in table.rows:
            waiting.append(row)
            if len(waiting) >= ROWS_AT_A_TIME:
                yield _read_piece(waiting, table.number_at, columns, kind, member.name, default_micros)
                waiting = []
        yield _read_piece(waiting, table.number_at, columns, kind, member.name, default_micros)


def _read_piece(
    rows: Sequence[TableRow], number_at: int, columns: _Columns, kind: str, name: str, default_micros: int
) -> EntryPiece:
    numbers = parse_many([row.cells[number_at] if number_at < len(row.cells) else "" for row in rows])
    entries = []
    garbage = []
    for row, number in zip(rows, numbers.tolist(), strict=True):
        at, code, since = default_micros, ASKED, NO_MOMENT
        problem = row.problem or ("" if number else "it holds no telephone number")
        if not problem:
            at, problem = _read_moment(row.cells, columns.at, default_micros)
        if not problem:
            since, problem = _read_moment(row.cells, columns.since, NO_MOMENT)
        if not problem:
            code, problem = _read_code(row.cells, columns.code, kind)
        if problem:
            garbage.append(Garbage(name, row.line, problem, ",".join(row.cells)[:80]))
        else:
            entries.append((number, at, since, code))
    return EntryPiece(np.array(entries, dtype=ENTRY), len(rows), tuple(garbage))


def _read_moment(cells: Sequence[str], column: int | None, default: int) -> tuple[int, str]:
    text = cells[column].strip() if column is not None and column < len(cells) else ""
    if not text:
        return default, ""
    micros = read_micros(text)
    return (default, f"expected a date or moment, got {text[:30]!r}") if micros is None else (micros, "")


def _read_code(cells: Sequence[str], column: int | None, kind: str) -> tuple[int, str]:
    text = cells[column].strip() if column is not None and column < len(cells) else ""
    if kind == "reassigned":
        answer = ANSWERS.get(re.sub("[ -]", "_", text.casefold()))
        return (0, f"expected yes, no or no_data, got {text[:30]!r}") if answer is None else (answer, "")
    action = read_action(text) if text else ASKED
    return (WITHDRAWN if action == 0 else ASKED), ""


def _find_columns(table: Table, kind: str) -> _Columns:
    if table.header:
        titles = [squeeze(title) for title in table.header]
        at, since, code = (_find_title(titles, names) for names in (AT_NAMES[kind], SINCE_NAMES, CODE_NAMES))
        if kind == "internal" and code is not None and not _reads_as(table, code, lambda cell: read_action(cell) is not None):
            code = None  # a status of the customer, not of the request
        return _Columns(at if at != table.number_at else None, since, code)
    width = max((len(row.cells) for row in table.sample), default=0)
    others = [at for at in range(width) if at != table.number_at]
    codes = [at for at in others if _reads_as(table, at, lambda cell: _is_code(cell, kind))]
    dates = [at for at in others if at not in codes and _reads_as(table, at, lambda c: bool(_DATE.match(c) and read_micros(c)))]
    if kind == "internal":
        return _Columns(dates[0] if dates else None, None, codes[0] if codes else None)
    return _Columns(dates[1] if len(dates) > 1 else None, dates[0] if dates else None, codes[0] if codes else None)


def _find_title(titles: Sequence[str], names: str) -> int | None:
    return next((titles.index(name) for name in names.split() if name in titles), None)


def _is_code(cell: str, kind: str) -> bool:
    return re.sub("[ -]", "_", cell.casefold().strip()) in ANSWERS if kind == "reassigned" else read_action(cell) is not None


def _reads_as(table: Table, at: int, is_right: Callable[[str], bool]) -> bool:
    cells = [row.cells[at] for row in table.sample if at < len(row.cells) and row.cells[at].strip()]
    return bool(cells) and sum(map(bool, map(is_right, cells))) * 2 > len(cells)
