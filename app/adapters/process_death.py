"""How does a child process learn that its parent was killed? The kernel tells it: Linux, ``prctl(PR_SET_PDEATHSIG)``.

The signal is bound to the *thread* that forked: when that thread ends, the child is told. So children are started from the
main thread. On other systems nothing is set, and children of a killed supervisor have to be found at its next start.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: signal.Signals = signal.SIGKILL, *, parent_pid: int | None = None) -> None:
    """Ask the kernel for ``death_signal`` when the parent dies; end at once when it died before the question."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if parent_pid is not None and os.getppid() != parent_pid:
        os._exit(1)


def before_exec(death_signal: signal.Signals, niceness: int = 0) -> Callable[[], None]:
    """Return what a new child runs between fork and exec; the library is loaded here, before the fork."""
    if not sys.platform.startswith("linux"):
        return lambda: _be_nice(niceness)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent_pid = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent_pid:
            os._exit(1)
        _be_nice(niceness)

    return ask_kernel


def _be_nice(niceness: int) -> None:
    if niceness:
        os.nice(niceness)
