"""Files, merged files and the buffer answer as one; what is derived is built again when it is lost or not ours."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from app.audio import fingerprint_store
from app.audio.fingerprint import AudioPrint, find_landmarks
from app.audio.fingerprint_store import FingerprintStore
from tests.integration.fingerprint.conftest import Shelf

SEAL_AT, MERGE_OF = 4, 3
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def noise(seed: int) -> AudioPrint:
    """A print of peaks at random, unlike any other."""
    random = np.random.default_rng(seed)
    frames = np.sort(random.integers(0, 1500, 400)).astype(np.uint16)
    return AudioPrint(frames, random.integers(0, 230, 400).astype(np.uint8), 24.0)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*/*.prints"))


def best(shelf: Shelf, store: FingerprintStore, print_: AudioPrint) -> int | None:
    found = shelf.read(lambda session: store.find(session, find_landmarks(print_)))
    return found[0].print_no if found else None


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint_store, "SEAL_AT", SEAL_AT)
    monkeypatch.setattr(fingerprint_store, "MERGE_OF", MERGE_OF)


def fill(shelf: Shelf, count: int, *, tend: bool = True) -> None:
    for seed in range(count):
        shelf.record(noise(seed))
        if tend:
            shelf.store.tend(shelf.uow.read)


def test_full_buffers_become_files_and_files_of_a_size_are_merged(shelf: Shelf) -> None:
    fill(shelf, 14)
    assert files(shelf.folder) == ["0000000001-0000000012.prints"]
    for store in (shelf.store, FingerprintStore(shelf.folder)):
        assert [best(shelf, store, noise(seed)) for seed in range(14)] == list(range(1, 15))


def test_a_process_that_mapped_files_before_they_were_merged_goes_on(shelf: Shelf) -> None:
    other = FingerprintStore(shelf.folder)
    fill(shelf, 9)
    assert len(files(shelf.folder)) == 2
    assert best(shelf, other, noise(1)) == 2
    for seed in range(9, 12):
        shelf.record(noise(seed))
    shelf.record(noise(12), store=FingerprintStore(shelf.folder))
    fresh = FingerprintStore(shelf.folder)
    fresh.tend(shelf.uow.read)
    assert files(shelf.folder) == ["0000000001-0000000012.prints"]
    assert [best(shelf, other, noise(seed)) for seed in (0, 8, 12)] == [1, 9, 13]


@only_sqlite
def test_a_lost_folder_is_built_again_from_the_rows(shelf: Shelf) -> None:
    fill(shelf, 10)
    for path in shelf.folder.glob("*/*.prints"):
        path.unlink()
    fresh = FingerprintStore(shelf.folder)
    fresh.tend(shelf.uow.read)
    assert len(files(shelf.folder)) == 2
    assert [best(shelf, fresh, noise(seed)) for seed in range(10)] == list(range(1, 11))


@only_sqlite
def test_a_merge_cut_short_between_writing_and_deleting_counts_nothing_twice(shelf: Shelf) -> None:
    fill(shelf, 9)
    kept = {path: path.read_bytes() for path in shelf.folder.glob("*/*.prints")}
    for seed in range(9, 12):
        shelf.record(noise(seed))
    shelf.store.tend(shelf.uow.read)
    for path, content in kept.items():
        path.write_bytes(content)
    assert len(files(shelf.folder)) == 3
    store = FingerprintStore(shelf.folder)
    votes = shelf.read(lambda session: store.find(session, find_landmarks(noise(3))))[0].votes
    assert votes == shelf.read(lambda session: shelf.store.find(session, find_landmarks(noise(3))))[0].votes


@only_sqlite
def test_a_damaged_file_is_built_again(shelf: Shelf) -> None:
    fill(shelf, 5)
    [path] = shelf.folder.glob("*/*.prints")
    path.write_bytes(path.read_bytes()[:-1])
    fresh = FingerprintStore(shelf.folder)
    fresh.tend(shelf.uow.read)
    assert best(shelf, fresh, noise(2)) == 3


@only_sqlite
def test_files_that_are_ahead_of_a_database_put_back_from_a_backup_are_dropped(shelf: Shelf) -> None:
    fill(shelf, 8)
    with shelf.uow.begin("test") as work:
        work.session.execute(text("DELETE FROM audio_print WHERE no > 5"))
        work.session.execute(text("UPDATE audio_print_series SET next_no = 6"))
    shelf.record(noise(100))
    fresh = FingerprintStore(shelf.folder)
    assert best(shelf, fresh, noise(100)) == 6
    assert best(shelf, fresh, noise(7)) is None
    assert best(shelf, fresh, noise(0)) == 1
