"""The HTTP API: bearer tokens, JSON, strict bodies, one error shape; ``docs/api.md`` shows it by example."""

from apiflask import APIBlueprint
from flask import request
from flask.blueprints import BlueprintSetupState
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest

from app.access.guard import find_identity
from app.compliance.registry.service import NumberLists
from app.ports import BlobStore, Clock
from app.unit_of_work import UnitOfWork
from app.web.api.backtests import add_backtest_routes
from app.web.api.calls import add_call_routes
from app.web.api.clusters import add_cluster_routes
from app.web.api.consents import add_consent_routes
from app.web.api.documented import describe_api
from app.web.api.exports import add_export_routes
from app.web.api.findings import add_finding_routes
from app.web.api.number_lists import add_list_routes
from app.web.api.numbers import add_number_routes
from app.web.api.opt_outs import add_opt_out_routes
from app.web.api.privacy import add_privacy_routes
from app.web.api.rate_limit import RateLimit
from app.web.api.rules import add_rule_routes
from app.web.api.spooling import spool_body
from app.web.api.tasks import add_task_routes

BASE = "/api/v1"
LARGEST_JSON_BYTES = 2_000_000


def make_api_blueprint(
    uow: UnitOfWork,
    blobs: BlobStore,
    *,
    max_upload_mb: int,
    rate_limit_per_minute: int,
    queue_url: str | None = None,
    allowed_hosts: frozenset[str] = frozenset(),
    lists: NumberLists | None = None,
    clock: Clock | None = None,
) -> APIBlueprint:
    """Return the API.

    Parameters
    ----------
    allowed_hosts
        Hosts from which recordings are fetched even if they are inside or speak plain HTTP.
    queue_url
        Redis or Valkey in which requests are counted for all processes together; None: each process counts its own.
    lists, clock
        The number lists and the time they are asked at; without them the API has no routes about numbers.
    """
    api = APIBlueprint("api", __name__, url_prefix=BASE, tag="Calls")
    limit = RateLimit(rate_limit_per_minute, queue_url)

    @api.record_once
    def _describe(state: BlueprintSetupState) -> None:
        describe_api(state.app)  # type: ignore[arg-type]

    @api.before_request
    def _check() -> None:
        identity = find_identity()
        if identity is not None:
            limit.count(identity.actor)
        if request.endpoint == "api.load_list" or (request.endpoint == "api.scrub_numbers" and request.mimetype == "text/csv"):
            spool_body(max_upload_mb * 1_000_000)
        elif request.method == "POST" or request.endpoint in ("api.put_rule", "api.put_pack"):
            _check_json()

    add_call_routes(api, uow, blobs, max_bytes=max_upload_mb * 1_000_000, allowed_hosts=allowed_hosts)
    add_cluster_routes(api, uow)
    add_backtest_routes(api, uow)
    add_export_routes(api, uow, blobs)
    if clock is not None:
        add_rule_routes(api, uow, clock)
    if lists is not None and clock is not None:
        add_finding_routes(api, uow, clock)
        add_opt_out_routes(api, uow, clock)
        add_privacy_routes(api, uow)
        add_consent_routes(api, uow, clock)
        add_number_routes(api, uow, blobs, lists, clock, max_bytes=max_upload_mb * 1_000_000)
        add_task_routes(api, uow)
        add_list_routes(api, uow, blobs, lists, max_bytes=max_upload_mb * 1_000_000)
    return api


def _check_json() -> None:
    """Refuse what is no JSON, or nested so deeply that reading it would break the process."""
    request.max_content_length = LARGEST_JSON_BYTES
    try:
        from_json(request.get_data(), allow_inf_nan=False)
    except ValueError:
        raise BadRequest("The body is no JSON.") from None
