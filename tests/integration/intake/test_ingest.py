"""Files, folders and call logs come in item by item: a bad one is listed, the rest goes on, and nothing comes in twice."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from app.errors import BlobDamaged, InvalidInput
from app.intake.service import CsvOptions, IngestReport, ingest_paths, list_rejections, replay_rejection
from app.models.calls import Call, IntakeBatch, IntakeRejection, Recording
from app.models.campaigns import Campaign
from app.ports import BlobStat
from app.vocabulary import RecordingState
from tests.fakes import MemoryBlobStore
from tests.integration.intake.house import SPRING, House, wav

HEADER = "external_id,started_at,caller,tracking_number,campaign,recording\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to fill."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def ingest(house: House, *paths: Path, **options: object) -> IngestReport:
    return ingest_paths(house.uow, house.blobs, paths, max_bytes=1_000_000, **options)  # type: ignore[arg-type]


def codes(report: IngestReport) -> dict[str, str]:
    return {item.item: item.code for item in report.rejected}


def write_log(folder: Path, *lines: str, name: str = "calls.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(line + "\n" for line in lines))
    return path


def test_a_folder_brings_each_of_its_recordings_as_a_call(house: House, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "20261123-130000_2125550123_8335550101_x1.wav").write_bytes(wav(1))
    (folder / "sub" / "plain name.wav").write_bytes(wav(2))
    (folder / "notes.txt").write_text("not taken")
    (folder / ".hidden.wav").write_bytes(wav(3))
    report = ingest(house, folder, csv_options=CsvOptions(zone="America/New_York"))
    assert (report.calls_new, report.recordings_new, report.rejected) == (2, 2, [])
    assert report.skipped == [".hidden.wav", "notes.txt"]
    named, plain = sorted(house.load(Call), key=lambda call: len(call.external_id))
    assert (named.external_id, named.caller_number, named.campaign_id) == ("x1", "+12125550123", "rec")
    assert named.started_at.isoformat() == "2026-11-23T18:00:00+00:00"
    assert plain.external_id.startswith("sha256-")
    assert plain.tags == {"started_at_assumed": "date of the file"}


def test_a_second_run_changes_nothing(house: House, folder: Path) -> None:
    (folder / "a.wav").write_bytes(wav(1))
    (folder / "b.wav").write_bytes(wav(2))
    (folder / "bad.wav").write_text("text that was renamed")
    write_log(folder, "1,2026-11-23T13:00:00Z,2125550123,8335550101,,b.wav", "2,never,,,,", "3")
    first = ingest(house, folder)
    before = house.counts() | {"batches": house.count(IntakeBatch)}
    second = ingest(house, folder)
    assert house.counts() | {"batches": house.count(IntakeBatch)} == before
    assert (first.calls_new, second.calls_new, second.calls_known) == (3, 0, 3)
    assert (second.recordings_new, second.recordings_known) == (0, 2)
    assert codes(first) == codes(second)


def test_a_recording_that_a_row_names_comes_with_its_row_only(house: House, folder: Path) -> None:
    (folder / "audio").mkdir()
    (folder / "audio" / "one.wav").write_bytes(wav(1))
    write_log(folder, "1,2026-11-23T13:00:00Z,2125550123,8335550101,,audio/one.wav")
    report = ingest(house, folder)
    assert (report.calls_new, report.recordings_new, report.rejected) == (1, 1, [])
    (recording,) = house.load(Recording)
    assert recording.filename == "one.wav"


def test_wrong_inputs_are_each_listed_and_the_rest_goes_on(house: House, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.wav"
    outside.write_bytes(wav(3))
    (folder / "good.wav").write_bytes(wav(1))
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.wav").write_text("a text")
    (folder / "large.wav").write_bytes(wav(70))
    (folder / "link.wav").symlink_to(outside)
    write_log(
        folder,
        "1,2026-11-23T13:00:00Z,2125550123,8335550101,,good.wav",
        "2,2026-11-23T13:00:00Z,bob,8335550101,,",
        '3,2026-11-23T13:00:00Z,"2125550123,8335550101,,',
        "4,2026-11-23T13:00:00Z,2125550123,8335550101,NOPE,",
        "5,2026-11-23T13:00:00Z,2125550123,8335550101,,../secret.wav",
        f"6,2026-11-23T13:00:00Z,2125550123,8335550101,,{outside}",
        "7,2026-11-23T13:00:00Z,2125550123,8335550101,,missing.wav",
        "8,2026-11-23T13:00:00Z,2125550123,8335550101,,s3://bucket/r.mp3",
        "9,2026-11-23T13:00:00Z,2125550123,8335550101,,",
    )
    (folder / "broken.csv").write_text("name,age\nx,1\n")
    report = ingest(house, folder)
    assert codes(report) == {
        "broken.csv": "missing_columns",
        "calls.csv line 3": "bad_row",
        "calls.csv line 4": "bad_line",
        "calls.csv line 5": "unknown_reference",
        "calls.csv line 6, recording": "path_out",
        "calls.csv line 7, recording": "path_out",
        "calls.csv line 8, recording": "recording_missing",
        "calls.csv line 9, recording": "address_not_fetched",
        "empty.wav": "empty_file",
        "text.wav": "not_audio",
        "large.wav": "too_large",
        "link.wav": "link_out",
    }
    assert {call.external_id for call in house.load(Call)} >= {"1", "5", "6", "7", "8", "9"}
    assert house.count(IntakeRejection) == len(report.rejected)
    assert house.count(Recording) == 1
    assert all("expected" in item.message for item in report.rejected)


def test_a_refused_row_keeps_its_recording_and_a_replay_takes_in_both(house: House, folder: Path) -> None:
    (folder / "one.wav").write_bytes(wav(1))
    write_log(folder, "1,2026-11-23 08:00:00,2125550123,8335550101,LATER,one.wav")
    ingest(house, folder, csv_options=CsvOptions(zone="America/New_York"))
    assert (house.count(Call), house.count(Recording)) == (0, 0)
    with house.uow.begin("test") as work:
        work.session.add(Campaign(id="l", external_id="LATER", name="l", advertiser_id="adv", vertical="x", created_at=SPRING))
    with house.uow.read() as session:
        (refused,) = list_rejections(session).items
    (folder / "one.wav").unlink()
    with house.uow.begin("test") as work:
        replay_rejection(work, house.blobs, refused.id)
    (call,), (recording,) = house.load(Call), house.load(Recording)
    assert call.started_at.isoformat() == "2026-11-23T13:00:00+00:00"
    assert (recording.call_id, recording.state, recording.filename) == (call.id, RecordingState.STORED, "one.wav")
    assert list(house.blobs.keys()) == [recording.blob_key]


@pytest.mark.parametrize("line", ["1,never,2125550123,,CAMP-OFF,one.wav", "1,never,2125550123,8335550100,,one.wav"])
def test_a_refused_row_of_a_campaign_that_does_not_record_keeps_no_audio(house: House, folder: Path, line: str) -> None:
    (folder / "one.wav").write_bytes(wav(1))
    report = ingest(house, write_log(folder, line))
    assert list(codes(report).values()) == ["bad_row"]
    assert list(house.blobs.keys()) == []


def test_an_item_that_was_mended_is_no_longer_listed(house: House, folder: Path) -> None:
    log = write_log(folder, "1,never,2125550123,,,")
    ingest(house, log)
    write_log(folder, "1,2026-11-23T13:00:00Z,2125550123,,,")
    assert ingest(house, log).calls_new == 1
    with house.uow.read() as session:
        assert list_rejections(session).items == ()


def test_a_full_store_costs_the_recordings_and_not_the_calls(house: House, folder: Path) -> None:
    (folder / "a.wav").write_bytes(wav(1))
    (folder / "b.wav").write_bytes(wav(2))
    house.blobs = MemoryBlobStore(room_bytes=20_000)
    report = ingest(house, folder)
    assert codes(report) == {"b.wav": "storage_full"}
    assert (report.calls_new, report.recordings_new) == (2, 1)
    house.blobs = MemoryBlobStore()
    assert ingest(house, folder).rejected == []
    with house.uow.read() as session:
        assert list_rejections(session).items == ()


def test_damaged_stored_bytes_cost_one_recording_and_the_rest_goes_on(house: House, folder: Path) -> None:
    (folder / "a.wav").write_bytes(wav(1))
    (folder / "b.wav").write_bytes(wav(2))

    class DamagedOnce(MemoryBlobStore):
        """A store in which the first recording's bytes no longer open."""

        def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
            if key.startswith("recordings/") and not any(self.keys("recordings/")) and not self.has_failed:
                self.has_failed = True
                raise BlobDamaged(f"{key}: the stored bytes were changed")
            return super().put(key, chunks)

        has_failed = False

    house.blobs = DamagedOnce()
    report = ingest(house, folder)
    assert codes(report) == {"a.wav": "blob_damaged"}
    assert report.recordings_new == 1


def test_a_pattern_of_ones_own_is_used(house: House, folder: Path) -> None:
    (folder / "roof-77.wav").write_bytes(wav(1))
    ingest(house, folder, pattern="roof-{external_id}.{ext}", sender="acme")
    (call,) = house.load(Call)
    assert (call.sender, call.external_id) == ("acme", "77")


def test_progress_is_told_after_each_item(house: House, folder: Path) -> None:
    (folder / "a.wav").write_bytes(wav(1))
    write_log(folder, "1,2026-11-23T13:00:00Z,,,,", "2,never,,,,")
    told: list[tuple[int, str]] = []
    ingest(house, folder, on_progress=lambda done, item: told.append((done, item)))
    assert told == [(1, "calls.csv line 2"), (2, "calls.csv line 3"), (3, "a.wav")]


@pytest.mark.parametrize("options", [{"pattern": "{nothing}"}, {"csv_options": CsvOptions(zone="Mars/Olympus")}])
def test_options_that_are_not_understood_are_refused_before_anything_is_taken_in(
    house: House, folder: Path, options: dict[str, object]
) -> None:
    (folder / "a.wav").write_bytes(wav(1))
    with pytest.raises(InvalidInput):
        ingest(house, folder, **options)
    with pytest.raises(InvalidInput, match="nowhere"):
        ingest(house, folder, folder / "nowhere")
    assert house.count(Call) == 0
