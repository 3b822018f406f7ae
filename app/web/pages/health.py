"""Is this process alive, is it ready to serve, and how much work is there? For load balancers and Prometheus."""

from collections.abc import Callable
from http import HTTPStatus

import structlog
from flask import Blueprint, Response, make_response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy import text

from app.access.guard import find_identity, public
from app.access.permissions import Permission
from app.bootstrap import Services
from app.errors import SignInNeeded
from app.web.metrics import WorkCollector

log = structlog.get_logger()
LOOPBACK = frozenset({"127.0.0.1", "::1"})
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def make_blueprint(services: Services) -> Blueprint:
    """Return the blueprint of /healthz, /readyz and /metrics."""
    bp = Blueprint("health", __name__)
    registry = CollectorRegistry()
    registry.register(WorkCollector(services.uow, services.queue, services.clock, services.number_lists))

    @bp.get("/healthz")
    @public
    def alive() -> dict[str, str]:
        return {"status": "ok"}

    @bp.get("/readyz")
    @public
    def ready() -> Response:
        checks: dict[str, Callable[[], object]] = {
            "database": lambda: _ask_database(services),
            "queue": services.queue.ping,
            "blobs": lambda: services.blobs.stat("readiness/probe"),
        }
        answers = {name: _try(name, check) for name, check in checks.items()}
        is_ready = all(state == "ok" for state in answers.values())
        response = make_response({"status": "ok" if is_ready else "not ready", "checks": answers})
        response.status_code = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return response

    @bp.get("/metrics")
    @public  # decided below: an operator's token, or this very machine
    def metrics() -> Response:
        identity = find_identity()
        if not (identity and identity.may(Permission.METRICS_VIEW)) and not _comes_from_this_machine():
            raise SignInNeeded("metrics are given to an operator's token, or to a program on this machine")
        response = make_response(generate_latest(registry))
        response.headers["Content-Type"] = CONTENT_TYPE_LATEST
        return response

    return bp


def _ask_database(services: Services) -> None:
    with services.uow.read() as session:
        session.execute(text("SELECT 1 FROM event LIMIT 1"))


def _try(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    except Exception as error:  # whatever keeps it from answering keeps us from being ready
        log.warning("not ready", check=name, error=str(error))
        return "failed"
    return "ok"


def _comes_from_this_machine() -> bool:
    """Say whether the asker is local; what a proxy on this machine passes on is not."""
    return request.remote_addr in LOOPBACK and not any(name in request.headers for name in FORWARDED)
