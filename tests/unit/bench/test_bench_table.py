"""The table of measurements prints what was measured, and for the other rows why there is nothing."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.errors import InvalidInput
from tests.bench import __main__ as bench
from tests.bench.sections import ONLY_WHEN_NAMED, SECTIONS
from tests.bench.surroundings import default_threads, find_corpus
from tests.bench.table import Line, NotAtHand, Row, Tally, Tell, choose_rows, render_table


def row(name: str, *lines: Line, error: Exception | None = None) -> Row:
    def measure(_: Tell) -> Iterable[Line]:
        yield from lines
        if error:
            raise error

    return Row(name, f"what {name} measures", "at most 3", measure)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_rows_that_break_or_are_absent_say_why_and_the_others_are_printed() -> None:
    tally = Tally()
    rows = [
        row("t.absent", error=NotAtHand("the sound; put it there")),
        row("t.broken", error=ZeroDivisionError("no words")),
        row("t.refused", error=InvalidInput("expected a manifest, got nothing")),
        row("t.kept", Line("errors", "2", "at most 3", True, "4 of theirs", "1-3", "7 files")),
    ]
    headings, rule, absent, broken, refused, kept = map(cells, render_table(rows, tally))
    assert headings == ["what", "measured", "promised", "met", "peer", "spread", "on"]
    assert set(rule) == {"---"}
    assert absent[:4] == ["what t.absent measures", "not at hand: the sound; put it there", "at most 3", ""]
    assert broken[:4] == ["what t.broken measures", "could not be measured: ZeroDivisionError: no words", "at most 3", ""]
    assert refused[1] == "could not be measured: expected a manifest, got nothing"
    assert kept == ["errors", "2", "at most 3", "yes", "4 of theirs", "1-3", "7 files"]
    assert (tally.met, tally.missed, tally.absent, tally.broken) == (1, 0, 1, 2)


def test_a_row_that_breaks_halfway_gives_no_figures() -> None:
    """Half a row could pass for the whole of it."""
    tally = Tally()
    table = list(render_table([row("t.half", Line("first", "1", "1", True), error=OSError("gone"))], tally))
    assert [cells(line)[0] for line in table[2:]] == ["what t.half measures"]
    assert (tally.met, tally.broken) == (0, 1)


def test_of_a_program_that_failed_the_last_thing_it_said_is_told() -> None:
    command = [sys.executable, "-c", "import sys; print('first', file=sys.stderr); sys.exit('the file is gone')"]

    def measure(_: Tell) -> Iterable[Line]:
        subprocess.run(command, check=True, capture_output=True)
        return ()

    [_, _, line] = render_table([Row("t.program", "speed", "", measure)], Tally())
    assert cells(line)[1] == "could not be measured: a program that was started ended with 1: the file is gone"


def test_a_missed_promise_is_said_and_what_nothing_was_promised_of_is_not_judged() -> None:
    tally = Tally()
    lines = (Line("missed", "4", "at most 3", False), Line("free", "4"))
    table = list(render_table([row("t.both", *lines)], tally))
    assert [cells(line)[3] for line in table[2:]] == ["**no**", ""]
    assert (tally.met, tally.missed) == (0, 1)


def test_bars_and_line_breaks_do_not_end_a_cell() -> None:
    [_, _, line] = render_table([row("t.odd", Line("a | b", "1\n2"))], Tally())
    assert cells(line)[:2] == ["a / b", "1 2"]


def test_rows_are_chosen_by_name_or_group() -> None:
    rows = [row("t.one"), row("t.two"), row("t.two.more"), row("u.one")]
    assert [one.name for one in choose_rows(rows, [])] == ["t.one", "t.two", "t.two.more", "u.one"]
    assert [one.name for one in choose_rows(rows, ["t.two", "u"])] == ["t.two", "t.two.more", "u.one"]
    with pytest.raises(LookupError, match=r"expected one of t\.one, .*; got t\.tw"):
        choose_rows(rows, ["t.tw"])


def test_names_that_do_not_exist_are_refused_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["listening.nothing"]) == bench.BAD_ARGUMENT
    assert "listening.dtmf" in capsys.readouterr().err
    assert bench.main(["place", "nothing"]) == bench.BAD_ARGUMENT
    assert "unknown: nothing" in capsys.readouterr().err


def test_every_row_and_section_is_listed_once_and_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--list"]) == 0
    names = capsys.readouterr().out.split()
    assert len(names) == len({*names}) == len(bench.ROWS) + len(SECTIONS) + len(ONLY_WHEN_NAMED)
    page = (Path(__file__).parents[3] / "docs" / "benchmarks.md").read_text("utf-8")
    assert [name for name in names if f"`{name}`" not in page] == []


def test_without_the_development_audio_its_rows_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EARSHOT_AUDIO_CORPUS", str(tmp_path))
    with pytest.raises(NotAtHand, match="EARSHOT_AUDIO_CORPUS"):
        find_corpus()
    named = ["listening.wer", "listening.voice", "listening.dtmf", "listening.parts", "listening.copies", "listening.language"]
    assert bench.main(named) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "not at hand: the development audio" in line]
    assert len(told) == len(named)


def test_what_is_timed_with_its_own_threads_is_freed_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with default_threads():
        assert "OMP_NUM_THREADS" not in os.environ
    assert os.environ["OMP_NUM_THREADS"] == "1"
