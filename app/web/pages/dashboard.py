"""The first page: what happened lately, and what needs a person."""

from flask import Blueprint, render_template

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.web.job_board import count_jobs
from app.web.overview import WEEK, load_overview
from app.web.presenters.dashboard import present_dashboard


def make_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /."""
    bp = Blueprint("dashboard", __name__)

    @bp.get("/")
    @require(Permission.CALLS_VIEW)
    def show() -> str:
        identity, now = current_identity(), clock.now()
        with uow.read() as session:
            overview = load_overview(session, identity, now)
            jobs = count_jobs(session) if identity.may(Permission.WORKERS_VIEW) else None
        page = present_dashboard(overview, identity, (now - WEEK).date().isoformat(), jobs)
        return render_template("dashboard.html", page=page)

    return bp
