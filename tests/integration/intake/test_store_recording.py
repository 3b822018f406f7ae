"""The original bytes are kept once and checked, or not at all where the campaign does not record."""

import hashlib
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from app.adapters.blobs_local import LocalBlobStore
from app.adapters.encryption import KeyRing
from app.errors import AudioUnreadable, BlobDamaged, InvalidInput, NotFound, StorageFull
from app.intake.service import (
    Envelope,
    StoredRecording,
    deliver_recording,
    deliver_row,
    dismiss_rejection,
    list_rejections,
    replay_rejection,
    store_recording,
)
from app.models.calls import IntakeRejection, Recording
from app.models.campaigns import Campaign
from app.models.events import Job
from app.ports import BlobStat
from app.vocabulary import ChannelRole, EventKind, JobName, QueueName, RecordingState
from tests.fakes import MemoryBlobStore
from tests.integration.intake.house import SPRING, House, wav

Cells = Callable[..., dict[str, Any]]


def add_call(house: House, cells: dict[str, Any]) -> str:
    return deliver_row(house.uow, Envelope("test", "api", "call"), cells)[0].call_id


def send(house: House, call_id: str, content: bytes, name: str = "a.wav", **options: Any) -> StoredRecording:
    envelope = Envelope("test", "api", name)
    return deliver_recording(house.uow, house.blobs, envelope, call_id, io.BytesIO(content), name, **options)


def open_items(house: House) -> list[tuple[str, str, bool]]:
    with house.uow.read() as session:
        return [(r.item, r.code, r.is_replayable) for r in list_rejections(session).items]


def test_the_original_bytes_are_kept_under_their_hash_and_an_analysis_is_asked_for(house: House, row: Cells) -> None:
    content = wav()
    call_id = add_call(house, row())
    stored = send(house, call_id, content, "folder/call 1.wav", channel_roles=(ChannelRole.CALLER,))
    sha256 = hashlib.sha256(content).hexdigest()
    assert (stored.sha256, stored.byte_count, stored.is_new) == (sha256, len(content), True)
    (recording,) = house.load(Recording)
    assert (recording.filename, recording.channel_roles) == ("call 1.wav", ["caller"])
    assert recording.blob_key == f"recordings/{sha256[:2]}/{sha256}"
    assert b"".join(house.blobs.open_range(recording.blob_key)) == content
    (job,) = house.load(Job)
    assert (job.queue, job.name, job.subject_id) == (QueueName.AUDIO, JobName.ANALYZE_RECORDING, recording.id)
    assert job.timeout_s == 600 + len(content) // 2000
    assert [request.subject_id for request in house.queue.requests] == [recording.id]


def test_the_same_bytes_again_are_no_work(house: House, row: Cells) -> None:
    call_id = add_call(house, row())
    first = send(house, call_id, wav())
    before = house.counts()
    again = send(house, call_id, wav(), "other name.wav")
    assert (again.recording_id, again.is_new) == (first.recording_id, False)
    assert house.counts() == before


def test_other_bytes_are_a_second_recording_with_its_own_analysis(house: House, row: Cells) -> None:
    call_id = add_call(house, row())
    send(house, call_id, wav(1))
    send(house, call_id, wav(2))
    assert (house.count(Recording), house.count(Job)) == (2, 2)


def test_two_calls_with_the_same_audio_share_its_bytes(house: House, row: Cells) -> None:
    for name in ("c1", "c2"):
        send(house, add_call(house, row(external_id=name)), wav())
    assert house.count(Recording) == 2
    assert len(list(house.blobs.keys())) == 1


@pytest.mark.parametrize("way", ["deliver", "store"])
def test_no_audio_is_kept_where_the_campaign_does_not_record(house: House, row: Cells, tmp_path: Path, way: str) -> None:
    call_id = add_call(house, row(campaign="CAMP-OFF"))
    if way == "deliver":
        stored = send(house, call_id, wav())
    else:
        path = tmp_path / "a.wav"
        path.write_bytes(wav())
        with house.uow.begin("test") as work:
            stored = store_recording(work, house.blobs, call_id, path, "a.wav")
    assert stored.state is RecordingState.NOT_ALLOWED
    assert list(house.blobs.keys()) == []
    (recording,) = house.load(Recording)
    assert (recording.blob_key, recording.sha256, recording.byte_count) == (None, hashlib.sha256(wav()).hexdigest(), len(wav()))
    assert house.events()[-1] is EventKind.RECORDING_NOT_KEPT
    assert house.count(Job) == 0


def test_a_refused_recording_of_a_campaign_that_does_not_record_is_not_kept_either(house: House, row: Cells) -> None:
    call_id = add_call(house, row(campaign="CAMP-OFF"))
    with pytest.raises(AudioUnreadable):
        send(house, call_id, b"this is text")
    assert list(house.blobs.keys()) == []


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (b"a text that was renamed", "not_audio"), (wav(30), "too_large")]
)
def test_what_cannot_be_a_recording_is_refused_with_a_reason_and_listed(
    house: House, row: Cells, content: bytes, code: str
) -> None:
    call_id = add_call(house, row())
    with pytest.raises((AudioUnreadable, InvalidInput)) as caught:
        send(house, call_id, content, max_bytes=100_000)
    assert caught.value.code == code
    assert open_items(house) == [("a.wav", code, code == "not_audio")]
    assert (house.count(Recording), house.count(Job)) == (0, 0)


def test_what_might_be_a_recording_is_taken_in_and_left_to_the_analysis(house: House, row: Cells) -> None:
    lying = wav()[:40] + b"\xff\xff\xff\x7f" + wav()[44:]
    odd = [lying, wav(0.1), b"\xff\xfb\x90\x00" + bytes(300), wav(0.5, rate_hz=96_000, channels=6), b"RIFF", b"\x00"]
    for number, content in enumerate(odd):
        assert send(house, add_call(house, row(external_id=str(number))), content).state is RecordingState.STORED
    assert house.count(Job) == len(odd)


def test_a_full_store_half_records_nothing_and_the_item_can_be_sent_again(house: House, row: Cells) -> None:
    call_id = add_call(house, row())
    house.blobs = MemoryBlobStore(room_bytes=10)
    with pytest.raises(StorageFull):
        send(house, call_id, wav())
    assert (house.count(Recording), house.count(Job), list(house.blobs.keys())) == (0, 0, [])
    assert open_items(house) == [("a.wav", "storage_full", False)]
    house.blobs = MemoryBlobStore()
    assert send(house, call_id, wav()).is_new
    assert open_items(house) == []


def test_a_full_disk_half_records_nothing(house: House, row: Cells, tmp_path: Path) -> None:
    import resource
    import signal

    class SmallDisk(LocalBlobStore):
        def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
            # The kernel refuses to let any file of this process grow beyond 64 KiB: a real write that fails half-way.
            handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
            try:
                return super().put(key, chunks)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
                signal.signal(signal.SIGXFSZ, handler)

    call_id = add_call(house, row())
    house.blobs = SmallDisk(tmp_path / "blobs", KeyRing(bytes(32)))  # type: ignore[assignment]
    with pytest.raises(StorageFull):
        send(house, call_id, wav(10))
    assert (house.count(Recording), list(house.blobs.keys())) == (0, [])
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_a_store_that_gives_back_other_bytes_is_noticed(house: House, row: Cells) -> None:
    class ForgetfulStore(MemoryBlobStore):
        def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
            return super().put(key, [b"".join(chunks)[::-1]])

    call_id = add_call(house, row())
    house.blobs = ForgetfulStore()
    with pytest.raises(BlobDamaged):
        send(house, call_id, wav())
    assert (house.count(Recording), list(house.blobs.keys())) == (0, [])


def test_a_recording_of_no_call_is_refused(house: House) -> None:
    with pytest.raises(NotFound):
        send(house, "01JNOBODY", wav())


def test_a_file_that_changes_while_it_is_read_is_not_kept(house: House, row: Cells, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(1))

    class MeddlingStore(MemoryBlobStore):
        def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
            path.write_bytes(wav(1, fill=b"\x20\x00"))
            return super().put(key, chunks)

    call_id = add_call(house, row())
    house.blobs = MeddlingStore()
    with pytest.raises(InvalidInput, match="changed while it was being read"):
        deliver_recording(house.uow, house.blobs, Envelope("test", "api", "a"), call_id, path, "a.wav")
    assert house.count(Recording) == 0


def test_a_refused_row_is_replayed_when_its_campaign_was_recorded(house: House, row: Cells) -> None:
    with pytest.raises(InvalidInput):
        add_call(house, row(campaign="LATER"))
    with house.uow.read() as session:
        (refused,) = list_rejections(session).items
    assert (refused.kind, refused.code, refused.is_replayable) == ("row", "unknown_reference", True)
    with pytest.raises(InvalidInput), house.uow.begin("test") as work:
        replay_rejection(work, house.blobs, refused.id)
    with house.uow.begin("test") as work:
        work.session.add(Campaign(id="l", external_id="LATER", name="l", advertiser_id="adv", vertical="x", created_at=SPRING))
    with house.uow.begin("test") as work:
        replayed = replay_rejection(work, house.blobs, refused.id)
    assert replayed.recording_id is None
    assert open_items(house) == []
    (entry,) = house.load(IntakeRejection)
    assert entry.resolution == "replayed"
    assert house.events()[-1] is EventKind.INTAKE_REPLAYED


def test_the_same_refusal_is_listed_once(house: House, row: Cells) -> None:
    for _ in range(3):
        with pytest.raises(InvalidInput):
            add_call(house, row(campaign="LATER"))
    assert house.count(IntakeRejection) == 1


def test_a_dismissed_item_is_closed_with_its_reason_and_cannot_be_closed_twice(house: House, row: Cells) -> None:
    with pytest.raises(InvalidInput):
        add_call(house, row(campaign="LATER"))
    (entry,) = house.load(IntakeRejection)
    with pytest.raises(InvalidInput, match="reason"), house.uow.begin("test") as work:
        dismiss_rejection(work, entry.id, "  ")
    with house.uow.begin("test") as work:
        dismiss_rejection(work, entry.id, "test call")
    (entry,) = house.load(IntakeRejection)
    assert entry.resolution == "dismissed: test call"
    from app.errors import InvalidTransition

    with pytest.raises(InvalidTransition), house.uow.begin("test") as work:
        replay_rejection(work, house.blobs, entry.id)


def test_refused_items_are_paged_newest_first(house: House, row: Cells) -> None:
    for number in range(5):
        with pytest.raises(InvalidInput):
            deliver_row(house.uow, Envelope("test", "api", f"item {number}"), row(campaign=f"X{number}"))
    seen, cursor = [], None
    for _ in range(3):
        with house.uow.read() as session:
            page = list_rejections(session, cursor, limit=2)
        seen += [item.item for item in page.items]
        cursor = page.next_cursor
    assert seen == [f"item {number}" for number in (4, 3, 2, 1, 0)]
    assert cursor is None
