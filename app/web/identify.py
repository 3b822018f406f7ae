"""Who sent this request? A session cookie on pages, a bearer token on the API; then the route's permission is enforced."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect

from app.access.guard import enforce
from app.access.sessions import OpenSession, find_session, slide_session
from app.access.tokens import find_bearer
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.web.errors import is_api_request

COOKIE = "earshot_session"


def register_identify(app: Flask, uow: UnitOfWork, clock: Clock, csrf: CSRFProtect, *, lasts: timedelta) -> None:
    """Before each request: find out who asks, refuse what the role may not do, and forms that did not come from our pages.

    The API takes bearer tokens only and no cookies, so another site cannot make a browser use it, and it needs no form token.
    """

    @app.before_request
    def _identify() -> None:
        g.identity = None
        if request.endpoint in {None, "static"}:
            return
        if is_api_request():
            g.identity = _from_bearer(uow)
        else:
            _from_cookie(uow, clock, lasts)
        if g.identity is not None:
            structlog.contextvars.bind_contextvars(actor=g.identity.actor)
        enforce(_find_view(app))
        if not is_api_request():
            csrf.protect()


def _from_bearer(uow: UnitOfWork) -> object:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    with uow.read() as session:
        return find_bearer(session, token.strip())


def _from_cookie(uow: UnitOfWork, clock: Clock, lasts: timedelta) -> None:
    token = request.cookies.get(COOKIE)
    if not token:
        return
    with uow.read() as session:
        found: OpenSession | None = find_session(session, token, clock.now())
    if found is None:
        return
    g.identity = found.identity
    if found.is_due_to_slide:
        with uow.begin(found.identity.actor) as work:
            slide_session(work, found.id, lasts=lasts)


def _find_view(app: Flask) -> Callable[..., object] | None:
    return app.view_functions.get(request.endpoint) if request.endpoint else None
