"""What has somebody asked for that takes longer than a page may, and how far is it?

A task is a row with its parameters, its progress and its end. The job ``run_task`` works on it; what the work is, the worker
knows by the task's kind. The one who asked watches the row and may ask that it stop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import EarshotError, InvalidTransition, NotFound
from app.models.tasks import Task
from app.ports import Clock, JobRequest
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import EventKind, JobName, QueueName, TaskKind, TaskState

TIMEOUT_S = 6 * 3600
# Progress is written this often at most: a back-test of ten thousand calls reports after each of them.
WRITE_EVERY = timedelta(seconds=0.7)

OnProgress = Callable[[int, int | None, str], None]
"""Called with what is done, of how much (None: not known), and what goes on, in words people read. May raise TaskStopped."""


class TaskStopped(EarshotError):
    """Somebody asked that the task stop; the work raises it at its next sign of progress."""

    code = "task_stopped"


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as pages and API show it; ``share`` is what is done, 0 to 1, None while it is not known how much there is."""

    id: str
    kind: TaskKind
    title: str
    state: TaskState
    params: Mapping[str, Any]
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    note: str
    done: int
    total: int | None
    result: Mapping[str, Any] | None
    failure: str | None
    is_stop_asked: bool

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will come."""
        return self.finished_at is not None

    @property
    def share(self) -> float | None:
        """Return what is done, from 0 to 1."""
        return None if not self.total else min(1.0, self.done / self.total)


def ask_for(work: Work, kind: TaskKind, title: str, params: Mapping[str, Any]) -> str:
    """Record that something is wanted and let a worker do it after the commit; return the task's id."""
    task = Task(
        id=work.new_id(), kind=kind, title=title, params=dict(params), asked_by=work.actor, asked_at=work.now, note="", done=0
    )
    work.session.add(task)
    work.session.flush()
    job = JobRequest(QueueName.TASKS, JobName.RUN_TASK, task.id, timeout_s=TIMEOUT_S)
    work.publish(
        EventKind.TASK_ASKED, ("task", task.id), {"kind": str(kind), "title": title, "params": dict(params)}, jobs=(job,)
    )
    return task.id


def ask_to_stop(work: Work, task_id: str) -> None:
    """Ask that a task stop. Raises NotFound, or InvalidTransition when it is over."""
    task = work.session.get(Task, task_id)
    if task is None:
        raise NotFound(f"there is no task {task_id}", task_id=task_id)
    if task.finished_at is not None:
        raise InvalidTransition(f"task {task_id} has ended; nothing is left to stop", task_id=task_id)
    if task.stop_asked_at is None:
        task.stop_asked_at = work.now
        work.publish(EventKind.TASK_STOPPED, ("task", task_id), {"kind": str(task.kind)})


def get_task(session: Session, task_id: str, *kinds: TaskKind) -> TaskView:
    """Return a task of one of the kinds (none given: of any). Raises NotFound."""
    task = session.get(Task, task_id)
    if task is None or (kinds and task.kind not in kinds):
        raise NotFound(f"there is no task {task_id}", task_id=task_id)
    return view_task(task)


def list_tasks(session: Session, *kinds: TaskKind, limit: int = 50) -> tuple[TaskView, ...]:
    """Return the newest tasks of some kinds, newest first."""
    newest = select(Task).where(Task.kind.in_(kinds)).order_by(Task.asked_at.desc(), Task.id.desc()).limit(limit)
    return tuple(view_task(task) for task in session.scalars(newest))


def view_task(task: Task) -> TaskView:
    """Return a row as a value."""
    return TaskView(
        id=task.id,
        kind=task.kind,
        title=task.title,
        state=_state_of(task),
        params=task.params,
        asked_by=task.asked_by,
        asked_at=task.asked_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
        note=task.note,
        done=task.done,
        total=task.total,
        result=task.result,
        failure=task.failure,
        is_stop_asked=task.stop_asked_at is not None,
    )


def start_task(work: Work, task_id: str) -> TaskView:
    """Note that a worker begins, perhaps for the second time; what an earlier attempt had counted counts no more."""
    task = _get(work.session, task_id)
    task.started_at, task.done, task.total, task.note = work.now, 0, None, ""
    return view_task(task)


def end_task(work: Work, task_id: str, *, result: Mapping[str, Any] | None = None, failure: str | None = None) -> None:
    """Record how a task ended: with a result, with a failure in words for people, or, with neither, that it was stopped.

    A task that has ended stays as it is.
    """
    task = _get(work.session, task_id)
    if task.finished_at is not None:
        return
    task.finished_at, task.failure = work.now, failure
    task.result = None if result is None else dict(result)
    work.publish(EventKind.TASK_ENDED, ("task", task_id), {"kind": str(task.kind), "state": str(_state_of(task))})


class TaskProgress:
    """Writes a task's progress now and then, and notices that it shall stop.

    ``keep_alive`` is called at every sign of progress, so that whoever holds the job's lease knows that the work goes on.
    """

    def __init__(self, uow: UnitOfWork, clock: Clock, task_id: str, keep_alive: Callable[[], None] = lambda: None) -> None:
        self._uow, self._clock, self._task_id, self._keep_alive = uow, clock, task_id, keep_alive
        self._written_at: datetime | None = None

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        """Note how far the work is. Raises TaskStopped when somebody asked for it."""
        self._keep_alive()
        now = self._clock.now()
        if self._written_at is not None and now - self._written_at < WRITE_EVERY and done != total:
            return
        self._written_at = now
        with self._uow.begin("worker") as work:
            task = _get(work.session, self._task_id)
            if task.stop_asked_at is not None:
                raise TaskStopped(f"task {self._task_id} was asked to stop", task_id=self._task_id)
            task.done, task.total, task.note = done, total, note or task.note


def _get(session: Session, task_id: str) -> Task:
    task = session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise NotFound(f"there is no task {task_id}", task_id=task_id)
    return task


def _state_of(task: Task) -> TaskState:
    if task.finished_at is None:
        return TaskState.WAITING if task.started_at is None else TaskState.RUNNING
    if task.failure is not None:
        return TaskState.FAILED
    return TaskState.DONE if task.result is not None else TaskState.STOPPED
