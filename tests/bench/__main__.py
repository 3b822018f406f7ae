"""``make bench``: what was promised, what is measured, and against whom? Every figure comes from one run on one machine.

Machines differ and are noisy, so what counts is the ratio to the peer that ran beside us on the same files with the same
weights and threads. Nothing here is asserted; a test suite that fails because a machine was busy teaches nothing.

``python -m tests.bench listening`` measures the table of promises alone, ``listening.dtmf`` one of its rows, ``place`` one
section; ``--list`` names them all.
"""

import os
import sys
from collections.abc import Iterator, Sequence

from tests.bench.surroundings import ONE_CORE, describe_machine

os.environ.update(ONE_CORE)  # before numpy and the recogniser read it; what is timed with its own threads is freed of it

from tests.bench import number_rows, recognition_rows, sound_rows, voice_rows
from tests.bench.sections import ONLY_WHEN_NAMED, SECTIONS, section_text
from tests.bench.table import Tally, choose_rows, render_table, tell_error

LISTENING = "listening"
ROWS = (*recognition_rows.ROWS, *voice_rows.ROWS, *sound_rows.ROWS, *number_rows.ROWS)
BAD_ARGUMENT, SOME_BROKEN = 2, 3


def main(wanted: Sequence[str]) -> int:
    """Measure what is wanted, all of it where nothing is named; 3 when something could not be measured."""
    if "--list" in wanted:
        print(*(row.name for row in ROWS), *SECTIONS, *ONLY_WHEN_NAMED, sep="\n")
        return 0
    named = [name for name in wanted if name.split(".")[0] == LISTENING]
    sections = [name for name in (*SECTIONS, *ONLY_WHEN_NAMED) if name in wanted or (not wanted and name in SECTIONS)]
    unknown = sorted({*wanted} - {*named} - {*sections})
    try:
        rows = choose_rows(ROWS, named) if named or not wanted else []
    except LookupError as error:
        unknown.append(str(error))
    if unknown:
        print(f"bench: unknown: {'; '.join(unknown)}. `python -m tests.bench --list` names what there is.", file=sys.stderr)
        return BAD_ARGUMENT
    tally = Tally()
    for line in _print_all(rows, sections, tally):
        print(line, flush=True)
    return SOME_BROKEN if tally.broken else 0


def _print_all(rows: Sequence, sections: Sequence[str], tally: Tally) -> Iterator[str]:
    yield f"Measured: {describe_machine()}"
    yield ""
    if rows:
        yield "## Listening"
        yield ""
        yield from render_table(rows, tally)
        yield ""
        yield f"{tally} At the end: {describe_machine()}"
        yield ""
    for name in sections:
        print(f"{name}: measuring", file=sys.stderr, flush=True)
        try:
            yield section_text(name)
        except Exception as error:  # as for rows: the others go on
            tally.broken += 1
            yield f"## {name}\n\nCould not be measured: {tell_error(error)}"
        yield ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
