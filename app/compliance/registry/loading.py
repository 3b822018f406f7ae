"""How do files become a version of a list? Reads all of them, or refuses all of them with the reason.

A few rows that are no numbers are left out and listed; more than a stated share, and the file is refused, because then it is
something else than it was taken for. A change list is held against the versions it changes (see ``changes``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.compliance.registry.changes import Changes, apply_changes
from app.compliance.registry.entries import ASKED, ENTRY, Entries, write_entries
from app.compliance.registry.entry_source import read_entries
from app.compliance.registry.list_reading import read_pieces
from app.compliance.registry.moments import NO_MOMENT, to_micros
from app.compliance.registry.number_set import NumberSet
from app.compliance.registry.number_set_file import NumberSetWriter
from app.compliance.registry.sources import Garbage, Piece, Shape, sniff
from app.compliance.registry.store import ENTRIES, GARBAGE, NUMBERS, ListStore, hash_file, write_garbage
from app.compliance.registry.unpack import Member, list_members
from app.compliance.registry.versions import ListName, ListVersion, SourceFile, name_version
from app.errors import InvalidInput
from app.vocabulary import ListKind

MOST_GARBAGE_SHARE = 0.02
SHOWN_GARBAGE = 20
_READING = 0.9  # of the work of a load, as progress is told
EARLIEST_YEAR = 1991  # the TCPA is of that year; nothing can have been asked for under it before
OnProgress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What is to be loaded, and what the one who loads it says of it."""

    list_name: ListName
    obtained_at: datetime
    paths: tuple[Path, ...]
    loaded_by: str
    san: str | None = None
    area_codes: tuple[int, ...] | None = None
    source: str = ""
    source_version: str | None = None
    most_garbage: float = MOST_GARBAGE_SHARE
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What has been read so far."""

    files: list[SourceFile] = field(default_factory=list)
    garbage: list[Garbage] = field(default_factory=list)


def load_version(
    store: ListStore,
    request: LoadRequest,
    now: datetime,
    on_progress: OnProgress = lambda what, share: None,
) -> tuple[ListVersion, bool]:
    """Load the files as one version; return it, and whether it is new (the same files again change nothing).

    Raises
    ------
    InvalidInput
        Naming the file and what does not fit; nothing is kept.
    StorageFull
    """
    check_request(request, now)
    if not request.paths:
        raise InvalidInput("expected at least one file")
    with store.loading(lambda: on_progress("waiting for another load", 0.0)) as draft:
        hashes = [_hash_source(path) for path in request.paths]
        areas = [str(area) for area in request.area_codes or ()]
        version_id = name_version(request.list_name, request.obtained_at, request.source, sorted(hashes) + areas)
        known = store.versions()
        for version in known:
            if version.id == version_id and version.withdrawn_at is None:
                return version, False
            if version.id == version_id:
                raise InvalidInput(f"these files are list version {version_id}, which was withdrawn: {version.withdrawn_why}")
        read = _read_log if request.list_name.is_log else _read_numbers
        version = read(
            store, request, known, draft, on_progress, version_id, now, dict(zip(request.paths, hashes, strict=True))
        )
        store.put_in_place(draft, version)
    return version, True


def check_request(request: LoadRequest, now: datetime) -> None:
    """Raise InvalidInput when what is said of a list cannot be, before any file of it is read."""
    if request.obtained_at > now + timedelta(days=1):
        raise InvalidInput(f"obtained at {request.obtained_at:%Y-%m-%d %H:%M} UTC: expected a moment that is not in the future")
    if request.obtained_at.year < EARLIEST_YEAR:
        raise InvalidInput(f"obtained at {request.obtained_at:%Y-%m-%d}: expected a moment after {EARLIEST_YEAR}")


def _hash_source(path: Path) -> str:
    list_members(path)  # says what is wrong with a file that cannot be opened
    return hash_file(path)


def _read_log(
    store: ListStore,
    request: LoadRequest,
    known: Sequence[ListVersion],
    draft: Path,
    on_progress: OnProgress,
    version_id: str,
    now: datetime,
    hashes: dict[Path, str],
) -> ListVersion:
    tally = _Tally()
    parts: list[Entries] = []
    for member in _members(request):
        rows = 0
        garbage: list[Garbage] = []
        shape = sniff(member)
        for entries, row_count, odd in _read_entry_pieces(member, shape, request):
            on_progress(f"reading {member.name}, {rows:,} rows", 0.0)
            parts.append(entries)
            rows += row_count
            garbage += odd
        _close_file(tally, member, shape, rows, garbage, hashes, request)
    entries = np.concatenate(parts)
    late = entries["at"] > to_micros(now + timedelta(days=1))
    if late.any():
        raise InvalidInput(
            f"{int(late.sum())} entries are dated in the future, such as that of the number ending in "
            f"{int(entries['number'][late][0]) % 10_000:04d}; expected the moment of the request"
        )
    write_entries(draft / ENTRIES, entries)
    numbers = np.unique(entries["number"])
    areas, counts = np.unique(numbers // 10_000_000, return_counts=True)
    return _make_version(
        request, tally, draft, version_id, now, data_file=ENTRIES, crc=0, count=int(numbers.size),
        area_counts=dict(zip(areas.tolist(), counts.tolist(), strict=True)), area_codes=None,
    )  # fmt: skip


def _read_entry_pieces(
    member: Member, shape: Shape, request: LoadRequest
) -> Iterator[tuple[Entries, int, tuple[Garbage, ...]]]:
    if shape is Shape.TABLE or request.list_name.kind is ListKind.REASSIGNED:
        for table in read_entries(member, str(request.list_name.kind), request.obtained_at):
            yield table.entries, table.row_count, table.garbage
        return
    obtained = to_micros(request.obtained_at)
    for piece in read_pieces(member, shape):
        entries = np.zeros(piece.numbers.size, dtype=ENTRY)
        entries["number"], entries["since"] = piece.numbers, NO_MOMENT
        entries["at"] = obtained if piece.moments is None else np.where(piece.moments == NO_MOMENT, obtained, piece.moments)
        entries["code"] = ASKED if piece.actions is None else piece.actions
        yield entries, piece.row_count, piece.garbage


def _read_numbers(
    store: ListStore,
    request: LoadRequest,
    known: Sequence[ListVersion],
    draft: Path,
    on_progress: OnProgress,
    version_id: str,
    now: datetime,
    hashes: dict[Path, str],
) -> ListVersion:
    tally = _Tally()
    writer = NumberSetWriter()
    seen = np.zeros(1000, dtype=np.bool_)
    changes: list[Piece] = []
    is_change: bool | None = None
    members = list(_members(request))
    total = sum(member.byte_count for member in members) or 1
    done = 0
    for member in members:
        shape = sniff(member)
        if shape is Shape.TABLE and request.list_name.kind is ListKind.NATIONAL:
            raise InvalidInput(
                f"{member.name}: expected the national registry as the FTC gives it (one number a line as AAA,NNNNNNN or ten "
                "digits, XML, or a change list), got a table with further columns"
            )
        rows = read = 0
        garbage: list[Garbage] = []
        for piece in read_pieces(member, shape):
            read += piece.byte_count
            on_progress(f"reading {member.name}", min(done + read, done + member.byte_count) / total * _READING)
            rows += piece.row_count
            garbage += piece.garbage
            if len(garbage) > 100_000:
                break
            if piece.numbers.size:
                says_change = piece.actions is not None
                if is_change not in (None, says_change):
                    raise InvalidInput(f"{member.name}: full lists and change lists cannot be loaded as one version")
                is_change = says_change
                _check_areas(member, piece, request, seen)
                if says_change:
                    changes.append(piece)
                else:
                    writer.add(piece.numbers)
        done += member.byte_count
        _close_file(tally, member, shape, rows, garbage, hashes, request)
    on_progress("writing the version", _READING)
    applied = Changes()
    area_codes: tuple[int, ...] | None = tuple(np.flatnonzero(seen).tolist())
    if request.area_codes:
        area_codes = request.area_codes
    elif request.list_name.kind is ListKind.LITIGATOR:
        area_codes = None
    if is_change:
        applied = apply_changes(
            store, request.list_name, request.source, request.obtained_at, known, changes, area_codes, writer
        )
    area_counts = writer.write(draft / NUMBERS)
    opened = NumberSet(draft / NUMBERS)
    if not is_change and not opened.count:
        raise InvalidInput(f"{request.paths[0].name}: expected a list of numbers, it holds none")
    return _make_version(
        request, tally, draft, version_id, now, data_file=NUMBERS, crc=opened.header_crc, count=opened.count,
        area_counts=area_counts, area_codes=area_codes, applied=applied, is_change=bool(is_change),
    )  # fmt: skip


def _members(request: LoadRequest) -> Iterator[Member]:
    for path in request.paths:
        yield from list_members(path)


def _check_areas(member: Member, piece: Piece, request: LoadRequest, seen: NDArray[np.bool_]) -> None:
    here = np.zeros(1000, dtype=np.bool_)
    here[piece.numbers // 10_000_000] = True
    seen |= here
    strange = [area for area in np.flatnonzero(here).tolist() if request.area_codes and area not in request.area_codes]
    if strange:
        count = int(np.isin(piece.numbers // 10_000_000, strange).sum())
        raise InvalidInput(
            f"{member.name}: mixed area codes: expected only {', '.join(map(str, request.area_codes or ()))} as stated, got "
            f"{count:,} numbers of {', '.join(map(str, strange[:10]))}; check the file, or state all its codes"
        )


def _close_file(
    tally: _Tally,
    member: Member,
    shape: Shape,
    rows: int,
    garbage: list[Garbage],
    hashes: dict[Path, str],
    request: LoadRequest,
) -> None:
    if len(garbage) > request.most_garbage * rows:
        listed = "\n  ".join(f"line {row.line}: {row.reason}: {row.text}" for row in garbage[:5])
        raise InvalidInput(
            f"{member.name}: {len(garbage):,} of {rows:,} rows ({len(garbage) / rows:.1%}) are no entries of the list, and at "
            f"most {request.most_garbage:.1%} are left out; nothing was loaded. The first:\n  {listed}",
            file=member.name,
            garbage_count=len(garbage),
        )
    if not rows:
        raise InvalidInput(f"{member.name}: expected a list of numbers, it holds none", file=member.name)
    tally.garbage += garbage
    tally.files.append(SourceFile(member.name, hashes[member.path], member.byte_count, str(shape), rows, len(garbage)))


def _make_version(
    request: LoadRequest,
    tally: _Tally,
    draft: Path,
    version_id: str,
    now: datetime,
    *,
    data_file: str,
    crc: int,
    count: int,
    area_counts: dict[int, int],
    area_codes: tuple[int, ...] | None,
    applied: Changes | None = None,
    is_change: bool = False,
) -> ListVersion:
    applied = applied or Changes()
    if tally.garbage:
        write_garbage(draft / GARBAGE, tally.garbage)
    return ListVersion(
        id=version_id,
        list_name=request.list_name,
        obtained_at=request.obtained_at,
        loaded_at=now,
        loaded_by=request.loaded_by,
        san=request.san,
        source=request.source,
        source_version=request.source_version,
        area_codes=area_codes,
        is_change=is_change,
        bases=applied.bases,
        files=tuple(tally.files),
        count=count,
        area_counts=area_counts,
        added=applied.added,
        deleted=applied.deleted,
        disagreements=applied.disagreements,
        data_file=data_file,
        data_bytes=(draft / data_file).stat().st_size,
        data_sha256=hash_file(draft / data_file),
        data_crc=crc,
        tool=f"earshot {__version__}",
        notes=request.notes,
        garbage=tuple(str(row) for row in tally.garbage[:SHOWN_GARBAGE]),
    )
