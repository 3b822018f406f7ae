"""Was this very request answered before? Gives the same answer again to a POST that is repeated with its Idempotency-Key.

The key is reserved before the work and holds the answer after it, so two copies sent at once do the work once. Only success
is kept: a refused request may be mended and sent again under its key.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, make_response, request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access.guard import current_identity
from app.errors import Conflict, InvalidInput
from app.models.users import IdempotentAnswer
from app.unit_of_work import UnitOfWork

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
# A reservation without an answer after this time belongs to a process that died.
ABANDONED_AFTER = timedelta(minutes=2)
IN_PROGRESS = 0

View = TypeVar("View", bound=Callable[..., Any])


def idempotent(uow: UnitOfWork) -> Callable[[View], View]:
    """Make a view honour the Idempotency-Key; it goes right under the route."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer_once(*args: Any, **kwargs: Any) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return make_response(view(*args, **kwargs))
            token_id = current_identity().actor.partition(":")[2]
            known = _reserve(uow, token_id, _check_key(key), _hash_request())
            if known is not None:
                return known
            try:
                response = make_response(view(*args, **kwargs))
            except BaseException:
                _release(uow, token_id, key)
                raise
            _keep(uow, token_id, key, response)
            return response

        return answer_once  # type: ignore[return-value]

    return decorate


def _check_key(key: str) -> str:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput(f"{HEADER}: expected 1 to {LONGEST_KEY} printable characters", code="bad_idempotency_key")
    return key


def _hash_request() -> str:
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    # A large file was written to disk and hashed while it came in.
    digest.update(g.spooled.sha256.encode() if "spooled" in g else request.get_data())
    return digest.hexdigest()


def _reserve(uow: UnitOfWork, token_id: str, key: str, request_hash: str) -> Response | None:
    """Return the answer that was given before; None when the work is now ours to do."""
    try:
        with uow.begin("system") as work:
            row = work.session.scalar(
                select(IdempotentAnswer)
                .where(IdempotentAnswer.token_id == token_id, IdempotentAnswer.key == key)
                .with_for_update()
            )
            if row is None:
                work.session.add(
                    IdempotentAnswer(
                        token_id=token_id, key=key, request_hash=request_hash, status=IN_PROGRESS, body="", at=work.now
                    )
                )
                return None
            if row.request_hash != request_hash:
                raise Conflict(f"this {HEADER} came with another request before; use a new one", code="idempotency_key_reused")
            if row.status != IN_PROGRESS:
                return _repeat(row)
            if work.now - row.at < ABANDONED_AFTER:
                raise _still_working()
            row.at = work.now
            return None
    except IntegrityError:
        raise _still_working() from None


def _still_working() -> Conflict:
    return Conflict("the same request is being worked on; ask again in a moment", code="request_in_progress")


def _repeat(row: IdempotentAnswer) -> Response:
    return Response(row.body, row.status, {"Idempotent-Replayed": "true"}, mimetype="application/json")


def _keep(uow: UnitOfWork, token_id: str, key: str, response: Response) -> None:
    if response.status_code >= 300:
        _release(uow, token_id, key)
        return
    with uow.begin("system") as work:
        row = work.session.get_one(IdempotentAnswer, (token_id, key))
        row.status, row.body = response.status_code, response.get_data(as_text=True)


def _release(uow: UnitOfWork, token_id: str, key: str) -> None:
    with uow.begin("system") as work:
        row = work.session.get(IdempotentAnswer, (token_id, key))
        if row is not None and row.status == IN_PROGRESS:
            work.session.delete(row)
