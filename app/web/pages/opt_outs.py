"""Opt-outs in the browser: who asked not to be called, what is due, one request with its steps, its notices and its proof."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.opt_outs.completion import write_proof
from app.compliance.opt_outs.notices import acknowledge, notices_of
from app.compliance.opt_outs.queries import PAGE_SIZE, OptOutFilter, count_by_state, get_line, list_requests, list_revoked
from app.compliance.opt_outs.service import get_request, judge_request, record_request
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.intake.values import parse_moment
from app.phone import parse_nanp
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, OptOutScope, OptOutState, OptOutWay
from app.web.audit_trail import load_actor_names
from app.web.files import answer_file
from app.web.presenters.opt_outs import present_list, present_request

FIELDS = ("number", "way", "scope", "seller", "received_at", "comment")
LONGEST_FIELD = 4000
URL = "/compliance/opt-outs"
Word = TypeVar("Word", bound=StrEnum)


def make_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/opt-outs."""
    bp = Blueprint("opt_outs", __name__, url_prefix=URL)

    def render(typed: Mapping[str, str], problem: InvalidInput | None = None, *, number: str | None = None) -> str:
        wanted, after = _read_filter(request.args)
        wanted = OptOutFilter(is_everything=True, number=number) if number else wanted
        today = clock.now().date()
        with uow.read() as session:
            found = list_requests(session, wanted, today, after=after, limit=PAGE_SIZE + 1)
            counts = count_by_state(session, today)
        lines = found[:PAGE_SIZE]
        more = (lines[-1].due_on, lines[-1].id) if len(found) > PAGE_SIZE else None
        page = present_list(lines, counts, wanted, current_identity(), today, more=more, typed=typed, problem=problem)
        return render_template("opt_outs.html", page=page)

    def render_one(opt_out_id: str, problem: str | None = None, why: str = "") -> str:
        with uow.read() as session:
            row = get_request(session, opt_out_id)
            line = get_line(session, row)
            notices = notices_of(session, opt_out_id)
            actors = {line.recorded_by, line.judged_by or "", *(each.acknowledged_by or "" for each in notices)}
            names = load_actor_names(session, actors)
            consents = list_revoked(session, opt_out_id, row.number)
        identity, today = current_identity(), clock.now().date()
        page = present_request(line, notices, consents, identity, today, names, problem=problem, why=why)
        return render_template("opt_out.html", page=page, names=names)

    def empty_form() -> dict[str, str]:
        return {"received_at": f"{clock.now():%Y-%m-%dT%H:%M}", "scope": OptOutScope.EVERYBODY, "way": OptOutWay.EMAIL}

    @bp.get("")
    @require(Permission.OPT_OUTS_MANAGE)
    def show() -> str:
        return render(empty_form())

    @bp.post("/find")
    @require(Permission.OPT_OUTS_MANAGE)
    def find() -> str | tuple[str, int]:
        # By a form, so that no number lands in an address or a log.
        number = parse_nanp(request.form.get("number", "")[:40])
        if number is None:
            flash("Expected a North American telephone number such as (212) 555-0123.", "problem")
            return render(empty_form()), 422
        return render(empty_form(), number=number)

    @bp.post("")
    @require(Permission.OPT_OUTS_MANAGE)
    def record() -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:LONGEST_FIELD] for name in FIELDS}
        try:
            with uow.begin(current_identity().actor) as work:
                opt_out_id = record_request(
                    work,
                    number=typed["number"],
                    way=_read_word(OptOutWay, typed["way"], "way"),
                    scope=_read_word(OptOutScope, typed["scope"], "scope"),
                    received_at=_read_moment(typed["received_at"]),
                    seller=typed["seller"],
                    comment=typed["comment"],
                )
        except InvalidInput as refusal:
            return render(typed, refusal), 422
        flash("Recorded. The number counts as asked from now on; the internal list gets it within moments.", "done")
        return redirect(url_for("opt_outs.read", opt_out_id=opt_out_id), 303)

    @bp.get("/<opt_out_id>")
    @require(Permission.OPT_OUTS_MANAGE)
    def read(opt_out_id: str) -> str:
        return render_one(opt_out_id)

    _add_steps(bp, uow, render_one)
    _add_proof(bp, uow)
    return bp


def _add_steps(bp: Blueprint, uow: UnitOfWork, render_one: Callable[..., str]) -> None:
    @bp.post("/<opt_out_id>/judge")
    @require(Permission.OPT_OUTS_MANAGE)
    def judge(opt_out_id: str) -> Response | tuple[str, int]:
        why = request.form.get("why", "")[:LONGEST_FIELD]
        is_request = request.form.get("answer") == "request"
        try:
            with uow.begin(current_identity().actor) as work:
                judge_request(work, opt_out_id, is_request=is_request, why=why)
        except (InvalidInput, InvalidTransition) as refusal:
            return render_one(opt_out_id, refusal.message, why), 422
        flash("It is a request: the number goes on the internal list." if is_request else "Noted: it is no request.", "done")
        return redirect(url_for("opt_outs.read", opt_out_id=opt_out_id), 303)

    @bp.post("/<opt_out_id>/acknowledge")
    @require(Permission.OPT_OUTS_MANAGE)
    def acknowledge_for(opt_out_id: str) -> Response | tuple[str, int]:
        how, notice_id = request.form.get("how", "")[:LONGEST_FIELD], request.form.get("notice_id", "")
        try:
            with uow.begin(current_identity().actor) as work:
                if notice_id not in {each.id for each in notices_of(work.session, opt_out_id)}:
                    raise NotFound("there is no such notice of this opt-out")
                acknowledge(work, current_identity(), [notice_id], how=how)
        except InvalidInput as refusal:
            return render_one(opt_out_id, refusal.message), 422
        flash("Noted that they know.", "done")
        return redirect(url_for("opt_outs.read", opt_out_id=opt_out_id), 303)


def _add_proof(bp: Blueprint, uow: UnitOfWork) -> None:
    @bp.get("/<opt_out_id>/proof.json")
    @require(Permission.OPT_OUTS_MANAGE)
    def proof(opt_out_id: str) -> Response:
        with uow.begin(current_identity().actor) as work:
            row = get_request(work.session, opt_out_id)
            if row.proof is None:
                raise NotFound("the proof is made when everybody has been told")
            work.publish(EventKind.EXPORT_READ, ("opt_out", opt_out_id), {"what": "proof", "sha256": row.proof_sha256})
            content = write_proof(row.proof)
        return answer_file([content], f"opt-out-{opt_out_id}.json", "application/json")

    @bp.get("/<opt_out_id>/proof")
    @require(Permission.OPT_OUTS_MANAGE)
    def show_proof(opt_out_id: str) -> str:
        with uow.read() as session:
            row = get_request(session, opt_out_id)
            if row.proof is None:
                raise NotFound("the proof is made when everybody has been told")
            return render_template("opt_out_proof.html", proof=row.proof, sha256=row.proof_sha256, opt_out_id=opt_out_id)


def _read_filter(args: Mapping[str, str]) -> tuple[OptOutFilter, tuple[date, str] | None]:
    """Read the filter and the cursor; words that are none are left out, as addresses get cut and mistyped."""
    state, way = args.get("state", ""), args.get("way", "")
    wanted = OptOutFilter(
        state=OptOutState(state) if state in set(OptOutState) else None,
        is_everything=state == "all",
        is_overdue=args.get("overdue") == "1",
        way=OptOutWay(way) if way in set(OptOutWay) else None,
    )
    return wanted, read_after(args.get("after", ""))


def read_after(text: str) -> tuple[date, str] | None:
    """Return the day and id after which the next page begins; None when the text is no such cursor."""
    day, _, last_id = text.partition(".")
    if not last_id.isalnum() or len(last_id) > 64:
        return None
    try:
        return date.fromisoformat(day), last_id
    except ValueError:
        return None


def _read_moment(text: str) -> datetime:
    try:
        return parse_moment(text, UTC)
    except ValueError as error:
        raise InvalidInput(f"when it was asked: {error}; without an offset it is read as UTC", field="received_at") from None


def _read_word(kind: type[Word], text: str, field: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise InvalidInput(f"expected one of {', '.join(kind)}", field=field) from None
