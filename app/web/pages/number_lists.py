"""Do-not-call lists in the browser: what is loaded and for how long it may be used, load a list, withdraw a version."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import BinaryIO, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.list_clocks import find_clocks
from app.compliance.number_files import Later, ListForm, receive_list, withdraw_list
from app.compliance.number_uploads import Upload
from app.compliance.registry.service import NumberLists
from app.errors import InvalidInput, InvalidTransition, ListDamaged, StorageFull
from app.intake.values import parse_moment
from app.ports import BlobStore, Clock
from app.tasks import get_task
from app.unit_of_work import UnitOfWork
from app.vocabulary import ListKind, TaskKind
from app.web.calendar_file import write_calendar
from app.web.files import answer_file, read_pieces
from app.web.presenters.number_lists import fill_again, list_days, present_lists, say_loaded, title_of
from app.web.task_forms import find_typed, list_open

FIELDS = ("kind", "state", "obtained_at", "san", "area_codes", "source", "source_version")
LONGEST_FIELD = 2000


def make_blueprint(uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, clock: Clock, *, max_upload_mb: int) -> Blueprint:
    """Return the blueprint of /compliance/lists."""
    bp = Blueprint("number_lists", __name__, url_prefix="/compliance/lists")

    def render(typed: Mapping[str, str], problem: str | None = None) -> str:
        with uow.read() as session:
            open_tasks = list_open(session, TaskKind.LOAD_LIST, TaskKind.SCREEN_AGAIN)
        page = present_lists(
            lists.freshness(),
            lists.store.versions(),
            lists.record_warnings(),
            clock.now(),
            typed=typed,
            problem=problem,
            max_mb=max_upload_mb,
            open_tasks=open_tasks,
            again={name: request.args.get(name, "")[:500] for name in ("days", "reason")},
        )
        return render_template("number_lists.html", page=page)

    @bp.get("")
    @require(Permission.LISTS_MANAGE)
    def show() -> str:
        """Show the lists; ``again`` fills the form with what was typed for a load that failed, ``loaded`` tells of one."""
        typed = find_typed(uow, TaskKind.LOAD_LIST, request.args.get("again"))
        return render(fill_again(typed) if typed else {"kind": ListKind.NATIONAL})

    @bp.post("")
    @require(Permission.LISTS_MANAGE)
    def load() -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:LONGEST_FIELD] for name in FIELDS}
        sent = request.files.getlist("files")
        files = [Upload(cast(BinaryIO, file.stream), file.filename) for file in sent if file.filename]
        max_bytes = max_upload_mb * 1_000_000
        try:
            form = _read_form(typed)
            done = receive_list(uow, blobs, lists, current_identity(), form, files, max_bytes=max_bytes)
        except (InvalidInput, StorageFull) as refusal:
            return render(typed, refusal.message), 422
        if isinstance(done, Later):
            return redirect(url_for("tasks.show", task_id=done.task_id), 303)
        version, is_new = done
        flash(*say_loaded(version, is_new=is_new))
        return redirect(url_for("number_lists.show"), 303)

    @bp.get("/loaded/<task_id>")
    @require(Permission.LISTS_MANAGE)
    def loaded(task_id: str) -> Response:
        """Tell what came of a load that went on in the background, on the page of lists."""
        with uow.read() as session:
            result = get_task(session, task_id, TaskKind.LOAD_LIST).result
        version = next((v for v in lists.store.versions() if result and v.id == result["version"]), None)
        if result and version:
            flash(*say_loaded(version, is_new=result["is_new"]))
        return redirect(url_for("number_lists.show"), 303)

    @bp.post("/<version_id>/withdraw")
    @require(Permission.LISTS_MANAGE)
    def withdraw(version_id: str) -> Response:
        try:
            version = withdraw_list(uow, lists, current_identity(), version_id, request.form.get("why", "")[:LONGEST_FIELD])
        except (InvalidInput, InvalidTransition) as refusal:
            flash(f"Not withdrawn: {refusal.message}", "problem")
        else:
            flash(f"{title_of(version)} of {version.obtained_at:%d %b %Y} is out of force from now on.", "done")
        return redirect(url_for("number_lists.show"), 303)

    @bp.get("/calendar.ics")
    @require(Permission.LISTS_MANAGE)
    def calendar() -> Response:
        days = list_days(find_clocks(lists).clocks)
        text = write_calendar(days, clock.now(), "Do-not-call lists")
        return answer_file([text.encode()], "number-lists.ics", "text/calendar; charset=utf-8")

    @bp.get("/<version_id>/garbage.csv")
    @require(Permission.LISTS_MANAGE)
    def garbage(version_id: str) -> Response:
        path = lists.store.garbage_file(version_id)
        return answer_file(read_pieces(path), f"left-out-{version_id}.csv")

    @bp.errorhandler(ListDamaged)
    def damaged(error: ListDamaged) -> tuple[str, int]:
        return render_template("error.html", status=500, title="A number list is damaged", message=error.message), 500

    return bp


def _read_form(typed: Mapping[str, str]) -> ListForm:
    is_state = typed["kind"] == ListKind.STATE
    if is_state and not typed["state"]:
        raise InvalidInput("expected which state's list it is")
    return ListForm(
        list_name=f"{typed['kind']}:{typed['state']}" if is_state else typed["kind"],
        obtained_at=_read_moment(typed["obtained_at"]),
        san=typed["san"],
        area_codes=typed["area_codes"],
        source=typed["source"],
        source_version=typed["source_version"],
    )


def _read_moment(text: str) -> datetime:
    try:
        return parse_moment(text, UTC)
    except ValueError as error:
        raise InvalidInput(f"obtained at: {error}, in UTC; the 31 days are counted from it") from None
