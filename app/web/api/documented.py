"""How is a route of the API described? The errors that every route can give, once, and the parts that APIFlask cannot see."""

from collections.abc import Mapping
from typing import Any

from apiflask import APIFlask

from app.web.api.models import ErrorOut, FetchIn

COMMON = {
    400: "The request cannot be read.",
    401: "No token, or one that is not known or was revoked.",
    403: "The token's role may not do this.",
    422: "Fields do not fit; details.problems names each with what was expected.",
    429: "Too many requests; Retry-After says when to come back.",
    500: "A mistake in Earshot; the details hold the request's id.",
}
NOT_FOUND = {404: "There is no such call, or it is another party's."}
CONFLICT = {409: "The Idempotency-Key came with another request, or the same request is being worked on."}
KEY_HEADER = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "The same request with the same key is done once and gets the same answer.",
}  # fmt: skip
BYTES_BODY: dict[str, Any] = {
    "required": True,
    "description": "The recording as it is (WAV, MP3, Ogg, Opus, FLAC, M4A, AMR or GSM), or the address to fetch it from.",
    "content": {
        media: {"schema": {"type": "string", "format": "binary"}} for media in ("application/octet-stream", "audio/*")
    }
    | {"application/json": {"schema": FetchIn.model_json_schema()}},
}  # fmt: skip


def describe_api(app: APIFlask) -> None:
    """Tell APIFlask our error shape and how programs sign in."""
    app.config.update(
        HTTP_ERROR_SCHEMA=ErrorOut.model_json_schema(),
        VALIDATION_ERROR_SCHEMA=ErrorOut.model_json_schema(),
        SECURITY_SCHEMES={"token": {"type": "http", "scheme": "bearer"}},
    )


def answers(*more: Mapping[int, Any]) -> dict[int, Any]:
    """Return what a route can answer beside success."""
    joined: dict[int, Any] = dict(COMMON)
    for statuses in more:
        joined |= statuses
    return dict(sorted(joined.items()))
