"""The size of a sample against a second way, the draw, and when a sample speaks with one voice."""

from fractions import Fraction
from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from app.review.cluster_sample import (
    DOUBT,
    LEAST_HEARD_S,
    Sampled,
    chance_of_clean_sample,
    choose_decisions,
    draw_sample,
    find_most_misfits,
    find_sample_size,
    judge_sample,
)
from app.vocabulary import FindingDecision, Verdict

GOOD, ROBOCALL, UNDECIDED = Verdict.GOOD, Verdict.ROBOCALL, Verdict.UNDECIDED
AGREE, REFUSE = FindingDecision.AGREE, FindingDecision.REFUSE


def heard(call_id: str, verdict: Verdict | None = ROBOCALL, heard_s: float = LEAST_HEARD_S, **more: object) -> Sampled:
    values: dict[str, object] = {"decisions": {}, "was_played": True, "needed_s": LEAST_HEARD_S} | more
    return Sampled(call_id, verdict, heard_s=heard_s, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("calls", [*range(1, 60), 99, 100, 101, 240, 1_000, 12_345, 100_000])
def test_the_sample_is_the_smallest_that_makes_a_tenth_of_misfits_unlikely(calls: int) -> None:
    size = find_sample_size(calls)
    tenth = -(-calls // 10)
    assert hypergeom.sf(0, calls, tenth, size) >= 0.95 - 1e-9
    assert size == 1 or hypergeom.sf(0, calls, tenth, size - 1) < 0.95 - 1e-9


@pytest.mark.parametrize(("calls", "size"), [(1, 1), (2, 2), (10, 10), (100, 25), (1_000, 29), (1_000_000, 29)])
def test_sizes_that_the_documentation_names(calls: int, size: int) -> None:
    """Without end 0.9 ** n falls below 0.05 at n = 29."""
    assert find_sample_size(calls) == size
    assert 0.9**29 < 0.05 < 0.9**28


def test_the_chance_is_that_of_counting_all_samples() -> None:
    calls, misfits = 9, 2
    for size in range(10):
        clean = [drawn for drawn in combinations(range(calls), size) if all(call >= misfits for call in drawn)]
        every = list(combinations(range(calls), size))
        assert chance_of_clean_sample(calls, misfits, size) == Fraction(len(clean), len(every))


@given(st.integers(1, 400))
def test_what_may_be_left_is_less_than_a_tenth(calls: int) -> None:
    size = find_sample_size(calls)
    left = find_most_misfits(calls, size)
    assert left * 10 < calls
    assert chance_of_clean_sample(calls, left + 1, size) <= DOUBT


@given(st.lists(st.text(min_size=1), unique=True, min_size=1), st.text(), st.data())
def test_the_draw_is_the_seeds_alone_and_a_larger_one_holds_the_smaller(
    calls: list[str], seed: str, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(calls)))
    sample = draw_sample(seed, calls, size)
    assert len(set(sample)) == size
    assert draw_sample(seed, calls[::-1], size) == sample
    assert draw_sample(seed, calls, len(calls))[:size] == sample


def test_the_draw_can_be_made_again_by_hand() -> None:
    by_hand = sorted("abcde", key=lambda call: sha256(b"s1:" + call.encode()).hexdigest())
    assert draw_sample("s1", list("abcde"), 2) == tuple(by_hand[:2])


def test_a_sample_of_one_mind_may_be_applied() -> None:
    standing = judge_sample([heard("a"), heard("b")], {"c": ROBOCALL, "d": UNDECIDED})
    assert standing.may_apply
    assert standing.verdict is ROBOCALL


@pytest.mark.parametrize(
    ("sample", "known"),
    [
        ([heard("a"), heard("b", GOOD)], {}),
        ([heard("a"), heard("b", None)], {}),
        ([heard("a"), heard("b", heard_s=LEAST_HEARD_S - 0.1)], {}),
        ([heard("a"), heard("b", was_played=False)], {}),
        ([heard("a", UNDECIDED), heard("b", UNDECIDED)], {}),
        ([heard("a"), heard("b")], {"c": GOOD}),
        ([heard("a", decisions={"R": AGREE}), heard("b", decisions={"R": REFUSE})], {}),
    ],
    ids=["two verdicts", "one is missing", "too little heard", "never played", "undecided", "decided otherwise", "a finding"],
)
def test_a_sample_that_is_not_of_one_mind_may_not(sample: list[Sampled], known: dict[str, Verdict]) -> None:
    assert not judge_sample(sample, known).may_apply


def test_a_call_that_shares_less_than_ten_seconds_is_heard_with_all_of_them() -> None:
    assert judge_sample([heard("a", heard_s=6.5, needed_s=6.5)], {}).may_apply


def test_a_finding_is_decided_for_the_rest_only_when_enough_calls_with_it_were_heard() -> None:
    sample = [heard(name, decisions={"often": AGREE} | ({"once": AGREE} if name == "0" else {})) for name in "0123456789"]
    assert choose_decisions(sample, {"often": 11, "once": 11}) == {"often": AGREE}
    assert choose_decisions(sample, {"often": 100, "once": 1}) == {"once": AGREE}
