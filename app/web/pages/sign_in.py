"""Signing in and out."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for

from app.access.guard import current_identity, find_identity, public
from app.access.sessions import sign_out
from app.access.sign_in import Doorkeeper, Visitor
from app.errors import Forbidden, TooManyRequests
from app.unit_of_work import UnitOfWork
from app.web.identify import COOKIE
from app.web.next_page import safe_next


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The sign-in form: what was typed, where it leads, and why it was refused."""

    email: str
    next: str
    problem: str | None


def make_blueprint(uow: UnitOfWork, doorkeeper: Doorkeeper, *, lasts: timedelta, is_https: bool) -> Blueprint:
    """Return the blueprint of /signin and /signout."""
    bp = Blueprint("sign_in", __name__)

    @bp.get("/signin")
    @public
    def show() -> Response:
        target = safe_next(request.args.get("next"), "")
        if find_identity() is not None:
            return make_response(redirect(target or "/"))
        return _render(SignInPage("", target, None))

    @bp.post("/signin")
    @public
    def enter() -> Response:
        email, password = request.form.get("email", ""), request.form.get("password", "")
        target = safe_next(request.form.get("next"), "")
        visitor = Visitor(request.remote_addr or "unknown", request.user_agent.string, request.cookies.get(COOKIE))
        try:
            token = doorkeeper.sign_in(email, password, visitor)
        except Forbidden as refusal:
            return _render(SignInPage(email, target, refusal.message), HTTPStatus.UNAUTHORIZED)
        except TooManyRequests as refusal:
            response = _render(SignInPage(email, target, refusal.message), HTTPStatus.TOO_MANY_REQUESTS)
            response.headers["Retry-After"] = str(refusal.details["retry_after_s"])
            return response
        session.clear()  # a new form token for the new session
        response = make_response(redirect(target or "/", HTTPStatus.SEE_OTHER))
        response.set_cookie(COOKIE, token, max_age=lasts, httponly=True, samesite="Lax", secure=is_https)
        return response

    @bp.post("/signout")
    @public
    def leave() -> Response:
        token = request.cookies.get(COOKIE)
        if token and find_identity() is not None:
            with uow.begin(current_identity().actor) as work:
                sign_out(work, token)
        session.clear()
        response = make_response(redirect(url_for("sign_in.show"), HTTPStatus.SEE_OTHER))
        response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=is_https)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    return bp


def _render(page: SignInPage, status: int = HTTPStatus.OK) -> Response:
    return make_response(render_template("sign_in.html", page=page), status)
