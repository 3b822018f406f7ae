"""What could not be taken in, and why? Every refused row and recording is listed, kept, and can be replayed.

The same refusal of the same item is listed once, however often it is sent; when the item arrives in order later, its refusals
are closed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import EarshotError, InvalidInput, InvalidTransition, NotFound
from app.intake.bytes_in import blob_key
from app.intake.call_rows import CallRow, parse_call_row
from app.intake.calls import record_call
from app.intake.fetching_address import is_web_address, parse_address
from app.intake.fetching_requests import find_failed_fetch, reopen_fetch, request_fetch
from app.intake.recordings import store_recording
from app.models.calls import IntakeRejection, RecordingFetch
from app.ports import BlobStore
from app.unit_of_work import Work
from app.vocabulary import EventKind

# A row whose cells were read; a recording; a line that is no row; a call log that could not be read at all.
ROW, RECORDING, BAD_LINE, LOG = "row", "recording", "line", "log"
PAGE = 50


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused item as lists show it."""

    id: str
    at: datetime
    sender: str
    item: str
    kind: str
    code: str
    message: str
    filename: str | None
    call_id: str | None
    is_replayable: bool
    resolved_at: datetime | None
    resolution: str | None


@dataclass(frozen=True, slots=True)
class RejectionPage:
    """Refused items, newest first, and the cursor of the next page."""

    items: tuple[Rejection, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay brought in; ``is_fetching`` when a recording is being fetched because of it."""

    call_id: str
    recording_id: str | None
    is_fetching: bool = False


def reject(
    work: Work,
    *,
    sender: str,
    item: str,
    kind: str,
    error: EarshotError,
    cells: Mapping[str, Any] | None = None,
    zone: str | None = None,
    call_id: str | None = None,
    bytes_key: str | None = None,
    filename: str | None = None,
    open_batch: Callable[[Work], str] | None = None,
) -> str:
    """List a refused item with everything that is needed to take it in later; return the id of its entry."""
    row = None if cells is None else {"cells": dict(cells), "zone": zone}
    known = work.session.scalars(
        select(IntakeRejection).where(
            IntakeRejection.sender == sender,
            IntakeRejection.item == item,
            IntakeRejection.code == error.code,
            IntakeRejection.resolved_at.is_(None),
        )
    )
    for entry in known:
        if (entry.kind, entry.row, entry.call_id, entry.blob_key) == (kind, row, call_id, bytes_key):
            return entry.id
    entry = IntakeRejection(
        id=work.new_id(),
        batch_id=open_batch(work) if open_batch else None,
        sender=sender,
        item=item,
        kind=kind,
        code=error.code,
        message=error.message,
        row=row,
        call_id=call_id,
        blob_key=bytes_key,
        filename=filename,
        at=work.now,
    )
    work.session.add(entry)
    work.session.flush()
    work.publish(EventKind.INTAKE_REJECTED, ("rejection", entry.id), {"sender": sender, "kind": kind, "code": error.code})
    return entry.id


def close_rejections(work: Work, *, sender: str, item: str, kind: str) -> None:
    """Close what was refused under this name before: the item has now come in order."""
    work.session.execute(
        update(IntakeRejection)
        .where(
            IntakeRejection.sender == sender,
            IntakeRejection.item == item,
            IntakeRejection.kind == kind,
            IntakeRejection.resolved_at.is_(None),
        )
        .values(resolved_at=work.now, resolution="arrived in order later")
    )


def list_rejections(session: Session, cursor: str | None = None, *, limit: int = PAGE, is_open: bool = True) -> RejectionPage:
    """Return refused items, newest first; with ``is_open`` false, also those that were replayed or dismissed."""
    statement = select(IntakeRejection).order_by(IntakeRejection.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(IntakeRejection.id < cursor)
    if is_open:
        statement = statement.where(IntakeRejection.resolved_at.is_(None))
    rows = session.scalars(statement).all()
    failed = select(RecordingFetch.rejection_id).where(RecordingFetch.rejection_id.in_([row.id for row in rows]))
    fetched_again = set(session.scalars(failed))
    items = tuple(_show(row, has_fetch=row.id in fetched_again) for row in rows[:limit])
    return RejectionPage(items, items[-1].id if len(rows) > limit else None)


def replay_rejection(work: Work, blobs: BlobStore, rejection_id: str) -> Replayed:
    """Take a refused item in again, as it was sent, now that its cause is mended.

    Raises
    ------
    NotFound
        If there is no such entry.
    InvalidTransition
        If it was replayed or dismissed before, or what was sent is not kept.
    InvalidInput, AudioUnreadable, StorageFull
        If the cause is not mended; the entry stays open.
    """
    entry = _get_open(work.session, rejection_id)
    failed = find_failed_fetch(work.session, entry.id)
    if not _is_replayable(entry, has_fetch=failed is not None):
        raise InvalidTransition(
            f"{entry.item} cannot be replayed: what was sent is not kept or cannot be read as a row; have it sent again",
            code="not_replayable",
        )
    call_id, recording_id, roles, jobs = entry.call_id, None, None, []
    is_fetching = False
    if entry.kind == ROW and entry.row:
        zone = entry.row.get("zone")
        row = parse_call_row(
            entry.row["cells"], where=entry.item, sender=entry.sender, zone=ZoneInfo(zone) if zone else None
        )  # fmt: skip
        call_id, roles = record_call(work, row).call_id, row.channel_roles
        if row.recording and is_web_address(row.recording) and not entry.blob_key:
            is_fetching = _ask_to_fetch(work, blobs, entry, call_id, row)
    if call_id is None:
        raise InvalidTransition(f"{entry.item} cannot be replayed: it belongs to no call", code="not_replayable")
    if entry.blob_key:
        source = _BlobReader(_open_bytes(blobs, entry.blob_key))
        recording_id = store_recording(work, blobs, call_id, source, entry.filename or "recording", roles).recording_id
    if failed is not None:
        job = reopen_fetch(work, failed)
        jobs, is_fetching = [job] if job else [], True
    entry.resolved_at, entry.resolution = work.now, "replayed"
    work.session.flush()
    payload = {"call_id": call_id, "recording_id": recording_id}
    work.publish(EventKind.INTAKE_REPLAYED, ("rejection", entry.id), payload, jobs=tuple(jobs))
    _remove_bytes(work, blobs, entry.blob_key)
    return Replayed(call_id, recording_id, is_fetching)


def dismiss_rejection(work: Work, rejection_id: str, reason: str) -> None:
    """Close an entry without taking the item in. Raises NotFound, InvalidTransition, or InvalidInput without a reason."""
    entry = _get_open(work.session, rejection_id)
    reason = reason.strip()
    if not 1 <= len(reason) <= 500:
        raise InvalidInput(f"expected a reason of 1 to 500 characters, got {len(reason)}", field="reason")
    entry.resolved_at, entry.resolution = work.now, f"dismissed: {reason}"
    work.session.flush()
    work.publish(EventKind.INTAKE_DISMISSED, ("rejection", entry.id), {"reason": reason})


def _ask_to_fetch(work: Work, blobs: BlobStore, entry: IntakeRejection, call_id: str, row: CallRow) -> bool:
    """Ask for the recording whose address stands in a row; an address that does not fit is an entry of its own."""
    item = f"{entry.item}, recording"
    try:
        address = parse_address((row.recording or "").strip())
        request_fetch(work, blobs, call_id, address, sender=entry.sender, item=item, channel_roles=row.channel_roles)
    except InvalidInput as error:
        reject(work, sender=entry.sender, item=item, kind=RECORDING, error=error, call_id=call_id)
        return False
    return True


def _show(row: IntakeRejection, *, has_fetch: bool) -> Rejection:
    return Rejection(
        row.id, row.at, row.sender, row.item, row.kind, row.code, row.message, row.filename, row.call_id,
        row.resolved_at is None and _is_replayable(row, has_fetch=has_fetch), row.resolved_at, row.resolution,
    )  # fmt: skip


def _is_replayable(entry: IntakeRejection, *, has_fetch: bool) -> bool:
    has_recording = bool(entry.blob_key) or has_fetch
    return bool(entry.kind == ROW and entry.row) or bool(entry.kind == RECORDING and entry.call_id and has_recording)


def _get_open(session: Session, rejection_id: str) -> IntakeRejection:
    entry = session.scalar(select(IntakeRejection).where(IntakeRejection.id == rejection_id).with_for_update())
    if entry is None:
        raise NotFound(f"there is no rejected item {rejection_id}", rejection_id=rejection_id)
    if entry.resolved_at is not None:
        raise InvalidTransition(f"{entry.item} was closed already ({entry.resolution})", code="already_resolved")
    return entry


def _open_bytes(blobs: BlobStore, key: str) -> Iterator[bytes]:
    """Open kept bytes; a replay that was cut off may have moved them to the recordings already."""
    if blobs.stat(key) is None:
        key = blob_key("recordings", key.rsplit("/", 1)[-1])
    return blobs.open_range(key)


def _remove_bytes(work: Work, blobs: BlobStore, key: str | None) -> None:
    if key is None:
        return
    others = select(IntakeRejection.id).where(IntakeRejection.blob_key == key, IntakeRejection.resolved_at.is_(None))
    if work.session.scalar(others.limit(1)) is None:
        blobs.delete(key)


class _BlobReader:
    """Lets an iterator of pieces be read like a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most ``size``; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
