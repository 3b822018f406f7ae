"""What time is it at a place? Local times from a fixed edition of the tz database.

The zones are read from the ``tzdata`` package and not from the operating system, so that two machines, or this year and the
year after next, give the same local time for the same call. The edition is evidence: :data:`TZDB_VERSION`.
"""

from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata

from app.errors import InvalidInput

TZDB_VERSION: str = tzdata.IANA_VERSION
"""Edition of the tz database, as ``2026c``."""


@lru_cache(maxsize=128)
def get_zone(name: str) -> ZoneInfo:
    """Return the zone of a name such as ``America/New_York``."""
    if not name or not all(part.replace("_", "").replace("-", "").isalnum() for part in name.split("/")):
        raise InvalidInput(f"expected the name of a time zone such as America/New_York, got {name!r}", zone=name)
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    if not file.is_file():
        raise InvalidInput(f"the tz database {TZDB_VERSION} has no time zone {name!r}", zone=name)
    with file.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def local_time(moment: datetime, zone: str) -> datetime:
    """Return the moment as a clock in the zone shows it; daylight saving is the database's, never a fixed offset."""
    if moment.utcoffset() is None:
        raise InvalidInput(f"expected a moment with an offset from UTC, got {moment.isoformat()} without one")
    return moment.astimezone(get_zone(zone))


def local_date(moment: datetime, zone: str) -> date:
    """Return the calendar day at a place: the day that consent and do-not-call clocks count."""
    return local_time(moment, zone).date()
