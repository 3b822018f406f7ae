"""Which connections was a call made of? Reads the ``legs`` of a row, in the shape of ``earshot screen``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from app.intake.values import is_blank, parse_moment, parse_party_number, parse_word
from app.vocabulary import LegDirection

MOST_LEGS = 50
# What a leg says beside who and when; taken as sent, judged by the rules that need it.
FACTS = ("voice", "dialer", "caller_id_number", "caller_id_name", "verstat", "verstat_vendor")
KNOWN = {"seq", "direction", "from", "to", "started_at", "answered_at", "ended_at", *FACTS}


@dataclass(frozen=True, slots=True)
class LegRow:
    """One connection of a call, as sent."""

    seq: int
    direction: LegDirection
    from_number: str | None
    to_number: str | None
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def parse_legs(value: Any, zone: tzinfo | None = None) -> tuple[LegRow, ...]:
    """Read a list of legs, or its JSON text; they are numbered in order where they carry no ``seq``.

    Raises
    ------
    ValueError
        Naming the leg and what was expected.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("expected a JSON list of legs") from None
    if not isinstance(value, list | tuple) or len(value) > MOST_LEGS:
        raise ValueError(f"expected a list of at most {MOST_LEGS} legs")
    legs = tuple(_parse_leg(leg, number, zone) for number, leg in enumerate(value, start=1))
    if len({leg.seq for leg in legs}) < len(legs):
        raise ValueError("expected a different seq in each leg")
    return tuple(sorted(legs, key=lambda leg: leg.seq))


def _parse_leg(leg: Any, number: int, zone: tzinfo | None) -> LegRow:
    if not isinstance(leg, Mapping):
        raise ValueError(f"expected leg {number} to be a JSON object")
    unknown = sorted(str(name) for name in leg if name not in KNOWN)
    if unknown:
        raise ValueError(f"expected in leg {number} only {', '.join(sorted(KNOWN))}")
    seq = number if is_blank(leg.get("seq")) else leg["seq"]
    if isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq <= 1000:
        raise ValueError(f"expected seq of leg {number} to be a whole number from 0 to 1000")
    try:
        times = {
            name: None if is_blank(leg.get(name)) else parse_moment(leg[name], zone)
            for name in ("started_at", "answered_at", "ended_at")
        }
        direction = parse_word(leg.get("direction"), LegDirection, {})
        numbers = [None if is_blank(leg.get(name)) else parse_party_number(leg[name])[0] for name in ("from", "to")]
    except ValueError as error:
        raise ValueError(f"leg {number}: {error}") from None
    if times["started_at"] is None:
        raise ValueError(f"expected started_at in leg {number}")
    facts = {name: leg[name] for name in FACTS if not is_blank(leg.get(name))}
    if any(not isinstance(fact, str) or len(fact) > 500 or "\x00" in fact for fact in facts.values()):
        raise ValueError(f"expected text of at most 500 characters in {', '.join(FACTS)} of leg {number}")
    return LegRow(
        seq, direction, numbers[0], numbers[1], times["started_at"], times["answered_at"], times["ended_at"], facts
    )  # fmt: skip
