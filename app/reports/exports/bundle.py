"""How does a report leave the house? As a ZIP that anybody can check: files, a manifest that names them, a signature over it.

The rows are taken once: each goes to CSV, hashes and workbook as it comes, the first of each table are kept for the PDF. The
manifest holds the SHA-256 of every file and of the rows of every table, and what the report rests on. Ed25519 signs the
manifest's bytes. The same rows, made at the same moment with the same key, give the same ZIP.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.reports.exports.cells import write_cell, write_moment
from app.reports.exports.contract import Column, Reader, Report
from app.reports.exports.house import HouseFacts, describe_used
from app.reports.exports.layout import ADVICE, FORMAT, MANIFEST, PDF, READ_ME, SIGNATURE, WORKBOOK
from app.reports.exports.row_hashes import join_hashes
from app.reports.exports.signing import ALGORITHM, Signer, group_digits
from app.reports.exports.writers_csv import CsvTable
from app.reports.exports.writers_pdf import MOST_ROWS, PdfTable, PdfWords, write_pdf
from app.reports.exports.writers_xlsx import Workbook
from app.tasks import OnProgress
from app.vocabulary import ReportFormat

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """Who asks for a report, when, and how it is to be written."""

    reader: Reader
    at: datetime
    formats: frozenset[ReportFormat]
    unmask_reason: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle on disk; ``files`` are those a person may want singly, with their sizes in bytes."""

    sha256: str
    byte_count: int
    row_count: int
    manifest_sha256: str
    files: Mapping[str, int]


def write_bundle(
    out: Path, report: Report, session: Session, *, house: HouseFacts, made: Made, signer: Signer, on_progress: OnProgress
) -> Written:
    """Write the report as a bundle; nothing lies at ``out`` unless it is whole.

    CSV is always written, because the hashes are checked against it.
    """
    with tempfile.TemporaryDirectory(prefix="earshot-export-") as name, ExitStack() as stack:
        folder = Path(name)
        book = Workbook(folder / WORKBOOK, report, made.at) if ReportFormat.XLSX in made.formats else None
        if book is not None:
            stack.callback(book.discard)
        tables = _write_tables(folder, report, book)
        on_progress(0, None, "writing the files")
        notes = [*report.notes, *report.late_notes()]
        gaps = list(report.gaps()) if report.gaps is not None else None
        manifest = _describe(session, report, tables, house, made) | {"notes": notes, "gaps": gaps}
        about = _about(manifest, report)
        if book is not None:
            book.close([(heading if at == 0 else "", line) for heading, ls in about.items() for at, line in enumerate(ls)])
        if ReportFormat.PDF in made.formats:
            foot = f"SHA-256 of all rows: {manifest['rows_sha256']}  ·  made {manifest['made_at']} by {house.generator}"
            # The page's own title says which report it is.
            words = {heading: lines[heading == "Report" :] for heading, lines in about.items()}
            write_pdf(folder / PDF, report, tables.shown, PdfWords(words, foot))
        (folder / READ_ME).write_text(_read_me(report, signer), encoding="utf-8")
        manifest["files"] = _hash_files(folder)
        content = write_json(manifest)
        (folder / MANIFEST).write_bytes(content)
        (folder / SIGNATURE).write_bytes(write_json(_sign(content, signer)))
        digest, byte_count = _zip(folder, out)
    singly = {name: told["bytes"] for name, told in manifest["files"].items() if name.endswith((".csv", ".xlsx", ".pdf"))}
    return Written(digest, byte_count, tables.row_count, hashlib.sha256(content).hexdigest(), singly)


def write_json(value: Mapping[str, Any]) -> bytes:
    """Return JSON as it lies in the bundle: sorted names, two spaces, UTF-8, a line feed at the end."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False).encode() + b"\n"


@dataclass(slots=True)
class _Tables:
    described: list[dict[str, Any]]
    shown: list[PdfTable]
    row_count: int


def _write_tables(folder: Path, report: Report, book: Workbook | None) -> _Tables:
    told = _Tables([], [], 0)
    for table in report.tables:
        first: list[list[str]] = []
        with CsvTable(folder, table) as written:
            for row in table.rows:
                written.write(row)
                if book is not None:
                    book.write(table, row)
                if len(first) < MOST_ROWS:
                    first.append([write_cell(value) for value in row])
        hashes = written.hashes
        told.row_count += hashes.count
        told.shown.append(PdfTable(table, first, hashes.count, hashes.rows_sha256))
        told.described.append(
            {
                "name": table.name,
                "title": table.title,
                "csv": written.csv_name,
                "row_hashes": written.hashes_name,
                "rows": hashes.count,
                "rows_sha256": hashes.rows_sha256,
                "columns": [
                    _describe_column(column) | {"sha256": digest}
                    for column, digest in zip(table.columns, hashes.column_sha256s, strict=True)
                ],
            }
        )
    return told


def _describe_column(column: Column) -> dict[str, Any]:
    return {"name": column.name, "title": column.title, "kind": str(column.kind), "note": column.note}


def _describe(session: Session, report: Report, tables: _Tables, house: HouseFacts, made: Made) -> dict[str, Any]:
    identity = made.reader.identity
    return {
        "format": FORMAT,
        "kind": str(report.kind),
        "title": report.title,
        "filters": dict(report.filters),
        "made_at": write_moment(made.at),
        "made_by": {"name": identity.name, "role": str(identity.role), "actor": identity.actor},
        "generator": house.generator,
        "numbers": {"shown": "whole" if made.reader.sees_numbers else "masked", "reason": made.unmask_reason or None},
        "rules_in_force": house.rules_in_force,
        "reference": house.reference,
        "screenings": describe_used(session, report.used),
        "number_lists": {version: dict(told) for version, told in sorted(report.used.lists.items())},
        "audit_trail": house.audit_trail,
        "tables": tables.described,
        "row_count": tables.row_count,
        "rows_sha256": join_hashes([table["rows_sha256"] for table in tables.described]),
        "advice": ADVICE,
    }


def _about(manifest: Mapping[str, Any], report: Report) -> dict[str, list[str]]:
    """Return what the first sheet and the first page say, by heading."""
    by, rules, numbers = manifest["made_by"], manifest["rules_in_force"], manifest["numbers"]
    used = manifest["screenings"]
    lines = {
        "Report": [report.title, *(f"{name}: {value}" for name, value in report.filters.items())],
        "Made": [
            f"{manifest['made_at']} by {by['name']} ({by['role'].replace('_', ' ')}), {manifest['generator']}",
            f"Numbers of people are {numbers['shown']}" + (f"; reason: {numbers['reason']}" if numbers["reason"] else ""),
            f"{manifest['row_count']:,} rows in {len(manifest['tables'])} tables. SHA-256 of all: {manifest['rows_sha256']}",
        ],
        "Rules and tables": [
            _say_edition(rules),
            "Reference tables: " + ", ".join(f"{name} {version}" for name, version in manifest["reference"].items()),
            f"Screenings it rests on: {used['count']:,}"
            + "".join(f"; {name}: {', '.join(values)}" for name, values in used["versions"].items()),
        ],
    }
    if manifest["number_lists"]:
        lines["Number lists"] = [
            f"{version}: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value is not None)
            for version, told in manifest["number_lists"].items()
        ]
    if manifest["notes"]:
        lines["Before you rely on it"] = list(manifest["notes"])
    if manifest["gaps"]:
        lines["What is missing"] = list(manifest["gaps"])
    trail = manifest["audit_trail"]
    lines["Audit trail"] = [f"The trail ended at event {trail['seq']}, hash {trail['hash']}, when this report was made."]
    lines["Not legal advice"] = [ADVICE]
    return lines


def _say_edition(rules: Mapping[str, Any]) -> str:
    edition = rules["edition"]
    named = f", edition {edition['number']} ({edition['title']}) since {rules['since']}" if edition else ""
    return f"In force: rule set {rules['rule_set']}, phrase packs {rules['phrase_packs']}{named}"


def _read_me(report: Report, signer: Signer) -> str:
    return (
        f"{report.title}\n\n"
        "Check this bundle with no database and no network:\n\n"
        f"    earshot verify BUNDLE.zip --key {signer.fingerprint}\n\n"
        "The fingerprint after --key must come from the house that made the report by another way than this file:\n"
        "whoever altered the bundle could have altered this line too. It reads\n\n"
        f"    {group_digits(signer.fingerprint)}\n\n"
        "manifest.json names every file with its SHA-256 and what the report rests on; signature.json holds the\n"
        "Ed25519 signature (RFC 8032) over the bytes of manifest.json, so that any tool can check it.\n\n"
        f"{ADVICE}\n"
    )


def _sign(content: bytes, signer: Signer) -> dict[str, Any]:
    return {
        "algorithm": ALGORITHM,
        "signed": MANIFEST,
        "public_key": base64.b64encode(signer.public_key).decode(),
        "public_key_pem": signer.public_pem,
        "fingerprint": signer.fingerprint,
        "signature": base64.b64encode(signer.sign(content)).decode(),
    }


def _hash_files(folder: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            found[path.name] = {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    return found


def _zip(folder: Path, out: Path) -> tuple[str, int]:
    draft = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
            for path in sorted(folder.iterdir()):
                info = zipfile.ZipInfo(path.name, FIXED_TIME)
                info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
                info.file_size = path.stat().st_size
                with path.open("rb") as source, bundle.open(info, "w") as target:
                    shutil.copyfileobj(source, target, PIECE_BYTES)
        with draft.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        draft.replace(out)
        return digest, out.stat().st_size
    finally:
        draft.unlink(missing_ok=True)


def files_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names in the order in which people want them: PDF, workbook, then CSV."""
    return tuple(sorted(names, key=lambda name: ((".pdf", ".xlsx", ".csv").index(Path(name).suffix), name)))
