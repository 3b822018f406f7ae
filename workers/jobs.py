"""Every background job: one function per job, taking one id, safe to run twice.

The queue calls these by name. Whether there is still something to do, and who does it, the job's row decides.
"""

import os
import socket
import traceback
from collections.abc import Callable
from datetime import timedelta

import structlog

from app.audio.service import fail_open_runs
from app.bootstrap import Services
from app.errors import Conflict
from app.intake import service as intake
from app.jobs import Claim, claim_job, fail_attempt, finish_job
from app.scoring.service import screen_and_score
from app.vocabulary import JobName
from workers.context import services
from workers.lease import LeaseKeeper

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
        screen_and_score(work, claim.subject_id, judge=s.judge, lists=s.number_lists)
        finish_job(work.session, claim, now=work.now)


def _fetch(s: Services, claim: Claim, keeper: LeaseKeeper) -> None:
    max_bytes = s.settings.max_upload_mb * 1_000_000
    intake.fetch_recording(s.uow, s.blobs, s.fetcher, claim, max_bytes=max_bytes, keep_alive=keeper.progressed)


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
    except Conflict:
        log.warning("another worker has taken this job", job=str(claim.name), subject=claim.subject_id)
