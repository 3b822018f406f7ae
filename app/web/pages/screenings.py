"""Calls screened again: ask for it after a list was loaded or withdrawn, see how far it is, which findings came and went."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.screen_again import ask_screen_again
from app.errors import InvalidInput
from app.tasks import get_task
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind
from app.web.presenters.screenings import present_screening


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /compliance/screenings."""
    bp = Blueprint("screenings", __name__, url_prefix="/compliance/screenings")

    @bp.post("")
    @require(Permission.LISTS_MANAGE)
    def ask() -> Response:
        days, reason = request.form.get("days", "").strip()[:10], request.form.get("reason", "")
        try:
            if not days.isdecimal():
                raise InvalidInput("days: expected a whole number", field="days")
            with uow.begin(current_identity().actor) as work:
                task_id = ask_screen_again(work, days=int(days), reason=reason)
        except InvalidInput as refusal:
            flash(f"Nothing was asked for: {refusal.message}.", "problem")
            return redirect(url_for("number_lists.show", days=days, reason=reason[:500], _anchor="screen-again"), 303)
        return redirect(url_for("screenings.show", task_id=task_id), 303)

    @bp.get("/<task_id>")
    @require(Permission.LISTS_MANAGE)
    def show(task_id: str) -> str:
        with uow.read() as session:
            task = get_task(session, task_id, TaskKind.SCREEN_AGAIN)
        return render_template("screening_again.html", page=present_screening(task))

    return bp
