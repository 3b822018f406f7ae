"""What is a hit of a phrase pack, what is none, and where does it lie?"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.conversation import KeywordHit, Utterance, Word
from app.language.matching import PackSet
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import PackKind, Speaker
from tests.unit.language.said import FIRES, QUIET, Line, hear, utter


def packs_of(hits: tuple[KeywordHit, ...]) -> set[str]:
    return {hit.pack for hit in hits}


def the_hit(hits: tuple[KeywordHit, ...], pack: str) -> KeywordHit:
    (hit,) = [hit for hit in hits if hit.pack == pack]
    return hit


def test_sentences_written_apart_raise_their_packs(packs: PackSet) -> None:
    missed = [(pack, line) for pack, lines in FIRES.items() for line in lines if pack not in packs_of(hear(packs, line))]
    assert missed == []
    assert set(FIRES) == {pack.id for pack in packs.source.packs}


@pytest.mark.parametrize(("lines", "pack"), QUIET, ids=[lines[0][1][:50] for lines, _ in QUIET])
def test_denials_questions_and_neighbours_raise_nothing(packs: PackSet, lines: list[Line], pack: str) -> None:
    raised = [hit for hit in hear(packs, *lines) if pack in hit.pack and hit.kind is not PackKind.CONTEXT]
    assert raised == []


def test_every_phrase_is_found_as_written_and_without_articles_and_apostrophes(packs: PackSet) -> None:
    for pack in packs.source.packs:
        who = "a" if pack.speaker is Speaker.AGENT else "c"
        for phrase in pack.phrases:
            chosen = re.sub(r"\(([^()|]*)[^()]*\)", r"\1", phrase.say)  # the first of its alternatives
            plain = " ".join(chosen.replace("*", "mary").replace("{n}", "five").split())
            bare = " ".join(word for word in plain.split() if word not in ("a", "an", "the")).replace("'", "")
            for said in (plain, plain.capitalize() + ".", bare, "um so " + plain + " you know"):
                lines: list[Line] = [(who, said), ("c", "yes")] if phrase.needs_yes else [(who, said)]
                assert pack.id in packs_of(hear(packs, *lines)), (pack.id, said)


@pytest.mark.parametrize(
    ("heard", "pack"),
    [
        ("put me on the do not coal list", "PH-DNC-REQUEST"),
        ("i pressed won to be connected", "PH-CHAN-INTERCEPT"),
        ("i got somthing in the mail", "PH-CHAN-MAIL"),
        ("i never sined up", "PH-CONSENT-DENIED"),
    ],
)
def test_a_misheard_phrase_is_found_by_sound_and_says_so(packs: PackSet, heard: str, pack: str) -> None:
    hits = [hit for hit in hear(packs, ("c", heard)) if hit.pack == pack]
    assert hits
    assert {hit.match for hit in hits} == {"sound_alike"}
    assert all(0.8 <= hit.confidence < 1.0 for hit in hits)


@pytest.mark.parametrize(
    ("said", "pack"),
    [
        ("i didn't sign up, you texted me", "PH-CHAN-SMS"),
        ("i didn't sign up you texted me", "PH-CHAN-SMS"),
        ("I'm not sure but i got a text", "PH-CHAN-SMS"),
        ("no, you called me", "PH-CHAN-OUTBOUND"),
        ("I don't know why you called me", "PH-CHAN-OUTBOUND"),
        ("I'm not interested take me off your list", "PH-DNC-REQUEST"),
        ("why don't you take me off your list", "PH-DNC-REQUEST"),
    ],
)
def test_a_negator_outside_the_clause_takes_nothing_back(packs: PackSet, said: str, pack: str) -> None:
    assert pack in packs_of(hear(packs, ("c", said)))


@pytest.mark.parametrize(
    "phrase", ["you texted me", "i got an email", "you called me", "i was transferred", "it was a recording"]
)
def test_saying_that_nobody_said_so_removes_the_hit(packs: PackSet, phrase: str) -> None:
    assert packs_of(hear(packs, ("c", phrase)))
    for denial in ("i never said", "i didn't say", "i don't think", "nobody said that"):
        raised = [hit for hit in hear(packs, ("c", f"{denial} {phrase}")) if hit.kind is PackKind.VIOLATION]
        assert raised == [], denial


def test_a_question_of_ours_counts_with_the_callers_yes_inside_six_seconds(packs: PackSet) -> None:
    question, answer = ("a", "Did you get a text from us?"), ("c", "Yeah, I did.")
    hit = the_hit(hear(packs, question, answer), "PH-CHAN-SMS")
    assert (hit.speaker, hit.quote) == (Speaker.CALLER, "Did you get a text from us? / Yeah, I did.")
    assert packs_of(hear(packs, question, answer, gap_s=6.5)) == set()
    assert packs_of(hear(packs, question, ("c", "no"))) == set()


def test_permission_to_record_counts_as_notice_only_when_given(packs: PackSet) -> None:
    question = ("a", "Do I have your permission to record?")
    assert packs_of(hear(packs, question, ("c", "Sure."))) == {"PH-REC-NOTICE"}
    assert packs_of(hear(packs, question, ("c", "No."))) == set()


@pytest.mark.parametrize("said", ["are you recording this", "who is this calling"])
def test_a_question_is_context_not_a_statement(packs: PackSet, said: str) -> None:
    assert {hit.kind for hit in hear(packs, ("c", said))} == {PackKind.CONTEXT}


def test_an_innocent_phrase_is_recorded_and_carries_nothing(packs: PackSet) -> None:
    hit = the_hit(hear(packs, ("c", "well i was promised a call")), "PH-CHAN-INCENT")
    assert hit.kind is PackKind.CONTEXT


def test_asking_for_a_number_is_context_until_digits_follow(packs: PackSet) -> None:
    asked = ("a", "What's your card number?")
    assert the_hit(hear(packs, asked), "PH-SENS-PAN").kind is PackKind.CONTEXT
    assert the_hit(hear(packs, asked, ("c", "four one one one")), "PH-SENS-PAN").kind is PackKind.VIOLATION


def test_the_longer_phrase_wins_unless_both_are_meant(packs: PackSet) -> None:
    assert packs_of(hear(packs, ("c", "sorry wrong number"))) == {"PH-MISDIAL"}
    assert packs_of(hear(packs, ("a", "i'm with medicare"))) == {"PH-CLAIM-GOV-IMPERSONATION"}
    assert packs_of(hear(packs, ("c", "you called me three times today"))) == {"PH-CHAN-OUTBOUND", "PH-FREQ-COMPLAINT"}


def test_only_the_packs_own_speaker_counts_and_an_unknown_one_may_be_either(packs: PackSet) -> None:
    assert "PH-CHAN-SMS" not in packs_of(hear(packs, ("a", "you texted me")))
    hit = the_hit(hear(packs, ("u", "you texted me")), "PH-CHAN-SMS")
    assert hit.speaker is Speaker.UNKNOWN
    assert "PH-CHAN-TRANSFER-COLD-AGENT" in packs_of(hear(packs, ("u", "i'm going to transfer you")))


def test_a_phrase_may_run_over_a_short_pause_but_not_over_a_long_one(packs: PackSet) -> None:
    lines: list[Line] = [("c", "and then i got"), ("a", "mm-hmm"), ("c", "a text from you")]
    first, _, last = utter(*lines, gap_s=0.4)
    hit = the_hit(hear(packs, *lines, gap_s=0.4), "PH-CHAN-SMS")
    assert first.span.start_s < hit.span.start_s < first.span.end_s
    assert last.span.start_s < hit.span.end_s < last.span.end_s
    assert packs_of(hear(packs, *lines, gap_s=3.0)) == set()


def test_the_span_quote_confidence_and_trust_come_from_the_words(packs: PackSet) -> None:
    texts = [("Well,", 0.9), ("I", 0.95), ("got", 0.6), ("your", 0.8), ("text.", 0.9)]
    words = tuple(Word(Span(10 + n, 10.8 + n), text, sure, low_trust=text == "got") for n, (text, sure) in enumerate(texts))
    said = Utterance(0, Speaker.CALLER, Span(10, 15), "Well, I got your text.", words)
    (hit,) = spot([said], packs, duration_s=20)
    assert hit.span == Span(11, 14.8)
    assert hit.quote == "I got your text."
    assert hit.confidence == 0.6
    assert hit.low_trust
    assert (hit.rule, hit.phrase, hit.match) == ("CHAN-SPEECH-SMS", "i got your text", "exact")


def test_without_words_time_is_shared_out_by_length(packs: PackSet) -> None:
    (hit,) = spot([Utterance(0, Speaker.CALLER, Span(0, 10), "you texted me")], packs, duration_s=10)
    assert hit.span == Span(0, 10)


WORDS = [
    "you", "texted", "me", "not", "never", "i", "got", "a", "text", "hello", "this", "is", "with", "transfer", "the", "four",
    "hundred", "$6,400", "don't", "take", "off", "your", "list", "yes", "did", "um", "?",
]  # fmt: skip
SAID = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "you",
                "texted",
                "me",
                "not",
                "never",
                "i",
                "got",
                "a",
                "text",
                "hello",
                "this",
                "is",
                "with",
                "transfer",
                "the",
                "four",
                "hundred",
                "$6,400",
                "don't",
                "take",
                "off",
                "your",
                "list",
                "yes",
                "did",
                "um",
                "?",
            ]
        ),
        st.text(max_size=8),
    ),
    max_size=14,
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.tuples(st.sampled_from("cau"), SAID), max_size=6))
def test_any_text_is_searched_without_a_crash_and_hits_lie_inside(packs: PackSet, texts: list[Line]) -> None:
    utterances = utter(*texts)
    end_s = max((u.span.end_s for u in utterances), default=0.0)
    hits = spot(utterances, packs, duration_s=end_s)
    assert len(set(hits)) == len(hits)
    for hit in hits:
        assert 0 <= hit.span.start_s <= hit.span.end_s <= end_s
        assert 0 < hit.confidence <= 1
        assert hit.quote
    assert spot(list(reversed(utterances)), packs, duration_s=end_s) == hits  # the order given does not matter
