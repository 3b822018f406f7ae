"""Which rows of a file may be called? Writes the file again, every row kept, with what each list says of its number."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import os
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.decision import INVALID, OUTCOMES, Judged, explain, judge, note
from app.compliance.registry.entries import ANSWERS
from app.compliance.registry.moments import NO_MOMENT, to_moment
from app.compliance.registry.parse import to_e164
from app.compliance.registry.row_batches import RowBatch, read_batches
from app.compliance.registry.snapshot import LISTED, WORDS, Answers, ListSnapshot, Snapshot
from app.compliance.registry.store import hash_file
from app.compliance.registry.table_rows import Table, open_table
from app.errors import InvalidInput, StorageFull
from app.vocabulary import ListAnswer, ListKind

ROWS_AT_A_TIME = 100_000
KEPT_GARBAGE = 20
MOST_TAILS = 200_000
MOST_WAITING = 4  # pieces on their way to the disk
OnRows = Callable[[int, float], None]
"""Told how many rows are done, and what share of the file that is, from 0 to 1; may raise to end the work."""
_ANSWER_WORDS = {code: word for word, code in ANSWERS.items()}


@dataclass(slots=True)
class ScrubReport:
    """What came of a scrub."""

    performed_at: datetime
    input_name: str
    input_sha256: str
    report_name: str
    report_sha256: str = ""
    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    invalid: int = 0
    listed: Counter[str] = field(default_factory=Counter)
    garbage: list[str] = field(default_factory=list)
    lists: list[dict[str, object]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    name: str = ""
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Every different number of the file, sorted: what can be asked for later is when a number was last scrubbed."""


def scrub_file(
    snapshot: Snapshot,
    path: Path,
    out: Path,
    *,
    column: str | None = None,
    on_progress: OnRows = lambda rows, share: None,
    garbage_out: Path | None = None,
) -> ScrubReport:
    """Write the report, whole or not at all; ``garbage_out`` gets the rows without a number.

    Raises
    ------
    InvalidInput
        When the file has no numbers, or the report would replace it.
    ListDamaged, StorageFull
    """
    if out.resolve() == path.resolve():
        raise InvalidInput(f"{out}: the report would replace the file that is scrubbed; give it another name")
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        source = path.open("rb")
    except OSError as error:
        raise InvalidInput(f"{path}: the file cannot be read: {error.strerror}") from None
    try:
        with source, open_table(source, name=path.name, column=column) as table:
            report = ScrubReport(snapshot.at, path.name, hash_file(path), out.name)
            byte_count = max(path.stat().st_size, 1)
            with (
                _HashedFile(draft) as file,
                garbage_out.open("w", newline="", encoding="utf-8") if garbage_out else nullcontext() as garbage,
            ):
                odd = csv.writer(garbage) if garbage else None
                if odd:
                    odd.writerow(("line", "reason", "row"))
                rows = _RowWriter(file, snapshot, table)
                seen: list[NDArray[np.int64]] = []
                for batch in read_batches(table, rows.width):
                    for start in range(0, len(batch.texts), ROWS_AT_A_TIME):
                        part = _cut(batch, start, start + ROWS_AT_A_TIME)
                        judged = rows.write(part)
                        seen.append(np.unique(part.numbers))
                        _count(judged, part, snapshot, report, odd)
                        on_progress(report.rows, min(source.tell() / byte_count, 1.0))
                report.report_sha256 = file.close_synced()
                report.numbers = np.unique(np.concatenate(seen)) if seen else report.numbers
        draft.replace(out)
    except OSError as error:
        kind = StorageFull if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else InvalidInput
        raise kind(f"{out.name}: the report cannot be written: {error.strerror}; nothing was kept") from None
    finally:
        draft.unlink(missing_ok=True)
    return report


def describe_answer(each: ListSnapshot, answer: Answers, number: int, at: int) -> dict[str, object]:
    """Return what one list says of one number, with the version that said it."""
    word = WORDS[answer.codes[at]]
    found: dict[str, object] = {"list": str(each.name), "answer": str(word)}
    if each.name.kind is ListKind.LITIGATOR:
        found["source"] = each.source
    which = int(answer.which[at])
    if 0 <= which < len(each.versions) and number:
        version = each.versions[which]
        found |= {
            "version": version.id,
            "obtained_at": version.obtained_at.isoformat(),
            "age_days": int(each.ages[number // 10_000_000]) if each.newest is None else None,
            "san": version.san,
        }
    if each.newest is not None and answer.detail is not None and answer.detail[at] >= 0:
        entry = each.newest.entries[int(answer.detail[at])]
        since = int(entry["since"])
        if each.name.kind is ListKind.REASSIGNED:
            found |= {
                "queried_at": to_moment(int(entry["at"])).isoformat(),
                "since": None if since == NO_MOMENT else to_moment(since).isoformat(),
                "query_answer": _ANSWER_WORDS[int(entry["code"])],
            }
        elif word is ListAnswer.LISTED:
            found["requested_at"] = to_moment(int(entry["at"])).isoformat()
        else:
            found["withdrawn_at"] = to_moment(int(entry["at"])).isoformat()
    return found


def _own_header(table: Table) -> Sequence[str]:
    if table.header:
        return table.header
    width = max((len(row.cells) for row in table.sample), default=1)
    return [f"column_{at + 1}" for at in range(width)]


def _columns(each: ListSnapshot) -> list[tuple[str, str]]:
    """Return the columns of a list: the key of the answer, and the title."""
    title = str(each.name).replace(":", "_") + (f"_{each.source}" if each.source else "")
    more = {ListKind.INTERNAL: ["requested_at"], ListKind.REASSIGNED: ["queried_at", "since", "query_answer"]}
    keys = ["version", "obtained_at"] + ([] if each.newest is not None else ["age_days"]) + more.get(each.name.kind, [])
    return [("answer", title), *((key, f"{title}_{key}") for key in keys)]


def _cut(batch: RowBatch, start: int, end: int) -> RowBatch:
    if start == 0 and end >= len(batch.texts):
        return batch
    problems = {place - start: what for place, what in batch.problems.items() if start <= place < end}
    return RowBatch(batch.lines[start:end], batch.numbers[start:end], batch.texts[start:end], problems)


class _HashedFile:
    """A file that is written once, its SHA-256 taken on the way; writing and hashing go on beside the next rows."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1, "report")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> _HashedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._file.close()

    def write(self, piece: bytes) -> None:
        """Write a piece, now or soon. Raises the OSError of this piece or of one before."""
        while len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._write, piece))

    def close_synced(self) -> str:
        """Write what waits, to the disk; return the hash, hex."""
        while self._waiting:
            self._waiting.popleft().result()
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._digest.hexdigest()

    def _write(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._file.write(piece)


class _RowWriter:
    """Writes rows with their answers; what many rows have in common is put into words once."""

    def __init__(self, file: _HashedFile, snapshot: Snapshot, table: Table) -> None:
        self._file = file
        self._snapshot = snapshot
        own = _own_header(table)
        self.width = len(own)
        self._columns = [_columns(each) for each in snapshot.lists]
        self._has_national = bool(snapshot.find(ListKind.NATIONAL))
        self._tails: dict[tuple[int, ...], str] = {}
        titles = [title for columns in self._columns for _, title in columns]
        lists = titles if self._has_national else ["national", *titles]
        header = [*own, "line", "number", "valid", *lists, "outcome", "reason", "note"]
        file.write(_join_cells(header).encode("utf-8", "replace"))

    def write(self, batch: RowBatch) -> Judged:
        """Judge and write some rows."""
        judged = judge(self._snapshot, batch.numbers)
        tails = self._say(judged)
        numbers = judged.numbers.tolist()
        if 0 in numbers or batch.problems:
            for place, problem in batch.problems.items():
                tails[place] = self._write_tail(judged, place, problem)
            middle = [f",{line},{to_e164(number) if number else ''}" for line, number in zip(batch.lines, numbers, strict=True)]
        else:
            middle = [f",{line},+1{number}" for line, number in zip(batch.lines, numbers, strict=True)]
        parts = [""] * (3 * len(middle))
        parts[0::3], parts[1::3], parts[2::3] = batch.texts, middle, tails
        self._file.write("".join(parts).encode("utf-8", "replace"))
        return judged

    def _say(self, judged: Judged) -> list[str]:
        """Return what stands behind the number of each row; it is alike where area code and all answers are."""
        columns: list[NDArray[Any]] = [judged.numbers // 10_000_000]
        for answer in judged.answers:
            columns += [answer.codes, answer.which]
            if answer.detail is not None:
                columns.append(answer.detail)
        first, which = _group_alike(columns)
        picked = [column[first].tolist() for column in columns]
        if len(self._tails) > MOST_TAILS:
            self._tails.clear()
        tails = []
        for place, key in zip(first.tolist(), zip(*picked, strict=True), strict=True):
            if key not in self._tails:
                self._tails[key] = self._write_tail(judged, place)
            tails.append(self._tails[key])
        return [tails[at] for at in which.tolist()]

    def _write_tail(self, judged: Judged, place: int, problem: str = "") -> str:
        number = int(judged.numbers[place])
        cells = ["yes" if number else "no"]
        if not self._has_national:
            cells.append("unknown")
        for each, answer, columns in zip(self._snapshot.lists, judged.answers, self._columns, strict=True):
            said = describe_answer(each, answer, number, place)
            cells += ["" if said.get(name) is None else str(said[name]) for name, _ in columns]
        cells.append(str(OUTCOMES[judged.outcomes[place]]))
        cells += [problem or explain(self._snapshot, judged, place), note(self._snapshot, judged, place)]
        return "," + _join_cells(cells)


def _join_cells(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _group_alike(columns: Sequence[NDArray[Any]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first of each group of rows that are alike in all columns, and of which group each row is."""
    key = np.zeros(columns[0].shape, dtype=np.int64)
    size = 1
    for column in columns:
        least = int(column.min(initial=0))
        span = int(column.max(initial=0)) - least + 1
        if size * span >= 1 << 62:
            _, key = np.unique(key, return_inverse=True)
            size = int(key.max(initial=0)) + 1
        key = key * span + (column.astype(np.int64) - least)
        size *= span
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return first, which


def _count(judged: Judged, batch: RowBatch, snapshot: Snapshot, report: ScrubReport, odd: Any) -> None:
    report.rows += judged.numbers.size
    counts = np.bincount(judged.outcomes, minlength=INVALID + 1).tolist()
    for code, word in enumerate(OUTCOMES[:INVALID]):
        report.outcomes[str(word)] += counts[code]
    for each, answer in zip(snapshot.lists, judged.answers, strict=True):
        report.listed[each.title] += int(np.count_nonzero(answer.codes == LISTED))
    report.invalid += counts[INVALID]
    for at in np.flatnonzero(judged.outcomes == INVALID).tolist() if counts[INVALID] else ():
        why = batch.problems.get(at) or "it holds no telephone number"
        if len(report.garbage) < KEPT_GARBAGE:
            report.garbage.append(f"line {batch.lines[at]}: {why}: {batch.texts[at][:80]}")
        if odd:
            odd.writerow((batch.lines[at], why, batch.texts[at]))
