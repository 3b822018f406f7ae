"""A recording at an address is fetched by a job, taken in once, or listed with the reason and fetched again on replay."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.adapters.stage_cache import FolderStageCache
from app.bootstrap import Services
from app.errors import InvalidInput, StorageFull
from app.intake.service import (
    Envelope,
    FetchStanding,
    IngestReport,
    deliver_address,
    deliver_row,
    ingest_paths,
    list_rejections,
    load_fetch,
    replay_rejection,
)
from app.models.calls import Call, IntakeRejection, Recording, RecordingFetch
from app.models.campaigns import Campaign
from app.models.events import Event, Job
from app.ports import JobRequest
from app.settings import Settings
from app.vocabulary import ChannelRole, EventKind, FetchState, JobName, QueueName, RecordingState
from app.web.job_board import list_failed_jobs, replay_job
from tests.fakes import FrozenClock, ScriptedTranscriber, SequentialIds
from tests.integration.intake import recording_hosts as hosts
from tests.integration.intake.house import SPRING, House, open_house
from tests.integration.intake.recording_hosts import RECORDING, RecordingHost, serve
from workers.jobs import _fetch, run_job
from workers.schedule import take_back_lost_jobs

Cells = Callable[..., dict[str, Any]]
LOOPBACK = frozenset({"127.0.0.1"})
HEADER = "external_id,started_at,caller,tracking_number,campaign,recording\n"


@pytest.fixture
def host() -> Iterator[RecordingHost]:
    """A host that has a recording."""
    with serve({"/a.wav": hosts.recording, "/b.wav": hosts.recording}) as running:
        yield running


class Floor:
    """The house with its intake worker; the clock moves only when told."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.clock = house, FrozenClock()
        house.uow._clock = self.clock
        settings = Settings(data_dir=folder, fetch_allow_hosts="127.0.0.1", max_upload_mb=1)
        self.services = Services(
            settings=settings,
            clock=self.clock,
            ids=SequentialIds(),
            engine=house.engine,
            uow=house.uow,
            blobs=house.blobs,
            queue=house.queue,
            transcriber=ScriptedTranscriber(),
            stage_cache=FolderStageCache(folder),
            secret_key=b"x",
        )

    def work(self) -> int:
        """Run what waits for the intake worker; return how many jobs there were."""
        mine = [request for request in self.house.queue.requests if request.queue is QueueName.INTAKE]
        self.house.queue.requests = [r for r in self.house.queue.requests if r not in mine]
        for request in mine:
            self.run(request)
        return len(mine)

    def run(self, request: JobRequest) -> None:
        assert request.job is JobName.FETCH_RECORDING
        run_job(self.services, request.job, request.subject_id, _fetch)

    def work_to_the_end(self) -> int:
        """Run all attempts, waiting as long as the job asks."""
        attempts = 0
        while done := self.work():
            attempts += done
            self.clock.advance(minutes=20)
            self.house.uow.relay()
        return attempts

    def ask(self, call_id: str, address: str, **options: Any) -> FetchStanding:
        envelope = Envelope("token:1", "api", f"recording of call {call_id}")
        uow, blobs = self.house.uow, self.house.blobs
        return deliver_address(uow, blobs, envelope, call_id, address, allowed_hosts=LOOPBACK, **options)[0]

    def see(self, fetch: FetchStanding) -> FetchStanding:
        with self.house.uow.read() as session:
            return load_fetch(session, fetch.call_id, fetch.id)

    def open_items(self) -> list[tuple[str, str, bool]]:
        with self.house.uow.read() as session:
            return [(r.item, r.code, r.is_replayable) for r in list_rejections(session).items]

    def replay(self) -> bool:
        with self.house.uow.read() as session:
            (refused,) = list_rejections(session).items
        with self.house.uow.begin("user:1") as work:
            return replay_rejection(work, self.house.blobs, refused.id).is_fetching

    def ingest(self, log: Path) -> IngestReport:
        return ingest_paths(self.house.uow, self.house.blobs, [log], allowed_hosts=LOOPBACK)


@pytest.fixture
def floor(engine: Engine, tmp_path: Path) -> Floor:
    """A house on a database of either kind."""
    return Floor(open_house(engine), tmp_path)


@pytest.fixture
def call_id(floor: Floor, row: Cells) -> str:
    """A call that may be recorded."""
    return deliver_row(floor.house.uow, Envelope("test", "api", "call"), row())[0].call_id


def test_a_recording_is_fetched_and_taken_in_like_one_that_was_sent(floor: Floor, call_id: str, host: RecordingHost) -> None:
    asked = floor.ask(call_id, f"{host.address}/a.wav?sig=geheim", channel_roles=(ChannelRole.CALLER,))
    assert (asked.state, floor.house.count(Recording), host.asked) == (FetchState.WAITING, 0, [])
    assert floor.work() == 1
    (recording,) = floor.house.load(Recording)
    assert recording.sha256 == hashlib.sha256(RECORDING).hexdigest()
    assert (recording.call_id, recording.filename, recording.channel_roles) == (call_id, "a.wav", ["caller"])
    seen = floor.see(asked)
    assert (seen.state, seen.recording_id, seen.code) == (FetchState.FETCHED, recording.id, None)
    assert host.asked[0][0] == "/a.wav?sig=geheim"
    assert [job.name for job in floor.house.load(Job) if job.done_at is None] == [JobName.ANALYZE_RECORDING]
    expected = [EventKind.RECORDING_FETCH_REQUESTED, EventKind.RECORDING_STORED, EventKind.RECORDING_FETCHED]
    assert floor.house.events(EventKind.CALL_RECORDED) == expected


def test_what_follows_the_question_mark_is_only_ever_kept_encrypted_and_then_forgotten(
    floor: Floor, call_id: str, host: RecordingHost, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    floor.ask(call_id, f"{host.address}/a.wav?sig=geheim")
    host.answers |= {"/gone": hosts.status(404), "/busy": hosts.status(503)}
    floor.ask(call_id, f"{host.address}/gone?sig=geheim")
    floor.ask(call_id, f"{host.address}/busy?sig=geheim")
    assert len(list(floor.house.blobs.keys("addresses/"))) == 3
    rows = [table for kind in (RecordingFetch, Event, Job) for table in floor.house.load(kind)]
    floor.work_to_the_end()
    rows += [table for kind in (RecordingFetch, Event, Job, IntakeRejection) for table in floor.house.load(kind)]
    told = json.dumps([{c.name: str(getattr(r, c.name)) for c in r.__table__.columns} for r in rows])
    assert "geheim" not in told + caplog.text + "".join(capsys.readouterr())
    failed = [fetch.query_key for fetch in floor.house.load(RecordingFetch) if fetch.rejection_id]
    assert len(failed) == 2
    assert list(floor.house.blobs.keys("addresses/")) == failed  # kept for a replay


def test_the_same_address_is_fetched_once(floor: Floor, call_id: str, host: RecordingHost) -> None:
    first, again = (floor.ask(call_id, f"{host.address}/a.wav") for _ in range(2))
    assert first.id == again.id
    floor.work()
    before = floor.house.counts()
    assert floor.ask(call_id, f"{host.address}/a.wav").state is FetchState.FETCHED
    assert (floor.work(), floor.house.counts(), len(host.asked)) == (0, before, 1)


def test_the_same_bytes_at_another_address_are_one_recording(floor: Floor, call_id: str, host: RecordingHost) -> None:
    for name in ("a.wav", "b.wav", "a.wav?again=1"):
        floor.ask(call_id, f"{host.address}/{name}")
    assert floor.work() == 3
    assert floor.house.count(Recording) == 1
    assert len({fetch.recording_id for fetch in floor.house.load(RecordingFetch)}) == 1


def test_a_job_that_runs_twice_fetches_once(floor: Floor, call_id: str, host: RecordingHost) -> None:
    asked = floor.ask(call_id, f"{host.address}/a.wav")
    floor.work()
    floor.run(JobRequest(QueueName.INTAKE, JobName.FETCH_RECORDING, asked.id))
    assert (floor.house.count(Recording), len(host.asked)) == (1, 1)


def test_a_recording_of_a_campaign_that_does_not_record_is_counted_and_not_kept(
    floor: Floor, row: Cells, host: RecordingHost
) -> None:
    call_id = deliver_row(floor.house.uow, Envelope("test", "api", "call"), row(campaign="CAMP-OFF"))[0].call_id
    floor.ask(call_id, f"{host.address}/a.wav?sig=x")
    floor.work()
    (recording,) = floor.house.load(Recording)
    assert recording.state is RecordingState.NOT_ALLOWED
    assert list(floor.house.blobs.keys()) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (hosts.status(404), "fetch_refused"),
        (lambda h: h.give(b"<!doctype html>", Content_Type="text/html"), "not_audio"),
        (lambda h: h.give(b"<html>a page without a type</html>"), "not_audio"),
        (lambda h: h.give(b""), "empty_file"),
        (hosts.a_gigabyte, "too_large"),
        (hosts.redirect("https://169.254.169.254/"), "address_inside"),
    ],
)
def test_what_is_refused_ends_at_once_and_is_fetched_again_on_replay(
    floor: Floor, call_id: str, answer: hosts.Answer, code: str
) -> None:
    with serve({"/a.wav": answer}) as host:
        asked = floor.ask(call_id, f"{host.address}/a.wav?sig=x")
        assert floor.work_to_the_end() == 1
        seen = floor.see(asked)
        assert (seen.state, seen.code) == (FetchState.FAILED, code)
        assert floor.open_items() == [(f"recording of call {call_id}", code, True)]
        assert floor.house.count(Recording) == 0
        host.answers["/a.wav"] = hosts.recording
        assert floor.replay()
        assert floor.see(asked).state is FetchState.WAITING
        assert floor.work_to_the_end() == 1
    assert (floor.see(asked).state, floor.open_items()) == (FetchState.FETCHED, [])
    assert floor.house.count(Recording) == 1


def test_a_host_that_cannot_answer_is_asked_again_and_listed_after_the_last_attempt(
    floor: Floor, call_id: str, host: RecordingHost
) -> None:
    host.answers["/a.wav"] = hosts.status(503)
    asked = floor.ask(call_id, f"{host.address}/a.wav")
    floor.work()
    assert (floor.see(asked).state, floor.open_items()) == (FetchState.WAITING, [])
    floor.clock.advance(minutes=20)
    floor.house.uow.relay()
    assert floor.work_to_the_end() == 2
    seen = floor.see(asked)
    assert (seen.state, seen.code) == (FetchState.FAILED, "fetch_failed")
    assert f"127.0.0.1:{host.port} answered 503" in (seen.message or "")
    host.answers["/a.wav"] = hosts.recording
    assert floor.replay()
    assert floor.work_to_the_end() == 1
    assert floor.see(asked).state is FetchState.FETCHED


def test_a_host_that_recovers_in_time_is_no_failure(floor: Floor, call_id: str, host: RecordingHost) -> None:
    host.answers["/a.wav"] = hosts.cut_off
    asked = floor.ask(call_id, f"{host.address}/a.wav")
    floor.work()
    host.answers["/a.wav"] = hosts.recording
    floor.clock.advance(minutes=20)
    floor.house.uow.relay()
    assert floor.work_to_the_end() == 1
    assert (floor.see(asked).state, floor.open_items()) == (FetchState.FETCHED, [])


def test_a_failed_job_can_be_tried_again_from_the_workers_page(floor: Floor, call_id: str, host: RecordingHost) -> None:
    host.answers["/a.wav"] = hosts.status(500)
    asked = floor.ask(call_id, f"{host.address}/a.wav")
    floor.work_to_the_end()
    with floor.house.uow.begin("user:1") as work:
        (line,) = list_failed_jobs(work.session)
        assert line.call_id == call_id
        replay_job(work, line.id)
    host.answers["/a.wav"] = hosts.recording
    floor.house.uow.relay()
    floor.work_to_the_end()
    assert (floor.see(asked).state, floor.open_items()) == (FetchState.FETCHED, [])


def test_a_fetch_whose_workers_die_is_listed(floor: Floor, call_id: str, host: RecordingHost) -> None:
    asked = floor.ask(call_id, f"{host.address}/a.wav")
    with floor.house.uow.begin("worker") as work:
        (job,) = work.session.query(Job).filter_by(subject_id=asked.id)
        job.attempts, job.claimed_by, job.lease_expires_at = 3, "dead", work.now
    floor.clock.advance(minutes=1)
    take_back_lost_jobs(floor.services)
    assert (floor.see(asked).state, floor.see(asked).code) == (FetchState.FAILED, "fetch_failed")
    assert floor.replay()
    floor.work_to_the_end()
    assert floor.see(asked).state is FetchState.FETCHED


def test_a_full_store_is_tried_again_and_then_listed(floor: Floor, call_id: str, host: RecordingHost) -> None:
    floor.house.blobs._room_bytes = 10
    asked = floor.ask(call_id, f"{host.address}/a.wav")
    assert floor.work_to_the_end() == 3
    assert floor.see(asked).code == StorageFull.code
    floor.house.blobs._room_bytes = None
    assert floor.replay()
    floor.work_to_the_end()
    assert floor.see(asked).state is FetchState.FETCHED


@pytest.mark.parametrize("address", ["http://10.0.0.1/a.wav", "https://u:geheim@a.example/", "https://127.0.0.2/", "a.wav"])
def test_an_address_that_may_not_be_fetched_is_refused_at_the_door_and_listed(floor: Floor, call_id: str, address: str) -> None:
    with pytest.raises(InvalidInput):
        floor.ask(call_id, address)
    assert (floor.house.count(RecordingFetch), len(floor.open_items())) == (0, 1)
    (entry,) = floor.house.load(IntakeRejection)
    assert "geheim" not in entry.message
    assert not floor.open_items()[0][2]


def test_addresses_in_a_call_log_are_fetched_and_a_second_run_fetches_nothing(
    floor: Floor, tmp_path: Path, host: RecordingHost
) -> None:
    log = tmp_path / "calls.csv"
    log.write_text(
        HEADER
        + f"1,2026-11-23T13:00:00Z,2125550123,8335550101,,{host.address}/a.wav?sig=1\n"
        + f"2,2026-11-23T13:00:00Z,2125550124,8335550101,,{host.address}/gone.wav\n"
        + "3,2026-11-23T13:00:00Z,2125550125,8335550101,,http://10.0.0.1/a.wav\n"
    )
    host.answers["/gone.wav"] = hosts.status(404)
    first = floor.ingest(log)
    assert (first.calls_new, first.recordings_to_fetch) == (3, 2)
    assert [(item.item, item.code) for item in first.rejected] == [("calls.csv line 4, recording", "address_not_allowed")]
    assert floor.work_to_the_end() == 2
    assert sorted(floor.open_items()) == [
        ("calls.csv line 3, recording", "fetch_refused", True),
        ("calls.csv line 4, recording", "address_not_allowed", False),
    ]
    second = floor.ingest(log)
    assert (second.calls_known, second.recordings_known, second.recordings_to_fetch) == (3, 1, 1)
    host.answers["/gone.wav"] = hosts.recording
    floor.work_to_the_end()
    assert floor.house.count(Recording) == 2
    assert [item[1] for item in floor.open_items()] == ["address_not_allowed"]
    before = floor.house.counts()
    third = floor.ingest(log)
    assert (third.recordings_known, third.recordings_to_fetch, floor.house.counts()) == (2, 0, before)


def test_the_replay_of_a_refused_row_fetches_its_recording(floor: Floor, tmp_path: Path, host: RecordingHost) -> None:
    log = tmp_path / "calls.csv"
    log.write_text(HEADER + f"1,2026-11-23T13:00:00Z,2125550123,8335550101,LATER,{host.address}/a.wav\n")
    assert floor.ingest(log).recordings_to_fetch == 0
    with floor.house.uow.begin("test") as work:
        later = Campaign(id="l", external_id="LATER", name="l", advertiser_id="adv", vertical="x", created_at=SPRING)
        work.session.add(later)
    assert floor.replay()
    floor.work_to_the_end()
    (call,), (recording,) = floor.house.load(Call), floor.house.load(Recording)
    assert (recording.call_id, floor.open_items()) == (call.id, [])
