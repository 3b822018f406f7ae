"""The read-only lists of campaigns and call sources."""

from flask import Blueprint, render_template

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.web.presenters.trade import present_campaigns, present_sources
from app.web.trade_lists import list_campaigns, list_sources


def make_campaigns_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /campaigns."""
    bp = Blueprint("campaigns", __name__)

    @bp.get("/campaigns", endpoint="list_campaigns")
    @require(Permission.CAMPAIGNS_VIEW)
    def show() -> str:
        with uow.read() as session:
            page = present_campaigns(list_campaigns(session, current_identity(), clock.now()))
        return render_template("campaigns.html", page=page)

    return bp


def make_sources_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /sources."""
    bp = Blueprint("sources", __name__)

    @bp.get("/sources", endpoint="list_sources")
    @require(Permission.SOURCES_VIEW)
    def show() -> str:
        with uow.read() as session:
            page = present_sources(list_sources(session, current_identity(), clock.now()))
        return render_template("sources.html", page=page)

    return bp
