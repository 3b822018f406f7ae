"""What exactly was sent? Reads a recording once, counting and hashing, and keeps it only as long as it is needed.

A stream is read into an unnamed temporary file, because its hash, which names it in the store, is known at its end only.
"""

import errno
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from app.errors import AudioUnreadable, BlobDamaged, InvalidInput, StorageFull
from app.intake.sniff import HEAD_BYTES, describe_non_audio
from app.ports import BlobStore

PIECE_BYTES = 256 * 1024
DEFAULT_MAX_BYTES = 500 * 1000 * 1000
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Readable(Protocol):
    """Anything that bytes can be read from, once, from front to back."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes that came in: how many, their SHA-256 (hex), their first bytes, and where they lie when they were kept."""

    name: str
    sha256: str
    byte_count: int
    head: bytes
    file: BinaryIO | None

    def read_pieces(self) -> Iterator[bytes]:
        """Yield the bytes again, and raise InvalidInput at the end when they are no longer the same."""
        if self.file is None:
            raise ValueError("the bytes were counted and not kept")
        self.file.seek(0)
        digest = hashlib.sha256()
        while piece := self.file.read(PIECE_BYTES):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != self.sha256:
            raise InvalidInput(f"{self.name} was changed while it was being read; send it again", code="file_changed")


@contextmanager
def receive(
    source: Path | Readable, *, name: str, max_bytes: int = DEFAULT_MAX_BYTES, is_kept: bool = True
) -> Iterator[Received]:
    """Read everything; with ``is_kept`` false nothing is written anywhere.

    Raises
    ------
    InvalidInput
        If there is more than ``max_bytes`` (code ``too_large``).
    StorageFull
        If there is no room for the temporary file.
    """
    with ExitStack() as stack:
        reader: Readable = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
        file: BinaryIO | None = None
        if isinstance(source, Path):
            file = reader if is_kept else None  # type: ignore[assignment]
        elif is_kept:
            file = stack.enter_context(tempfile.TemporaryFile())
        digest, byte_count, head = hashlib.sha256(), 0, b""
        while piece := reader.read(PIECE_BYTES):
            byte_count += len(piece)
            if byte_count > max_bytes:
                raise InvalidInput(
                    f"{name}: expected at most {max_bytes // 1_000_000} MB, got more; send a shorter recording or raise "
                    "EARSHOT_MAX_UPLOAD_MB",
                    code="too_large",
                )
            digest.update(piece)
            head += piece[: HEAD_BYTES - len(head)]
            if file is not None and file is not reader:
                _write(file, piece, name)
        yield Received(name, digest.hexdigest(), byte_count, head, file)


def check_may_be_audio(received: Received) -> None:
    """Refuse what is certainly no recording.

    Raises
    ------
    AudioUnreadable
        With code ``empty_file`` or ``not_audio``.
    """
    if received.byte_count == 0:
        raise AudioUnreadable(f"{received.name}: expected a recording, got an empty file; send it again", code="empty_file")
    other = describe_non_audio(received.head)
    if other:
        raise AudioUnreadable(
            f"{received.name}: expected a recording, got {other}; send the audio file itself", code="not_audio"
        )


def keep_bytes(blobs: BlobStore, received: Received, *, folder: str = "recordings") -> str:
    """Put the bytes into the store and read them back; return their key.

    Raises
    ------
    StorageFull
        If there is no room; nothing was stored.
    BlobDamaged
        If what can be read back is not what was sent; it was removed again.
    """
    key = blob_key(folder, received.sha256)
    known = blobs.stat(key)
    if known is not None and known.byte_count == received.byte_count:
        return key
    if known is not None:
        raise BlobDamaged(f"the store holds {known.byte_count} bytes under {key}, expected {received.byte_count}", key=key)
    blobs.put(key, received.read_pieces())
    digest = hashlib.sha256()
    for piece in blobs.open_range(key):
        digest.update(piece)
    if digest.hexdigest() != received.sha256:
        blobs.delete(key)
        raise BlobDamaged(f"the store gave back other bytes than were put under {key}; nothing was recorded", key=key)
    return key


def blob_key(folder: str, sha256: str) -> str:
    """Return the key under which bytes with this hash are kept."""
    return f"{folder}/{sha256[:2]}/{sha256}"


def _write(file: BinaryIO, piece: bytes, name: str) -> None:
    try:
        file.write(piece)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StorageFull(f"{name}: no room left for temporary files; make room and send it again") from error
