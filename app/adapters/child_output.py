"""What did a child process say? All of it goes to its log file; the terminal gets what a person must know."""

import json
import re
from collections import deque
from pathlib import Path
from typing import Any

MAX_LOG_BYTES = 10 * 1024 * 1024
# A child's line that starts so is meant for the person at the terminal and is shown as it is, without the mark.
NOTICE = "earshot: "
_LEVELS_SHOWN = ("warning", "error", "critical")
_LOUD = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
# Said by Valkey at every start in most containers; our data set is far too small for it to matter.
_KNOWN_AND_HARMLESS = ("Memory overcommit must be enabled",)
_NOT_SHOWN = ("event", "level", "logger", "timestamp", "exception", "role", "queue")


class ChildLog:
    """The log file of one child, cut into lines, with one former file of at most 10 MiB kept beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_lines: deque[str] = deque(maxlen=12)
        self._partial = b""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = path.open("ab")

    def write(self, data: bytes) -> list[str]:
        """Append what a child wrote and return the lines that became complete."""
        if self._file.tell() + len(data) > MAX_LOG_BYTES:
            self._file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self._file = self.path.open("ab")
        self._file.write(data)
        self._file.flush()
        *complete, self._partial = (self._partial + data).split(b"\n")
        lines = [line.decode(errors="replace").rstrip() for line in complete]
        self.last_lines.extend(line for line in lines if line)
        return lines

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def terminal_line(name: str, line: str) -> str | None:
    """Return what the terminal shows of a child's line, or None: warnings, errors and notices."""
    if line.startswith(NOTICE):
        return line.removeprefix(NOTICE)
    if any(phrase in line for phrase in _KNOWN_AND_HARMLESS):
        return None
    record = _as_record(line)
    if record is None:
        return f"{name}: {line}" if _LOUD.search(line) else None
    if record.get("level") not in _LEVELS_SHOWN:
        return None
    details = " ".join(f"{key}={value}" for key, value in record.items() if key not in _NOT_SHOWN)
    cause = str(record.get("exception", "")).strip().rpartition("\n")[2]
    return " ".join(part for part in (f"{name}: {record['level']}: {record.get('event')}", details, cause) if part)


def _as_record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "level" in record else None
