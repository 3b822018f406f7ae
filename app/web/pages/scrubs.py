"""Files of numbers held against the lists: send one, read what came of it, and keep the history."""

from typing import Any, BinaryIO, cast

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.number_files import Later, garbage_key, read_report, receive_scrub, report_key
from app.compliance.number_uploads import Upload
from app.compliance.registry.service import NumberLists
from app.errors import InvalidInput, ListDamaged, NotFound, StorageFull
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind
from app.web.files import answer_file
from app.web.presenters.scrubs import present_scrub, present_scrubs
from app.web.task_forms import find_typed, list_open

SHOWN = 50


def make_blueprint(uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, *, max_upload_mb: int) -> Blueprint:
    """Return the blueprint of /compliance/scrubs."""
    bp = Blueprint("scrubs", __name__, url_prefix="/compliance/scrubs")

    def render(column: str = "", problem: str | None = None) -> str:
        with uow.read() as session:
            open_tasks = list_open(session, TaskKind.SCRUB)
        page = present_scrubs(
            lists.store.list_scrubs(SHOWN),
            lists.record_warnings(),
            column=column,
            problem=problem,
            max_mb=max_upload_mb,
            open_tasks=open_tasks,
        )
        return render_template("scrubs.html", page=page)

    @bp.get("")
    @require(Permission.NUMBERS_SCRUB)
    def show() -> str:
        """Show the form, filled with what was typed for a scrub that failed, and the history."""
        return render(find_typed(uow, TaskKind.SCRUB, request.args.get("again")).get("column", ""))

    @bp.post("")
    @require(Permission.NUMBERS_SCRUB)
    def scrub() -> Response | tuple[str, int]:
        column, file = request.form.get("column", "").strip()[:200], request.files.get("file")
        try:
            if file is None or not file.filename:
                raise InvalidInput("expected a file: choose a CSV file with telephone numbers")
            done = receive_scrub(
                uow,
                blobs,
                lists,
                current_identity(),
                Upload(cast(BinaryIO, file.stream), file.filename),
                column or None,
                max_bytes=max_upload_mb * 1_000_000,
            )
        except (InvalidInput, StorageFull) as refusal:
            return render(column, refusal.message), 422
        if isinstance(done, Later):
            return redirect(url_for("tasks.show", task_id=done.task_id), 303)
        return redirect(url_for("scrubs.read", name=done.name), 303)

    @bp.get("/<name>")
    @require(Permission.NUMBERS_SCRUB)
    def read(name: str) -> Any:
        record = lists.store.get_scrub(name)
        is_kept, has_garbage = (blobs.stat(key(name)) is not None for key in (report_key, garbage_key))
        return render_template("scrub.html", page=present_scrub(name, record, is_kept=is_kept, has_garbage=has_garbage))

    @bp.get("/<name>/report.csv")
    @require(Permission.NUMBERS_SCRUB)
    def download(name: str) -> Response:
        lists.store.get_scrub(name)
        if blobs.stat(report_key(name)) is None:
            raise NotFound("the report of this scrub is not kept here")
        return answer_file(read_report(uow, blobs, current_identity(), name), f"scrub-{name}.csv")

    @bp.get("/<name>/garbage.csv")
    @require(Permission.NUMBERS_SCRUB)
    def garbage(name: str) -> Response:
        lists.store.get_scrub(name)
        if blobs.stat(garbage_key(name)) is None:
            raise NotFound("the rows of this scrub that hold no number are not kept here")
        pieces = read_report(uow, blobs, current_identity(), name, is_garbage=True)
        return answer_file(pieces, f"scrub-{name}-garbage.csv")

    @bp.errorhandler(ListDamaged)
    def damaged(error: ListDamaged) -> tuple[str, int]:
        return render_template("error.html", status=500, title="A number list is damaged", message=error.message), 500

    return bp
