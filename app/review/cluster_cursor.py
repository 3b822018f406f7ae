"""Where does the next page of clusters begin? The last one shown, written so that it can stand in an address."""

from datetime import datetime, timedelta

from app.audio.clusters import ClusterFacts
from app.errors import InvalidInput
from app.models.base import EPOCH, MICROSECOND


def write_cursor(last: ClusterFacts) -> str:
    """Return the cursor of the page after the cluster."""
    return f"{(last.last_seen - EPOCH) // MICROSECOND}.{last.id}"


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Return when the last cluster shown was heard last, and its id; None for the first page.

    Raises
    ------
    InvalidInput
        If it is not a cursor that was handed out.
    """
    if cursor is None:
        return None
    micros, _, cluster_id = cursor.partition(".")
    is_number = micros.isascii() and micros.isdecimal() and len(micros) <= 16
    if not is_number or not cluster_id.isascii() or not cluster_id.isalnum() or len(cluster_id) > 64:
        raise InvalidInput("expected the cursor of the page before", code="bad_cursor", field="cursor")
    return EPOCH + timedelta(microseconds=int(micros)), cluster_id
