"""Who judges ten thousand past calls twice, and how long may it take? All cores, a part of the calls at a time.

Calls are taken newest first, a few at a time, by every process in its turn; answers are added up in the order of the calls, so
that the result does not depend on which process was faster. Each process opens its own connection and only reads.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any

from sqlalchemy import Engine, and_, func, or_, select
from sqlalchemy.orm import Session

from app.compliance.editions.document import Difference, EditionDocument, compare
from app.learning.backtest import Flip, Kept, PhraseChange, Totals
from app.learning.backtest_calls import Judges, build_judges, judge_calls
from app.models.calls import Call
from app.models.screening import CurrentScreening
from app.tasks import OnProgress

CALLS_AT_ONCE = 40
"""Calls that are loaded and judged together: about half a second of work, so that stopping is felt at once."""

CALLS_WORTH_PROCESSES = 400
"""Fewer are judged before other processes have started."""

PARTS_AHEAD = 3
"""Parts per process that are handed out before their turn, so that none waits and memory stays bounded."""

COLUMNS = (
    "call_id", "external_id", "started_at", "rule", "change", "before", "before_severity", "after", "after_severity", "quote",
    "reason", "start_s", "end_s", "revenue_minor", "payout_minor", "currency", "decision", "reviewed_good",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

OpenEngine = Callable[[str], Engine]
"""Opens a database by its address; a function that another process can find by name."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which calls: started from ``since`` on, before ``until``, the newest ``limit`` of them."""

    since: datetime
    until: datetime
    limit: int | None = None

    @staticmethod
    def last(days: int, until: datetime, limit: int | None = None) -> Window:
        """Return the window of some days before a moment."""
        return Window(until - timedelta(days=days), until, limit)


@dataclass(frozen=True, slots=True)
class Workforce:
    """Who judges: ``processes`` of them (None: one per usable core), each of which opens the database at ``url``.

    ``begin`` is run first in each process, such as for ending with its parent.
    """

    url: str
    open_engine: OpenEngine
    begin: Callable[[], None] | None = None
    processes: int | None = None

    @property
    def size(self) -> int:
        """Return the number of processes."""
        return self.processes or len(os.sched_getaffinity(0))


@dataclass(slots=True)
class Part:
    """What was counted over a part of the calls, and everything that differs there."""

    totals: Totals = field(default_factory=Totals)
    flips: list[Flip] = field(default_factory=list)
    phrases: list[PhraseChange] = field(default_factory=list)
    size: int = 0


def run_backtest(
    session: Session,
    before: EditionDocument,
    after: EditionDocument,
    window: Window,
    *,
    on_progress: OnProgress,
    workforce: Workforce | None = None,
    flips_to: IO[str] | None = None,
) -> dict[str, Any]:
    """Judge the calls of a window by both documents and return what would change, as the result of a back-test.

    Parameters
    ----------
    workforce
        Other processes that judge; None, or few calls: all is done in this one.
    flips_to
        Where every flip is written as CSV.

    Raises
    ------
    InvalidInput
        If a document cannot be used.
    TaskStopped
        From ``on_progress``.
    """
    judges = build_judges(before, after)
    in_window, screened = _count_calls(session, window)
    total = screened if window.limit is None else min(screened, window.limit)
    totals, kept, done = Totals(), Kept(), 0
    rows = csv.writer(flips_to) if flips_to is not None else None
    if rows is not None:
        rows.writerow(COLUMNS)
    on_progress(0, total, "")
    parts = _list_parts(session, window)
    is_worth_it = workforce is not None and workforce.size > 1 and total >= CALLS_WORTH_PROCESSES
    with _judging(session, judges, (before, after), workforce if is_worth_it else None) as judge:
        for part in judge(parts):
            totals.add(part.totals)
            kept.add(part.flips, part.phrases)
            if rows is not None:
                rows.writerows(_csv_row(flip) for flip in part.flips)
            done += part.size
            on_progress(done, max(done, total), f"{done:,} of {max(done, total):,} calls")
    return {
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "limit": window.limit,
        "before": _describe(before, judges.before.versions),
        "after": _describe(after, judges.after.versions),
        "differences": [_describe_difference(difference) for difference in compare(before, after)],
        "in_window": in_window,
        "not_screened": in_window - screened,
        "left_out_by_limit": screened - total,
        **totals.to_json(),
        **kept.to_json(),
    }


def judge_part(session: Session, judges: Judges, call_ids: Sequence[str]) -> Part:
    """Judge some calls and count what differs."""
    part = Part(size=len(call_ids))
    made, counts = judge_calls(session, judges, call_ids)
    part.totals.calls.add(counts)
    for sides in made:
        flips, phrases = part.totals.count(sides)
        part.flips += flips
        part.phrases += phrases
    return part


@contextmanager
def spooled_csv() -> Iterator[IO[str]]:
    """Open a file for flips that is gone afterwards; small ones stay in memory."""
    with (
        tempfile.SpooledTemporaryFile(max_size=4_000_000, mode="w+b") as raw,
        io.TextIOWrapper(raw, encoding="utf-8", newline="") as file,
    ):
        yield file


def read_back(file: IO[str]) -> Iterator[bytes]:
    """Yield what was written to a spooled file, as bytes."""
    file.flush()
    file.seek(0)
    while piece := file.read(256 * 1024):
        yield piece.encode()


_Judging = Callable[[Iterator[list[str]]], Iterator[Part]]


@contextmanager
def _judging(
    session: Session, judges: Judges, documents: tuple[EditionDocument, EditionDocument], workforce: Workforce | None
) -> Iterator[_Judging]:
    """Return how parts are judged: here, or by other processes; answers come in the order of the parts."""
    if workforce is None:
        yield lambda parts: (judge_part(session, judges, ids) for ids in parts)
        return
    # Spawned, not forked: this process has threads and open connections.
    pool = ProcessPoolExecutor(
        workforce.size, multiprocessing.get_context("spawn"), _begin, (workforce, *documents)
    )  # fmt: skip

    def judge(parts: Iterator[list[str]]) -> Iterator[Part]:
        waiting: deque[Future[Part]] = deque()
        for ids in parts:
            waiting.append(pool.submit(_judge_in_process, ids))
            if len(waiting) >= PARTS_AHEAD * workforce.size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield judge
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_process: list[tuple[Engine, Judges]] = []
"""What a judging process works with; filled once when it starts."""


def _begin(workforce: Workforce, before: EditionDocument, after: EditionDocument) -> None:
    if workforce.begin is not None:
        workforce.begin()
    _process[:] = [(workforce.open_engine(workforce.url), build_judges(before, after))]


def _judge_in_process(call_ids: list[str]) -> Part:
    engine, judges = _process[0]
    connection = engine.connect().execution_options(readonly=True)
    with connection, Session(connection, autoflush=False) as session:
        return judge_part(session, judges, call_ids)


def _count_calls(session: Session, window: Window) -> tuple[int, int]:
    """Return how many calls the window has, and how many of them have a screening."""
    inside = (Call.started_at >= window.since, Call.started_at < window.until)
    screened = select(func.count()).select_from(Call).join(CurrentScreening, CurrentScreening.call_id == Call.id)
    in_window = session.scalar(select(func.count()).select_from(Call).where(*inside)) or 0
    return in_window, session.scalar(screened.where(*inside)) or 0


def _list_parts(session: Session, window: Window) -> Iterator[list[str]]:
    """Yield the ids of the screened calls, newest first, a part at a time."""
    newest = (
        select(Call.started_at, Call.id)
        .join(CurrentScreening, CurrentScreening.call_id == Call.id)
        .where(Call.started_at >= window.since, Call.started_at < window.until)
        .order_by(Call.started_at.desc(), Call.id.desc())
    )
    left, after = window.limit, None
    while left is None or left > 0:
        wanted = newest.limit(CALLS_AT_ONCE if left is None else min(left, CALLS_AT_ONCE))
        if after is not None:
            at, last = after
            wanted = wanted.where(or_(Call.started_at < at, and_(Call.started_at == at, Call.id < last)))
        rows = session.execute(wanted).all()
        if not rows:
            return
        yield [row.id for row in rows]
        after = (rows[-1].started_at, rows[-1].id)
        left = None if left is None else left - len(rows)


def _csv_row(flip: Flip) -> list[Any]:
    told = flip.to_json()
    before, after = told["before"] or {}, told["after"] or {}
    row = [
        *(told[name] for name in ("call_id", "external_id", "started_at", "rule", "kind")),
        *(before.get("outcome"), before.get("severity"), after.get("outcome"), after.get("severity")),
        *(told[name] for name in ("quote", "reason", "start_s", "end_s", "revenue_minor", "payout_minor", "currency")),
        *(told["decision"], "yes" if flip.is_reviewed_good else ""),
    ]
    return [_harmless(cell) for cell in row]


def _harmless(cell: Any) -> Any:
    """Return a text that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _describe(document: EditionDocument, versions: Any) -> dict[str, Any]:
    return {"sha256": document.sha256, "rule_set": versions["rule_set"], "phrase_packs": versions["phrase_packs"]}


def _describe_difference(difference: Difference) -> dict[str, Any]:
    change = "new" if difference.before is None else "gone" if difference.after is None else "changed"
    fields = list(difference.fields) if change == "changed" else []
    return {"part": str(difference.part), "subject": difference.subject, "change": change, "fields": fields}
