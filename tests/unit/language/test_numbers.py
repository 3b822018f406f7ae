"""Numbers as people say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.checksums import (
    is_card_number,
    is_medicare_number,
    is_routing_number,
    is_social_security_number,
    is_telephone_number,
    passes_luhn,
)
from app.language.numbers import find_digit_runs, parse_quantities

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four one one one", ["4111"]),
        ("double four seven triple nine", ["447999"]),
        ("double five", ["55"]),
        ("triple zero", ["000"]),
        ("forty one eleven", ["4111"]),
        ("forty two", ["42"]),
        ("four hundred", ["400"]),
        ("three oh five", ["305"]),
        ("two to for one", ["2241"]),  # ambiguous words between digits
        ("i want to go for it", []),
        ("press two to continue", ["2"]),
        ("five uh um six", ["56"]),
        ("five uh um and six", ["5", "6"]),  # three fillers are one too many
        ("4111 1111 1111 1111", ["4111111111111111"]),
        ("it is 12 dollars and then 30", ["12", "30"]),
        ("nineteen eighty four", ["1984"]),
        ("oh i see", ["0"]),
        ("", []),
    ],
)
def test_digits_are_read_as_spoken(said: str, digits: list[str]) -> None:
    assert [run.digits for run in find_digit_runs(said.split())] == digits


@pytest.mark.parametrize(
    ("values", "said"),
    [([60, 4, 100], [6400]), ([6, 1000, 4, 100], [6400]), ([4, 1, 1], [4, 1, 1]), ([1, 8, 100], [1, 800]), ([30, 9], [39]),
     ([14, 100], [1400]), ([100], [100]), ([2, 1000, 19], [2019]), ([], [])],
)  # fmt: skip
def test_quantities_join_as_they_are_meant(values: list[int], said: list[int]) -> None:
    assert parse_quantities(values) == said


@given(st.text("0123456789", min_size=1, max_size=19))
def test_digits_read_one_by_one_come_back_with_the_word_of_each(digits: str) -> None:
    words = ["well", *(NAMES[int(d)] for d in digits), "thanks"]
    (run,) = find_digit_runs(words)
    assert run.digits == digits
    assert (run.start, run.end) == (1, len(words) - 1)
    assert [NAMES.index(words[at]) for at in run.at] == [int(d) for d in digits]


@given(
    st.lists(st.sampled_from([*NAMES, "to", "for", "uh", "double", "hundred", "forty", "eleven", "well", "42"]), max_size=25)
)
def test_runs_never_overlap_and_name_words_inside_themselves(words: list[str]) -> None:
    end = 0
    for run in find_digit_runs(words):
        assert end <= run.start < run.end <= len(words)
        assert len(run.at) == len(run.digits)
        assert all(run.start <= at < run.end for at in run.at)
        end = run.end


def test_the_printed_test_cards_pass_and_a_changed_digit_fails() -> None:
    for card in ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"):
        assert is_card_number(card)
        changed = card[:5] + str((int(card[5]) + 1) % 10) + card[6:]
        assert not passes_luhn(changed)


def test_a_routing_number_passes_its_checksum() -> None:
    assert is_routing_number("021000021")
    assert not is_routing_number("021000022")
    assert not is_routing_number("02100002")


@pytest.mark.parametrize("number", ["000456789", "666456789", "945678901", "512006789", "512240000", "51224678"])
def test_a_social_security_number_that_was_never_issued_is_none(number: str) -> None:
    assert not is_social_security_number(number)
    assert is_social_security_number("512246789")


def test_a_medicare_number_has_its_shape() -> None:
    assert is_medicare_number("1EG4-TE5-MK73")
    for wrong in ("0EG4TE5MK73", "1SG4TE5MK73", "1EG4TE5MK7", "1EGATE5MK73"):
        assert not is_medicare_number(wrong)


def test_a_telephone_number_follows_the_north_american_plan() -> None:
    assert is_telephone_number("3055550123")
    assert is_telephone_number("13055550123")
    assert not is_telephone_number("1055550123")
