"""What does one row of a call log say? Turns a mapping of cells into a :class:`CallRow`, or lists all that is wrong with it.

Every way in (API, CSV, file names, upload) ends here, so a rule about a field stands in one place. Whether campaigns and
numbers exist is asked later, of the database.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, TypeVar

from app.errors import InvalidInput
from app.intake.columns import REQUIRED, SYNONYMS, match_columns
from app.intake.legs import LegRow, parse_legs
from app.intake.values import (
    is_blank,
    parse_amount,
    parse_currency,
    parse_minor,
    parse_moment,
    parse_party_number,
    parse_seconds,
    parse_state,
    parse_text,
    parse_word,
    parse_zip,
)
from app.vocabulary import Channel, ChannelRole, Disposition, EndedBy, TransferType

DISPOSITIONS = {
    "complete": Disposition.COMPLETED, "connected": Disposition.COMPLETED, "answered": Disposition.COMPLETED,
    "finished": Disposition.COMPLETED, "noanswer": Disposition.NO_ANSWER, "unanswered": Disposition.NO_ANSWER,
    "missed": Disposition.NO_ANSWER, "error": Disposition.FAILED, "canceled": Disposition.ABANDONED,
    "cancelled": Disposition.ABANDONED, "hangup": Disposition.ABANDONED, "voice_mail": Disposition.VOICEMAIL,
}  # fmt: skip
ENDED_BY = {
    "inbound": EndedBy.CALLER, "consumer": EndedBy.CALLER, "customer": EndedBy.CALLER, "target": EndedBy.AGENT,
    "buyer": EndedBy.AGENT, "callee": EndedBy.AGENT, "platform": EndedBy.SYSTEM, "network": EndedBy.SYSTEM,
}  # fmt: skip
# The start of the call is not known and something else (arrival, file date) stands in for it; rules about hours must not
# take it for the truth.
ASSUMED_START_TAG = "started_at_assumed"
MOST_TAGS, LONGEST_TAG = 200, 4000

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as its sender tells it; None means that the row does not say."""

    sender: str
    external_id: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    connected_s: float | None = None
    campaign: str | None = None
    ad: str | None = None
    source: str | None = None
    caller_number: str | None = None
    dialed_number: str | None = None
    disposition: Disposition | None = None
    ended_by: EndedBy | None = None
    transfer_type: TransferType | None = None
    declared_channel: Channel | None = None
    zip_code: str | None = None
    state: str | None = None
    revenue_minor: int | None = None
    payout_minor: int | None = None
    currency: str | None = None
    legs: tuple[LegRow, ...] = ()
    tags: Mapping[str, Any] = field(default_factory=dict)
    recording: str | None = None
    channel_roles: tuple[ChannelRole, ...] | None = None


def parse_call_row(
    cells: Mapping[str, Any], *, where: str, sender: str = "csv", zone: tzinfo | None = None
) -> CallRow:  # fmt: skip
    """Read a row.

    Parameters
    ----------
    cells
        Column name to cell; names as in ``columns.SYNONYMS``. Columns that are not known become tags.
    where
        Which row this is, for the error: ``calls.csv line 7``.
    sender
        Which system sent it, unless the row says so itself.
    zone
        The time zone of times that carry no offset; without it such times are an error.

    Raises
    ------
    InvalidInput
        Listing every field that does not fit: what was expected and what came.
    """
    reader = _Reader(cells, where)
    times = {name: reader.find(name, lambda v: parse_moment(v, zone)) for name in ("started_at", "answered_at", "ended_at")}
    currency = reader.find("currency", parse_currency)
    row_currency = currency or "USD"
    duration_s = reader.find("duration_s", parse_seconds)
    if times["ended_at"] is None and times["started_at"] is not None and duration_s is not None:
        times["ended_at"] = times["started_at"] + timedelta(seconds=duration_s)
    revenue = reader.find("revenue_minor", lambda v: parse_minor(v, row_currency))
    revenue = reader.find("revenue", lambda v: parse_amount(v, row_currency)) if revenue is None else revenue
    payout = reader.find("payout_minor", lambda v: parse_minor(v, row_currency))
    payout = reader.find("payout", lambda v: parse_amount(v, row_currency)) if payout is None else payout
    caller, caller_as_sent = reader.find("caller", parse_party_number) or (None, None)
    dialed, dialed_as_sent = reader.find("tracking_number", parse_party_number) or (None, None)
    values: dict[str, Any] = {
        **times,
        "sender": reader.find("sender", lambda v: parse_text(v, longest=60)) or sender,
        "external_id": reader.find("external_id", parse_text),
        "connected_s": reader.find("connected_s", parse_seconds),
        "campaign": reader.find("campaign", parse_text),
        "ad": reader.find("ad", parse_text),
        "source": reader.find("source", parse_text),
        "caller_number": caller,
        "dialed_number": dialed,
        "disposition": reader.find("disposition", lambda v: parse_word(v, Disposition, DISPOSITIONS)),
        "ended_by": reader.find("ended_by", lambda v: parse_word(v, EndedBy, ENDED_BY)),
        "transfer_type": reader.find_transfer_type(),
        "declared_channel": reader.find("declared_channel", lambda v: parse_word(v, Channel, {})),
        "zip_code": reader.find("zip", parse_zip),
        "state": reader.find("state", parse_state),
        "revenue_minor": None if revenue is None else revenue.amount_minor,
        "payout_minor": None if payout is None else payout.amount_minor,
        "currency": currency,
        "legs": reader.find("legs", lambda v: parse_legs(v, zone)) or (),
        "recording": reader.find("recording", lambda v: parse_text(v, longest=2000)),
        "channel_roles": reader.find("channel_roles", parse_roles),
    }
    as_sent = {"caller_as_sent": caller_as_sent, "tracking_number_as_sent": dialed_as_sent}
    values["tags"] = reader.collect_tags() | {name: text for name, text in as_sent.items() if text}
    reader.check_order(times)
    reader.raise_problems()
    return CallRow(**values)


class _Reader:
    """Reads the fields of one row and remembers what was wrong with them."""

    def __init__(self, cells: Mapping[str, Any], where: str) -> None:
        self._cells = {str(name): value for name, value in cells.items() if name is not None}
        self._columns = match_columns(self._cells)
        self._where = where
        self._problems: list[dict[str, str]] = []

    def find(self, name: str, parse: Callable[[Any], Value]) -> Value | None:
        """Return the field's value; None when the row does not say, or says something that does not fit."""
        column = self._columns.get(name)
        value = self._cells.get(column) if column else None
        if is_blank(value):
            if name in REQUIRED:
                self._add(name, f"expected a value in a column such as {SYNONYMS[name][0]}", "nothing")
            return None
        try:
            return parse(value)
        except ValueError as error:
            self._add(name, str(error), _quote(value))
            return None

    def find_transfer_type(self) -> TransferType | None:
        """Return the kind of transfer; here ``none`` says something: that nobody handed the caller over."""
        column = self._columns.get("transfer_type")
        if column and str(self._cells[column]).strip().casefold() == "none":
            return TransferType.NONE
        return self.find("transfer_type", lambda v: parse_word(v, TransferType, {}))

    def collect_tags(self) -> dict[str, Any]:
        """Return everything that belongs to no field, as sent."""
        read = set(self._columns.values())
        tags: dict[str, Any] = {name: value for name, value in self._cells.items() if name not in read and not is_blank(value)}
        tags |= self.find("tags", _parse_tags) or {}
        if len(tags) > MOST_TAGS:
            self._add("tags", f"expected at most {MOST_TAGS} further fields", str(len(tags)))
        for name, value in tags.items():
            if len(name) > 200 or not _is_plain([name, value]):
                self._add(
                    "tags", f"expected plain JSON of at most {LONGEST_TAG} characters in each further field", _quote(name)
                )
        return tags

    def check_order(self, times: Mapping[str, datetime | None]) -> None:
        """Note times that contradict each other."""
        for early, late in (("started_at", "answered_at"), ("started_at", "ended_at"), ("answered_at", "ended_at")):
            first, second = times[early], times[late]
            if first and second and second < first:
                self._add(late, f"expected no time before {early}", second.isoformat())

    def raise_problems(self) -> None:
        """Raise all that was wrong, in one error."""
        if self._problems:
            listed = "; ".join(f"{p['field']}: {p['expected']}, got {p['got']}" for p in self._problems)
            raise InvalidInput(
                f"{self._where}: {listed}. Correct the row and send it again.",
                code="bad_row",
                where=self._where,
                problems=self._problems,
            )

    def _add(self, name: str, expected: str, got: str) -> None:
        column = self._columns.get(name, name)
        self._problems.append({"field": name, "column": column, "expected": expected, "got": got})


def parse_roles(value: Any) -> tuple[ChannelRole, ...]:
    """Read who is on each channel: ``caller,agent``. Raises ValueError."""
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not 1 <= len(words) <= 16:
        raise ValueError("expected who is on each channel, such as caller,agent")
    return tuple(parse_word(word, ChannelRole, {}) for word in words)


def _parse_tags(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("expected a JSON object") from None
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected a JSON object")
    return dict(value)


def _is_plain(value: Any) -> bool:
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return len(text) <= LONGEST_TAG and "\\u0000" not in text


def _quote(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=repr)[:100]
    return ascii(text if len(text) <= 60 else text[:57] + "...")
