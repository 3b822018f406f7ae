"""Children start in order, come back after a crash, stop in reverse, and never outlive their supervisor."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.adapters.leftovers import note_children, start_ticks, stop_leftovers

ROOT = Path(__file__).parents[3]


class _Run:
    """A supervisor under test and what it said."""

    def __init__(self, folder: Path, specs: tuple[str, ...]) -> None:
        self.folder = folder
        self.output = folder / "said"
        with self.output.open("a") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.supervisor.start_supervisor", str(folder), *specs],
                cwd=ROOT,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def events(self) -> list[str]:
        path = self.folder / "events"
        return path.read_text().splitlines() if path.exists() else []

    def said(self) -> str:
        return self.output.read_text()

    def pids(self, name: str = "*") -> list[int]:
        return [int(line) for path in self.folder.glob(f"pids-{name}") for line in path.read_text().split()]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., _Run]]:
    runs = []

    def start(*specs: str) -> _Run:
        runs.append(_Run(tmp_path, specs))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait()
        for pid in run.pids():
            if _is_alive(pid):
                os.kill(pid, signal.SIGKILL)


def _wait(condition: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"did not happen within {within_s} s"
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    return start_ticks(pid) is not None


def test_tiers_start_upwards_and_stop_downwards_with_exit_code_zero(supervise, tmp_path):
    run = supervise("web:plain:2", "server:plain:0", "migrate:once:1")
    _wait((tmp_path / "ready-web").exists)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(10) == 0
    assert run.events() == ["started server", "started migrate", "started web", "stopped web", "stopped server"]
    assert not any(_is_alive(pid) for pid in run.pids())
    assert not (tmp_path / "run" / "children.json").exists()


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_each_order_to_stop_is_obeyed(supervise, tmp_path, order):
    run = supervise("a:plain:0")
    _wait((tmp_path / "ready-a").exists)
    run.process.send_signal(order)
    assert run.process.wait(10) == 0
    assert run.events() == ["started a", "stopped a"]


def test_ctrl_c_in_the_terminal_reaches_the_supervisor_alone(supervise, tmp_path):
    run = supervise("a:plain:0")
    _wait((tmp_path / "ready-a").exists)
    (child,) = run.pids("a")
    assert os.getpgid(child) == os.getsid(child) == child
    assert os.getsid(run.process.pid) != child


def test_a_child_that_does_not_stop_in_time_is_killed_and_the_others_stop_well(supervise, tmp_path):
    run = supervise("server:plain:0", "deaf:stubborn:1")
    _wait((tmp_path / "ready-deaf").exists)
    run.process.terminate()
    assert run.process.wait(10) == 0
    assert run.events() == ["started server", "started deaf", "stopped server"]
    assert "deaf did not stop within 1 s: killed" in run.said()


def test_one_order_delivered_twice_does_not_kill_but_a_second_order_does(supervise, tmp_path):
    run = supervise("server:plain:0", "deaf:stubborn:1")
    _wait((tmp_path / "ready-deaf").exists)
    run.process.terminate()
    run.process.terminate()
    time.sleep(0.4)
    assert run.process.poll() is None
    run.process.terminate()
    assert run.process.wait(0.6) == 1
    assert not any(_is_alive(pid) for pid in run.pids())


@pytest.mark.slow
def test_no_process_survives_a_killed_supervisor(supervise, tmp_path):
    run = supervise("server:plain:0", "deaf:stubborn:1", "web:parent:1")
    _wait(lambda: (tmp_path / "ready-web").exists() and (tmp_path / "ready-deaf").exists())
    pids = run.pids()
    assert len(pids) == 4
    assert all(_is_alive(pid) for pid in pids)
    run.process.kill()
    _wait(lambda: not any(_is_alive(pid) for pid in pids), within_s=5)


def test_a_killed_child_is_started_again_and_its_own_children_are_gone(supervise, tmp_path):
    run = supervise("web:parent:0", "other:plain:0")
    _wait(lambda: (tmp_path / "ready-web").exists() and (tmp_path / "ready-other").exists())
    leader, grandchild = run.pids("web")
    (tmp_path / "ready-web").unlink()
    os.kill(leader, signal.SIGKILL)
    _wait((tmp_path / "ready-web").exists)
    assert not _is_alive(grandchild)
    _wait(lambda: "web: running again" in run.said())
    assert "web was killed by SIGKILL" in run.said()
    assert run.events().count("started web") == 2
    assert run.events().count("started other") == 1


def test_a_child_that_keeps_crashing_is_tried_with_growing_waits_and_then_given_up_with_its_last_words(supervise):
    run = supervise("server:plain:0", "broken:crash:1", "never:plain:2")
    assert run.process.wait(15) == 1
    said = run.said()
    assert "starting it again in 0.2 s; it said:\n    cannot find the thing" in said
    assert "starting it again in 0.4 s" in said
    assert "broken ended with 3, 3 times in a row; it said:\n    cannot find the thing" in said
    assert run.events().count("started broken") == 3
    assert "started never" not in run.events()
    assert run.events()[-1] == "stopped server"


def test_a_failed_preparation_stops_everything_and_says_why(supervise):
    run = supervise("server:plain:0", "migrate:oncefail:1", "web:plain:2")
    assert run.process.wait(10) == 1
    assert "migrate ended with 4; it said:\n    the database is of a later version" in run.said()
    assert run.events() == ["started server", "started migrate", "stopped server"]


def test_an_optional_preparation_may_fail_and_the_rest_goes_on(supervise, tmp_path):
    run = supervise('samples:oncefail:0:{"is_needed"=false}', "web:plain:1")
    _wait((tmp_path / "ready-web").exists)
    assert "samples ended with 4" in run.said()
    assert run.process.poll() is None


def test_a_child_that_is_not_ready_in_time_fails_the_start(supervise):
    run = supervise("server:plain:0", 'slow:mute:1:{"ready_within_s"=0.5}', "never:plain:2")
    assert run.process.wait(10) == 1
    assert "slow was not ready within 0.5 s and said nothing (log: " in run.said()
    assert run.events()[-1] == "stopped server"
    assert "started never" not in run.events()


def test_the_log_has_every_line_and_the_terminal_only_what_matters(supervise, tmp_path):
    run = supervise("worker:loud:0")
    _wait(lambda: "sample calls" in run.said())
    assert run.said().splitlines() == ["worker: warning: disk nearly full free_mb=12", "all 12 sample calls analysed"]
    assert len((tmp_path / "log" / "worker.log").read_text().splitlines()) == 3


def test_a_second_supervisor_on_the_same_data_is_refused_with_the_first_ones_process(supervise, tmp_path):
    first = supervise("a:plain:0")
    _wait((tmp_path / "ready-a").exists)
    second = supervise("b:plain:0")
    assert second.process.wait(10) == 1
    assert f"is in use by process {first.process.pid} (since " in second.said()
    assert "started b" not in first.events()
    first.process.kill()
    first.process.wait()
    third = supervise("c:plain:0")
    _wait((tmp_path / "ready-c").exists)
    assert third.process.poll() is None


def test_what_an_earlier_run_left_is_stopped_at_the_next_start_and_a_stranger_is_not(supervise, tmp_path):
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours, stranger = (subprocess.Popen(command, start_new_session=True) for _ in range(2))
    try:
        (tmp_path / "run").mkdir()
        notes = tmp_path / "run" / "children.json"
        note_children(notes, {"web": ours.pid, "worker": stranger.pid, "gone": 2**22 + 1})
        noted = json.loads(notes.read_text())
        noted["children"][1]["started"] -= 100  # the noted process is over, its id was given to another
        notes.write_text(json.dumps(noted))
        run = supervise("a:plain:0")
        _wait((tmp_path / "ready-a").exists)
        assert "stopped web, which an earlier run had left behind" in run.said()
        assert "worker" not in run.said()
        assert ours.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


def test_notes_of_an_earlier_boot_or_damaged_ones_stop_nobody(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        notes = tmp_path / "children.json"
        note_children(notes, {"web": process.pid})
        notes.write_text(notes.read_text().replace('"boot": "', '"boot": "another-'))
        assert stop_leftovers(notes) == []
        notes.write_text("{")
        assert stop_leftovers(notes) == []
        assert stop_leftovers(tmp_path / "none") == []
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
