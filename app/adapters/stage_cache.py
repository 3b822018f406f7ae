"""Keeps the results of costly stages in a folder, so that a killed worker goes on where it was.

One gzipped JSON file per key, written beside its place and moved there, so that a reader sees the whole result or none. What
nobody has asked for within the keeping time is deleted; everything here can be computed again.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

KEPT_S = 30 * 24 * 3600.0
"""Re-analysis after a rule change finds last month's transcripts. ASSUMPTION: a month of results fits the disk."""

PRUNE_EVERY_S = 3600.0

_NAME = re.compile(r"[A-Za-z0-9_-]{8,128}")


class FolderStageCache:
    """The StageCache port on a folder that several processes may share.

    Parameters
    ----------
    folder
        Made when it is first written to.
    kept_s
        An entry that was not read or written for this long is deleted.
    now
        Seconds since the epoch.
    """

    def __init__(self, folder: Path, *, kept_s: float = KEPT_S, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._kept_s = kept_s
        self._now = now
        self._pruned_at = float("-inf")

    def load(self, key: str) -> Mapping[str, Any] | None:
        """Return the stored result, or None when there is none or the file is damaged."""
        path = self._path(key)
        try:
            value = json.loads(gzip.decompress(path.read_bytes()))
            os.utime(path, (self._now(), self._now()))
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, zlib.error):
            path.unlink(missing_ok=True)  # a power cut can leave a torn file; the stage is simply done again
            return None
        return value if isinstance(value, dict) else None

    def store(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep the result; written whole or not at all. The last writer of a key wins."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        try:
            draft.write_bytes(gzip.compress(json.dumps(value, separators=(",", ":")).encode(), mtime=0))
            os.utime(draft, (self._now(), self._now()))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        if self._now() - self._pruned_at >= PRUNE_EVERY_S:
            self.prune()

    def forget(self, key: str) -> None:
        """Delete the result; one that is not there is no error."""
        self._path(key).unlink(missing_ok=True)

    def prune(self) -> int:
        """Delete what is older than the keeping time, abandoned drafts included; return how many files went."""
        self._pruned_at = self._now()
        oldest = self._now() - self._kept_s
        gone = 0
        for path in self._folder.glob("*/*"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue  # another process pruned it
        return gone

    def _path(self, key: str) -> Path:
        if not _NAME.fullmatch(key):
            raise ValueError(f"a stage key has 8 to 128 letters, digits, - or _; got {key!r}")
        return self._folder / key[-2:] / f"{key}.json.gz"
