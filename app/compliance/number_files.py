"""How does an uploaded file reach the number lists? Written to disk in pieces, loaded or scrubbed, recorded with its sender.

The lists read files, so an upload lies in a folder of its own while it is worked on and is removed whatever comes of it. What a
scrub gives back is kept in the blob store, encrypted; its record lies beside the lists, as that of a scrub from the shell does.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from app.access.identity import Identity
from app.compliance.registry.mirror import mirror_versions
from app.compliance.registry.scrub import ScrubReport
from app.compliance.registry.service import NumberLists, make_request
from app.compliance.registry.versions import ListVersion, parse_area_codes
from app.errors import InvalidInput, StorageFull
from app.intake.bytes_in import PIECE_BYTES, Readable
from app.intake.recordings import tidy_filename
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind

LARGEST_SCRUB_BYTES = 20_000_000
"""What is answered while the sender waits: a million rows, about 11 seconds at the 90,000 rows a second that were measured."""
LARGEST_LIST_BYTES = 200_000_000
"""17 million flat rows, a second at the 23 million a second that were measured; the whole registry is loaded from the shell."""
REPORTS = "scrub-reports"
LONGEST_NAME = 50  # of four bytes each, with what is put before and behind it, below the 255 bytes of file systems


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: its bytes, to be read once, and its name."""

    stream: Readable
    name: str


@dataclass(frozen=True, slots=True)
class ListForm:
    """What the sender of a list says of it."""

    list_name: str
    obtained_at: datetime
    san: str = ""
    area_codes: str = ""
    source: str = ""
    source_version: str = ""


def load_list(
    uow: UnitOfWork, lists: NumberLists, identity: Identity, form: ListForm, files: Sequence[Upload]
) -> tuple[ListVersion, bool]:
    """Load uploaded files as one version and record it; return it, and whether it is new.

    Raises
    ------
    InvalidInput
        Naming the file, the row and what was expected; nothing is kept.
    StorageFull, ListDamaged
    """
    with _spooled(files, LARGEST_LIST_BYTES) as paths:
        request = make_request(
            form.list_name,
            form.obtained_at,
            tuple(paths),
            loaded_by=identity.name,
            san=form.san or None,
            area_codes=parse_area_codes(form.area_codes) if form.area_codes else None,
            source=form.source,
            source_version=form.source_version or None,
        )
        found = lists.load(request)
    _note(uow, lists, identity)
    return found


def withdraw_list(uow: UnitOfWork, lists: NumberLists, identity: Identity, version_id: str, why: str) -> ListVersion:
    """Take a version out of force and record by whom. Raises NotFound, InvalidInput, InvalidTransition."""
    version = lists.withdraw(version_id, why)
    _note(uow, lists, identity)
    return version


def scrub_upload(
    uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, identity: Identity, upload: Upload, column: str | None = None
) -> ScrubReport:
    """Hold an uploaded file against the lists in force, keep the report, and record who asked.

    Raises
    ------
    InvalidInput, StorageFull, ListDamaged
    """
    with _spooled([upload], LARGEST_SCRUB_BYTES) as (path,):
        out = path.with_name(f"scrubbed-{path.name}")
        report = lists.scrub(
            path,
            out,
            column=column,
            performed_by=identity.name,
            keep_report=lambda name: _keep(blobs, report_key(name), out),
        )
    told = {
        "rows": report.rows,
        "invalid": report.invalid,
        **{word: report.outcomes[word] for word in ("allowed", "blocked", "unknown")},
        "input_sha256": report.input_sha256,
        "report_sha256": report.report_sha256,
        "versions": [each["version"] for each in report.lists],
    }
    with uow.begin(identity.actor) as work:
        work.publish(EventKind.NUMBERS_SCRUBBED, ("scrub", report.name), told)
    return report


def read_report(uow: UnitOfWork, blobs: BlobStore, identity: Identity, name: str) -> Iterator[bytes]:
    """Record that a report is read, and return its bytes; the name is that of a scrub on record."""
    with uow.begin(identity.actor) as work:
        work.publish(EventKind.SCRUB_REPORT_READ, ("scrub", name))
    return blobs.open_range(report_key(name))


def report_key(name: str) -> str:
    """Return the key under which the report of a scrub is kept."""
    return f"{REPORTS}/{name}"


def _note(uow: UnitOfWork, lists: NumberLists, identity: Identity) -> None:
    try:
        with uow.begin(identity.actor) as work:
            mirror_versions(work, lists.store)
    except IntegrityError:
        return  # the scheduler has noted the same version in this very moment


def _keep(blobs: BlobStore, key: str, path: Path) -> None:
    with path.open("rb") as file:
        blobs.put(key, iter(lambda: file.read(PIECE_BYTES), b""))


@contextmanager
def _spooled(files: Sequence[Upload], max_bytes: int) -> Iterator[list[Path]]:
    """Write uploads to a folder that lasts for the block."""
    with tempfile.TemporaryDirectory(prefix="earshot-numbers-") as folder:
        paths, left = [], max_bytes
        for at, upload in enumerate(files):
            path = Path(folder, str(at), _name_on_disk(upload.name))
            path.parent.mkdir()
            left -= _write(replace(upload, name=path.name), path, left, max_bytes)
            paths.append(path)
        yield paths


def _name_on_disk(name: str) -> str:
    """Return a name that no file system refuses and that hides or climbs nowhere; people see it in messages."""
    return tidy_filename(name).lstrip(".")[-LONGEST_NAME:] or "numbers"


def _write(upload: Upload, path: Path, left: int, max_bytes: int) -> int:
    byte_count = 0
    try:
        with path.open("wb") as file:
            while piece := upload.stream.read(PIECE_BYTES):
                byte_count += len(piece)
                if byte_count > left:
                    raise InvalidInput(
                        f"{upload.name}: expected at most {max_bytes // 1_000_000} MB at a time, got more; send it in parts or "
                        "use earshot dnc on the server, which takes any size",
                        code="too_large",
                    )
                file.write(piece)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise StorageFull(f"{upload.name}: no room left for temporary files; make room and send it again") from error
    return byte_count
