"""What was typed for long work that failed, and which work goes on? So that a form is filled again and its page shows both."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models.tasks import Task
from app.tasks import TaskView, get_task, view_task
from app.unit_of_work import UnitOfWork
from app.vocabulary import TaskKind

MOST_OPEN = 5


def find_typed(uow: UnitOfWork, kind: TaskKind, task_id: str | None) -> Mapping[str, str]:
    """Return the parameters of a task that are text, as a form takes them; none where there is no such task."""
    if not task_id:
        return {}
    try:
        with uow.read() as session:
            params: Mapping[str, Any] = get_task(session, task_id, kind).params
    except NotFound:
        return {}
    return {name: value for name, value in params.items() if isinstance(value, str)}


def list_open(session: Session, *kinds: TaskKind) -> tuple[TaskView, ...]:
    """Return the work of some kinds that is not over, the newest first."""
    going_on = select(Task).where(Task.kind.in_(kinds), Task.finished_at.is_(None))
    return tuple(view_task(task) for task in session.scalars(going_on.order_by(Task.asked_at.desc()).limit(MOST_OPEN)))
