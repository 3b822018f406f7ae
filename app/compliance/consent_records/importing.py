"""How does a whole file of consents get on record? Row by row, in small transactions, with every refused row told.

A file is CSV with column names (:mod:`.file_columns`), or JSON with one object a line. It is kept as it came, so that the
worker that reads it may be killed and begin again; rows that are on record change nothing, so the second time is as good as
the first.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy.exc import IntegrityError

from app.access.identity import Identity
from app.compliance.consent_records.file_columns import CONSENT_COLUMNS
from app.compliance.consent_records.record import ConsentRecord, Misfit, RecordRefused, read_record
from app.compliance.consent_records.service import record_consent
from app.errors import Conflict, InvalidInput
from app.intake.bytes_in import Readable, receive
from app.intake.csv_log import read_table
from app.intake.recordings import tidy_filename
from app.ports import BlobStore
from app.tasks import OnProgress, TaskView, ask_for
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind

UPLOADS, REFUSALS = "consent-imports", "consent-import-refusals"
ROWS_AT_ONCE = 200
LONGEST_JSON_LINE = 200_000
SHOWN_REFUSALS = 50
MOST_REFUSALS = 100_000
HEADER = ("line", "external_id", "field", "expected", "got")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands, its cells, and, where it cannot be read at all, what was expected."""

    line: int
    cells: Mapping[str, Any]
    problem: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not on record, and why."""

    line: int
    external_id: str
    misfit: Misfit


@dataclass(slots=True)
class ImportCount:
    """What came of the rows."""

    rows: int = 0
    recorded: int = 0
    known: int = 0
    refused_rows: int = 0
    screened_again: int = 0
    refused: list[RefusedRow] = field(default_factory=list)


def ask_for_import(
    uow: UnitOfWork, blobs: BlobStore, identity: Identity, stream: Readable, filename: str, *, max_bytes: int
) -> str:
    """Keep an uploaded file and have it read by a worker; return the task's id.

    Raises
    ------
    InvalidInput
        When the file is empty or too large.
    StorageFull
    """
    name = tidy_filename(filename)[-100:] or "consents"
    with receive(stream, name=name, max_bytes=max_bytes) as received:
        if not received.byte_count:
            raise InvalidInput(f"{name}: expected rows of consents, got an empty file", code="empty_file")
        blobs.put(_key(UPLOADS, received.sha256), received.read_pieces())
    params = {"filename": name, "sha256": received.sha256, "byte_count": received.byte_count}
    with uow.begin(identity.actor) as work:
        return ask_for(work, TaskKind.IMPORT_CONSENTS, f"Consents of {name}", params)


def import_consents(uow: UnitOfWork, blobs: BlobStore, task: TaskView, on_progress: OnProgress) -> dict[str, Any]:
    """Put the rows of an uploaded file on record; return the counts, the first refused rows, and where all of them lie.

    Raises
    ------
    InvalidInput
        When the file as a whole is none of consents; nothing is on record then.
    """
    sha256, name = str(task.params["sha256"]), str(task.params["filename"])
    with tempfile.TemporaryFile() as file:
        for piece in blobs.open_range(_key(UPLOADS, sha256)):
            file.write(piece)
        total = file.tell()
        file.seek(0)
        count = ImportCount()
        rows = read_rows(file, name)
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            _record(uow, task.asked_by, chunk, count)
            note = f"{count.rows:,} rows read, {count.recorded:,} new on record, {count.refused_rows:,} refused"
            on_progress(min(file.tell(), total - 1), total, note)
    if count.refused:
        blobs.put(_key(REFUSALS, task.id), [_write_refusals(count.refused)])
    return {
        "filename": name,
        "sha256": sha256,
        "rows": count.rows,
        "recorded": count.recorded,
        "known": count.known,
        "refused": count.refused_rows,
        "screened_again": count.screened_again,
        "first_refused": [
            {"line": each.line, "external_id": each.external_id, "field": each.misfit.field, "expected": each.misfit.expected}
            for each in count.refused[:SHOWN_REFUSALS]
        ],
        "has_refusals": bool(count.refused),
    }


def read_refusals(blobs: BlobStore, task_id: str) -> Iterator[bytes]:
    """Return the CSV of a task's refused rows. Raises NotFound when there is none."""
    return blobs.open_range(_key(REFUSALS, task_id))


def read_rows(file: BinaryIO, name: str) -> Iterator[Row]:
    """Yield the rows of a file; JSON when its first sign is a brace, else a table.

    Raises
    ------
    InvalidInput
        When it is neither.
    """
    head = file.read(4096)
    file.seek(0)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        yield from _read_json(file)
        return
    columns: dict[str, str] | None = None
    for row in read_table(file, name=name, columns=CONSENT_COLUMNS):
        if row.problem is not None:
            yield Row(row.line, {}, row.problem, row.text)
            continue
        columns = columns or CONSENT_COLUMNS.match(row.cells)
        yield Row(row.line, {field_: row.cells[column] for field_, column in columns.items()})


def _read_json(file: BinaryIO) -> Iterator[Row]:
    number = 0
    while line := file.readline(LONGEST_JSON_LINE):
        number += 1
        if len(line) >= LONGEST_JSON_LINE:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST_JSON_LINE)
            yield Row(number, {}, f"expected a line of less than {LONGEST_JSON_LINE} bytes, got more")
            continue
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            yield Row(number, {}, "expected one JSON object on the line", line[:200].decode("utf-8", "replace"))
            continue
        matched = CONSENT_COLUMNS.match(value)
        cells = {field_: value[key] for field_, key in matched.items()}
        yield Row(number, cells)


def _record(uow: UnitOfWork, actor: str, rows: Sequence[Row], count: ImportCount) -> None:
    """Put rows on record in one transaction; where somebody else records the same at this moment, one by one."""
    read = list(_read_records(rows, count))
    try:
        _record_together(uow, actor, read, count)
    except IntegrityError:
        for each in read:
            _record_together(uow, actor, [each], count)
    count.rows += len(rows)


def _read_records(rows: Iterable[Row], count: ImportCount) -> Iterator[tuple[Row, ConsentRecord]]:
    for row in rows:
        if row.problem is not None:
            _refuse(count, row, (Misfit("row", row.problem, row.text[:200]),))
            continue
        try:
            record = read_record(row.cells)
        except RecordRefused as refusal:
            _refuse(count, row, refusal.misfits)
            continue
        yield row, record


def _record_together(uow: UnitOfWork, actor: str, read: Sequence[tuple[Row, ConsentRecord]], count: ImportCount) -> None:
    recorded = known = again = 0
    refused: list[tuple[Row, tuple[Misfit, ...]]] = []
    with uow.begin(actor) as work:
        for row, record in read:
            try:
                made = record_consent(work, record)
            except RecordRefused as refusal:
                refused.append((row, refusal.misfits))
                continue
            except Conflict as conflict:
                refused.append((row, (Misfit("external_id", conflict.message, record.external_id),)))
                continue
            recorded, known, again = recorded + made.is_new, known + (not made.is_new), again + made.screened_again
    count.recorded, count.known, count.screened_again = (
        count.recorded + recorded,
        count.known + known,
        count.screened_again + again,
    )
    for row, misfits in refused:
        _refuse(count, row, misfits)


def _refuse(count: ImportCount, row: Row, misfits: Iterable[Misfit]) -> None:
    count.refused_rows += 1
    external_id = str(row.cells.get("external_id") or "")[:200]
    count.refused += [RefusedRow(row.line, external_id, misfit) for misfit in misfits][: MOST_REFUSALS - len(count.refused)]


def _write_refusals(refused: Iterable[RefusedRow]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for each in sorted(refused, key=lambda each: each.line):
        misfit = each.misfit
        writer.writerow([each.line, *map(_plain, (each.external_id, misfit.field, misfit.expected, misfit.got))])
    return out.getvalue().encode("utf-8", "replace")


def _plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _key(folder: str, name: str) -> str:
    return f"{folder}/{hashlib.sha256(name.encode()).hexdigest()[:2]}/{name}"
