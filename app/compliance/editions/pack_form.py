"""What does a pack look like as fields that people fill in, and which pack do filled-in fields stand for?

Both ways lose nothing: a pack written out and read back is the same pack. Whether it fits is for
:func:`app.language.packs.parse_packs`; here only what cannot be read at all is refused, by field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.compliance.editions.notation import read_pack_phrases, read_words, write_pack_phrases
from app.errors import InvalidInput

FIELDS = (
    *("id", "rule", "kind", "speaker", "severity", "phrases", "negators", "negated_inside", "statement", "needs_name"),
    *("needs_digits_s", "window_from_s", "window_to_s", "note"),
)
PACK_ID = re.compile(r"PH-[A-Z0-9]+(?:-[A-Z0-9]+)*")
LONGEST_ID = 60
LONGEST_NOTE = 2_000


def write_pack(pack: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a pack as text."""
    window = pack.get("window_s") or ("", "")
    return {
        "id": str(pack.get("id", "")),
        "rule": str(pack.get("rule", "")),
        "kind": str(pack.get("kind", "")),
        "speaker": str(pack.get("speaker", "")),
        "severity": str(pack.get("severity", "")),
        "phrases": write_pack_phrases(pack),
        "negators": ", ".join(pack.get("negators") or ()),
        "negated_inside": ", ".join(pack.get("negated_inside") or ()),
        "statement": "1" if pack.get("statement") else "",
        "needs_name": "1" if pack.get("needs_name") else "",
        "needs_digits_s": _write_number(pack.get("needs_digits_s")),
        "window_from_s": _write_number(window[0]),
        "window_to_s": _write_number(window[1]),
        "note": str(pack.get("note", "")),
    }


def read_pack(typed: Mapping[str, str], pack_id: str) -> dict[str, Any]:
    """Return the pack that fields stand for, fields left empty left out.

    Raises
    ------
    InvalidInput
        If a field cannot be read; the details name it.
    """
    written = read_pack_phrases(typed.get("phrases", ""))
    note = typed.get("note", "").strip().replace("\r\n", "\n")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"note: expected at most {LONGEST_NOTE:,} letters, got {len(note):,}", field="note")
    pack: dict[str, Any] = {name: typed.get(name, "").strip() for name in ("rule", "kind", "speaker", "severity")}
    if not pack["rule"]:
        raise InvalidInput("rule: expected the id of the rule that the phrases speak for", field="rule")
    optional: dict[str, Any] = {
        "note": note,
        "negators": read_words(typed.get("negators", "")),
        "negated_inside": read_words(typed.get("negated_inside", "")),
        "statement": bool(typed.get("statement")),
        "needs_name": bool(typed.get("needs_name")),
        "needs_digits_s": _read_number(typed, "needs_digits_s"),
        "window_s": _read_window(typed),
        "groups": written.groups,
        "group_until_2026_09_30": written.until,
        "phrases": written.phrases,
    }
    return {"id": pack_id, **pack, **{name: value for name, value in optional.items() if value}}


def read_pack_id(typed: Mapping[str, str], known: frozenset[str]) -> str:
    """Return the id of a new pack. Raises InvalidInput when it is not one, or is taken."""
    pack_id = typed.get("id", "").strip().upper()
    if not PACK_ID.fullmatch(pack_id) or len(pack_id) > LONGEST_ID:
        raise InvalidInput(
            f"id: expected PH- and capital letters, digits and hyphens, such as PH-OWN-RAFFLE, at most {LONGEST_ID} letters",
            field="id",
        )
    if pack_id in known:
        raise InvalidInput(f"id: there is a pack {pack_id} already; change that one, or choose another id", field="id")
    return pack_id


def _read_window(typed: Mapping[str, str]) -> list[float] | None:
    start, end = _read_number(typed, "window_from_s"), _read_number(typed, "window_to_s")
    if start is None and end is None:
        return None
    if end is None:
        raise InvalidInput("window: expected until when, in seconds, or neither", field="window_to_s")
    return [start or 0, end]


def _read_number(typed: Mapping[str, str], name: str) -> float | None:
    text = typed.get(name, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{1,5}(?:\.\d{1,3})?", text):
        raise InvalidInput(
            f"{name.removesuffix('_s').replace('_', ' ')}: expected seconds, such as 30, got {text[:40]!r}", field=name
        )
    return float(text) if "." in text else int(text)


def _write_number(value: Any) -> str:
    return "" if value is None or value == "" else f"{value:g}"
