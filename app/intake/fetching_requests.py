"""Is this recording being fetched already? Notes that a call's recording is to be got from an address, once.

The same address is fetched once for a call: asked for again while it waits or after it was fetched, nothing new is done; after
a failure it is another try. What stands behind the question mark of an address is often a key to the recording, so it is
kept as an encrypted blob until the recording is there, and the row holds the rest.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.intake.fetching_address import WebAddress
from app.intake.recordings import get_known_call
from app.models.calls import IntakeRejection, RecordingFetch
from app.ports import BlobStore, JobRequest
from app.unit_of_work import Work
from app.vocabulary import ChannelRole, EventKind, FetchState, JobName, QueueName

# The queue's own limit for a stuck worker; the fetcher gives up after 15 minutes, then the bytes are read and stored.
FETCH_TIMEOUT_S = 1800


@dataclass(frozen=True, slots=True)
class FetchStanding:
    """Where a fetch stands; ``code`` and ``message`` say why it failed."""

    id: str
    call_id: str
    state: FetchState
    requested_at: datetime
    finished_at: datetime | None
    recording_id: str | None
    code: str | None
    message: str | None


def request_fetch(
    work: Work,
    blobs: BlobStore,
    call_id: str,
    address: WebAddress,
    *,
    sender: str,
    item: str,
    filename: str | None = None,
    channel_roles: Sequence[ChannelRole] | None = None,
    open_batch: Callable[[Work], str] | None = None,
) -> tuple[FetchStanding, bool]:
    """Ask for the recording of a call to be fetched; say where the fetch stands, and whether it is a new one.

    Raises
    ------
    NotFound
        If there is no such call.
    StorageFull
        If there is no room for the address.
    """
    call = get_known_call(work, call_id)
    sha256 = hashlib.sha256(address.whole.encode()).hexdigest()
    known = _find_same(work.session, call.id, sha256)
    if known is not None:
        return _describe(work.session, known), False
    fetch = RecordingFetch(
        id=work.new_id(),
        call_id=call.id,
        address=address.without_query,
        address_sha256=sha256,
        sender=sender,
        item=item,
        batch_id=open_batch(work) if open_batch else None,
        filename=filename,
        channel_roles=[str(role) for role in channel_roles] if channel_roles else None,
        requested_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(fetch)
            work.session.flush()
    except IntegrityError:
        known = _find_same(work.session, call.id, sha256)
        if known is None:
            raise
        return _describe(work.session, known), False
    if address.query is not None:
        fetch.query_key = f"addresses/{fetch.id}"
        blobs.put(fetch.query_key, [address.query.encode()])
        work.session.flush()
    payload = {"call_id": call.id, "host": address.place}
    work.publish(EventKind.RECORDING_FETCH_REQUESTED, ("recording_fetch", fetch.id), payload, jobs=(_job(fetch.id),))
    return _describe(work.session, fetch), True


def find_failed_fetch(session: Session, rejection_id: str) -> RecordingFetch | None:
    """Return the fetch whose failure is listed under this entry."""
    failed = select(RecordingFetch).where(RecordingFetch.rejection_id == rejection_id)
    return session.scalar(failed.order_by(RecordingFetch.id.desc()).limit(1))


def reopen_fetch(work: Work, fetch: RecordingFetch) -> JobRequest | None:
    """Let a failed fetch be tried again; return its job, or None when the same address is being fetched, or was, meanwhile."""
    if _find_same(work.session, fetch.call_id, fetch.address_sha256) is not None:
        return None
    try:
        with work.session.begin_nested():
            fetch.rejection_id = fetch.finished_at = None
            work.session.flush()
    except IntegrityError:
        return None
    return _job(fetch.id)


def load_fetch(session: Session, call_id: str, fetch_id: str) -> FetchStanding:
    """Return where a fetch stands. Raises NotFound, also when it is of another call."""
    fetch = session.get(RecordingFetch, fetch_id)
    if fetch is None or fetch.call_id != call_id:
        raise NotFound(f"call {call_id} has no fetch {fetch_id}", call_id=call_id)
    return _describe(session, fetch)


def _find_same(session: Session, call_id: str, sha256: str) -> RecordingFetch | None:
    """Return the fetch of this address for the call that waits or was successful."""
    same = select(RecordingFetch).where(
        RecordingFetch.call_id == call_id,
        RecordingFetch.address_sha256 == sha256,
        RecordingFetch.rejection_id.is_(None),
    )
    return session.scalar(same.order_by(RecordingFetch.id.desc()).limit(1))


def _describe(session: Session, fetch: RecordingFetch) -> FetchStanding:
    refused = session.get(IntakeRejection, fetch.rejection_id) if fetch.rejection_id else None
    state = FetchState.FAILED if refused else FetchState.FETCHED if fetch.recording_id else FetchState.WAITING
    return FetchStanding(
        fetch.id,
        fetch.call_id,
        state,
        fetch.requested_at,
        fetch.finished_at,
        fetch.recording_id,
        refused.code if refused else None,
        refused.message if refused else None,
    )


def _job(fetch_id: str) -> JobRequest:
    return JobRequest(QueueName.INTAKE, JobName.FETCH_RECORDING, fetch_id, timeout_s=FETCH_TIMEOUT_S)
