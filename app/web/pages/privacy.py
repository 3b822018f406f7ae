"""Privacy requests in the browser: record, verify, see the plan call by call, erase, answer; always with the clocks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.bootstrap import Services
from app.compliance.privacy.erasure import plan_erasure
from app.compliance.privacy.queries import OPEN_STATES, PAGE_SIZE, bundle_of, count_by_state, list_requests, view_request
from app.compliance.privacy.service import (
    acknowledge_receipt,
    change_kind,
    erase_for_request,
    extend_clock,
    finish_request,
    get_request,
    record_privacy_request,
    refuse_request,
    verify_requester,
)
from app.errors import InvalidInput, InvalidTransition
from app.intake.values import parse_moment
from app.models.base import canonical_json
from app.unit_of_work import Work
from app.vocabulary import EventKind, PrivacyKind, PrivacyState
from app.web.audit_trail import load_actor_names
from app.web.files import answer_file
from app.web.pages.opt_outs import read_after
from app.web.presenters.privacy import URL, present_list, present_request

FIELDS = ("number", "kind", "way", "received_at", "name", "contact")
LONGEST_FIELD = 4000
Step = Callable[[Work, str, str], None]
STEPS: Mapping[str, tuple[Step, str]] = {
    "acknowledge": (
        lambda work, request_id, _: acknowledge_receipt(work, request_id),
        "Noted that the receipt was acknowledged.",
    ),
    "extend": (lambda work, request_id, text: extend_clock(work, request_id, why=text), "45 more days. Tell the consumer why."),
    "verify": (lambda work, request_id, text: verify_requester(work, request_id, how=text), "Verified."),
    "refuse": (lambda work, request_id, text: refuse_request(work, request_id, why=text), "Refused. Tell the consumer why."),
    "finish": (lambda work, request_id, text: finish_request(work, request_id, done=text), "Done."),
    "kind": (lambda work, request_id, text: change_kind(work, request_id, read_kind(text)), "Changed what is asked."),
}


def make_blueprint(services: Services) -> Blueprint:
    """Return the blueprint of /compliance/privacy."""
    bp = Blueprint("privacy", __name__, url_prefix=URL)
    uow, clock = services.uow, services.clock

    def render(typed: Mapping[str, str], problem: InvalidInput | None = None) -> str:
        word = request.args.get("state", "")
        chosen = PrivacyState(word) if word in set(PrivacyState) else None
        with uow.read() as session:
            states = (chosen,) if chosen else OPEN_STATES
            found = list_requests(session, states, after=read_after(request.args.get("after", "")), limit=PAGE_SIZE + 1)
            counts = count_by_state(session)
        lines = found[:PAGE_SIZE]
        more = f"{lines[-1].answer_by}.{lines[-1].id}" if len(found) > PAGE_SIZE else None
        page = present_list(lines, counts, chosen, clock.now().date(), more=more, typed=typed, problem=problem)
        return render_template("privacy.html", page=page)

    def render_one(request_id: str, problem: str | None = None, typed: Mapping[str, str] | None = None) -> str:
        today = clock.now().date()
        with uow.read() as session:
            row = get_request(session, request_id)
            line = view_request(row)
            plan = plan_erasure(session, row.number, today) if row.kind is PrivacyKind.DELETE else ()
            names = load_actor_names(session, {line.recorded_by, line.verified_by or "", line.ended_by or ""})
        return render_template(
            "privacy_request.html", page=present_request(line, plan, names, today, problem=problem, typed=typed)
        )

    @bp.get("")
    @require(Permission.PRIVACY_MANAGE)
    def show() -> str:
        return render({"received_at": f"{clock.now():%Y-%m-%dT%H:%M}", "kind": PrivacyKind.DELETE, "way": "email"})

    @bp.post("")
    @require(Permission.PRIVACY_MANAGE)
    def record() -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:LONGEST_FIELD] for name in FIELDS}
        try:
            with uow.begin(current_identity().actor) as work:
                request_id = record_privacy_request(
                    work,
                    kind=read_kind(typed["kind"]),
                    number=typed["number"],
                    way=typed["way"],
                    received_at=_read_moment(typed["received_at"]),
                    name=typed["name"],
                    contact=typed["contact"],
                )
        except InvalidInput as refusal:
            return render(typed, refusal), 422
        flash("Recorded. The clocks run from the moment that it came.", "done")
        return redirect(url_for("privacy.read", request_id=request_id), 303)

    @bp.get("/<request_id>")
    @require(Permission.PRIVACY_MANAGE)
    def read(request_id: str) -> str:
        return render_one(request_id)

    @bp.post("/<request_id>/<any(acknowledge,extend,verify,refuse,finish,kind):step>")
    @require(Permission.PRIVACY_MANAGE)
    def take_step(request_id: str, step: str) -> Response | tuple[str, int]:
        text = request.form.get("text", "")[:LONGEST_FIELD]
        act, done = STEPS[step]
        try:
            with uow.begin(current_identity().actor) as work:
                act(work, request_id, text)
        except (InvalidInput, InvalidTransition) as refusal:
            return render_one(request_id, refusal.message, {step: text}), 422
        flash(done, "done")
        return redirect(url_for("privacy.read", request_id=request_id), 303)

    _add_answers(bp, services, render_one)
    return bp


def _add_answers(bp: Blueprint, services: Services, render_one: Callable[..., str]) -> None:
    uow = services.uow

    @bp.post("/<request_id>/erase")
    @require(Permission.PRIVACY_MANAGE)
    def erase(request_id: str) -> Response | tuple[str, int]:
        if request.form.get("is_sure") != "1":
            return render_one(request_id, "Tick that you have read the plan: what is erased cannot be brought back."), 422
        try:
            decided = erase_for_request(uow, services.blobs, services.stage_cache, current_identity().actor, request_id)
        except InvalidTransition as refusal:
            return render_one(request_id, refusal.message), 422
        rest = f" {decided.waiting} must wait; see why below." if decided.waiting else ""
        flash(f"{decided.erased} {'call was' if decided.erased == 1 else 'calls were'} erased.{rest}", "done")
        return redirect(url_for("privacy.read", request_id=request_id), 303)

    @bp.get("/<request_id>/data.json")
    @require(Permission.PRIVACY_MANAGE)
    def bundle(request_id: str) -> Response:
        with uow.begin(current_identity().actor) as work:
            row = get_request(work.session, request_id)
            if row.kind is not PrivacyKind.KNOW or row.verified_at is None:
                raise InvalidTransition("the data are handed out for a verified request to know them only")
            content = canonical_json(bundle_of(work.session, row.number, work.now, services.redact)).encode()
            told = {"what": "data of a consumer", "bytes": len(content)}
            work.publish(EventKind.EXPORT_READ, ("privacy_request", request_id), told)
        return answer_file([content], f"data-{request_id}.json", "application/json")


def read_kind(text: str) -> PrivacyKind:
    """Return what is asked. Raises InvalidInput for a word that is none."""
    try:
        return PrivacyKind(text)
    except ValueError:
        raise InvalidInput(f"expected one of {', '.join(PrivacyKind)}", field="kind") from None


def _read_moment(text: str) -> datetime:
    try:
        return parse_moment(text, UTC)
    except ValueError as error:
        raise InvalidInput(f"when it came: {error}; without an offset it is read as UTC", field="received_at") from None
