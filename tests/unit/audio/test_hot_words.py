import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.hot_words import (
    LONGEST_PHRASE,
    LONGEST_PROMPT,
    MOST_PHRASES,
    clean_hot_words,
    doubt_hot_words,
    join_hot_words,
)
from app.conversation import Word
from app.timeline import Span


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (["Brightwater", "Dana"], ("Brightwater", "Dana")),
        (["  Brightwater \n Plumbing "], ("Brightwater Plumbing",)),
        (["Dana", "DANA", "dana"], ("Dana",)),
        (["Acme Insurance LLC", "Acme, Inc."], ("Acme Insurance", "Acme")),
        (["<|endoftext|>", "ab;cd,ef"], ("endoftext", "ab cd ef")),
        (["", " ", "7", "-", "x"], ()),
        (["O'Neil & Sons", "Tri-State"], ("O'Neil & Sons", "Tri-State")),
        (["word " * 20], ()),
    ],
)
def test_names_are_cleaned(given_: list[str], expected: tuple[str, ...]) -> None:
    assert clean_hot_words(given_) == expected


def test_nothing_left_is_no_prompt() -> None:
    assert join_hot_words([]) is None
    assert join_hot_words(["7"]) is None
    assert join_hot_words(["Dana", "Northgate"]) == "Dana, Northgate"


@given(st.lists(st.text(max_size=60), max_size=80))
def test_few_and_short_names_are_put_before_the_recogniser(phrases: list[str]) -> None:
    kept = clean_hot_words(phrases)
    assert len(kept) <= MOST_PHRASES
    assert all(len(phrase) <= LONGEST_PHRASE for phrase in kept)
    assert len(", ".join(kept)) <= LONGEST_PROMPT
    assert clean_hot_words(kept) == kept


def _word(text: str, confidence: float, *, at: float = 0.0, low_trust: bool = False) -> Word:
    return Word(Span(at, at + 0.3), text, confidence, low_trust)


def test_a_doubtful_name_among_doubtful_words_is_of_low_trust() -> None:
    words = [_word("this", 0.5), _word("is", 0.5, at=0.4), _word("Northgate.", 0.5, at=0.8), _word("fine", 0.9, at=9.0)]
    marked = doubt_hot_words(words, "Northgate, Dana")
    assert [word.low_trust for word in marked] == [False, False, True, False]


def test_a_doubtful_name_in_a_sentence_that_was_heard_well_is_believed() -> None:
    words = [_word("This", 0.9), _word("is", 0.9, at=0.4), _word("Northgate.", 0.5, at=0.8)]
    assert not any(word.low_trust for word in doubt_hot_words(words, "Northgate, Dana"))


def test_a_name_heard_well_once_is_believed_elsewhere() -> None:
    words = [_word("Northgate", 0.5), _word("Northgate", 0.9, at=5.0)]
    assert not any(word.low_trust for word in doubt_hot_words(words, "Northgate"))


def test_a_hearing_of_low_trust_supports_no_other() -> None:
    words = [_word("Northgate", 0.5), _word("Northgate", 0.9, at=5.0, low_trust=True)]
    assert all(word.low_trust for word in doubt_hot_words(words, "Northgate"))


def test_common_words_of_a_brand_are_left_alone() -> None:
    words = [_word("insurance", 0.5), _word("plans", 0.5)]
    assert doubt_hot_words(words, "Northgate Auto Insurance, Senior Plans") == tuple(words)


def test_without_names_nothing_changes() -> None:
    words = (_word("Northgate", 0.1),)
    assert doubt_hot_words(words, None) == words
