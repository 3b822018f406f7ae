"""Where are the landmarks of all recordings, and how does a process find them? Rows are the truth, files make them quick.

Each print is a row of the database. What the rows hold is laid out in segment files of the data folder, each covering a stretch
of print numbers; rows behind the last file are kept in memory by each process that asks (the write buffer). A full buffer is
sealed into a file, and eight files of a size are merged into one, under a lock that the processes of a machine share. The files
are derived: delete the folder and they are built again. Numbers are given in the order of commits (see
:class:`app.models.fingerprints.AudioPrintSeries`), so that what lies behind the last file is all that a process has not seen.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audio.fingerprint import PRINT_VERSION, Landmarks, decode_print, find_landmarks
from app.audio.fingerprint_index import (
    Candidate,
    Segment,
    find_candidates,
    merge_segments,
    open_segment,
    write_segment,
)
from app.models.fingerprints import AudioPrintRow, AudioPrintSeries

SEAL_AT = 1024
"""Prints in memory before they become a file: about half a second of work, 5 MB."""

MERGE_OF = 8
"""Files of one size that become one: a million recordings lie in at most 7 files of each of four sizes."""

_NAME = re.compile(r"(\d{10})-(\d{10})\.prints")
OpenSession = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True)
class _File:
    """A segment file: the print numbers it covers, and its postings mapped into memory."""

    path: Path
    first_no: int
    last_no: int
    segment: Segment

    @property
    def size_class(self) -> int:
        """0 for a sealed buffer, one more for each merging of eight."""
        return int(np.log(max(self.segment.print_nos.size / SEAL_AT, 1)) / np.log(MERGE_OF) + 1e-9)


class FingerprintStore:
    """The index of one machine; each process has its own, over the same folder."""

    def __init__(self, folder: Path) -> None:
        self._root = folder
        self._series = ""
        self._files: list[_File] = []
        self._buffer: Segment | None = None

    def find(self, session: Session, asked: Landmarks) -> tuple[Candidate, ...]:
        """Return the recordings that may hold the same audio, everything included that the session sees."""
        self.refresh(session)
        segments = [file.segment for file in self._files]
        return find_candidates([*segments, self._buffer] if self._buffer is not None else segments, asked)

    def refresh(self, session: Session, *, most: int | None = None) -> int:
        """See what other processes have sealed and recorded; return how many prints the buffer holds.

        ``most`` bounds how many prints the buffer is filled up to.
        """
        self._choose_series(session)
        self._open_files(session)
        sealed = self._files[-1].last_no if self._files else 0
        if self._buffer is not None and int(self._buffer.print_nos[0]) <= sealed:
            self._buffer = None
        last = int(self._buffer.print_nos[-1]) if self._buffer is not None else sealed
        held = int(self._buffer.print_nos.size) if self._buffer is not None else 0
        fresh = _load_prints(session, last, None if most is None else max(0, most - held))
        if fresh:
            built = Segment.build(fresh)
            self._buffer = built if self._buffer is None else merge_segments([self._buffer, built])
        return 0 if self._buffer is None else int(self._buffer.print_nos.size)

    def tend(self, open_session: OpenSession) -> None:
        """Seal full buffers and merge files; the processes of a machine take turns, one that finds the other at it goes on."""
        with open_session() as session:
            waiting = self.refresh(session, most=SEAL_AT)
            while waiting >= SEAL_AT:
                with self._locked() as is_mine:
                    if not is_mine:
                        return
                    if self.refresh(session, most=SEAL_AT) >= SEAL_AT:
                        self._seal(session)
                        self._merge(session)
                waiting = self.refresh(session, most=SEAL_AT)

    @property
    def _folder(self) -> Path:
        return self._root / f"{self._series}-v{PRINT_VERSION}"

    def _choose_series(self, session: Session) -> None:
        series = session.scalar(select(AudioPrintSeries.series)) or ""
        if series != self._series:
            self._series, self._files, self._buffer = series, [], None

    def _open_files(self, session: Session) -> None:
        """Open what is new in the folder, let go of what is gone, and leave out files whose numbers a merged file covers."""
        for _ in range(5):
            ranges = sorted(_list_files(self._folder), key=lambda entry: (entry[1], -entry[2]))
            wanted: list[tuple[Path, int, int]] = []
            for path, first, last in ranges:
                if not wanted or last > wanted[-1][2]:
                    wanted.append((path, first, last))
            known = {file.path: file for file in self._files}
            try:
                files = [known.get(path) or self._open(session, path, first, last) for path, first, last in wanted]
            except FileNotFoundError:
                continue  # merged by another process between listing and opening
            self._files = [file for file in files if file is not None]
            return
        raise RuntimeError(f"{self._folder}: the files of the fingerprint index kept changing while they were opened")

    def _open(self, session: Session, path: Path, first_no: int, last_no: int) -> _File | None:
        try:
            segment, first_id, last_id = open_segment(path)
        except ValueError:
            path.unlink(missing_ok=True)
            return None
        # A database put back from a backup has given the same numbers to other recordings.
        rows = _load_names(session, first_no, last_no)
        newest = session.scalar(select(func.max(AudioPrintRow.no))) or 0
        is_ours = rows.get(first_no, first_id) == first_id and rows.get(last_no, last_id) == last_id and newest >= last_no
        if not is_ours:
            path.unlink(missing_ok=True)
            return None
        return _File(path, first_no, last_no, segment)

    def _seal(self, session: Session) -> None:
        if self._buffer is not None:
            self._write(session, self._buffer)
            self._buffer = None
            self._open_files(session)

    def _merge(self, session: Session) -> None:
        """Merge neighbours of one size, from the small up."""
        is_merged = True
        while is_merged:
            is_merged = False
            for _, group in groupby(self._files, key=lambda file: file.size_class):
                files = list(group)[:MERGE_OF]
                if len(files) == MERGE_OF:
                    self._write(session, merge_segments([file.segment for file in files]))
                    for file in files:
                        file.path.unlink(missing_ok=True)
                    self._open_files(session)
                    is_merged = True
                    break

    def _write(self, session: Session, segment: Segment) -> None:
        first, last = int(segment.print_nos[0]), int(segment.print_nos[-1])
        names = _load_names(session, first, last)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{first:010d}-{last:010d}.prints"
        write_segment(path, segment, first_id=names.get(first, "-"), last_id=names.get(last, "-"))

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Hold the lock of the folder; False when another process holds it. The system lets go of it when a process dies."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            for left in self._folder.glob(".*.prints.*"):
                left.unlink(missing_ok=True)
            yield True


def _list_files(folder: Path) -> list[tuple[Path, int, int]]:
    if not folder.is_dir():
        return []
    names = ((path, _NAME.fullmatch(path.name)) for path in folder.iterdir())
    return [(path, int(match[1]), int(match[2])) for path, match in names if match]


def _load_prints(session: Session, after_no: int, most: int | None) -> list[tuple[int, Landmarks]]:
    rows = session.execute(
        select(AudioPrintRow.no, AudioPrintRow.peaks, AudioPrintRow.speech_s)
        .where(AudioPrintRow.version == PRINT_VERSION, AudioPrintRow.is_indexed == 1, AudioPrintRow.no > after_no)
        .order_by(AudioPrintRow.no)
        .limit(most)
    )
    return [(no, find_landmarks(decode_print(peaks, speech_s))) for no, peaks, speech_s in rows]


def _load_names(session: Session, *numbers: int) -> dict[int, str]:
    """Return the ids of the prints with these numbers, by number."""
    rows = session.execute(select(AudioPrintRow.no, AudioPrintRow.id).where(AudioPrintRow.no.in_(numbers)))
    return {row.no: row.id for row in rows}
