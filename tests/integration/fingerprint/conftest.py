"""Calls with recordings in a real database, and prints of the sample calls' callers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audio.fingerprint import AudioPrint, take_print
from app.audio.fingerprint_store import FingerprintStore
from app.audio.same_audio import CallerPrint, record_fingerprint
from app.audio.vad import find_speech
from app.models.calls import Recording
from app.models.fingerprints import SameAudioMember
from app.unit_of_work import UnitOfWork
from app.vocabulary import RecordingState
from tests.factories.calls import World, make_call, make_world
from tests.fakes import FrozenClock

CALLS = Path(__file__).parents[3] / "sample_audio" / "calls"


@lru_cache(maxsize=64)
def caller_print(name: str, part: tuple[float, float] = (0.0, 3600.0)) -> AudioPrint:
    """The print of the first channel of a sample call, or of a part of it."""
    from app.audio.decode import decode

    samples = decode(CALLS / name).samples[0]
    piece = samples[int(part[0] * 16_000) : int(part[1] * 16_000)]
    return take_print(piece, find_speech(piece))


@dataclass
class Shelf:
    """Records prints as the analysis of a call does."""

    uow: UnitOfWork
    clock: FrozenClock
    world: World
    folder: Path
    store: FingerprintStore

    def add_call(self, **call: Any) -> tuple[str, str]:
        """Record a call with a recording; return the ids of both."""
        with self.uow.begin("test") as work:
            made = make_call(work.session, work.ids, work.now, self.world, **call)
            recording = Recording(
                id=work.new_id(),
                call_id=made.id,
                state=RecordingState.STORED,
                sha256=work.new_id(),
                byte_count=1,
                filename="call.wav",
                blob_key="key",
                received_at=work.now,
            )
            work.session.add(recording)
            return made.id, recording.id

    def record(
        self, print_: AudioPrint, *, is_mixed: bool = False, store: FingerprintStore | None = None, **call: Any
    ) -> tuple[str, str | None]:
        """Record a call and its print; return the call's id and its cluster."""
        call_id, recording_id = self.add_call(**call)
        return call_id, self.print(print_, call_id, recording_id, is_mixed=is_mixed, store=store)

    def print(
        self,
        print_: AudioPrint,
        call_id: str,
        recording_id: str,
        *,
        is_mixed: bool = False,
        store: FingerprintStore | None = None,
    ) -> str | None:
        taken = CallerPrint(0, is_mixed, print_)
        with self.uow.begin("worker") as work:
            return record_fingerprint(work, store or self.store, taken, call_id=call_id, recording_id=recording_id)

    def members(self) -> list[SameAudioMember]:
        return self.read(lambda session: list(session.scalars(select(SameAudioMember).order_by(SameAudioMember.print_id))))

    def read(self, ask: Callable[[Session], Any]) -> Any:
        with self.uow.read() as session:
            return ask(session)


@pytest.fixture
def shelf(uow: UnitOfWork, clock: FrozenClock, tmp_path: Path) -> Shelf:
    """A shelf on a database of either kind."""
    with uow.begin("test") as work:
        world = make_world(work.session, work.ids, work.now)
    folder = tmp_path / "prints"
    return Shelf(uow, clock, world, folder, FingerprintStore(folder))
