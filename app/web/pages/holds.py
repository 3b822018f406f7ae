"""Legal holds in the browser: what may not be erased, since when and why; place one, release one."""

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.privacy.holds import list_holds, place_hold, release_hold
from app.errors import InvalidInput, InvalidTransition
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import HoldSubject
from app.web.presenters.privacy import present_holds

FIELDS = ("kind", "subject", "reason", "until")
LONGEST_FIELD = 4000


def make_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/holds."""
    bp = Blueprint("holds", __name__, url_prefix="/compliance/holds")

    def render(typed: Mapping[str, str], problem: InvalidInput | None = None) -> str:
        with_released = request.args.get("all") == "1"
        with uow.read() as session:
            lines = list_holds(session, with_released=with_released)
        page = present_holds(lines, typed, clock.now().date(), with_released=with_released, problem=problem)
        return render_template("holds.html", page=page)

    @bp.get("")
    @require(Permission.PRIVACY_MANAGE)
    def show() -> str:
        return render({"kind": HoldSubject.NUMBER})

    @bp.post("")
    @require(Permission.PRIVACY_MANAGE)
    def place() -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:LONGEST_FIELD] for name in FIELDS}
        try:
            with uow.begin(current_identity().actor) as work:
                until = read_day(typed["until"])
                place_hold(work, read_subject_kind(typed["kind"]), typed["subject"], reason=typed["reason"], until=until)
        except InvalidInput as refusal:
            return render(typed, refusal), 422
        flash("Placed. Nothing that it covers is erased while it lasts.", "done")
        return redirect(url_for("holds.show"), 303)

    @bp.post("/<hold_id>/release")
    @require(Permission.PRIVACY_MANAGE)
    def release(hold_id: str) -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                release_hold(work, hold_id, why=request.form.get("why", "")[:LONGEST_FIELD])
        except (InvalidInput, InvalidTransition) as refusal:
            flash(f"Not released: {refusal.message}.", "problem")
        else:
            flash("Released.", "done")
        return redirect(url_for("holds.show"), 303)

    return bp


def read_subject_kind(text: str) -> HoldSubject:
    """Return what a hold is about. Raises InvalidInput."""
    try:
        return HoldSubject(text)
    except ValueError:
        raise InvalidInput(f"expected one of {', '.join(HoldSubject)}", field="kind") from None


def read_day(text: str) -> date | None:
    """Return the day, None for an empty field. Raises InvalidInput."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("expected a day such as 2027-03-31", field="until") from None
