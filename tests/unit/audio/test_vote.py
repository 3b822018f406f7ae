"""The text nearest to all guesses wins, not the likeliest one; looks count alike, case and punctuation for nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.vote import SHARPNESS, Guess, choose_guess, plain_words, weigh


def guess(text: str, weight: float = 1.0) -> Guess:
    """A guess of four tokens that counts in proportion to ``weight`` (the square root of four is two)."""
    return Guess(text, (1, 2, 3, 4), 2 * math.log(weight) / SHARPNESS)


def test_the_text_nearest_to_all_beats_the_likeliest() -> None:
    # Expected errors by hand: "a b c" 0.6*2 = 1.2, "x b d" 0.4*2+0.3 = 1.1,
    # "x e d" 0.4*3+0.3 = 1.5.
    guesses = [guess("a b c", 0.4), guess("x b d", 0.3), guess("x e d", 0.3)]
    assert choose_guess([guesses]).guess.text == "x b d"


def test_two_looks_outvote_a_surer_third() -> None:
    looks = [[guess("call wildfire", 0.9)], [guess("call wild fire", 0.2)], [guess("call wild fire", 0.1)]]
    assert choose_guess(looks).guess.text == "call wild fire"


def test_spelling_of_the_likeliest_of_equal_texts_is_kept() -> None:
    looks = [[guess("Hello, John.", 0.7), guess("hello john", 0.2), guess("Jello", 0.1)]]
    assert choose_guess(looks).guess.text == "Hello, John."


def test_one_guess_is_taken_and_none_is_refused() -> None:
    assert choose_guess([[guess("yes", 0.01)]]).guess.text == "yes"
    with pytest.raises(ValueError, match="at least one"):
        choose_guess([])


def test_each_word_is_told_how_many_agree_on_it() -> None:
    looks = [
        [guess("call the operator", 0.75), guess("call operator", 0.25)],
        [guess("Call the opera door")],
        [guess("Call the operator")],
    ]
    choice = choose_guess(looks)
    assert choice.guess.text == "Call the operator"
    # "call" in all; "the" not in a quarter of the first look; "operator" not in the second look.
    assert choice.agreement == pytest.approx((1.0, 11 / 12, 2 / 3))


def test_words_are_plain() -> None:
    assert plain_words("I'd SAY: it's twenty-two!") == ("i'd", "say", "it's", "twenty", "two")


def test_of_two_guesses_equally_sure_of_each_token_the_shorter_counts_more_but_not_as_much_as_by_chance() -> None:
    short, long = weigh([Guess("a", (1,) * 4, -4.0), Guess("a b", (1,) * 9, -9.0)])
    assert short / long == pytest.approx(math.exp(SHARPNESS))


@given(st.lists(st.floats(-2000, 0), min_size=1, max_size=8))
def test_weights_add_up_to_one_however_improbable(log_probabilities: list[float]) -> None:
    weights = weigh([Guess("a", (1,), value) for value in log_probabilities])
    assert sum(weights) == pytest.approx(1.0)


@given(st.lists(st.text("ab ", min_size=1, max_size=9), min_size=1, max_size=6))
def test_the_order_of_looks_does_not_matter(texts: list[str]) -> None:
    looks = [[guess(text)] for text in texts]
    assert plain_words(choose_guess(looks).guess.text) == plain_words(choose_guess(looks[::-1]).guess.text)
