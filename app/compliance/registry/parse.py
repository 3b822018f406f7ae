"""Which numbers do these writings mean? Millions a second: whole blocks of text at once, the odd lines by themselves.

A North American number is ten digits whose first and fourth are 2 to 9 (ATIS-0300051 section 4), with or without the country
code and the usual punctuation, as :func:`app.phone.parse_nanp` reads it one by one; the two agree (tested). Whether a number is
in service is not told here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.number_set import Numbers
from app.phone import parse_nanp

_PUNCTUATION = b" \t()[]-./"
_QUOTES = b"\"'"
_COMMA, _NEWLINE, _ONE, _PLUS = b",\n1+"


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """The numbers of a block of lines, in order, and the lines that are none: index within the block, and text."""

    numbers: Numbers
    odd: tuple[tuple[int, str], ...]
    line_count: int


def parse_block(block: bytes) -> ParsedBlock:
    """Read lines of one number each: ten digits, ``AAA,NNNNNNN`` as the FTC writes them, or any usual writing.

    Parameters
    ----------
    block
        Whole lines of UTF-8 text; blank ones are passed over.
    """
    if not block:
        return ParsedBlock(np.zeros(0, dtype=np.int64), (), 0)
    if not block.endswith(b"\n"):
        block += b"\n"
    fast = _parse_fixed(block)
    if fast is not None:
        return ParsedBlock(fast, (), fast.size)
    numbers = _parse_lines(block.translate(None, _PUNCTUATION + _QUOTES + b"\r"), takes_comma=True)
    odd = np.flatnonzero(numbers == 0)
    lines = block.split(b"\n") if odd.size else []
    texts = ((at, lines[at].decode("utf-8", "replace").strip()) for at in odd.tolist())
    return ParsedBlock(numbers[numbers > 0], tuple((at, text) for at, text in texts if text), numbers.size)


def parse_many(texts: Sequence[str]) -> Numbers:
    """Return the number that each text means, 0 where it means none; int64 array of shape (n,)."""
    if not texts:
        return np.zeros(0, dtype=np.int64)
    # A line end inside a text would shift all that follow; no number has one.
    joined = "\n".join(texts)
    if joined.count("\n") != len(texts) - 1:
        joined = "\n".join(text.replace("\n", "x") for text in texts)
    numbers = _parse_lines(joined.encode("utf-8", "replace").translate(None, _PUNCTUATION) + b"\n", takes_comma=False)
    for at in np.flatnonzero(numbers == 0).tolist():
        # Typographic spaces and hyphens are two or three bytes long, which the translation of bytes does not know.
        if not texts[at].isascii():
            found = parse_nanp(texts[at])
            numbers[at] = int(found[2:]) if found else 0
    return numbers


def parse_column(column: bytes) -> Numbers:
    """Return the number that each line of a text in ASCII means, 0 where it means none; the text ends with a line end."""
    return _parse_lines(column.translate(None, _PUNCTUATION), takes_comma=False)


def parse_one(text: str) -> int:
    """Return the number that a text means, 0 where it means none."""
    found = parse_nanp(text)
    return int(found[2:]) if found else 0


def to_e164(number: int) -> str:
    """Return ``+12125550123`` for 2125550123."""
    return f"+1{number}"


def is_shaped(numbers: Numbers) -> NDArray[np.bool_]:
    """Return which ten-digit values are shaped like North American numbers."""
    return np.asarray((numbers >= 2_000_000_000) & (numbers <= 9_999_999_999) & (numbers % 10_000_000 >= 2_000_000))


def _parse_fixed(block: bytes) -> Numbers | None:
    """Read a block whose lines are all of one width, ten digits with or without comma; None when it is not like that."""
    width = block.index(b"\n") + 1
    octets = np.frombuffer(block, dtype=np.uint8)
    has_return = width > 1 and block[width - 2] == 13
    text_width = width - 1 - has_return
    if text_width not in (10, 11) or len(block) % width:
        return None
    rows = octets.reshape(-1, width)
    has_comma = text_width == 11
    ends_well = (rows[:, -1] == _NEWLINE).all() and (not has_return or bool((rows[:, -2] == 13).all()))
    if not ends_well or (has_comma and not (rows[:, 3] == _COMMA).all()):
        return None
    columns = [rows[:, at] for at in range(text_width) if not (has_comma and at == 3)]
    numbers, is_good = _join_digits(columns)
    return numbers if bool(is_good.all()) else None


def _parse_lines(cleaned: bytes, *, takes_comma: bool) -> Numbers:
    """Return one number for each line of a text without punctuation, 0 for lines that are none."""
    octets = np.frombuffer(cleaned, dtype=np.uint8)
    ends = np.flatnonzero(octets == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    numbers = np.zeros(starts.size, dtype=np.int64)
    first, second = octets[starts], octets[np.minimum(starts + 1, octets.size - 1)]
    fourth = octets[np.minimum(starts + 3, octets.size - 1)]
    has_comma = takes_comma & (lengths == 11) & (fourth == _COMMA)
    for rows, skipped, comma in (
        (lengths == 10, 0, False),
        ((lengths == 11) & (first == _ONE) & ~has_comma, 1, False),
        ((lengths == 12) & (first == _PLUS) & (second == _ONE), 2, False),
        (has_comma, 0, True),
    ):
        at = np.flatnonzero(rows)
        if at.size:
            begin = starts[at] + skipped
            read, is_good = _join_digits([octets[begin + k + (comma and k > 2)] for k in range(10)])
            numbers[at] = np.where(is_good, read, 0)
    return numbers


def _join_digits(columns: Sequence[NDArray[np.uint8]]) -> tuple[Numbers, NDArray[np.bool_]]:
    """Join ten columns of characters to numbers; tell which rows are digits shaped like a number."""
    numbers = np.zeros(columns[0].shape, dtype=np.int64)
    is_good = (columns[0] >= 50) & (columns[3] >= 50)
    for column in columns:
        digit = column - np.uint8(48)
        is_good &= digit <= 9
        numbers *= 10
        numbers += digit
    return numbers, is_good
