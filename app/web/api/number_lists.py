"""The API's routes about the lists themselves: load one, see what is loaded, and how long it may still be used."""

from typing import Any

from apiflask import APIBlueprint
from flask import g
from pydantic import AwareDatetime, Field

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.list_clocks import read_clocks
from app.compliance.number_files import Later, ListForm, receive_list
from app.compliance.number_uploads import Upload
from app.compliance.registry.service import NumberLists
from app.compliance.registry.summaries import version_to_summary
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.vocabulary import Freshness
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Query
from app.web.api.tasks import ASKED, answer_asked

FILE_BODY: dict[str, Any] = {
    "required": True,
    "description": "The list as it was got: text, XML or CSV, plain or zipped. More than 2 MB is loaded as a task.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


class ListQuery(Query):
    """What is said of a list."""

    list: str = Field(max_length=20, description="national, state:XX, internal, litigator or reassigned")
    obtained_at: AwareDatetime = Field(description="when it was got from its keeper; the 31 days are counted from it")
    filename: str = Field("list.txt", min_length=1, max_length=200)
    san: str = Field("", max_length=60)
    area_codes: str = Field("", max_length=2000, description="such as 212,305; those in the file where none are given")
    source: str = Field("", max_length=100, description="the seller, for lists of litigators only")
    source_version: str = Field("", max_length=100)


class ListVersionOut(Answer):
    """A version of a list."""

    version: str
    list: str
    obtained_at: AwareDatetime
    loaded_at: AwareDatetime
    loaded_by: str
    san: str | None
    source: str | None
    source_version: str | None
    kind: str = Field(description="full or change")
    numbers: int
    area_codes: tuple[int, ...] | None = Field(description="null where the list speaks of every number")
    rows_left_out: int
    sha256: str
    is_new: bool = Field(description="false where the same file was loaded before, which changes nothing")


class ClockOut(Answer):
    """Area codes of one list that may be used equally long."""

    list: str
    area_codes: tuple[str, ...] = Field(description="empty where the list speaks of every number")
    last_day: str = Field(description="the last day on which the list may be used there, YYYY-MM-DD, in the area's calendar")
    days_left: int = Field(description="negative where the list is too old already")
    state: Freshness
    calls_a_day: float = Field(description="calls a day to or from these area codes, of the last 7 days")


class FreshnessOut(Answer):
    """How long the lists may still be used."""

    is_anything_loaded: bool
    is_national_loaded: bool
    clocks: list[ClockOut]


def add_list_routes(api: APIBlueprint, uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, *, max_bytes: int) -> None:
    """Add the routes below ``/lists``."""

    @api.post("/lists", endpoint="load_list")
    @idempotent(uow)
    @require(Permission.LISTS_MANAGE)
    @api.doc(
        summary="Load a do-not-call list",
        responses=answers(CONFLICT, ASKED, {413: "Larger than EARSHOT_MAX_UPLOAD_MB.", 507: "No room left."}),
        security="token",
        extensions={"parameters": [KEY_HEADER], "requestBody": FILE_BODY},
    )
    @api.input(ListQuery, location="query", arg_name="query")
    @api.output(ListVersionOut, 201)
    def load_list(query: ListQuery) -> Any:
        form = ListForm(query.list, query.obtained_at, query.san, query.area_codes, query.source, query.source_version)
        files = [Upload(g.spooled.stream, query.filename)]
        done = receive_list(uow, blobs, lists, current_identity(), form, files, max_bytes=max_bytes)
        if isinstance(done, Later):
            return answer_asked(uow, done.task_id)
        version, is_new = done
        told = version_to_summary(version)
        shown = {name: told[name] for name in ListVersionOut.model_fields if name in told}
        shown |= {"obtained_at": version.obtained_at, "loaded_at": version.loaded_at}
        left_out = sum(file.garbage_count for file in version.files)
        return ListVersionOut(**shown, rows_left_out=left_out, is_new=is_new), 201

    @api.get("/lists/freshness")
    @require(Permission.NUMBERS_SCRUB)
    @api.doc(summary="Read how long the lists may still be used", responses=answers(), security="token")
    @api.output(FreshnessOut)
    def read_freshness() -> Any:
        with uow.read() as session:
            clocks = read_clocks(session, lists)
        return FreshnessOut(
            is_anything_loaded=clocks.is_anything_loaded,
            is_national_loaded=clocks.is_national_loaded,
            clocks=[
                ClockOut(
                    list=clock.title,
                    area_codes=tuple(str(area) for area in clock.areas),
                    last_day=clock.last_day.isoformat(),
                    days_left=clock.days_left,
                    state=clock.state,
                    calls_a_day=clock.calls_a_day,
                )
                for clock in clocks.clocks
            ],
        )
