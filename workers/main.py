"""The start of every background process: ``python -m workers.main worker light|intake|tasks|audio`` and ``... scheduler``.

A worker ends with 0 after SIGTERM (the job at hand is finished first) and after its share of jobs; whoever started it starts
another. It waits for a queue server that is away, and ends with 1 only when it was never there.
"""

import argparse
import importlib
import signal
import sys
import threading
from collections.abc import Sequence

import redis
import structlog

from app.adapters.embedded_valkey import queue_url_for
from app.adapters.logs import configure_logging
from app.adapters.rq_queue import JOBS_MODULE, connect
from app.compliance.packaged import load_judge
from app.errors import InvalidInput
from app.settings import Settings, load_settings
from app.vocabulary import QueueName
from workers.worker_classes import make_worker


def main(argv: Sequence[str] | None = None) -> int:
    """Run the process named on the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m workers.main", description="Run one background process of Earshot.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    worker = kinds.add_parser(
        "worker", help="work on the jobs of one queue", epilog="example: python -m workers.main worker audio"
    )
    worker.add_argument("queue", choices=[name.value for name in QueueName])
    kinds.add_parser("scheduler", help="hand out due work and take it back from dead workers; one of them is enough")
    given = parser.parse_args(argv)
    try:
        settings = load_settings()
    except InvalidInput as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    if given.kind == "scheduler":
        configure_logging(settings.log_level, role="scheduler")
        return run_scheduler()
    configure_logging(settings.log_level, role="worker", queue=given.queue)
    return run_worker(QueueName(given.queue), settings)


def run_worker(queue: QueueName, settings: Settings, *, jobs_module: str = JOBS_MODULE) -> int:
    """Work on one queue until SIGTERM; return the exit code."""
    # Imported before the first fork, so that each forked job finds the code in memory. Nothing is built by importing it.
    importlib.import_module(jobs_module)
    if queue in (QueueName.LIGHT, QueueName.TASKS):
        load_judge()  # compiled once, found in memory by each forked job
    log = structlog.get_logger("workers.main")
    connection = connect(queue_url_for(settings))
    try:
        worker = make_worker(queue, connection)
        log.info("worker ready", worker=worker.name)
        worker.work(logging_level=settings.log_level)
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
        log.error("the queue server cannot be reached", reason=str(error))
        return 1
    log.info("worker ended", worker=worker.name, finished=worker.successful_job_count, failed=worker.failed_job_count)
    return 0


def run_scheduler() -> int:
    """Run the scheduler's loop until SIGTERM or SIGINT; return the exit code."""
    schedule = importlib.import_module("workers.schedule")
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    structlog.get_logger("workers.main").info("scheduler ready")
    schedule.run(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
