"""A supervisor in a process of its own: ``python -m tests.integration.supervisor.start_supervisor DIR NAME:KIND:TIER...``."""

import json
import os
import sys
from functools import partial
from pathlib import Path

from app.adapters.data_dir_lock import hold_data_dir
from app.adapters.leftovers import stop_leftovers
from app.adapters.supervisor import ChildSpec, Supervisor
from app.errors import Conflict

SCRIPT = Path(__file__).with_name("small_child.py")


def _spec(folder: Path, text: str) -> ChildSpec:
    name, kind, tier, *more = text.split(":")
    return ChildSpec(
        name,
        (sys.executable, str(SCRIPT), name, kind),
        tier=int(tier),
        environ={"PYTHONPATH": str(Path.cwd())},
        is_ready=(folder / f"ready-{name}").exists if kind in ("plain", "parent", "stubborn", "crash", "mute") else None,
        runs_once=kind.startswith("once"),
        stop_within_s=1.0,
        first_wait_s=0.2,
        **json.loads(more[0].replace(";", ",").replace("=", ":")) if more else {},
    )


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    say = partial(print, flush=True)
    specs = [_spec(folder, text) for text in sys.argv[2:]]
    os.environ["PYTHONPATH"] = str(Path.cwd())
    os.chdir(folder)
    try:
        with hold_data_dir(folder):
            for name in stop_leftovers(folder / "run" / "children.json"):
                say(f"stopped {name}, which an earlier run had left behind")
            sys.exit(Supervisor(specs, folder, say=say).run())
    except Conflict as error:
        say(error.message)
        sys.exit(1)
