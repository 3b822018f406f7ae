"""``earshot export``: reports straight from the database; ``earshot signing-key``: by what their signature is known."""

from __future__ import annotations

import argparse
import getpass
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.errors import InvalidInput, NotFound
from app.vocabulary import ReportFormat, ReportKind, Role

SHELL = "shell"


def register(subparsers: Any) -> None:
    """Add the commands."""
    export = subparsers.add_parser(
        "export",
        help="write a report that verifies offline",
        description="Writes a bundle: CSV, workbook and PDF with a signed manifest. Check it with `earshot verify FILE.zip`.",
        epilog="example: earshot export consent --from 2026-11-01 --to 2026-11-30 --out consent.zip",
    )
    export.add_argument("report", choices=[str(kind) for kind in ReportKind], help="which report")
    export.add_argument("--from", required=True, dest="since", metavar="DAY", help="first day, such as 2026-11-01 (UTC)")
    export.add_argument("--to", required=True, dest="until", metavar="DAY", help="last day; it is part of the report")
    export.add_argument("--out", required=True, type=Path, metavar="FILE.zip", help="where the bundle goes")
    for name in ("campaign", "publisher", "advertiser"):
        export.add_argument(f"--{name}", metavar="ID", help=f"only this {name}: its id in Earshot or in the sender's system")
    export.add_argument("--state", metavar="XX", help="only calls of consumers who may have been in this state")
    export.add_argument("--number", help="only calls from this number")
    export.add_argument(
        "--formats", default="csv,xlsx,pdf", metavar="LIST", help="beside CSV, which is always written; default %(default)s"
    )
    export.add_argument(
        "--whole-numbers", default="", metavar="REASON", help="show numbers of people whole; the reason is kept on record"
    )
    export.add_argument("--json", action="store_true", help="one JSON object")
    export.set_defaults(run=run_export)
    key = subparsers.add_parser(
        "signing-key",
        help="show the fingerprint by which this house's reports are known",
        description="The fingerprint, and the public key for other tools. Tell it to whoever checks your reports.",
        epilog="example: earshot signing-key --json",
    )
    key.add_argument("--json", action="store_true", help="one JSON object")
    key.set_defaults(run=run_signing_key)


def run_export(given: argparse.Namespace) -> int:
    """Write the bundle."""
    from app.access.identity import Identity
    from app.bootstrap import build
    from app.cli.progress import ProgressLine
    from app.reports.exports.contract import Params, day_start
    from app.reports.exports.service import ExportRequest, note_export, write_export
    from app.settings import load_settings

    if given.out.suffix != ".zip" or not given.out.absolute().parent.is_dir():
        raise InvalidInput(f"--out {given.out}: expected the name of a ZIP file in a folder that is there")
    since, until = day_start(_read_day(given.since, "--from")), day_start(_read_day(given.until, "--to")) + timedelta(days=1)
    params = Params(since, until, state=_read_state(given.state), number=_read_number(given.number),
                    unmask_reason=given.whole_numbers.strip())  # fmt: skip
    services = build(load_settings())
    identity = Identity("cli", getpass.getuser(), Role.OPERATOR, None)
    progress = ProgressLine(f"export {given.report}")

    def show(done: int, total: int | None, note: str) -> None:
        progress.update(note, done / total if total else 0.0)

    try:
        with services.uow.read() as session:
            request = ExportRequest(
                ReportKind(given.report), replace(params, **_find_filters(session, given)), _read_formats(given.formats)
            )
            written = write_export(
                session, request, identity, given.out, lists=services.number_lists, signer=services.signer,
                now=services.clock.now(),
                on_progress=show,
            )  # fmt: skip
    finally:
        progress.clear()
    note_export(services.uow, identity, request, written, services.signer, subject=SHELL)
    told = {
        "out": str(given.out),
        "rows": written.row_count,
        "bytes": written.byte_count,
        "sha256": written.sha256,
        "fingerprint": services.signer.fingerprint,
    }
    if given.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{given.out}: {written.row_count:,} rows, {written.byte_count:,} bytes, SHA-256 {written.sha256}")
        print(f"check it with: earshot verify {given.out} --key {services.signer.fingerprint}")
    return 0


def run_signing_key(given: argparse.Namespace) -> int:
    """Print the fingerprint and the public key."""
    from app.bootstrap import build
    from app.reports.exports.signing import group_digits
    from app.settings import load_settings

    signer = build(load_settings()).signer
    if given.json:
        print(json.dumps({"fingerprint": signer.fingerprint, "public_key_pem": signer.public_pem}))
    else:
        print(signer.fingerprint)
        print(f"in groups: {group_digits(signer.fingerprint)}")
        print(signer.public_pem, end="")
    return 0


def _find_filters(session: Any, given: argparse.Namespace) -> dict[str, Any]:
    from sqlalchemy import or_, select

    from app.models.campaigns import Campaign
    from app.models.parties import Party

    found: dict[str, Any] = {}
    for name, table in (("campaign", Campaign), ("publisher", Party), ("advertiser", Party)):
        wanted = getattr(given, name)
        if wanted is not None:
            row_id = session.scalar(select(table.id).where(or_(table.id == wanted, table.external_id == wanted)))
            if row_id is None:
                raise NotFound(f"--{name} {wanted}: there is no such {name}")
            found[f"{name}_id"] = str(row_id)
    return found


def _read_day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(f"{option} {text!r}: expected a day such as 2026-11-01") from None


def _read_state(text: str | None) -> str | None:
    from app.intake.values import STATES

    if text is not None and text.strip().upper() not in STATES:
        raise InvalidInput(f"--state {text!r}: expected the two letters of a state, such as FL")
    return text.strip().upper() if text else None


def _read_number(text: str | None) -> str | None:
    from app.phone import parse_number

    if text is None:
        return None
    number = parse_number(text)
    if number is None:
        raise InvalidInput(f"--number {text!r}: expected a telephone number such as +12125550123")
    return number


def _read_formats(text: str) -> frozenset[ReportFormat]:
    words = {word.strip().lower() for word in text.split(",") if word.strip()}
    wrong = words - {str(each) for each in ReportFormat}
    if wrong:
        raise InvalidInput(f"--formats: expected some of csv, xlsx, pdf, got {', '.join(sorted(wrong))}")
    return frozenset({ReportFormat(word) for word in words} | {ReportFormat.CSV})
