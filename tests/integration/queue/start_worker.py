"""Starts a real worker that runs the jobs of this folder: ``python -m tests.integration.queue.start_worker light``."""

import sys

from app.adapters.logs import configure_logging
from app.settings import load_settings
from app.vocabulary import QueueName
from workers import worker_classes
from workers.main import run_worker

if __name__ == "__main__":
    configure_logging("INFO", role="worker", queue=sys.argv[1])
    if len(sys.argv) > 2:
        worker_classes.AUDIO_JOBS_PER_PROCESS = int(sys.argv[2])
    sys.exit(run_worker(QueueName(sys.argv[1]), load_settings(), jobs_module="tests.integration.queue.traced_jobs"))
