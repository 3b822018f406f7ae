"""What the queue promises, on a real server with real workers."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.rq_queue import RqQueue, connect
from app.ports import JobRequest
from app.vocabulary import JobName, QueueName


def _job(subject_id: str, attempt: int = 0, queue: QueueName = QueueName.LIGHT) -> JobRequest:
    return JobRequest(queue, JobName.SCREEN_CALL, subject_id, attempt, timeout_s=30)


def _depth(queue, name=QueueName.LIGHT):
    return next(depth for depth in queue.depths() if depth.queue is name)


def _first_pid(path: Path) -> int:
    return int(path.read_text().split()[0])


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_attempt_is_queued_once_and_the_next_attempt_is_another_job(queue):
    assert queue.submit(_job("c1"))
    assert not queue.submit(_job("c1"))
    assert queue.submit(_job("c1", attempt=1))
    assert queue.submit(_job("c2"))
    depth = _depth(queue)
    assert (depth.waiting, depth.running, depth.failed) == (3, 0, 0)
    assert 0 <= depth.oldest_waiting_s < 5
    assert [d.waiting for d in queue.depths()] == [3 if d.queue is QueueName.LIGHT else 0 for d in queue.depths()]
    assert _depth(queue, QueueName.AUDIO).oldest_waiting_s is None


def test_a_job_that_succeeded_can_be_submitted_again_at_once(queue, start_worker, traces, wait_for):
    start_worker("light")
    for runs in (1, 2):
        assert queue.submit(_job("c1"))
        wait_for(lambda runs=runs: (traces / "done-c1").exists() and len((traces / "done-c1").read_text().split()) == runs)
        wait_for(lambda: queue._connection.exists("rq:job:screen_call-c1-0") == 0)


def test_a_job_that_failed_stays_visible_and_can_be_submitted_again(queue, start_worker, traces, wait_for):
    start_worker("light")
    assert queue.submit(_job("fail-1"))
    wait_for(lambda: _depth(queue).failed == 1)
    assert queue.submit(_job("fail-1"))
    wait_for(lambda: len((traces / "started-fail-1").read_text().splitlines()) == 2)


@pytest.mark.parametrize("kind", ["light", "audio"])
def test_a_job_whose_worker_was_killed_can_be_submitted_again_at_once(queue, start_worker, traces, wait_for, kind):
    worker = start_worker(kind)
    request = _job("slow-60", queue=QueueName(kind))
    assert queue.submit(request)
    wait_for((traces / "started-slow-60").exists)
    assert not queue.submit(request)
    worker.kill()
    worker.wait()
    assert queue.submit(request)
    assert _depth(queue, QueueName(kind)).waiting == 1


def test_light_jobs_run_in_a_process_of_their_own_and_audio_jobs_in_the_workers(queue, start_worker, traces, wait_for):
    light, audio = start_worker("light"), start_worker("audio")
    queue.submit(_job("a"))
    queue.submit(_job("b", queue=QueueName.AUDIO))
    wait_for((traces / "done-a").exists)
    wait_for((traces / "done-b").exists)
    pid, parent_pid = map(int, (traces / "started-a").read_text().split())
    assert pid != light.pid
    assert parent_pid == light.pid
    assert _first_pid(traces / "done-b") == audio.pid


def test_the_process_of_a_light_job_dies_with_its_killed_worker(queue, start_worker, traces, wait_for):
    worker = start_worker("light")
    queue.submit(_job("slow-60"))
    wait_for((traces / "started-slow-60").exists)
    horse = _first_pid(traces / "started-slow-60")
    worker.kill()
    worker.wait()
    wait_for(lambda: not _is_alive(horse), within_s=2)


@pytest.mark.parametrize("kind", ["light", "audio"])
def test_a_worker_told_to_stop_finishes_its_job_and_exits_with_zero(queue, start_worker, traces, wait_for, kind):
    worker = start_worker(kind)
    queue.submit(_job("slow-1", queue=QueueName(kind)))
    wait_for((traces / "started-slow-1").exists)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert (traces / "done-slow-1").exists()


def test_an_audio_worker_ends_with_zero_after_its_share_of_jobs(queue, start_worker, traces):
    for number in range(4):
        queue.submit(_job(f"c{number}", queue=QueueName.AUDIO))
    worker = start_worker("audio", "3")
    assert worker.wait(10) == 0
    assert len(list(traces.glob("done-*"))) == 3
    assert _depth(queue, QueueName.AUDIO).waiting == 1


def test_workers_are_listed_with_their_queue_state_and_counts(queue, start_worker, traces, wait_for):
    assert queue.workers() == []
    worker = start_worker("light")
    queue.submit(_job("fail-1"))
    queue.submit(_job("slow-60"))
    wait_for((traces / "started-slow-60").exists)
    (info,) = queue.workers()
    assert (info.pid, info.queue, info.state) == (worker.pid, "light", "busy")
    assert info.current_job == "screen_call-slow-60-0"
    assert (info.finished_jobs, info.failed_jobs) == (0, 1)
    assert info.last_heartbeat is not None


def test_a_queue_that_cannot_be_reached_is_the_builtin_connection_error(tmp_path):
    queue = RqQueue(connect(f"unix://{tmp_path}/nobody.sock"))
    for ask in (queue.ping, queue.depths, queue.workers, lambda: queue.submit(_job("c1"))):
        with pytest.raises(ConnectionError, match="job queue cannot be reached"):
            ask()


def test_a_worker_that_never_reaches_its_server_ends_with_one_and_says_so(start_worker, tmp_path):
    worker = start_worker("light")
    assert worker.wait(10) == 1
    assert "the queue server cannot be reached" in (tmp_path / "worker-0.log").read_text()


def test_a_worker_with_a_wrong_setting_ends_with_two_and_names_it():
    outcome = subprocess.run(
        [sys.executable, "-m", "workers.main", "worker", "light"],
        env={**os.environ, "EARSHOT_PORTS": "1", "EARSHOT_LIGHT_WORKERS": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 2
    assert "EARSHOT_PORTS: no such setting" in outcome.stderr
    assert "EARSHOT_LIGHT_WORKERS: expected a whole number, got 'none'" in outcome.stderr


@pytest.mark.slow
def test_queued_jobs_survive_a_killed_server_and_workers_come_back_to_it(queue, valkey, start_worker, traces, wait_for):
    start_worker("light")
    start_worker("audio")
    queue.submit(_job("first"))
    queue.submit(_job("first-too", queue=QueueName.AUDIO))
    wait_for((traces / "done-first").exists)
    wait_for((traces / "done-first-too").exists)
    for name in ("slow-2-busy", "waiting-1", "waiting-2"):
        queue.submit(_job(name))
    wait_for((traces / "started-slow-2-busy").exists)
    os.kill(valkey.pid, signal.SIGKILL)
    with pytest.raises(ConnectionError):
        queue.ping()
    valkey.stop()
    valkey.start()
    queue.submit(_job("after", queue=QueueName.AUDIO))
    for name in ("done-slow-2-busy", "done-waiting-1", "done-waiting-2", "done-after"):
        wait_for((traces / name).exists, within_s=20)
