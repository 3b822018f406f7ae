"""Editions in the browser: what was in force when, how two of them differ, going back, and what a newer release brings."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import app as earshot
from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.editions.document import compare, packaged_document
from app.compliance.editions.drafts import open_draft_from_release
from app.compliance.editions.history import find_release_news
from app.compliance.editions.service import (
    LONGEST_REASON,
    get_edition,
    list_editions,
    list_publications,
    load_document,
    publish_edition,
    roll_back,
)
from app.errors import InvalidInput, InvalidTransition
from app.unit_of_work import UnitOfWork, Work
from app.web.audit_trail import load_actor_names
from app.web.presenters.editions import RefusedStep, present_comparison, present_editions

IN_FORCE = (
    "Edition {} is in force: calls that are screened from now on are judged by it. Calls screened before keep their findings."
)


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /compliance/editions."""
    bp = Blueprint("editions", __name__, url_prefix="/compliance/editions")

    def render(refused: RefusedStep | None = None) -> str:
        with uow.read() as session:
            publications = list_publications(session)
            page = present_editions(
                publications,
                list_editions(session),
                load_actor_names(session, {said.published_by for said in publications}),
                find_release_news(session, packaged_document()),
                packaged_document().sha256,
                earshot.__version__,
                refused,
            )
        return render_template("editions.html", page=page)

    @bp.get("")
    @require(Permission.RULES_VIEW)
    def show() -> str:
        return render()

    @bp.get("/compare")
    @require(Permission.RULES_VIEW)
    def compare_two() -> str:
        ids = [request.args.get(name, "")[:100] for name in ("from", "to")]
        if not any(ids):
            return render()
        with uow.read() as session:
            before, after = (get_edition(session, edition_id) for edition_id in ids)
            differences = compare(*(load_document(session, edition_id) for edition_id in ids))
            page = present_comparison(before, after, differences, list_editions(session))
        return render_template("edition_comparison.html", page=page)

    @bp.post("/<edition_id>/roll-back")
    @require(Permission.RULES_PUBLISH)
    def go_back(edition_id: str) -> Response | tuple[str, int]:
        return _bring_into_force(edition_id, roll_back)

    @bp.post("/<edition_id>/publish")
    @require(Permission.RULES_PUBLISH)
    def publish(edition_id: str) -> Response | tuple[str, int]:
        return _bring_into_force(edition_id, publish_edition)

    @bp.post("/draft-from-release")
    @require(Permission.RULES_EDIT)
    def draft_from_release() -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                draft_id, changed_here_too = open_draft_from_release(work)
        except (InvalidInput, InvalidTransition) as refusal:
            flash(f"No draft was begun: {refusal.message}.", "problem")
            return redirect(url_for("editions.show"), 303)
        if changed_here_too:
            flash(f"Changed here as well, and left as in force: {', '.join(changed_here_too)}. Look at them.", "warn")
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)

    def _bring_into_force(edition_id: str, step: Callable[[Work, str, str], None]) -> Response | tuple[str, int]:
        reason = request.form.get("reason", "")[: LONGEST_REASON + 1]
        try:
            with uow.begin(current_identity().actor) as work:
                step(work, edition_id, reason)
                number = get_edition(work.session, edition_id).number
        except (InvalidInput, InvalidTransition) as refusal:
            return render(RefusedStep(edition_id, refusal.message, reason)), 422
        flash(IN_FORCE.format(number), "done")
        return redirect(url_for("editions.show"), 303)

    return bp
