"""Reports in the browser: which there are, ask for one, how far it is, read it, and how whoever gets it checks it."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.ports import BlobStore, Clock
from app.reports.exports.service import (
    EVERY_FORMAT,
    ask_for_export,
    delete_export,
    get_export,
    list_exports,
    load_choices,
    read_export,
)
from app.reports.exports.signing import Signer
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind
from app.web.export_form import FIELDS, LONGEST_FIELD, read_request
from app.web.files import answer_file
from app.web.presenters.exports import default_fields, fields_of, present_export, present_exports
from app.web.presenters.tasks import FORMS, RESULT_PAGES

MEDIA_TYPES = {
    ".zip": "application/zip",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv; charset=utf-8",
}
RESULT_PAGES[TaskKind.EXPORT] = ("exports.read", lambda task: {"export_id": task.id})
FORMS[TaskKind.EXPORT] = "exports.show"


def make_blueprint(uow: UnitOfWork, blobs: BlobStore, signer: Signer, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/reports."""
    bp = Blueprint("exports", __name__, url_prefix="/compliance/reports")

    def render(typed: Mapping[str, str], formats: Sequence[str], refusal: InvalidInput | NotFound | None = None) -> str:
        with uow.read() as session:
            exports, choices = list_exports(session, blobs), load_choices(session)
        problem, field = (refusal.message, refusal.details.get("field")) if refusal else (None, None)
        page = present_exports(exports, choices, signer, typed, formats, problem=problem, problem_field=field)
        return render_template("exports.html", page=page)

    @bp.get("")
    @require(Permission.REPORTS_EXPORT)
    def show() -> str:
        """Show the reports; ``again`` fills the form with what was asked for before."""
        again = request.args.get("again")
        if again:
            with uow.read() as session:
                return render(*fields_of(get_export(session, blobs, again)))
        kind = request.args.get("kind", "")[:LONGEST_FIELD]
        return render(default_fields(clock.now().date()) | ({"kind": kind} if kind else {}), sorted(map(str, EVERY_FORMAT)))

    @bp.post("")
    @require(Permission.REPORTS_EXPORT)
    def ask() -> AnyResponse | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:LONGEST_FIELD] for name in (*FIELDS, "whole")}
        formats = request.form.getlist("formats")[:10]
        try:
            wanted = read_request(typed, formats)
            with uow.begin(current_identity().actor) as work:
                export_id = ask_for_export(work, current_identity(), wanted)
        except (InvalidInput, NotFound) as refusal:
            return render(typed, formats, refusal), 422
        return redirect(url_for("exports.read", export_id=export_id), 303)

    @bp.get("/<export_id>")
    @require(Permission.REPORTS_EXPORT)
    def read(export_id: str) -> str:
        with uow.read() as session:
            export, choices = get_export(session, blobs, export_id), load_choices(session)
        return render_template("export.html", page=present_export(export, choices, signer))

    @bp.get("/<export_id>/file")
    @require(Permission.REPORTS_EXPORT)
    def download(export_id: str) -> Response:
        """Answer the bundle, or one file of it by its ``name``."""
        filename, size, pieces = read_export(uow, blobs, current_identity(), export_id, request.args.get("name"))
        answer = answer_file(pieces, filename, MEDIA_TYPES[filename[filename.rindex(".") :]])
        answer.content_length = size
        return answer

    @bp.post("/<export_id>/delete")
    @require(Permission.REPORTS_EXPORT)
    def delete(export_id: str) -> AnyResponse:
        try:
            delete_export(uow, blobs, current_identity(), export_id)
        except InvalidTransition as refusal:
            flash(f"Not deleted: {refusal.message}", "problem")
        else:
            flash("The report was deleted; that it was made, and its hashes, stay on record.", "done")
        return redirect(url_for("exports.show"), 303)

    @bp.get("/signing-key.pem")
    @require(Permission.REPORTS_EXPORT)
    def signing_key() -> Response:
        return answer_file([signer.public_pem.encode()], "earshot-signing-key.pem", "application/x-pem-file")

    return bp
