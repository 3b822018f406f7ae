"""Recordings in a folder: written once, encrypted, whole or not at all (``ports.BlobStore``).

A blob is written under ``.incoming`` and then linked to its name, which fails when the name exists: the first content stays.
"""

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from app.adapters.blob_keys import check_key
from app.adapters.encryption import HEADER_BYTES, KeyRing, open_stream, plain_byte_count, seal_stream
from app.errors import InvalidInput, NotFound, StorageFull
from app.ports import BlobStat

INCOMING = ".incoming"
READ_BYTES = 1024 * 1024
ABANDONED_AFTER_S = 60.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LocalBlobStore:
    """Blobs in a folder of this machine (or of a network share that can make hard links)."""

    def __init__(self, root: Path, ring: KeyRing) -> None:
        self._root = root
        self._ring = ring
        self._has_swept = False

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
        """Store the bytes; a key that exists keeps its content."""
        path = self._path(key)
        try:
            return self._put(key, path, chunks)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise StorageFull(
                f"no room left in {self._root} for {key} ({os.strerror(error.errno)}); nothing was stored, "
                "make room and send it again",
                key=key,
            ) from error

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from ``start`` up to, not including, ``end``; a missing or damaged blob is told at once."""
        try:
            file = self._path(key).open("rb", buffering=0)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound(f"no blob under {key}", key=key) from None
        try:
            header, stored = file.read(HEADER_BYTES), os.fstat(file.fileno()).st_size
            return _closing(
                file,
                open_stream(header, stored, lambda a, b: _read_at(file, a, b), ring=self._ring, key=key, start=start, end=end),
            )
        except BaseException:
            file.close()
            raise

    def stat(self, key: str) -> BlobStat | None:
        """Return what is stored under the key, or None."""
        path = self._path(key)
        return BlobStat(key, plain_byte_count(path.stat().st_size)) if path.is_file() else None

    def delete(self, key: str) -> None:
        """Remove the bytes and, with the header, the only copy of their key."""
        self._path(key).unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with ``prefix``, sorted."""
        return _walk(self._root, "", prefix)

    def _path(self, key: str) -> Path:
        root = self._root.resolve()
        path = (root / check_key(key)).resolve()
        # The grammar keeps ".." out; this keeps out a link that somebody laid inside the folder.
        if not path.is_relative_to(root):
            raise InvalidInput(f"the blob key {key!r} leads out of {root}")
        return path

    def _put(self, key: str, path: Path, chunks: Iterable[bytes]) -> BlobStat:
        if path.is_file():
            return BlobStat(key, plain_byte_count(path.stat().st_size))
        incoming = self._root / INCOMING
        incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._remove_abandoned(incoming)
        draft = incoming / f"{secrets.token_hex(16)}.part"
        with draft.open("xb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                byte_count = seal_stream(chunks, file, ring=self._ring, key=key)
                file.flush()
                os.fsync(file.fileno())
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                try:
                    os.link(draft, path)
                except FileExistsError:
                    return BlobStat(key, plain_byte_count(path.stat().st_size))
                _sync_folder(path.parent)
                return BlobStat(key, byte_count)
            finally:
                draft.unlink(missing_ok=True)

    def _remove_abandoned(self, incoming: Path) -> None:
        """Once per store: remove what a killed process left half written; a living writer holds the lock on its file."""
        if self._has_swept:
            return
        self._has_swept = True
        for draft in incoming.glob("*.part"):
            try:
                with draft.open("rb") as file:
                    if time.time() - os.fstat(file.fileno()).st_mtime > ABANDONED_AFTER_S:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        draft.unlink()
            except (FileNotFoundError, BlockingIOError):
                continue


def _read_at(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (piece := file.read(min(READ_BYTES, end - start))):
        start += len(piece)
        yield piece


def _closing(file: BinaryIO, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Own the file; started at once, so that a reader who is dropped before its first byte closes the file too."""

    def read() -> Iterator[bytes]:
        with file:
            yield b""
            yield from pieces

    reader = read()
    next(reader)
    return reader


def _walk(folder: Path, above: str, prefix: str) -> Iterator[str]:
    """Yield in the order of the whole keys: a folder counts as its name with the slash."""
    try:
        entries = sorted((entry.name + "/" if entry.is_dir() else entry.name) for entry in os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in entries:
        key = above + name
        if name.startswith("."):
            continue
        if name.endswith("/"):
            if key.startswith(prefix) or prefix.startswith(key):
                yield from _walk(folder / name, key, prefix)
        elif key.startswith(prefix):
            yield key


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
