"""Long work that somebody asked for: how far it is, kept fresh, and a way to stop it; who may see it depends on its kind."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import InvalidTransition, NotFound
from app.tasks import TaskView, ask_to_stop, get_task
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind
from app.web.presenters.tasks import find_form_url, find_result_url

MAY_SEE = {
    TaskKind.BACKTEST: Permission.RULES_EDIT,
    TaskKind.EXPORT: Permission.REPORTS_EXPORT,
    TaskKind.LOAD_LIST: Permission.LISTS_MANAGE,
    TaskKind.SCRUB: Permission.NUMBERS_SCRUB,
    TaskKind.SCREEN_AGAIN: Permission.LISTS_MANAGE,
    TaskKind.IMPORT_CONSENTS: Permission.CONSENTS_MANAGE,
}


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /tasks."""
    bp = Blueprint("tasks", __name__, url_prefix="/tasks")

    def load(task_id: str) -> TaskView:
        with uow.read() as session:
            task = get_task(session, task_id)
        if not current_identity().may(MAY_SEE[task.kind]):
            raise NotFound(f"there is no task {task_id}", task_id=task_id)
        return task

    def render_part(task: TaskView) -> Response:
        return make_response(render_template("task_live.html", task=task, is_live=True, result_url=find_result_url(task)))

    @bp.get("/<task_id>")
    @require(Permission.CALLS_VIEW)  # the kind of work decides, see MAY_SEE
    def show(task_id: str) -> str | Response:
        task = load(task_id)
        result_url = find_result_url(task)
        if result_url:
            return redirect(result_url, 303)
        return render_template("task.html", task=task, form_url=find_form_url(task))

    @bp.get("/<task_id>/live")
    @require(Permission.CALLS_VIEW)
    def live(task_id: str) -> Response:
        """Answer how far it is; asked with ``reload`` once it is over, let the page be loaded anew with what came of it."""
        task = load(task_id)
        response = render_part(task)
        if task.is_over and "reload" in request.args:
            response.headers["HX-Refresh"] = "true"
        return response

    @bp.post("/<task_id>/stop")
    @require(Permission.CALLS_VIEW)
    def stop(task_id: str) -> Response:
        load(task_id)
        try:
            with uow.begin(current_identity().actor) as work:
                ask_to_stop(work, task_id)
        except InvalidTransition:
            pass  # it ended meanwhile, which the answer shows
        if "HX-Request" in request.headers:
            return render_part(load(task_id))
        return redirect(url_for("tasks.show", task_id=task_id), 303)

    return bp
