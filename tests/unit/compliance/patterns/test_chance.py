"""The chance is that of Fisher's test: counted out by hand, and as SciPy gives it."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from app.compliance.patterns.chance import chance_of_at_least


def count_out(hits: int, of: int, all_hits: int, all_of: int) -> float:
    """Look at every way of drawing: which share of them holds so many hits?"""
    cases = [1] * all_hits + [0] * (all_of - all_hits)
    draws = [sum(draw) for draw in itertools.combinations(cases, of)]
    return sum(drawn >= hits for drawn in draws) / len(draws)


@pytest.mark.parametrize(
    ("hits", "of", "all_hits", "all_of"), [(3, 4, 4, 8), (2, 5, 3, 9), (0, 3, 2, 8), (4, 4, 4, 10), (1, 6, 6, 8), (2, 6, 6, 8)]
)
def test_the_chance_is_the_share_of_all_ways_to_draw(hits: int, of: int, all_hits: int, all_of: int) -> None:
    assert chance_of_at_least(hits, of, all_hits, all_of) == pytest.approx(count_out(hits, of, all_hits, all_of))


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    all_of = draw(st.integers(1, 5_000))
    of, all_hits = draw(st.integers(0, all_of)), draw(st.integers(0, all_of))
    return draw(st.integers(max(0, of + all_hits - all_of), min(of, all_hits))), of, all_hits, all_of


@given(tables())
def test_scipy_gives_the_same(table: tuple[int, int, int, int]) -> None:
    hits, of, all_hits, all_of = table
    wanted = float(hypergeom.sf(hits - 1, all_of, all_hits, of))
    assert math.isclose(chance_of_at_least(hits, of, all_hits, all_of), wanted, rel_tol=1e-6, abs_tol=1e-250)


def test_what_is_no_part_of_the_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a part of the whole"):
        chance_of_at_least(5, 4, 5, 10)
