"""How is one value written? The text of a cell, the same in CSV, in the hashes and in the PDF; pure.

A text that a spreadsheet would take for a formula gets an apostrophe before it: what a caller or a publisher typed must not run
on an officer's machine. Plain numbers, telephone numbers among them, stay as they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from app.money import MINOR_DIGITS, Money

if TYPE_CHECKING:  # whoever checks a bundle needs neither the database nor the contract
    from app.reports.exports.contract import Cell

LONGEST_CELL = 32_000
"""Characters; a sheet's cell holds 32,767. Longer text is cut and says so, in every format alike."""
CUT = " … (cut)"

_CONTROL = {code: " " for code in (*range(32), 127) if code not in (9, 10)}
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def write_cell(value: Cell) -> str:
    """Return a value as text: moments in UTC as ISO 8601, amounts with a point, flags as yes and no, nothing for unknown."""
    if value is None:
        return ""
    return next(write(value) for kind, write in _WRITERS if isinstance(value, kind))


def write_moment(at: datetime) -> str:
    """Return a moment as ``2026-11-23T13:00:00Z``. Raises ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"expected a moment with its zone, got {at!r}")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def write_money(amount: Money) -> str:
    """Return an amount as ``12.50``; another currency than US dollars is named: ``12.50 EUR``."""
    sign = "-" if amount.amount_minor < 0 else ""
    whole, cents = divmod(abs(amount.amount_minor), 10**MINOR_DIGITS)
    text = f"{sign}{whole}.{cents:0{MINOR_DIGITS}d}"
    return text if amount.currency == "USD" else f"{text} {amount.currency}"


def write_number(value: float) -> str:
    """Return a number with at most six decimals, without zeros at its end. Raises ValueError for what is no number."""
    if not math.isfinite(value):
        raise ValueError(f"expected a number, got {value!r}; what is not known is None")
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def write_text(text: str) -> str:
    """Return a text without control characters, cut to :data:`LONGEST_CELL`, that no spreadsheet takes for a formula."""
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL)
    tidy = tidy.encode("utf-8", "replace").decode()
    if len(tidy) > LONGEST_CELL:
        tidy = tidy[: LONGEST_CELL - len(CUT)] + CUT
    starts_formula = tidy.lstrip()[:1] in _FORMULA and tidy.strip() != ""
    is_risky = (starts_formula and not _PLAIN_NUMBER.fullmatch(tidy)) or tidy[:1] == "\t"
    return f"'{tidy}" if is_risky else tidy


# In this order: a flag is an int and a moment a date to Python.
_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "yes" if value else "no"),
    (str, write_text),
    (int, str),
    (float, write_number),
    (datetime, write_moment),
    (date, date.isoformat),
    (Money, write_money),
)
