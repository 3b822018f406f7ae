"""What do the pages of reports show? The reports there are, those made, and how each is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.reports.exports.kinds import KINDS
from app.reports.exports.service import Choices, ExportView
from app.reports.exports.signing import Signer, group_digits
from app.tasks import TaskView
from app.vocabulary import ReportFormat, ReportKind

ICONS = {
    ReportKind.CONSENT: "circle-check",
    ReportKind.SCRUB: "filter",
    ReportKind.HOURS: "clock",
    ReportKind.RECORDING_CONSENT: "mic-off",
    ReportKind.TSR: "list-checks",
    ReportKind.SCORECARD: "chart-column",
    ReportKind.CALLS: "phone-call",
}
FORMAT_TITLES = {ReportFormat.XLSX: "Excel workbook", ReportFormat.PDF: "PDF"}
FILE_TITLES = {".pdf": "PDF", ".xlsx": "Excel workbook", ".csv": "CSV"}


@dataclass(frozen=True, slots=True)
class KindCard:
    """One report that can be made."""

    kind: ReportKind
    title: str
    tells: str
    icon: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file of a bundle that can be had singly."""

    name: str
    title: str
    size: str


@dataclass(frozen=True, slots=True)
class ExportLine:
    """A report that was asked for."""

    id: str
    title: str
    icon: str
    asker: str
    asked_at: datetime
    task: TaskView
    rows: int | None
    size: str
    files: tuple[FileLink, ...]
    filters: tuple[tuple[str, str], ...]
    is_whole: bool
    reason: str
    is_kept: bool
    filename: str
    sha256: str
    manifest_sha256: str
    command: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """By what the reports of this house are known."""

    fingerprint: str
    grouped: str


@dataclass(frozen=True, slots=True)
class ExportsPage:
    """The form and the history."""

    cards: tuple[KindCard, ...]
    choices: Choices
    formats: tuple[tuple[ReportFormat, str, bool], ...]
    typed: Mapping[str, str]
    problem: str | None
    problem_field: str | None
    open: tuple[ExportLine, ...]
    made: tuple[ExportLine, ...]
    key: SigningKey


@dataclass(frozen=True, slots=True)
class ExportPage:
    """One report."""

    line: ExportLine
    key: SigningKey


def present_exports(
    exports: Sequence[ExportView],
    choices: Choices,
    signer: Signer,
    typed: Mapping[str, str],
    formats: Sequence[str],
    *,
    problem: str | None = None,
    problem_field: str | None = None,
) -> ExportsPage:
    """Return the page of reports."""
    lines = [present_line(export, choices) for export in exports]
    chosen = typed.get("kind") or ReportKind.CONSENT
    return ExportsPage(
        cards=tuple(KindCard(k.kind, k.title, k.tells, ICONS[k.kind], k.kind == chosen) for k in KINDS.values()),
        choices=choices,
        formats=tuple((each, title, str(each) in formats) for each, title in FORMAT_TITLES.items()),
        typed=typed,
        problem=problem,
        problem_field=problem_field,
        open=tuple(line for line in lines if not line.task.is_over),
        made=tuple(line for line in lines if line.task.is_over),
        key=present_key(signer),
    )


def present_export(export: ExportView, choices: Choices, signer: Signer) -> ExportPage:
    """Return the page of one report."""
    return ExportPage(present_line(export, choices), present_key(signer))


def present_key(signer: Signer) -> SigningKey:
    """Return what people compare."""
    return SigningKey(signer.fingerprint, group_digits(signer.fingerprint))


def present_line(export: ExportView, choices: Choices) -> ExportLine:
    """Return a report as the history shows it."""
    result, request = export.task.result or {}, export.request
    filename = str(result.get("filename", ""))
    return ExportLine(
        id=export.id,
        title=export.task.title,
        icon=ICONS[request.kind],
        asker=export.asker,
        asked_at=export.task.asked_at,
        task=export.task,
        rows=result.get("rows"),
        size=write_size(int(result.get("byte_count", 0))),
        files=tuple(_link(name, size) for name, size in export.files.items()),
        filters=_describe_filters(export, choices),
        is_whole=bool(request.params.unmask_reason),
        reason=request.params.unmask_reason,
        is_kept=export.is_kept,
        filename=filename,
        sha256=str(result.get("sha256", "")),
        manifest_sha256=str(result.get("manifest_sha256", "")),
        command=f"earshot verify {filename} --key {result.get('fingerprint', '')}",
    )


def default_fields(today: date) -> dict[str, str]:
    """Return what the form holds before anybody types: the consent report of the last 30 days."""
    return {
        "kind": str(ReportKind.CONSENT),
        "from": (today - timedelta(days=29)).isoformat(),
        "to": today.isoformat(),
    }


def fields_of(export: ExportView) -> tuple[dict[str, str], list[str]]:
    """Return what the form held when a report was asked for, and the formats."""
    params = export.request.params
    typed = {
        "kind": str(export.request.kind),
        "from": params.since.date().isoformat(),
        "to": (params.until - timedelta(microseconds=1)).date().isoformat(),
        "campaign": params.campaign_id or "",
        "publisher": params.publisher_id or "",
        "advertiser": params.advertiser_id or "",
        "state": params.state or "",
        "reason": params.unmask_reason,
        "whole": "yes" if params.unmask_reason else "",
    }
    return typed, sorted(map(str, export.request.formats))


def write_size(byte_count: int) -> str:
    """Return a size in the largest fitting unit: 700 bytes, 12 kB, 3.4 MB."""
    if byte_count < 1000:
        return f"{byte_count} bytes"
    return f"{byte_count / 1e3:.0f} kB" if byte_count < 1_000_000 else f"{byte_count / 1e6:.1f} MB"


def _link(name: str, size: int) -> FileLink:
    title = next(title for suffix, title in FILE_TITLES.items() if name.endswith(suffix))
    if name.endswith(".csv"):
        title = f"{title}: {name.removeprefix('report-').removesuffix('.csv').replace('-', ' ')}"
    return FileLink(name, title, write_size(size))


def _describe_filters(export: ExportView, choices: Choices) -> tuple[tuple[str, str], ...]:
    params = export.request.params
    named = (
        ("Campaign", params.campaign_id, choices.campaigns),
        ("Publisher", params.publisher_id, choices.publishers),
        ("Advertiser", params.advertiser_id, choices.advertisers),
    )
    told = [(title, dict(pairs).get(wanted, wanted)) for title, wanted, pairs in named if wanted is not None]
    return (*told, *((("State", params.state),) if params.state else ()))
