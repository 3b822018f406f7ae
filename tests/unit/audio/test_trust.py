"""Which words nobody should rely on."""

from __future__ import annotations

import pytest

from app.audio.trust import drop_invented, find_loops, is_improbable, is_looping, mark_low_trust
from app.conversation import Word
from app.ports import RecognisedSegment
from app.timeline import Span


def word(start_s: float, text: str = "word", confidence: float = 0.9, length_s: float = 0.3) -> Word:
    return Word(Span(start_s, start_s + length_s), text, confidence)


def segment(text: str, *, log_probability: float = -0.3, compression: float = 1.2, seconds: float = 10.0) -> RecognisedSegment:
    texts = text.split()
    words = tuple(word(at * seconds / len(texts), part) for at, part in enumerate(texts))
    return RecognisedSegment(Span(0, seconds), text, words, log_probability, 0.1, compression)


@pytest.mark.parametrize(
    ("said", "looped"),
    [
        ("no no no I said", 0),
        ("no no no no I said", 4),
        ("well thank you. Thank you, thank you thank you bye", 8),
        ("so I went to the store so I went to the store so I went to the store so I went to the store", 24),
        ("five five five five one two", 0),
        ("", 0),
    ],
    ids=["three times is speech", "four times is a loop", "case and commas do not matter", "sentences", "digits", "nothing"],
)
def test_a_loop_is_the_same_words_four_times_in_a_row(said: str, looped: int) -> None:
    assert len(find_loops(said.split())) == looped


@pytest.mark.parametrize(
    ("decoded", "doubtful"),
    [
        (segment("I would like to speak to somebody about my bill"), False),
        (segment("I would like to speak", log_probability=-1.1), True),
        (segment("I would like to speak", compression=2.5), True),
        (segment("you you you you"), True),
        (segment(" ".join(f"word{n}" for n in range(90))), True),
    ],
    ids=["plain", "improbable", "repetitive", "loop", "faster than anybody speaks"],
)
def test_doubtful_segments(decoded: RecognisedSegment, doubtful: bool) -> None:
    assert (is_looping(decoded) or is_improbable(decoded)) is doubtful


def test_improbable_words_and_words_in_silence_are_marked() -> None:
    words = [word(1.0), word(1.4, confidence=0.2), word(8.0)]
    assert [marked.low_trust for marked in mark_low_trust(words, [Span(0.9, 2.0)])] == [False, True, True]


def test_a_word_beside_speech_is_not_in_silence() -> None:
    (marked,) = mark_low_trust([word(2.1, length_s=0.2)], [Span(1.0, 2.0)])
    assert not marked.low_trust


def test_text_invented_on_silence_is_dropped_and_a_stray_word_of_a_sentence_is_kept() -> None:
    said, stray, invented = word(1.0), word(1.9), word(9.0, "Thank")
    assert drop_invented([said, stray, invented], [Span(0.9, 1.4)]) == (said, stray)


def test_without_speech_nothing_is_left() -> None:
    assert drop_invented([word(1.0), word(1.4)], []) == ()
