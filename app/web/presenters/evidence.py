"""How is evidence read by a person? Names and values in words, moments on their own clock and in UTC, lists as tables.

Rules keep their evidence as JSON of many shapes. Names that are used often have words here; every other is shown by its own
name, so that nothing a rule kept is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.phone import describe

ELSEWHERE = frozenset({"hits", "rule", "at_stake_minor"})
"""Quotes, versions and money have places of their own."""
MOST_ROWS = 50
WORDS: Mapping[str, str] = {
    "agent_state": "State of the agent",
    "allow": "Channels the campaign takes",
    "attempts": "Attempts",
    "candidate_states": "States where the consumer may be",
    "candidate_zones": "Time zones where the consumer may be",
    "caller_id_name": "Name shown to the consumer",
    "caller_id_number": "Number shown to the consumer",
    "channels": "Channels the words speak of",
    "consumers_substance_s": "When the consumer first said something of substance, seconds",
    "default": "What the campaign does with other channels",
    "declared": "Declared channel",
    "deny": "Channels the campaign refuses",
    "detector_version": "Version of the voice detector",
    "entry_at": "Entered in the internal list",
    "entry_due": "To be entered until",
    "held_back": "Why this is not a violation",
    "limit": "Limit",
    "list": "List",
    "local_times": "Local times",
    "location": "What speaks for the place",
    "location_evidence": "What speaks for the place",
    "missing": "What is missing",
    "notes": "What else this rule said",
    "notice": "Notice of recording",
    "obtained_at": "List obtained",
    "outcome": "Outcome",
    "raw": "As the network sent it",
    "scrubbed_at": "Scrubbed",
    "spans": "Where",
    "start_s": "From, seconds",
    "end_s": "To, seconds",
    "state_table": "Version of the table of states",
    "taken_by_campaign": "The campaign takes it",
    "tzdb_version": "Version of the time zones",
    "vendor": "Who attested",
    "window_s": "Window",
    "zone_source": "What the time zone rests on",
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)")
_NUMBER = re.compile(r"\+1\d{10}")


@dataclass(frozen=True, slots=True)
class Table:
    """A list of like things."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rest: int


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of evidence: its name, and its value as a text or a table."""

    label: str
    text: str
    table: Table | None = None


def lay_out(evidence: Mapping[str, Any], *, skip: frozenset[str] = ELSEWHERE) -> tuple[Item, ...]:
    """Return evidence in words; what is empty or unknown is left out."""
    items = [_item(name, value) for name, value in evidence.items() if name not in skip]
    return tuple(item for item in items if item.text or item.table)


def say_name(name: str) -> str:
    """Return the name of a piece of evidence in words."""
    if name in WORDS:
        return WORDS[name]
    words, unit = (name[:-2], ", seconds") if name.endswith("_s") else (name, "")
    return words.replace("_", " ")[:1].upper() + words.replace("_", " ")[1:] + unit


def say_value(value: Any) -> str:
    """Return a value in words: moments with their own clock and UTC, lists with commas, unknown as nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        pairs = ((say_name(str(name)), say_value(part)) for name, part in value.items())
        return "; ".join(f"{name}: {text}" for name, text in pairs if text)
    if isinstance(value, list | tuple):
        return ", ".join(text for part in value if (text := say_value(part)))
    text = "" if value is None else str(value)
    if _MOMENT.fullmatch(text):
        return say_moment(text)
    return describe(text) if _NUMBER.fullmatch(text) else text


def say_moment(text: str) -> str:
    """Return an ISO 8601 moment as its own clock shows it, and in UTC where that differs."""
    moment = datetime.fromisoformat(text)
    offset = f"{moment:%z}"
    local = f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M:%S}"
    if offset in {"+0000", ""}:
        return f"{local} UTC"
    return f"{local} (UTC{offset[:3]}:{offset[3:]}; {moment.astimezone(UTC):%H:%M:%S} UTC)"


def _item(name: str, value: Any) -> Item:
    is_list_of_things = isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(each, Mapping) for each in value)
    if not is_list_of_things:
        return Item(say_name(name), say_value(value))
    names = [key for key in dict.fromkeys(key for each in value for key in each) if any(say_value(e.get(key)) for e in value)]
    rows = tuple(tuple(say_value(each.get(key)) for key in names) for each in value[:MOST_ROWS])
    return Item(say_name(name), "", Table(tuple(map(say_name, names)), rows, max(0, len(value) - MOST_ROWS)))
