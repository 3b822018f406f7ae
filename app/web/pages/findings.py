"""The board of findings, and one finding with its evidence: decide about it, replay what made it, go to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access.guard import current_identity, require
from app.access.identity import Identity
from app.access.permissions import Permission
from app.compliance.editions.judges import judge_in_force
from app.compliance.findings.board import (
    FindingOrder,
    FindingStanding,
    Position,
    find_next,
    load_cells,
    load_page,
    load_rules_found,
)
from app.compliance.findings.dossier import get_finding, load_dossier
from app.compliance.findings.service import FindingReplay, decide_finding, replay_finding
from app.errors import InvalidInput, InvalidTransition
from app.models.parties import Party
from app.ports import Clock
from app.review.queries import load_call_screen
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, FindingDecision, PartyKind
from app.web.call_list.names import load_campaign_names
from app.web.files import answer_file
from app.web.finding_csv import write_findings_csv
from app.web.finding_filters import AskedFindings, parse_finding_filters
from app.web.presenters.finding import FindingView, TypedDecision, present_finding
from app.web.presenters.findings import Board, Names, present_board


def make_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance and /compliance/findings."""
    bp = Blueprint("findings", __name__, url_prefix="/compliance")

    @bp.get("")
    @require(Permission.FINDINGS_VIEW)
    def list_findings() -> tuple[str, int]:
        asked = parse_finding_filters(request.args, clock.now())
        with uow.read() as session:
            board = _load_board(session, current_identity(), asked, clock.now())
        return render_template("findings.html", page=board), 422 if asked.problems else 200

    @bp.get("/findings.csv")
    @require(Permission.FINDINGS_VIEW)
    def download() -> Response:
        identity, asked = current_identity(), parse_finding_filters(request.args, clock.now())
        if asked.problems:
            raise InvalidInput(" ".join(asked.problems.values()))
        with uow.begin(identity.actor) as work:
            filters = replace(asked.resolve(work.session, identity), order=FindingOrder.NEWEST, after=None)
            rules = judge_in_force(work.session).rules
            told = {"filters": dict(asked.typed), "from": str(filters.starts_at), "to": str(filters.ends_before)}
            work.publish(EventKind.EXPORT_READ, ("findings", "list"), told)
        return answer_file(
            write_findings_csv(uow, identity, filters, rules, address=request.host_url.rstrip("/")),
            f"findings-{clock.now():%Y-%m-%d}.csv",
        )

    @bp.get("/findings/<finding_id>")
    @require(Permission.FINDINGS_VIEW)
    def show(finding_id: str) -> str:
        return render(finding_id)

    @bp.get("/findings/<finding_id>/next")
    @require(Permission.FINDINGS_VIEW)
    def go_on(finding_id: str) -> BaseResponse:
        return redirect(_next_address(uow, clock, finding_id), 303)

    @bp.post("/findings/<finding_id>/decision")
    @require(Permission.FINDINGS_DECIDE)
    def decide(finding_id: str) -> Any:
        identity = current_identity()
        typed = TypedDecision(request.form.get("decision", ""), request.form.get("reason", "").replace("\r\n", "\n"))
        try:
            if typed.decision not in set(FindingDecision):
                raise InvalidInput("choose what you say of this finding")
            with uow.begin(identity.actor) as work:
                decide_finding(work, identity, finding_id, FindingDecision(typed.decision), typed.reason)
        except (InvalidInput, InvalidTransition) as refusal:
            return render(finding_id, form=replace(typed, problem=refusal.message)), 422
        flash("Your decision is recorded.", "done")
        if request.form.get("then") == "next":
            return redirect(_next_address(uow, clock, finding_id), 303)
        return redirect(url_for("findings.show", finding_id=finding_id) + _query(), 303)

    @bp.post("/findings/<finding_id>/replay")
    @require(Permission.RULES_VIEW)
    def replay(finding_id: str) -> Any:
        identity = current_identity()
        try:
            with uow.begin(identity.actor) as work:
                result = replay_finding(work, identity, finding_id)
        except InvalidTransition as refusal:
            flash(refusal.message, "problem")
            return render(finding_id), 422
        return render(finding_id, result=result)

    def render(finding_id: str, *, form: TypedDecision | None = None, result: FindingReplay | None = None) -> str:
        identity = current_identity()
        with uow.read() as session:
            page = _load_finding(session, identity, finding_id, form=form, result=result)
        return render_template("finding.html", page=page)

    def _load_finding(
        session: Session, identity: Identity, finding_id: str, *, form: TypedDecision | None, result: FindingReplay | None
    ) -> FindingView:
        dossier = load_dossier(session, identity, finding_id)
        screen = load_call_screen(session, identity, dossier.line.call_id)
        typed = parse_finding_filters(request.args, clock.now()).typed
        rules = judge_in_force(session).rules
        return present_finding(
            dossier, screen, identity, rules=rules, typed=typed, query=_query(), form=form, replay=result
        )  # fmt: skip

    return bp


def _next_address(uow: UnitOfWork, clock: Clock, finding_id: str) -> str:
    identity, asked = current_identity(), parse_finding_filters(request.args, clock.now())
    with uow.read() as session:
        finding = get_finding(session, identity, finding_id)
        screen = load_call_screen(session, identity, finding.call_id)
        place = Position(finding.stake_most_minor or 0, screen.call.started_at, finding.id)
        filters = replace(asked.resolve(session, identity), after=place, standing=FindingStanding.OPEN)
        following = find_next(session, identity, filters) or find_next(session, identity, replace(filters, after=None))
    if following is None or following == finding_id:
        flash("That was the last open finding of this list.", "done")
        return url_for("findings.list_findings") + _query()
    return url_for("findings.show", finding_id=following) + _query()


def _query() -> str:
    """Return the filters of the list that the asker came from, to go on in it."""
    text = request.query_string.decode("ascii", "ignore")
    return f"?{text}" if text else ""


def _load_board(session: Session, identity: Identity, asked: AskedFindings, now: datetime) -> Board:
    filters = asked.resolve(session, identity)
    rules = judge_in_force(session).rules
    names = Names(campaigns=load_campaign_names(session, identity))
    if not identity.is_outside:
        names = replace(
            names,
            publishers=_party_names(session, PartyKind.PUBLISHER),
            advertisers=_party_names(session, PartyKind.ADVERTISER),
            rules=load_rules_found(session),
        )
    cells = load_cells(session, identity, filters, now)
    if identity.is_outside:
        # Which rules ever spoke of somebody's call is the network's knowledge; others choose from those of their own.
        names = replace(names, rules=sorted({cell.rule for cell in cells}))
    page = load_page(session, identity, filters)
    return present_board(cells, page, asked, identity, rules=rules, names=names)


def _party_names(session: Session, kind: PartyKind) -> list[tuple[str, str]]:
    rows = session.execute(select(Party.id, Party.name).where(Party.kind == kind).order_by(Party.name, Party.id))
    return [(row.id, row.name) for row in rows]
