"""How does a table of promises come about? Rows are measured one by one, printed at once, and none stops the others.

A row answers with lines: what, measured, promised, whether that is met, the peer beside it, the spread of what was timed, and
on what. A row whose material is not at hand says so; one that breaks says why. Nothing is printed that was not measured.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.cli.progress import ProgressLine
from app.errors import EarshotError

HEADINGS = ("what", "measured", "promised", "met", "peer", "spread", "on")
Tell = Callable[[str, float], None]
"""Takes what is being done and the share of the row that is done, 0 to 1."""


class NotAtHand(Exception):
    """What a row needs is not on this machine; the message names it and how to bring it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One measured figure; ``is_met`` is None where nothing was promised."""

    what: str
    measured: str
    promised: str = ""
    is_met: bool | None = None
    peer: str = ""
    spread: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement by name; ``what`` and ``promised`` are printed where it gives no lines."""

    name: str
    what: str
    promised: str
    measure: Callable[[Tell], Iterable[Line]]


@dataclass(slots=True)
class Tally:
    """How many lines met their promise, how many did not, and how many rows gave none."""

    met: int = 0
    missed: int = 0
    absent: int = 0
    broken: int = 0

    def __str__(self) -> str:
        return (
            f"{self.met} promises met, {self.missed} not met; {self.absent} rows not at hand, {self.broken} rows could not be "
            "measured."
        )


def render_table(rows: Sequence[Row], tally: Tally) -> Iterator[str]:
    """Measure the rows in their order and yield the table line by line, as Markdown, each as soon as it is known."""
    yield _render(HEADINGS)
    yield _render(["---"] * len(HEADINGS))
    for row in rows:
        for line in _measure(row, tally):
            if line.is_met is not None:
                tally.met, tally.missed = tally.met + line.is_met, tally.missed + (not line.is_met)
            met = {None: "", True: "yes", False: "**no**"}[line.is_met]
            yield _render([line.what, line.measured, line.promised, met, line.peer, line.spread, line.on])


def _measure(row: Row, tally: Tally) -> list[Line]:
    progress = ProgressLine(row.name)
    started = time.monotonic()
    print(f"{row.name}: measuring", file=sys.stderr, flush=True)
    try:
        lines = list(row.measure(progress.update))
    except NotAtHand as absence:
        tally.absent += 1
        lines = [Line(row.what, f"not at hand: {absence}", row.promised)]
    except Exception as error:  # a row that breaks, however it does, must not take the others with it
        tally.broken += 1
        lines = [Line(row.what, f"could not be measured: {tell_error(error)}", row.promised)]
    progress.clear()
    print(f"{row.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return lines


def _render(cells: Sequence[str]) -> str:
    # A bar or a line break inside a cell would end it.
    return "| " + " | ".join(" ".join(cell.replace("|", "/").split()) for cell in cells) + " |"


def tell_error(error: Exception) -> str:
    """Return why something could not be measured; of a program that was started, the last thing it said."""
    if isinstance(error, subprocess.CalledProcessError) and error.stderr:
        said = error.stderr if isinstance(error.stderr, str) else error.stderr.decode("utf-8", "replace")
        last = said.strip().rpartition("\n")[2]
        return f"a program that was started ended with {error.returncode}: {last}"
    return error.message if isinstance(error, EarshotError) else f"{type(error).__name__}: {error}"


def choose_rows(rows: Sequence[Row], wanted: Sequence[str]) -> list[Row]:
    """Return the rows whose names begin with one of the wanted ones, all where none is wanted.

    Raises
    ------
    LookupError
        If a wanted name fits no row; the message lists the names.
    """
    for name in wanted:
        if not any(_fits(row.name, name) for row in rows):
            known = ", ".join(row.name for row in rows)
            raise LookupError(f"expected one of {known}; got {name}")
    return [row for row in rows if not wanted or any(_fits(row.name, name) for name in wanted)]


def _fits(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}.")
