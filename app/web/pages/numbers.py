"""What was known of a number at a moment: asked by a form whose answer is no address, so that no number lands in a log."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.number_state import look_up_number
from app.compliance.registry.service import NumberLists
from app.errors import InvalidInput, ListDamaged
from app.intake.values import parse_moment
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.web.presenters.numbers import NumberView, present_number


def make_blueprint(uow: UnitOfWork, lists: NumberLists, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/numbers."""
    bp = Blueprint("numbers", __name__, url_prefix="/compliance/numbers")

    def render(typed: Mapping[str, str], found: NumberView | None = None, problem: str | None = None) -> str:
        return render_template("numbers.html", typed=typed, found=found, problem=problem)

    @bp.get("")
    @require(Permission.NUMBERS_LOOK_UP)
    def show() -> str:
        return render({})

    @bp.post("")
    @require(Permission.NUMBERS_LOOK_UP)
    def look_up() -> Any:
        typed = {name: request.form.get(name, "").strip()[:60] for name in ("number", "at")}
        try:
            at = _read_moment(typed["at"]) if typed["at"] else clock.now()
            facts = look_up_number(uow, lists, current_identity(), typed["number"], at)
        except InvalidInput as refusal:
            return render(typed, problem=refusal.message), 422
        return render(typed, present_number(facts))

    @bp.errorhandler(ListDamaged)
    def damaged(error: ListDamaged) -> tuple[str, int]:
        return render_template("error.html", status=500, title="A number list is damaged", message=error.message), 500

    return bp


def _read_moment(text: str) -> datetime:
    try:
        return parse_moment(text, UTC)
    except ValueError as error:
        raise InvalidInput(f"moment: {error}; without an offset it is read as UTC") from None
