"""What does the page of workers show? Queues, worker processes and jobs, ready to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.ports import WorkerInfo
from app.vocabulary import QueueName
from app.web.formatting import write_age, write_title
from app.web.job_board import JobCount, JobLine, QueueSight

MEANING_OF_QUEUE = {
    QueueName.INTAKE: "Fetches recordings that came as an address",
    QueueName.AUDIO: "Listens to recordings and transcribes them",
    QueueName.LIGHT: "Screens and scores calls",
    QueueName.TASKS: "Back-tests, exports, lists and scrubs that somebody asked for",
}


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue: what it does, its jobs by state, and who serves it."""

    name: str
    meaning: str
    waiting: int
    running: int
    failed: int
    oldest: str
    workers: int
    is_unserved: bool


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker process."""

    name: str
    queue: str
    state: str
    pid: str
    job: str
    seen: str
    finished: int
    failed: int


@dataclass(frozen=True, slots=True)
class JobView:
    """One job."""

    id: str
    name: str
    call_url: str | None
    call_name: str
    state: str
    age: str
    attempts: int
    worker: str
    error: str | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class WorkersPage:
    """The whole page."""

    problem: str | None
    queues: tuple[QueueView, ...]
    workers: tuple[WorkerView, ...]
    jobs: tuple[JobView, ...]
    failed: tuple[JobView, ...]


def present_workers(
    sight: QueueSight, counts: Sequence[JobCount], jobs: Sequence[JobLine], failed: Sequence[JobLine], now: datetime
) -> WorkersPage:
    """Return the page as of ``now``."""
    return WorkersPage(
        problem=sight.problem,
        queues=tuple(_present_queue(count, sight, now) for count in counts),
        workers=tuple(_present_worker(worker, now) for worker in sight.workers),
        jobs=tuple(_present_job(job, now) for job in jobs),
        failed=tuple(_present_job(job, now) for job in failed),
    )


def _present_queue(count: JobCount, sight: QueueSight, now: datetime) -> QueueView:
    workers = sum(worker.queue == count.queue for worker in sight.workers)
    return QueueView(
        name=write_title(count.queue),
        meaning=MEANING_OF_QUEUE[count.queue],
        waiting=count.waiting,
        running=count.running,
        failed=count.failed,
        oldest=_age(count.oldest_waiting_at, now),
        workers=workers,
        is_unserved=count.waiting > 0 and workers == 0,
    )


def _present_worker(worker: WorkerInfo, now: datetime) -> WorkerView:
    return WorkerView(
        name=worker.name,
        queue=write_title(worker.queue),
        state=write_title(worker.state),
        pid=str(worker.pid) if worker.pid else "–",
        job=worker.current_job or "–",
        seen=_age(worker.last_heartbeat, now),
        finished=worker.finished_jobs,
        failed=worker.failed_jobs,
    )


def _present_job(job: JobLine, now: datetime) -> JobView:
    return JobView(
        id=job.id,
        name=write_title(job.name),
        call_url=f"/calls/{job.call_id}" if job.call_id else None,
        call_name=job.external_id or job.subject_id,
        state=_say_state(job, now),
        age=_age(job.created_at, now),
        attempts=job.attempts,
        worker=job.claimed_by or "–",
        error=job.last_error,
        failed_at=job.failed_at,
    )


def _say_state(job: JobLine, now: datetime) -> str:
    if job.failed_at is not None:
        return "failed"
    if job.claimed_by is not None:
        return "running"
    return "pausing" if job.not_before is not None and job.not_before > now else "waiting"


def _age(at: datetime | None, now: datetime) -> str:
    return write_age(max(0.0, (now - at).total_seconds())) if at else "–"
