"""The embedded server keeps what it was given, cleans up after a crash, and dies with whoever started it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.adapters.embedded_valkey import EmbeddedValkey, find_running, is_answering, queue_url_for, socket_path
from app.adapters.rq_queue import connect
from app.errors import EarshotError
from app.settings import Settings


def _set(url: str, value: bytes) -> None:
    client = connect(url)
    client.set("k", value)
    client.close()


def _get(url: str) -> bytes | None:
    client = connect(url)
    try:
        return client.get("k")
    finally:
        client.close()


def test_what_was_stored_is_there_after_a_clean_stop_and_after_a_kill(tmp_path):
    with EmbeddedValkey(tmp_path) as server:
        _set(server.url, b"one")
    with EmbeddedValkey(tmp_path) as server:
        assert _get(server.url) == b"one"
        _set(server.url, b"two")
        os.kill(server.pid, signal.SIGKILL)
    with EmbeddedValkey(tmp_path) as server:
        assert _get(server.url) == b"two"
        _set(server.url, b"three")
        os.kill(server.pid, signal.SIGKILL)
        os.waitpid(server.pid, 0)
        # The socket's file is still there, but nobody listens on it.
        assert socket_path(tmp_path).exists()
        with EmbeddedValkey(tmp_path) as another:
            assert _get(another.url) == b"three"


def test_a_server_that_answers_is_used_and_left_running(tmp_path):
    with EmbeddedValkey(tmp_path) as first:
        with EmbeddedValkey(tmp_path) as second:
            assert second.pid is None
            assert second.url == first.url
        assert find_running(tmp_path) == first.pid
    assert not is_answering(tmp_path)


def test_a_strangers_server_on_our_socket_is_refused(tmp_path):
    with EmbeddedValkey(tmp_path / "theirs"):
        ours = socket_path(tmp_path / "ours")
        ours.parent.mkdir(parents=True)
        ours.symlink_to(socket_path(tmp_path / "theirs"))
        with pytest.raises(EarshotError, match="keeps its data in") as caught:
            EmbeddedValkey(tmp_path / "ours").start()
    assert caught.value.code == "foreign_queue_server"


def test_a_server_that_cannot_start_says_why(tmp_path):
    (tmp_path / "valkey" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(EarshotError, match="did not start") as caught:
        EmbeddedValkey(tmp_path).start()
    assert "AOF" in caught.value.message


def test_a_data_folder_with_a_long_name_gets_a_short_socket_for_its_user_alone(tmp_path):
    data_dir = tmp_path / ("long" * 30)
    path = socket_path(data_dir)
    assert len(str(path)) < 104
    assert path == socket_path(data_dir)
    assert path != socket_path(tmp_path / ("lang" * 30))
    with EmbeddedValkey(data_dir) as server:
        _set(server.url, b"x")
        assert _get(queue_url_for(Settings(data_dir=data_dir))) == b"x"
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.exists()


def test_a_given_queue_address_is_used_as_it_is(tmp_path):
    assert queue_url_for(Settings(data_dir=tmp_path, queue_url="redis://queue:6379/1")) == "redis://queue:6379/1"
    assert queue_url_for(Settings(data_dir=tmp_path)) == f"unix://{tmp_path.resolve()}/run/valkey.sock"


def test_the_server_listens_on_no_port_and_its_socket_is_the_owners(tmp_path):
    with EmbeddedValkey(tmp_path) as server:
        assert socket_path(tmp_path).stat().st_mode & 0o077 == 0
        client = connect(server.url)
        assert client.config_get("port") == {"port": "0"}
        client.close()


def test_the_server_dies_with_a_killed_parent(tmp_path, wait_for):
    program = (
        "import time; from pathlib import Path; from app.adapters.embedded_valkey import EmbeddedValkey\n"
        f"EmbeddedValkey(Path({str(tmp_path)!r})).start(); print('up', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout.readline() == "up\n"
        pid = find_running(tmp_path)
        assert pid is not None
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), within_s=5)


def test_a_start_from_a_side_thread_is_refused_because_the_server_would_die_with_it(tmp_path):
    caught = []

    def start():
        try:
            EmbeddedValkey(tmp_path).start()
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert "main thread" in caught[0]
