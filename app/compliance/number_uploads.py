"""Where do uploaded files of numbers wait until they are worked on? On disk for a moment, or in the blob store for a worker.

The lists read files, so an upload lies in a folder of its own while it is worked on and is removed whatever comes of it. What
waits for a worker is kept encrypted under ``uploads/<moment>-<random>/<place>`` until its task is over; what is left of
processes that died is swept away by its moment.
"""

from __future__ import annotations

import errno
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO

from app.errors import InvalidInput, StorageFull
from app.intake.bytes_in import PIECE_BYTES
from app.intake.recordings import tidy_filename
from app.ports import BlobStore

UPLOADS = "uploads"
SCRATCH = "scratch"
ABANDONED_AFTER = timedelta(hours=1)
LONGEST_NAME = 50  # of four bytes each, with what is put before and behind it, below the 255 bytes of file systems
_KEY = re.compile(rf"{UPLOADS}/([0-9]{{8}}T[0-9]{{6}})-[0-9a-f]+/[0-9]+")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: its bytes, which can be read again from the start, and its name."""

    stream: BinaryIO
    name: str

    @property
    def byte_count(self) -> int:
        """How large it is."""
        size = self.stream.seek(0, SEEK_END)
        self.stream.seek(0)
        return size


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that waits in the blob store."""

    key: str
    name: str
    byte_count: int


@contextmanager
def spooled(files: Sequence[Upload], max_bytes: int) -> Iterator[list[Path]]:
    """Write uploads to a folder that lasts for the block. Raises InvalidInput when they are too large, StorageFull."""
    check_size(files, max_bytes)
    with tempfile.TemporaryDirectory(prefix="earshot-numbers-") as folder:
        yield [_write(Path(folder), place, file.name, _pieces(file.stream)) for place, file in enumerate(files)]


def check_size(files: Sequence[Upload], max_bytes: int) -> None:
    """Raise InvalidInput when uploads are too large together."""
    if sum(file.byte_count for file in files) > max_bytes:
        raise InvalidInput(
            f"{name_on_disk(files[0].name)}: expected at most {max_bytes // 1_000_000} MB at a time (EARSHOT_MAX_UPLOAD_MB), "
            "got more; send it in parts or use earshot dnc on the server, which takes any size",
            code="too_large",
        )


def keep(blobs: BlobStore, files: Sequence[Upload], now: datetime) -> list[KeptFile]:
    """Store uploads for a worker, all of them or none. Raises StorageFull."""
    folder = f"{UPLOADS}/{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"
    kept = [KeptFile(f"{folder}/{place}", name_on_disk(file.name), file.byte_count) for place, file in enumerate(files)]
    try:
        for file, upload in zip(kept, files, strict=True):
            blobs.put(file.key, _pieces(upload.stream))
    except BaseException:
        drop(blobs, kept)
        raise
    return kept


def drop(blobs: BlobStore, files: Sequence[KeptFile]) -> None:
    """Remove files that waited for a worker; those that are gone are no error."""
    for file in files:
        blobs.delete(file.key)


def to_params(files: Sequence[KeptFile]) -> list[dict[str, Any]]:
    """Return kept files in the shape of a task's parameters."""
    return [{"key": file.key, "name": file.name, "bytes": file.byte_count} for file in files]


def from_params(params: Mapping[str, Any]) -> list[KeptFile]:
    """Read the kept files of a task's parameters."""
    return [KeptFile(file["key"], file["name"], file["bytes"]) for file in params.get("files", ())]


@contextmanager
def fetched(
    blobs: BlobStore, data_dir: Path, task_id: str, files: Sequence[KeptFile], on_read: Callable[[int, int], None]
) -> Iterator[list[Path]]:
    """Write the kept files of a task to a folder that lasts for the block; what an earlier attempt left there goes first.

    ``on_read`` is told how many bytes of how many were read, and may raise. Raises StorageFull, NotFound.
    """
    folder = data_dir / SCRATCH / task_id
    shutil.rmtree(folder, ignore_errors=True)
    total, done = sum(file.byte_count for file in files), 0

    def counted(key: str) -> Iterator[bytes]:
        nonlocal done
        for piece in blobs.open_range(key):
            done += len(piece)
            on_read(done, total)
            yield piece

    try:
        folder.mkdir(parents=True, mode=0o700)
        yield [_write(folder, place, file.name, counted(file.key)) for place, file in enumerate(files)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(blobs: BlobStore, data_dir: Path, open_tasks: Mapping[str, Collection[str]], now: datetime) -> int:
    """Remove what processes that died left: blobs of no open task, and working folders; return how many.

    ``open_tasks`` are the tasks that are not over, with the keys that they wait to read.
    """
    awaited = {key for keys in open_tasks.values() for key in keys}
    count = 0
    for key in list(blobs.keys(f"{UPLOADS}/")):
        found = _KEY.fullmatch(key)
        sent = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if found else None
        if sent is not None and key not in awaited and now - sent > ABANDONED_AFTER:
            blobs.delete(key)
            count += 1
    for folder in (data_dir / SCRATCH).glob("*"):
        if folder.name not in open_tasks:
            shutil.rmtree(folder, ignore_errors=True)
            count += 1
    return count


def name_on_disk(name: str) -> str:
    """Return a name that no file system refuses and that hides or climbs nowhere; people see it in messages."""
    return tidy_filename(name).lstrip(".")[-LONGEST_NAME:] or "numbers"


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    return iter(lambda: stream.read(PIECE_BYTES), b"")


def _write(folder: Path, place: int, name: str, pieces: Iterator[bytes]) -> Path:
    path = folder / str(place) / name_on_disk(name)
    try:
        path.parent.mkdir()
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StorageFull(f"{path.name}: no room left for temporary files; make room and send it again") from error
    return path
