"""Publishers' scorecards in the browser: all of them beside each other, and one with its weeks, rules and sources."""

from datetime import timedelta

from flask import Blueprint, render_template, request
from sqlalchemy import select

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.access.scope import scope_calls
from app.errors import NotFound
from app.models.calls import Call
from app.ports import Clock
from app.reports.exports.contract import Params, Reader, day_start
from app.reports.exports.scorecard import before_of, count_period, count_weeks
from app.unit_of_work import UnitOfWork
from app.web.presenters.scorecards import PERIODS, present_publisher, present_publishers


def make_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/scorecards."""
    bp = Blueprint("scorecards", __name__, url_prefix="/compliance/scorecards")

    def read_params(publisher_id: str | None = None) -> Params:
        asked = request.args.get("days", "")
        days = int(asked) if asked in PERIODS else 28
        until = day_start(clock.now().date()) + timedelta(days=1)
        return Params(until - timedelta(days=days), until, publisher_id=publisher_id)

    @bp.get("")
    @require(Permission.SCORECARDS_VIEW)
    def show() -> str:
        params, reader = read_params(), Reader(current_identity())
        with uow.read() as session:
            counts, before = count_period(session, params, reader), count_period(session, before_of(params), reader)
        return render_template("scorecards.html", page=present_publishers(params, counts, before))

    @bp.get("/<publisher_id>")
    @require(Permission.SCORECARDS_VIEW)
    def read(publisher_id: str) -> str:
        params, reader = read_params(publisher_id), Reader(current_identity())
        with uow.read() as session:
            sent = scope_calls(select(Call.id).where(Call.publisher_id == publisher_id), reader.identity)
            if session.scalar(sent.limit(1)) is None:
                raise NotFound("there is no such publisher, or it sent no call that you may see")
            counts, before = count_period(session, params, reader), count_period(session, before_of(params), reader)
            weeks = count_weeks(session, params, reader)
            page = present_publisher(session, publisher_id, params, counts, before, weeks)
        return render_template("scorecard.html", page=page)

    return bp
