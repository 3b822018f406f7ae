"""Who works on what, and what is left lying? The life of a job between its event and its end.

open -> handed to the queue -> claimed with a lease -> done, or released for another attempt, or failed after the last one.
A worker that is killed stops renewing its lease; :func:`release_expired` gives the job back, and it is found
due again (:func:`find_due`). The queue refuses an attempt it knows, so handing over twice is harmless.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.models.events import Job
from app.ports import JobRequest
from app.vocabulary import JobName

IS_OPEN = (Job.done_at.is_(None), Job.failed_at.is_(None))
# A job handed to the queue this long ago and still not claimed may have been lost with the queue: it is handed over again.
PATIENCE = timedelta(seconds=10)
# Waits before the second, third, fourth... attempt after an unexpected error.
BACKOFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a job: only the holder may renew or end it."""

    job_id: str
    name: JobName
    subject_id: str
    holder: str
    attempt: int


def claim_job(
    session: Session, name: JobName, subject_id: str, *, holder: str, now: datetime, lease: timedelta
) -> Claim | None:
    """Take the open job for the worker ``holder``; None when there is none, or another worker holds it."""
    free = or_(Job.lease_expires_at.is_(None), Job.lease_expires_at < now)
    job = session.scalar(
        select(Job).where(Job.name == name, Job.subject_id == subject_id, *IS_OPEN, free).with_for_update(skip_locked=True)
    )
    if job is None:
        return None
    job.claimed_by, job.lease_expires_at, job.attempts = holder, now + lease, job.attempts + 1
    return Claim(job.id, name, subject_id, holder, job.attempts)


def renew_lease(session: Session, claim: Claim, *, now: datetime, lease: timedelta) -> None:
    """Keep the job for another lease. Raises Conflict when it was given to another worker or has ended."""
    _change(session, claim, lease_expires_at=now + lease)


def finish_job(session: Session, claim: Claim, *, now: datetime) -> None:
    """Mark the job done, in the transaction that records its result.

    Raises
    ------
    Conflict
        If the claim was lost meanwhile; the caller's transaction is then rolled back, so that a result is recorded once.
    """
    _change(session, claim, done_at=now, claimed_by=None, lease_expires_at=None, last_error=None)


def fail_attempt(session: Session, claim: Claim, error: str, *, now: datetime, max_attempts: int) -> bool:
    """Note that an attempt failed unexpectedly; the job is tried again later, or fails for good. Say whether it failed."""
    is_last = claim.attempt >= max_attempts
    wait = BACKOFF[min(claim.attempt, len(BACKOFF)) - 1]
    _change(
        session,
        claim,
        claimed_by=None,
        lease_expires_at=None,
        last_error=error,
        failed_at=now if is_last else None,
        not_before=None if is_last else now + wait,
    )
    return is_last


def release_expired(session: Session, *, now: datetime, max_attempts: int) -> Sequence[Job]:
    """Take jobs back from workers that gave no sign of life; return those that have thereby failed for good."""
    expired = session.scalars(select(Job).where(*IS_OPEN, Job.lease_expires_at < now).with_for_update(skip_locked=True)).all()
    failed = []
    for job in expired:
        job.last_error = f"worker {job.claimed_by} died or was cut off during attempt {job.attempts}"
        job.claimed_by = job.lease_expires_at = None
        job.relayed_at = None
        if job.attempts >= max_attempts:
            job.failed_at = now
            failed.append(job)
    return failed


def find_due(session: Session, now: datetime, *, limit: int = 500) -> list[tuple[str, JobRequest]]:
    """Return the open, unclaimed jobs that the queue should be handed now, as (job id, request), oldest first."""
    due = select(Job).where(
        *IS_OPEN,
        Job.claimed_by.is_(None),
        or_(Job.relayed_at.is_(None), Job.relayed_at < now - PATIENCE),
        or_(Job.not_before.is_(None), Job.not_before <= now),
    )
    return [
        (job.id, JobRequest(job.queue, job.name, job.subject_id, job.attempts, job.timeout_s))
        for job in session.scalars(due.order_by(Job.created_at, Job.id).limit(limit))
    ]


def mark_relayed(session: Session, job_ids: Sequence[str], now: datetime) -> None:
    """Note that the queue has been handed these jobs."""
    session.execute(update(Job).where(Job.id.in_(job_ids)).values(relayed_at=now))


def reopen_failed(session: Session, job_id: str) -> Job | None:
    """Let a failed job be tried again from the start; None when there is no such failed job."""
    job = session.get(Job, job_id)
    if job is None or job.failed_at is None:
        return None
    job.failed_at = job.relayed_at = job.not_before = None
    job.attempts += 1  # a new attempt number, which the queue does not know yet
    return job


def count_open(session: Session) -> dict[JobName, int]:
    """Return the number of open jobs by name."""
    rows = session.execute(select(Job.name, func.count()).where(*IS_OPEN).group_by(Job.name)).all()
    return {row[0]: row[1] for row in rows}


def _change(session: Session, claim: Claim, **values: object) -> None:
    result = session.execute(
        update(Job)
        .where(Job.id == claim.job_id, Job.claimed_by == claim.holder, Job.attempts == claim.attempt, *IS_OPEN)
        .values(**values)
    )
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise Conflict(
            f"job {claim.name} of {claim.subject_id} is no longer held by {claim.holder}; another worker has taken it",
            code="claim_lost",
        )
