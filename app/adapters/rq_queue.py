"""How do jobs reach the workers? Through RQ on Redis or Valkey (``ports.JobQueue``).

RQ only carries: the database knows what has to be done and how often it was tried. So a job here has no retry, no
dependency and no result, and its id, made from the job's name, its subject and the attempt, keeps a second copy out
while the first waits or runs. A copy that failed, or whose worker died on this machine, makes room for a new one.
"""

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus

from app.ports import JobRequest, QueueDepth, WorkerInfo
from app.vocabulary import QueueName

JOBS_MODULE = "workers.jobs"
# A failed job stays in RQ's own list for this long, for whoever looks there; the database keeps the reason for good.
FAILURE_TTL_S = 7 * 24 * 3600
_ENDED = (JobStatus.FAILED, JobStatus.FINISHED, JobStatus.CANCELED, JobStatus.STOPPED)


def connect(url: str, *, connect_within_s: float = 2.0, answer_within_s: float | None = 5.0) -> redis.Redis:
    """Return a client that fails within seconds when nobody answers; nothing is sent yet."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=connect_within_s,
        socket_timeout=answer_within_s,
        # One more try at once: the first command after the server came back meets a dead pooled connection.
        retry=Retry(ConstantBackoff(0.05), 1),
    )


class RqQueue:
    """Jobs on one queue per kind of worker."""

    def __init__(self, connection: redis.Redis, *, jobs_module: str = JOBS_MODULE) -> None:
        self._connection = connection
        self._jobs_module = jobs_module

    def submit(self, request: JobRequest) -> bool:
        """Queue the job; False when this attempt is queued or running already."""
        job_id = f"{request.job}-{request.subject_id}-{request.attempt}"
        with _told():
            try:
                self._enqueue(request, job_id)
            except DuplicateJobError:
                if not self._remove_if_over(job_id):
                    return False
                try:
                    self._enqueue(request, job_id)
                except DuplicateJobError:
                    return False  # another process was faster
        return True

    def depths(self) -> Sequence[QueueDepth]:
        """Return the state of each queue."""
        with _told():
            return [self._depth(name) for name in QueueName]

    def workers(self) -> Sequence[WorkerInfo]:
        """Return the worker processes that gave a sign of life within their own limit."""
        with _told():
            return [_describe(worker) for worker in Worker.all(connection=self._connection)]

    def ping(self) -> None:
        """Raise ConnectionError when the queue cannot be reached."""
        with _told():
            self._connection.ping()

    def _enqueue(self, request: JobRequest, job_id: str) -> None:
        Queue(request.queue.value, connection=self._connection).enqueue_call(
            f"{self._jobs_module}.{request.job.value}",
            args=(request.subject_id,),
            job_id=job_id,
            unique=True,
            timeout=request.timeout_s,
            result_ttl=0,  # the id is free again as soon as the job has succeeded
            failure_ttl=FAILURE_TTL_S,
            description=f"{request.job.value} {request.subject_id}",
        )

    def _remove_if_over(self, job_id: str) -> bool:
        """Remove what stands in the way when it will never run; say whether the id is free."""
        try:
            job = Job.fetch(job_id, connection=self._connection)
        except NoSuchJobError:
            return True
        status = job.get_status()
        if status in _ENDED or (status == JobStatus.STARTED and self._has_dead_worker(job)):
            job.delete()
            return True
        return False

    def _has_dead_worker(self, job: Job) -> bool:
        """Say whether the worker of a started job ran on this machine and is gone.

        RQ itself notices only after the job's whole time limit, because an audio worker gives one sign of life per job.
        """
        key = Worker.redis_worker_namespace_prefix + (job.worker_name or "")
        worker = Worker.find_by_key(key, connection=self._connection) if job.worker_name else None
        if worker is None or worker.hostname != socket.gethostname() or worker.pid is None:
            return False
        try:
            os.kill(worker.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def _depth(self, name: QueueName) -> QueueDepth:
        queue = Queue(name.value, connection=self._connection)
        oldest_id = next(iter(queue.get_job_ids(0, 1)), None)
        oldest_waiting_s = None
        if oldest_id is not None:
            with contextlib.suppress(NoSuchJobError):  # taken by a worker between the two questions
                enqueued_at = Job.fetch(oldest_id, connection=self._connection).enqueued_at
                if enqueued_at is not None:
                    oldest_waiting_s = max(0.0, (datetime.now(UTC) - _utc(enqueued_at)).total_seconds())
        return QueueDepth(
            queue=name,
            waiting=queue.count,
            running=queue.started_job_registry.get_job_count(cleanup=False),
            failed=queue.failed_job_registry.get_job_count(cleanup=False),
            oldest_waiting_s=oldest_waiting_s,
        )


def _describe(worker: Any) -> WorkerInfo:
    return WorkerInfo(
        name=worker.name,
        queue=",".join(worker.queue_names()),
        state=str(worker.get_state()),
        pid=worker.pid,
        current_job=worker.get_current_job_id(),
        last_heartbeat=_utc(worker.last_heartbeat) if worker.last_heartbeat else None,
        finished_jobs=worker.successful_job_count,
        failed_jobs=worker.failed_job_count,
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the client's errors of reach into the builtin ConnectionError."""
    try:
        yield
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
        raise ConnectionError(f"the job queue cannot be reached: {error}") from error
