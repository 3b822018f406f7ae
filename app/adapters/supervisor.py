"""Which processes run, and what happens when one ends? Children in tiers: started upwards, kept alive, stopped downwards.

A tier starts when all of the tier below are ready; the tier above is stopped before the one below. A child that ends is
started again, at once after a clean end, with growing waits after crashes. SIGTERM or SIGINT stops everything; a second one
kills. Each child leads a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone, and the kernel
ends it when the supervisor is killed. Everything happens in one thread, the main one: the kernel's promise is bound to it.
"""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.child_output import ChildLog, terminal_line
from app.adapters.leftovers import note_children, start_ticks
from app.adapters.process_death import before_exec

# A signal that comes again this soon is one key press delivered twice (by the terminal and by a wrapper), not an order to kill.
SAME_ORDER_S = 0.2
# A child that dies this often before it was ever ready will not start: give up and say why.
STARTS_TRIED = 3
_POLL_S = 0.02
_IDLE_S = 0.5


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How one child is started, recognised as ready, restarted and stopped.

    Attributes
    ----------
    runs_once
        It does its work and ends; with ``is_needed`` a failure stops everything, without it is only told.
    find_running
        Returns the process id of a server that does this child's work already: it is used, and left running at the end.
    """

    name: str
    argv: Sequence[str]
    tier: int = 0
    environ: Mapping[str, str] = field(default_factory=dict)
    pass_fds: Sequence[int] = ()
    before_start: Callable[[], None] | None = None
    find_running: Callable[[], int | None] | None = None
    is_ready: Callable[[], bool] | None = None
    ready_within_s: float = 60.0
    on_ready: Callable[[], None] | None = None
    runs_once: bool = False
    is_needed: bool = True
    stop_within_s: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    niceness: int = 0
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    calm_after_s: float = 60.0


class Supervisor:
    """Runs children until it is told to stop."""

    def __init__(self, specs: Sequence[ChildSpec], data_dir: Path, *, say: Callable[[str], None]) -> None:
        self._children = [_Child(spec, ChildLog(data_dir / "log" / f"{spec.name}.log")) for spec in specs]
        self._tiers = sorted({spec.tier for spec in specs})
        self._notes = data_dir / "run" / "children.json"
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._ordered_at: float | None = None
        self._is_stopping = False
        self._exit_code = 0

    def run(self) -> int:
        """Start, watch and stop the children; return 0 after an ordered stop, 1 when a start failed or children were killed."""
        with self._signals():
            try:
                while not self._is_over():
                    changed = self._reap()
                    changed |= self._stop_what_is_due() if self._is_stopping else self._start_what_is_due()
                    if changed:
                        note_children(self._notes, {c.spec.name: c.process.pid for c in self._children if c.process})
                    self._listen(_POLL_S if self._is_hurried() else _IDLE_S)
            finally:
                self._leave_nothing()
        self._notes.unlink(missing_ok=True)
        return self._exit_code

    def stop(self, reason: str = "") -> None:
        """Begin to stop everything; with a reason it is a failure."""
        if reason:
            self._say(reason)
            self._exit_code = 1
        self._is_stopping = True

    def _leave_nothing(self) -> None:
        for child in self._children:
            child.kill()
            if child.process:
                child.process.wait()
        self._drain()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, _Child):  # a grandchild in a session of its own still holds the other end
                key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()
        for child in self._children:
            child.log.close()

    # Starting

    def _start_what_is_due(self) -> bool:
        changed = False
        for tier in self._tiers:
            members = [child for child in self._children if child.spec.tier == tier]
            for child in members:
                if child.is_due():
                    self._start(child)
                    changed = True
                elif child.is_starting:
                    self._look_whether_ready(child)
                if self._is_stopping:
                    return changed
            if not all(child.was_ready for child in members):
                break  # a child above waits for the first readiness only: later crashes below do not stop it
        return changed

    def _start(self, child: "_Child") -> None:
        spec = child.spec
        try:
            if spec.find_running and (pid := spec.find_running()) is not None:
                child.adopt(pid)
                self._say(f"{spec.name}: using process {pid}, which runs already")
                self._note_ready(child)
                return
            if spec.before_start:
                spec.before_start()
            child.spawn()
        except Exception as error:  # whatever keeps a child from starting is told once, here, with its name
            self.stop(f"{spec.name} cannot start: {error}")
            return
        assert child.process is not None
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _look_whether_ready(self, child: "_Child") -> None:
        spec = child.spec
        if spec.runs_once:
            return
        if spec.is_ready is None or spec.is_ready():
            self._note_ready(child)
        elif not child.was_ready and time.monotonic() - child.started_at > spec.ready_within_s:
            self.stop(f"{spec.name} was not ready within {spec.ready_within_s:g} s{child.last_words()}")

    def _note_ready(self, child: "_Child") -> None:
        is_first, child.is_starting, child.was_ready = not child.was_ready, False, True
        if is_first and child.spec.on_ready:
            child.spec.on_ready()
        elif child.crashes:
            self._say(f"{child.spec.name}: running again")

    # Watching

    def _reap(self) -> bool:
        changed = False
        for child in self._children:
            if child.adopted and start_ticks(child.adopted[0]) != child.adopted[1]:
                child.adopted = None
                child.restart_at = time.monotonic()
                changed = True
            exit_code = child.reap()
            if exit_code is not None:
                changed = True
                self._drain()
                if not self._is_stopping:
                    self._judge_end(child, exit_code)
        return changed

    def _judge_end(self, child: "_Child", exit_code: int) -> None:
        spec, lived_s = child.spec, time.monotonic() - child.started_at
        how = f"ended with {exit_code}" if exit_code >= 0 else f"was killed by {signal.Signals(-exit_code).name}"
        if spec.runs_once:
            child.has_finished = True
            if exit_code == 0 or not spec.is_needed:
                child.was_ready = True
            if exit_code != 0:
                words = f"{spec.name} {how}{child.last_words()}"
                self.stop(words) if spec.is_needed else self._say(words)
            elif spec.on_ready:
                spec.on_ready()
            return
        if exit_code == 0 and lived_s > 1.0:  # a worker that did its share of jobs
            child.crashes = 0
            child.restart_at = time.monotonic()
            return
        child.crashes = 1 if lived_s > spec.calm_after_s else child.crashes + 1
        if spec.is_ready is not None and not child.was_ready and child.crashes >= STARTS_TRIED:
            self.stop(f"{spec.name} {how}, {child.crashes} times in a row{child.last_words()}")
            return
        wait_s = min(spec.longest_wait_s, spec.first_wait_s * 2 ** (child.crashes - 1))
        child.restart_at = time.monotonic() + wait_s
        words = child.last_words() if child.crashes == 1 else f" (log: {child.log.path})"
        self._say(f"{spec.name} {how} after {lived_s:.1f} s; starting it again in {wait_s:g} s{words}")

    # Stopping

    def _stop_what_is_due(self) -> bool:
        """Ask the highest tier that still runs to stop, and kill who does not in time."""
        running = [child for child in self._children if child.process]
        if not running:
            return False
        tier = max(child.spec.tier for child in running)
        now = time.monotonic()
        for child in running:
            if child.spec.tier == tier and child.stop_asked_at is None:
                child.ask_to_stop()
            elif child.stop_asked_at is not None and now - child.stop_asked_at > child.spec.stop_within_s:
                self._say(f"{child.spec.name} did not stop within {child.spec.stop_within_s:g} s: killed")
                child.kill()
        return False

    def _is_over(self) -> bool:
        return self._is_stopping and not any(child.process for child in self._children)

    def _is_hurried(self) -> bool:
        return any(child.is_starting for child in self._children) or (self._is_stopping and not self._is_over())

    # Signals and output

    def _on_order(self, number: int, frame: object) -> None:
        now = time.monotonic()
        if self._ordered_at is None:
            self._ordered_at = now
            self._is_stopping = True
            self._say("stopping; once more kills")
        elif now - self._ordered_at > SAME_ORDER_S:
            self._exit_code = 1
            for child in self._children:
                child.kill()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Let signals wake the loop: their numbers arrive on a socket that it listens to."""
        reading, writing = socket.socketpair()
        reading.setblocking(False)
        writing.setblocking(False)
        self._selector.register(reading, selectors.EVENT_READ, None)
        former = {number: signal.signal(number, self._on_order) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        former_fd = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(former_fd)
            for number, handler in former.items():
                signal.signal(number, handler)
            reading.close()
            writing.close()

    def _listen(self, within_s: float) -> None:
        for key, _ in self._selector.select(within_s):
            if isinstance(key.data, _Child):
                self._take_output(key)
            else:
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.recv(4096)

    def _drain(self) -> None:
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, _Child):
                self._take_output(key)

    def _take_output(self, key: selectors.SelectorKey) -> None:
        child: _Child = key.data
        while True:
            try:
                data = os.read(key.fd, 65536)
            except BlockingIOError:
                return
            if not data:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                return
            for line in child.log.write(data):
                if (shown := terminal_line(child.spec.name, line)) is not None:
                    self._say(shown)


class _Child:
    """One child's process and what became of it so far."""

    def __init__(self, spec: ChildSpec, log: ChildLog) -> None:
        self.spec = spec
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.adopted: tuple[int, int | None] | None = None
        self.started_at = 0.0
        self.restart_at: float | None = 0.0
        self.stop_asked_at: float | None = None
        self.crashes = 0
        self.is_starting = False
        self.was_ready = False
        self.has_finished = False

    def is_due(self) -> bool:
        idle = self.process is None and self.adopted is None and not self.has_finished
        return idle and self.restart_at is not None and time.monotonic() >= self.restart_at

    def adopt(self, pid: int) -> None:
        self.adopted = (pid, start_ticks(pid))
        self.restart_at = None

    def spawn(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            list(self.spec.argv),
            env={**os.environ, **self.spec.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            pass_fds=tuple(self.spec.pass_fds),
            start_new_session=True,
            preexec_fn=before_exec(self.spec.death_signal, self.spec.niceness),  # noqa: PLW1509 - one prctl call, and only one thread
        )
        self.started_at, self.restart_at, self.is_starting = time.monotonic(), None, True

    def reap(self) -> int | None:
        """Return the exit code when the process has just ended; what is left of its group is killed first.

        As long as the dead process is not reaped its id is taken, so that the group cannot be a stranger's.
        """
        if self.process is None or os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self.kill()
        exit_code = self.process.wait()
        self.process, self.is_starting, self.stop_asked_at = None, False, None
        return exit_code

    def ask_to_stop(self) -> None:
        assert self.process is not None
        self.stop_asked_at = time.monotonic()
        self.process.terminate()

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        if not self.log.last_lines:
            return f" and said nothing (log: {self.log.path})"
        return "; it said:\n    " + "\n    ".join(self.log.last_lines) + f"\n  (log: {self.log.path})"
