"""Does a change list fit the list it changes, and what comes of it? Held against the versions in force when it was obtained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from app.compliance.registry.moments import NO_MOMENT, to_moment
from app.compliance.registry.number_set import Numbers
from app.compliance.registry.number_set_file import NumberSetWriter
from app.compliance.registry.sources import ADD, Piece
from app.compliance.registry.store import ListStore
from app.compliance.registry.versions import ListName, ListVersion, find_in_force
from app.errors import InvalidInput

MOST_DISAGREEING = 0.001
"""Share of rows that may add what is there or delete what is not; above it the base is another than the list was made for."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change list did."""

    bases: tuple[str, ...] = ()
    added: int = 0
    deleted: int = 0
    disagreements: int = 0


def apply_changes(
    store: ListStore,
    name: ListName,
    source: str,
    obtained_at: datetime,
    known: Sequence[ListVersion],
    pieces: Sequence[Piece],
    area_codes: tuple[int, ...] | None,
    writer: NumberSetWriter,
) -> Changes:
    """Write the changed list into the writer: the area codes named, from the versions in force, with the changes made.

    Raises
    ------
    InvalidInput
        When there is no version to change, or it is not the one that the list was made for.
    """
    numbers = np.concatenate([piece.numbers for piece in pieces])
    actions = np.concatenate([piece.actions for piece in pieces if piece.actions is not None])
    moments = np.concatenate([piece.moments for piece in pieces if piece.moments is not None])
    bases = _find_bases(name, source, obtained_at, known, numbers, area_codes)
    _check_dates(bases, numbers, moments, obtained_at)
    ordered = np.lexsort((np.arange(numbers.size), moments, numbers))
    numbers, actions = numbers[ordered], actions[ordered]
    is_first = np.append(True, numbers[1:] != numbers[:-1])
    is_last = np.append(numbers[1:] != numbers[:-1], True)
    was_there = np.zeros(numbers.size, dtype=np.bool_)
    for area, base in bases.items():
        own = numbers // 10_000_000 == area
        was_there[own] = store.open_set(base).contains(numbers[own])
        writer.add(store.open_set(base).numbers_of(area))
    disagreements = int((was_there[is_first] == (actions[is_first] == ADD)).sum())
    if disagreements > MOST_DISAGREEING * numbers.size:
        raise InvalidInput(
            f"the change list does not apply to the list it would change "
            f"({', '.join(sorted({b.id for b in bases.values()}))}): "
            f"{disagreements:,} of {numbers.size:,} changes add numbers that are on it or delete numbers that are not, and at "
            f"most {MOST_DISAGREEING:.1%} may; a change list between was missed, or this one was applied before. "
            "Load a full list"
        )
    end, final, was = numbers[is_last], actions[is_last], was_there[is_last]
    writer.add(end[final == ADD])
    writer.remove(end[final != ADD])
    used = tuple(sorted({base.id for base in bases.values()}))
    return Changes(used, int(((final == ADD) & ~was).sum()), int(((final != ADD) & was).sum()), disagreements)


def _find_bases(
    name: ListName,
    source: str,
    obtained_at: datetime,
    known: Sequence[ListVersion],
    numbers: Numbers,
    area_codes: tuple[int, ...] | None,
) -> dict[int, ListVersion]:
    own = [v for v in known if v.list_name == name and v.source == source]
    in_force = find_in_force(own, obtained_at)
    if not in_force:
        later = any(v.obtained_at > obtained_at for v in own)
        raise InvalidInput(
            f"the change list does not apply: no full version of the list {name} "
            + (f"was obtained before {obtained_at:%Y-%m-%d %H:%M} UTC" if later else "is loaded; load a full list first")
        )
    areas = np.unique(numbers // 10_000_000).tolist() if area_codes is None else area_codes
    missing = [area for area in areas if area not in in_force and None not in in_force]
    if missing:
        raise InvalidInput(
            f"the change list does not apply: no version of the list {name} covers area code "
            f"{', '.join(map(str, missing[:10]))}; load a full list of it first"
        )
    whole = in_force.get(None)
    if area_codes is None and whole is not None:
        areas = sorted({*areas, *whole.area_counts})
    bases = {area: in_force[area] if area in in_force else in_force[None] for area in areas}
    for base in bases.values():
        if base.obtained_at >= obtained_at:
            raise InvalidInput(f"the change list does not apply: {base.id} was obtained at the same moment or later")
    return bases


def _check_dates(bases: dict[int, ListVersion], numbers: Numbers, moments: Numbers, obtained_at: datetime) -> None:
    dated = moments[moments != NO_MOMENT]
    if not dated.size:
        return
    newest = to_moment(int(dated.max()))
    oldest_base = min(base.obtained_at for base in bases.values())
    if newest > obtained_at + timedelta(days=1):
        raise InvalidInput(
            f"the change list holds changes of {newest:%Y-%m-%d}, after it was obtained ({obtained_at:%Y-%m-%d}); "
            "check --obtained-at"
        )
    if newest < oldest_base - timedelta(days=1):
        raise InvalidInput(
            f"the change list does not apply: its newest change is of {newest:%Y-%m-%d}, before the list it would change was "
            f"obtained ({oldest_base:%Y-%m-%d}); it belongs to an older version"
        )
