"""A web application that answers every page with the ids of its process and of gunicorn's master."""

import os
from collections.abc import Callable, Iterable
from typing import Any


def create() -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Return the WSGI application."""

    def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{os.getpid()} {os.getppid()}".encode()]

    return site
