"""Who asked not to be called, and when? Logs of entries that carry dates of their own: internal requests, reassigned answers.

A log is never replaced by a newer one: its versions add up, and the newest entry about a number before a moment decides. Files
are small (25 bytes an entry), so the whole file is compared with its hash when it is opened.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.number_set import Numbers, damage, make_filter, pass_filter

ENTRY = np.dtype([("number", "<i8"), ("at", "<i8"), ("since", "<i8"), ("code", "u1")])
"""Number, when asked or queried and the date asked about (microseconds since 1970), and what was said."""

WITHDRAWN, ASKED = 0, 1
ANSWER_NO, ANSWER_YES, ANSWER_NO_DATA = 0, 1, 2
ANSWERS = {"no": ANSWER_NO, "yes": ANSWER_YES, "no_data": ANSWER_NO_DATA}
Entries = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest entry about each number up to a moment, sorted by number."""

    entries: Entries
    log_at: NDArray[np.int16]
    """Which log each entry is of."""

    sieve: NDArray[np.uint8]
    """A filter of hashes that spares most searches; see ``number_set``."""

    def find(self, numbers: Numbers) -> NDArray[np.int64]:
        """Return where each number stands among the entries, -1 where nothing is known of it."""
        found = np.full(numbers.shape, -1, dtype=np.int64)
        if not self.entries.size:
            return found
        bits = int(self.sieve.size * 8).bit_length() - 1
        passed = np.flatnonzero(pass_filter(self.sieve, numbers, bits))
        asked = numbers[passed]
        place = np.minimum(np.searchsorted(self.entries["number"], asked), self.entries.size - 1)
        found[passed] = np.where(self.entries["number"][place] == asked, place, -1)
        return found


def newest_until(logs: Sequence[Entries], at_micros: int) -> Newest:
    """Return the newest entry about each number that is no later than a moment; of equals the one loaded last."""
    joined = np.concatenate(list(logs)) if logs else np.zeros(0, dtype=ENTRY)
    log_at = np.repeat(np.arange(len(logs), dtype=np.int16), [log.size for log in logs])
    is_known = joined["at"] <= at_micros
    known, log_at = joined[is_known], log_at[is_known]
    order = np.lexsort((np.arange(known.size), known["at"], known["number"]))
    ordered = known[order]
    is_last = np.append(ordered["number"][1:] != ordered["number"][:-1], True) if ordered.size else np.zeros(0, dtype=np.bool_)
    kept = ordered[is_last]
    return Newest(kept, log_at[order][is_last], make_filter(kept["number"]))


def find_newest_entry(entries: Entries, number: int, at_micros: int) -> Any | None:
    """Return the newest entry of a file about one number that is no later than a moment, or None."""
    first, last = np.searchsorted(entries["number"], (number, number + 1))
    known = int(np.searchsorted(entries["at"][first:last], at_micros, side="right"))
    return entries[first + known - 1] if known else None


def write_entries(path: Path, entries: Entries) -> None:
    """Write and sync the entries, sorted by number and moment. Raises OSError."""
    ordered = entries[np.lexsort((entries["at"], entries["number"]))]
    with path.open("wb") as file:
        np.save(file, ordered, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def open_entries(path: Path, sha256: str) -> Entries:
    """Read the entries. Raises ListDamaged when the file is not what was written."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise damage(path, f"it cannot be opened ({error})") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise damage(path, f"its {len(content):,} bytes do not have the hash that was written")
    entries: Entries = np.load(io.BytesIO(content), allow_pickle=False)
    return entries
