"""How does somebody get a report? Asked for, made by a worker as a task, kept as a blob, read and deleted on record.

A bundle lies under ``exports/<task id>.zip`` in the blob store until somebody deletes it. Who asked, for what, and why numbers
were shown whole stand in the task, in the manifest and in the audit trail.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.compliance.registry.service import NumberLists
from app.errors import Forbidden, InvalidInput, InvalidTransition, NotFound
from app.models.campaigns import Campaign
from app.models.parties import Party
from app.ports import BlobStore
from app.reports.exports.bundle import Made, Written, files_of, write_bundle
from app.reports.exports.contract import KindOfReport, Params, Reader
from app.reports.exports.house import load_house_facts
from app.reports.exports.kinds import get_kind
from app.reports.exports.signing import Signer
from app.tasks import OnProgress, TaskView, ask_for, get_task, list_tasks
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import EventKind, PartyKind, ReportFormat, ReportKind, Role, TaskKind

EVERY_FORMAT = frozenset(ReportFormat)
LONGEST_REASON = 500
SHOWN = 50
PIECE_BYTES = 256 * 1024
FILTERS = ("campaign_id", "publisher_id", "advertiser_id", "source_id", "state", "number")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What somebody wants: which report, of what, in which formats (CSV always goes with it)."""

    kind: ReportKind
    params: Params
    formats: frozenset[ReportFormat] = EVERY_FORMAT


@dataclass(frozen=True, slots=True)
class ExportView:
    """An export as pages and API show it; ``files`` are the names that can be had singly with their sizes."""

    task: TaskView
    request: ExportRequest
    asker: str
    is_kept: bool
    files: Mapping[str, int]

    @property
    def id(self) -> str:
        """The id of its task."""
        return self.task.id


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be asked for: pairs of id and name, by name."""

    campaigns: tuple[tuple[str, str], ...]
    publishers: tuple[tuple[str, str], ...]
    advertisers: tuple[tuple[str, str], ...]


def ask_for_export(work: Work, identity: Identity, request: ExportRequest) -> str:
    """Record that a report is wanted; return the task's id.

    Raises
    ------
    Forbidden, InvalidInput, NotFound
        If the asker is of an outside party, the period or a filter does not fit, or a filter names nothing.
    """
    if identity.is_outside:
        raise Forbidden("reports are exported by people of the network")
    kind = check_request(work.session, request)
    if request.params.number is not None:
        # The audit trail keeps what was asked for, for good: a whole number does not belong there.
        raise InvalidInput("a single number is asked for at the shell: earshot export --number", field="number")
    asker = {"name": identity.name, "role": str(identity.role)}
    return ask_for(work, TaskKind.EXPORT, title_of(kind, request.params), {**_to_json(request), "asker": asker})


def check_request(session: Session, request: ExportRequest) -> KindOfReport:
    """Return the kind of report when everything asked for fits. Raises InvalidInput, NotFound."""
    kind, params = get_kind(request.kind), request.params
    kind.check(params)
    if len(params.unmask_reason) > LONGEST_REASON:
        raise InvalidInput(f"the reason: expected at most {LONGEST_REASON} characters", field="unmask_reason")
    for name in FILTERS:
        if getattr(params, name) is not None and name not in kind.filters | {"source_id", "state", "number"}:
            raise InvalidInput(f"the {kind.title.lower()} cannot be narrowed by {name.removesuffix('_id')}", field=name)
    tables = {"campaign_id": Campaign, "publisher_id": Party, "advertiser_id": Party}
    for name, table in tables.items():
        wanted = getattr(params, name)
        if wanted is not None and session.get(table, wanted) is None:
            raise NotFound(f"there is no {name.removesuffix('_id')} {wanted}", field=name)
    return kind


def run_export(
    uow: UnitOfWork,
    blobs: BlobStore,
    lists: NumberLists,
    signer: Signer,
    now: datetime,
    task: TaskView,
    on_progress: OnProgress,
) -> dict[str, Any]:
    """Make the report that a task asks for and keep it; return the task's result. Safe to run twice."""
    request, asker = _from_json(task.params), task.params["asker"]
    identity = Identity(task.asked_by, asker["name"], Role(asker["role"]), None)
    with tempfile.TemporaryDirectory(prefix="earshot-bundle-") as folder:
        out = Path(folder, "bundle.zip")
        with uow.read() as session:
            written = write_export(
                session, request, identity, out, lists=lists, signer=signer, now=now, on_progress=on_progress
            )
        key = blob_key(task.id)
        blobs.delete(key)  # of an earlier attempt that died before it was noted
        blobs.put(key, _read(out))
    note_export(uow, identity, request, written, signer, subject=task.id)
    return {
        "blob_key": key,
        "sha256": written.sha256,
        "byte_count": written.byte_count,
        "rows": written.row_count,
        "filename": filename_of(request),
        "files": dict(written.files),
        "manifest_sha256": written.manifest_sha256,
        "fingerprint": signer.fingerprint,
    }


def write_export(
    session: Session,
    request: ExportRequest,
    identity: Identity,
    out: Path,
    *,
    lists: NumberLists | None,
    signer: Signer,
    now: datetime,
    on_progress: OnProgress,
) -> Written:
    """Write a report's bundle to a file. Raises InvalidInput, NotFound, TaskStopped."""
    kind, params = check_request(session, request), request.params
    reader = Reader(identity, sees_numbers=bool(params.unmask_reason) and not identity.is_outside)
    house = load_house_facts(session)
    report = kind.build(session, params, reader, lists=lists, now=now, on_progress=on_progress)
    made = Made(reader, now, request.formats, params.unmask_reason)
    return write_bundle(out, report, session, house=house, made=made, signer=signer, on_progress=on_progress)


def note_export(
    uow: UnitOfWork, identity: Identity, request: ExportRequest, written: Written, signer: Signer, *, subject: str
) -> None:
    """Put on record that a report was made: what it is, its hashes, and whether numbers stand in it whole."""
    reason = request.params.unmask_reason
    told = {
        "kind": str(request.kind),
        "since": request.params.since.isoformat(),
        "until": request.params.until.isoformat(),
        "rows": written.row_count,
        "sha256": written.sha256,
        "manifest_sha256": written.manifest_sha256,
        "fingerprint": signer.fingerprint,
        "numbers": "whole" if reason else "masked",
    }
    with uow.begin(identity.actor) as work:
        work.publish(EventKind.EXPORT_MADE, ("export", subject), told | ({"reason": reason} if reason else {}))


def list_exports(session: Session, blobs: BlobStore, limit: int = SHOWN) -> tuple[ExportView, ...]:
    """Return the newest exports, newest first."""
    return tuple(_view(task, blobs) for task in list_tasks(session, TaskKind.EXPORT, limit=limit))


def get_export(session: Session, blobs: BlobStore, export_id: str) -> ExportView:
    """Return an export. Raises NotFound."""
    return _view(get_task(session, export_id, TaskKind.EXPORT), blobs)


def read_export(
    uow: UnitOfWork, blobs: BlobStore, identity: Identity, export_id: str, name: str | None = None
) -> tuple[str, int, Iterator[bytes]]:
    """Record that an export is read; return the file's name, its size in bytes, and its content: the bundle, or one file of it.

    Raises
    ------
    NotFound
        If there is no such export, it is not made or was deleted, or has no such file.
    """
    with uow.read() as session:
        export = get_export(session, blobs, export_id)
    result = export.task.result
    if result is None or not export.is_kept:
        raise NotFound("this report is not kept here: it is not ready, or was deleted", export_id=export_id)
    if name is not None and name not in export.files:
        raise NotFound(f"the report has no file {name[:100]}", export_id=export_id)
    shown = name or "bundle"
    with uow.begin(identity.actor) as work:
        told = {"file": shown, "sha256": result["sha256"]}
        work.publish(EventKind.EXPORT_READ, ("export", export_id), told)
    pieces = blobs.open_range(blob_key(export_id))
    if name is None:
        return str(result["filename"]), int(result["byte_count"]), pieces
    stem = str(result["filename"]).removesuffix(".zip")
    return f"{stem}-{name.removeprefix('report-')}".replace("-report.", "."), export.files[name], _extract(pieces, name)


def delete_export(uow: UnitOfWork, blobs: BlobStore, identity: Identity, export_id: str) -> None:
    """Delete the bundle; that there was one, and its hashes, stay on record. Raises NotFound, InvalidTransition."""
    with uow.read() as session:
        export = get_export(session, blobs, export_id)
    if not export.task.is_over:
        raise InvalidTransition("the report is being made; stop it first", export_id=export_id)
    if not export.is_kept:
        return
    with uow.begin(identity.actor) as work:
        work.publish(EventKind.EXPORT_DELETED, ("export", export_id), {"sha256": (export.task.result or {}).get("sha256")})
    blobs.delete(blob_key(export_id))


def load_choices(session: Session) -> Choices:
    """Return what reports can be narrowed to."""
    parties = session.execute(select(Party.id, Party.name, Party.kind).order_by(Party.name, Party.id)).all()
    campaigns = session.execute(select(Campaign.id, Campaign.name).order_by(Campaign.name, Campaign.id))
    return Choices(
        campaigns=tuple((row.id, row.name) for row in campaigns),
        publishers=tuple((row.id, row.name) for row in parties if row.kind is PartyKind.PUBLISHER),
        advertisers=tuple((row.id, row.name) for row in parties if row.kind is PartyKind.ADVERTISER),
    )


def title_of(kind: KindOfReport, params: Params) -> str:
    """Return what is made, in words people read: the last day is part of it."""
    return f"{kind.title}, {params.since:%Y-%m-%d} to {params.until - timedelta(microseconds=1):%Y-%m-%d}"


def filename_of(request: ExportRequest) -> str:
    """Return the name under which a bundle is saved."""
    last = request.params.until - timedelta(microseconds=1)
    return f"earshot-{request.kind}-{request.params.since:%Y%m%d}-{last:%Y%m%d}.zip"


def blob_key(export_id: str) -> str:
    """Return the key under which a bundle is kept."""
    return f"exports/{export_id}.zip"


def _view(task: TaskView, blobs: BlobStore) -> ExportView:
    result = task.result or {}
    files = dict(result.get("files") or {})
    in_order = {name: int(files[name]) for name in files_of(tuple(files))}
    is_kept = task.result is not None and blobs.stat(blob_key(task.id)) is not None
    return ExportView(task, _from_json(task.params), task.params["asker"]["name"], is_kept, in_order)


def _to_json(request: ExportRequest) -> dict[str, Any]:
    params = request.params
    return {
        "kind": str(request.kind),
        "formats": sorted(map(str, request.formats)),
        "since": params.since.isoformat(),
        "until": params.until.isoformat(),
        "unmask_reason": params.unmask_reason,
        **{name: value for name in FILTERS if (value := getattr(params, name)) is not None},
    }


def _from_json(told: Mapping[str, Any]) -> ExportRequest:
    params = Params(
        since=datetime.fromisoformat(told["since"]),
        until=datetime.fromisoformat(told["until"]),
        unmask_reason=told["unmask_reason"],
    )
    filters = {name: told[name] for name in FILTERS if name in told}
    return ExportRequest(ReportKind(told["kind"]), replace(params, **filters), frozenset(map(ReportFormat, told["formats"])))


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _extract(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Yield one file of a bundle; the bundle lies on disk, in a file without a name, while it is read."""
    with tempfile.TemporaryFile(prefix="earshot-bundle-") as file:
        for piece in pieces:
            file.write(piece)
        with zipfile.ZipFile(file) as bundle, bundle.open(name) as entry:
            while piece := entry.read(PIECE_BYTES):
                yield piece
