"""Is a bundle what its house signed? Read from the file alone: no database, no network, no settings.

Every entry is read in pieces and never unpacked to disk. What a bundle says of itself is believed only as far as it is checked:
sizes before reading, names before use, hashes before rows, the signature before "who". The first thing that does not hold is
told by file, and in a table by line and column. See docs/exports.md for what this proves and what it cannot.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import csv
import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.errors import InvalidInput
from app.reports.exports.layout import ADVICE, FORMAT, MANIFEST, SIGNATURE
from app.reports.exports.row_hashes import RowHashes, join_hashes
from app.reports.exports.signing import ALGORITHM, SIGNATURE_BYTES, fingerprint_of, is_signed_by

MOST_ENTRIES = 200
LARGEST_MANIFEST = 16_000_000
LARGEST_SIGNATURE = 64_000
LARGEST_TOTAL = 64_000_000_000
MOST_EXPANSION = 300
"""Rows of a report shrink to a tenth or a twentieth; an entry that claims more than this is a trap and is not opened."""
SMALL_ENTRY = 4_000_000
PIECE_BYTES = 1 << 20
LONGEST_LINE = 8_000_000
LOCAL_HEADER, END_RECORD = 30, 22
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class DoesNotHold(Exception):
    """Something in the bundle is not as it should be; ``file`` and ``line`` say where."""

    def __init__(self, problem: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem, self.file, self.line = problem, file, line


@dataclass(slots=True)
class Verified:
    """What came of it: whether everything holds, what that proves, and what it does not."""

    path: str
    holds: bool = False
    problem: str | None = None
    file: str | None = None
    line: int | None = None
    fingerprint: str | None = None
    is_pinned: bool = False
    manifest: Mapping[str, Any] = field(default_factory=dict)
    proven: list[str] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as ``earshot verify --json`` prints it."""
        told = self.manifest
        return {
            "bundle": self.path,
            "holds": self.holds,
            "problem": self.problem,
            "file": self.file,
            "line": self.line,
            "kind": told.get("kind"),
            "title": told.get("title"),
            "made_at": told.get("made_at"),
            "made_by": told.get("made_by"),
            "rows": told.get("row_count"),
            "rows_sha256": told.get("rows_sha256"),
            "fingerprint": self.fingerprint,
            "pinned": self.is_pinned,
            "proven": self.proven,
            "not_proven": self.not_proven,
        }


def verify_bundle(path: Path, pin: str | None = None) -> Verified:
    """Check a bundle; ``pin`` is the fingerprint of the key that must have signed it.

    Raises
    ------
    InvalidInput
        If there is no such file.
    """
    if not path.is_file():
        raise InvalidInput(f"{path}: expected a bundle such as consent.zip, there is no such file")
    answer = Verified(str(path))
    try:
        with path.open("rb") as file:
            _check(file, pin, answer)
    except DoesNotHold as error:
        answer.problem, answer.file, answer.line = error.problem, error.file, error.line
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OverflowError) as error:
        answer.problem = f"the file is damaged, cut off, or no bundle ({error or type(error).__name__})"
    answer.holds = answer.problem is None
    if not answer.holds:
        answer.proven = []
    return answer


def _check(file: IO[bytes], pin: str | None, answer: Verified) -> None:
    with zipfile.ZipFile(file) as bundle:
        entries = _check_entries(bundle)
        content = b"".join(_pieces(bundle, entries[MANIFEST], LARGEST_MANIFEST))
        manifest = _read_manifest(content)
        answer.manifest = manifest
        answer.fingerprint = _check_signature(bundle, entries[SIGNATURE], content)
        if pin is not None and answer.fingerprint != pin:
            raise DoesNotHold(
                f"signed by another key: expected the fingerprint {pin}, got {answer.fingerprint}", file=SIGNATURE
            )
        answer.is_pinned = pin is not None
        _check_files(entries, manifest)
        tables = [_check_table(bundle, entries, manifest, table) for table in manifest["tables"]]
        checked = {table["csv"] for table in manifest["tables"]} | {table["row_hashes"] for table in manifest["tables"]}
        for name in sorted(set(manifest["files"]) - checked):
            _check_file(bundle, entries[name], manifest)
        if join_hashes([hashes.rows_sha256 for hashes in tables]) != manifest["rows_sha256"]:
            raise DoesNotHold("the hash of all rows is not that of the tables' rows", file=MANIFEST)
        if sum(hashes.count for hashes in tables) != manifest["row_count"]:
            raise DoesNotHold("the count of all rows is not that of the tables' rows", file=MANIFEST)
    _tell(answer)


def _tell(answer: Verified) -> None:
    told = answer.manifest
    names = ", ".join(sorted(told["files"]))
    answer.proven += [
        f"Every file is, byte for byte, the one that the manifest names: {names}.",
        f"The {told['row_count']:,} rows of the CSV are those that were hashed when the report was made.",
        "The manifest is unchanged since it was signed.",
    ]
    if answer.is_pinned:
        answer.proven.append(f"It was signed with the key you named, {answer.fingerprint}.")
    else:
        answer.not_proven.append(
            "Who signed it: the key came with the bundle, so anybody could have made both. Give the fingerprint that the "
            "house told you by another way: --key FINGERPRINT."
        )
    answer.not_proven += [
        "That what the house recorded was true, or that the report holds every call that there was.",
        "When it was made: the time is the signer's own.",
        ADVICE,
    ]


def _check_entries(bundle: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    found = bundle.infolist()
    if len(found) > MOST_ENTRIES:
        raise DoesNotHold(f"the bundle has {len(found):,} entries; a report has at most {MOST_ENTRIES}")
    for entry in found:
        shown = ascii(entry.orig_filename)[1:-1][:100]
        if not _NAME.fullmatch(entry.orig_filename) or entry.is_dir() or _is_link(entry):
            raise DoesNotHold(f"the entry {shown} is not a plain file name; nothing was unpacked", file=shown)
        if entry.filename in entries:
            raise DoesNotHold("there are two entries of this name", file=shown)
        if entry.flag_bits & 0x1:
            raise DoesNotHold("the entry is encrypted", file=shown)
        if entry.file_size > SMALL_ENTRY and entry.file_size > MOST_EXPANSION * max(entry.compress_size, 1):
            raise DoesNotHold(
                f"the entry claims to unpack to {entry.file_size:,} bytes from {entry.compress_size:,}; it was not opened",
                file=shown,
            )
        entries[entry.filename] = entry
    if sum(entry.file_size for entry in found) > LARGEST_TOTAL:
        raise DoesNotHold("the bundle claims to unpack to more than 64 GB; it was not opened")
    for name in (MANIFEST, SIGNATURE):
        if name not in entries:
            raise DoesNotHold(f"{name} is missing; this is no bundle of Earshot, or not a whole one", file=name)
    _check_layout(bundle, found)
    return entries


def _check_layout(bundle: zipfile.ZipFile, found: Sequence[zipfile.ZipInfo]) -> None:
    """Nothing may lie before, between or behind the entries: readers differ in what they make of it."""
    file, at = bundle.fp, 0
    assert file is not None
    for entry in sorted(found, key=lambda each: each.header_offset):
        file.seek(entry.header_offset)
        header = file.read(LOCAL_HEADER)
        if entry.header_offset != at or len(header) < LOCAL_HEADER:
            raise DoesNotHold("there are bytes in the bundle that belong to no entry, or entries lie in each other")
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        at += LOCAL_HEADER + name_length + extra_length + entry.compress_size
    file.seek(-END_RECORD, io.SEEK_END)
    if at != bundle.start_dir or bundle.comment or not file.read().startswith(b"PK\x05\x06"):
        raise DoesNotHold("there are bytes in the bundle that belong to no entry")


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return (entry.external_attr >> 28) == 0o12


def _read_manifest(content: bytes) -> dict[str, Any]:
    manifest = _read_json(content, MANIFEST)
    if manifest.get("format") != FORMAT:
        got = ascii(manifest.get("format"))[:20]
        raise DoesNotHold(f"the manifest has format {got}; this version of Earshot reads format {FORMAT}", file=MANIFEST)
    problem = _find_fault(manifest)
    if problem is not None:
        raise DoesNotHold(f"the manifest is not as it should be: {problem}", file=MANIFEST)
    return manifest


def _find_fault(manifest: Mapping[str, Any]) -> str | None:
    """Return what keeps a manifest from being read, or None."""
    files, tables = manifest.get("files"), manifest.get("tables")
    if not isinstance(files, dict) or not isinstance(tables, list):
        return "files or tables are missing"
    named = [key for table in tables if isinstance(table, dict) for key in (table.get("csv"), table.get("row_hashes"))]
    checks = (
        ("what it says of a file", all(_names_file(name, told) for name, told in files.items())),
        ("what it says of a table", all(_names_table(table, files) for table in tables)),
        ("two tables name the same file", len(set(map(str, named))) == len(named)),
        ("who made it, when, or its title", _has_head(manifest)),
        ("row_count or rows_sha256", isinstance(manifest.get("row_count"), int) and _is_digest(manifest.get("rows_sha256"))),
    )
    return next((fault for fault, is_right in checks if not is_right), None)


def _has_head(manifest: Mapping[str, Any]) -> bool:
    by = manifest.get("made_by")
    return isinstance(by, dict) and all(isinstance(manifest.get(name), str) for name in ("kind", "title", "made_at"))


def _names_file(name: str, told: object) -> bool:
    is_whole = isinstance(told, dict) and isinstance(told.get("bytes"), int) and _is_digest(told.get("sha256"))
    return is_whole and _NAME.fullmatch(name) is not None and name not in (MANIFEST, SIGNATURE)


def _names_table(table: object, files: Mapping[str, Any]) -> bool:
    if not isinstance(table, dict) or not all(isinstance(table.get(key), str) for key in ("csv", "row_hashes")):
        return False
    is_whole = isinstance(table.get("rows"), int) and _is_digest(table.get("rows_sha256")) and _has_columns(table)
    return is_whole and table["csv"] in files and table["row_hashes"] in files


def _has_columns(table: Mapping[str, Any]) -> bool:
    columns = table.get("columns")
    return (
        isinstance(columns, list)
        and bool(columns)
        and all(isinstance(c, dict) and isinstance(c.get("name"), str) and _is_digest(c.get("sha256")) for c in columns)
    )


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _check_signature(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes) -> str:
    told = _read_json(b"".join(_pieces(bundle, entry, LARGEST_SIGNATURE)), SIGNATURE)
    key, signature = _decode(told.get("public_key")), _decode(told.get("signature"))
    if told.get("algorithm") != ALGORITHM or len(key) != 32 or len(signature) != SIGNATURE_BYTES:
        raise DoesNotHold("there is no Ed25519 signature in it", file=SIGNATURE)
    if not is_signed_by(key, signature, content):
        raise DoesNotHold("the signature does not fit the manifest: one of the two was changed", file=SIGNATURE)
    if told.get("fingerprint") != fingerprint_of(key):
        raise DoesNotHold("the fingerprint is not that of the public key beside it", file=SIGNATURE)
    return fingerprint_of(key)


def _decode(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _read_json(content: bytes, name: str) -> dict[str, Any]:
    try:
        read = json.loads(content.decode())
    except (ValueError, RecursionError):
        raise DoesNotHold("it is no JSON", file=name) from None
    if not isinstance(read, dict):
        raise DoesNotHold("expected a JSON object", file=name)
    return read


def _check_files(entries: Mapping[str, zipfile.ZipInfo], manifest: Mapping[str, Any]) -> None:
    """Hold the names in the bundle against those in the manifest: none missing, none beside."""
    for name in sorted(set(manifest["files"]) - set(entries)):
        raise DoesNotHold("the manifest names this file and it is missing", file=name)
    for name in sorted(set(entries) - set(manifest["files"]) - {MANIFEST, SIGNATURE}):
        raise DoesNotHold("the manifest does not name this file; it was added later", file=name)


def _check_file(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, manifest: Mapping[str, Any]) -> None:
    told = manifest["files"][entry.filename]
    if entry.file_size != told["bytes"]:
        raise DoesNotHold(
            f"the file has {entry.file_size:,} bytes, the manifest says {told['bytes']:,}: it was changed", file=entry.filename
        )
    digest = hashlib.sha256()
    for piece in _pieces(bundle, entry, told["bytes"]):
        digest.update(piece)
    if digest.hexdigest() != told["sha256"]:
        raise DoesNotHold("its SHA-256 is not the one in the manifest: it was changed", file=entry.filename)


def _check_table(
    bundle: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], manifest: Mapping[str, Any], table: Mapping[str, Any]
) -> RowHashes:
    """Make the hashes of a table's rows again from its CSV, and find the first line that differs."""
    _check_file(bundle, entries[table["row_hashes"]], manifest)
    expected = _row_hashes(bundle, entries[table["row_hashes"]])
    columns = [column["name"] for column in table["columns"]]
    name, hashes, digest = table["csv"], RowHashes(len(columns)), hashlib.sha256()
    differs_at: int | None = None
    for line, cells in _csv_rows(bundle, entries[name], digest):
        if line == 1:
            if cells != columns:
                raise DoesNotHold("the columns are not those of the manifest", file=name, line=1)
            continue
        if len(cells) != len(columns):
            raise DoesNotHold(f"the row has {len(cells)} cells, expected {len(columns)}", file=name, line=line)
        if hashes.add(cells) != next(expected, None) and differs_at is None:
            differs_at = line
    _judge_rows(table, hashes, differs_at)
    if digest.hexdigest() != manifest["files"][name]["sha256"]:
        raise DoesNotHold("the rows are those that were signed, but the file is written differently", file=name)
    return hashes


def _judge_rows(table: Mapping[str, Any], hashes: RowHashes, differs_at: int | None) -> None:
    name = table["csv"]
    changed = [
        column["name"] for column, own in zip(table["columns"], hashes.column_sha256s, strict=True) if own != column["sha256"]
    ]
    if hashes.count != table["rows"]:
        gone = f"the table has {hashes.count:,} rows, {table['rows']:,} were signed"
        where = f"; the first line that differs is {differs_at}" if differs_at else "; rows are missing at its end"
        raise DoesNotHold(gone + where, file=name, line=differs_at)
    if differs_at is not None:
        # A changed cell shows in its own column alone; a row that was moved or replaced shows in several.
        what = f"the cell in column {changed[0]} was changed" if len(changed) == 1 else f"changed in {', '.join(changed)}"
        raise DoesNotHold(f"line {differs_at}: {what}", file=name, line=differs_at)
    if hashes.rows_sha256 != table["rows_sha256"] or changed:
        raise DoesNotHold("the hash of the rows is not the one in the manifest", file=name)


def _row_hashes(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[str]:
    rest = ""
    for piece in _pieces(bundle, entry, entry.file_size):
        *lines, rest = (rest + piece.decode("ascii", "replace")).split("\n")
        yield from lines


def _csv_rows(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, digest: hashlib._Hash) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the line each begins at; what is read goes through the digest."""
    name = entry.filename
    reader = csv.reader(_lines(bundle, entry, digest), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DoesNotHold(f"line {line} is no CSV ({error})", file=name, line=line) from None
    except UnicodeDecodeError:
        raise DoesNotHold(f"after line {line} it is no UTF-8", file=name, line=line) from None
    if line == 1:
        raise DoesNotHold("the file is empty; expected a line with the names of the columns", file=name, line=1)


def _lines(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, digest: hashlib._Hash) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    for piece in _pieces(bundle, entry, entry.file_size):
        digest.update(piece)
        *lines, rest = (rest + decoder.decode(piece)).split("\n")
        if len(rest) > LONGEST_LINE:
            raise DoesNotHold("a line is longer than any line of a report", file=entry.filename)
        for line in lines:
            yield line + "\n"
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def _pieces(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """Yield what an entry holds, at most ``most`` bytes of it."""
    left = most
    try:
        with bundle.open(entry) as file:
            while piece := file.read(PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    raise DoesNotHold(f"it is larger than the {most:,} bytes that are expected", file=entry.filename)
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DoesNotHold(f"it is damaged ({error or type(error).__name__})", file=entry.filename) from None
