"""Long work that somebody asked for: how it is seen, stopped, fails and goes on after a lost worker."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.adapters.database import open_database
from app.bootstrap import Services
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.events import Job
from app.tasks import OnProgress, TaskView, ask_for, ask_to_stop, end_task, get_task, list_tasks, start_task
from app.vocabulary import JobName, TaskKind, TaskState
from tests.functional.world import World, make_world
from workers.jobs import _run_task, run_job
from workers.tasks import TASKS


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return make_world(engine, tmp_path)


def ask(world: World) -> str:
    with world.uow.begin("user:o") as work:
        return ask_for(work, TaskKind.BACKTEST, "Back-test of a draft", {"days": 7})


def see(world: World, task_id: str) -> TaskView:
    with world.uow.read() as session:
        return get_task(session, task_id)


def do(world: World, task_id: str) -> None:
    run_job(world.services, JobName.RUN_TASK, task_id, _run_task)


def with_work(monkeypatch: pytest.MonkeyPatch, function: Any) -> None:
    monkeypatch.setitem(TASKS, TaskKind.BACKTEST, function)


def test_a_task_is_asked_for_once_worked_on_once_and_keeps_its_result(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[TaskView] = []

    def work_on(s: Services, task: TaskView, on_progress: OnProgress) -> Mapping[str, Any]:
        on_progress(3, 12, "call 3 of 12")
        seen.append(see(world, task.id))
        return {"flips": 2}

    with_work(monkeypatch, work_on)
    task_id = ask(world)
    assert (see(world, task_id).state, see(world, task_id).share) == (TaskState.WAITING, None)
    assert [r.subject_id for r in world.queue.requests if r.job is JobName.RUN_TASK] == [task_id]
    do(world, task_id)
    do(world, task_id)
    (during,) = seen
    assert (during.state, during.share, during.note) == (TaskState.RUNNING, 0.25, "call 3 of 12")
    after = see(world, task_id)
    assert (after.state, after.result, after.failure, after.is_over) == (TaskState.DONE, {"flips": 2}, None, True)


def test_an_error_that_people_can_mend_ends_the_task_with_its_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def work_on(s: Services, task: TaskView, on_progress: OnProgress) -> Mapping[str, Any]:
        raise InvalidInput("monday.csv: expected a column with numbers")

    with_work(monkeypatch, work_on)
    task_id = ask(world)
    do(world, task_id)
    after = see(world, task_id)
    assert (after.state, after.failure) == (TaskState.FAILED, "monday.csv: expected a column with numbers")


def test_an_unexpected_error_is_tried_again_and_shown_after_the_last_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work_on(s: Services, task: TaskView, on_progress: OnProgress) -> Mapping[str, Any]:
        raise ZeroDivisionError("division by zero")

    with_work(monkeypatch, work_on)
    task_id = ask(world)
    for _ in range(world.services.settings.job_attempts):
        assert not see(world, task_id).is_over
        do(world, task_id)
        world.clock.advance(hours=1)
    after = see(world, task_id)
    assert after.state is TaskState.FAILED
    assert "division by zero" in (after.failure or "")


def test_who_asks_that_it_stop_sees_it_stopped_at_the_next_sign_of_progress(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    went_on: list[int] = []

    def work_on(s: Services, task: TaskView, on_progress: OnProgress) -> Mapping[str, Any]:
        for done in range(3):
            with world.uow.begin("user:o") as work:
                ask_to_stop(work, task.id)
            on_progress(done, 3)
            went_on.append(done)
        return {}

    with_work(monkeypatch, work_on)
    task_id = ask(world)
    do(world, task_id)
    after = see(world, task_id)
    assert (after.state, after.result, went_on) == (TaskState.STOPPED, None, [])
    with pytest.raises(InvalidTransition, match="ended"), world.uow.begin("user:o") as work:
        ask_to_stop(work, task_id)


def test_a_second_attempt_counts_from_nothing_and_an_end_is_final(world: World) -> None:
    task_id = ask(world)
    with world.uow.begin("worker") as work:
        start_task(work, task_id)
    with world.uow.begin("worker") as work:
        end_task(work, task_id, result={"n": 1})
        end_task(work, task_id, failure="too late")
    assert see(world, task_id).state is TaskState.DONE
    with world.uow.read() as session:
        assert session.scalar(select(Job.queue).where(Job.subject_id == task_id)) == "tasks"


def test_tasks_are_listed_by_kind_newest_first(world: World) -> None:
    first = ask(world)
    world.clock.advance(minutes=1)
    second = ask(world)
    with world.uow.read() as session:
        assert [task.id for task in list_tasks(session, TaskKind.BACKTEST)] == [second, first]
        assert list_tasks(session, TaskKind.EXPORT) == ()
        with pytest.raises(NotFound):
            get_task(session, first, TaskKind.EXPORT)
