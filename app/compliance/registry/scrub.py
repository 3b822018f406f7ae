"""Which rows of a file may be called? Writes the file again, every row kept, with what each list says of its number."""

from __future__ import annotations

import csv
import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.decision import INVALID, OUTCOMES, Judged, explain, judge, note
from app.compliance.registry.entries import ANSWERS
from app.compliance.registry.moments import NO_MOMENT, to_moment
from app.compliance.registry.parse import parse_many, to_e164
from app.compliance.registry.snapshot import LISTED, WORDS, Answers, ListSnapshot, Snapshot
from app.compliance.registry.store import hash_file
from app.compliance.registry.table_rows import Table, TableRow, open_table
from app.errors import InvalidInput, StorageFull
from app.vocabulary import ListAnswer, ListKind

ROWS_AT_A_TIME = 50_000
KEPT_GARBAGE = 20
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


def scrub_file(
    snapshot: Snapshot,
    path: Path,
    out: Path,
    *,
    column: str | None = None,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> ScrubReport:
    """Write the report, whole or not at all.

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
            with draft.open("w", newline="", encoding="utf-8") as file:
                writer = _RowWriter(file, snapshot, table)
                for rows in _batches(table.rows):
                    _count(writer.write(rows), rows, snapshot, report)
                    on_progress(report.rows)
                file.flush()
                os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        kind = StorageFull if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else InvalidInput
        raise kind(f"{out}: the report cannot be written: {error.strerror}; nothing was kept") from None
    finally:
        draft.unlink(missing_ok=True)
    report.report_sha256 = hash_file(out)
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


def _batches(rows: Iterator[TableRow]) -> Iterator[list[TableRow]]:
    waiting: list[TableRow] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) >= ROWS_AT_A_TIME:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


class _RowWriter:
    """Writes rows with their answers; what many rows have in common is put into words once."""

    def __init__(self, file: TextIO, snapshot: Snapshot, table: Table) -> None:
        self._writer = csv.writer(file)
        self._snapshot = snapshot
        self._number_at = table.number_at
        own = _own_header(table)
        self._width = len(own)
        self._columns = [_columns(each) for each in snapshot.lists]
        self._has_national = bool(snapshot.find(ListKind.NATIONAL))
        self._said: dict[tuple[int, ...], list[str]] = {}
        self._why: dict[tuple[int, ...], tuple[str, str, str]] = {}
        titles = [title for columns in self._columns for _, title in columns]
        lists = titles if self._has_national else ["national", *titles]
        self._writer.writerow([*own, "line", "number", "valid", *lists, "outcome", "reason", "note"])

    def write(self, rows: list[TableRow]) -> Judged:
        """Judge and write some rows."""
        at = self._number_at
        texts = [row.cells[at] if at < len(row.cells) and not row.problem else "" for row in rows]
        judged = judge(self._snapshot, parse_many(texts))
        outcomes, numbers = judged.outcomes.tolist(), judged.numbers.tolist()
        answers = [self._describe(judged, place) for place in range(len(self._columns))]
        keys = self._key(judged)
        for place, (row, number, outcome) in enumerate(zip(rows, numbers, outcomes, strict=True)):
            word, reason, hint = self._explain(judged, place, (outcome, *keys[place]))
            fill = [""] * (self._width - len(row.cells))
            own = [str(row.line), to_e164(number), "yes"] if number else [str(row.line), "", "no"]
            cells = [*row.cells, *fill, *own]
            if not self._has_national:
                cells.append("unknown")
            for said in answers:
                cells += said[place]
            self._writer.writerow([*cells, word, row.problem or reason, hint])
        return judged

    def _key(self, judged: Judged) -> list[tuple[int, ...]]:
        """Return for each row what decides on the words: area code, and what each list said."""
        columns: list[NDArray[Any]] = [judged.numbers // 10_000_000]
        for answer in judged.answers:
            columns += [answer.codes, answer.which]
            if answer.detail is not None:
                columns.append(answer.detail >= 0)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _explain(self, judged: Judged, place: int, key: tuple[int, ...]) -> tuple[str, str, str]:
        if key not in self._why:
            word = str(OUTCOMES[judged.outcomes[place]])
            self._why[key] = (word, explain(self._snapshot, judged, place), note(self._snapshot, judged, place))
        return self._why[key]

    def _describe(self, judged: Judged, list_at: int) -> list[list[str]]:
        each, answer = self._snapshot.lists[list_at], judged.answers[list_at]
        detail = np.full(judged.numbers.shape, -1) if answer.detail is None else answer.detail
        said_by: tuple[NDArray[Any], ...] = (answer.codes, answer.which, judged.numbers // 10_000_000, detail)
        found = []
        for place, key in enumerate(zip(*(column.tolist() for column in said_by), strict=True)):
            full = (list_at, *key)
            if full not in self._said:
                said = describe_answer(each, answer, int(judged.numbers[place]), place)
                self._said[full] = ["" if said.get(name) is None else str(said[name]) for name, _ in self._columns[list_at]]
            found.append(self._said[full])
        return found


def _count(judged: Judged, rows: Sequence[TableRow], snapshot: Snapshot, report: ScrubReport) -> None:
    report.rows += judged.numbers.size
    valid = judged.outcomes[judged.outcomes != INVALID]
    for code, word in enumerate(OUTCOMES[:INVALID]):
        report.outcomes[str(word)] += int((valid == code).sum())
    for each, answer in zip(snapshot.lists, judged.answers, strict=True):
        report.listed[each.title] += int(np.count_nonzero(answer.codes == LISTED))
    for at in np.flatnonzero(judged.outcomes == INVALID).tolist():
        report.invalid += 1
        if len(report.garbage) < KEPT_GARBAGE:
            why = rows[at].problem or "it holds no telephone number"
            report.garbage.append(f"line {rows[at].line}: {why}: {','.join(rows[at].cells)[:80]}")
