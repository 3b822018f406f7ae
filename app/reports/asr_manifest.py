"""Which recordings of a manifest can recognition be measured on, and which are left out for what reason?

A manifest is a CSV file, one recording a row, the recordings beside it. References of recogniser origin ("silver") are left
out: a rate against another machine's guess says nothing. What is left out is counted, so that no figure hides it.
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import InvalidInput

REQUIRED = ("file", "reference_transcript")
GROUPING = ("class", "subclass", "variant")
OPTIONAL = (*GROUPING, "speakers", "language", "reference_quality")
# What a reference may be to be trusted; a manifest without the column is trusted as a whole.
TRUSTED = ("", "human", "script", "mixed")


@dataclass(frozen=True, slots=True)
class Item:
    """One recording to be heard, with what was said on it."""

    path: Path
    reference: str
    group: str
    speaker: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The recordings to be heard, how many others are left out by reason, and the columns that nothing reads."""

    items: tuple[Item, ...]
    left_out: Mapping[str, int]
    unread_columns: tuple[str, ...] = ()


def load_manifest(path: Path, *, group: str | None = None, limit: int | None = None) -> Manifest:
    """Read a manifest; ``group`` keeps the rows whose class, subclass or variant holds the text, ``limit`` the first of them.

    Raises
    ------
    InvalidInput
        If it cannot be read, lacks a column, has a damaged row, or holds no recording with a trusted reference.
    """
    columns, rows = _read_rows(path)
    wanted = [row for row in rows if not group or group in _group_of(row)]
    if not wanted:
        found = ", ".join(sorted({_group_of(row) for row in rows})) or "no rows at all"
        raise InvalidInput(f"{path}: expected a recording whose class, subclass or variant holds {group!r}, found: {found}")
    reasons = [_reason_left_out(row) for row in wanted]
    left_out = Counter(reason for reason in reasons if reason)
    items = [_item(path.parent, row) for row, reason in zip(wanted, reasons, strict=True) if not reason]
    if not items:
        why = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise InvalidInput(
            f"{path}: expected an English recording with a reference transcript typed or read by people; left out: {why}"
        )
    return Manifest(
        items=tuple(items[:limit]),
        left_out=dict(sorted(left_out.items())),
        unread_columns=tuple(name for name in columns if name not in (*REQUIRED, *OPTIONAL)),
    )


def _read_rows(path: Path) -> tuple[Sequence[str], list[dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = list(reader.fieldnames or ())
            _check_columns(path, columns)
            return columns, [_check_row(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path}: expected a CSV manifest in UTF-8: {error}") from None


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise InvalidInput(f"{path}: expected the columns {', '.join(REQUIRED)}, missing: {', '.join(missing)}")
    twice = sorted(name for name, count in Counter(columns).items() if count > 1)
    if twice:
        raise InvalidInput(f"{path}: expected each column once, got more than one {', '.join(twice)}")


def _check_row(path: Path, line: int, row: dict[str, str]) -> dict[str, str]:
    # DictReader keeps surplus cells under the key None and fills missing ones with the value None.
    if None in row or None in row.values():
        raise InvalidInput(f"{path}, line {line}: expected as many cells as the header has; quote texts that hold commas")
    if not row["file"].strip():
        raise InvalidInput(f"{path}, line {line}: expected the name of a recording in column file, got nothing")
    return row


def _reason_left_out(row: Mapping[str, str]) -> str | None:
    if not row["reference_transcript"].strip():
        return "without reference"
    language, quality = row.get("language") or "en", row.get("reference_quality") or ""
    if not language.lower().startswith("en"):
        return f"in language {language}"
    return None if quality in TRUSTED else f"with {quality} reference"


def _group_of(row: Mapping[str, str]) -> str:
    return " / ".join(filter(None, (row.get(name) or "" for name in GROUPING)))


def _item(folder: Path, row: Mapping[str, str]) -> Item:
    return Item(folder / row["file"].strip(), row["reference_transcript"], _group_of(row), row.get("speakers") or "")
