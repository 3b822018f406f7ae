"""A job is done once, whatever dies: the worker, the queue, or the process between commit and hand-over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.errors import Conflict
from app.jobs import PATIENCE, claim_job, count_open, fail_attempt, finish_job, release_expired, renew_lease, reopen_failed
from app.models.events import Job
from app.ports import JobRequest
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, JobName, QueueName
from tests.fakes import FrozenClock, ListQueue

LEASE = timedelta(seconds=30)
NAME = JobName.SCREEN_CALL


def ask(uow: UnitOfWork, subject: str = "c1") -> None:
    with uow.begin("tester") as work:
        request = JobRequest(QueueName.LIGHT, NAME, subject)
        work.publish(EventKind.CALL_RECORDED, ("call", subject), jobs=(request,))


def claim(uow: UnitOfWork, holder: str, subject: str = "c1"):  # type: ignore[no-untyped-def]
    with uow.begin("worker") as work:
        return claim_job(work.session, NAME, subject, holder=holder, now=work.now, lease=LEASE)


def the_job(uow: UnitOfWork) -> Job:
    with uow.read() as session:
        return session.scalars(select(Job)).one()


def test_a_job_is_handed_to_the_queue_after_the_commit(uow: UnitOfWork, queue: ListQueue) -> None:
    ask(uow)
    assert [request.subject_id for request in queue.requests] == ["c1"]


def test_asking_twice_for_the_same_open_work_makes_one_job(uow: UnitOfWork) -> None:
    ask(uow)
    ask(uow)
    with uow.read() as session:
        assert count_open(session) == {NAME: 1}


def test_a_commit_stands_when_the_queue_is_away_and_is_handed_over_later(uow: UnitOfWork, queue: ListQueue) -> None:
    queue.is_reachable = False
    ask(uow)
    assert the_job(uow).relayed_at is None
    queue.is_reachable = True
    assert uow.relay() == 1
    assert the_job(uow).relayed_at is not None


def test_a_job_lost_with_the_queue_is_handed_over_again_after_a_while(
    uow: UnitOfWork, queue: ListQueue, clock: FrozenClock
) -> None:
    ask(uow)
    queue.requests.clear()
    assert uow.relay() == 0
    clock.advance(seconds=PATIENCE.total_seconds() + 1)
    assert uow.relay() == 1


def test_only_one_worker_gets_a_job(uow: UnitOfWork) -> None:
    ask(uow)
    assert claim(uow, "one") is not None
    assert claim(uow, "two") is None


def test_a_dead_workers_job_goes_to_another_and_only_that_one_may_end_it(uow: UnitOfWork, clock: FrozenClock) -> None:
    ask(uow)
    first = claim(uow, "one")
    clock.advance(seconds=31)
    with uow.begin("system") as work:
        assert release_expired(work.session, now=work.now, max_attempts=3) == []
    second = claim(uow, "two")
    assert second is not None
    with pytest.raises(Conflict), uow.begin("worker") as work:
        finish_job(work.session, first, now=work.now)
    with uow.begin("worker") as work:
        finish_job(work.session, second, now=work.now)
    assert the_job(uow).done_at is not None


def test_a_renewed_lease_is_not_taken_back(uow: UnitOfWork, clock: FrozenClock) -> None:
    ask(uow)
    held = claim(uow, "one")
    clock.advance(seconds=20)
    with uow.begin("worker") as work:
        renew_lease(work.session, held, now=work.now, lease=LEASE)
    clock.advance(seconds=20)
    with uow.begin("system") as work:
        release_expired(work.session, now=work.now, max_attempts=3)
    assert the_job(uow).claimed_by == "one"


def test_a_job_whose_worker_dies_every_time_fails_for_good_and_can_be_replayed(uow: UnitOfWork, clock: FrozenClock) -> None:
    ask(uow)
    for attempt in (1, 2, 3):
        held = claim(uow, f"w{attempt}")
        assert held is not None
        assert held.attempt == attempt
        clock.advance(seconds=31)
        with uow.begin("system") as work:
            failed = release_expired(work.session, now=work.now, max_attempts=3)
        assert bool(failed) is (attempt == 3)
    job = the_job(uow)
    assert job.failed_at is not None
    assert job.last_error is not None
    assert "w3" in job.last_error
    with uow.begin("user:1") as work:
        assert reopen_failed(work.session, job.id) is not None
    assert claim(uow, "w4") is not None


def test_an_unexpected_error_waits_before_the_next_attempt(uow: UnitOfWork, clock: FrozenClock, queue: ListQueue) -> None:
    ask(uow)
    held = claim(uow, "one")
    with uow.begin("worker") as work:
        assert fail_attempt(work.session, held, "ValueError: no", now=work.now, max_attempts=3) is False
    clock.advance(seconds=4)
    assert uow.relay() == 0
    clock.advance(seconds=8)
    assert uow.relay() == 1
