"""How far is it? One line on standard error that is rewritten; nothing where no person is watching."""

import sys


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
