"""A house without processes: real databases, stages and job functions; only the recogniser reads from a script."""

import io
import os
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, func, select

import workers.context
import workers.jobs
from app.adapters.stage_cache import FolderStageCache
from app.audio.service import request_analysis
from app.bootstrap import Services
from app.intake.recordings import store_recording
from app.models.calls import Recording
from app.models.events import Event
from app.ports import JobRequest
from app.settings import Settings
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, JobName
from tests.factories.calls import World, make_call, make_world
from tests.fakes import WORD_EVERY_S, FrozenClock, ListQueue, MemoryBlobStore, ScriptedTranscriber, ScriptLine, SequentialIds
from workers.schedule import take_back_lost_jobs

RATE_HZ = 16_000
VOICE = Path(__file__).parents[3] / "sample_audio" / "calls" / "plumbing-short.flac"

CALLER = (ScriptLine(4.0, "Hi I got a text message about my plan."), ScriptLine(9.0, "Please tell me what it costs."))
AGENT = (ScriptLine(0.5, "Thank you for calling this call is recorded."), ScriptLine(7.4, "I see thank you."))

JOBS = {
    JobName.ANALYZE_RECORDING: workers.jobs.analyze_recording,
    JobName.SCREEN_CALL: workers.jobs.screen_call,
    JobName.SUPPRESS_NUMBER: workers.jobs.suppress_number,
}


@lru_cache
def voice() -> np.ndarray:
    """Two seconds of somebody speaking without a pause, int16 at 16 kHz."""
    from app.audio.decode import decode

    return decode(VOICE).samples[1][int(1.2 * RATE_HZ) : int(3.2 * RATE_HZ)]


def sound(*channels: Sequence[ScriptLine], seconds: float = 13.0) -> bytes:
    """Return a WAV in which somebody speaks on each channel while its lines last, and nobody elsewhere."""
    samples = np.zeros((len(channels), int(seconds * RATE_HZ)), dtype="<i2")
    for channel, lines in enumerate(channels):
        for line in lines:
            start = int(line.start_s * RATE_HZ)
            length = int(len(line.text.split()) * WORD_EVERY_S * RATE_HZ)
            samples[channel, start : start + length] = np.resize(voice(), length)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.ascontiguousarray(samples.T).tobytes())
    return out.getvalue()


@dataclass
class Desk:
    """Takes calls in, lets the workers run, and counts what they recorded."""

    services: Services
    transcriber: ScriptedTranscriber
    queue: ListQueue
    clock: FrozenClock
    world: World

    @property
    def uow(self) -> UnitOfWork:
        return self.services.uow

    def send(self, content: bytes, name: str = "call.wav", **call: Any) -> str:
        """Record a call with its recording; return the call's id."""
        with self.uow.begin("test") as work:
            call_id = make_call(work.session, work.ids, work.now, self.world, **call).id
            store_recording(work, self.services.blobs, call_id, io.BytesIO(content), name)
        return call_id

    def run(self, request: JobRequest) -> None:
        JOBS[request.job](request.subject_id)

    def run_all(self) -> None:
        """Do everything that waits, what follows from it included."""
        self.queue.run_all(self.run)

    def ask_again(self, call_id: str) -> None:
        with self.uow.begin("user:1") as work:
            request_analysis(work, call_id)

    def lose_the_worker(self) -> None:
        """Let the lease run out, as the scheduler sees it, and hand the job out again."""
        self.clock.advance(seconds=self.services.settings.job_lease_s + 1)
        take_back_lost_jobs(self.services)
        self.queue.requests.clear()
        self.clock.advance(seconds=60)
        self.uow.relay()

    def recording(self, call_id: str) -> Recording:
        with self.uow.read() as session:
            return session.scalars(select(Recording).where(Recording.call_id == call_id)).one()

    def load(self, table: Any, **where: Any) -> list[Any]:
        with self.uow.read() as session:
            return list(session.scalars(select(table).filter_by(**where).order_by(table.__mapper__.primary_key[0])))

    def count(self, kind: EventKind, call_id: str) -> int:
        with self.uow.read() as session:
            happened = select(func.count()).select_from(Event).where(Event.kind == kind, Event.subject_id == call_id)
            return session.scalar(happened) or 0

    def change_settings(self, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
        """Restart the worker process with other settings."""
        self.use(monkeypatch, replace(self.services, settings=replace(self.services.settings, **values)))

    def use(self, monkeypatch: pytest.MonkeyPatch, services: Services) -> None:
        self.services = services
        monkeypatch.setitem(workers.context._built, os.getpid(), services)


@pytest.fixture
def desk(
    engine: Engine,
    uow: UnitOfWork,
    clock: FrozenClock,
    queue: ListQueue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """A desk on a database of either kind, whose recogniser knows what caller and agent say."""
    transcriber = ScriptedTranscriber([*CALLER, *AGENT])
    services = Services(
        settings=Settings(data_dir=tmp_path / "data", asr_model="script"),
        clock=clock,
        ids=SequentialIds(),
        engine=engine,
        uow=uow,
        blobs=MemoryBlobStore(),
        queue=queue,
        transcriber=transcriber,
        stage_cache=FolderStageCache(tmp_path / "stages"),
        secret_key=bytes(32),
    )
    with uow.begin("test") as work:
        world = make_world(work.session, work.ids, work.now)
    desk = Desk(services, transcriber, queue, clock, world)
    desk.use(monkeypatch, services)
    yield desk
    workers.context._built.pop(os.getpid(), None)
