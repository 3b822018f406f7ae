"""Rows that are handed on by the block are those that are read one by one, whatever stands in the file."""

import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.compliance.registry import row_batches, table_rows
from app.compliance.registry.parse import parse_many
from app.compliance.registry.row_batches import read_batches
from app.compliance.registry.table_rows import open_table
from app.errors import InvalidInput

CELLS = st.sampled_from(
    [
        "2125550123",
        "(212) 555-0123",
        "+1 305-456 1234",
        "Ann",
        "",
        " ",
        "Bö",
        '"Ann"',
        '"x, y"',
        '"a ""b"" c"',
        '"',
        'a"b',
        '"two\nlines"',
    ]
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=30)


def compare(text: str) -> None:
    content = text.encode()
    try:
        with open_table(io.BytesIO(content), name="f.csv") as table:
            one_by_one = list(table.rows)
            width = len(table.header) if table.header else max((len(row.cells) for row in table.sample), default=1)
            number_at = table.number_at
    except InvalidInput:
        return
    with open_table(io.BytesIO(content), name="f.csv") as table:
        batches = list(read_batches(table, width))
    lines = [line for batch in batches for line in batch.lines]
    assert lines == [row.line for row in one_by_one]
    writings = [row.cells[number_at] if number_at < len(row.cells) and not row.problem else "" for row in one_by_one]
    assert [n for batch in batches for n in batch.numbers.tolist()] == parse_many(writings).tolist()
    written = [text for batch in batches for text in batch.texts]
    for row, text in zip(one_by_one, written, strict=True):
        filled = [*row.cells, *[""] * (width - len(row.cells))]
        read = next(csv.reader(io.StringIO(text, newline=""))) if text else [""]
        assert read == filled
    problems = [problem for batch in batches for _, problem in sorted(batch.problems.items())]
    assert problems == [row.problem for row in one_by_one if row.problem]


@settings(max_examples=300, deadline=None)
@given(ROWS, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.integers(8, 200))
def test_blocks_and_single_rows_are_the_same(
    rows: list[list[str]], delimiter: str, end: str, has_end: bool, block: int
) -> None:
    text = end.join(delimiter.join(row) for row in rows) + (end if has_end else "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_rows, "BLOCK_LETTERS", block)
        patch.setattr(table_rows, "SAMPLE_ROWS", 2)
        patch.setattr(row_batches, "ROWS_ONE_BY_ONE", 3)
        compare(text)


@pytest.mark.parametrize(
    "odd", ["", "   ", "garbage", "x,y,z,2125550123", '"open', '"two\nlines",2125550188', "Ann;2125550123"]
)
def test_a_few_odd_lines_among_many(odd: str) -> None:
    draw = random.Random(1)
    lines = [f"n{at},{draw.randrange(2_125_550_000, 2_125_559_999)}" for at in range(5000)]
    for at in (150, 151, 1999, 4999):
        lines[at] = odd
    compare("name,phone\n" + "\n".join(lines))


def test_lines_without_end_do_not_fill_the_memory() -> None:
    compare("phone\n2125550123\n" * 200 + "2" * 9_000_000 + "\n2125550124\n")
