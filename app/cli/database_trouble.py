"""What is wrong with the database, in a sentence for the person at the terminal?"""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_NOT_MIGRATED = ("no such table", "no such column", "undefinedtable", "undefinedcolumn", "does not exist")
_NO_ROOM = ("disk is full", "diskfull", "no space left")


def describe_database_trouble(error: Exception) -> str | None:
    """Return what happened and what to do; None for an error that has nothing to do with the database."""
    if not isinstance(error, SQLAlchemyError):
        return None
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    known_by = f"{type(cause).__name__} {reason}".lower()
    if any(mark in known_by for mark in _NOT_MIGRATED):
        return f"the database is not up to date ({reason}); run `earshot migrate`"
    if any(mark in known_by for mark in _NO_ROOM):
        return f"there is no room left for the database ({reason}); make room and run the command again"
    return f"the database cannot be used ({reason}); check EARSHOT_DATABASE_URL and EARSHOT_DATA_DIR with `earshot doctor`"
