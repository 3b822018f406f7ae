"""Who works on this DATA_DIR? At most one supervisor: the kernel frees its lock however it ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.errors import Conflict


@contextlib.contextmanager
def hold_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the lock of a DATA_DIR for the time of a ``with`` block.

    Raises
    ------
    Conflict
        Naming the process that holds it.
    """
    path = data_dir / "run" / "supervisor.lock"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Opened without truncating: the loser must still be able to read who won.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip() or "another process"
            raise Conflict(
                f"{data_dir} is in use by {holder}; stop it, or give another folder with EARSHOT_DATA_DIR",
                code="data_dir_in_use",
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} (since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC)")
        file.flush()
        yield
