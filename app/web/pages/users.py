"""Users: who may sign in, with which role."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access import users
from app.access.guard import current_identity, require
from app.access.passwords import Passwords
from app.access.permissions import Permission
from app.errors import Conflict, InvalidInput, InvalidTransition
from app.unit_of_work import UnitOfWork
from app.vocabulary import Role
from app.web.presenters.people import present_user_form, present_users

FIELDS = ("email", "name", "role", "party_id")


def make_blueprint(uow: UnitOfWork, passwords: Passwords) -> Blueprint:
    """Return the blueprint of /admin/users."""
    bp = Blueprint("users", __name__, url_prefix="/admin/users")

    def render(typed: Mapping[str, str], problem: InvalidInput | Conflict | None = None) -> str:
        with uow.read() as session:
            page = present_users(users.list_users(session), users.list_party_choices(session), typed, problem)
        return render_template("users.html", page=page)

    @bp.get("")
    @require(Permission.USERS_ADMIN)
    def show() -> str:
        return render({})

    @bp.post("")
    @require(Permission.USERS_ADMIN)
    def add() -> Response | tuple[str, int]:
        typed = _read_typed()
        try:
            with uow.begin(current_identity().actor) as work:
                users.add_user(
                    work,
                    passwords,
                    email=typed["email"],
                    name=typed["name"],
                    role=read_role(typed["role"]),
                    party_id=typed["party_id"] or None,
                    password=request.form.get("password", ""),
                )
        except (InvalidInput, Conflict) as problem:
            return render(typed, problem), 422
        flash(f"{typed['email']} can sign in now.", "done")
        return redirect(url_for("users.show"), 303)

    @bp.get("/<user_id>")
    @require(Permission.USERS_ADMIN)
    def edit(user_id: str) -> str:
        with uow.read() as session:
            page = present_user_form(users.get_user_line(session, user_id), users.list_party_choices(session), None, None)
        return render_template("user.html", page=page)

    @bp.post("/<user_id>")
    @require(Permission.USERS_ADMIN)
    def change(user_id: str) -> Response | tuple[str, int]:
        typed = _read_typed()
        try:
            with uow.begin(current_identity().actor) as work:
                users.change_user(
                    work,
                    passwords,
                    user_id,
                    name=typed["name"],
                    role=read_role(typed["role"]),
                    party_id=typed["party_id"] or None,
                    password=request.form.get("password") or None,
                )
        except (InvalidInput, InvalidTransition) as problem:
            with uow.read() as session:
                line = users.get_user_line(session, user_id)
                page = present_user_form(line, users.list_party_choices(session), typed, problem)
            return render_template("user.html", page=page), 422
        flash("Changed.", "done")
        return redirect(url_for("users.show"), 303)

    @bp.post("/<user_id>/<any(disable,enable):step>")
    @require(Permission.USERS_ADMIN)
    def switch(user_id: str, step: str) -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                (users.disable_user if step == "disable" else users.enable_user)(work, user_id)
        except InvalidTransition as refusal:
            flash(f"Nothing was changed: {refusal.message}.", "problem")
        else:
            flash("This user can no longer sign in." if step == "disable" else "This user can sign in again.", "done")
        return redirect(url_for("users.show"), 303)

    return bp


def read_role(word: str) -> Role:
    """Return the role. Raises InvalidInput for a word that is none."""
    try:
        return Role(word)
    except ValueError:
        raise InvalidInput(f"expected a role ({', '.join(Role)}), got {word!r}", field="role") from None


def _read_typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in FIELDS}
