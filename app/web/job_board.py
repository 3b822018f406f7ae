"""Who works on what, what waits and what failed? Reads the jobs for people, and lets a failed one be tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.errors import Conflict, InvalidTransition, NotFound
from app.jobs import IS_OPEN, reopen_failed
from app.models.calls import Call, Recording, RecordingFetch
from app.models.events import Job
from app.ports import JobQueue, QueueDepth, WorkerInfo
from app.unit_of_work import Work
from app.vocabulary import EventKind, JobName, QueueName

SHOWN = 50


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job, with the call it is about when that is known."""

    id: str
    name: JobName
    queue: QueueName
    subject_id: str
    call_id: str | None
    external_id: str | None
    attempts: int
    created_at: datetime
    claimed_by: str | None
    not_before: datetime | None
    last_error: str | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobCount:
    """How many jobs of one queue wait, run and have failed, as the database knows it."""

    queue: QueueName
    waiting: int
    running: int
    failed: int
    oldest_waiting_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueSight:
    """What the queue server says; ``problem`` is set when it cannot be reached."""

    depths: tuple[QueueDepth, ...]
    workers: tuple[WorkerInfo, ...]
    problem: str | None = None


def see_queue(queue: JobQueue) -> QueueSight:
    """Ask the queue server; that it cannot be reached is an answer too."""
    try:
        return QueueSight(tuple(queue.depths()), tuple(sorted(queue.workers(), key=lambda worker: worker.name)))
    except ConnectionError as error:
        return QueueSight((), (), str(error) or "no answer")


def count_jobs(session: Session) -> Sequence[JobCount]:
    """Return the number of jobs not done, by queue; queues without any are counted as empty."""
    is_open = Job.failed_at.is_(None)
    waiting, running = is_open & Job.claimed_by.is_(None), is_open & Job.claimed_by.is_not(None)
    rows = session.execute(
        select(
            Job.queue,
            func.count(case((waiting, 1))).label("waiting"),
            func.count(case((running, 1))).label("running"),
            func.count(case((~is_open, 1))).label("failed"),
            func.min(case((waiting, Job.created_at))).label("oldest"),
        )
        .where(Job.done_at.is_(None))
        .group_by(Job.queue)
    )
    found = {row.queue: JobCount(row.queue, row.waiting, row.running, row.failed, row.oldest) for row in rows}
    return [found.get(queue) or JobCount(queue, 0, 0, 0, None) for queue in QueueName]


def list_open_jobs(session: Session) -> Sequence[JobLine]:
    """Return the jobs that run or wait, those that run first, then the oldest first."""
    statement = select(Job).where(*IS_OPEN).order_by(Job.claimed_by.is_(None), Job.created_at, Job.id).limit(SHOWN)
    return _with_calls(session, session.scalars(statement).all())


def list_failed_jobs(session: Session) -> Sequence[JobLine]:
    """Return the jobs that failed for good, newest first."""
    statement = select(Job).where(Job.failed_at.is_not(None)).order_by(Job.failed_at.desc(), Job.id.desc()).limit(SHOWN)
    return _with_calls(session, session.scalars(statement).all())


def replay_job(work: Work, job_id: str) -> None:
    """Let a failed job be tried again.

    Raises
    ------
    NotFound
        If there is no such job.
    InvalidTransition
        If it has not failed.
    Conflict
        If the same work has been asked for again meanwhile and is open.
    """
    job = work.session.get(Job, job_id)
    if job is None:
        raise NotFound(f"there is no job {job_id}", job_id=job_id)
    if job.failed_at is None:
        raise InvalidTransition("only a failed job can be tried again; this one has not failed", job_id=job_id)
    same = select(Job.id).where(Job.name == job.name, Job.subject_id == job.subject_id, *IS_OPEN)
    if work.session.scalar(same) is not None:
        raise Conflict("the same work has been asked for again already and is on its way", job_id=job_id)
    reopen_failed(work.session, job_id)
    work.session.flush()
    work.publish(EventKind.JOB_REPLAYED, ("job", job_id), {"name": job.name, "subject_id": job.subject_id})


def _with_calls(session: Session, jobs: Sequence[Job]) -> Sequence[JobLine]:
    """Name the call of each job; a job is about a recording, a fetch or a call."""
    subjects = [job.subject_id for job in jobs]
    of_recording = select(Recording.id.label("subject"), Call.id, Call.external_id).join(Call, Call.id == Recording.call_id)
    of_fetch = select(RecordingFetch.id.label("subject"), Call.id, Call.external_id).join(
        Call, Call.id == RecordingFetch.call_id
    )
    found = {
        row.subject: (row.id, row.external_id)
        for row in session.execute(
            of_recording.where(Recording.id.in_(subjects)).union_all(
                select(Call.id.label("subject"), Call.id, Call.external_id).where(Call.id.in_(subjects)),
                of_fetch.where(RecordingFetch.id.in_(subjects)),
            )
        )
    }
    return [
        JobLine(
            job.id,
            job.name,
            job.queue,
            job.subject_id,
            *found.get(job.subject_id, (None, None)),
            job.attempts,
            job.created_at,
            job.claimed_by,
            job.not_before,
            job.last_error,
            job.failed_at,
        )
        for job in jobs
    ]
