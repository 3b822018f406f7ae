"""How does a set of numbers become a file? Collects numbers in any order, then writes them once."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.number_set import (
    BLOCK_PAGES,
    FIRST_FULL,
    MAGIC,
    PAGE_BITS,
    PAGE_BYTES,
    PAGES,
    SCATTERED,
    Numbers,
    count_filter_bits,
    make_filter,
    padded,
)

GROUP_BITS = 23
"""Numbers are collected in groups of 8,388,608 (1 MB of bits, 128 pages)."""

FULL_FROM = PAGE_BYTES // 8
"""Numbers in a page from which its bitset (8 KB) is smaller than the numbers themselves (8 bytes each)."""

MANY = 50_000
"""Numbers of a group from which setting them in an array of booleans beats joining the bits of each byte; measured."""

AREA = 10_000_000


@dataclass(slots=True)
class _Group:
    """What is collected of one group: loose arrays while they are few, then bits."""

    loose: list[Numbers] = field(default_factory=list)
    loose_count: int = 0
    bits: NDArray[np.uint8] | None = None


class NumberSetWriter:
    """Collects numbers and writes the file that :class:`app.compliance.registry.number_set.NumberSet` opens."""

    def __init__(self) -> None:
        self._groups: dict[int, _Group] = {}

    def add(self, numbers: Numbers) -> None:
        """Take numbers in, in any order, doubles allowed; int64 array of shape (n,), 0 to 9,999,999,999."""
        for key, ordered in _split_by_group(numbers):
            group = self._groups.setdefault(key, _Group())
            if group.bits is None:
                group.loose.append(ordered)
                group.loose_count += ordered.size
                if group.loose_count > MANY:
                    group.bits = _make_bits(np.concatenate(group.loose))
                    group.loose = []
            elif ordered.size > MANY:
                group.bits |= _make_bits(ordered)
            else:
                _set_bits(group.bits, ordered)

    def remove(self, numbers: Numbers) -> None:
        """Take numbers out again; those that are not there change nothing."""
        for key, ordered in _split_by_group(numbers):
            group = self._groups.get(key)
            if group is None:
                continue
            if group.bits is None:
                group.loose = [np.setdiff1d(np.concatenate(group.loose), ordered)] if group.loose else []
                group.loose_count = sum(loose.size for loose in group.loose)
            else:
                group.bits &= ~_make_bits(ordered)

    def write(self, path: Path) -> dict[int, int]:
        """Write and sync the file; return how many different numbers each area code has.

        Raises
        ------
        OSError
            If the disk refuses; the caller removes what is left.
        """
        table = np.zeros(PAGES, dtype="<i4")
        pages: list[NDArray[np.uint8]] = []
        scattered: list[Numbers] = []
        areas: dict[int, int] = {}
        full = 0
        for key in sorted(self._groups):
            group = self._groups[key]
            settled = _settle_loose(group) if group.bits is None else _settle_bits(group.bits, key)
            table[settled.few] = SCATTERED
            table[settled.full] = FIRST_FULL + full + np.arange(settled.full.size)
            full += settled.full.size
            if settled.full.size:
                pages.append(settled.bits)
            scattered.append(settled.scattered)
            for area, count in settled.areas.items():
                areas[area] = areas.get(area, 0) + count
        ordered = np.concatenate(scattered).astype("<i8") if scattered else np.zeros(0, dtype="<i8")
        filter_bits = count_filter_bits(ordered.size)
        tail = ordered.tobytes() + (make_filter(ordered).tobytes() if ordered.size else b"")
        header = {
            "count": sum(areas.values()),
            "areas": areas,
            "full_pages": full,
            "scattered": int(ordered.size),
            "filter_bits": filter_bits,
            "table_crc": zlib.crc32(table.data),
            "block_crcs": [zlib.crc32(block.data) for block in _blocks(pages)],
            "sorted_crc": zlib.crc32(tail),
        }
        text = json.dumps(header, separators=(",", ":")).encode()
        head = MAGIC + np.array([len(text), zlib.crc32(text)], dtype="<u4").tobytes() + text
        head = head.ljust(padded(len(head)), b"\0") + table.tobytes()
        with path.open("wb") as file:
            file.write(head.ljust(padded(len(head)), b"\0"))
            for part in pages:
                file.write(part.data)
            file.write(tail)
            file.flush()
            os.fsync(file.fileno())
        return areas


def _split_by_group(numbers: Numbers) -> list[tuple[int, Numbers]]:
    """Return the numbers sorted, one array per group."""
    if not numbers.size:
        return []
    ordered = numbers if bool((numbers[1:] >= numbers[:-1]).all()) else np.sort(numbers)
    keys = np.arange(int(ordered[0]) >> GROUP_BITS, (int(ordered[-1]) >> GROUP_BITS) + 1)
    borders = np.searchsorted(ordered, keys[1:] << GROUP_BITS)
    parts = zip(keys.tolist(), np.split(ordered, borders), strict=True)
    return [(key, part) for key, part in parts if part.size]


def _make_bits(numbers: Numbers) -> NDArray[np.uint8]:
    flags = np.zeros(1 << GROUP_BITS, dtype=np.bool_)
    flags[numbers & ((1 << GROUP_BITS) - 1)] = True
    return np.packbits(flags, bitorder="little")


def _set_bits(bits: NDArray[np.uint8], ordered: Numbers) -> None:
    """Set the bits of sorted numbers of one group."""
    octets = (ordered & ((1 << GROUP_BITS) - 1)) >> 3
    masks = np.left_shift(1, ordered & 7).astype(np.uint8)
    starts = np.flatnonzero(np.diff(octets, prepend=-1))
    bits[octets[starts]] |= np.bitwise_or.reduceat(masks, starts)


@dataclass(frozen=True, slots=True)
class _Settled:
    """A group as it goes into the file: its full pages with their bits, its other pages, and the numbers of those."""

    full: Numbers
    bits: NDArray[np.uint8]
    few: Numbers
    scattered: Numbers
    areas: dict[int, int]


def _settle_loose(group: _Group) -> _Settled:
    numbers = np.unique(np.concatenate(group.loose)) if group.loose else np.zeros(0, dtype=np.int64)
    pages, counts = np.unique(numbers >> PAGE_BITS, return_counts=True)
    full = pages[counts > FULL_FROM]
    areas, area_counts = np.unique(numbers // AREA, return_counts=True)
    is_full = np.isin(numbers >> PAGE_BITS, full)
    bits = np.zeros((full.size, PAGE_BYTES), dtype=np.uint8)
    if full.size:
        first = int(full[0]) >> (GROUP_BITS - PAGE_BITS) << (GROUP_BITS - PAGE_BITS)
        bits = _make_bits(numbers[is_full]).reshape(-1, PAGE_BYTES)[full - first]
    counted = dict(zip(areas.tolist(), area_counts.tolist(), strict=True))
    return _Settled(full, bits, pages[counts <= FULL_FROM], numbers[~is_full], counted)


def _settle_bits(bits: NDArray[np.uint8], key: int) -> _Settled:
    by_page = bits.reshape(-1, PAGE_BYTES)
    counts = np.bitwise_count(by_page).sum(axis=1, dtype=np.int64)
    first = key << (GROUP_BITS - PAGE_BITS)
    is_full = counts > FULL_FROM
    few = np.flatnonzero((counts > 0) & ~is_full)
    flags = np.unpackbits(by_page[few], axis=1, bitorder="little")
    row, offset = np.nonzero(flags)
    full = np.flatnonzero(is_full)
    areas: dict[int, int] = {}
    _count_areas(bits, key << GROUP_BITS, areas)
    kept = by_page if full.size == len(by_page) else by_page[full]
    return _Settled(first + full, kept, first + few, ((first + few[row]) << PAGE_BITS) + offset, areas)


def _count_areas(bits: NDArray[np.uint8], first: int, areas: dict[int, int]) -> None:
    """Add the numbers of one group to the counts of its area codes; 10,000,000 is a multiple of 8, so borders fall on bytes."""
    end = first + (1 << GROUP_BITS)
    for area in range(first // AREA, (end - 1) // AREA + 1):
        low, high = max(first, area * AREA) - first, min(end, (area + 1) * AREA) - first
        count = int(np.bitwise_count(bits[low >> 3 : high >> 3]).sum(dtype=np.int64))
        if count:
            areas[area] = areas.get(area, 0) + count


def _blocks(pages: list[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """Yield the pages in blocks of one checksum each."""
    waiting: list[NDArray[np.uint8]] = []
    count = 0
    for part in pages:
        waiting.append(part)
        count += len(part)
        if count >= BLOCK_PAGES:
            joined = np.concatenate(waiting)
            whole = count // BLOCK_PAGES * BLOCK_PAGES
            for start in range(0, whole, BLOCK_PAGES):
                yield joined[start : start + BLOCK_PAGES].ravel()
            waiting, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(waiting).ravel()
