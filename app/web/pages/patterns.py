"""What do the calls of the last days say together? One page, read from what is on record; nothing on it changes anything."""

from flask import Blueprint, render_template, request

from app.access.guard import require
from app.access.permissions import Permission
from app.compliance.patterns.service import find_patterns
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.web.presenters.patterns import choose_window, present_patterns


def make_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/patterns."""
    bp = Blueprint("patterns", __name__)

    @bp.get("/compliance/patterns")
    @require(Permission.PATTERNS_VIEW)
    def show() -> tuple[str, int]:
        days, problem = choose_window(request.args.get("days", ""))
        with uow.read() as session:
            patterns = find_patterns(session, clock.now(), days)
        page = present_patterns(patterns, days, problem)
        return render_template("patterns.html", page=page), 422 if problem else 200

    return bp
