"""A whole Earshot for a test: started as a user starts it, in a folder and on a port of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

ROOT = Path(__file__).parents[3]
CALLS = ROOT / "sample_audio" / "calls"


class House:
    """``earshot up`` as a process; everything it does is seen from outside."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environ = os.environ | {
            "EARSHOT_DATA_DIR": str(data_dir),
            "EARSHOT_PORT": str(self.port),
            "EARSHOT_AUDIO_WORKERS": "1",
            "EARSHOT_JOB_LEASE_S": "4",
            "EARSHOT_SWEEP_EVERY_S": "1",
            **{f"EARSHOT_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, command: str = "up") -> "House":
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "terminal.txt").open("ab") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", command],
                cwd=ROOT,
                env=self.environ,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait(self.answers, 60, "the pages to answer")
        return self

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def earshot(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)

    def engine(self) -> Engine:
        return create_engine(f"sqlite:///{self.data_dir / 'earshot.db'}")

    def ask(self, query: str) -> list[Any]:
        engine = self.engine()
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            engine.dispose()

    def children(self) -> dict[str, int]:
        noted = json.loads((self.data_dir / "run" / "children.json").read_text())
        return {child["name"]: child["pid"] for child in noted["children"]}

    def kill(self, name: str) -> None:
        os.kill(self.children()[name], signal.SIGKILL)

    def kill_the_tree(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=20)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def living(self) -> list[int]:
        """Process ids of everything that works on this data folder."""
        mark = f"EARSHOT_DATA_DIR={self.data_dir}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    is_ours = mark in (entry / "environ").read_bytes().split(b"\0")
                    is_zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
                except (OSError, IndexError):
                    continue
                if is_ours and not is_zombie:
                    found.append(int(entry.name))
        return found

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                log = (self.data_dir / "terminal.txt").read_text()[-3000:]
                logs = "".join(
                    f"\n--- {p.name}\n{p.read_text()[-1500:]}" for p in sorted((self.data_dir / "log").glob("*.log"))
                )
                raise AssertionError(f"waited {seconds} s for {what}\n{log}{logs}")
            time.sleep(0.1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house that is stopped, and proven to be gone, when the test ends."""
    house = House(tmp_path / "data")
    yield house
    if house.process is not None and house.process.poll() is None:
        house.kill_the_tree()
    house.wait(lambda: house.living() == [], 15, "every process to end")
