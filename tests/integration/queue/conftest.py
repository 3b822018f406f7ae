"""A real Valkey server per test, real workers, and a folder in which their jobs leave traces."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.adapters.embedded_valkey import EmbeddedValkey
from app.adapters.rq_queue import RqQueue, connect

ROOT = Path(__file__).parents[3]
JOBS = "tests.integration.queue.traced_jobs"


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A server that keeps its data in the test's folder."""
    with EmbeddedValkey(tmp_path) as server:
        yield server


@pytest.fixture
def connection(valkey: EmbeddedValkey):
    """A client of that server."""
    client = connect(valkey.url)
    yield client
    client.close()


@pytest.fixture
def queue(connection) -> RqQueue:
    """The queue under test, with the jobs of this folder."""
    return RqQueue(connection, jobs_module=JOBS)


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """Where jobs leave traces."""
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder


@pytest.fixture
def start_worker(tmp_path: Path, traces: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts workers, and ends those that are left."""
    started = []

    def start(*args: str) -> subprocess.Popen[bytes]:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("EARSHOT_")}
        environ |= {"EARSHOT_DATA_DIR": str(tmp_path), "JOB_TRACES": str(traces)}
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.integration.queue.start_worker", *args],
                    cwd=ROOT,
                    env=environ,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Waits until a condition holds, and fails with its name when it does not in time."""

    def wait(condition: Callable[[], object], within_s: float = 10.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"did not happen within {within_s} s: {condition}"
            time.sleep(0.02)

    return wait
