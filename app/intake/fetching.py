"""What becomes of a recording that lies at an address? The job: fetched and taken in, or listed with the reason.

It may run twice: the bytes are known by their hash, and a fetch that has its recording does nothing. A host that cannot be
reached is asked again later; a refusal ends the fetch at once, and so does the last attempt. Both are listed as rejected
items, and a replay fetches again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.errors import AudioUnreadable, EarshotError, InvalidInput, NotFound
from app.intake.bytes_in import DEFAULT_MAX_BYTES, Received, check_may_be_audio, keep_bytes, receive
from app.intake.fetching_address import parse_address
from app.intake.recordings import get_known_call, record_recording, tidy_filename
from app.intake.references import may_keep_recording
from app.intake.rejections import RECORDING, close_rejections, reject
from app.jobs import Claim, finish_job
from app.models.calls import Call, RecordingFetch
from app.ports import BlobStore, FetchedRecording, RecordingFetcher
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import ChannelRole, EventKind


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is to be fetched for which call."""

    call_id: str
    address: str = field(repr=False)
    filename: str | None
    channel_roles: tuple[ChannelRole, ...] | None
    is_kept: bool


def fetch_recording(
    uow: UnitOfWork,
    blobs: BlobStore,
    fetcher: RecordingFetcher,
    claim: Claim,
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
    keep_alive: Callable[[], None] = lambda: None,
) -> None:
    """Fetch a recording, take it in, and end the job in one transaction.

    Parameters
    ----------
    claim
        The hold on the job; its subject is the fetch.
    keep_alive
        Called for each piece that comes in.

    Raises
    ------
    ConnectionError, StorageFull, Conflict
        If another attempt may go better; nothing was recorded.
    """
    errand = _load_errand(uow, blobs, claim.subject_id)
    if errand is None:
        with uow.begin("worker") as work:
            finish_job(work.session, claim, now=work.now)
        return
    try:
        with fetcher.fetch(errand.address, max_bytes=max_bytes) as answer:
            name = tidy_filename(errand.filename or answer.filename)
            reader = _Told(answer, keep_alive)
            with receive(reader, name=name, max_bytes=max_bytes, is_kept=errand.is_kept) as received:
                _take_in(uow, blobs, claim, errand, received)
    except (InvalidInput, AudioUnreadable) as refusal:
        with uow.begin("worker") as work:
            fail_fetch(work, claim.subject_id, refusal)
            finish_job(work.session, claim, now=work.now)
        return
    _forget_query(uow, blobs, claim.subject_id)


def fail_fetch(work: Work, fetch_id: str, reason: Exception) -> None:
    """End a fetch without a recording, and list it; one that has its recording keeps it."""
    fetch = work.session.get(RecordingFetch, fetch_id)
    if fetch is None or fetch.recording_id is not None:
        return
    error = (
        reason if isinstance(reason, EarshotError) else InvalidInput(f"{reason}; see to it, then replay", code="fetch_failed")
    )
    batch_id = fetch.batch_id
    fetch.rejection_id = reject(
        work,
        sender=fetch.sender,
        item=fetch.item,
        kind=RECORDING,
        error=error,
        call_id=fetch.call_id,
        filename=fetch.filename,
        open_batch=None if batch_id is None else lambda _: batch_id,
    )
    fetch.finished_at = work.now
    work.session.flush()


def _load_errand(uow: UnitOfWork, blobs: BlobStore, fetch_id: str) -> _Errand | None:
    """Return what is to be done; None when it is done."""
    with uow.read() as session:
        fetch = session.get(RecordingFetch, fetch_id)
        if fetch is None:
            raise NotFound(f"there is no fetch {fetch_id}", fetch_id=fetch_id)
        if fetch.recording_id is not None:
            return None
        call = session.get_one(Call, fetch.call_id)
        is_kept = may_keep_recording(session, call)
    address = fetch.address
    if fetch.query_key is not None:
        address += "?" + b"".join(blobs.open_range(fetch.query_key)).decode()
    roles: Sequence[str] | None = fetch.channel_roles
    return _Errand(fetch.call_id, address, fetch.filename, tuple(map(ChannelRole, roles)) if roles else None, is_kept)


def _take_in(uow: UnitOfWork, blobs: BlobStore, claim: Claim, errand: _Errand, received: Received) -> None:
    check_may_be_audio(received)
    if errand.is_kept:
        keep_bytes(blobs, received)
    with uow.begin("worker") as work:
        call = get_known_call(work, errand.call_id)
        stored = record_recording(work, blobs, call, received, errand.channel_roles, is_kept=errand.is_kept)
        fetch = work.session.get_one(RecordingFetch, claim.subject_id)
        fetch.recording_id, fetch.rejection_id, fetch.finished_at = stored.recording_id, None, work.now
        work.session.flush()
        payload = {"call_id": call.id, "recording_id": stored.recording_id, "host": parse_address(errand.address).place}
        work.publish(EventKind.RECORDING_FETCHED, ("recording_fetch", fetch.id), payload)
        close_rejections(work, sender=fetch.sender, item=fetch.item, kind=RECORDING)
        finish_job(work.session, claim, now=work.now)


def _forget_query(uow: UnitOfWork, blobs: BlobStore, fetch_id: str) -> None:
    """Remove the key to the recording, which is no longer needed."""
    with uow.begin("worker") as work:
        fetch = work.session.get_one(RecordingFetch, fetch_id)
        key, fetch.query_key = fetch.query_key, None
    if key is not None:
        blobs.delete(key)


class _Told:
    """Tells of each piece that is read."""

    def __init__(self, source: FetchedRecording, tell: Callable[[], None]) -> None:
        self._source, self._tell = source, tell

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""
        piece = self._source.read(size)
        self._tell()
        return piece
