"""What does the asker get to see when something goes wrong? The one mapping of errors to answers, for pages and API."""

from http import HTTPStatus
from typing import Any

import structlog
from apiflask.exceptions import HTTPError
from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from app.errors import (
    AudioUnreadable,
    Conflict,
    EarshotError,
    Forbidden,
    InvalidInput,
    InvalidTransition,
    NotFound,
    SignInNeeded,
    StorageFull,
    TooManyRequests,
)
from app.web.request_log import loggable_path

log = structlog.get_logger()
API_PATHS = ("/api/", "/hooks/", "/metrics")

STATUS_OF_ERROR: dict[type[EarshotError], HTTPStatus] = {
    SignInNeeded: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    InvalidTransition: HTTPStatus.CONFLICT,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    AudioUnreadable: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
}
TITLES = {
    400: "That request cannot be used",
    401: "Sign in first",
    403: "This is not open to you",
    404: "There is nothing here",
    405: "That is not how this page is used",
    409: "Somebody was faster, or it is done already",
    413: "The file is too large",
    422: "Something does not fit",
    429: "Too many requests",
    507: "No room left",
}
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


def register_errors(app: Flask) -> None:
    """Answer every error in one shape: JSON to programs, a page to people."""
    app.register_error_handler(EarshotError, _answer_earshot_error)
    app.register_error_handler(HTTPError, _answer_validation_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_unexpected)
    app.error_callback = _answer_validation_error  # type: ignore[attr-defined]


def is_api_request() -> bool:
    """Say whether the asker is a program, which gets JSON."""
    return request.path.startswith(API_PATHS)


def answer(status: int, code: str, message: str, details: dict[str, Any] | None = None) -> Response:
    """Return the answer to an error, as JSON or as a page."""
    if is_api_request():
        response = jsonify({"error": code, "message": message, "details": details or {}})
        response.status_code = status
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Bearer realm="earshot"'
        return response
    return make_response(
        render_template("error.html", status=status, title=TITLES.get(status, "Something went wrong"), message=message), status
    )


def _answer_earshot_error(error: EarshotError) -> Response:
    status = next((s for kind, s in STATUS_OF_ERROR.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status == HTTPStatus.UNAUTHORIZED and not is_api_request():
        return _send_to_sign_in()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", code=error.code, error=error.message)
    response = answer(status, error.code, error.message, error.details)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.details.get("retry_after_s", 1))
    return response


def _answer_validation_error(error: HTTPError) -> Response:
    details = error.detail if isinstance(error.detail, dict) else {"detail": error.detail}
    code = "invalid_input" if error.status_code == HTTPStatus.UNPROCESSABLE_ENTITY else _code(error.status_code)
    response = answer(error.status_code, code, error.message or HTTPStatus(error.status_code).phrase, details)
    response.headers.extend(dict(error.headers or {}))
    return response


def _answer_http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    if error.code is not None and error.code < HTTPStatus.BAD_REQUEST:
        return make_response(error.get_response())
    status = error.code or 500
    response = answer(status, _code(status), _say(error, status))
    kept = {name: value for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}}
    response.headers.extend(kept)
    return response


def _answer_unexpected(error: Exception) -> Response:
    log.exception("unexpected error", path=loggable_path(), exc_info=error)
    details = {"request_id": request.environ.get("earshot.request_id", "")}
    return answer(500, "internal", "Earshot made a mistake; it is in the server's log under this request's id.", details)


def _send_to_sign_in() -> Response:
    is_page = request.method == "GET" and "HX-Request" not in request.headers
    target = url_for("sign_in.show", next=request.full_path.rstrip("?") if is_page and request.path != "/" else None)
    if "HX-Request" in request.headers:
        response = make_response("", HTTPStatus.UNAUTHORIZED)
        response.headers["HX-Redirect"] = target
        return response
    return make_response(redirect(target))


def _code(status: int) -> str:
    return CODES.get(status) or HTTPStatus(status).phrase.lower().replace(" ", "_")


def _say(error: HTTPException, status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return "The address is wrong, or the thing was never there, or it is not yours to see."
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "The file is larger than this Earshot accepts (EARSHOT_MAX_UPLOAD_MB)."
    return error.description or HTTPStatus(status).phrase
