"""The API's routes about people who ask not to be called: record a request, read how it stands, answer notices."""

from datetime import date
from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.opt_outs.notices import NoticeView, acknowledge, get_notice, list_notices, note_read, notices_of
from app.compliance.opt_outs.queries import OptOutFilter, OptOutLine, get_line, list_requests
from app.compliance.opt_outs.service import get_request, record_request
from app.errors import InvalidInput
from app.phone import parse_nanp
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import OptOutScope, OptOutState, OptOutWay, PartyKind
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body, Query
from app.web.pages.notices import read_cursor, write_cursor
from app.web.pages.opt_outs import read_after

KEYED = {"parameters": [KEY_HEADER]}
NO_OPT_OUT = {404: "There is no such opt-out, or no such call."}
NO_NOTICE = {404: "There is no such notice, or it is another party's."}
MOST_LISTED = 200


class OptOutIn(Body):
    """A request not to be called, told in any way."""

    number: str = Field(min_length=1, max_length=40, description="North American, in any usual way of writing")
    way: OptOutWay
    scope: OptOutScope = OptOutScope.EVERYBODY
    seller: str = Field("", max_length=200, description="whom it binds; needed where the scope is seller")
    received_at: AwareDatetime = Field(description="when it was asked: the ten business days run from then")
    comment: str = Field("", max_length=2000)
    call_id: str | None = Field(None, max_length=64, description="the call on which it was asked, by Earshot's id")


class OptOutQuery(Query):
    """Which requests; without a state, those that are not closed."""

    state: OptOutState | Literal["all"] | None = None
    is_overdue: bool = False
    number: str | None = Field(None, max_length=40)
    way: OptOutWay | None = None
    cursor: str | None = Field(None, max_length=100)
    limit: int = Field(50, ge=1, le=MOST_LISTED)


class NoticeQuery(Query):
    """Which notices; ``is_open``: those that wait to be acknowledged."""

    is_open: bool | None = None
    cursor: str | None = Field(None, max_length=100)
    limit: int = Field(100, ge=1, le=MOST_LISTED)


class NoticeOut(Answer):
    """What a party is told, and whether it said that it knows; the number is whole, as nobody can suppress a masked one."""

    id: str
    opt_out_id: str
    number: str
    way: OptOutWay
    scope: OptOutScope
    seller: str | None
    received_at: AwareDatetime
    due_on: date
    party: str
    role: PartyKind
    calls: int
    made_at: AwareDatetime
    read_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_how: str | None


class OptOutOut(Answer):
    """A request and how it stands."""

    id: str
    number: str
    state: OptOutState
    way: OptOutWay
    scope: OptOutScope
    seller: str | None
    received_at: AwareDatetime
    due_on: date = Field(description="ten business days later, at the consumer")
    call_id: str | None
    quote: str
    start_s: float | None
    end_s: float | None
    comment: str
    recorded_at: AwareDatetime
    judged_at: AwareDatetime | None
    suppressed_at: AwareDatetime | None = Field(description="since when the number is on the internal list")
    list_version: str | None
    completed_at: AwareDatetime | None
    proof_sha256: str | None


class OptOutFullOut(OptOutOut):
    """A request with its notices and, when it is complete, its proof."""

    notices: list[NoticeOut]
    proof: dict[str, Any] | None = Field(description="its canonical JSON has the hash proof_sha256")


class OptOutsOut(Answer):
    """Some requests: open ones the most urgent first, others the latest first."""

    items: list[OptOutOut]
    next_cursor: str | None


class NoticesOut(Answer):
    """Some notices, newest first."""

    items: list[NoticeOut]
    next_cursor: str | None


def add_opt_out_routes(api: APIBlueprint, uow: UnitOfWork, clock: Clock) -> None:
    """Add the routes below ``/opt-outs`` and ``/notices``."""

    @api.post("/opt-outs", endpoint="record_opt_out")
    @idempotent(uow)
    @require(Permission.OPT_OUTS_MANAGE)
    @api.doc(
        summary="Record that somebody asked not to be called", responses=answers(CONFLICT, NO_OPT_OUT),
        security="token", extensions=KEYED,
    )  # fmt: skip
    @api.input(OptOutIn, arg_name="body")
    @api.output(OptOutFullOut, 201)
    def record(body: OptOutIn) -> Any:
        with uow.begin(current_identity().actor) as work:
            opt_out_id = record_request(work, **body.model_dump())
        return show(opt_out_id), 201

    @api.get("/opt-outs", endpoint="list_opt_outs")
    @require(Permission.OPT_OUTS_MANAGE)
    @api.doc(summary="List requests not to be called", responses=answers(), security="token")
    @api.input(OptOutQuery, location="query", arg_name="query")
    @api.output(OptOutsOut)
    def list_all(query: OptOutQuery) -> Any:
        wanted = OptOutFilter(
            state=None if query.state == "all" else query.state,
            is_everything=query.state == "all",
            is_overdue=query.is_overdue,
            number=_read_number(query.number),
            way=query.way,
        )
        after = read_after(query.cursor) if query.cursor else None
        if query.cursor and after is None:
            raise InvalidInput("expected the cursor of the page before", code="bad_cursor", field="cursor")
        with uow.read() as session:
            found = list_requests(session, wanted, clock.now().date(), after=after, limit=query.limit + 1)
        lines = found[: query.limit]
        more = f"{lines[-1].due_on}.{lines[-1].id}" if len(found) > query.limit else None
        return OptOutsOut(items=[OptOutOut(**_describe(line)) for line in lines], next_cursor=more)

    @api.get("/opt-outs/<opt_out_id>", endpoint="read_opt_out")
    @require(Permission.OPT_OUTS_MANAGE)
    @api.doc(summary="Read a request not to be called", responses=answers(NO_OPT_OUT), security="token")
    @api.output(OptOutFullOut)
    def read(opt_out_id: str) -> Any:
        return show(opt_out_id)

    @api.get("/notices", endpoint="list_notices")
    @require(Permission.NOTICES_VIEW)
    @api.doc(summary="List the numbers that your party may not call any more", responses=answers(), security="token")
    @api.input(NoticeQuery, location="query", arg_name="query")
    @api.output(NoticesOut)
    def list_own(query: NoticeQuery) -> Any:
        before = read_cursor(query.cursor) if query.cursor else None
        if query.cursor and before is None:
            raise InvalidInput("expected the cursor of the page before", code="bad_cursor", field="cursor")
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            found = list_notices(work.session, identity, is_open=query.is_open, before=before, limit=query.limit + 1)
            shown = found[: query.limit]
            note_read(work, identity, [each.id for each in shown])
        more = write_cursor(shown[-1]) if len(found) > query.limit else None
        return NoticesOut(items=[_show_notice(each) for each in shown], next_cursor=more)

    @api.post("/notices/<notice_id>/acknowledgement", endpoint="acknowledge_notice")
    @idempotent(uow)
    @require(Permission.NOTICES_VIEW)
    @api.doc(
        summary="Say that your party knows of a number", responses=answers(CONFLICT, NO_NOTICE),
        security="token", extensions=KEYED,
    )  # fmt: skip
    @api.output(NoticeOut)
    def acknowledge_one(notice_id: str) -> Any:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            acknowledge(work, identity, [notice_id], how="api")
            return _show_notice(get_notice(work.session, notice_id))

    def show(opt_out_id: str) -> OptOutFullOut:
        with uow.read() as session:
            line = get_line(session, get_request(session, opt_out_id))
            notices = notices_of(session, opt_out_id)
        return OptOutFullOut(
            **_describe(line), notices=[_show_notice(each) for each in notices], proof=dict(line.proof) if line.proof else None
        )


def _read_number(text: str | None) -> str | None:
    if text is None:
        return None
    number = parse_nanp(text)
    if number is None:
        raise InvalidInput("expected a North American telephone number such as +12125550123", field="number")
    return number


def _describe(line: OptOutLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in OptOutOut.model_fields}


def _show_notice(notice: NoticeView) -> NoticeOut:
    return NoticeOut(
        **{name: getattr(notice, name) for name in NoticeOut.model_fields if name not in {"calls", "due_on"}},
        calls=notice.call_count,
        due_on=date.fromisoformat(notice.due_on),
    )
