"""The API's routes about numbers: scrub them, read what came of it, and what was known of one at a moment."""

import io
from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request, url_for
from pydantic import AwareDatetime, Field
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.number_files import Later, read_report, receive_scrub, report_key
from app.compliance.number_state import NumberFacts, look_up_number
from app.compliance.number_uploads import Upload
from app.compliance.place.hours import PlaceHours
from app.compliance.registry.service import NumberLists
from app.errors import InvalidInput, NotFound
from app.phone import mask
from app.ports import BlobStore, Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import Disposition, OptOutScope, OptOutWay, ScrubOutcome
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body, Query
from app.web.api.tasks import ASKED, answer_asked
from app.web.files import answer_file

KEYED = {"parameters": [KEY_HEADER]}
NO_SCRUB = {404: "There is no such scrub, or its report is not kept."}
TOO_LARGE = {413: "More of CSV than EARSHOT_MAX_UPLOAD_MB, or more than 2 MB of JSON."}
MOST_NUMBERS = 100_000
CSV_FILE = {"description": "The report.", "content": {"text/csv": {"schema": {"type": "string"}}}}


class NumbersIn(Body):
    """Numbers in any usual way of writing."""

    numbers: list[str] = Field(min_length=1, max_length=MOST_NUMBERS)


class ScrubQuery(Query):
    """What goes with a CSV file."""

    filename: str = Field("numbers.csv", min_length=1, max_length=200)
    column: str | None = Field(None, max_length=200, description="name or position of the column; found by itself otherwise")


class StateQuery(Query):
    """The moment asked about; now when it is left out."""

    at: AwareDatetime | None = None


class ScrubbedListOut(Answer):
    """A version that the numbers were held against."""

    list: str
    source: str | None
    version: str
    obtained_at: AwareDatetime
    age_days: int | None
    san: str | None
    sha256: str
    numbers: int


class ScrubOut(Answer):
    """What came of a scrub; ``report_url`` leads to the CSV, null where it is not kept."""

    id: str
    performed_at: AwareDatetime
    performed_by: str | None
    rows: int
    allowed: int
    blocked: int
    unknown: int
    invalid: int = Field(description="rows that hold no number")
    invalid_rows: list[str] = Field(description="line and reason of the first of them")
    listed: dict[str, int] = Field(description="how many are on each list")
    lists: list[ScrubbedListOut]
    warnings: list[str]
    input_sha256: str
    report_sha256: str
    report_url: str | None


class ConsentThenOut(Answer):
    """A consent given until the moment."""

    external_id: str
    seller: str | None
    given_at: AwareDatetime
    revoked_at: AwareDatetime | None = Field(description="null where it was not revoked until the moment")
    recorded_at: AwareDatetime
    is_recorded_later: bool = Field(description="Earshot was told of it after the moment")


class OptOutThenOut(Answer):
    """A request not to be called made until the moment; it counts whether or not the internal list has the number yet."""

    id: str
    received_at: AwareDatetime
    way: OptOutWay
    scope: OptOutScope
    seller: str | None
    is_listed: bool = Field(description="the internal list has it by now")


class CallThenOut(Answer):
    """A call until the moment, within the asker's reach."""

    id: str
    external_id: str
    started_at: AwareDatetime
    side: str = Field(description="from, to, or leg: on which side the number was")
    disposition: Disposition | None


class PlaceOut(Answer):
    """A place where the number's owner may be, by its area code."""

    state: str
    zone: str
    local_time: AwareDatetime
    holiday: str | None
    is_call_allowed: bool = Field(description="by the hours of the federal rule and the state")
    opens_s: int | None = Field(description="seconds after local midnight; null where the day is closed")
    closes_s: int | None


class NumberStateOut(Answer):
    """What was known of a number at a moment; ``lists`` in the shape of ``earshot dnc check --json``."""

    number: str
    at: AwareDatetime
    outcome: ScrubOutcome
    reason: str
    note: str
    check: str
    lists: list[dict[str, Any]]
    warnings: list[str]
    consents: list[ConsentThenOut]
    opt_outs: list[OptOutThenOut]
    calls: list[CallThenOut]
    has_more_calls: bool
    places: list[PlaceOut]


CSV_OR_JSON: dict[str, Any] = {
    "required": True,
    "description": "A CSV file with telephone numbers, or a list of numbers. A file of more than 2 MB is worked on as a task.",
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        "application/json": {"schema": NumbersIn.model_json_schema()},
    },
}


def add_number_routes(
    api: APIBlueprint, uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, clock: Clock, *, max_bytes: int
) -> None:
    """Add the routes below ``/scrubs`` and ``/numbers``."""

    @api.post("/scrubs", endpoint="scrub_numbers")
    @idempotent(uow)
    @require(Permission.NUMBERS_SCRUB)
    @api.doc(
        summary="Hold numbers against the do-not-call lists in force",
        responses=answers(CONFLICT, TOO_LARGE, ASKED, {507: "No room left."}),
        security="token",
        extensions=KEYED | {"requestBody": CSV_OR_JSON},
    )
    @api.input(ScrubQuery, location="query", arg_name="query")
    @api.output(ScrubOut, 201)
    def scrub(query: ScrubQuery) -> Any:
        column = query.column
        if request.mimetype == "text/csv":
            upload = Upload(g.spooled.stream, query.filename)
        elif request.mimetype == "application/json":
            upload, column = Upload(io.BytesIO(_write_csv(_read_numbers())), "numbers.csv"), "1"
        else:
            raise InvalidInput("expected Content-Type text/csv or application/json", code="unsupported_media_type")
        try:
            done = receive_scrub(uow, blobs, lists, current_identity(), upload, column, max_bytes=max_bytes)
        except InvalidInput as error:
            raise InvalidInput(_say_refused(error), code=error.code) from None
        return answer_asked(uow, done.task_id) if isinstance(done, Later) else (show_scrub(done.name), 201)

    @api.get("/scrubs/<scrub_id>")
    @require(Permission.NUMBERS_SCRUB)
    @api.doc(summary="Read what came of a scrub", responses=answers(NO_SCRUB), security="token")
    @api.output(ScrubOut)
    def read_scrub(scrub_id: str) -> Any:
        return show_scrub(scrub_id)

    @api.get("/scrubs/<scrub_id>/report")
    @require(Permission.NUMBERS_SCRUB)
    @api.doc(
        summary="Read the report: every row of the file, with what each list says",
        responses=answers(NO_SCRUB, {200: CSV_FILE}),
        security="token",
    )
    def read_scrub_report(scrub_id: str) -> Response:
        lists.store.get_scrub(scrub_id)
        if blobs.stat(report_key(scrub_id)) is None:
            raise NotFound("the report of this scrub is not kept here")
        return answer_file(read_report(uow, blobs, current_identity(), scrub_id), f"scrub-{scrub_id}.csv")

    @api.get("/numbers/<number>/state")
    @require(Permission.NUMBERS_LOOK_UP)
    @api.doc(
        summary="Read what was known of a number at a moment",
        responses=answers({404: "There is no such route."}),
        security="token",
    )
    @api.input(StateQuery, location="query", arg_name="query")
    @api.output(NumberStateOut)
    def read_number_state(number: str, query: StateQuery) -> Any:
        identity = current_identity()
        try:
            facts = look_up_number(uow, lists, identity, number, query.at or clock.now())
        except InvalidInput as error:
            raise InvalidInput(_hide(error), code=error.code, **error.details) from None
        return _show_state(facts, mask(facts.state.number) if identity.is_outside else facts.state.number)

    def show_scrub(scrub_id: str) -> ScrubOut:
        record = lists.store.get_scrub(scrub_id)
        is_kept = blobs.stat(report_key(scrub_id)) is not None
        return ScrubOut(
            id=scrub_id,
            performed_at=datetime.fromisoformat(record["performed_at"]),
            performed_by=record.get("performed_by"),
            **{word: record[word] for word in ("rows", "allowed", "blocked", "unknown", "invalid", "listed", "warnings")},
            # The rows themselves are not repeated: answers end up in other systems' logs.
            invalid_rows=[": ".join(row.split(": ")[:2]) for row in record["garbage"]],
            lists=[
                ScrubbedListOut(**each | {"obtained_at": datetime.fromisoformat(each["obtained_at"])})
                for each in record["lists"]
            ],
            input_sha256=record["input"]["sha256"],
            report_sha256=record["report"]["sha256"],
            report_url=url_for("api.read_scrub_report", scrub_id=scrub_id) if is_kept else None,
        )


def _read_numbers() -> list[str]:
    try:
        return NumbersIn.model_validate(from_json(request.get_data(), allow_inf_nan=False)).numbers
    except ValueError:
        raise BadRequest("The body is no JSON.") from None


def _write_csv(numbers: list[str]) -> bytes:
    # One cell a row whatever is in it: what could part cells or rows cannot be part of a number.
    rows = ("".join(" " if mark in '",;|\t\r\n\0' else mark for mark in number)[:100].strip() or "-" for number in numbers)
    return ("number\n" + "\n".join(rows) + "\n").encode("utf-8", "replace")


REFUSED = {
    "is empty": "expected rows with telephone numbers, the file is empty",
    "binary file": "expected a text file with telephone numbers (CSV), got a binary file",
    "no column with": "no column with telephone numbers was found; name it with ?column=NAME or ?column=POSITION",
    "there is no column": "the file does not have the column that was named",
    "expected at most": "the file is too large; send it in parts",
}


def _say_refused(error: InvalidInput) -> str:
    """Return why a file was refused without its name, its columns and its rows."""
    return next((said for part, said in REFUSED.items() if part in error.message), "the file cannot be scrubbed")


def _hide(error: InvalidInput) -> str:
    if error.details.get("field") == "at":
        return error.message
    return "expected a North American telephone number such as +12125550123"


def _show_state(facts: NumberFacts, number: str) -> NumberStateOut:
    state = facts.state
    return NumberStateOut(
        number=number,
        at=state.at,
        outcome=ScrubOutcome(state.outcome),
        reason=state.reason,
        note=state.note,
        check=str(facts.check),
        lists=list(state.answers),
        warnings=list(state.warnings),
        consents=[
            ConsentThenOut(
                external_id=each.external_id,
                seller=each.seller,
                given_at=each.given_at,
                revoked_at=each.revoked_at,
                recorded_at=each.recorded_at,
                is_recorded_later=each.is_recorded_later,
            )
            for each in facts.consents
        ],
        opt_outs=[
            OptOutThenOut(**{name: getattr(each, name) for name in OptOutThenOut.model_fields}) for each in facts.opt_outs
        ],
        calls=[
            CallThenOut(
                id=call.id,
                external_id=call.external_id,
                started_at=call.started_at,
                side=call.side,
                disposition=call.disposition,
            )
            for call in facts.calls
        ],
        has_more_calls=facts.has_more_calls,
        places=[_show_place(place) for place in facts.hours.places],
    )


def _show_place(place: PlaceHours) -> PlaceOut:
    return PlaceOut(
        state=place.state_code,
        zone=place.zone,
        local_time=place.local,
        holiday=" and ".join(place.holiday.names) if place.holiday else None,
        is_call_allowed=place.federal.is_inside and (place.state is None or place.state.is_inside),
        opens_s=place.effective.start_s if place.effective else None,
        closes_s=place.effective.end_s if place.effective else None,
    )
