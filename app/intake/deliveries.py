"""How does one item come in from outside? Each in transactions of its own: taken in, or listed with the reason.

This is the door for everything that sends: API, upload, files. A refusal is recorded and then raised, so that the sender hears
of it as well. Bytes are read and stored before the transaction opens, so that a slow upload keeps nobody waiting.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from app.errors import AudioUnreadable, BlobDamaged, Conflict, EarshotError, InvalidInput, NotFound, StorageFull
from app.intake.bytes_in import DEFAULT_MAX_BYTES, Readable, Received, check_may_be_audio, keep_bytes, receive
from app.intake.call_rows import CallRow, parse_call_row
from app.intake.calls import RecordedCall, record_call
from app.intake.columns import match_columns
from app.intake.recordings import StoredRecording, get_known_call, record_recording, tidy_filename
from app.intake.references import may_keep_recording
from app.intake.rejections import RECORDING, ROW, close_rejections, reject
from app.models.base import canonical_json
from app.models.calls import Call
from app.models.campaigns import Campaign, CampaignVersion, TrackingNumber
from app.phone import parse_nanp
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import ChannelRole

REFUSALS = (InvalidInput, AudioUnreadable, StorageFull, BlobDamaged, Conflict, NotFound)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends, on whose behalf it is recorded, and what the item is called in lists (``calls.csv line 7``)."""

    actor: str
    sender: str
    item: str
    open_batch: Callable[[Work], str] | None = None


def deliver_row(
    uow: UnitOfWork,
    envelope: Envelope,
    cells: Mapping[str, Any],
    *,
    zone: ZoneInfo | None = None,
    keep_recording: Callable[[], tuple[str, str] | None] | None = None,
) -> tuple[RecordedCall, CallRow]:
    """Take in one row of a call log; return the call and the row as it was understood.

    Parameters
    ----------
    zone
        The time zone of times without offset.
    keep_recording
        Called when the row is refused and nothing forbids to keep its recording: keeps the bytes, so that a replay takes in
        both, and returns their key and file name.

    Raises
    ------
    InvalidInput
        If the row does not fit or names what is not on record; it is listed and can be replayed.
    """
    try:
        row = parse_call_row(cells, where=envelope.item, sender=envelope.sender, zone=zone)
        with uow.begin(envelope.actor) as work:
            recorded = record_call(work, row, open_batch=envelope.open_batch)
            close_rejections(work, sender=envelope.sender, item=envelope.item, kind=ROW)
            return recorded, row
    except REFUSALS as error:
        kept = keep_recording() if keep_recording and _may_keep_refused(uow, cells) else None
        with uow.begin(envelope.actor) as work:
            reject(
                work,
                sender=envelope.sender,
                item=envelope.item,
                kind=ROW,
                error=error,
                cells=_plain(cells),
                zone=zone.key if zone else None,
                bytes_key=kept[0] if kept else None,
                filename=kept[1] if kept else None,
                open_batch=envelope.open_batch,
            )
        raise


def deliver_recording(
    uow: UnitOfWork,
    blobs: BlobStore,
    envelope: Envelope,
    call_id: str,
    source: Path | Readable,
    filename: str,
    channel_roles: Sequence[ChannelRole] | None = None,
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> StoredRecording:
    """Take in a call's recording.

    Raises
    ------
    NotFound
        If there is no such call.
    InvalidInput, AudioUnreadable, StorageFull
        If it is too large, empty, no recording, or there is no room. It is listed, with its bytes where they may be kept.
    """
    with uow.read() as session:
        call = session.get(Call, call_id)
        if call is None:
            raise NotFound(f"there is no call {call_id}; record the call before its recording", call_id=call_id)
        is_kept = may_keep_recording(session, call)
    name = tidy_filename(filename)
    with ExitStack() as stack:
        received: Received | None = None
        try:
            received = stack.enter_context(receive(source, name=name, max_bytes=max_bytes, is_kept=is_kept))
            check_may_be_audio(received)
            if is_kept:
                keep_bytes(blobs, received)
            with uow.begin(envelope.actor) as work:
                known = get_known_call(work, call_id)
                stored = record_recording(work, blobs, known, received, channel_roles, is_kept=is_kept)
                close_rejections(work, sender=envelope.sender, item=envelope.item, kind=RECORDING)
                return stored
        except REFUSALS as error:
            bytes_key = _keep_refused(blobs, received, error) if is_kept else None
            with uow.begin(envelope.actor) as work:
                reject(
                    work,
                    sender=envelope.sender,
                    item=envelope.item,
                    kind=RECORDING,
                    error=error,
                    call_id=call_id,
                    bytes_key=bytes_key,
                    filename=name,
                    open_batch=envelope.open_batch,
                )
            raise


def keep_refused_file(blobs: BlobStore, path: Path, *, max_bytes: int) -> tuple[str, str] | None:
    """Keep the recording of a refused row; return its key and file name, or None when it cannot be kept."""
    try:
        with receive(path, name=tidy_filename(path.name), max_bytes=max_bytes) as received:
            return (keep_bytes(blobs, received, folder="rejected"), received.name) if received.byte_count else None
    except (*REFUSALS, OSError):
        return None


def _keep_refused(blobs: BlobStore, received: Received | None, error: EarshotError) -> str | None:
    if received is None or received.byte_count == 0 or isinstance(error, StorageFull):
        return None
    try:
        return keep_bytes(blobs, received, folder="rejected")
    except (StorageFull, InvalidInput):
        return None


def _plain(cells: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the cells as the database can keep them, or None when it cannot."""
    try:
        text = canonical_json(dict(cells))
        text.encode()
    except (TypeError, ValueError, RecursionError):
        return None
    return None if "\\u0000" in text or len(text) > 1_000_000 else dict(cells)


def _may_keep_refused(uow: UnitOfWork, cells: Mapping[str, Any]) -> bool:
    """Say whether audio may be kept though the row is refused: not when anything points to a campaign that forbids it."""
    columns = match_columns(cells)
    named = str(cells.get(columns.get("campaign", ""), "")).strip()
    dialed = parse_nanp(str(cells.get(columns.get("tracking_number", ""), "")))
    of_number = select(TrackingNumber.campaign_id).where(TrackingNumber.number == (dialed or ""))
    forbids = (
        select(CampaignVersion.id)
        .join(Campaign, Campaign.id == CampaignVersion.campaign_id)
        .where(CampaignVersion.is_recording_allowed.is_(False), or_(Campaign.external_id == named, Campaign.id.in_(of_number)))
    )
    with uow.read() as session:
        return session.scalar(forbids.limit(1)) is None
