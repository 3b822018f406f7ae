"""Calls screened again after a list came late: what changed is told, what did not change stays, and it can be done again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from app.adapters.database import open_database
from app.compliance.registry.service import make_request
from app.compliance.screen_again import ask_screen_again, compare_outcomes
from app.errors import InvalidInput
from app.models.calls import Call, CallLeg
from app.models.screening import CurrentScreening, Screening
from app.tasks import TaskView, ask_to_stop, get_task
from app.vocabulary import JobName, LegDirection, TaskState
from tests.functional.world import World, make_world
from workers import tasks
from workers.jobs import _run_task, run_job

NUMBER = "+12125550123"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """Two analysed calls of acme and two of bravo; those of acme were placed to the consumer."""
    world = make_world(engine, tmp_path)
    with world.uow.begin("test") as work:
        for name in ("acme-flagged", "acme-clean"):
            call = work.session.get_one(Call, name)
            call.campaign_version_id = "camp-acme-1"
            work.session.add(
                CallLeg(
                    call_id=name, seq=1, direction=LegDirection.PLACED_TO_CONSUMER, from_number="+18335550100",
                    to_number=NUMBER, started_at=call.started_at,
                )
            )  # fmt: skip
    world.clock.advance(minutes=1)
    return world


def ask(world: World, **more: Any) -> str:
    with world.uow.begin("user:o") as work:
        return ask_screen_again(work, **{"days": 7, "reason": "a list came late"} | more)


def do(world: World, task_id: str) -> TaskView:
    world.clock.advance(minutes=1)
    run_job(world.services, JobName.RUN_TASK, task_id, _run_task)
    world.clock.advance(minutes=1)
    with world.uow.read() as session:
        return get_task(session, task_id)


def result_of(view: TaskView) -> dict[str, Any]:
    assert view.state is TaskState.DONE, view.failure
    assert view.result is not None
    return dict(view.result)


def load(world: World, name: str = "litigator", number: str = NUMBER) -> str:
    path = world.services.settings.data_dir / "late.txt"
    path.write_text(f"{number[2:]}\n")
    obtained = world.clock.now() - timedelta(days=3)
    request = make_request(name, obtained, (path,), loaded_by="o", san="1")
    return world.services.number_lists.load(request)[0].id


def count_screenings(world: World) -> int:
    with world.uow.read() as session:
        return session.scalar(select(func.count()).select_from(Screening)) or 0


def test_a_list_that_came_late_raises_its_finding_on_the_calls_it_speaks_of(world: World) -> None:
    first = result_of(do(world, ask(world)))
    assert (first["calls"], first["changed"], first["failed"]) == (4, 4, 0)
    made = count_screenings(world)
    same = result_of(do(world, ask(world)))
    assert (same["changed"], same["unchanged"], same["rows"]) == (0, 4, [])
    assert count_screenings(world) == made
    load(world)
    late = result_of(do(world, ask(world)))
    assert (late["changed"], late["unchanged"], late["appeared"]) == (2, 2, {"LITIGATOR": 2})
    told = {(row["external_id"], row["rule"], row["before"], row["after"]) for row in late["rows"]}
    assert told == {(f"ext-{name}", "LITIGATOR", None, "review") for name in ("acme-clean", "acme-flagged")}


def test_a_list_that_came_late_takes_away_what_could_not_be_known(world: World) -> None:
    do(world, ask(world))
    load(world, "national", "+12125559999")
    late = result_of(do(world, ask(world)))
    assert late["changed"] == 2
    assert late["vanished"].get("DNC-NATIONAL") == 2
    assert ("DNC-NATIONAL", "needs_evidence", None) in {(row["rule"], row["before"], row["after"]) for row in late["rows"]}


def test_only_calls_of_the_numbers_and_days_are_screened(world: World) -> None:
    assert result_of(do(world, ask(world, numbers=["+13105550000"])))["calls"] == 0
    assert result_of(do(world, ask(world, numbers=[NUMBER])))["calls"] == 4
    world.clock.advance(days=10)
    assert result_of(do(world, ask(world)))["calls"] == 0


class Killed(BaseException):
    """A worker that is gone."""


def test_an_attempt_after_a_killed_worker_tells_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    do(world, ask(world))
    load(world)
    task_id = ask(world)
    screen, count = tasks.screen_and_score, 0

    def die_at_the_third(*given: Any, **more: Any) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise Killed
        screen(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "screen_and_score", die_at_the_third)
        with pytest.raises(Killed):
            do(world, task_id)
    world.clock.advance(minutes=5)
    made = count_screenings(world)
    told = result_of(do(world, task_id))
    assert (told["calls"], told["changed"], told["unchanged"]) == (4, 2, 2)
    assert {row["external_id"] for row in told["rows"]} == {"ext-acme-clean", "ext-acme-flagged"}
    assert count_screenings(world) - made <= 1


def test_it_stops_when_asked(world: World) -> None:
    task_id = ask(world)
    with world.uow.begin("user:o") as work:
        ask_to_stop(work, task_id)
    made = count_screenings(world)
    assert do(world, task_id).state is TaskState.STOPPED
    assert count_screenings(world) == made


def test_what_is_as_it_was_before_puts_the_older_screening_in_force_again(world: World) -> None:
    do(world, ask(world))
    with world.uow.read() as session:
        before = session.get_one(CurrentScreening, "acme-clean").screening_id
    version = load(world)
    do(world, ask(world))
    lists = world.services.number_lists
    (lists.store.root / version).rename(lists.store.root.parent / "moved-away")
    told = result_of(do(world, ask(world)))
    assert told["changed"] == 2
    with world.uow.read() as session:
        assert session.get_one(CurrentScreening, "acme-clean").screening_id == before


@pytest.mark.parametrize("given", [{"days": 0}, {"days": 366}, {"reason": " "}, {"reason": "x" * 501}, {"numbers": []}])
def test_what_makes_no_sense_is_refused(world: World, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        ask(world, **given)


def test_outcomes_are_compared_by_what_a_person_is_told() -> None:
    before = [["A", "pass", "high"], ["B", "review", "low"], ["C", "violation", "high"], ["D", "not_applicable", "low"]]
    after = [["A", "violation", "high"], ["B", "pass", "low"], ["C", "review", "high"], ["D", "pass", "low"]]
    assert compare_outcomes(before, after) == [
        ("A", None, "violation"),
        ("B", "review", None),
        ("C", "violation", "review"),
    ]
    assert compare_outcomes(after, after) == []
