"""What did a killed supervisor leave running? Its children are noted in a file and stopped at the next start.

On Linux the kernel ends them with the supervisor; this is for what escaped. A process id alone proves nothing, as ids are
used again: the start time since boot must be the noted one too, else the process is a stranger and is left alone.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

STOP_WITHIN_S = 5.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def start_ticks(pid: int) -> int | None:
    """Return when a living process started, in clock ticks since boot; None when there is none (a zombie is none)."""
    try:
        # The name in parentheses may hold spaces; state is the 1st field after it, the start time the 20th (proc(5)).
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if after_name[0] in "ZX" else int(after_name[19])


def note_children(path: Path, pids: Mapping[str, int]) -> None:
    """Write down the running children, by name; each leads a process group of its own."""
    rows = [{"name": name, "pid": pid, "started": start_ticks(pid)} for name, pid in pids.items()]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"boot": _boot_id(), "children": rows}))
    draft.replace(path)


def stop_leftovers(path: Path) -> list[str]:
    """Stop the children that are noted and still run, with their process groups; return their names."""
    try:
        noted = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return []
    found = [c for c in noted["children"] if noted["boot"] == _boot_id() and start_ticks(c["pid"]) == c["started"] is not None]
    for child in found:
        _signal_group(child["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN_S
    for child in found:
        while start_ticks(child["pid"]) == child["started"] and time.monotonic() < deadline:
            time.sleep(0.02)
        if start_ticks(child["pid"]) == child["started"]:
            _signal_group(child["pid"], signal.SIGKILL)
    path.unlink()
    return [child["name"] for child in found]


def _signal_group(pid: int, wanted: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, wanted)


def _boot_id() -> str:
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""
