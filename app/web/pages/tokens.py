"""API tokens: issued once in clear, revoked when no longer wanted."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.access.tokens import IssuedToken, issue_token, list_tokens, revoke_token
from app.access.users import list_party_choices
from app.errors import InvalidInput, InvalidTransition
from app.unit_of_work import UnitOfWork
from app.web.pages.users import read_role
from app.web.presenters.people import present_tokens


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /admin/tokens."""
    bp = Blueprint("tokens", __name__, url_prefix="/admin/tokens")

    def render(typed: Mapping[str, str], *, problem: InvalidInput | None = None, issued: IssuedToken | None = None) -> str:
        with uow.read() as session:
            page = present_tokens(list_tokens(session), list_party_choices(session), typed, problem, issued)
        return render_template("tokens.html", page=page)

    @bp.get("")
    @require(Permission.TOKENS_ADMIN)
    def show() -> str:
        return render({})

    @bp.post("")
    @require(Permission.TOKENS_ADMIN)
    def issue() -> tuple[str, int]:
        typed = {name: request.form.get(name, "").strip() for name in ("name", "role", "party_id")}
        try:
            with uow.begin(current_identity().actor) as work:
                role = read_role(typed["role"])
                issued = issue_token(work, name=typed["name"], role=role, party_id=typed["party_id"] or None)
        except InvalidInput as problem:
            return render(typed, problem=problem), 422
        # Shown in this very answer and nowhere kept: a redirect would have to carry the token.
        return render({}, issued=issued), 201

    @bp.post("/<token_id>/revoke")
    @require(Permission.TOKENS_ADMIN)
    def revoke(token_id: str) -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                revoke_token(work, token_id)
        except InvalidTransition as refusal:
            flash(f"Nothing was changed: {refusal.message}.", "problem")
        else:
            flash("The token works no longer.", "done")
        return redirect(url_for("tokens.show"), 303)

    return bp
