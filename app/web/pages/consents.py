"""Consents in the browser: which are on record and what each proves, record one, send a file of them, and what came of it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.consent_records.importing import ask_for_import, read_refusals
from app.compliance.consent_records.queries import ConsentFilters, list_consents
from app.compliance.consent_records.record import FIELDS, FLAGS, RecordRefused, read_record
from app.compliance.consent_records.service import record_alone
from app.errors import Conflict, InvalidInput, NotFound, StorageFull
from app.intake.values import parse_moment
from app.phone import parse_nanp
from app.ports import BlobStore, Clock
from app.tasks import get_task, list_tasks
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind
from app.web.files import answer_file
from app.web.presenters.consents import present_consents, present_form, present_import, present_imports, read_filters
from app.web.presenters.tasks import RESULT_PAGES

LONGEST_FIELD = 20_500
RESULT_PAGES[TaskKind.IMPORT_CONSENTS] = ("consents.read_import", lambda task: {"task_id": task.id})


def make_blueprint(uow: UnitOfWork, blobs: BlobStore, clock: Clock, *, max_upload_mb: int) -> Blueprint:
    """Return the blueprint of /compliance/consents."""
    bp = Blueprint("consents", __name__, url_prefix="/compliance/consents")

    def render(filters: ConsentFilters, typed: Mapping[str, str]) -> str:
        with uow.read() as session:
            page = list_consents(session, filters, clock.now())
        return render_template("consents.html", page=present_consents(page, filters, typed, current_identity()))

    @bp.get("")
    @require(Permission.CONSENTS_VIEW)
    def show() -> str:
        return render(read_filters(request.args), request.args)

    @bp.post("/find")
    @require(Permission.CONSENTS_VIEW)
    def find() -> str | tuple[str, int]:
        # By a form, so that no number lands in an address or a log.
        typed = request.form.get("number", "")[:40]
        number = parse_nanp(typed)
        if number is None:
            flash("Expected a North American telephone number such as (212) 555-0123.", "problem")
            return render(ConsentFilters(), {"number": typed}), 422
        return render(ConsentFilters(number=number), {"number": typed})

    @bp.get("/new")
    @require(Permission.CONSENTS_MANAGE)
    def new() -> str:
        return render_template("consent_new.html", page=present_form({"given_at": f"{clock.now():%Y-%m-%dT%H:%M}"}))

    @bp.post("/new")
    @require(Permission.CONSENTS_MANAGE)
    def record() -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "")[:LONGEST_FIELD] for name in FIELDS}
        typed["channels"] = ",".join(request.form.getlist("channels"))[:200]
        try:
            made = record_alone(uow, current_identity().actor, read_record(_read_cells(typed)))
        except RecordRefused as refusal:
            return render_template("consent_new.html", page=present_form(typed, misfits=refusal.misfits)), 422
        except (InvalidInput, Conflict) as refusal:
            return render_template("consent_new.html", page=present_form(typed, problem=refusal.message)), 422
        said = "On record." if made.is_new else "The same consent was on record already; nothing changed."
        again = f" {made.screened_again:,} calls are screened again." if made.screened_again else ""
        flash(said + again, "done")
        return redirect(url_for("consent.show", consent_id=made.id), 303)

    _add_import_pages(bp, uow, blobs, max_bytes=max_upload_mb * 1_000_000)
    return bp


def _add_import_pages(bp: Blueprint, uow: UnitOfWork, blobs: BlobStore, *, max_bytes: int) -> None:
    def render(problem: str | None = None) -> str:
        with uow.read() as session:
            tasks = list_tasks(session, TaskKind.IMPORT_CONSENTS, limit=20)
        return render_template("consent_imports.html", page=present_imports(tasks, problem, max_bytes))

    @bp.get("/import")
    @require(Permission.CONSENTS_MANAGE)
    def imports() -> str:
        return render()

    @bp.post("/import")
    @require(Permission.CONSENTS_MANAGE)
    def send() -> Response | tuple[str, int]:
        file = request.files.get("file")
        try:
            if file is None or not file.filename:
                raise InvalidInput("expected a file: choose a CSV or JSON Lines file with one consent a row")
            task_id = ask_for_import(uow, blobs, current_identity(), file.stream, file.filename, max_bytes=max_bytes)
        except (InvalidInput, StorageFull) as refusal:
            return render(refusal.message), 422
        return redirect(url_for("consents.read_import", task_id=task_id), 303)

    @bp.get("/import/<task_id>")
    @require(Permission.CONSENTS_MANAGE)
    def read_import(task_id: str) -> str:
        with uow.read() as session:
            task = get_task(session, task_id, TaskKind.IMPORT_CONSENTS)
        return render_template("consent_import.html", page=present_import(task), task=task)

    @bp.get("/import/<task_id>/refused.csv")
    @require(Permission.CONSENTS_MANAGE)
    def refused(task_id: str) -> Response:
        with uow.read() as session:
            task = get_task(session, task_id, TaskKind.IMPORT_CONSENTS)
        if not (task.result or {}).get("has_refusals"):
            raise NotFound("no row of this file was refused")
        return answer_file(read_refusals(blobs, task_id), f"refused-{task_id}.csv")


def _read_cells(typed: Mapping[str, str]) -> dict[str, object]:
    """Return what was typed as a record's cells: moments without offset are UTC, lines end as in the text that was pasted."""
    cells: dict[str, object] = {name: value if name == "text" else value.strip() for name, value in typed.items()}
    # Browsers send every line break as CR LF; text pasted into the form has LF, and so it is hashed.
    cells["text"] = typed["text"].replace("\r\n", "\n")
    cells |= {name: None if cells[name] in ("", "unknown") else cells[name] for name in FLAGS}
    for name in ("given_at", "certificate_created_at", "certificate_retained_at", "certificate_expires_at"):
        cells[name] = _with_zone(str(cells[name]))
    return cells


def _with_zone(text: str) -> str:
    try:
        at: datetime = parse_moment(text, UTC)
    except ValueError:
        return text  # which reading the record then refuses, with the field's name
    return at.isoformat()
