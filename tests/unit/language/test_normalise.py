"""One spelling for every way of writing the same speech."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.normalise import apostrophe_variants, spoken_words


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("I'm,", "i am"), ("im", "i am"), ("I’m", "i am"), ("you're", "you are"), ("Don't!", "do not"), ("can't", "can not"),
        ("didnt", "did not"), ("it's", "it is"), ("What's", "what is"), ("mom's", "moms"), ("o'clock", "oclock"),
        ("e-mail", "e mail"), ("email", "e mail"), ("emailed", "e mailed"), ("Medicare.gov.", "medicare dot gov"),
        ("1-800-MEDICARE", "1 800 medicare"), ("$6,400", "6400 dollars"), ("100%", "100 percent"), ("$39.99", "39 dollars"),
        ("español", "espanol"), ("A.I.", "ai"), ("C.V.V.", "cvv"), ("12/05/1980", "12 05 1980"), ("maybe", "may be"),
        ("pop-up", "pop up"), ("popup", "pop up"), ("gonna", "going to"), ("...", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_written_token_is_said_in_plain_words(written: str, said: str) -> None:
    assert " ".join(spoken_words(written)) == said


def test_both_spellings_of_a_contraction_say_the_same() -> None:
    for whole, short in [
        ("i am", "i'm"),
        ("you are", "you're"),
        ("do not", "don't"),
        ("it is", "its"),
        ("they will", "they'll"),
    ]:
        assert tuple(w for part in whole.split() for w in spoken_words(part)) == spoken_words(short)


def test_a_phrase_is_also_spelled_as_recognisers_mistake_it() -> None:
    assert "your in good hands" in apostrophe_variants("you're in good hands")
    assert "were on a recorded line" in apostrophe_variants("we're on a recorded line")
    assert "my dad is not here" in apostrophe_variants("my dad's not here")


@given(st.text(max_size=40))
def test_any_token_gives_plain_lower_case_words(token: str) -> None:
    for word in spoken_words(token):
        assert word
        assert word.isascii()
        assert word == word.lower()
        assert " " not in word
