"""Numbers are read in bulk exactly as they are one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.registry.parse import parse_block, parse_many
from app.phone import parse_nanp

WRITINGS = [
    ("2125550123", 2125550123),
    ("12125550123", 2125550123),
    ("+12125550123", 2125550123),
    ("(305) 555-0123", 3055550123),
    ("305.555.0123", 3055550123),
    (" 305 555 0123\t", 3055550123),
    ("+1 (305) 555-0123", 3055550123),
    ("305\u2011555\u20110123", 3055550123),
    ("305\u00a0555\u00a00123", 3055550123),
    ("1-305-555-0123", 3055550123),
    ("+3055550123", 0),
    ("1125550123", 0),
    ("2121550123", 0),
    ("212555012", 0),
    ("21255501234", 0),
    ("+442079460000", 0),
    ("305,5550123", 0),
    ("305 555 0123 x4", 0),
    ("", 0),
    ("n/a", 0),
    ("305555\n0123", 0),
    ("٣٠٥٥٥٥٠١٢٣", 0),
]

text = st.one_of(
    st.text(alphabet="0123456789+() -.x,\u00a0", max_size=18), st.sampled_from([w for w, _ in WRITINGS]), st.text(max_size=14)
)


@pytest.mark.parametrize(("writing", "number"), WRITINGS)
def test_writings(writing: str, number: int) -> None:
    assert parse_many(["x", writing, "2125550199"]).tolist() == [0, number, 2125550199]


@given(st.lists(text.filter(lambda t: "\n" not in t), max_size=30))
def test_bulk_reading_agrees_with_reading_one_by_one(texts: list[str]) -> None:
    wanted = [int(found[2:]) if (found := parse_nanp(each)) else 0 for each in texts]
    assert parse_many(texts).tolist() == wanted


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("pattern", [b"305,555%04d", b"305555%04d"])
def test_blocks_of_one_width_and_mixed_ones_read_the_same(line_end: bytes, pattern: bytes) -> None:
    lines = [pattern % n for n in range(2000)]
    fixed = parse_block(line_end.join(lines) + line_end)
    assert fixed.odd == ()
    assert fixed.numbers.tolist() == [3055550000 + n for n in range(2000)]
    mixed = parse_block(line_end.join([*lines[:1000], b"", b"garbage", b"(212) 555-0123", *lines[1000:]]))
    assert mixed.odd == ((1001, "garbage"),)
    assert sorted(mixed.numbers.tolist()) == sorted([2125550123, *fixed.numbers.tolist()])
    assert mixed.line_count == 2003


def test_a_comma_stands_only_behind_the_area_code() -> None:
    parsed = parse_block(b"305,5550123\n30,55550124\n1,3055550125\n")
    assert parsed.numbers.tolist() == [3055550123]
    assert [at for at, _ in parsed.odd] == [1, 2]


def test_a_fixed_block_with_one_wrong_digit_names_its_line() -> None:
    parsed = parse_block(b"305,5550123\n305,555O124\n305,0550125\n")
    assert parsed.numbers.tolist() == [3055550123]
    assert parsed.odd == ((1, "305,555O124"), (2, "305,0550125"))
