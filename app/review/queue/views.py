"""Which addresses do the review queues answer under? See them, take the next call, hold it, give it back, pass it over."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access.guard import current_identity, require
from app.access.identity import Permission
from app.access.scope import get_call
from app.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from app.ports import Clock
from app.review.presenters.queue import build_queue_page, load_claim_bar
from app.review.queue.board import list_choices, list_next, load_standings
from app.review.queue.claims import (
    Filters,
    assign_call,
    claim_call,
    claim_next,
    give_back,
    skip_call,
    user_id_of,
)
from app.review.queue.order import SamplingPolicy
from app.unit_of_work import UnitOfWork
from app.vocabulary import ReviewQueue

LONGEST_ID = 64


def make_blueprint(uow: UnitOfWork, clock: Clock, policy: SamplingPolicy) -> Blueprint:
    """Return the pages under ``/queue``."""
    blueprint = Blueprint("queue", __name__, url_prefix="/queue", template_folder="../templates")

    @blueprint.get("")
    @require(Permission.REVIEW_DECIDE)
    def show() -> str:
        identity, queue, filters = current_identity(), _read_queue(request.args.get("queue")), _read_filters(request.args)
        with uow.read() as session:
            page = build_queue_page(
                queue,
                filters,
                load_standings(session, clock.now()),
                list_next(session, user_id_of(identity), clock.now(), queue, filters),
                list_choices(session),
                clock.now(),
            )
        return render_template("queue/page.html", page=page)

    @blueprint.post("/next")
    @require(Permission.REVIEW_DECIDE)
    def take_next() -> BaseResponse:
        return go_to_next(uow, policy, _read_queue(request.form.get("queue")), _read_filters(request.form))

    @blueprint.post("/<call_id>/claim")
    @require(Permission.REVIEW_DECIDE)
    def claim(call_id: str) -> BaseResponse:
        identity = current_identity()
        try:
            with uow.begin(identity.actor) as work:
                get_call(work.session, call_id, identity)
                claim_call(work, identity, call_id)
        except (Conflict, NotFound) as refusal:
            if "HX-Request" not in request.headers:
                flash(f"Not taken: {refusal.message}.", "problem")
        if "HX-Request" not in request.headers:
            return redirect(url_for("call.show", call_id=call_id), HTTPStatus.SEE_OTHER)
        with uow.read() as session:
            bar = load_claim_bar(session, identity, call_id, clock.now())
        return make_response(render_template("queue/claim_bar.html", claim=bar))

    @blueprint.post("/<call_id>/give-back")
    @require(Permission.REVIEW_DECIDE)
    def let_go(call_id: str) -> BaseResponse:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            get_call(work.session, call_id, identity)
            give_back(work, identity, call_id)
        flash("The call is back in the queue.", "done")
        return redirect(url_for("queue.show"), HTTPStatus.SEE_OTHER)

    @blueprint.post("/<call_id>/skip")
    @require(Permission.REVIEW_DECIDE)
    def skip(call_id: str) -> BaseResponse:
        identity, queue = current_identity(), _read_queue(request.form.get("queue"))
        try:
            with uow.begin(identity.actor) as work:
                get_call(work.session, call_id, identity)
                skip_call(work, identity, call_id, request.form.get("reason", ""))
        except (InvalidInput, InvalidTransition) as refusal:
            flash(f"Not passed over: {refusal.message}.", "problem")
            return redirect(url_for("call.show", call_id=call_id), HTTPStatus.SEE_OTHER)
        return go_to_next(uow, policy, queue, Filters(), after=call_id)

    @blueprint.post("/<call_id>/assign")
    @require(Permission.REVIEW_LEAD)
    def assign(call_id: str) -> BaseResponse:
        identity, person = current_identity(), request.form.get("person", "")[:LONGEST_ID]
        with uow.begin(identity.actor) as work:
            get_call(work.session, call_id, identity)
            assign_call(work, call_id, person or None)
        flash("Given to that person." if person else "Offered to whoever comes.", "done")
        return redirect(url_for("call.show", call_id=call_id), HTTPStatus.SEE_OTHER)

    return blueprint


def go_to_next(
    uow: UnitOfWork, policy: SamplingPolicy, queue: ReviewQueue, filters: Filters, *, after: str | None = None
) -> BaseResponse:
    """Take the next call and answer with the way to it, or back to the queue when nothing waits."""
    identity = current_identity()
    try:
        with uow.begin(identity.actor) as work:
            call_id = claim_next(work, identity, queue, policy, filters, after=after)
    except Conflict as refusal:
        flash(f"No further call: {refusal.message}.", "problem")
        call_id = None
    else:
        if call_id is None:
            flash("Nothing more waits for you in this queue.", "done")
    if call_id is None:
        return redirect(url_for("queue.show", queue=queue), HTTPStatus.SEE_OTHER)
    return redirect(url_for("call.show", call_id=call_id), HTTPStatus.SEE_OTHER)


def _read_queue(text: str | None) -> ReviewQueue:
    return ReviewQueue(text) if text in set(ReviewQueue) else ReviewQueue.COMPLIANCE


def _read_filters(values: Mapping[str, str]) -> Filters:
    campaign, source = (values.get(name, "")[:LONGEST_ID] or None for name in ("campaign", "source"))
    return Filters(campaign_id=campaign, source_id=source)
