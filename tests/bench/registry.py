"""How large, quick to open and quick to ask is a national registry of 250 million numbers? One table.

The numbers are made up: the same count in each of 330 area codes, drawn at random, so that nothing lies conveniently together;
the asked ones are drawn the same way. Rates are given by the clock, as a user feels them, and by processor time, which is the
same on an idle machine and does not fall when others use it. Peers hold fewer numbers, as the
table says, because 250 million of them would not fit into the memory of a laptop as a Python set.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.compliance.registry.decision import judge
from app.compliance.registry.number_set import NumberSet
from app.compliance.registry.number_set_file import NumberSetWriter
from app.compliance.registry.parse import parse_block, parse_many
from app.compliance.registry.service import NumberLists, make_request
from app.compliance.registry.snapshot import take_snapshot
from tests.fakes import FrozenClock

NUMBERS = int(os.environ.get("BENCH_NUMBERS", "250000000"))
PEER_NUMBERS = int(os.environ.get("BENCH_PEER_NUMBERS", "5000000"))
ASKED = 4_000_000
AREAS = np.arange(201, 531)
TOTAL = 8_000_000
"""Possible numbers of an area code."""


def run() -> str:
    """Measure and return the table as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        rows = measure_large(Path(folder)) + measure_lists(Path(folder)) + measure_peers(Path(folder))
    return "\n".join(["## Number lists", "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def measure_large(folder: Path) -> list[tuple[str, str]]:
    """Build, open and ask a set of NUMBERS numbers."""
    random = np.random.default_rng(1)
    writer = NumberSetWriter()
    spent = 0.0
    for numbers in draw(random, NUMBERS):
        started = time.process_time()
        writer.add(numbers)
        spent += time.process_time() - started
    path = folder / "large.set"
    started = time.process_time()
    counts = writer.write(path)
    spent += time.process_time() - started
    count = sum(counts.values())
    del writer
    opened = min(timed(lambda: NumberSet(path))[0] for _ in range(5))
    numbers = NumberSet(path)
    asked = draw_asked(random, ASKED)
    first = timed(lambda: numbers.contains(asked))
    warm = min((timed(lambda: numbers.contains(asked)) for _ in range(5)), key=lambda taken: taken[1])
    single = asked[:200_000].tolist()
    alone = timed(lambda: [number in numbers for number in single])
    is_right = [number in numbers for number in single] == numbers.contains(asked[:200_000]).tolist()
    return [
        ("Numbers in the list", f"{count:,} in {len(counts)} area codes"),
        ("Size on disk", f"{path.stat().st_size / 1e6:.0f} MB, {path.stat().st_size / count:.2f} bytes a number"),
        ("Collecting and writing them", f"{spent:.0f} s of processor time"),
        ("Opening", f"{1000 * opened:.2f} ms"),
        ("One question", f"{say_us(alone, len(single))}; the answers are those of the batch: {'yes' if is_right else 'NO'}"),
        ("Batch of 4 million, the first (every block checked)", say_rate(first, ASKED)),
        ("Batch of 4 million, later", say_rate(warm, ASKED)),
    ]


def measure_lists(folder: Path) -> list[tuple[str, str]]:
    """Load a list of 10 million from a file, as dense as the registry is, and judge numbers against four lists at once."""
    random = np.random.default_rng(2)
    areas = AREAS[:13]
    numbers = np.concatenate(list(draw(random, 10_000_000, areas)))
    path = folder / "national.txt"
    with path.open("wb") as file:
        for start in range(0, numbers.size, 500_000):
            lines = (b"%03d,%07d\n" % divmod(n, 10_000_000) for n in numbers[start : start + 500_000].tolist())
            file.write(b"".join(lines))
    block = path.read_bytes()[: 12 * 4_000_000]
    reading = timed(lambda: parse_block(block))
    clock = FrozenClock(datetime(2026, 11, 22, tzinfo=UTC))
    lists = NumberLists(folder / "data", clock)
    loading = timed(lambda: lists.load(make_request("national", clock.now(), (path,), loaded_by="bench", san="1")))
    for name, count in (("state:NY", 300_000), ("internal", 100_000), ("litigator", 500_000)):
        small = folder / f"{name.replace(':', '-')}.txt"
        small.write_text("".join(f"{n}\n" for part in draw(random, count, areas) for n in part.tolist()))
        lists.load(make_request(name, clock.now(), (small,), loaded_by="bench"))
    snapshot = take_snapshot(lists.store, clock.now())
    asked = draw_asked(random, ASKED, areas)
    judge(snapshot, asked)
    judging = min((timed(lambda: judge(snapshot, asked)) for _ in range(5)), key=lambda taken: taken[1])
    is_right = judge(snapshot, asked[:2000]).outcomes.tolist() == [
        int(judge(snapshot, asked[at : at + 1]).outcomes[0]) for at in range(2000)
    ]
    texts = [f"({n // 10**7}) {n // 10**4 % 1000:03d}-{n % 10**4:04d}" for n in asked[:1_000_000].tolist()]
    writings = timed(lambda: parse_many(texts))
    rows = len(texts)
    leads, quoted, report = folder / "leads.csv", folder / "quoted.csv", folder / "report.csv"
    leads.write_text("name,phone\n" + "".join(f"Ann,{text}\n" for text in texts))
    quoted.write_text("name,phone\n" + "".join(f'"Ann, Dr.","{text}"\n' for text in texts))
    whole = min((timed(lambda: lists.scrub(leads, report)) for _ in range(2)), key=lambda taken: taken[1])
    cells = timed(lambda: lists.scrub(quoted, folder / "quoted-report.csv"))
    return [
        ("Reading a full list as the FTC writes it", say_rate(reading, block.count(b"\n"))),
        ("Loading 10 million from a file, to the synced version", say_rate(loading, 10_000_000)),
        (
            "Outcome of a number against national, state, internal and litigator lists at once",
            f"{say_rate(judging, ASKED)}; one by one the same: {'yes' if is_right else 'NO'}",
        ),
        ("Reading writings such as (212) 555-0123", say_rate(writings, len(texts))),
        (
            f"Scrubbing a CSV file of {rows:,} rows, to a synced report of {report.stat().st_size / 1e6:.0f} MB",
            say_rate(whole, rows),
        ),
        ("The same with every cell in quotation marks", say_rate(cells, rows)),
    ]


def measure_peers(folder: Path) -> list[tuple[str, str]]:
    """Ask others that hold PEER_NUMBERS numbers."""
    random = np.random.default_rng(3)
    numbers = np.unique(np.concatenate(list(draw(random, PEER_NUMBERS))))
    asked = draw_asked(random, 500_000)
    listed = asked.tolist()
    ours_writer = NumberSetWriter()
    ours_writer.add(numbers)
    ours_writer.write(folder / "ours.set")
    ours = NumberSet(folder / "ours.set")
    ours.contains(asked)
    size = (folder / "ours.set").stat().st_size / numbers.size
    rows = [
        (
            f"Ours with {PEER_NUMBERS:,}",
            f"{say_rate(timed(lambda: ours.contains(asked)), asked.size)}; {size:.1f} bytes a number",
        )
    ]
    held = set(numbers.tolist())
    rows.append((f"Python set with {PEER_NUMBERS:,}", say_rate(timed(lambda: [n in held for n in listed]), asked.size)))
    assert [n in held for n in listed] == ours.contains(asked).tolist()
    rows.append((f"SQLite table with {PEER_NUMBERS:,}", ask_sqlite(folder / "peer.db", numbers, listed)))
    try:
        from pyroaring import BitMap64
    except ImportError:
        return [*rows, ("pyroaring", "not installed")]
    bitmap = BitMap64(numbers.astype(np.uint64))
    packed = len(bitmap.serialize()) / numbers.size
    taken = timed(lambda: [n in bitmap for n in listed])
    return [*rows, (f"pyroaring with {PEER_NUMBERS:,}", f"{say_rate(taken, asked.size)}; {packed:.1f} bytes a number")]


def ask_sqlite(path: Path, numbers: np.ndarray, asked: list[int]) -> str:
    """Return the rate of a join against a table whose key is the number."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE listed (number INTEGER PRIMARY KEY)")
        database.executemany("INSERT INTO listed VALUES (?)", ((n,) for n in numbers.tolist()))
        database.execute("CREATE TEMP TABLE asked (number INTEGER)")
        database.executemany("INSERT INTO asked VALUES (?)", ((n,) for n in asked))
        database.commit()
        taken = timed(lambda: database.execute("SELECT count(*) FROM asked JOIN listed USING (number)").fetchone())
    return f"{say_rate(taken, len(asked))}; {path.stat().st_size / numbers.size:.1f} bytes a number"


def draw(random: np.random.Generator, count: int, areas: np.ndarray = AREAS) -> Iterable[np.ndarray]:
    """Yield numbers, an area code at a time, sorted, some twice, so that about ``count`` are different."""
    share = count / areas.size / TOTAL
    draws = int(-TOTAL * np.log1p(-share) * 1.0005)
    for area in areas.tolist():
        yield np.sort(random.integers(2_000_000, 10_000_000, draws)) + area * 10_000_000


def draw_asked(random: np.random.Generator, count: int, areas: np.ndarray = AREAS) -> np.ndarray:
    """Return numbers to ask for."""
    return areas[random.integers(0, areas.size, count)] * 10_000_000 + random.integers(2_000_000, 10_000_000, count)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds that something took by the clock and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def say_rate(taken: tuple[float, float], count: int) -> str:
    """Return items a second, by the clock and by processor time."""
    clock, processor = (count / max(seconds, 1e-9) / 1e6 for seconds in taken)
    return f"{clock:.2f} million a second by the clock, {processor:.2f} by processor time"


def say_us(taken: tuple[float, float], count: int) -> str:
    """Return microseconds for one."""
    return f"{1e6 * taken[0] / count:.2f} us by the clock, {1e6 * taken[1] / count:.2f} us of processor time"
