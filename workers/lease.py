"""Who holds a job while it is worked on? A thread that renews the lease, as long as the work makes progress.

A worker that is killed stops renewing and loses the job. A worker that is alive but stuck stops being called back, and loses
it too, after :data:`STALL`.
"""

import threading
from datetime import datetime, timedelta
from types import TracebackType

import structlog

from app.bootstrap import Services
from app.errors import Conflict
from app.jobs import Claim, renew_lease

# Longest time between two signs of progress of a healthy job: one batch of Whisper's large model on one slow core.
STALL = timedelta(minutes=15)
log = structlog.get_logger()


class LeaseKeeper:
    """Renews a claim's lease in the background until the block ends."""

    def __init__(self, services: Services, claim: Claim) -> None:
        self._services = services
        self._claim = claim
        self._lease = timedelta(seconds=services.settings.job_lease_s)
        self._last_progress: datetime = services.clock.now()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def progressed(self) -> None:
        """Note that the work goes on."""
        self._last_progress = self._services.clock.now()

    def __enter__(self) -> "LeaseKeeper":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join(timeout=5)

    def _renew(self) -> None:
        while not self._is_over.wait(self._lease.total_seconds() / 3):
            if self._services.clock.now() - self._last_progress > STALL:
                log.error("no progress, giving the job up", job=self._claim.job_id, name=self._claim.name)
                return
            try:
                with self._services.uow.begin("worker") as work:
                    renew_lease(work.session, self._claim, now=work.now, lease=self._lease)
            except Conflict:
                return  # ended, or taken by another: the result's own check decides
            except Exception:  # the thread's boundary: the next round tries again
                log.exception("lease not renewed", job=self._claim.job_id)
