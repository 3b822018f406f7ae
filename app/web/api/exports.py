"""The API's routes about reports: ask for one, follow it, get its bundle or one file of it."""

from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, url_for
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import InvalidInput
from app.models.campaigns import Campaign
from app.models.parties import Party
from app.ports import BlobStore
from app.reports.exports.service import EVERY_FORMAT, ExportView, ask_for_export, get_export, list_exports, read_export
from app.unit_of_work import UnitOfWork
from app.vocabulary import ReportFormat, ReportKind, TaskState
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body, Query
from app.web.export_form import read_request
from app.web.files import answer_file
from app.web.pages.exports import MEDIA_TYPES

KEYED = {"parameters": [KEY_HEADER]}
MISSING = {404: "There is no such report."}
NOT_KEPT = {404: "There is no such report or file, it is not made yet, or it was deleted."}
BYTES: dict[str, Any] = {
    "description": "The bundle, or one file of it.",
    "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in sorted(MEDIA_TYPES.values())},
}


class ExportIn(Body):
    """Which report is wanted, of what; days are UTC, the last one is part of it."""

    report: ReportKind
    first_day: date
    last_day: date
    campaign: str | None = Field(None, min_length=1, max_length=200, description="external id; must be on record")
    publisher: str | None = Field(None, min_length=1, max_length=200, description="external id; must be on record")
    advertiser: str | None = Field(None, min_length=1, max_length=200, description="external id; must be on record")
    state: str | None = Field(None, min_length=2, max_length=2, description="where the consumer may have been: FL")
    formats: list[ReportFormat] = Field(
        default_factory=lambda: sorted(EVERY_FORMAT), max_length=3, description="CSV is always written"
    )
    whole_numbers_reason: str = Field(
        "", max_length=500, description="why numbers of people have to be whole; empty: the last four digits are shown"
    )


class ExportFileOut(Answer):
    """A file of the bundle that can be had by itself."""

    name: str
    byte_count: int
    url: str


class ExportOut(Answer):
    """A report: how far it is, and what came of it; what is not known yet is null."""

    id: str
    report: ReportKind
    title: str
    state: TaskState
    asked_at: AwareDatetime
    asked_by: str
    finished_at: AwareDatetime | None
    done: int
    total: int | None
    note: str = Field(description="what goes on just now")
    failure: str | None
    numbers: str = Field(description="masked or whole")
    rows: int | None
    byte_count: int | None
    sha256: str | None = Field(description="of the bundle, hex")
    manifest_sha256: str | None
    fingerprint: str | None = Field(description="of the key that signed it")
    url: str | None = Field(description="of the bundle; null where it is not kept")
    files: list[ExportFileOut]


class ExportsOut(Answer):
    """The newest reports, newest first."""

    items: list[ExportOut]


class ExportsQuery(Query):
    """How many are wanted."""

    limit: int = Field(50, ge=1, le=200)


class ExportFileQuery(Query):
    """Which file of the bundle; left out: the bundle."""

    name: str | None = Field(None, max_length=100)


def add_export_routes(api: APIBlueprint, uow: UnitOfWork, blobs: BlobStore) -> None:
    """Add the routes below ``/exports``."""

    @api.post("/exports")
    @idempotent(uow)
    @require(Permission.REPORTS_EXPORT)
    @api.doc(
        summary="Ask for a report; a worker makes it",
        responses=answers(CONFLICT),
        security="token",
        extensions=KEYED,
    )
    @api.input(ExportIn, location="json", arg_name="body")
    @api.output(ExportOut, 201)
    def ask_export(body: ExportIn) -> Any:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            wanted = read_request(_to_fields(work.session, body), [str(each) for each in body.formats])
            export_id = ask_for_export(work, identity, wanted)
        return show(export_id), 201

    @api.get("/exports")
    @require(Permission.REPORTS_EXPORT)
    @api.doc(summary="List the newest reports", responses=answers(), security="token")
    @api.input(ExportsQuery, location="query", arg_name="query")
    @api.output(ExportsOut)
    def list_of_exports(query: ExportsQuery) -> Any:
        with uow.read() as session:
            return ExportsOut(items=[_show(export) for export in list_exports(session, blobs, query.limit)])

    @api.get("/exports/<export_id>")
    @require(Permission.REPORTS_EXPORT)
    @api.doc(summary="Read how far a report is, and what came of it", responses=answers(MISSING), security="token")
    @api.output(ExportOut)
    def read_one_export(export_id: str) -> Any:
        return show(export_id)

    @api.get("/exports/<export_id>/file")
    @require(Permission.REPORTS_EXPORT)
    @api.doc(
        summary="Get the bundle of a report, or one file of it; the reading is put on record",
        responses=answers(NOT_KEPT, {200: BYTES}),
        security="token",
    )
    @api.input(ExportFileQuery, location="query", arg_name="query")
    def read_export_file(export_id: str, query: ExportFileQuery) -> Response:
        filename, size, pieces = read_export(uow, blobs, current_identity(), export_id, query.name)
        answer = answer_file(pieces, filename, MEDIA_TYPES[filename[filename.rindex(".") :]])
        answer.content_length = size
        return answer

    def show(export_id: str) -> ExportOut:
        with uow.read() as session:
            return _show(get_export(session, blobs, export_id))


def _to_fields(session: Session, body: ExportIn) -> dict[str, str]:
    """Return the body as the fields of the form; external ids become those of this house. Raises InvalidInput."""
    fields = {
        "kind": str(body.report),
        "from": body.first_day.isoformat(),
        "to": body.last_day.isoformat(),
        "state": body.state or "",
        "reason": body.whole_numbers_reason.strip(),
        "whole": "yes" if body.whole_numbers_reason.strip() else "",
    }
    for name, table in (("campaign", Campaign), ("publisher", Party), ("advertiser", Party)):
        wanted = getattr(body, name)
        if wanted is not None:
            found = session.scalar(select(table.id).where(table.external_id == wanted))
            if found is None:
                raise InvalidInput(f"{name}: expected the external id of one that is on record", field=name)
            fields[name] = str(found)
    return fields


def _show(export: ExportView) -> ExportOut:
    task, result = export.task, export.task.result or {}
    return ExportOut(
        id=export.id,
        report=export.request.kind,
        title=task.title,
        state=task.state,
        asked_at=task.asked_at,
        asked_by=export.asker,
        finished_at=task.finished_at,
        done=task.done,
        total=task.total,
        note=task.note,
        failure=task.failure,
        numbers="whole" if export.request.params.unmask_reason else "masked",
        rows=result.get("rows"),
        byte_count=result.get("byte_count"),
        sha256=result.get("sha256"),
        manifest_sha256=result.get("manifest_sha256"),
        fingerprint=result.get("fingerprint"),
        url=url_for("api.read_export_file", export_id=export.id) if export.is_kept else None,
        files=[
            ExportFileOut(name=name, byte_count=size, url=url_for("api.read_export_file", export_id=export.id, name=name))
            for name, size in export.files.items()
        ]
        if export.is_kept
        else [],
    )
