"""Which process runs a job? A worker serves exactly one queue.

- Audio: jobs run in the worker process itself, which keeps its own speech model, loaded by the first job that needs it. A
  model loaded before a fork hangs the forked process for good (CTranslate2 is not fork-safe).
- Light and intake: each job runs in a forked process, which takes memory and crashes with it; it dies with its worker.

With one queue RQ moves a job between two lists while handing it out; with several it pops it, and a killed worker loses it.
"""

import os
import secrets
import socket
from typing import Any

import redis
from rq import Queue, SimpleWorker, Worker
from rq.job import Job

from app.adapters.process_death import die_with_parent
from app.vocabulary import QueueName

# An audio worker ends after this many jobs and the supervisor starts a fresh one: whatever a library leaks ends with it.
AUDIO_JOBS_PER_PROCESS = 200
# RQ's defaults let an idle worker wait 405 s before it looks for jobs of dead workers; these look every half minute.
WORKER_TTL_S = 45
JOB_MONITORING_INTERVAL_S = 10
MAINTENANCE_INTERVAL_S = 30
# After a lost connection RQ waits 1, 2, 4... seconds up to a minute; here at most 4, as the server is on this machine or near.
LONGEST_CONNECTION_WAIT_S = 4.0


class LightWorker(Worker):
    """Runs each job in a process of its own, which the kernel kills when the worker dies."""

    max_connection_wait_time = LONGEST_CONNECTION_WAIT_S

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Run the job in the forked process."""
        die_with_parent()
        super().main_work_horse(job, queue)


class AudioWorker(SimpleWorker):
    """Runs jobs in its own process and ends after ``AUDIO_JOBS_PER_PROCESS`` of them."""

    max_connection_wait_time = LONGEST_CONNECTION_WAIT_S

    def work(self, *args: Any, **options: Any) -> bool:
        """Work until told to stop or until the process has done its share."""
        options["max_jobs"] = options.get("max_jobs") or AUDIO_JOBS_PER_PROCESS
        return bool(super().work(*args, **options))


def make_worker(queue: QueueName, connection: redis.Redis) -> Worker | SimpleWorker:
    """Return the worker for a queue; its name is new each time, as a restarted container repeats host name and process id."""
    kind = AudioWorker if queue is QueueName.AUDIO else LightWorker
    return kind(
        [queue.value],
        name=f"{queue.value}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}",
        connection=connection,
        worker_ttl=WORKER_TTL_S,
        job_monitoring_interval=JOB_MONITORING_INTERVAL_S,
        maintenance_interval=MAINTENANCE_INTERVAL_S,
    )
