"""``earshot ingest``: take in recordings, folders and call logs."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.bootstrap import build
from app.cli.progress import ProgressLine
from app.intake.service import CsvOptions, IngestReport, ingest_paths, parse_allowed_hosts
from app.settings import load_settings

SOME_FAILED = 3


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "ingest",
        help="take in recordings, folders of them, and CSV call logs",
        description="Takes in calls. Doing it twice changes nothing; what does not fit is listed and can be replayed.",
        epilog="example: earshot ingest calls.csv recordings/ --time-zone America/New_York",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a recording, a folder, or a CSV call log")
    parser.add_argument(
        "--pattern",
        help="how file names tell facts, such as {started_at:%%Y%%m%%d-%%H%%M%%S}_{caller}_{external_id}.{ext}",
    )
    parser.add_argument("--sender", help="under which name the calls are known; default: csv or folder")
    parser.add_argument("--time-zone", metavar="ZONE", help="time zone of times without offset, such as America/New_York")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Take everything in; 3 when some items were refused."""
    settings = load_settings()
    services = build(settings)
    line = ProgressLine("ingest")
    report = ingest_paths(
        services.uow,
        services.blobs,
        given.paths,
        pattern=given.pattern,
        sender=given.sender,
        csv_options=CsvOptions(zone=given.time_zone),
        on_progress=lambda done, name: line.update(f"{done} items, {name}", 0.0),
        max_bytes=settings.max_upload_mb * 1_000_000,
        allowed_hosts=parse_allowed_hosts(settings.fetch_allow_hosts),
    )
    line.clear()
    print(json.dumps(asdict(report), ensure_ascii=False) if given.json else _render(report))
    return SOME_FAILED if report.rejected else 0


def _render(report: IngestReport) -> str:
    lines = [
        f"calls: {report.calls_new} new, {report.calls_changed} changed, {report.calls_known} known",
        f"recordings: {report.recordings_new} new, {report.recordings_known} known, "
        f"{report.recordings_not_kept} not kept because their campaign does not record",
    ]
    if report.recordings_to_fetch:
        lines.append(f"recordings to fetch from their addresses: {report.recordings_to_fetch}; the intake worker does it")
    lines += [f"skipped: {name}" for name in report.skipped]
    lines += [f"REFUSED {item.item}: {item.message}" for item in report.rejected]
    if report.rejected:
        lines.append("Refused items are kept and listed on the page /intake, where they can be replayed.")
    return "\n".join(lines)
