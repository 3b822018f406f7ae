"""Which services does this process work with? One set per process, built by the first job.

Keyed by process id, because a forked worker must not share its parent's database connections.
"""

import os

from app.bootstrap import Services, build
from app.settings import load_settings

_built: dict[int, Services] = {}


def services() -> Services:
    """Return this process's services."""
    pid = os.getpid()
    if pid not in _built:
        _built.clear()
        _built[pid] = build(load_settings())
    return _built[pid]
