"""Drafts and transcripts meant to hang or break the search: refused with a reason, or searched in bounded time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.conversation import Utterance
from app.errors import InvalidInput
from app.language.absences import find_absences
from app.language.matching import PackSet, compile_packs
from app.language.packs import MOST_CHOICES, MOST_GAPS, parse_packs
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import Speaker
from tests.unit.language.test_packs import draft


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when the block takes more processor time (not clock time: the machine may be busy)."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def refusal(phrase: Any) -> str:
    with within(2.0), pytest.raises(InvalidInput) as caught:
        parse_packs(draft(phrases=[phrase]))
    return str(caught.value)


@pytest.mark.parametrize(
    "phrase",
    [
        "(a+)+$",
        "^(.*a){30}$",
        "you (called+)+ me",
        "you\\s+called",
        "[a-z]*called me",
        "(?:you|we)=called",
        "you ~ called <me>",
    ],
)
def test_a_regular_expression_is_refused_by_name(phrase: str) -> None:
    reason = refusal(phrase)
    assert "expected" in reason
    assert "PH-X" in reason


def test_alternatives_that_multiply_are_refused_before_they_are_written_out() -> None:
    assert f"at most {MOST_CHOICES} wordings, got {2**16}" in refusal("you " + "(a|b)" * 16 + " me")


@pytest.mark.parametrize("phrase", ["you ((called|rang)|texted) me", "you (called me", "you called) me", "you called|rang me"])
def test_broken_or_nested_alternatives_are_refused(phrase: str) -> None:
    assert "alternatives as (one|other)" in refusal(phrase)


def test_many_wildcards_are_refused() -> None:
    assert f"at most {MOST_GAPS} of" in refusal("you * called * me * on * my * phone")
    assert "more than an article" in refusal("you * the * me")


@pytest.mark.parametrize("phrase", ["the", "um uh", "...", "a an the", "you called me " * 100])
def test_a_phrase_without_a_word_or_without_end_is_refused(phrase: str) -> None:
    assert "expected" in refusal(phrase)


def test_lists_that_hold_themselves_are_refused_and_shown_short() -> None:
    bomb: list[Any] = ["lol"]
    for _ in range(40):
        bomb = [bomb, bomb, bomb, bomb]
    assert len(refusal(bomb)) < 2_000
    for field in ("negators", "negated_inside", "groups", "note", "window_s", "kind", "rule", "needs_digits_s"):
        with within(2.0), pytest.raises(InvalidInput):
            parse_packs(draft(**{field: bomb if field != "groups" else "none"}))
    with within(2.0), pytest.raises(InvalidInput):
        parse_packs({**draft(), "meant_together": [[bomb, bomb]], "as_of": bomb, "version": bomb})


def test_negators_written_as_one_text_are_refused() -> None:
    with pytest.raises(InvalidInput, match="negators: expected a list of words"):
        parse_packs(draft(negators="never"))


def test_more_words_than_the_alphabet_holds_are_refused() -> None:
    words = [f"w{chr(97 + a)}{chr(97 + b)}{chr(97 + c)}x" for a in range(26) for b in range(26) for c in range(10)]
    with pytest.raises(InvalidInput, match="different words"):
        compile_packs(parse_packs(draft(phrases=[" ".join(words[i : i + 4]) for i in range(0, len(words), 4)])))


def test_wildcards_side_by_side_in_speech_take_bounded_time() -> None:
    packs = compile_packs(parse_packs(draft(phrases=["you * called * me * again", "pay {n} and {n} now"])))
    said = "you x called y me z " * 20_000 + "pay 1 and 2 and 3 " * 20_000
    with within(20.0):
        spot([Utterance(0, Speaker.CALLER, Span(0, 60), said)], packs, duration_s=60)


MILLION = 1_000_000
LONG = {
    "one token": "a" * MILLION,
    "one token of signs": "?!" * (MILLION // 2),
    "one token of hyphens": "you-called-me-" * (MILLION // 14),
    "a word a million times": "called " * (MILLION // 4),
    "a phrase on one line": "you called me about the gift card " * 8_000,
    "stammer": "i got i got a a text " * 10_000,
    "numbers": "four " * 200_000,
    "digits": "4" * MILLION,
    "money": "$1,111," * 100_000,
    "articles": "the " * 300_000 + "you called me",
    "card numbers asked for": "what's your card number four one one one " * 5_000,
    "names": "my name is Bob " * 5_000,
    "questions": "did you get a text? " * 20_000,
    "misspelt": " ".join(f"calle{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676 % 26)}" for i in range(17_576)),
    "emoji": "you 😀 called 👨‍👩‍👧‍👦 me 📞 " * 20_000,
    "zero width": "you\u200b called\u200d me\ufeff " * 20_000,
    "combining marks": "yo\u0301u ca" + "\u0301" * 50_000 + "lled me",
    "right to left": "\u202eyou called me\u202c אתה התקשרת " * 10_000,
    "wide letters": "ｙｏｕ ｃａｌｌｅｄ ｍｅ " * 10_000,
    "control signs": "you\x00called\x01me\x02\x03\x04\x05\x06 \x03 \x04" * 10_000,
    "private use": "\ue800\ue801\uf8ff " * 50_000,
}


@pytest.mark.parametrize("name", LONG)
def test_any_transcript_is_searched_in_bounded_time(packs: PackSet, name: str) -> None:
    said = [
        Utterance(0, Speaker.CALLER, Span(0, 60), LONG[name]),
        Utterance(1, Speaker.AGENT, Span(0, 60), LONG[name]),
        Utterance(0, Speaker.CALLER, Span(60, 61), "yes"),
    ]
    with within(20.0):
        hits = spot(said, packs, duration_s=61)
        find_absences(hits, packs, duration_s=61, utterances=said)


@pytest.mark.parametrize(
    "said",
    ["you\u200b called me", "you called 😀 me", "Ｙou called me", "you called\u00a0me", "“you called me”", "yóu called me"],
)
def test_signs_that_cannot_be_heard_hide_nothing(packs: PackSet, said: str) -> None:
    hits = spot([Utterance(0, Speaker.CALLER, Span(0, 3), said)], packs, duration_s=3)
    assert "PH-CHAN-OUTBOUND" in {hit.pack for hit in hits}
