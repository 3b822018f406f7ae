"""Word errors are counted by the cheapest alignment, and add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.word_errors import WordErrors, count_errors

WORDS = st.lists(st.sampled_from(["call", "me", "back", "now"]), max_size=8)


@pytest.mark.parametrize(
    ("reference", "heard", "expected"),
    [
        ("call me back now", "call me back now", WordErrors(4, 0, 0, 0)),
        ("call me back now", "call back now", WordErrors(4, 0, 1, 0)),
        ("call me back now", "call me right back now", WordErrors(4, 0, 0, 1)),
        ("call me back now", "call him back now", WordErrors(4, 1, 0, 0)),
        ("call me back now", "", WordErrors(4, 0, 4, 0)),
        ("", "thank you", WordErrors(0, 0, 0, 2)),
    ],
)
def test_each_kind_of_error_is_counted(reference: str, heard: str, expected: WordErrors) -> None:
    assert count_errors(reference.split(), heard.split()) == expected


def test_rates_are_shares_of_what_was_said() -> None:
    errors = WordErrors(words=20, substitutions=1, deletions=2, insertions=3)
    assert errors.rate == pytest.approx(6 / 20)
    assert errors.deletion_rate == pytest.approx(2 / 20)
    assert WordErrors().rate is None


@given(WORDS, WORDS)
def test_lengths_agree_with_the_errors(reference: list[str], heard: list[str]) -> None:
    errors = count_errors(reference, heard)
    assert len(heard) == len(reference) - errors.deletions + errors.insertions
    assert errors.substitutions + errors.deletions <= len(reference)
