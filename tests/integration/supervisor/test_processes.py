"""The house as it is started on one machine: the real queue server, gunicorn and workers, with a small site as pages."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.embedded_valkey import EmbeddedValkey, find_running, queue_url_for
from app.adapters.leftovers import start_ticks
from app.adapters.processes import address_of, children, environment_for, listen
from app.adapters.rq_queue import RqQueue, connect
from app.errors import Conflict
from app.settings import Settings, load_settings

ROOT = Path(__file__).parents[3]


class _House:
    def __init__(self, data_dir: Path, port: int, names: tuple[str, ...]) -> None:
        self.data_dir = data_dir
        self.settings = Settings(data_dir=data_dir)
        self.output = data_dir / f"said-{time.monotonic_ns()}"
        environ = {k: v for k, v in os.environ.items() if not k.startswith("EARSHOT_")}
        environ |= {"EARSHOT_DATA_DIR": str(data_dir), "EARSHOT_PORT": str(port), "EARSHOT_AUDIO_WORKERS": "1"}
        with self.output.open("w") as said:
            command = [sys.executable, "-m", "tests.integration.supervisor.start_house", *names]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=said, stderr=subprocess.STDOUT)

    def said(self) -> str:
        return self.output.read_text()

    def address(self) -> str | None:
        found = re.search(r"^ready: (http://\S+)\n", self.said(), re.MULTILINE)
        return found and found[1]

    def fetch(self) -> tuple[int, int]:
        with urllib.request.urlopen(f"{self.address()}/", timeout=10) as answer:
            worker, master = answer.read().split()
        return int(worker), int(master)

    def session_pids(self) -> set[int]:
        """Every living process below the supervisor, found by walking up from each process of this machine."""
        parents = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and start_ticks(int(folder.name)) is not None:
                try:
                    parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                except FileNotFoundError:
                    continue
        below = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in below} - below:
            below |= more
        return below - {self.process.pid}


@pytest.fixture
def start_house(tmp_path: Path) -> Iterator[Callable[..., _House]]:
    houses = []

    def start(*names: str, port: int = 0) -> _House:
        houses.append(_House(tmp_path, port or _free_port(), names))
        return houses[-1]

    yield start
    for house in houses:
        house.process.terminate()
        try:
            house.process.wait(15)
        except subprocess.TimeoutExpired:
            house.process.kill()
            house.process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(condition: Callable[[], object], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"did not happen within {within_s} s"
        time.sleep(0.02)


def test_children_load_the_very_settings_they_were_started_with(tmp_path):
    settings = Settings(
        data_dir=tmp_path, port=8123, secure_cookies=True, asr_threads=2, queue_url="redis://q/0", sweep_every_s=0.5
    )
    environ = {k: v for k, v in environment_for(settings).items() if k.startswith("EARSHOT_")}
    assert load_settings(environ) == replace(settings, data_dir=tmp_path.resolve())


def test_the_list_of_processes_follows_the_settings(tmp_path):
    with listen("127.0.0.1", _free_port()) as listener:
        names = [c.name for c in children(Settings(data_dir=tmp_path, audio_workers=2, light_workers=2), listener)]
        assert names == [
            "valkey",
            "migrate",
            "web",
            "scheduler",
            "intake",
            "tasks-1",
            "light-1",
            "light-2",
            "audio-1",
            "audio-2",
        ]
        elsewhere = children(Settings(data_dir=tmp_path, audio_workers=1, queue_url="redis://q/0"), listener)
        assert [c.name for c in elsewhere] == ["migrate", "web", "scheduler", "intake", "tasks-1", "light-1", "audio-1"]
        assert {c.environ["EARSHOT_QUEUE_URL"] for c in elsewhere} == {"redis://q/0"}


def test_a_taken_port_gives_the_next_free_one():
    with listen("127.0.0.1", _free_port()) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] < port + 20
            assert address_of(second) == f"http://127.0.0.1:{second.getsockname()[1]}"


def test_an_address_of_another_machine_is_refused_with_what_to_do():
    with pytest.raises(Conflict, match="EARSHOT_HOST") as caught:
        listen("192.0.2.1", 8000)
    assert caught.value.code == "no_free_port"


@pytest.mark.slow
def test_the_house_starts_tells_its_address_and_stops_with_exit_code_zero(start_house, tmp_path):
    with listen("127.0.0.1", _free_port()) as taken:
        port = taken.getsockname()[1]
        house = start_house("valkey", "web", "light-1", "audio-1", port=port)
        _wait(house.address)
        assert f"port {port} is taken; the pages are on " in house.said()
    assert (tmp_path / "run" / "address").read_text().strip() == house.address()
    web_pid, _ = house.fetch()
    queue = RqQueue(connect(queue_url_for(house.settings)))
    _wait(lambda: sorted(w.queue for w in queue.workers()) == ["audio", "light"])
    workers = queue.workers()
    queue._connection.close()
    pids = house.session_pids()
    assert len(pids) >= 5  # valkey, gunicorn's master and worker, two workers
    # The pages come first when every core listens to recordings.
    worker_niceness = {w.queue: os.getpriority(os.PRIO_PROCESS, w.pid) for w in workers}
    assert os.getpriority(os.PRIO_PROCESS, web_pid) < worker_niceness["light"] < worker_niceness["audio"]
    house.process.send_signal(signal.SIGINT)
    assert house.process.wait(15) == 0
    assert not any(start_ticks(pid) for pid in pids)
    assert not (tmp_path / "run" / "address").exists()


@pytest.mark.slow
def test_nothing_survives_a_killed_supervisor_and_the_next_start_finds_all_data(start_house, tmp_path):
    house = start_house("valkey", "web", "light-1", "audio-1")
    _wait(house.address)
    client = connect(queue_url_for(house.settings))
    client.set("kept", b"yes")
    client.close()
    pids = house.session_pids()
    assert set(house.fetch()) < pids
    house.process.kill()
    house.process.wait()
    _wait(lambda: not any(start_ticks(pid) for pid in pids), within_s=5)
    again = start_house("valkey", "web")
    _wait(again.address)
    client = connect(queue_url_for(house.settings))
    assert client.get("kept") == b"yes"
    client.close()


@pytest.mark.slow
def test_a_killed_queue_server_and_a_killed_web_server_come_back(start_house, tmp_path):
    house = start_house("valkey", "web", "light-1")
    _wait(house.address)
    queue = RqQueue(connect(queue_url_for(house.settings)))
    # Idle, not just listed: a worker that loses the server while it still signs in ends, and is started again.
    _wait(lambda: [(w.queue, w.state) for w in queue.workers()] == [("light", "idle")])
    (before,) = queue.workers()
    os.kill(find_running(tmp_path), signal.SIGKILL)
    _wait(lambda: "valkey: running again" in house.said())
    _wait(lambda: [w.pid for w in queue.workers()] == [before.pid])  # the worker itself was not restarted
    queue._connection.close()
    worker, master = house.fetch()
    os.kill(master, signal.SIGKILL)
    _wait(lambda: start_ticks(worker) is None, within_s=2)
    # Sent while nobody serves: it waits in the socket that the supervisor holds, and is answered by the new server.
    new_worker, new_master = house.fetch()
    assert new_master != master
    assert new_worker != worker


@pytest.mark.slow
def test_a_second_house_on_the_same_data_is_refused_and_the_first_goes_on(start_house):
    first = start_house("valkey", "web")
    _wait(first.address)
    second = start_house("valkey", "web")
    assert second.process.wait(10) == 1
    assert f"is in use by process {first.process.pid}" in second.said()
    first.fetch()


@pytest.mark.slow
def test_a_queue_server_that_runs_already_is_used_and_left_running_and_replaced_when_it_goes(start_house, tmp_path):
    with EmbeddedValkey(tmp_path) as server:
        house = start_house("valkey", "web")
        _wait(house.address)
        assert f"valkey: using process {server.pid}, which runs already" in house.said()
        house.process.terminate()
        assert house.process.wait(15) == 0
        assert find_running(tmp_path) == server.pid
        again = start_house("valkey", "web")
        _wait(again.address)
        os.kill(server.pid, signal.SIGKILL)
        os.waitpid(server.pid, 0)
        _wait(lambda: find_running(tmp_path) not in (None, server.pid))
        assert find_running(tmp_path) in again.session_pids()
