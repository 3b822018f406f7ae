"""Which addresses does the call page answer under? Each view reads the request, calls one service, answers."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.access.guard import current_identity, require
from app.access.identity import Identity, Permission
from app.access.scope import get_call
from app.audio.clusters import load_cluster_of_call
from app.conversation import Listening
from app.errors import InvalidInput
from app.ports import BlobStore, Clock
from app.review import queries, service, sound
from app.review.cluster_facts import find_open_check
from app.review.forms import TypedReview, parse_review
from app.review.in_force import load_reviews_in_force
from app.review.presenters.clusters import SameAudioCard, build_same_audio_card
from app.review.presenters.findings import build_findings
from app.review.presenters.page import build_call_page, say_standing
from app.review.presenters.player import build_player
from app.review.presenters.queue import load_claim_bar
from app.review.presenters.subtitles import build_subtitles
from app.review.queue.claims import Filters
from app.review.queue.order import SamplingPolicy
from app.review.queue.views import go_to_next
from app.review.redacted import choose_copy
from app.unit_of_work import UnitOfWork
from app.vocabulary import ReviewQueue

# Smaller answers gain nothing from being packed.
PACK_FROM_BYTES = 4_000


def make_blueprint(uow: UnitOfWork, blobs: BlobStore, clock: Clock, policy: SamplingPolicy | None = None) -> Blueprint:
    """Return the pages under ``/calls/<id>``; ``policy`` says which calls without a finding are heard."""
    sampling = policy or SamplingPolicy()
    blueprint = Blueprint("call", __name__, url_prefix="/calls/<call_id>", template_folder="templates")

    @blueprint.get("")
    @require(Permission.CALLS_VIEW)
    def show(call_id: str) -> str:
        return _render(call_id, TypedReview())

    @blueprint.get("/screen.json")
    @require(Permission.CALLS_VIEW)
    def screen(call_id: str) -> Response:
        identity = current_identity()
        with uow.read() as session:
            loaded = queries.load_call_screen(session, identity, call_id)
        can_listen = identity.may(Permission.RECORDING_LISTEN)
        return _answer_json(build_player(loaded, build_findings(loaded, identity), can_listen=can_listen))

    @blueprint.get("/subtitles.vtt")
    @require(Permission.CALLS_VIEW)
    def subtitles(call_id: str) -> Response:
        with uow.read() as session:
            return answer_subtitles(queries.get_told(session, current_identity(), call_id), call_id)

    @blueprint.get("/audio")
    @require(Permission.RECORDING_LISTEN)
    def audio(call_id: str) -> Response:
        identity = current_identity()
        with uow.read() as session:
            result = queries.get_sound(session, identity, call_id)
            is_noted = service.is_heard_recently(session, call_id, identity.actor, clock.now())
        response = sound.answer_sound(request, blobs, choose_copy(result, identity), result.listening_media_type)
        if not is_noted and request.method == "GET" and response.status_code in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            with uow.begin(identity.actor) as work:
                service.record_heard(work, call_id)
        return response

    @blueprint.get("/peaks")
    @require(Permission.RECORDING_LISTEN)
    def peaks(call_id: str) -> Response:
        with uow.read() as session:
            result = queries.get_sound(session, current_identity(), call_id)
        return sound.answer_peaks(request, blobs, result.peaks_blob_key)

    @blueprint.get("/progress")
    @require(Permission.CALLS_VIEW)
    def progress(call_id: str) -> Response:
        with uow.read() as session:
            standing = queries.load_standing_in_reach(session, current_identity(), call_id)
        told = say_standing(standing)
        response = make_response(render_template("call/progress.html", progress=told, call_id=call_id))
        if told.is_over:
            response.headers["HX-Refresh"] = "true"
        return response

    @blueprint.post("/review")
    @require(Permission.REVIEW_DECIDE)
    def review(call_id: str) -> BaseResponse:
        values = request.form.to_dict()
        try:
            _record(uow, call_id, values)
        except InvalidInput as error:
            name = str(error.details.get("field", "form"))
            page = _render(call_id, TypedReview(values, {name: error.message}))
            return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)
        return _go_on(uow, sampling, call_id, values.get("next_in", ""))

    @blueprint.post("/analyze")
    @require(Permission.ANALYSIS_REQUEST)
    def analyze(call_id: str) -> BaseResponse:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            get_call(work.session, call_id, identity)
            service.request_again(work, call_id)
        return redirect(url_for(".show", call_id=call_id), HTTPStatus.SEE_OTHER)

    def _render(call_id: str, typed: TypedReview) -> str:
        identity = current_identity()
        with uow.read() as session:
            loaded = queries.load_call_screen(session, identity, call_id)
            same_audio = _load_same_audio(session, identity, call_id)
            claim = load_claim_bar(session, identity, call_id, clock.now())
        page = build_call_page(loaded, identity, form=typed, same_audio=same_audio)
        return render_template("call/page.html", page=page, claim=claim)

    return blueprint


def answer_subtitles(listening: Listening, call_id: str) -> Response:
    """Return the subtitles of a call as a file to keep."""
    response = Response(build_subtitles(listening), mimetype="text/vtt")
    response.headers["Content-Disposition"] = f'attachment; filename="call-{call_id}.vtt"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _record(uow: UnitOfWork, call_id: str, values: Mapping[str, str]) -> None:
    identity = current_identity()
    with uow.begin(identity.actor) as work:
        get_call(work.session, call_id, identity)
        service.record_review(work, identity, call_id, parse_review(values))


def _go_on(uow: UnitOfWork, policy: SamplingPolicy, call_id: str, queue: str) -> BaseResponse:
    """Say that the verdict is recorded, and lead to the next call of a queue, or back to the same call."""
    flash("Your verdict is recorded.", "done")
    if queue in set(ReviewQueue):
        return go_to_next(uow, policy, ReviewQueue(queue), Filters(), after=call_id)
    return redirect(url_for("call.show", call_id=call_id, reviewed="1"), HTTPStatus.SEE_OTHER)


def _load_same_audio(session: Session, identity: Identity, call_id: str) -> SameAudioCard | None:
    cluster = load_cluster_of_call(session, call_id, identity)
    if cluster is None:
        return None
    if not identity.may(Permission.CLUSTERS_VIEW):
        return build_same_audio_card(cluster, call_id)
    in_force = load_reviews_in_force(session, [call.call_id for call in cluster.calls])
    check = find_open_check(session, cluster.facts.id)
    return build_same_audio_card(cluster, call_id, check=check, in_force=in_force, may_open_cluster=True)


def _answer_json(data: object) -> Response:
    """Return JSON that a browser may keep as long as it is the same, packed where the asker can unpack it."""
    content = json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
    response = Response(mimetype="application/json")
    response.set_etag(hashlib.sha256(content).hexdigest()[:32], weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, Accept-Encoding"
    if len(content) >= PACK_FROM_BYTES and "gzip" in request.headers.get("Accept-Encoding", ""):
        content = gzip.compress(content, compresslevel=5, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(content)
    response.make_conditional(request.environ)
    return response
