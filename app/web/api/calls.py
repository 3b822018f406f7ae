"""The API's routes about calls: send them and their recordings, read what became of them, review them."""

from typing import Any

from apiflask import APIBlueprint
from flask import request

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.access.scope import get_call
from app.errors import InvalidInput
from app.intake.service import Envelope, deliver_recording, deliver_row, load_fetch
from app.ports import BlobStore
from app.review.queries import get_told, load_call_screen
from app.review.service import FindingChoice, ReviewInput, record_review
from app.review.views import answer_subtitles
from app.unit_of_work import UnitOfWork
from app.web.api.analysis_answers import show_analysis, show_findings
from app.web.api.call_queries import get_call_answer, list_calls
from app.web.api.documented import BYTES_BODY, CONFLICT, KEY_HEADER, NOT_FOUND, answers
from app.web.api.fetches import FETCH_ACCEPTED, ask_to_fetch, read_roles, show_fetch
from app.web.api.idempotency import idempotent
from app.web.api.models import (
    AnalysisOut,
    CallIn,
    CallOut,
    CallsOut,
    CallsQuery,
    FetchOut,
    FindingsOut,
    RecordedOut,
    RecordingOut,
    RecordingQuery,
    ReviewIn,
    ReviewOut,
)
from app.web.api.quiet import without_input

KEYED = {"parameters": [KEY_HEADER]}
VTT_FILE = {"description": "The file.", "content": {"text/vtt": {"schema": {"type": "string"}}}}


def add_call_routes(
    api: APIBlueprint, uow: UnitOfWork, blobs: BlobStore, *, max_bytes: int, allowed_hosts: frozenset[str] = frozenset()
) -> None:
    """Add the routes below ``/calls``."""

    @api.post("/calls")
    @idempotent(uow)
    @require(Permission.CALLS_SEND)
    @api.doc(
        summary="Send a call; the same external_id again adds and corrects",
        responses=answers(CONFLICT, {200: "The call was known."}),
        security="token",
        extensions=KEYED,
    )
    @api.input(CallIn, location="json", arg_name="body")
    @api.output(RecordedOut, 201)
    def send_call(body: CallIn) -> Any:
        cells = body.model_dump(mode="json", by_alias=True, exclude_none=True)
        envelope = Envelope(current_identity().actor, body.sender, f"call {body.external_id}")
        with without_input():
            recorded, row = deliver_row(uow, envelope, cells)
        answer = RecordedOut(
            id=recorded.call_id,
            external_id=row.external_id,
            sender=row.sender,
            is_new=recorded.is_new,
            changed=list(recorded.changed),
        )
        return answer, 201 if recorded.is_new else 200

    @api.get("/calls")
    @require(Permission.CALLS_VIEW)
    @api.doc(summary="List calls, newest first", responses=answers(), security="token")
    @api.input(CallsQuery, location="query", arg_name="query")
    @api.output(CallsOut)
    def list_all(query: CallsQuery) -> Any:
        with uow.read() as session:
            return list_calls(session, current_identity(), query)

    @api.get("/calls/<call_id>")
    @require(Permission.CALLS_VIEW)
    @api.doc(summary="Read a call", responses=answers(NOT_FOUND), security="token")
    @api.output(CallOut)
    def read_call(call_id: str) -> Any:
        with uow.read() as session:
            return get_call_answer(session, current_identity(), call_id)

    @api.put("/calls/<call_id>/recording")
    @require(Permission.CALLS_SEND)
    @api.doc(
        summary="Send the recording of a call: its bytes, or the address that it is fetched from",
        responses=answers(
            NOT_FOUND,
            {
                200: "The same bytes were known, or the address was fetched before.",
                202: FETCH_ACCEPTED,
                409: "The call changed meanwhile.",
                413: "Too large.",
                507: "No room left.",
            },
        ),
        security="token",
        extensions={"requestBody": BYTES_BODY},
    )
    @api.input(RecordingQuery, location="query", arg_name="query")
    @api.output(RecordingOut, 201)
    def send_recording(call_id: str, query: RecordingQuery) -> Any:
        _check_media_type()
        identity = current_identity()
        with uow.read() as session:
            get_call(session, call_id, identity)
        if request.mimetype == "application/json":
            return ask_to_fetch(uow, blobs, call_id, query, allowed_hosts=allowed_hosts)
        with without_input(query.filename):
            roles = read_roles(query.channel_roles)
            stored = deliver_recording(
                uow,
                blobs,
                Envelope(identity.actor, "api", f"recording of call {call_id}"),
                call_id,
                request.stream,
                query.filename,
                roles,
                max_bytes=max_bytes,
            )
        answer = RecordingOut(
            id=stored.recording_id,
            call_id=stored.call_id,
            state=stored.state,
            sha256=stored.sha256,
            byte_count=stored.byte_count,
            is_new=stored.is_new,
        )
        return answer, 201 if stored.is_new else 200

    @api.get("/calls/<call_id>/recording/fetches/<fetch_id>")
    @require(Permission.CALLS_SEND)
    @api.doc(summary="Read what became of a recording to be fetched", responses=answers(NOT_FOUND), security="token")
    @api.output(FetchOut)
    def read_fetch(call_id: str, fetch_id: str) -> Any:
        with uow.read() as session:
            get_call(session, call_id, current_identity())
            return show_fetch(load_fetch(session, call_id, fetch_id))

    @api.get("/calls/<call_id>/analysis")
    @require(Permission.CALLS_VIEW)
    @api.doc(summary="Read where the analysis stands and what was heard", responses=answers(NOT_FOUND), security="token")
    @api.output(AnalysisOut)
    def read_analysis(call_id: str) -> Any:
        with uow.read() as session:
            return show_analysis(load_call_screen(session, current_identity(), call_id))

    @api.get("/calls/<call_id>/subtitles")
    @require(Permission.CALLS_VIEW)
    @api.doc(
        summary="Read what was said as WebVTT subtitles, the numbers of people masked",
        responses=answers(
            NOT_FOUND, {200: {"description": "The file.", "content": {"text/vtt": {"schema": {"type": "string"}}}}}
        ),
        security="token",
    )
    def read_subtitles(call_id: str) -> Any:
        with uow.read() as session:
            told = get_told(session, current_identity(), call_id)
        return answer_subtitles(told, call_id)

    @api.get("/calls/<call_id>/findings")
    @require(Permission.CALLS_VIEW)
    @api.doc(summary="Read what the rules say", responses=answers(NOT_FOUND), security="token")
    @api.output(FindingsOut)
    def read_findings(call_id: str) -> Any:
        with uow.read() as session:
            return show_findings(load_call_screen(session, current_identity(), call_id))

    @api.post("/calls/<call_id>/review")
    @idempotent(uow)
    @require(Permission.REVIEW_DECIDE)
    @api.doc(summary="Give a verdict", responses=answers(NOT_FOUND, CONFLICT), security="token", extensions=KEYED)
    @api.input(ReviewIn, location="json", arg_name="body")
    @api.output(ReviewOut, 201)
    def review(call_id: str, body: ReviewIn) -> Any:
        identity = current_identity()
        choices = {name: FindingChoice(choice.decision, choice.reason) for name, choice in body.findings.items()}
        given = ReviewInput(body.verdict, body.notes, choices, body.heard_s)
        with uow.begin(identity.actor) as work:
            get_call(work.session, call_id, identity)
            review_id = record_review(work, identity, call_id, given)
        return ReviewOut(id=review_id, call_id=call_id, verdict=body.verdict), 201


def _check_media_type() -> None:
    """Refuse bodies that are neither a recording nor the address of one; forms have an address of their own."""
    media = request.mimetype
    known = ("application/octet-stream", "application/ogg", "application/json")
    if media and not media.startswith(("audio/", "video/")) and media not in known:
        raise InvalidInput(
            "expected Content-Type audio/* or application/octet-stream, or application/json with a url",
            code="unsupported_media_type",
        )
