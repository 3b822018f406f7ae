"""How is the database opened? SQLite in WAL with BEGIN IMMEDIATE, or PostgreSQL through psycopg.

With SQLite's default deferred BEGIN, a transaction that reads and then writes fails at once when another process has
written in between (SQLITE_BUSY_SNAPSHOT), and no timeout helps; BEGIN IMMEDIATE takes the write lock first and waits.
"""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from app.errors import InvalidInput

SQLITE_FLOOR = (3, 37, 0)  # STRICT tables came with 3.37.0 (2021-11-27)
BUSY_TIMEOUT_MS = 30_000


def open_database(url: str) -> Engine:
    """Return an engine for the address, ready for several processes.

    Raises
    ------
    InvalidInput
        If the address names a database that Earshot does not support, or SQLite is too old.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, parsed.database)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10, max_overflow=10)
    raise InvalidInput(
        f"expected a sqlite:// or postgresql:// database address, got {parsed.get_backend_name()}://", setting="DATABASE_URL"
    )


def _open_sqlite(url: str, path: str | None) -> Engine:
    if sqlite3.sqlite_version_info < SQLITE_FLOOR:
        raise InvalidInput(f"expected SQLite 3.37 or newer, got {sqlite3.sqlite_version}; install a newer Python or SQLite")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves
    pragmas = (
        "journal_mode=wal",
        "synchronous=full",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=on",
        "temp_store=memory",
        "mmap_size=268435456",
        "cache_size=-65536",
    )
    for pragma in pragmas:
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_reading = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
