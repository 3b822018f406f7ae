"""Small children: each writes what happens to it into the file ``events`` of the current folder.

``python small_child.py NAME [KIND]`` - KIND: plain, stubborn (ignores SIGTERM), parent (has a child of its own that
listens to nothing but the kernel), crash (ends with 3 at once), once, oncefail, loud, mute (never
ready).
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

name, kind = sys.argv[1], (sys.argv[2:] or ["plain"])[0]


def event(what: str) -> None:
    with Path("events").open("a") as file:
        file.write(f"{what} {name}\n")
    with Path(f"pids-{name}").open("a") as file:
        file.write(f"{os.getpid()}\n")


def end(*_: object) -> None:
    event("stopped")
    sys.exit(0)


signal.signal(signal.SIGTERM, signal.SIG_IGN if kind == "stubborn" else end)
event("started")
if kind == "loud":
    print('{"event": "model loaded", "level": "info", "logger": "x"}')
    print('{"event": "disk nearly full", "level": "warning", "logger": "x", "free_mb": 12}')
    print("earshot: all 12 sample calls analysed", flush=True)
if kind == "crash":
    print("cannot find the thing", flush=True)
    sys.exit(3)
if kind == "once":
    sys.exit(0)
if kind == "oncefail":
    print("the database is of a later version", flush=True)
    sys.exit(4)
if kind == "parent":
    from app.adapters.process_death import die_with_parent

    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], preexec_fn=die_with_parent)  # noqa: PLW1509
    with Path(f"pids-{name}").open("a") as file:
        file.write(f"{grandchild.pid}\n")
if kind != "mute":
    Path(f"ready-{name}").touch()
while True:
    time.sleep(60)
