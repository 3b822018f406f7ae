"""Which texts lie in a list file? Plain files and zip archives, opened with care: both come from outside.

An archive that is cut off, locked, packed in itself, or far larger inside than any list of numbers can be, is refused before
or while it is read, with the reason.
"""

from __future__ import annotations

import codecs
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.errors import InvalidInput

BLOCK_BYTES = 4 << 20
LONGEST_LINE = 1 << 16
MOST_MEMBERS = 1000
MOST_BYTES = 64 << 30
"""Four times the whole national registry as XML (258 million numbers of about 60 bytes)."""

MOST_PACKED = 200
"""Numbers pack 3 to 30 times smaller (measured on lists of all densities); zip bombs of one layer about 1,000 times."""


@dataclass(frozen=True, slots=True)
class Member:
    """A text inside a list file: the file itself, or a member of the archive; its first bytes tell what it is."""

    path: Path
    inner: str | None
    byte_count: int

    @property
    def name(self) -> str:
        """The name by which errors call it."""
        return f"{self.path.name}/{self.inner}" if self.inner else self.path.name

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the bytes. Raises InvalidInput when an archive turns out to be cut off or damaged."""
        try:
            if self.inner is None:
                with self.path.open("rb") as file:
                    yield file
            else:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.inner) as file:
                    yield file
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise InvalidInput(
                f"{self.name}: the archive is cut off or damaged ({error}); download it again", file=self.name
            ) from None


def list_members(path: Path) -> tuple[Member, ...]:
    """Return the texts of a file. Raises InvalidInput."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
        size = path.stat().st_size
    except OSError as error:
        raise InvalidInput(f"{path}: the file cannot be read: {error.strerror}", file=path.name) from None
    if not size:
        raise InvalidInput(f"{path.name}: expected a list of numbers, the file is empty", file=path.name)
    if head[:2] == b"\x1f\x8b":
        raise InvalidInput(f"{path.name}: expected a text, XML or zip file, got gzip; unpack it first", file=path.name)
    if head[:2] != b"PK":
        return (Member(path, None, size),)
    return _list_archive(path, size)


def _list_archive(path: Path, size: int) -> tuple[Member, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith("__MACOSX")]
    except zipfile.BadZipFile as error:
        raise InvalidInput(
            f"{path.name}: the archive is cut off or damaged ({error}); download it again", file=path.name
        ) from None
    problem = _find_archive_problem(infos, size)
    if problem:
        raise InvalidInput(f"{path.name}: {problem}", file=path.name)
    return tuple(Member(path, info.filename, info.file_size) for info in infos)


def _find_archive_problem(infos: list[zipfile.ZipInfo], size: int) -> str | None:
    if not infos:
        return "the archive is empty"
    if len(infos) > MOST_MEMBERS:
        return f"the archive holds {len(infos):,} files; expected at most {MOST_MEMBERS:,}"
    if any(info.filename == "[Content_Types].xml" for info in infos):
        return "expected a list of numbers, got a spreadsheet or document; save it as CSV"
    if any(info.flag_bits & 1 for info in infos):
        return "the archive is locked with a password; unpack it first"
    total = sum(info.file_size for info in infos)
    overlaps = sum(info.compress_size for info in infos) > size
    packed = max(info.file_size / max(info.compress_size, 1) for info in infos)
    if overlaps or total > MOST_BYTES or (packed > MOST_PACKED and total > BLOCK_BYTES):
        return (
            f"the archive would unpack to {total:,} bytes, {packed:,.0f} times its size; a list of numbers packs at most "
            f"{MOST_PACKED} times smaller, so this is not one"
        )
    return None


def read_text_blocks(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield a text as blocks of whole lines in UTF-8, the byte order mark left out. Raises InvalidInput."""
    head = file.read(4)
    decoder = None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
    kept = b"" if decoder else head.removeprefix(codecs.BOM_UTF8)
    first = head if decoder else b""
    while True:
        raw = first + file.read(BLOCK_BYTES)
        first = b""
        if not raw:
            break
        kept += decoder.decode(raw).encode() if decoder else raw
        cut = kept.rfind(b"\n") + 1
        if not cut and len(kept) > LONGEST_LINE:
            raise InvalidInput(f"{name}: expected lines of one number each, got a line of more than {LONGEST_LINE:,} bytes")
        if cut:
            yield kept[:cut]
        kept = kept[cut:]
    if kept:
        yield kept
