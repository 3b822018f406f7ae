"""Back-tests: ask what a draft or an edition would change on past calls, watch it come about, read the answer."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.editions.drafts import draft_document, list_drafts
from app.compliance.editions.service import find_publication, list_editions
from app.errors import InvalidInput, NotFound
from app.learning.backtest_service import USUAL_DAYS, ask_backtest, flips_key
from app.ports import BlobStore
from app.tasks import TaskView, get_task, list_tasks
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind
from app.web.audit_trail import load_actor_names
from app.web.files import answer_file
from app.web.presenters.backtests import present_backtest, present_form, present_list

SHOWN = 50


def make_blueprint(uow: UnitOfWork, blobs: BlobStore) -> Blueprint:
    """Return the blueprint of /compliance/backtests."""
    bp = Blueprint("backtests", __name__, url_prefix="/compliance/backtests")

    def render_form(typed: Mapping[str, str], refusal: InvalidInput | None = None) -> str:
        with uow.read() as session:
            drafts, editions = list_drafts(session), list_editions(session)
        problem, field = (refusal.message, str(refusal.details.get("field", ""))) if refusal else (None, "")
        page = present_form(drafts, editions, typed, problem=problem, problem_field=field)
        return render_template("backtest_new.html", page=page)

    @bp.get("")
    @require(Permission.RULES_EDIT)
    def list_backtests() -> str:
        with uow.read() as session:
            tasks = list_tasks(session, TaskKind.BACKTEST, limit=SHOWN)
            names = load_actor_names(session, {task.asked_by for task in tasks})
        return render_template("backtests.html", lines=present_list(tasks, names))

    @bp.get("/new")
    @require(Permission.RULES_EDIT)
    def begin() -> str:
        named = next((f"{part}:{request.args[part]}" for part in ("draft", "edition") if request.args.get(part)), "")
        return render_form({"tried": named, "days": request.args.get("days", str(USUAL_DAYS))[:10]})

    @bp.post("")
    @require(Permission.RULES_EDIT)
    def ask() -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:100] for name in ("tried", "days", "limit")}
        try:
            part, _, subject = typed["tried"].partition(":")
            if part not in ("draft", "edition"):
                raise InvalidInput("choose what to try: a draft or an edition", field="tried")
            days, limit = _read_number("days", typed["days"]), _read_number("limit", typed["limit"] or "0") or None
            with uow.begin(current_identity().actor) as work:
                task_id = ask_backtest(work, **{f"{part}_id": subject}, days=days, limit=limit)
        except NotFound:
            return render_form(typed, InvalidInput("this draft or edition is not there any more", field="tried")), 422
        except InvalidInput as refusal:
            return render_form(typed, refusal), 422
        return redirect(url_for("backtests.show", task_id=task_id), 303)

    @bp.get("/<task_id>")
    @require(Permission.RULES_EDIT)
    def show(task_id: str) -> str:
        with uow.read() as session:
            task = get_task(session, task_id, TaskKind.BACKTEST)
            names = load_actor_names(session, {task.asked_by})
            outdated = _say_outdated(task, *_load_present(session, task)) if task.result is not None else ""
        return render_template("backtest.html", page=present_backtest(task, names, outdated), task=task)

    @bp.get("/<task_id>/flips.csv")
    @require(Permission.RULES_EDIT)
    def download(task_id: str) -> Response:
        with uow.read() as session:
            get_task(session, task_id, TaskKind.BACKTEST)
        if blobs.stat(flips_key(task_id)) is None:
            raise NotFound("the file of this back-test is not kept")
        return answer_file(blobs.open_range(flips_key(task_id)), f"backtest-{task_id}.csv")

    return bp


def _read_number(field: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidInput(f"{field}: expected a whole number, got {text!r}", field=field)
    return int(text)


def _load_present(session: Session, task: TaskView) -> tuple[str, str | None]:
    """Return the hash of the draft as it is now (or of what was tried) and the id of the edition in force now."""
    publication = find_publication(session)
    tried = task.params["sha256"]
    if "draft_id" in task.params:
        tried = draft_document(session, task.params["draft_id"]).sha256
    return tried, None if publication is None else publication.edition.id


def _say_outdated(task: TaskView, tried: str, in_force: str | None) -> str:
    if tried != task.params["sha256"]:
        return "The draft was changed after this back-test: it tells of the draft as it was then."
    if in_force != task.params["in_force_id"]:
        return "Another edition came into force after this back-test: it compares with the one before."
    return ""
