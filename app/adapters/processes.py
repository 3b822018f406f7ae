"""What does ``earshot up`` start? The whole house on one machine, as a list.

Tier 0 is the queue server (unless QUEUE_URL names another), tier 1 brings the database up to date, tier 2 is the pages, the
scheduler and the workers. The pages' socket is opened here and handed down: there is no moment between looking for a
free port and taking it, and requests wait while the web server is started again.
"""

import http.client
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path

from app.adapters import embedded_valkey
from app.adapters.data_dir_lock import hold_data_dir
from app.adapters.leftovers import stop_leftovers
from app.adapters.supervisor import ChildSpec, Supervisor
from app.errors import Conflict
from app.settings import PREFIX, Settings
from app.vocabulary import QueueName

PORTS_TRIED = 20
WEB_APP = "app.web.wsgi:create()"
_SERVER, _DATABASE, _WORK = 0, 1, 2


def run_up(
    settings: Settings,
    *,
    say: Callable[[str], None],
    on_ready: Callable[[str], None] = lambda address: None,
    extra: Sequence[ChildSpec] = (),
) -> int:
    """Run everything until SIGTERM or Ctrl-C and return the exit code; ``on_ready`` gets the address when the pages answer.

    Raises
    ------
    Conflict
        When another process works on this DATA_DIR, or no port is free.
    """
    data_dir = settings.data_dir.resolve()
    with hold_data_dir(data_dir), listen(settings.host, settings.port) as listener:
        for name in stop_leftovers(data_dir / "run" / "children.json"):
            say(f"stopped {name}, which an earlier run had left behind")
        address = address_of(listener)
        if listener.getsockname()[1] != settings.port:
            say(f"port {settings.port} is taken; the pages are on {address}")
        written = data_dir / "run" / "address"
        written.write_text(address + "\n")
        try:
            specs = [*children(settings, listener, on_ready=partial(on_ready, address)), *extra]
            return Supervisor(specs, data_dir, say=say).run()
        finally:
            written.unlink(missing_ok=True)


def children(settings: Settings, listener: socket.socket, *, on_ready: Callable[[], None] | None = None) -> list[ChildSpec]:
    """Return the processes that the settings ask for."""
    environ = environment_for(settings)
    specs = [] if settings.queue_url else [_queue_server(settings.data_dir)]
    specs.append(
        ChildSpec("migrate", (sys.executable, "-m", "app.cli", "migrate"), tier=_DATABASE, environ=environ, runs_once=True)
    )
    specs.append(_web(settings, listener, environ, on_ready))
    specs.append(_background("scheduler", ("scheduler",), environ))
    specs.append(_background("intake", ("worker", QueueName.INTAKE), environ))
    specs += [_background(f"tasks-{n}", ("worker", QueueName.TASKS), environ) for n in range(1, settings.task_workers + 1)]
    specs += [_background(f"light-{n}", ("worker", QueueName.LIGHT), environ) for n in range(1, settings.light_workers + 1)]
    # Numeric libraries would each start one thread per core in each of the audio workers, of which there is one per core.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(settings.worker_asr_threads))
    audio = range(1, settings.resolved_audio_workers + 1)
    specs += [_background(f"audio-{n}", ("worker", QueueName.AUDIO), environ | threads, niceness=10) for n in audio]
    return specs


def environment_for(settings: Settings) -> dict[str, str]:
    """Return the variables that make a child load the same settings."""
    given = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    changed = {name: value for name, value in given.items() if value != Settings.__dataclass_fields__[name].default}
    changed["data_dir"] = settings.data_dir.resolve()
    return {PREFIX + name.upper(): str(value) for name, value in changed.items()} | {"PYTHONUNBUFFERED": "1"}


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on the port, or on the next free one of 20.

    Raises
    ------
    Conflict
        When all are taken, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last_error: OSError | None = None
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(512)
        except OSError as error:
            listener.close()
            last_error = error
        else:
            return listener
    raise Conflict(
        f"the pages cannot be served on {host}, ports {port} to {min(port + PORTS_TRIED, 65536) - 1}: {last_error}; "
        "give another with EARSHOT_PORT or EARSHOT_HOST",
        code="no_free_port",
    ) from last_error


def address_of(listener: socket.socket) -> str:
    """Return the address to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - read, not bound
    return f"http://{shown}:{port}"


def is_serving(address: str) -> bool:
    """Say whether the pages answer."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=0.5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _queue_server(data_dir: Path) -> ChildSpec:
    return ChildSpec(
        "valkey",
        embedded_valkey.server_argv(data_dir),
        tier=_SERVER,
        before_start=partial(embedded_valkey.prepare, data_dir),
        find_running=partial(embedded_valkey.find_running, data_dir),
        is_ready=partial(embedded_valkey.is_answering, data_dir),
        ready_within_s=embedded_valkey.READY_WITHIN_S,
        # Asked to stop, not killed, when the supervisor dies: it writes out the last second of its file.
        death_signal=signal.SIGTERM,
        first_wait_s=0.05,
        longest_wait_s=2.0,
    )


def _web(
    settings: Settings, listener: socket.socket, environ: dict[str, str], on_ready: Callable[[], None] | None
) -> ChildSpec:
    argv = (
        *(sys.executable, "-m", "gunicorn", WEB_APP, "--bind", f"fd://{listener.fileno()}"),
        *("--worker-class", "gthread", "--workers", str(settings.web_processes), "--threads", str(settings.web_threads)),
        *("--config", "python:app.adapters.web_server", "--graceful-timeout", "5", "--timeout", "120"),
        # The control socket is one per user, so that two installations would fight for it.
        *("--no-control-socket", "--log-level", settings.log_level.lower()),
    )
    return ChildSpec(
        "web",
        argv,
        tier=_WORK,
        environ=environ,
        pass_fds=(listener.fileno(),),
        is_ready=partial(is_serving, address_of(listener)),
        on_ready=on_ready,
    )


def _background(name: str, arguments: Sequence[str], environ: dict[str, str], *, niceness: int = 5) -> ChildSpec:
    """Describe a process without pages; it is nicer than the web server, so that pages answer while every core listens."""
    argv = (sys.executable, "-m", "workers.main", *map(str, arguments))
    return ChildSpec(name, argv, tier=_WORK, environ=environ, niceness=niceness)
