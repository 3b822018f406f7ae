"""How far is it? One line on standard error that is rewritten; nothing where no person is watching."""

import sys
import threading
from collections.abc import Sequence


class ProgressLine:
    """Shows ``label share`` while something long runs; quiet when standard error is not a terminal."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._is_shown = sys.stderr.isatty()

    def update(self, what: str, share: float) -> None:
        """Show what is being done and the share done, 0 to 1."""
        if self._is_shown:
            print(f"\r\x1b[K{self._label}: {what} {share:4.0%}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


class ProgressOfOne:
    """Of several things in work, shows the one whose answer comes next; any thread may tell of any of them."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._lines = [ProgressLine(label) for label in labels]
        self._at = 0
        self._lock = threading.Lock()

    def update(self, at: int, what: str, share: float) -> None:
        """Tell how far the thing at this place is."""
        with self._lock:
            if at == self._at:
                self._lines[at].update(what, share)

    def clear(self) -> None:
        """Remove the line; until :meth:`go_on` nothing is shown of what comes next."""
        with self._lock:
            if self._at < len(self._lines):
                self._lines[self._at].clear()

    def go_on(self) -> None:
        """Show the next one from now on."""
        with self._lock:
            self._at += 1
