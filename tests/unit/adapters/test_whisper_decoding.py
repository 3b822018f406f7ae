"""Words are less sure where the looks at them disagree, whatever punctuation they carry."""

from __future__ import annotations

from app.adapters.whisper_decoding import doubt_words
from app.conversation import Word
from app.timeline import Span


def word(text: str, confidence: float) -> Word:
    return Word(span=Span(0.0, 0.5), text=text, confidence=confidence)


def test_a_word_is_as_doubtful_as_its_most_doubtful_part() -> None:
    words = (word("Well,", 0.9), word("twenty-two", 0.8), word("dollars.", 1.0))
    doubted = doubt_words(words, (1.0, 0.9, 0.5, 0.25))
    assert [one.confidence for one in doubted] == [0.9, 0.4, 0.25]
    assert [one.text for one in doubted] == ["Well,", "twenty-two", "dollars."]


def test_what_has_no_plain_word_keeps_its_confidence() -> None:
    assert [one.confidence for one in doubt_words((word("$", 0.7), word("yes", 0.8)), (0.5,))] == [0.7, 0.4]
