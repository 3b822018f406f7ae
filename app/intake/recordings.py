"""Is this recording known? Keeps the original bytes of a call's audio once, or notes that they may not be kept.

A recording is known by its call and the SHA-256 of its bytes: the same bytes again are no work, other bytes are a second
recording, which is analysed too. Whether it can be heard is the analysis's affair: what cannot be decoded is a failed analysis
that everybody sees, and not a lost call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict, NotFound
from app.intake.bytes_in import DEFAULT_MAX_BYTES, Readable, Received, blob_key, check_may_be_audio, keep_bytes, receive
from app.intake.references import may_keep_recording
from app.models.calls import Call, Recording
from app.ports import BlobStore, JobRequest
from app.unit_of_work import Work
from app.vocabulary import ChannelRole, EventKind, JobName, QueueName, RecordingState

# An analysis may take this long before its worker is taken for stuck: ten minutes, and a second for each 2,000 bytes, which is
# twice the playing time of the thinnest telephone recording (GSM, 1,650 bytes a second; RFC 3551 section 4.5.8).
BASE_TIMEOUT_S, BYTES_PER_TIMEOUT_SECOND, LONGEST_TIMEOUT_S = 600, 2_000, 6 * 3600


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """What became of a recording; ``is_new`` is false when the same bytes were there before."""

    recording_id: str
    call_id: str
    state: RecordingState
    sha256: str
    byte_count: int
    is_new: bool


def store_recording(
    work: Work,
    blobs: BlobStore,
    call_id: str,
    source: Path | Readable,
    filename: str,
    channel_roles: Sequence[ChannelRole] | None = None,
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> StoredRecording:
    """Take in a call's recording inside an open transaction, and ask for its analysis.

    Other writers wait meanwhile; for uploads over a network use ``deliveries.deliver_recording``, which reads first.

    Raises
    ------
    NotFound
        If there is no such call.
    AudioUnreadable
        If it is empty or certainly no recording.
    StorageFull
        If there is no room for it.
    """
    call = get_known_call(work, call_id)
    is_kept = may_keep_recording(work.session, call)
    with receive(source, name=filename, max_bytes=max_bytes, is_kept=is_kept) as received:
        check_may_be_audio(received)
        if is_kept:
            keep_bytes(blobs, received)
        return record_recording(work, blobs, call, received, channel_roles, is_kept=is_kept)


def record_recording(
    work: Work, blobs: BlobStore, call: Call, received: Received, channel_roles: Sequence[ChannelRole] | None, *, is_kept: bool
) -> StoredRecording:
    """Record bytes that lie in the store already (``is_kept``), or that were counted and not kept.

    Raises
    ------
    Conflict
        If the bytes were not kept, and meanwhile the call came to a campaign that records.
    """
    is_allowed = may_keep_recording(work.session, call)
    if is_allowed and not is_kept:
        raise Conflict(f"call {call.id} changed while its recording was being read; send the recording again")
    if is_kept and not is_allowed:
        _remove_unused(work, blobs, received.sha256)
    known = _find_recording(work, call.id, received.sha256)
    if known is None:
        try:
            with work.session.begin_nested():
                known = _add_recording(work, call, received, channel_roles, is_allowed=is_allowed)
            return _answer(known, is_new=True)
        except IntegrityError:
            known = _find_recording(work, call.id, received.sha256)
            if known is None:
                raise
    if known.state is RecordingState.NOT_ALLOWED and is_allowed:
        known.state, known.blob_key = RecordingState.STORED, blob_key("recordings", received.sha256)
        work.session.flush()
        _publish(work, known)
        return _answer(known, is_new=True)
    return _answer(known, is_new=False)


def get_known_call(work: Work, call_id: str) -> Call:
    """Return the call. Raises NotFound."""
    call = work.session.get(Call, call_id)
    if call is None:
        raise NotFound(f"there is no call {call_id}; record the call before its recording", call_id=call_id)
    return call


def tidy_filename(name: str) -> str:
    """Return a file name as it is shown: without folders and control characters, at most 200 characters."""
    base = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(character if character.isprintable() else "\ufffd" for character in base).strip()
    return shown[-200:] or "recording"


def _add_recording(
    work: Work, call: Call, received: Received, channel_roles: Sequence[ChannelRole] | None, *, is_allowed: bool
) -> Recording:
    recording = Recording(
        id=work.new_id(),
        call_id=call.id,
        state=RecordingState.STORED if is_allowed else RecordingState.NOT_ALLOWED,
        sha256=received.sha256,
        byte_count=received.byte_count,
        filename=tidy_filename(received.name),
        blob_key=blob_key("recordings", received.sha256) if is_allowed else None,
        channel_roles=[str(role) for role in channel_roles] if channel_roles else None,
        received_at=work.now,
    )
    work.session.add(recording)
    work.session.flush()
    _publish(work, recording)
    return recording


def _publish(work: Work, recording: Recording) -> None:
    payload = {"call_id": recording.call_id, "sha256": recording.sha256, "byte_count": recording.byte_count}
    if recording.state is RecordingState.NOT_ALLOWED:
        work.publish(EventKind.RECORDING_NOT_KEPT, ("recording", recording.id), payload)
        return
    timeout_s = min(BASE_TIMEOUT_S + recording.byte_count // BYTES_PER_TIMEOUT_SECOND, LONGEST_TIMEOUT_S)
    job = JobRequest(QueueName.AUDIO, JobName.ANALYZE_RECORDING, recording.id, timeout_s=timeout_s)
    work.publish(EventKind.RECORDING_STORED, ("recording", recording.id), payload, jobs=(job,))


def _find_recording(work: Work, call_id: str, sha256: str) -> Recording | None:
    return work.session.scalar(select(Recording).where(Recording.call_id == call_id, Recording.sha256 == sha256))


def _remove_unused(work: Work, blobs: BlobStore, sha256: str) -> None:
    """Remove bytes that were kept for a call that turned out not to be recorded, unless another call has the same."""
    key = blob_key("recordings", sha256)
    if work.session.scalar(select(Recording.id).where(Recording.blob_key == key).limit(1)) is None:
        blobs.delete(key)


def _answer(recording: Recording, *, is_new: bool) -> StoredRecording:
    return StoredRecording(
        recording.id, recording.call_id, recording.state, recording.sha256, recording.byte_count, is_new
    )  # fmt: skip
