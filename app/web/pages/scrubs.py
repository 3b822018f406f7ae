"""Files of numbers held against the lists: send one, read what came of it, and keep the history."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.number_files import LARGEST_SCRUB_BYTES, Upload, read_report, report_key, scrub_upload
from app.compliance.registry.service import NumberLists
from app.errors import InvalidInput, ListDamaged, NotFound, StorageFull
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.web.files import answer_file
from app.web.presenters.scrubs import present_scrub, present_scrubs

SHOWN = 50


def make_blueprint(uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, *, max_upload_mb: int) -> Blueprint:
    """Return the blueprint of /compliance/scrubs."""
    bp = Blueprint("scrubs", __name__, url_prefix="/compliance/scrubs")
    max_mb = min(max_upload_mb, LARGEST_SCRUB_BYTES // 1_000_000)

    def render(column: str = "", problem: str | None = None) -> str:
        page = present_scrubs(lists.store.list_scrubs(SHOWN), lists.warnings(), column=column, problem=problem, max_mb=max_mb)
        return render_template("scrubs.html", page=page)

    @bp.get("")
    @require(Permission.NUMBERS_SCRUB)
    def show() -> str:
        return render()

    @bp.post("")
    @require(Permission.NUMBERS_SCRUB)
    def scrub() -> Response | tuple[str, int]:
        column, file = request.form.get("column", "").strip()[:200], request.files.get("file")
        try:
            if file is None or not file.filename:
                raise InvalidInput("expected a file: choose a CSV file with telephone numbers")
            upload = Upload(file.stream, file.filename)
            report = scrub_upload(uow, blobs, lists, current_identity(), upload, column or None)
        except (InvalidInput, StorageFull) as refusal:
            return render(column, refusal.message), 422
        return redirect(url_for("scrubs.read", name=report.name), 303)

    @bp.get("/<name>")
    @require(Permission.NUMBERS_SCRUB)
    def read(name: str) -> Any:
        record = lists.store.get_scrub(name)
        is_kept = blobs.stat(report_key(name)) is not None
        return render_template("scrub.html", page=present_scrub(name, record, is_kept=is_kept))

    @bp.get("/<name>/report.csv")
    @require(Permission.NUMBERS_SCRUB)
    def download(name: str) -> Response:
        lists.store.get_scrub(name)
        if blobs.stat(report_key(name)) is None:
            raise NotFound("the report of this scrub is not kept here")
        return answer_file(read_report(uow, blobs, current_identity(), name), f"scrub-{name}.csv")

    @bp.errorhandler(ListDamaged)
    def damaged(error: ListDamaged) -> tuple[str, int]:
        return render_template("error.html", status=500, title="A number list is damaged", message=error.message), 500

    return bp
