"""The API's route about long work: how far is it, and what came of it?"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, url_for
from pydantic import AwareDatetime, Field

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import NotFound
from app.tasks import TaskView, get_task
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind, TaskState
from app.web.api.documented import answers
from app.web.api.models import Answer
from app.web.pages.tasks import MAY_SEE
from app.web.presenters.tasks import find_result_url


class TaskOut(Answer):
    """Long work; ``done`` of ``total`` is how far it is, ``result`` what came of it, ``failure`` why nothing did."""

    id: str
    kind: TaskKind
    title: str
    state: TaskState
    asked_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    note: str
    done: int
    total: int | None = Field(description="null while it is not known how much there is to do")
    result: dict[str, Any] | None
    failure: str | None
    url: str = Field(description="where to ask again")
    result_url: str | None = Field(description="the page that shows the result")


ASKED: dict[int, Any] = {
    202: {
        "description": "The file is large: it is worked on in the background. Ask at url how far it is.",
        "content": {"application/json": {"schema": TaskOut.model_json_schema()}},
    }
}


def add_task_routes(api: APIBlueprint, uow: UnitOfWork) -> None:
    """Add the route below ``/tasks``."""

    @api.get("/tasks/<task_id>")
    @require(Permission.CALLS_VIEW)  # the kind of work decides, see MAY_SEE
    @api.doc(
        summary="Read how far long work is, and what came of it",
        responses=answers({404: "There is no such work, or its kind is not open to the token's role."}),
        security="token",
    )
    @api.output(TaskOut)
    def read_task(task_id: str) -> Any:
        with uow.read() as session:
            task = get_task(session, task_id)
        if not current_identity().may(MAY_SEE[task.kind]):
            raise NotFound(f"there is no task {task_id}", task_id=task_id)
        return show_task(task)


def show_task(task: TaskView) -> TaskOut:
    """Return a task as the API shows it."""
    return TaskOut(
        id=task.id,
        kind=task.kind,
        title=task.title,
        state=task.state,
        asked_at=task.asked_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
        note=task.note,
        done=task.done,
        total=task.total,
        result=None if task.result is None else dict(task.result),
        failure=task.failure,
        url=url_for("api.read_task", task_id=task.id),
        result_url=find_result_url(task),
    )


def answer_asked(uow: UnitOfWork, task_id: str) -> Response:
    """Return the answer to a request that goes on as a task."""
    with uow.read() as session:
        out = show_task(get_task(session, task_id))
    response = jsonify(out.model_dump(mode="json"))
    response.status_code, response.headers["Location"] = 202, out.url
    return response
