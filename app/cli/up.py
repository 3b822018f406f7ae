"""``earshot up``, ``worker`` and ``scheduler``: run the house, or one part of it."""

import argparse
import os
import sys
from typing import Any

from app.adapters.processes import run_up
from app.settings import load_settings
from app.vocabulary import QueueName


def register(subparsers: Any) -> None:
    """Add the commands."""
    up = subparsers.add_parser(
        "up",
        help="run everything on this machine until Ctrl-C",
        description="Starts the embedded queue server, brings the database up to date, serves the pages and runs the workers.",
        epilog="example: EARSHOT_PORT=9000 earshot up",
    )
    up.set_defaults(run=run)
    worker = subparsers.add_parser("worker", help="run one worker", epilog="example: earshot worker audio")
    worker.add_argument("queue", choices=[str(name) for name in QueueName])
    worker.set_defaults(run=lambda given: _become("worker", given.queue))
    scheduler = subparsers.add_parser("scheduler", help="run the scheduler", epilog="example: earshot scheduler")
    scheduler.set_defaults(run=lambda given: _become("scheduler"))


def run(given: argparse.Namespace) -> int:
    """Run everything until told to stop."""
    return run_up(load_settings(), say=say, on_ready=lambda address: say(f"Earshot is on {address}"))


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


def _become(*arguments: str) -> int:
    """Replace this process: the product does not import its workers."""
    os.execv(sys.executable, [sys.executable, "-m", "workers.main", *arguments])  # noqa: S606 - no shell, fixed program
