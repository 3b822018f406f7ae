"""What came in and what could not be taken in: batches, refused items with the reason, replay and dismissal."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import AudioUnreadable, InvalidInput, InvalidTransition, StorageFull
from app.intake.rejections import dismiss_rejection, list_rejections, replay_rejection
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.web.batches import list_batches
from app.web.presenters.intake import present_intake


def make_blueprint(uow: UnitOfWork, blobs: BlobStore) -> Blueprint:
    """Return the blueprint of /intake."""
    bp = Blueprint("intake", __name__, url_prefix="/intake")

    @bp.get("")
    @require(Permission.INTAKE_VIEW)
    def show() -> str:
        is_open = request.args.get("show") != "all"
        with uow.read() as session:
            rejections = list_rejections(session, request.args.get("before"), is_open=is_open)
            batches = list_batches(session)
        return render_template("intake.html", page=present_intake(rejections, batches, is_open=is_open))

    @bp.post("/rejections/<rejection_id>/replay")
    @require(Permission.INTAKE_REPLAY)
    def replay(rejection_id: str) -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                replayed = replay_rejection(work, blobs, rejection_id)
        except (InvalidTransition, InvalidInput, AudioUnreadable, StorageFull) as refusal:
            flash(f"Not taken in: {refusal.message}", "problem")
            return redirect(url_for("intake.show"), 303)
        flash("Taken in; the recording is being fetched." if replayed.is_fetching else "Taken in.", "done")
        return redirect(f"/calls/{replayed.call_id}", 303)

    @bp.post("/rejections/<rejection_id>/dismiss")
    @require(Permission.INTAKE_REPLAY)
    def dismiss(rejection_id: str) -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                dismiss_rejection(work, rejection_id, request.form.get("reason", ""))
        except (InvalidTransition, InvalidInput) as refusal:
            flash(f"Not dismissed: {refusal.message}", "problem")
        else:
            flash("Dismissed.", "done")
        return redirect(url_for("intake.show"), 303)

    return bp
