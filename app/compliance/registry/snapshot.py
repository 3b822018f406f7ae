"""What do the lists say of these numbers, as of a moment? All lists in force then, opened once, asked for millions of numbers.

Three answers and no fourth: listed, not listed, unknown. Unknown is the answer of a list that is not loaded, does not cover the
area code, or is too old to clear a number; being on an old list still counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.compliance.place.nanp import find_area_code
from app.compliance.place.zones import get_zone
from app.compliance.registry.entries import ANSWER_NO_DATA, ANSWER_YES, ASKED, Newest, newest_until
from app.compliance.registry.moments import to_micros
from app.compliance.registry.number_set import Numbers
from app.compliance.registry.store import ListStore
from app.compliance.registry.versions import (
    LONGEST_AGE_DAYS,
    ListName,
    ListVersion,
    age_days,
    find_in_force,
    group_by_list,
)
from app.vocabulary import ListAnswer, ListKind

NOT_LISTED, LISTED, UNKNOWN = 0, 1, 2
WORDS = (ListAnswer.NOT_LISTED, ListAnswer.LISTED, ListAnswer.UNKNOWN)
Codes = NDArray[np.uint8]
MANY_OF = 4  # from a quarter of the numbers on, a version is asked for all of them; measured

OWN_LIST_STATES = frozenset(("CO", "FL", "IN", "LA", "MA", "MO", "OK", "PA", "TN", "TX", "WY"))
"""States that keep a do-not-call list of their own (two trade tables agree, 2025); each needs a subscription of its own."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one list says: a code for each number, and which of the list's versions said it (-1: none)."""

    codes: Codes
    which: NDArray[np.int16]
    detail: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class ListSnapshot:
    """One list (of one source) as of a moment."""

    name: ListName
    source: str
    versions: tuple[ListVersion, ...]
    ages: NDArray[np.int32]
    table: NDArray[np.int16]
    newest: Newest | None
    store: ListStore

    @property
    def title(self) -> str:
        """The list's name, with the source where it has one."""
        return f"{self.name} ({self.source})" if self.source else str(self.name)

    def answer(self, numbers: Numbers) -> Answers:
        """Return what the list says of each number; 0 stands for no number and is unknown. Raises ListDamaged."""
        return self.answer_within(numbers, numbers // 10_000_000)

    def answer_within(self, numbers: Numbers, area: Numbers) -> Answers:
        """Return the same where the area codes are known already."""
        if self.newest is not None:
            return self._answer_from_log(numbers)
        which = self.table.take(area, mode="clip")
        codes = np.full(numbers.shape, UNKNOWN, dtype=np.uint8)
        for at, version in enumerate(self.versions):
            own = which == at
            count = np.count_nonzero(own)
            if count * MANY_OF > numbers.size:  # asking for all of them is quicker than picking
                np.copyto(codes, self.store.open_set(version).contains(numbers).view(np.uint8), where=own)
            elif count:
                codes[own] = self.store.open_set(version).contains(numbers[own])
        limit = LONGEST_AGE_DAYS.get(self.name.kind)
        if limit is not None and bool((self.ages > limit).any()):
            codes[(codes == NOT_LISTED) & (self.ages.take(area, mode="clip") > limit)] = UNKNOWN
        return Answers(codes, which)

    def _answer_from_log(self, numbers: Numbers) -> Answers:
        assert self.newest is not None
        place = self.newest.find(numbers)
        is_asked = self.name.kind is ListKind.REASSIGNED  # a number that the database was never asked about is unknown
        codes = np.full(numbers.shape, UNKNOWN if is_asked else NOT_LISTED, dtype=np.uint8)
        which = np.full(numbers.shape, len(self.versions) - 1, dtype=np.int16)
        known = np.flatnonzero(place >= 0)
        said = self.newest.entries["code"][place[known]]
        if is_asked:
            codes[known] = np.where(said == ANSWER_YES, LISTED, np.where(said == ANSWER_NO_DATA, UNKNOWN, NOT_LISTED))
        else:
            codes[known] = said == ASKED
        codes[numbers == 0] = UNKNOWN
        which[known] = self.newest.log_at[place[known]]
        return Answers(codes, which, place)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All lists as of a moment."""

    at: datetime
    lists: tuple[ListSnapshot, ...]

    def find(self, kind: ListKind) -> tuple[ListSnapshot, ...]:
        """Return the lists of a kind."""
        return tuple(each for each in self.lists if each.name.kind is kind)

    @property
    def missing_states(self) -> frozenset[str]:
        """States that keep a list of their own, none of which was in force."""
        return OWN_LIST_STATES - {each.name.state for each in self.lists}


def take_snapshot(store: ListStore, at: datetime, versions: Sequence[ListVersion] | None = None) -> Snapshot:
    """Return the lists in force at a moment; files are opened when they are first asked."""
    lists = []
    for name, of_list in group_by_list(store.versions() if versions is None else versions).items():
        for source in sorted({version.source for version in of_list} if name.kind is ListKind.LITIGATOR else {""}):
            own = [v for v in of_list if v.source == source or name.kind is not ListKind.LITIGATOR]
            found = _snapshot_log(store, name, own, at) if name.is_log else _snapshot_set(store, name, source, own, at)
            if found is not None:
                lists.append(found)
    return Snapshot(at, tuple(lists))


@cache
def zones_of(area: int) -> tuple[tzinfo, ...]:
    """Return every zone in which somebody with the area code may live; UTC where none is known."""
    code = find_area_code(str(area))
    return tuple(get_zone(name) for name in code.zones) if code and code.zones else (UTC,)


def count_age(version: ListVersion, area: int, at: datetime) -> int:
    """Return the age in days of a version for an area code, in the zone that counts most."""
    return max(age_days(version.obtained_at, at, zone) for zone in zones_of(area))


@cache
def state_of(area: int) -> str:
    """Return the state that an area code was given to; empty for toll-free and foreign ones."""
    code = find_area_code(str(area))
    return (code.region or "") if code and code.is_geographic else ""


def _snapshot_log(store: ListStore, name: ListName, own: list[ListVersion], at: datetime) -> ListSnapshot | None:
    # Entries speak from their own date on, whenever the file that holds them was obtained.
    kept = [v for v in own if v.withdrawn_at is None or at < v.withdrawn_at]
    if not kept:
        return None
    ordered = tuple(sorted(kept, key=lambda v: (v.obtained_at, v.loaded_at)))
    newest = newest_until([store.open_log(version) for version in ordered], to_micros(at))
    return ListSnapshot(name, "", ordered, np.zeros(1000, dtype=np.int32), np.zeros(1000, dtype=np.int16), newest, store)


def _snapshot_set(store: ListStore, name: ListName, source: str, own: list[ListVersion], at: datetime) -> ListSnapshot | None:
    in_force = find_in_force(own, at)
    if not in_force:
        return None
    versions = tuple({version.id: version for version in in_force.values()}.values())
    places = {version.id: place for place, version in enumerate(versions)}
    table = np.full(1000, -1, dtype=np.int16)
    ages = np.zeros(1000, dtype=np.int32)
    whole = in_force.get(None)
    for area in range(1000):
        version = in_force.get(area, whole) if area >= 200 else None
        if version is not None:
            table[area] = places[version.id]
            ages[area] = count_age(version, area, at)
    return ListSnapshot(name, source, versions, ages, table, None, store)
