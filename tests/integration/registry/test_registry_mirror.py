"""The database comes to know the versions on disk, once, and their withdrawals."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from sqlalchemy import Engine, select

from app.bootstrap import Services
from app.compliance.registry.mirror import mirror_versions
from app.compliance.registry.service import NumberLists, make_request
from app.models.events import Event
from app.models.numbers import NumberListVersion
from app.ports import StageCache, Transcriber
from app.settings import Settings
from app.unit_of_work import UnitOfWork
from app.vocabulary import ListKind
from tests.fakes import FrozenClock, ListQueue, MemoryBlobStore, SequentialIds
from workers.schedule import note_number_lists

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)


def load(lists: NumberLists, path: Path, name: str) -> str:
    path.write_text("3055550123\n3055550124\n")
    return lists.load(make_request(name, datetime(2026, 11, 1, tzinfo=UTC), (path,), loaded_by="ann", san="10-1"))[0].id


def test_the_scheduler_notes_what_was_loaded_from_the_shell(
    engine: Engine, uow: UnitOfWork, clock: FrozenClock, queue: ListQueue, tmp_path: Path
) -> None:
    house = Services(
        settings=Settings(data_dir=tmp_path / "data"),
        clock=clock,
        ids=SequentialIds(),
        engine=engine,
        uow=uow,
        blobs=MemoryBlobStore(),
        queue=queue,
        # Lists need neither a recogniser nor its results.
        transcriber=cast(Transcriber, None),
        stage_cache=cast(StageCache, None),
        secret_key=bytes(32),
    )
    note_number_lists(house)  # nothing is loaded yet
    version = load(NumberLists(tmp_path / "data", FrozenClock(NOW)), tmp_path / "l.txt", "national")
    for _ in range(2):
        note_number_lists(house)
    with uow.read() as session:
        assert list(session.scalars(select(NumberListVersion.id))) == [version]


def test_versions_on_disk_become_rows_and_events_once(uow: UnitOfWork, tmp_path: Path) -> None:
    lists = NumberLists(tmp_path / "data", FrozenClock(NOW))
    ids = [load(lists, tmp_path / "l.txt", name) for name in ("national", "state:FL", "internal")]
    for expected in (3, 0):
        with uow.begin("system") as work:
            assert mirror_versions(work, lists.store) == expected
    lists.withdraw(ids[0], "wrong account")
    for expected in (1, 0):
        with uow.begin("system") as work:
            assert mirror_versions(work, lists.store) == expected
    with uow.read() as session:
        rows = {row.id: row for row in session.scalars(select(NumberListVersion))}
        kinds = [e.kind for e in session.scalars(select(Event).order_by(Event.seq))]
    assert set(rows) == set(ids)
    national = rows[ids[0]]
    assert (national.kind, national.count, national.area_codes, national.san) == (ListKind.NATIONAL, 2, [305], "10-1")
    assert (national.withdrawn_at, national.withdrawn_why) == (NOW, "wrong account")
    assert (rows[ids[1]].state, rows[ids[2]].area_codes) == ("FL", None)
    assert [str(kind) for kind in kinds] == ["number_list.loaded"] * 3 + ["number_list.withdrawn"]
