"""The audit trail is a chain in which no event can be altered, dropped or slipped in unnoticed."""

import threading

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.models.events import Event, Job
from app.outbox import find_chain_break
from app.ports import JobRequest
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, JobName, QueueName
from tests.fakes import FrozenClock, ListQueue, SequentialIds


def publish(uow: UnitOfWork, count: int, prefix: str = "c") -> None:
    for number in range(count):
        with uow.begin("tester") as work:
            work.publish(EventKind.CALL_RECORDED, ("call", f"{prefix}{number}"), {"n": number, "text": "Zoë “quoted”"})


def load(session: Session) -> list[Event]:
    return list(session.scalars(select(Event).order_by(Event.seq)))


def test_events_form_one_unbroken_chain(uow: UnitOfWork) -> None:
    publish(uow, 3)
    with uow.read() as session:
        events = load(session)
        assert [event.seq for event in events] == [1, 2, 3]
        assert events[0].previous_hash == "0" * 64
        assert events[2].previous_hash == events[1].hash
        assert find_chain_break(iter(events)) is None


def test_the_database_itself_refuses_to_change_or_delete_an_event(uow: UnitOfWork, engine: Engine) -> None:
    publish(uow, 1)
    for statement in ("UPDATE event SET actor = 'other'", "DELETE FROM event"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("tamper", "seq", "problem"),
    [
        ("UPDATE event SET payload = '{}' WHERE seq = 2", 2, "altered"),
        ("DELETE FROM event WHERE seq = 2", 2, "missing"),
        ("DELETE FROM event WHERE seq = 1", 1, "missing"),
        ("UPDATE event SET previous_hash = hash WHERE seq = 3", 3, "follow"),
    ],
)
def test_tampering_behind_the_triggers_is_found(
    sqlite_uow: UnitOfWork, sqlite_engine: Engine, tamper: str, seq: int, problem: str
) -> None:
    publish(sqlite_uow, 3)
    with sqlite_engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER event_no_{verb}"))
        connection.execute(text("PRAGMA foreign_keys = off"))
        connection.execute(text(tamper))
    with sqlite_uow.read() as session:
        found = find_chain_break(iter(load(session)))
    assert found is not None
    assert (found.seq, problem in found.problem) == (seq, True)


def test_writers_at_the_same_time_still_make_one_chain(engine: Engine, clock: FrozenClock, queue: ListQueue) -> None:
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            publish(UnitOfWork(engine, clock, SequentialIds(), queue), 25, name)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Session(engine) as session:
        events = load(session)
        assert len(events) == 100
        assert find_chain_break(iter(events)) is None


def test_an_event_rolled_back_leaves_neither_trace_nor_job(uow: UnitOfWork, queue: ListQueue) -> None:
    request = JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, "c1")

    def publish_and_fail() -> None:
        with uow.begin("tester") as work:
            work.publish(EventKind.CALL_RECORDED, ("call", "c1"), jobs=(request,))
            raise RuntimeError("late failure")

    with pytest.raises(RuntimeError, match="late failure"):
        publish_and_fail()
    with uow.read() as session:
        assert load(session) == []
        assert session.scalars(select(Job)).all() == []
    assert queue.requests == []
