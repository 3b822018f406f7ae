"""The API's routes about privacy requests: record one, list them, read one with its clocks and what came of it."""

from datetime import date
from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.privacy.queries import OPEN_STATES, RequestLine, list_requests, view_request
from app.compliance.privacy.service import get_request, record_privacy_request
from app.errors import InvalidInput
from app.unit_of_work import UnitOfWork
from app.vocabulary import PrivacyKind, PrivacyState
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body, Query
from app.web.pages.opt_outs import read_after

KEYED = {"parameters": [KEY_HEADER]}
NO_REQUEST = {404: "There is no such privacy request."}
MOST_LISTED = 200


class PrivacyIn(Body):
    """What somebody asks about the data kept of them."""

    kind: PrivacyKind
    number: str = Field(min_length=1, max_length=40, description="whose data it is about; North American")
    way: Literal["web_form", "email", "letter", "phone", "other"]
    received_at: AwareDatetime = Field(description="when it came: the clocks run from then")
    name: str = Field("", max_length=200)
    contact: str = Field("", max_length=200, description="where the answer goes")


class PrivacyQuery(Query):
    """Which requests; without a state, those that have not ended."""

    state: PrivacyState | None = None
    cursor: str | None = Field(None, max_length=100)
    limit: int = Field(50, ge=1, le=MOST_LISTED)


class PrivacyOut(Answer):
    """A request with its clocks and how it stands."""

    id: str
    kind: PrivacyKind
    number: str
    name: str
    contact: str
    way: str
    call_id: str | None
    received_at: AwareDatetime
    acknowledge_by: date = Field(description="ten business days later")
    answer_by: date = Field(description="45 calendar days later, or 90 when it was extended")
    state: PrivacyState
    acknowledged_at: AwareDatetime | None
    extended_why: str | None
    verified_at: AwareDatetime | None
    deferred_until: date | None
    deferred_why: str | None
    ended_at: AwareDatetime | None
    outcome: dict[str, Any] | None = Field(description="call by call what was erased and what was kept, and why")


class PrivacyRequestsOut(Answer):
    """Some requests, those first whose answer is due first."""

    items: list[PrivacyOut]
    next_cursor: str | None


def add_privacy_routes(api: APIBlueprint, uow: UnitOfWork) -> None:
    """Add the routes below ``/privacy-requests``."""

    @api.post("/privacy-requests", endpoint="record_privacy_request")
    @idempotent(uow)
    @require(Permission.PRIVACY_MANAGE)
    @api.doc(
        summary="Record what a consumer asks about the data kept of them", responses=answers(CONFLICT),
        security="token", extensions=KEYED,
    )  # fmt: skip
    @api.input(PrivacyIn, arg_name="body")
    @api.output(PrivacyOut, 201)
    def record(body: PrivacyIn) -> Any:
        with uow.begin(current_identity().actor) as work:
            request_id = record_privacy_request(work, **body.model_dump())
            return _describe(view_request(get_request(work.session, request_id))), 201

    @api.get("/privacy-requests", endpoint="list_privacy_requests")
    @require(Permission.PRIVACY_MANAGE)
    @api.doc(summary="List privacy requests", responses=answers(), security="token")
    @api.input(PrivacyQuery, location="query", arg_name="query")
    @api.output(PrivacyRequestsOut)
    def list_all(query: PrivacyQuery) -> Any:
        after = read_after(query.cursor) if query.cursor else None
        if query.cursor and after is None:
            raise InvalidInput("expected the cursor of the page before", code="bad_cursor", field="cursor")
        with uow.read() as session:
            states = (query.state,) if query.state else OPEN_STATES
            found = list_requests(session, states, after=after, limit=query.limit + 1)
        lines = found[: query.limit]
        more = f"{lines[-1].answer_by}.{lines[-1].id}" if len(found) > query.limit else None
        return PrivacyRequestsOut(items=[_describe(line) for line in lines], next_cursor=more)

    @api.get("/privacy-requests/<request_id>", endpoint="read_privacy_request")
    @require(Permission.PRIVACY_MANAGE)
    @api.doc(summary="Read a privacy request", responses=answers(NO_REQUEST), security="token")
    @api.output(PrivacyOut)
    def read(request_id: str) -> Any:
        with uow.read() as session:
            return _describe(view_request(get_request(session, request_id)))


def _describe(line: RequestLine) -> PrivacyOut:
    return PrivacyOut(**{name: getattr(line, name) for name in PrivacyOut.model_fields})
