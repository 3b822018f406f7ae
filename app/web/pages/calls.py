"""The list of calls, with filters, search in transcripts, and news of the analyses that are going on."""

from flask import Blueprint, render_template, request

from app.access.guard import current_identity, require
from app.access.identity import Identity
from app.access.permissions import Permission
from app.compliance.rule_texts import list_rule_ids
from app.unit_of_work import UnitOfWork
from app.web.call_list.filters import parse_filters
from app.web.call_list.names import load_campaign_names, load_source_names
from app.web.call_list.query import load_call_page, load_lines_of, load_rules
from app.web.presenters.call_list import CallListPage, present_analysis, present_call_list, present_live

MOST_LIVE = 50


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /calls and its live fragment."""
    bp = Blueprint("calls", __name__)

    @bp.get("/calls")
    @require(Permission.CALLS_VIEW)
    def list_calls() -> str:
        return render_template("calls.html", page=_load_page(uow, current_identity()))

    @bp.get("/calls/live")
    @require(Permission.CALLS_VIEW)
    def live() -> str:
        ids = request.args.get("calls", "").split(",")[:MOST_LIVE]
        with uow.read() as session:
            lines = load_lines_of(session, current_identity(), ids)
        analyses = [present_analysis(line) for line in lines]
        return render_template("calls_live.html", analyses=analyses, live=present_live(analyses))

    return bp


def _load_page(uow: UnitOfWork, identity: Identity) -> CallListPage:
    filters = parse_filters(request.args)
    with uow.read() as session:
        return present_call_list(
            load_call_page(session, identity, filters),
            filters,
            identity,
            campaigns=load_campaign_names(session, identity),
            sources=load_source_names(session, identity),
            # Which rules ever flagged somebody's call is the network's knowledge; others choose from the whole list.
            rules=list_rule_ids() if identity.is_outside else load_rules(session),
        )
