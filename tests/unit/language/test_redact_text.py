"""Numbers of people cannot be read where outside parties read; every other word, and every time, stays."""

import re
from dataclasses import replace

import pytest

from app.conversation import Tone, Utterance, Word
from app.language.keypad import MASKED_KEY, find_keyed_numbers, mask_tones
from app.language.matching import PackSet
from app.language.redact_text import MASK, find_all_sensitive, redact, redact_quote, redact_text
from app.language.sensitive import SensitiveKind
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import ToneKind
from tests.unit.language.said import Line, utter

CARD = "four one one one one one one one one one one one one one one one"


def with_words(utterance: Utterance) -> Utterance:
    """Give each word an equal share of the utterance's time."""
    tokens = utterance.text.split()
    step = utterance.span.duration_s / len(tokens)
    words = [
        Word(Span(utterance.span.start_s + n * step, utterance.span.start_s + (n + 1) * step), token, 0.9)
        for n, token in enumerate(tokens)
    ]
    return replace(utterance, words=tuple(words))


def read(packs: PackSet, *lines: Line, tones: tuple[Tone, ...] = ()) -> tuple[list[Utterance], tuple[Utterance, ...]]:
    said = [with_words(utterance) for utterance in utter(*lines)]
    return said, redact(said, tones, packs, duration_s=said[-1].span.end_s).utterances


def keyed(digits: str, start_s: float, channel: int = 0) -> tuple[Tone, ...]:
    return tuple(
        Tone(channel, ToneKind.DTMF, digit, Span(start_s + 0.4 * n, start_s + 0.4 * n + 0.1)) for n, digit in enumerate(digits)
    )


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([("c", f"my card number is {CARD}")], "my card number is"),
        ([("c", "sure my card number is 4111 1111 1111 1111")], "sure my card number is"),
        ([("a", "what's your card number"), ("c", CARD), ("a", "mm-hmm")], "what's your card number"),
        ([("c", f"my card number is {CARD}"), ("c", "it expires in 09 of 29.")], "it expires in"),
        ([("c", f"my card number is {CARD}"), ("c", "september twenty twenty nine")], "my card number is"),
        ([("a", "and the security code"), ("c", "security code is three two one")], "security code is"),
        ([("c", "my social security number is five one two two four six seven eight nine")], "my social security number is"),
        ([("a", "what's your medicare number"), ("c", "1EG4-TE5-MK73")], "what's your medicare number"),
        ([("a", "what's your date of birth"), ("c", "march third nineteen fifty two")], "what's your date of birth"),
    ],
)
def test_no_digit_of_a_number_is_left_and_the_words_around_it_stay(packs: PackSet, lines: list[Line], kept: str) -> None:
    said, told = read(packs, *lines)
    text = " ".join(u.text for u in told)
    assert kept in text
    assert MASK in text
    assert not re.search(r"\d|\b(one|two|three|five|seven|nine|nineteen|fifty|twenty|march|september)\b", text)
    for before, after in zip(said, told, strict=True):
        assert (after.span, after.channel, after.speaker) == (before.span, before.channel, before.speaker)
        assert [word.span for word in after.words] == [word.span for word in before.words]
        assert after.text.split() == [word.text for word in after.words]


def test_the_read_back_is_masked_too(packs: PackSet) -> None:
    _, told = read(packs, ("c", f"my card number is {CARD}"), ("a", "that's four one one one one one one"))
    assert told[1].text.split() == ["that's"] + [MASK] * 7


def test_prices_zips_and_telephone_numbers_stay(packs: PackSet) -> None:
    lines: list[Line] = [
        ("c", f"my card number is {CARD}"),
        ("a", "Thank you, your total today is $100."),
        ("a", "and the zip code for that card"),
        ("c", "seven eight seven oh four"),
    ]
    _, told = read(packs, *lines)
    assert [u.text for u in told[1:]] == [text for _, text in lines[1:]]


def test_a_call_without_such_numbers_is_given_back_as_it_is(packs: PackSet) -> None:
    said, told = read(packs, ("c", "call me at five one two five five five oh one four two"), ("a", "it is $49 a month"))
    assert list(told) == said


def test_utterances_without_word_times_are_masked_whole_where_a_number_lies(packs: PackSet) -> None:
    said = utter(("c", f"my card number is {CARD}"))
    told = redact(said, (), packs, duration_s=60.0).utterances
    assert "one" not in told[0].text


def test_a_card_keyed_in_is_muted_and_its_keys_are_not_listed(packs: PackSet) -> None:
    tones = (*keyed("4111111111111111", 5.0), *keyed("0929", 20.0), *keyed("1", 200.0))
    said = utter(("a", "please hold the line"))
    redaction = redact(said, tones, packs, duration_s=300.0)
    assert [(round(s.start_s, 1), round(s.end_s, 1)) for s in redaction.spans] == [(5.0, 11.1), (20.0, 21.3)]
    assert {tone.detail for tone in mask_tones(tones, redaction.spans)} == {MASKED_KEY, "1"}


def test_keys_of_a_menu_are_no_numbers_of_people(packs: PackSet) -> None:
    assert find_keyed_numbers((*keyed("2", 1.0), *keyed("5125550142", 20.0)), (), ()) == ()


def test_keys_behind_words_for_the_social_are_found(packs: PackSet) -> None:
    said = utter(("a", "please enter your social security number"))
    hits = spot(said, packs, duration_s=60.0)
    [found] = find_keyed_numbers(keyed("512246789", 6.0), hits, ())
    assert (found.kind, found.length) == (SensitiveKind.SOCIAL_SECURITY, 9)


def test_quotes_of_phrases_lose_the_digits_next_to_a_number(packs: PackSet) -> None:
    said = [with_words(u) for u in utter(("c", f"my card number is {CARD}"))]
    hits = spot(said, packs, duration_s=60.0)
    sensitive = find_all_sensitive(said, (), hits)
    quoted = replace(hits[0], quote="card number is 4111 1111")
    assert redact_quote(quoted, sensitive).quote == f"card number is {MASK} {MASK}"
    assert redact_quote(quoted, ()) == quoted
    assert redact_text(said, ()) == tuple(said)
