"""A Range header is read as RFC 9110 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.review.ranges import ByteRange, Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=0-", ByteRange(0, 1000)),
        ("bytes=200-299", ByteRange(200, 300)),
        ("bytes=900-5000", ByteRange(900, 1000)),
        ("bytes=-1", ByteRange(999, 1000)),
        ("bytes=-5000", ByteRange(0, 1000)),
        ("BYTES=5-9", ByteRange(5, 10)),
        (None, None),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=9-5", None),
        ("bytes=a-b", None),
        ("items=0-5", None),
        ("bytes=0-1,5-6", None),
        ("bytes=٠-١", None),
    ],
)
def test_one_range_is_cut_to_the_content_and_anything_else_is_ignored(header: str | None, expected: ByteRange | None) -> None:
    assert parse_range(header, 1000) == expected


@pytest.mark.parametrize(
    ("header", "byte_count"),
    [("bytes=1000-", 1000), ("bytes=1000-2000", 1000), ("bytes=-0", 1000), ("bytes=-5", 0), ("bytes=0-", 0)],
)
def test_a_range_outside_the_content_cannot_be_satisfied(header: str, byte_count: int) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, byte_count)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 400))
def test_a_range_is_what_slicing_inclusive_bounds_gives(first: int, last: int, byte_count: int) -> None:
    content = bytes(n % 251 for n in range(byte_count))
    try:
        found = parse_range(f"bytes={first}-{last}", byte_count)
    except Unsatisfiable:
        assert last >= first >= byte_count
        return
    if found is None:
        assert last < first
    else:
        assert content[found.start : found.end] == content[first : last + 1]
