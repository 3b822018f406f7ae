"""Jobs run in the caller's thread, in order, one at a time; the stand-in of the tests keeps the same promises."""

import pytest

from app.adapters.inline_queue import InlineQueue
from app.ports import JobRequest
from app.vocabulary import JobName, QueueName
from tests.fakes import ListQueue


def _job(subject_id: str, attempt: int = 0) -> JobRequest:
    return JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, subject_id, attempt)


def test_a_job_has_run_when_submit_returns():
    ran = []
    queue = InlineQueue(ran.append)
    assert queue.submit(_job("c1"))
    assert queue.submit(_job("c1"))  # the first is over: there is nothing it could be a copy of
    assert ran == [_job("c1"), _job("c1")]
    queue.ping()
    assert queue.workers() == []


def test_a_job_submitted_by_a_job_runs_after_it_and_copies_are_refused():
    order, answers = [], []

    def dispatch(request: JobRequest) -> None:
        name = f"{request.subject_id}{request.attempt}"
        order.append(f"begin {name}")
        if name == "a0":
            answers.extend(queue.submit(copy) for copy in (_job("a"), _job("b"), _job("b"), _job("a", 1)))
            depth = next(d for d in queue.depths() if d.queue is QueueName.LIGHT)
            assert (depth.waiting, depth.running) == (2, 1)
        order.append(f"end {name}")

    queue = InlineQueue(dispatch)
    queue.submit(_job("a"))
    assert order == ["begin a0", "end a0", "begin b0", "end b0", "begin a1", "end a1"]
    assert answers == [False, True, False, True]


def test_a_failing_job_is_told_to_the_caller_after_the_jobs_behind_it_ran():
    ran = []

    def dispatch(request: JobRequest) -> None:
        ran.append(request.subject_id)
        if request.subject_id == "a":
            queue.submit(_job("b"))
            raise ValueError("the call a cannot be screened")

    queue = InlineQueue(dispatch)
    with pytest.raises(ValueError, match="the call a"):
        queue.submit(_job("a"))
    assert ran == ["a", "b"]
    assert {d.queue: d.failed for d in queue.depths()}[QueueName.LIGHT] == 1


def test_the_stand_in_refuses_copies_runs_what_it_is_told_and_can_be_unreachable():
    queue = ListQueue()
    assert queue.submit(_job("a"))
    assert not queue.submit(_job("a"))
    assert queue.submit(_job("a", 1))
    assert {d.queue: d.waiting for d in queue.depths()}[QueueName.LIGHT] == 2
    ran = []
    assert queue.run_all(ran.append) == 2
    assert ran == [_job("a"), _job("a", 1)]
    queue.is_reachable = False
    for ask in (queue.ping, queue.depths, queue.workers, lambda: queue.submit(_job("b"))):
        with pytest.raises(ConnectionError):
            ask()
