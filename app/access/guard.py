"""Which permission does a route need? Each says so with :func:`require` or :func:`public`; one hook enforces it.

The decorators only mark the view, so that their place among other decorators does not matter. :func:`enforce` runs before
every request and refuses a route that says nothing.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, request

from app.access.identity import Identity
from app.access.permissions import Permission
from app.errors import Forbidden, SignInNeeded

View = TypeVar("View", bound=Callable[..., Any])
MARK = "__earshot_permission__"
PUBLIC = "public"


def require(permission: Permission) -> Callable[[View], View]:
    """Mark a view: only who holds the permission gets in."""

    def mark(view: View) -> View:
        setattr(view, MARK, permission)
        return view

    return mark


def public(view: View) -> View:
    """Mark a view: anybody gets in, signed in or not."""
    setattr(view, MARK, PUBLIC)
    return view


def find_mark(view: Callable[..., Any] | None) -> Permission | str | None:
    """Return what a view says of itself: a permission, ``PUBLIC``, or None when it says nothing."""
    return getattr(view, MARK, None)


def enforce(view: Callable[..., Any] | None) -> None:
    """Let the request pass, or raise.

    Raises
    ------
    SignInNeeded
        If nobody is signed in.
    Forbidden
        If the role does not hold the permission, or the route names none.
    """
    needed = find_mark(view)
    if needed == PUBLIC:
        return
    if not isinstance(needed, Permission):
        raise Forbidden(f"{request.endpoint} names no permission; nobody may use it", code="route_unguarded")
    identity = find_identity()
    if identity is None:
        raise SignInNeeded("sign in first")
    if not identity.may(needed):
        raise Forbidden(f"the role {identity.role} may not do this ({needed})", permission=str(needed))


def find_identity() -> Identity | None:
    """Return who is asking, or None when nobody is signed in."""
    found: Identity | None = g.get("identity")
    return found


def current_identity() -> Identity:
    """Return who is asking.

    Raises
    ------
    SignInNeeded
        If nobody is signed in.
    """
    identity = find_identity()
    if identity is None:
        raise SignInNeeded("sign in first")
    return identity
