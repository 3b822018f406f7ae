"""Are deleted words gone from the database's own files too? Empties what a database keeps of deleted rows.

SQLite: the search index keeps deleted words in old segments until they are merged, and the log of changes until it is emptied.
PostgreSQL: deleted rows lie in the tables until a vacuum. Each step holds the writers' lock for a moment only.
"""

from __future__ import annotations

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.unit_of_work import UnitOfWork

PAGES_AT_ONCE = 500
MOST_STEPS = 10_000
TABLES = "utterance, analysis_result, transcript_document, keyword_hit, finding, recording, call, audio_print, opt_out"

log = structlog.get_logger()


def purge_deleted(uow: UnitOfWork) -> None:
    """Empty what is left of deleted rows; where that is not possible now it is logged, and the next erasure does it."""
    with uow.read() as session:
        engine = session.get_bind().engine
        is_sqlite = engine.dialect.name == "sqlite"
    try:
        if is_sqlite:
            _merge_search_index(uow)
            _empty_log(engine)
        else:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"VACUUM {TABLES}")
    except SQLAlchemyError:
        log.exception("deleted rows could not be purged from the database's files")


def _merge_search_index(uow: UnitOfWork) -> None:
    """Merge the segments of the index into one, a few pages at a time (https://sqlite.org/fts5.html#the_merge_command)."""
    for step in range(MOST_STEPS):
        with uow.begin("system") as work:
            session = work.session
            session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
            before = session.scalar(text("SELECT total_changes()")) or 0
            # A negative number begins the merge of everything; positive ones go on with it.
            pages = -PAGES_AT_ONCE if step == 0 else PAGES_AT_ONCE
            session.execute(
                text("INSERT INTO transcript_words(transcript_words, rank) VALUES ('merge', :pages)"), {"pages": pages}
            )
            if (session.scalar(text("SELECT total_changes()")) or 0) - before < 2:
                return


def _empty_log(engine: Engine) -> None:
    connection = engine.raw_connection()  # outside a transaction, in which nothing can be emptied
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
