"""How does a program have a recording fetched? The JSON side of sending one, and how its standing is told."""

from typing import Any

from flask import Response, jsonify, request, url_for
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest

from app.access.guard import current_identity
from app.errors import InvalidInput
from app.intake.call_rows import parse_roles
from app.intake.service import Envelope, FetchStanding, deliver_address
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.vocabulary import ChannelRole, FetchState
from app.web.api.models import FetchIn, FetchOut, RecordingQuery, StandingError

LARGEST_BODY_BYTES = 100_000
FETCH_ACCEPTED: dict[str, Any] = {
    "description": "The recording will be fetched; Location leads to where that stands.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/FetchOut"}}},
    "headers": {"Location": {"schema": {"type": "string"}, "description": "where the fetch stands"}},
}


def ask_to_fetch(
    uow: UnitOfWork, blobs: BlobStore, call_id: str, query: RecordingQuery, *, allowed_hosts: frozenset[str]
) -> Response:
    """Ask for the recording to be fetched; 200 instead of 202 when it was fetched from there before."""
    body = FetchIn.model_validate(_read_json())
    envelope = Envelope(current_identity().actor, "api", f"recording of call {call_id}")
    filename = query.filename if "filename" in query.model_fields_set else None
    roles = read_roles(query.channel_roles)
    fetch, _ = deliver_address(uow, blobs, envelope, call_id, body.url, filename, roles, allowed_hosts=allowed_hosts)
    answer = jsonify(show_fetch(fetch).model_dump(mode="json"))
    answer.status_code = 200 if fetch.state is FetchState.FETCHED else 202
    answer.headers["Location"] = url_for("api.read_fetch", call_id=call_id, fetch_id=fetch.id)
    return answer


def show_fetch(fetch: FetchStanding) -> FetchOut:
    """Return the answer about a fetch."""
    return FetchOut(
        id=fetch.id,
        call_id=fetch.call_id,
        state=fetch.state,
        requested_at=fetch.requested_at,
        finished_at=fetch.finished_at,
        recording_id=fetch.recording_id,
        error=StandingError(code=fetch.code, message=fetch.message or "") if fetch.code else None,
    )


def read_roles(text: str | None) -> tuple[ChannelRole, ...] | None:
    """Return who is on each channel. Raises InvalidInput."""
    try:
        return parse_roles(text) if text else None
    except ValueError as error:
        problem = {"field": "channel_roles", "expected": str(error)}
        raise InvalidInput("channel_roles does not fit", problems=[problem]) from None


def _read_json() -> Any:
    request.max_content_length = LARGEST_BODY_BYTES
    try:
        return from_json(request.get_data(), allow_inf_nan=False)
    except ValueError:
        raise BadRequest("The body is no JSON.") from None
