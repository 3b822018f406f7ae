"""How are moments kept in number arrays? As whole microseconds since 1970, UTC, like everywhere in Earshot.

Not taken from ``app.models.base``, which brings SQLAlchemy and all tables along; the command line starts in less than half the
time without.
"""

from datetime import UTC, datetime, timedelta

NO_MOMENT = -(1 << 62)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return the microseconds since 1970 of a moment with a time zone."""
    return (moment - _EPOCH) // _MICROSECOND


def to_moment(micros: int) -> datetime:
    """Return the moment of microseconds since 1970."""
    return _EPOCH + micros * _MICROSECOND
