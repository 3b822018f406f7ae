"""What does the scheduler do, and how often? One readable list; each line is safe to run in two schedulers at once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select

from app.audio.service import fail_open_runs
from app.bootstrap import Services
from app.compliance.editions.service import keep_packaged
from app.compliance.list_clocks import warn_of_lists
from app.compliance.number_files import list_awaited_uploads
from app.compliance.number_uploads import sweep
from app.compliance.registry.mirror import mirror_versions
from app.intake.service import fail_fetch
from app.jobs import release_expired
from app.models.reviews import QueueEntry
from app.review.queue.entries import fill_queues
from app.review.queue.order import sampling_of
from app.tasks import end_task
from app.vocabulary import JobName
from workers.context import services

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """Something the scheduler does every so often."""

    name: str
    every: timedelta
    do: Callable[[Services], None]


def take_back_lost_jobs(s: Services) -> None:
    """Give the jobs of dead workers to others; show those that failed for good."""
    with s.uow.begin("system") as work:
        for job in release_expired(work.session, now=work.now, max_attempts=s.settings.job_attempts):
            if job.name is JobName.ANALYZE_RECORDING:
                message = f"The worker died {job.attempts} times while hearing this recording. {job.last_error}."
                fail_open_runs(work, job.subject_id, "worker_lost", message)
            if job.name is JobName.FETCH_RECORDING:
                message = f"The worker died {job.attempts} times while fetching this recording"
                fail_fetch(work, job.subject_id, ConnectionError(message))
            if job.name is JobName.RUN_TASK:
                end_task(
                    work, job.subject_id, failure=f"The worker died {job.attempts} times while doing this. {job.last_error}."
                )


def hand_out_due_jobs(s: Services) -> None:
    """Hand open jobs to the queue that were never handed over, are due again, or may have been lost with the queue."""
    s.uow.relay()


def note_number_lists(s: Services) -> None:
    """Let the database know of versions of do-not-call lists that were loaded or withdrawn from the shell."""
    if s.number_lists.store.versions():
        with s.uow.begin("system") as work:
            mirror_versions(work, s.number_lists.store)


def warn_of_running_out(s: Services) -> None:
    """Put it on record when area codes of a do-not-call list run out within 7, 3, 1 or 0 days, or have, once each."""
    warn_of_lists(s.uow, s.number_lists)


def sweep_uploads(s: Services) -> None:
    """Remove uploaded files of numbers that no task waits for any more, as a killed worker leaves them."""
    count = sweep(s.blobs, s.number_lists.data_dir, list_awaited_uploads(s.uow), s.clock.now())
    if count:
        log.info("uploads swept", count=count)


def keep_rules_of_release(s: Services) -> None:
    """Keep the rules and phrases that this release ships as an edition, so that calls can be judged by them years later."""
    with s.uow.begin("system") as work:
        keep_packaged(work)


def fill_review_queues(s: Services) -> None:
    """Put calls that were screened before there were queues into them; where something waits already there is nothing to do."""
    with s.uow.read() as session:
        if session.scalar(select(QueueEntry.call_id).limit(1)) is not None:
            return
    after: str | None = ""
    while after is not None:
        with s.uow.begin("system") as work:
            after = fill_queues(work, sampling_of(s.settings), after=after)


def chores(s: Services) -> tuple[Chore, ...]:
    """Return everything the scheduler does."""
    sweep = timedelta(seconds=s.settings.sweep_every_s)
    return (
        Chore("take back the jobs of dead workers", sweep, take_back_lost_jobs),
        Chore("hand out due jobs", sweep, hand_out_due_jobs),
        Chore("keep the rules of this release", timedelta(hours=1), keep_rules_of_release),
        Chore("fill the review queues", timedelta(days=1), fill_review_queues),
        Chore("note number lists", timedelta(minutes=1), note_number_lists),
        Chore("warn of lists that run out", timedelta(hours=1), warn_of_running_out),
        Chore("sweep uploads", timedelta(minutes=10), sweep_uploads),
    )


def run(stop: threading.Event) -> None:
    """Do every chore when it is due, until told to stop; a chore that fails is logged and due again next time."""
    s = services()
    due = {chore.name: s.clock.now() for chore in chores(s)}
    while not stop.is_set():
        for chore in chores(s):
            if due[chore.name] <= s.clock.now():
                due[chore.name] = s.clock.now() + chore.every
                try:
                    chore.do(s)
                except Exception:  # the scheduler's boundary
                    log.exception("chore failed", chore=chore.name)
        stop.wait(min(1.0, s.settings.sweep_every_s))
