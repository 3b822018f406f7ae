"""A small report, and a bundle of it, for tests that need no database."""

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.money import Money
from app.reports.exports.bundle import Made, Written, write_bundle
from app.reports.exports.contract import Column, ColumnKind, Reader, Report, ReportTable, Row
from app.reports.exports.house import HouseFacts
from app.reports.exports.signing import Signer
from app.vocabulary import ReportFormat, ReportKind, Role

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SIGNER = Signer.from_seed(b"\1" * 32)
OFFICER = Reader(Identity("user:o", "Olga Officer", Role.COMPLIANCE, None))
HOUSE = HouseFacts("Earshot test", {"rule_set": "r1", "phrase_packs": "1", "edition": None, "since": None}, {"tzdb": "2026c"},
                   {"seq": 7, "hash": "ab" * 32})  # fmt: skip
COLUMNS = (
    Column("call", "Call", width=12),
    Column("number", "Number", width=16),
    Column("paid", "Paid", ColumnKind.MONEY),
    Column("seconds", "Seconds", ColumnKind.NUMBER),
    Column("at", "At", ColumnKind.MOMENT),
    Column("day", "Day", ColumnKind.DAY),
    Column("flag", "Recorded", ColumnKind.FLAG),
)


def a_row(at: int) -> Row:
    return (f"call {at}", f"+1212555{at:04d}", Money(100 * at + 5), at / 4, AT, date(2026, 11, 22), at % 2 == 0)


def a_report(rows: int = 5, first: Row | None = None) -> Report:
    counted: list[int] = []

    def details() -> Iterator[Row]:
        for at in range(rows):
            counted.append(at)
            yield first if first is not None and at == 0 else a_row(at)

    def sums() -> Iterator[Row]:
        yield ("calls", len(counted))

    return Report(
        ReportKind.CALLS, "Calls", {"Campaign": "all"},
        (
            ReportTable("calls", "Calls", COLUMNS, details()),
            ReportTable("sums", "Sums", (Column("what", "What"), Column("count", "Count", ColumnKind.NUMBER)), sums(), True),
        ),
        notes=("A test.",), late_notes=lambda: [f"{len(counted)} rows were made."],
    )  # fmt: skip


def write(
    out: Path,
    report: Report | None = None,
    *,
    formats: frozenset[ReportFormat] = frozenset({ReportFormat.CSV}),
    signer: Signer = SIGNER,
    on_progress: Callable[..., None] = lambda *told: None,
) -> Written:
    made = Made(OFFICER, AT, formats)
    session = cast(Session, None)  # no screening stands behind these rows, so nothing is asked of a database
    return write_bundle(
        out, report or a_report(), session, house=HOUSE, made=made, signer=signer, on_progress=on_progress
    )  # fmt: skip


def read_entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def write_entries(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in entries.items():
            bundle.writestr(name, content)
    return path


def read_manifest(path: Path) -> dict[str, Any]:
    return dict(json.loads(read_entries(path)["manifest.json"]))
