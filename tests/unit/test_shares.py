"""Shares say how sure they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shares import Share


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # Values of the Wilson interval without continuity correction, as printed in Newcombe (1998), Stat. Med. 17, table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_the_published_table(hits: int, total: int, low: float, high: float) -> None:
    assert Share(hits, total).interval == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_an_interval_holds_its_share(counts: tuple[int, int]) -> None:
    share = Share(*counts)
    low, high = share.interval
    assert 0 <= low <= high <= 1
    if share.value is not None:
        assert low - 1e-9 <= share.value <= high + 1e-9


def test_few_cases_are_never_said_to_differ() -> None:
    assert Share(9, 10).compare(Share(0, 10)) == "too few"
    assert Share(90, 100).compare(Share(10, 100)) == "higher"
    assert Share(10, 100).compare(Share(90, 100)) == "lower"
    assert Share(11, 100).compare(Share(10, 100)) == "alike"


def test_a_share_is_told_with_its_counts() -> None:
    assert str(Share(3, 4)) == "3 of 4 (75 %, 95 % interval 30 to 95 %)"
    assert str(Share(0, 0)) == "none"
    with pytest.raises(ValueError, match="expected 0 <= hits"):
        Share(5, 4)
