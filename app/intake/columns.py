"""Under which names do call logs carry each fact? One table, so that a new sender is a few more words.

Names are compared without case, spaces and punctuation. Where a log has several of a field's columns, the first in the table
counts; the others are kept as tags. The names are those of the senders' own exports and APIs (Ringba's call log, Retreaver's
call object, generic telephone systems).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "external_id": ("external_id", "call_id", "inbound_call_id", "call_uuid", "uuid", "call_sid", "transaction_id", "id"),
    "sender": ("sender",),
    "campaign": ("campaign", "campaign_external_id", "campaign_id"),
    "ad": ("ad", "ad_external_id", "ad_id", "offer_id"),
    "source": ("source", "source_external_id", "source_id", "call_source", "call_source_id"),
    "caller": (
        "caller", "caller_number", "inbound_phone_number", "caller_phone", "caller_id", "from_number", "ani", "from",
    ),
    "tracking_number": (
        "tracking_number", "dialed_number", "called_number", "dnis", "to_number", "number", "to",
    ),
    "started_at": (
        "started_at", "start_time", "call_dt", "call_started_at", "call_start", "call_date_time", "call_date", "created_at",
        "timestamp",
    ),
    "answered_at": ("answered_at", "answer_time", "call_connection_dt", "connected_at", "connect_time"),
    "ended_at": ("ended_at", "end_time", "call_completed_dt", "call_ended_at", "completed_at", "hangup_time"),
    "connected_s": (
        "connected_s", "connected_seconds", "connected_call_length_in_seconds", "dialed_call_duration", "talk_time",
        "connected_duration", "billsec",
    ),
    "duration_s": ("duration_s", "total_duration", "call_length_in_seconds", "call_duration", "duration"),
    "disposition": ("disposition", "call_status", "status"),
    "ended_by": ("ended_by", "end_call_source", "hung_up_by"),
    "transfer_type": ("transfer_type",),
    "declared_channel": ("declared_channel", "channel", "call_generation_method"),
    "zip": ("zip", "consumer_zip", "caller_zip", "zip_code", "verified_zip", "postal_code"),
    "state": ("state", "consumer_state", "caller_state", "stated_state"),
    "revenue": ("revenue", "conversion_amount"),
    "revenue_minor": ("revenue_minor",),
    "payout": ("payout", "payout_amount"),
    "payout_minor": ("payout_minor",),
    "currency": ("currency",),
    "legs": ("legs",),
    "tags": ("tags",),
    "recording": ("recording", "recording_path", "recording_file", "recording_url", "audio_file", "filename", "file"),
    "channel_roles": ("channel_roles",),
}  # fmt: skip

REQUIRED = ("external_id", "started_at")


def squeeze(name: str) -> str:
    """Return a column name as it is compared: lower case, letters and digits only."""
    return "".join(character for character in name.casefold() if character.isalnum())


@dataclass(frozen=True)
class Columns:
    """Which columns a kind of file has: for each field its names, the best first, and the fields no file may lack."""

    synonyms: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]

    def match(self, names: Iterable[str]) -> dict[str, str]:
        """Return, for each field that the names offer, the name to read it from."""
        chosen: dict[str, tuple[int, str]] = {}
        for name in names:
            field, rank = self._field_of.get(squeeze(name), ("", 0))
            if field and (field not in chosen or rank < chosen[field][0]):
                chosen[field] = (rank, name)
        return {field: name for field, (_, name) in chosen.items()}

    @cached_property
    def _field_of(self) -> Mapping[str, tuple[str, int]]:
        ranked = [(rank, field, squeeze(name)) for field, names in self.synonyms.items() for rank, name in enumerate(names)]
        return {name: (field, rank) for rank, field, name in ranked}


CALL_LOG = Columns(SYNONYMS, REQUIRED)


def match_columns(names: Iterable[str]) -> dict[str, str]:
    """Return, for each field of a call log that the names offer, the name to read it from."""
    return CALL_LOG.match(names)
