"""Drafts in the browser: begin one, see what it changes and what stands against it, publish it or give it up."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.editions.drafts import (
    bring_up_to_date,
    check_draft,
    discard_draft,
    draft_document,
    get_draft,
    list_drafts,
    open_draft,
    publish_draft,
    take_out,
    undo_change,
)
from app.compliance.editions.second_look import load_changed_by, take_second_look
from app.compliance.editions.service import LONGEST_REASON, LONGEST_TITLE, get_edition
from app.errors import Conflict, EarshotError, InvalidInput, InvalidTransition, NotFound
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import EditionPart
from app.web.audit_trail import load_actor_names
from app.web.pages.draft_pack_forms import add_pack_forms
from app.web.pages.draft_rule_forms import add_rule_forms
from app.web.pages.editions import IN_FORCE
from app.web.presenters.drafts import present_draft, present_drafts

LONGEST_SUBJECT = 200


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /compliance/drafts."""
    bp = Blueprint("drafts", __name__, url_prefix="/compliance/drafts")

    def render_list(title: str = "", problem: str | None = None) -> str:
        with uow.read() as session:
            drafts = list_drafts(session)
            names = load_actor_names(session, {draft.opened_by for draft in drafts})
        return render_template("drafts.html", page=present_drafts(drafts, names, title, problem))

    def render(draft_id: str, reason: str = "", problem: str | None = None) -> str:
        with uow.read() as session:
            draft, look = get_draft(session, draft_id), take_second_look(session, draft_id)
            changed = load_changed_by(session, draft_id)
            page = present_draft(
                draft,
                get_edition(session, draft.base_id),
                get_edition(session, draft.edition_id) if draft.edition_id else None,
                draft_document(session, draft_id),
                check_draft(session, draft_id),
                look,
                changed,
                load_actor_names(session, {draft.opened_by, *(who.actor for who in changed.values())}),
                actor=current_identity().actor,
                reason=reason,
                problem=problem,
            )
        return render_template("draft.html", page=page)

    @bp.get("")
    @require(Permission.RULES_EDIT)
    def list_all() -> str:
        return render_list()

    @bp.post("")
    @require(Permission.RULES_EDIT)
    def begin() -> Response | tuple[str, int]:
        title = request.form.get("title", "")[: LONGEST_TITLE + 1]
        try:
            with uow.begin(current_identity().actor) as work:
                draft_id = open_draft(work, title)
        except InvalidInput as refusal:
            return render_list(title, refusal.message), 422
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)

    @bp.get("/<draft_id>")
    @require(Permission.RULES_EDIT)
    def show(draft_id: str) -> str:
        return render(draft_id)

    @bp.get("/<draft_id>/edit")
    @require(Permission.RULES_EDIT)
    def choose(draft_id: str) -> Response:
        subject = request.args.get("subject", "")[:LONGEST_SUBJECT]
        if request.args.get("part") == EditionPart.PACK:
            return redirect(url_for("drafts.pack_form", draft_id=draft_id, pack_id=subject or "-"), 303)
        return redirect(url_for("drafts.rule_form", draft_id=draft_id, subject=subject or "-"), 303)

    @bp.post("/<draft_id>/publish")
    @require(Permission.RULES_PUBLISH)
    def publish(draft_id: str) -> Response | tuple[str, int]:
        reason = request.form.get("reason", "")[: LONGEST_REASON + 1]
        try:
            with uow.begin(current_identity().actor) as work:
                edition_id = publish_draft(work, draft_id, reason)
                number = get_edition(work.session, edition_id).number
        except (InvalidInput, Conflict, InvalidTransition) as refusal:
            return render(draft_id, reason, refusal.message), 422
        flash(IN_FORCE.format(number), "done")
        return redirect(url_for("editions.show"), 303)

    _add_steps(bp, uow)
    add_pack_forms(bp, uow)
    add_rule_forms(bp, uow)
    return bp


def _add_steps(bp: Blueprint, uow: UnitOfWork) -> None:
    @bp.post("/<draft_id>/undo")
    @require(Permission.RULES_EDIT)
    def undo(draft_id: str) -> Response:
        part, subject = _read_subject()
        return _step(draft_id, lambda work: undo_change(work, draft_id, part, subject), f"{subject} is as in force again.")

    @bp.post("/<draft_id>/take-out")
    @require(Permission.RULES_EDIT)
    def leave_out(draft_id: str) -> Response:
        part, subject = _read_subject()
        return _step(draft_id, lambda work: take_out(work, draft_id, part, subject), f"{subject} is taken out in this draft.")

    @bp.post("/<draft_id>/bring-up-to-date")
    @require(Permission.RULES_EDIT)
    def renew(draft_id: str) -> Response:
        def step(work: Work) -> None:
            if both := bring_up_to_date(work, draft_id):
                flash(f"Changed by both, and this draft’s reading kept: {', '.join(both)}. Look at them again.", "warn")

        return _step(draft_id, step, "The draft now changes what is in force.")

    @bp.post("/<draft_id>/discard")
    @require(Permission.RULES_EDIT)
    def discard(draft_id: str) -> Response:
        return _step(draft_id, lambda work: discard_draft(work, draft_id), "The draft is given up; it stays on record.")

    def _step(draft_id: str, step: Callable[[Work], None], done: str) -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                get_draft(work.session, draft_id)
                step(work)
        except (InvalidInput, InvalidTransition, NotFound) as refusal:
            _pass_on_missing(refusal)
            flash(f"Nothing was changed: {refusal.message}.", "problem")
        else:
            flash(done, "done")
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)


def _read_subject() -> tuple[EditionPart, str]:
    part = request.form.get("part", "")
    if part not in set(EditionPart):
        raise InvalidInput("part: expected rule or pack", field="part")
    return EditionPart(part), request.form.get("subject", "")[:LONGEST_SUBJECT]


def _pass_on_missing(error: EarshotError) -> None:
    """Let a draft that is not there be told as such; a missing rule or pack is told on the draft's page."""
    if isinstance(error, NotFound) and set(error.details) == {"draft_id"} and error.message.startswith("there is no draft"):
        raise error
