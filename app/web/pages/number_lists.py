"""Do-not-call lists in the browser: what is loaded and for how long it may be used, load a list, withdraw a version."""

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.number_files import LARGEST_LIST_BYTES, ListForm, Upload, load_list, withdraw_list
from app.compliance.registry.service import NumberLists
from app.errors import InvalidInput, InvalidTransition, ListDamaged, StorageFull
from app.intake.values import parse_moment
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import ListKind
from app.web.files import answer_file, read_pieces
from app.web.formatting import write_count
from app.web.presenters.number_lists import present_lists, title_of

FIELDS = ("kind", "state", "obtained_at", "san", "area_codes", "source", "source_version")
LONGEST_FIELD = 2000


def make_blueprint(uow: UnitOfWork, lists: NumberLists, clock: Clock, *, max_upload_mb: int) -> Blueprint:
    """Return the blueprint of /compliance/lists."""
    bp = Blueprint("number_lists", __name__, url_prefix="/compliance/lists")
    max_mb = min(max_upload_mb, LARGEST_LIST_BYTES // 1_000_000)

    def render(typed: Mapping[str, str], problem: str | None = None) -> str:
        page = present_lists(
            lists.freshness(),
            lists.store.versions(),
            lists.warnings(),
            clock.now(),
            typed=typed,
            problem=problem,
            max_mb=max_mb,
        )
        return render_template("number_lists.html", page=page)

    @bp.get("")
    @require(Permission.LISTS_MANAGE)
    def show() -> str:
        return render({"kind": ListKind.NATIONAL})

    @bp.post("")
    @require(Permission.LISTS_MANAGE)
    def load() -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:LONGEST_FIELD] for name in FIELDS}
        files = [Upload(file.stream, file.filename) for file in request.files.getlist("files") if file.filename]
        try:
            if not files:
                raise InvalidInput("expected at least one file: choose the list as you got it, plain or zipped")
            version, is_new = load_list(uow, lists, current_identity(), _read_form(typed), files)
        except (InvalidInput, StorageFull) as refusal:
            return render(typed, refusal.message), 422
        left_out = sum(file.garbage_count for file in version.files)
        rest = f"; {write_count(left_out)} rows that are no entries were left out, see below" if left_out else ""
        done = "Loaded" if is_new else "Was loaded before, nothing changed"
        flash(f"{done}: {title_of(version)}, {write_count(version.count)} numbers{rest}.", "warn" if left_out else "done")
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
