"""The real processes with a small site in place of the pages: ``python -m tests.integration.supervisor.start_house NAME...``.

The queue server, gunicorn and the workers are the real ones, the workers with jobs that only leave traces; the names say which
of them are started.
"""

import sys
from dataclasses import replace
from functools import partial

from app.adapters import processes
from app.adapters.supervisor import ChildSpec
from app.errors import Conflict
from app.settings import load_settings


def _traced(spec: ChildSpec) -> ChildSpec:
    if "workers.main" not in spec.argv:
        return spec
    return replace(spec, argv=(sys.executable, "-m", "tests.integration.queue.start_worker", spec.argv[-1]))


if __name__ == "__main__":
    wanted, every_child = sys.argv[1:], processes.children
    processes.WEB_APP = "tests.integration.supervisor.small_site:create()"
    processes.children = lambda *args, **options: [_traced(c) for c in every_child(*args, **options) if c.name in wanted]
    say = partial(print, flush=True)
    try:
        sys.exit(processes.run_up(load_settings(), say=say, on_ready=lambda address: say(f"ready: {address}")))
    except Conflict as error:
        say(error.message)
        sys.exit(1)
