"""Is this number in the set? Hundreds of millions of North American numbers in one immutable file, mapped into memory.

The ten digits of a number are read as one integer and cut into pages of 65,536. A page with many numbers is a bitset of 8 KB;
the numbers of all other pages stand sorted in one section, with a filter of hashes in front of it that spares most searches. A
table says for each page what it is, so that an answer is two reads without a division. Nothing but header and table is read at
opening, and processes share the memory. Every block carries a checksum that is compared before the block's first answer, so
that a damaged file is told and never read as "not in the set".
"""

from __future__ import annotations

import json
import mmap
import zlib
from bisect import bisect_left
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import ListDamaged

Numbers = NDArray[np.int64]
"""Ten digits each, as one integer: 2125550123."""

MAGIC = b"ESNUMS1\n"
PAGE_BITS = 16
PAGE_BYTES = (1 << PAGE_BITS) // 8
PAGES = (9_999_999_999 >> PAGE_BITS) + 1
EMPTY, SCATTERED, FIRST_FULL = 0, 1, 2
"""What the table says of a page: no number, its numbers stand in the sorted section, or (from 2) which bitset is its own."""

BLOCK_PAGES = 128
"""Pages under one checksum (1 MB): half a millisecond to check, and 330 checks for the national registry."""

PIECE = 1 << 15
"""Numbers looked up at a time: the arrays in between stay in the processor's second-level cache."""

HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: multiplicative hashing spreads neighbours (Knuth, TAOCP volume 3, section 6.4)."""


LEAST_FILTER_BITS = 12


class NumberSet:
    """A set of ten-digit numbers in a file; made by :class:`app.compliance.registry.number_set_file.NumberSetWriter`."""

    def __init__(self, path: Path) -> None:
        """Map the file.

        Raises
        ------
        ListDamaged
            If the file is missing, of the wrong length, or its header or table is not what was written.
        """
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise damage(path, f"it cannot be opened ({error})") from None
        header, self.header_crc = _read_header(path, self._map)
        self.count = int(header["count"])
        self.area_counts = {int(area): int(count) for area, count in header["areas"].items()}
        self._block_crcs: list[int] = header["block_crcs"]
        self._sorted_crc = int(header["sorted_crc"])
        self._filter_bits = int(header["filter_bits"])
        self._lay_out(header)
        self._unchecked = np.ones(len(self._block_crcs), dtype=np.bool_)
        self._is_sorted_checked = not self._sorted.size
        if zlib.crc32(self._table.data) != header["table_crc"]:
            raise damage(path, "its table is not what was written")

    def _lay_out(self, header: dict[str, Any]) -> None:
        full_pages, scattered = int(header["full_pages"]), int(header["scattered"])
        table_at = int(header["table_at"])
        self._pages_at = padded(table_at + 4 * PAGES)
        self._sorted_at = self._pages_at + full_pages * PAGE_BYTES
        filter_at = self._sorted_at + 8 * scattered
        end = filter_at + (1 << self._filter_bits) // 8 if scattered else filter_at
        if len(self._map) != end:
            raise damage(self.path, f"it has {len(self._map):,} bytes, {end:,} were written")
        self._table = np.frombuffer(self._map, dtype="<i4", count=PAGES, offset=table_at)
        self._table_view = self._table.data
        self._octets = np.frombuffer(self._map, dtype=np.uint8, offset=self._pages_at)
        self._sorted = np.frombuffer(self._map, dtype="<i8", count=scattered, offset=self._sorted_at)
        self._sorted_view = self._sorted.data
        self._filter = np.frombuffer(self._map, dtype=np.uint8, offset=filter_at)

    def __contains__(self, number: int) -> bool:
        if not 0 <= number <= 9_999_999_999:
            return False
        page = self._table_view[number >> PAGE_BITS]
        if page == EMPTY:
            return False
        if page == SCATTERED:
            self._check_sorted()
            at = bisect_left(self._sorted_view, number)
            return at < len(self._sorted_view) and self._sorted_view[at] == number
        full = page - FIRST_FULL
        if self._unchecked[full // BLOCK_PAGES]:
            self._check_block(full // BLOCK_PAGES)
        octet = self._map[self._pages_at + full * PAGE_BYTES + ((number & 0xFFFF) >> 3)]
        return bool(octet >> (number & 7) & 1)

    def contains(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Return which numbers are in the set.

        Parameters
        ----------
        numbers
            int64 array of shape (n,), 0 to 9,999,999,999; what is no North American number (0, say) is in no set.

        Returns
        -------
        bool array of shape (n,).
        """
        if numbers.size and int(numbers.view(np.uint64).max()) > 9_999_999_999:
            raise ValueError("expected numbers of at most ten digits")
        found = np.empty(numbers.shape, dtype=np.bool_)
        for start in range(0, numbers.size, PIECE):
            found[start : start + PIECE] = self._contains_piece(numbers[start : start + PIECE])
        return found

    def numbers_of(self, area: int) -> Numbers:
        """Return the sorted numbers of an area code."""
        return self._numbers_between(area * 10_000_000, (area + 1) * 10_000_000)

    def check(self) -> None:
        """Compare every checksum. Raises ListDamaged."""
        for block in range(len(self._block_crcs)):
            self._check_block(block)
        self._is_sorted_checked = not self._sorted.size
        self._check_sorted()

    def _contains_piece(self, numbers: Numbers) -> NDArray[np.bool_]:
        page = self._table.take(numbers >> PAGE_BITS, mode="clip")
        is_scattered = page == SCATTERED
        found = np.zeros(numbers.shape, dtype=np.bool_)
        if self._block_crcs:
            is_full = page >= FIRST_FULL
            full = np.maximum(page, FIRST_FULL) - FIRST_FULL
            if self._unchecked.any():
                self._check_pages(full[is_full])
            at = full * np.int64(PAGE_BYTES)
            at += (numbers & 0xFFFF) >> 3
            octets = self._octets.take(at, mode="clip")
            octets >>= (numbers & 7).astype(np.uint8)
            octets &= is_full
            found = octets.view(np.bool_)
        if self._sorted.size:
            self._check_sorted()
            self._search(numbers, is_scattered, found)
        return found

    def _search(self, numbers: Numbers, is_asked: NDArray[np.bool_], found: NDArray[np.bool_]) -> None:
        """Write the answers for the numbers asked for, of those that may stand in the sorted section, into ``found``."""
        count = np.count_nonzero(is_asked)
        if not count:
            return
        if count * 2 > numbers.size:  # sieving all of them is quicker than picking
            passed = np.flatnonzero(pass_filter(self._filter, numbers, self._filter_bits) & is_asked)
        else:
            picked = np.flatnonzero(is_asked)
            passed = picked[np.flatnonzero(pass_filter(self._filter, numbers[picked], self._filter_bits))]
        asked = numbers[passed]
        place = np.minimum(np.searchsorted(self._sorted, asked), self._sorted.size - 1)
        found[passed] = self._sorted[place] == asked

    def _numbers_between(self, first: int, end: int) -> Numbers:
        parts = []
        pages = self._table[first >> PAGE_BITS : ((end - 1) >> PAGE_BITS) + 1]
        for at in np.flatnonzero(pages >= FIRST_FULL).tolist():
            full = int(pages[at]) - FIRST_FULL
            if self._unchecked[full // BLOCK_PAGES]:
                self._check_block(full // BLOCK_PAGES)
            bits = np.unpackbits(self._octets[full * PAGE_BYTES : (full + 1) * PAGE_BYTES], bitorder="little")
            parts.append(np.flatnonzero(bits) + (((first >> PAGE_BITS) + at) << PAGE_BITS))
        self._check_sorted()
        low, high = np.searchsorted(self._sorted, (first, end))
        parts.append(np.asarray(self._sorted[low:high], dtype=np.int64))
        numbers = np.sort(np.concatenate(parts))
        return np.asarray(numbers[(numbers >= first) & (numbers < end)])

    def _check_pages(self, full: NDArray[np.int32]) -> None:
        touched = np.zeros_like(self._unchecked)
        touched[full // BLOCK_PAGES] = True
        for block in np.flatnonzero(touched & self._unchecked).tolist():
            self._check_block(block)

    def _check_block(self, block: int) -> None:
        start = block * BLOCK_PAGES * PAGE_BYTES
        end = min(start + BLOCK_PAGES * PAGE_BYTES, self._sorted_at - self._pages_at)
        if zlib.crc32(self._octets[start:end].data) != self._block_crcs[block]:
            raise damage(self.path, f"its block {block + 1} of {len(self._block_crcs)} is not what was written")
        self._unchecked[block] = False

    def _check_sorted(self) -> None:
        if not self._is_sorted_checked:
            if zlib.crc32(self._octets[self._sorted_at - self._pages_at :].data) != self._sorted_crc:
                raise damage(self.path, "its sorted numbers are not what was written")
            self._is_sorted_checked = True


def make_filter(numbers: Numbers) -> NDArray[np.uint8]:
    """Return a filter of at least 16 bits for each number, a power of two of them: about 6 in 100 strangers pass it."""
    flags = np.zeros(1 << count_filter_bits(numbers.size), dtype=np.bool_)
    flags[_find_slots(numbers, count_filter_bits(numbers.size)).astype(np.int64)] = True
    return np.packbits(flags, bitorder="little")


def count_filter_bits(count: int) -> int:
    """Return the binary logarithm of the size of a filter for so many numbers."""
    return max(LEAST_FILTER_BITS, (16 * max(count, 1) - 1).bit_length())


def pass_filter(sieve: NDArray[np.uint8], numbers: Numbers, bits: int) -> NDArray[np.uint8]:
    """Return which numbers may be among those that a filter of ``2**bits`` bits was made of (1) and which are not (0)."""
    slots = _find_slots(numbers, bits)
    octets = sieve.take((slots >> np.uint64(3)).view(np.int64), mode="clip")
    octets >>= (slots & np.uint64(7)).astype(np.uint8)
    octets &= 1
    return octets


def _find_slots(numbers: Numbers, bits: int) -> NDArray[np.uint64]:
    return np.asarray((numbers.astype(np.uint64) * HASH_FACTOR) >> np.uint64(64 - bits), dtype=np.uint64)


def padded(size: int) -> int:
    """Return the size rounded up to whole 4,096 bytes."""
    return -(-size // 4096) * 4096


def damage(path: Path, what: str) -> ListDamaged:
    """Return the error that says which version cannot be trusted and what to do."""
    return ListDamaged(
        f"list version {path.parent.name}: the file {path.name} is damaged: {what}. Nothing is answered from it. "
        "Put the file back from a backup, or withdraw the version and load the list again",
        file=str(path),
    )


def _read_header(path: Path, data: mmap.mmap) -> tuple[dict[str, Any], int]:
    length, crc = (int(value) for value in np.frombuffer(data[8:16].ljust(8, b"\0"), dtype="<u4"))
    text = data[16 : 16 + length]
    if data[:8] != MAGIC or len(text) != length or zlib.crc32(text) != crc:
        raise damage(path, "its header is not what was written")
    return json.loads(text) | {"table_at": padded(16 + length)}, crc
