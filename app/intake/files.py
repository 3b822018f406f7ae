"""Which recordings and call logs lie in a folder, and what does a file tell of its call?

Nothing outside the folder is touched: links and names that lead out of it are refused, and only regular files are opened.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import InvalidInput
from app.intake.bytes_in import receive
from app.intake.call_rows import ASSUMED_START_TAG
from app.intake.columns import match_columns
from app.intake.fetching_address import is_web_address
from app.intake.filenames import FilenamePattern, read_filename
from app.intake.values import is_blank

LOG_SUFFIXES = frozenset({".csv", ".tsv"})
AUDIO_SUFFIXES = frozenset(
    [
        ".wav",
        ".wave",
        ".mp3",
        ".ogg",
        ".oga",
        ".opus",
        ".flac",
        ".m4a",
        ".mp4",
        ".aac",
        ".amr",
        ".awb",
        ".gsm",
        ".webm",
        ".mka",
        ".au",
        ".snd",
        ".aif",
        ".aiff",
        ".caf",
        ".w64",
        ".3gp",
    ]
)
UNFETCHED = ("ftp://", "ftps://", "s3://", "gs://", "file://")


@dataclass(slots=True)
class FoundItems:
    """What lies below a path: call logs, recordings, what was refused and why, and files of other kinds."""

    root: Path
    logs: list[Path] = field(default_factory=list)
    recordings: list[Path] = field(default_factory=list)
    refused: list[tuple[Path, InvalidInput]] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)


def find_items(path: Path) -> FoundItems:
    """Return what a path holds, sorted by name; a single file is taken for a recording unless its name says call log."""
    if not path.is_dir():
        found = FoundItems(path.parent)
        (found.logs if path.suffix.lower() in LOG_SUFFIXES else found.recordings).append(path)
        return found
    found = FoundItems(path)
    root = path.resolve()
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            _sort_in(found, root, Path(folder, name))
    return found


def describe_file(path: Path, patterns: tuple[FilenamePattern, ...], *, max_bytes: int) -> dict[str, Any]:
    """Return the cells of the call that a lone recording belongs to.

    What the name does not tell: the id follows from the bytes, so that the same recording is the same call; the start is the
    date of the file, marked as assumed.
    """
    if not path.is_file():
        raise InvalidInput(f"{path.name}: expected a file, got a device or pipe", code="not_a_file")
    told = read_filename(path.name, patterns) or {}
    cells: dict[str, Any] = {name: value for name, value in told.items() if name != "ext"}
    tags: dict[str, Any] = {}
    if "external_id" not in cells:
        with receive(path, name=path.name, max_bytes=max_bytes) as received:
            cells["external_id"] = name_by_content(received.sha256)
    if "started_at" not in cells:
        cells["started_at"] = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()
        tags[ASSUMED_START_TAG] = "date of the file"
    return cells | {"tags": tags}


def name_by_content(sha256: str) -> str:
    """Return the external id of a call of which only the recording is known."""
    return f"sha256-{sha256}"


def find_named_recording(cells: Mapping[str, Any], folder: Path, item: str) -> tuple[Path | None, InvalidInput | None]:
    """Return the file that a row names beside its call log, or why it cannot be had; neither when it names none."""
    named = _read_named(cells)
    if named is None or is_web_address(named):
        return None, None
    try:
        return _resolve_beside(folder, named, item), None
    except InvalidInput as error:
        return None, error


def find_named_address(cells: Mapping[str, Any]) -> str | None:
    """Return the web address of the recording that a row names; None when it names a file, or nothing."""
    named = _read_named(cells)
    return named if named is not None and is_web_address(named) else None


def show_name(path: Path, root: Path) -> str:
    """Return a path below ``root`` as it is shown and kept: with slashes, and without bytes that are no text."""
    relative = path.relative_to(root) if path.is_relative_to(root) else path
    text = os.fsencode(relative.as_posix()).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text) or "."


def load_zone(name: str | None) -> ZoneInfo | None:
    """Return the time zone of that name. Raises InvalidInput."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"expected a time zone such as America/New_York, got {name[:60]!r}", code="unknown_zone") from None


def _sort_in(found: FoundItems, root: Path, path: Path) -> None:
    suffix = path.suffix.lower()
    if path.name.startswith(".") or suffix not in LOG_SUFFIXES | AUDIO_SUFFIXES:
        found.skipped.append(path)
    elif not path.resolve().is_relative_to(root):
        found.refused.append(
            (path, InvalidInput(f"{path.name}: expected a file in the folder, got a link out of it", code="link_out"))
        )
    elif not path.is_file():
        found.refused.append((path, InvalidInput(f"{path.name}: expected a file, got something else", code="not_a_file")))
    else:
        (found.logs if suffix in LOG_SUFFIXES else found.recordings).append(path)


def _read_named(cells: Mapping[str, Any]) -> str | None:
    column = match_columns(cells).get("recording")
    named = cells.get(column) if column else None
    return None if is_blank(named) else str(named).strip()


def _resolve_beside(folder: Path, named: str, item: str) -> Path:
    if named.casefold().startswith(UNFETCHED):
        raise InvalidInput(
            f"{item}: expected the name of a file beside the call log or an https address, got an address of another kind; "
            "download the recording, put it there and run the file again",
            code="address_not_fetched",
        )
    root = folder.resolve()
    try:
        path = (root / named.replace("\\", "/")).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
        is_inside = path.is_relative_to(root)
    except (OSError, ValueError, RuntimeError):
        is_inside = True
    problem = "a name for which there is no file" if is_inside else "a name that leads out of the folder of the call log"
    raise InvalidInput(
        f"{item}: expected the name of a recording beside the call log, got {problem}; put the recording there and run "
        "the file again",
        code="recording_missing" if is_inside else "path_out",
    )
