"""Which version of a list was in force at a moment, and how old was it? Manifests as values; pure.

A version is what was obtained at one moment. It is in force from the moment it was obtained (the clock of the safe harbour, 47
CFR 64.1200(c)(2)(i)(D)) until a newer version covers the same area code; when Earshot was told is kept beside it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from app.errors import InvalidInput
from app.intake.values import STATES
from app.vocabulary import Freshness, ListKind

LONGEST_AGE_DAYS = {ListKind.NATIONAL: 31, ListKind.STATE: 92}
"""The national registry: no more than 31 days before the call (47 CFR 64.1200(c)(2)(i)(D), 16 CFR 310.4(b)(3)(iv)).
ASSUMPTION: a quarter for the lists of states, many of which come out quarterly; each state's own rule goes first."""

DUE_WITHIN_DAYS = 7
FORMAT = 1
ZonesOf = Callable[[int], Sequence[tzinfo]]


@dataclass(frozen=True, slots=True, order=True)
class ListName:
    """A list by kind and, for states, which one: ``national``, ``state:FL``, ``internal``, ``litigator``, ``reassigned``."""

    kind: ListKind
    state: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.state}" if self.state else str(self.kind)

    @property
    def is_log(self) -> bool:
        """Whether entries with dates of their own add up, rather than a newer version taking the place of an older one."""
        return self.kind in (ListKind.INTERNAL, ListKind.REASSIGNED)


def parse_list_name(text: str) -> ListName:
    """Read the name of a list. Raises InvalidInput."""
    kind, _, state = text.strip().partition(":")
    if kind == ListKind.STATE and state.upper() in STATES:
        return ListName(ListKind.STATE, state.upper())
    if kind in set(ListKind) - {ListKind.STATE} and not state:
        return ListName(ListKind(kind))
    raise InvalidInput(
        f"list {text!r}: expected national, state:XX with the two letters of a state, internal, litigator or reassigned"
    )


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a version was loaded from; ``shape`` is how its content was read."""

    name: str
    sha256: str
    byte_count: int
    shape: str
    row_count: int
    garbage_count: int


@dataclass(frozen=True, slots=True)
class ListVersion:
    """The manifest of one version; ``area_codes`` is None where the list speaks of every number."""

    id: str
    list_name: ListName
    obtained_at: datetime
    loaded_at: datetime
    loaded_by: str
    san: str | None
    source: str
    source_version: str | None
    area_codes: tuple[int, ...] | None
    is_change: bool
    bases: tuple[str, ...]
    files: tuple[SourceFile, ...]
    count: int
    area_counts: dict[int, int]
    added: int
    deleted: int
    disagreements: int
    data_file: str
    data_bytes: int
    data_sha256: str
    data_crc: int
    tool: str
    notes: tuple[str, ...] = ()
    withdrawn_at: datetime | None = None
    withdrawn_why: str | None = None
    garbage: tuple[str, ...] = field(default=(), compare=False)

    def covers(self, area: int) -> bool:
        """Tell whether the version speaks of an area code."""
        return self.area_codes is None or area in self.area_codes

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether the version had been obtained, and was not withdrawn, at a moment."""
        return self.obtained_at <= at and (self.withdrawn_at is None or at < self.withdrawn_at)


@dataclass(frozen=True, slots=True)
class AreaFreshness:
    """How old what is known of one area code is; ``days_left`` is negative when it is too old, None where no limit is known."""

    list_name: ListName
    area: int | None
    version: ListVersion
    age_days: int
    state: Freshness
    days_left: int | None


def age_days(obtained_at: datetime, at: datetime, zone: tzinfo = UTC) -> int:
    """Return the age in calendar days as the called party's calendar counts them (a day begins at local midnight)."""
    return (at.astimezone(zone).date() - obtained_at.astimezone(zone).date()).days


def judge_age(kind: ListKind, age: int) -> tuple[Freshness, int | None]:
    """Return whether a list of an age may still be used, and for how many days."""
    limit = LONGEST_AGE_DAYS.get(kind)
    if limit is None:
        return Freshness.FRESH, None
    left = limit - age
    return (Freshness.STALE if left < 0 else Freshness.DUE if left <= DUE_WITHIN_DAYS else Freshness.FRESH), left


def freshness(versions: Iterable[ListVersion], at: datetime, zones_of: ZonesOf = lambda _: (UTC,)) -> list[AreaFreshness]:
    """Return the age of every list at a moment, one entry for each area code that it covers (None: all of them).

    Parameters
    ----------
    zones_of
        The time zones whose calendars may count the days of an area code; the one that counts most decides.
    """
    found = []
    for name, kept in group_by_list(versions).items():
        if name.is_log:
            newest = max((version for version in kept if version.is_in_force(at)), key=_order, default=None)
            in_force: dict[int | None, ListVersion] = {} if newest is None else dict.fromkeys([None], newest)
        else:
            in_force = find_in_force(kept, at)
        for area, version in sorted(in_force.items(), key=lambda item: item[0] or 0):
            age = max(age_days(version.obtained_at, at, zone) for zone in (zones_of(area) if area else (UTC,)))
            found.append(AreaFreshness(name, area, version, age, *judge_age(name.kind, age)))
    return found


def find_in_force(versions: Sequence[ListVersion], at: datetime) -> dict[int | None, ListVersion]:
    """Return the version in force for each area code, of versions of one list; None stands for every area code."""
    chosen: dict[int | None, ListVersion] = {}
    for version in sorted(versions, key=_order):
        if version.is_in_force(at):
            if version.area_codes is None:
                chosen = {None: version}
            else:
                chosen |= dict.fromkeys(version.area_codes, version)
    return chosen


def find_newest(versions: Iterable[ListVersion], area: int, at: datetime) -> ListVersion | None:
    """Return the version in force for one area code, of versions of one list; quicker than :func:`find_in_force`."""
    return max((version for version in versions if version.is_in_force(at) and version.covers(area)), key=_order, default=None)


def group_by_list(versions: Iterable[ListVersion]) -> dict[ListName, list[ListVersion]]:
    """Return the versions of each list, oldest first."""
    groups: dict[ListName, list[ListVersion]] = {}
    for version in sorted(versions, key=_order):
        groups.setdefault(version.list_name, []).append(version)
    return dict(sorted(groups.items()))


def name_version(name: ListName, obtained_at: datetime, source: str, parts: Sequence[str]) -> str:
    """Return the id of a version: list and day to be read by people, and a hash of what it is made of."""
    digest = hashlib.sha256("\n".join([str(name), obtained_at.isoformat(), source, *parts]).encode()).hexdigest()
    return f"{str(name).replace(':', '-')}-{obtained_at:%Y%m%d}-{digest[:12]}"


def version_to_json(version: ListVersion) -> dict[str, Any]:
    """Return the manifest as written to disk, with the hash of its own content."""
    data = {
        **asdict(version),
        "format": FORMAT,
        "list_name": str(version.list_name),
        "obtained_at": version.obtained_at.isoformat(),
        "loaded_at": version.loaded_at.isoformat(),
        "area_counts": {str(area): count for area, count in version.area_counts.items()},
    }
    for name in ("withdrawn_at", "withdrawn_why"):
        data.pop(name)
    return data | {"manifest_sha256": _hash(data)}


def version_from_json(data: dict[str, Any]) -> ListVersion:
    """Read a manifest. Raises ValueError when it is not what was written."""
    given = dict(data)
    if given.pop("manifest_sha256", None) != _hash(given):
        raise ValueError("its hash does not fit its content")
    if given.pop("format") != FORMAT:
        raise ValueError(f"expected format {FORMAT}")
    given["list_name"] = parse_list_name(given["list_name"])
    given["obtained_at"] = datetime.fromisoformat(given["obtained_at"])
    given["loaded_at"] = datetime.fromisoformat(given["loaded_at"])
    given["files"] = tuple(SourceFile(**file) for file in given["files"])
    given["area_counts"] = {int(area): count for area, count in given["area_counts"].items()}
    for name in ("area_codes", "bases", "notes", "garbage"):
        given[name] = None if given[name] is None else tuple(given[name])
    return ListVersion(**given)


def parse_area_codes(text: str) -> tuple[int, ...]:
    """Read area codes such as ``212, 305``. Raises InvalidInput."""
    codes = [word for word in re.split(r"[\s,;]+", text) if word]
    wrong = [code for code in codes if not re.fullmatch(r"[2-9][0-9]{2}", code)]
    if wrong or not codes:
        raise InvalidInput(f"area codes {text!r}: expected three digits each, such as 212,305")
    return tuple(sorted({int(code) for code in codes}))


def _order(version: ListVersion) -> tuple[datetime, datetime, str]:
    return (version.obtained_at, version.loaded_at, version.id)


def _hash(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
