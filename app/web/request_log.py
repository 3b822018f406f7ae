"""What was asked, by whom, and how long did the answer take? One line per request, under an id the asker gets back."""

import re
import time

import structlog
from flask import Flask, Response, g, request

from app.ports import IdSource

log = structlog.get_logger()
GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
UNLOGGED = frozenset({"static", "health.alive", "health.ready", "health.metrics"})


def register_request_log(app: Flask, ids: IdSource) -> None:
    """Give each request an id (or keep a proxy's ``X-Request-Id``) and log its end."""

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if GIVEN_ID.fullmatch(given) else ids.new_id()
        request.environ["earshot.request_id"] = request_id
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-Id"] = request.environ.get("earshot.request_id", "")
        if request.endpoint not in UNLOGGED:
            # The path without its query: searched words and phone numbers stay out of the log.
            log.info(
                "request",
                method=request.method,
                path=loggable_path(),
                status=response.status_code,
                took_ms=round(1000 * (time.perf_counter() - g.get("started", time.perf_counter())), 1),
            )
        return response


def loggable_path() -> str:
    """Return the path of the request, with ``NUMBER`` in place of a telephone number that is part of it."""
    number = str((request.view_args or {}).get("number") or "")
    return request.path.replace(number, "NUMBER") if number else request.path
