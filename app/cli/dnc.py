"""``earshot dnc``: load do-not-call lists, scrub files of numbers, check a number. Needs no database and no queue."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app.adapters.clock import SystemClock
from app.cli.progress import ProgressLine
from app.compliance.registry.loading import MOST_GARBAGE_SHARE
from app.compliance.registry.scrub import ScrubReport
from app.compliance.registry.service import NumberLists, NumberState, make_request
from app.compliance.registry.summaries import scrub_to_json, summarise_freshness, version_to_summary
from app.compliance.registry.versions import ListVersion, parse_area_codes, parse_list_name
from app.errors import EarshotError, InvalidInput
from app.intake.values import parse_moment
from app.settings import load_settings

SOME_FAILED = 3


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "dnc",
        help="load do-not-call lists, scrub files of numbers, check a number",
        description="Keeps do-not-call lists as versions and says what they say of a number, now or at any past moment.",
        epilog="example: earshot dnc load --list national --obtained-at 2026-11-20T14:00:00Z --san 1234 registry.zip",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_load(actions)
    scrub = actions.add_parser(
        "scrub",
        help="hold a file of numbers against the lists in force",
        description="Writes the file again, every row kept, with what each list says of its number, and the outcome.",
        epilog="example: earshot dnc scrub leads.csv --out leads-scrubbed.csv",
    )
    scrub.add_argument("numbers", type=Path, metavar="NUMBERS.csv", help="one number a row; any usual way of writing")
    scrub.add_argument("--out", type=Path, required=True, metavar="REPORT.csv", help="where the report goes")
    scrub.add_argument("--column", help="name or position of the column with the number; found by itself otherwise")
    scrub.add_argument("--at", metavar="T", help="as of a past moment instead of now")
    scrub.set_defaults(run=run_scrub)
    check = actions.add_parser(
        "check",
        help="what was known of a number, now or at a past moment",
        description="Names the versions of the lists in force at the moment, and what each says of the number.",
        epilog="example: earshot dnc check '(212) 555-0123' --at 2026-10-15T12:00:00-04:00",
    )
    check.add_argument("number", metavar="NUMBER")
    check.add_argument("--at", metavar="T", help="ISO 8601, such as 2026-10-15T12:00:00-04:00; without an offset it is UTC")
    check.set_defaults(run=run_check)
    status = actions.add_parser(
        "status",
        help="which versions are in force, how old they are, and whether their files are whole",
        epilog="example: earshot dnc status --verify",
    )
    status.add_argument("--verify", action="store_true", help="compare every file with its hash")
    status.set_defaults(run=run_status)
    withdraw = actions.add_parser(
        "withdraw",
        help="take a version that was loaded by mistake out of force",
        epilog="example: earshot dnc withdraw national-20261120-0123456789ab --why 'file of another account'",
    )
    withdraw.add_argument("version", metavar="VERSION")
    withdraw.add_argument("--why", required=True, help="the reason, which is kept")
    withdraw.set_defaults(run=run_withdraw)
    for action in (scrub, check, status, withdraw):
        action.add_argument("--json", action="store_true", help="one JSON object")


def _add_load(actions: Any) -> None:
    load = actions.add_parser(
        "load",
        help="load files as a version of a list",
        description="Loads full lists or change lists: flat text, XML, tables, zipped or not. Doing it twice changes nothing.",
        epilog="example: earshot dnc load --list national --obtained-at 2026-11-20T14:00:00Z --san 1234 305.zip 212.zip",
    )
    load.add_argument("files", nargs="+", type=Path, metavar="FILE")
    load.add_argument(
        "--list", required=True, dest="list_name", metavar="LIST", help="national, state:XX, internal, litigator or reassigned"
    )
    load.add_argument(
        "--obtained-at", required=True, metavar="T", help="when the list was obtained, ISO 8601; without an offset it is UTC"
    )
    load.add_argument("--san", help="the subscription account number it was obtained under")
    load.add_argument("--area-codes", metavar="CODES", help="the area codes it covers, such as 212,305; default: those in it")
    load.add_argument("--source", default="", help="who sold a list of litigators")
    load.add_argument("--source-version", help="the seller's own name of the version")
    load.add_argument(
        "--allow-garbage",
        type=float,
        default=100 * MOST_GARBAGE_SHARE,
        metavar="PERCENT",
        help="share of rows that may be no entries of the list, default %(default)s; more and the file is refused",
    )
    load.add_argument("--json", action="store_true", help="one JSON object")
    load.set_defaults(run=run_load)


def run_load(given: argparse.Namespace) -> int:
    """Load; 3 when the files were refused or rows were left out."""
    parse_list_name(given.list_name)
    if not 0 <= given.allow_garbage < 100:
        raise InvalidInput(f"--allow-garbage: expected a share from 0 to below 100, got {given.allow_garbage}")
    obtained_at, has_offset = _read_moment(given.obtained_at, "--obtained-at")
    request = make_request(
        given.list_name,
        obtained_at,
        tuple(given.files),
        san=(given.san or "").strip() or None,
        area_codes=parse_area_codes(given.area_codes) if given.area_codes else None,
        source=given.source.strip(),
        source_version=given.source_version,
        most_garbage=given.allow_garbage / 100,
        notes=() if has_offset else ("the moment it was obtained was given without an offset and read as UTC",),
    )
    progress = ProgressLine("dnc load")
    lists = _open_lists()
    try:
        version, is_new = lists.load(request, progress.update)
    except EarshotError as error:
        progress.clear()
        return _fail(error, given.json)
    progress.clear()
    warnings = lists.warnings()
    if given.json:
        print(json.dumps(version_to_summary(version) | {"is_new": is_new, "warnings": warnings}, ensure_ascii=False))
    else:
        print(_render_version(version, is_new))
        print("".join(f"warning: {warning}\n" for warning in warnings), end="")
    return SOME_FAILED if any(file.garbage_count for file in version.files) else 0


def run_scrub(given: argparse.Namespace) -> int:
    """Scrub; 3 when rows held no number."""
    at = _read_moment(given.at, "--at")[0] if given.at else None
    progress = ProgressLine("dnc scrub")
    try:
        report = _open_lists().scrub(
            given.numbers,
            given.out,
            at=at,
            column=given.column,
            on_progress=lambda rows, share: progress.update(f"{rows:,} rows", share),
        )
    except EarshotError as error:
        progress.clear()
        return _fail(error, given.json)
    progress.clear()
    print(json.dumps(scrub_to_json(report), ensure_ascii=False) if given.json else _render_scrub(report, given.out))
    return SOME_FAILED if report.invalid else 0


def run_check(given: argparse.Namespace) -> int:
    """Say what was known of a number."""
    at = _read_moment(given.at, "--at")[0] if given.at else None
    state = _open_lists().check(given.number, at)
    if given.json:
        print(json.dumps(asdict(state) | {"at": state.at.isoformat()}, ensure_ascii=False))
    else:
        print(_render_state(state))
    return 0


def run_status(given: argparse.Namespace) -> int:
    """Print the lists in force; 3 when a file is damaged."""
    lists = _open_lists()
    rows = summarise_freshness(lists.freshness())
    checked = lists.verify() if given.verify else []
    versions = {version.id: version for version in lists.store.versions()}
    damaged = [problem for _, problem in checked if problem]
    if given.json:
        answer = {
            "in_force": rows,
            "versions": [version_to_summary(version) for version in versions.values()],
            "warnings": lists.warnings(),
            "verified": len(checked) if given.verify else None,
            "damaged": damaged,
        }
        print(json.dumps(answer, ensure_ascii=False))
    else:
        for row in rows:
            version = versions[row["version"]]
            codes = "all area codes" if row["area_codes"] is None else f"{len(row['area_codes'])} area codes"
            left = "" if row["days_left"] is None else f", {row['days_left']} days left"
            print(
                f"{row['list']}: {version.count:,} numbers, {codes}, {row['age_days']} days old, "
                f"{row['state']}{left}, {version.id}"
            )
        print("".join(f"warning: {warning}\n" for warning in lists.warnings()), end="")
        print("".join(f"DAMAGED {problem}\n" for problem in damaged), end="")
        if given.verify and not damaged:
            print(f"{len(checked)} files are what was written")
    return SOME_FAILED if damaged else 0


def run_withdraw(given: argparse.Namespace) -> int:
    """Take a version out of force."""
    version = _open_lists().withdraw(given.version, given.why)
    print(
        json.dumps(version_to_summary(version), ensure_ascii=False)
        if given.json
        else f"withdrawn: {version.id} is out of force from now on; what it said before stays on record"
    )
    return 0


def _open_lists() -> NumberLists:
    return NumberLists(load_settings().data_dir, SystemClock())


def _fail(error: EarshotError, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": {"code": error.code, "message": error.message}}, ensure_ascii=False))
    else:
        print(f"REFUSED {error.message}")
    return SOME_FAILED


def _read_moment(text: str, option: str) -> tuple[datetime, bool]:
    try:
        return parse_moment(text), True
    except ValueError:
        pass
    try:
        day = date.fromisoformat(text.strip())
        return datetime(day.year, day.month, day.day, tzinfo=UTC), False
    except ValueError:
        pass
    try:
        return parse_moment(text, UTC), False
    except ValueError as error:
        raise InvalidInput(f"{option} {text!r}: {error}") from None


def _render_version(version: ListVersion, is_new: bool) -> str:
    rows = sum(file.row_count for file in version.files)
    left_out = sum(file.garbage_count for file in version.files)
    codes = "all area codes" if version.area_codes is None else f"{len(version.area_codes)} area codes"
    lines = [
        f"{'loaded' if is_new else 'already loaded'}: {version.id}",
        f"  {version.count:,} numbers from {rows:,} rows of {len(version.files)} files, {codes}, "
        f"obtained {version.obtained_at:%Y-%m-%d %H:%M} UTC",
    ]
    if version.is_change:
        lines.append(f"  changes: {version.added:,} added, {version.deleted:,} deleted, on {', '.join(version.bases)}")
    if left_out:
        lines.append(f"  LEFT OUT {left_out:,} rows that are no entries, listed in garbage.csv of the version; the first:")
        lines += [f"    {row}" for row in version.garbage[:10]]
    return "\n".join(lines + [f"  note: {text}" for text in version.notes])


def _render_scrub(report: ScrubReport, out: Path) -> str:
    counts = ", ".join(f"{report.outcomes[word]:,} {word}" for word in ("allowed", "blocked", "unknown"))
    lines = [f"{report.rows:,} rows: {counts}, {report.invalid:,} no number", f"report: {out} (SHA-256 {report.report_sha256})"]
    lines += [f"  on {title}: {count:,}" for title, count in report.listed.items()]
    lines += [f"  NO NUMBER {row}" for row in report.garbage]
    return "\n".join(lines + [f"warning: {warning}" for warning in report.warnings])


def _render_state(state: NumberState) -> str:
    lines = [f"{state.number} at {state.at:%Y-%m-%d %H:%M:%S} UTC: {state.outcome}: {state.reason}"]
    for answer in state.answers:
        said = ", ".join(
            f"{key.replace('_', ' ')} {value}" for key, value in answer.items() if key not in ("list", "answer") and value
        )
        lines.append(f"  {answer['list']}: {str(answer['answer']).replace('_', ' ')} ({said})")
    lines += [f"  note: {state.note}"] if state.note else []
    return "\n".join(lines + [f"warning: {warning}" for warning in state.warnings])
