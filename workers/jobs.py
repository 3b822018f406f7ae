"""Every background job: one function per job, taking one id, safe to run twice.

The queue calls these by name. Whether there is still something to do, and who does it, the job's row decides.
"""

import os
import socket
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from app.audio.service import fail_open_runs
from app.bootstrap import Services
from app.compliance.editions.judges import judge_in_force
from app.compliance.opt_outs.suppression import suppress_waiting
from app.errors import Conflict, InvalidInput, InvalidTransition, ListDamaged, NotFound, StorageFull
from app.intake import service as intake
from app.jobs import Claim, claim_job, fail_attempt, finish_job
from app.review.queue.entries import refresh_entries
from app.review.queue.order import sampling_of
from app.scoring.service import screen_and_score
from app.tasks import TaskProgress, TaskStopped, end_task, start_task
from app.vocabulary import JobName
from workers.context import services
from workers.lease import LeaseKeeper
from workers.tasks import CLEAN_UP, TASKS

log = structlog.get_logger()
Handler = Callable[[Services, Claim, LeaseKeeper], None]


def analyze_recording(recording_id: str) -> None:
    """Hear a recording and record what was heard."""
    run_job(services(), JobName.ANALYZE_RECORDING, recording_id, _analyze)


def screen_call(call_id: str) -> None:
    """Hold a call's newest analysis against the rules and score it."""
    run_job(services(), JobName.SCREEN_CALL, call_id, _screen)


def fetch_recording(fetch_id: str) -> None:
    """Get a call's recording from an address and take it in."""
    run_job(services(), JobName.FETCH_RECORDING, fetch_id, _fetch)


def suppress_number(opt_out_id: str) -> None:
    """Put the numbers of all requests not to be called on the internal list that are not on it yet, and tell who must know."""
    run_job(services(), JobName.SUPPRESS_NUMBER, opt_out_id, _suppress)


def run_task(task_id: str) -> None:
    """Do long work that somebody asked for."""
    run_job(services(), JobName.RUN_TASK, task_id, _run_task)


def run_job(s: Services, name: JobName, subject_id: str, handler: Handler) -> None:
    """Claim the job, do it, and note its end; an unexpected error leaves it to a later attempt."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    lease = timedelta(seconds=s.settings.job_lease_s)
    with s.uow.begin("worker") as work:
        claim = claim_job(work.session, name, subject_id, holder=holder, now=work.now, lease=lease)
    if claim is None:
        return
    log.info("job started", job=str(name), subject=subject_id, attempt=claim.attempt)
    with LeaseKeeper(s, claim) as keeper:
        try:
            handler(s, claim, keeper)
        except Conflict as error:
            if error.code != "claim_lost":
                _record_failed_attempt(s, claim, error)
                return
            log.warning("another worker has taken this job", job=str(name), subject=subject_id)
        except Exception as error:  # the job boundary
            _record_failed_attempt(s, claim, error)
            return
    log.info("job ended", job=str(name), subject=subject_id)


def _analyze(s: Services, claim: Claim, keeper: LeaseKeeper) -> None:
    s.analyst.analyze(claim, keep_alive=keeper.progressed)


def _screen(s: Services, claim: Claim, keeper: LeaseKeeper) -> None:
    with s.uow.begin("worker") as work:
        screen_and_score(work, claim.subject_id, judge=judge_in_force(work.session), lists=s.number_lists)
        refresh_entries(work, [claim.subject_id], sampling_of(s.settings))
        finish_job(work.session, claim, now=work.now)


def _fetch(s: Services, claim: Claim, keeper: LeaseKeeper) -> None:
    max_bytes = s.settings.max_upload_mb * 1_000_000
    intake.fetch_recording(s.uow, s.blobs, s.fetcher, claim, max_bytes=max_bytes, keep_alive=keeper.progressed)


def _suppress(s: Services, claim: Claim, keeper: LeaseKeeper) -> None:
    suppress_waiting(s.uow, s.number_lists, keep_alive=keeper.progressed)
    with s.uow.begin("worker") as work:
        finish_job(work.session, claim, now=work.now)


def _run_task(s: Services, claim: Claim, keeper: LeaseKeeper) -> None:
    progress = TaskProgress(s.uow, s.clock, claim.subject_id, keeper.progressed)
    with s.uow.begin("worker") as work:
        task = start_task(work, claim.subject_id)
    result: Mapping[str, object] | None = None
    failure: str | None = None
    if not task.is_over:
        try:
            result = TASKS[task.kind](s, task, progress)
        except TaskStopped:
            log.info("task stopped", task=task.id)
        except (InvalidInput, InvalidTransition, NotFound, StorageFull, ListDamaged) as error:
            failure = error.message
    with s.uow.begin("worker") as work:
        end_task(work, claim.subject_id, result=result, failure=failure)
        finish_job(work.session, claim, now=work.now)
    if task.kind in CLEAN_UP:
        CLEAN_UP[task.kind](s, task)


def _record_failed_attempt(s: Services, claim: Claim, error: Exception) -> None:
    facts = {"job": str(claim.name), "subject": claim.subject_id, "attempt": claim.attempt}
    if claim.name is JobName.FETCH_RECORDING and isinstance(error, ConnectionError):
        log.warning("host not reached", **facts, error=str(error))  # no mistake of ours, and no trace with an address in it
    else:
        log.exception("job failed", **facts)
    summary = "".join(traceback.format_exception_only(error)).strip()
    try:
        with s.uow.begin("worker") as work:
            is_last = fail_attempt(work.session, claim, summary, now=work.now, max_attempts=s.settings.job_attempts)
            if is_last and claim.name is JobName.ANALYZE_RECORDING:
                fail_open_runs(work, claim.subject_id, "internal_error", summary)
            if is_last and claim.name is JobName.FETCH_RECORDING:
                intake.fail_fetch(work, claim.subject_id, error)
            if is_last and claim.name is JobName.RUN_TASK:
                end_task(work, claim.subject_id, failure=f"Something unexpected went wrong: {summary}")
    except Conflict:
        log.warning("another worker has taken this job", job=str(claim.name), subject=claim.subject_id)
