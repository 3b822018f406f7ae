"""What does a list file hold? Tells by its content which shape it has, and reads it in pieces; what does not fit is refused.

The shapes are those of the FTC's downloads: full lists and change lists, as flat text or tagged XML (FTC, Telemarketer Access
Information, August 2003), and tables with named columns for lists kept elsewhere. The columns of the FTC's change list are not
published; a row is taken for one when it has an area code, seven digits, A or D, and a moment, in any order after the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.moments import to_micros
from app.compliance.registry.number_set import Numbers
from app.compliance.registry.parse import parse_block, parse_one
from app.compliance.registry.unpack import Member, read_text_blocks
from app.errors import InvalidInput
from app.intake.values import parse_moment

SAMPLE_LINES = 200
_FLAT = re.compile(rb'\s*"?(?:\+?1[-. ]?)?\(?[0-9]{3}\)?"?[-., ]{0,2}"?[0-9]{3}[-. ]?[0-9]{4}"?\s*')
_CHANGE = re.compile(
    rb'\s*"?([2-9][0-9]{2})"?[,|\t]?"?([2-9][0-9]{6})"?[,|\t]'
    rb'"?(?:([AaDd])"?[,|\t]"?([^,|\t"]+)|([^,|\t"]+)"?[,|\t]"?([AaDd]))"?[,|\t]?\s*'
)
Actions = NDArray[np.uint8]
ADD, DELETE = 1, 0


class Shape(StrEnum):
    """How a file is written."""

    FLAT = "flat"
    CHANGE = "change"
    XML = "xml"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Garbage:
    """A row that is none: where it stands, what is wrong, and its text cut to 80 characters."""

    file: str
    line: int
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.reason}: {self.text}"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file, in order: numbers, and in change lists actions (1 added, 0 deleted) and moments in microseconds;
    ``byte_count`` is how much of the file they took, as far as it is known, for progress."""

    numbers: Numbers
    row_count: int
    garbage: tuple[Garbage, ...] = ()
    actions: Actions | None = None
    moments: NDArray[np.int64] | None = None
    byte_count: int = 0


def sniff(member: Member) -> Shape:
    """Return the shape of a text. Raises InvalidInput when it has none that a list of numbers has."""
    with member.open() as file:
        block = next(read_text_blocks(file, member.name), b"")
    head = block[: 1 << 16].lstrip()
    if head.startswith(b"<"):
        if re.match(rb"<!doctype html|<html", head, re.IGNORECASE):
            raise _misfit(member, "a web page; the download probably failed, get it again while signed in")
        return Shape.XML
    if b"\0" in head or head.startswith((b"%PDF", b"PK", b"\x1f\x8b")):
        raise _misfit(member, "a binary file, or an archive inside the archive")
    lines = [line for line in head.split(b"\n")[:SAMPLE_LINES] if line.strip()]
    if not lines:
        raise _misfit(member, "nothing but blank lines")
    flat = sum(bool(_FLAT.fullmatch(line)) for line in lines)
    change = sum(bool(_CHANGE.fullmatch(line)) for line in lines)
    if flat and change and min(flat, change) > 0.02 * len(lines):
        raise _misfit(member, f"a mixture: of its first lines {flat} are of a full list and {change} of a change list")
    if max(flat, change) * 2 >= len(lines):
        return Shape.FLAT if flat >= change else Shape.CHANGE
    if any(parse_one(cell) for line in lines for cell in re.split("[,;\t|]", line.decode("utf-8", "replace"))):
        return Shape.TABLE
    raise _misfit(member, f"lines such as {lines[0].decode('utf-8', 'replace').strip()[:60]!r}")


def read_flat(member: Member) -> Iterator[Piece]:
    """Yield the numbers of a full list, one a line."""
    line = 1
    with member.open() as file:
        for block in read_text_blocks(file, member.name):
            parsed = parse_block(block)
            odd = [(line + at, text) for at, text in parsed.odd]
            if line == 1 and odd and odd[0][0] == 1 and not re.search("[0-9]", odd[0][1]):
                odd = odd[1:]  # the name of the column
            garbage = tuple(Garbage(member.name, at, "it is no telephone number", text[:80]) for at, text in odd)
            yield Piece(parsed.numbers, parsed.numbers.size + len(garbage), garbage, byte_count=len(block))
            line += parsed.line_count


def read_changes(member: Member) -> Iterator[Piece]:
    """Yield the rows of a change list in flat text."""
    line = 0
    with member.open() as file:
        for block in read_text_blocks(file, member.name):
            rows: list[tuple[int, int, int]] = []
            garbage = []
            for text in block.split(b"\n"):
                line += 1
                if not text.strip():
                    continue
                row, problem = _read_change(text)
                if row:
                    rows.append(row)
                elif line > 1 or re.search(rb"[0-9]", text):
                    garbage.append(Garbage(member.name, line, problem, text.decode("utf-8", "replace").strip()[:80]))
            line -= block.endswith(b"\n")  # what follows the last line end is no line
            table = np.array(rows, dtype=np.int64).reshape(-1, 3)
            actions = table[:, 1].astype(np.uint8)
            yield Piece(table[:, 0], len(rows) + len(garbage), tuple(garbage), actions, table[:, 2], byte_count=len(block))


@lru_cache(maxsize=65536)
def read_micros(text: str) -> int | None:
    """Return the microseconds since 1970 of a moment as lists write it (without offset it is UTC), or None."""
    try:
        return to_micros(parse_moment(text, UTC))
    except ValueError:
        pass
    for pattern in ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d"):
        try:
            return to_micros(datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC))
        except ValueError:
            continue
    return None


def read_action(text: str) -> int | None:
    """Return whether a cell says added (1) or deleted (0), or None."""
    word = text.strip().casefold()
    if word in {"a", "add", "added", "+"}:
        return ADD
    return DELETE if word in {"d", "delete", "deleted", "remove", "removed", "-"} else None


def _read_change(text: bytes) -> tuple[tuple[int, int, int] | None, str]:
    match = _CHANGE.fullmatch(text)
    if not match:
        return None, "expected area code, number, A or D, and a moment"
    area, local, action_first, moment_last, moment_first, action_last = match.groups()
    moment = read_micros((moment_last or moment_first).decode("ascii", "replace").strip())
    if moment is None:
        return None, "its moment cannot be read"
    action = ADD if (action_first or action_last).upper() == b"A" else DELETE
    return (int(area + local), action, moment), ""


def _misfit(member: Member, got: str) -> InvalidInput:
    details: dict[str, Any] = {"file": member.name}
    return InvalidInput(
        f"{member.name}: expected a list of numbers (one a line as AAA,NNNNNNN or ten digits, the FTC's XML, a change list "
        f"with A or D and a date, or a table with a column of numbers), got {got}",
        **details,
    )
