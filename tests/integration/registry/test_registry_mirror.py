"""The database comes to know the versions on disk, once, and their withdrawals."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from app.compliance.registry.mirror import mirror_versions
from app.compliance.registry.service import NumberLists, make_request
from app.models.events import Event
from app.models.numbers import NumberListVersion
from app.unit_of_work import UnitOfWork
from app.vocabulary import ListKind
from tests.fakes import FrozenClock

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)


def load(lists: NumberLists, path: Path, name: str) -> str:
    path.write_text("3055550123\n3055550124\n")
    return lists.load(make_request(name, datetime(2026, 11, 1, tzinfo=UTC), (path,), loaded_by="ann", san="10-1"))[0].id


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
