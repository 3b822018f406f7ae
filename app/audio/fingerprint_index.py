"""Which recordings may hold the same audio as this one? Landmarks of many recordings, laid out for answers in milliseconds.

A segment is one immutable file: for each of 2^19 landmarks the recordings that hold it and where, six bytes each, found by a
table of offsets and mapped into memory, so that all processes of a machine share one copy. Segments only propose recordings
and offsets; :mod:`app.audio.likeness` decides. Who makes and merges segments is :mod:`app.audio.fingerprint_store`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.audio.fingerprint import KEPT_BITS, PRINT_VERSION, Landmarks

LANDMARKS = 1 << KEPT_BITS
MOST_POSTINGS = 200_000
"""Read for one query, from the rarest landmarks up: bounds the time of an answer whatever the index holds. Up to some
40,000 recordings of a minute nothing is left out."""

FEWEST_VOTES = 3
"""Landmarks that must agree on one offset before two prints are compared."""

MOST_CANDIDATES = 24
_MAGIC = b"EARSHOTP"
_HEADER = struct.Struct("<8sIIQII")
_CHUNK = 1 << 13


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recording that may hold the same audio, ``offset_frames`` later than the asked one; ``votes`` landmarks say so."""

    print_no: int
    offset_frames: int
    votes: int


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Postings of recordings by landmark, in memory or mapped from a file.

    ``print_nos`` (uint32) names the recordings, rising; ``starts`` (uint32, 2^19 + 1 long) is where each landmark's postings
    begin in ``owners`` (uint32, places in ``print_nos``) and ``frames`` (uint16).
    """

    print_nos: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    owners: NDArray[np.uint32]
    frames: NDArray[np.uint16]

    @classmethod
    def build(cls, prints: Iterable[tuple[int, Landmarks]]) -> Self:
        """Lay out the landmarks of numbered recordings."""
        items = sorted(prints, key=lambda item: item[0])
        sizes = np.array([marks.hashes.size for _, marks in items], dtype=np.int64)
        hashes = np.concatenate([np.zeros(0, np.uint32), *(marks.hashes for _, marks in items)])
        frames = np.concatenate([np.zeros(0, np.uint16), *(marks.frames for _, marks in items)])
        order = np.argsort(hashes, kind="stable")
        counts = np.bincount(hashes, minlength=LANDMARKS)
        return cls(
            np.array([no for no, _ in items], dtype=np.uint32),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32),
            np.repeat(np.arange(len(items), dtype=np.uint32), sizes)[order],
            frames[order],
        )

    @property
    def byte_count(self) -> int:
        """Size of the segment."""
        return int(self.print_nos.nbytes + self.starts.nbytes + self.owners.nbytes + self.frames.nbytes)


def find_candidates(segments: Sequence[Segment], asked: Landmarks) -> tuple[Candidate, ...]:
    """Return the recordings whose landmarks agree with the asked ones on an offset, most votes first."""
    wanted, places = _rarest(segments, asked)
    found: list[Candidate] = []
    for segment in segments:
        found += _find_in_segment(segment, wanted, places)
    return tuple(sorted(found, key=lambda c: (-c.votes, c.print_no))[:MOST_CANDIDATES])


def write_segment(path: Path, segment: Segment, *, first_id: str, last_id: str) -> None:
    """Write a segment whole or not at all; ``first_id`` and ``last_id`` name the rows of its first and last recording."""
    names = f"{first_id} {last_id}".encode()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as out:
        out.write(_HEADER.pack(_MAGIC, PRINT_VERSION, segment.print_nos.size, segment.owners.size, len(names), LANDMARKS))
        out.write(names)
        out.write(b"\0" * (-out.tell() % 8))
        for part in (segment.starts, segment.print_nos, segment.owners, segment.frames):
            for first in range(0, part.size, 1 << 22):
                out.write(np.ascontiguousarray(part[first : first + (1 << 22)]).data)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)


def open_segment(path: Path) -> tuple[Segment, str, str]:
    """Map a segment's file and return it with the names of its first and last row.

    Raises
    ------
    ValueError
        If the file is not a whole segment of this version.
    FileNotFoundError
        If it is gone, as after a merge by another process.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            raise ValueError(f"{path.name}: expected a segment of fingerprints, got {size} bytes")
        magic, version, recordings, postings, names_size, landmarks = _HEADER.unpack(head)
        if (magic, version, landmarks) != (_MAGIC, PRINT_VERSION, LANDMARKS):
            raise ValueError(f"{path.name}: expected a segment of fingerprints of version {PRINT_VERSION}, got another file")
        names = file.read(names_size).decode()
    at = _HEADER.size + names_size
    at += -at % 8
    whole = at + 4 * (LANDMARKS + 1 + recordings + postings) + 2 * postings
    if size != whole:
        raise ValueError(f"{path.name}: expected {whole} bytes, got {size}; delete the file, it is built again")
    if postings == 0:
        raise ValueError(f"{path.name}: expected postings, got none")
    starts = np.memmap(path, np.uint32, "r", at, (LANDMARKS + 1,))
    at += starts.nbytes
    print_nos = np.memmap(path, np.uint32, "r", at, (recordings,))
    at += print_nos.nbytes
    owners = np.memmap(path, np.uint32, "r", at, (postings,))
    at += owners.nbytes
    frames = np.memmap(path, np.uint16, "r", at, (postings,))
    first_id, last_id = names.split(" ")
    return Segment(print_nos, starts, owners, frames), first_id, last_id


def merge_segments(segments: Sequence[Segment]) -> Segment:
    """Return one segment with the postings of all; their recordings must follow one another."""
    bases = np.cumsum([0, *(segment.print_nos.size for segment in segments)])
    counts = [np.diff(segment.starts).astype(np.int64) for segment in segments]
    starts = np.concatenate([[0], np.cumsum(np.sum(counts, axis=0))])
    owners = np.empty(int(starts[-1]), np.uint32)
    frames = np.empty(int(starts[-1]), np.uint16)
    for first in range(0, LANDMARKS, _CHUNK):
        last = min(first + _CHUNK, LANDMARKS)
        free = starts[first:last].copy()
        for segment, base, count in zip(segments, bases, counts, strict=False):
            here = count[first:last]
            old, taken = int(segment.starts[first]), int(here.sum())
            to = np.repeat(free - np.concatenate([[0], np.cumsum(here)[:-1]]), here) + np.arange(taken)
            owners[to] = segment.owners[old : old + taken] + np.uint32(base)
            frames[to] = segment.frames[old : old + taken]
            free += here
    print_nos = np.concatenate([segment.print_nos for segment in segments])
    return Segment(print_nos, starts.astype(np.uint32), owners, frames)


def _rarest(segments: Sequence[Segment], asked: Landmarks) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the asked landmarks with their frames, the rarest up to the most postings that may be read."""
    count = np.zeros(asked.hashes.size, dtype=np.int64)
    for segment in segments:
        count += segment.starts[asked.hashes + 1].astype(np.int64) - segment.starts[asked.hashes]
    order = np.argsort(count, kind="stable")
    order = order[np.searchsorted(count[order], 1) :]
    order = order[: max(1, int(np.searchsorted(np.cumsum(count[order]), MOST_POSTINGS, side="right")))]
    # By landmark, so that the file is read in one direction.
    order = order[np.argsort(asked.hashes[order], kind="stable")]
    return asked.hashes[order], asked.frames[order].astype(np.int64)


def _find_in_segment(segment: Segment, wanted: NDArray[np.uint32], places: NDArray[np.int64]) -> list[Candidate]:
    start = segment.starts[wanted].astype(np.int64)
    count = segment.starts[wanted + 1].astype(np.int64) - start
    total = int(count.sum())
    if total < FEWEST_VOTES:
        return []
    at = np.repeat(start - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(total)
    owners = segment.owners[at].astype(np.int64)
    is_likely = np.bincount(owners, minlength=segment.print_nos.size)[owners] >= FEWEST_VOTES
    offsets = segment.frames[at[is_likely]].astype(np.int64) - np.repeat(places, count)[is_likely]
    return _count_votes(owners[is_likely], offsets, segment.print_nos)


def _count_votes(owners: NDArray[np.int64], offsets: NDArray[np.int64], print_nos: NDArray[np.uint32]) -> list[Candidate]:
    """Return the best offset of each recording; an offset and the two beside it are one, because peaks move by a frame."""
    keys, votes = np.unique((owners << 18) + (offsets + (1 << 16)), return_counts=True)
    total = votes.copy()
    for step in (-1, 1):
        beside = np.searchsorted(keys, keys + step)
        is_there = (beside < keys.size) & (keys[np.minimum(beside, keys.size - 1)] == keys + step) if keys.size else keys > 0
        total[is_there] += votes[beside[is_there]]
    best: dict[int, Candidate] = {}
    for place in np.flatnonzero(total >= FEWEST_VOTES):
        owner = int(keys[place] >> 18)
        candidate = Candidate(int(print_nos[owner]), int(keys[place] & ((1 << 18) - 1)) - (1 << 16), int(total[place]))
        if owner not in best or candidate.votes > best[owner].votes:
            best[owner] = candidate
    return list(best.values())
