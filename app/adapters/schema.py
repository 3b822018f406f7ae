"""Is the database's schema the one this version needs? Migrates it, and says where it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def migrate(engine: Engine, revision: str = "head") -> str | None:
    """Bring the schema to a revision, forward or back, in one transaction; return the revision then in force."""
    with engine.begin() as connection:
        config = configure(connection)
        current = current_revision(connection)
        order = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
        is_back = revision == "base" or (
            revision in order and current in order and order.index(revision) < order.index(current)
        )
        (command.downgrade if is_back else command.upgrade)(config, revision)
        return current_revision(connection)


def current_revision(connection: Connection) -> str | None:
    """Return the revision that the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """Return the revision that this version of Earshot needs."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def configure(connection: Connection) -> Config:
    """Return an Alembic configuration bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
