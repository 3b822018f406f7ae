"""Subtitles are valid WebVTT: cues in order, of two lines at most, nothing that a player would take for markup."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.conversation import Utterance, Word
from app.review.presenters.subtitles import LONGEST_CUE_CHARS, build_subtitles
from app.timeline import Span
from app.vocabulary import Speaker
from tests.factories.calls import conversation

CUE = re.compile(r"(\d\d):(\d\d):(\d\d)\.(\d{3}) --> (\d\d):(\d\d):(\d\d)\.(\d{3})\n<v [\w ]+>([^\n<>]+)")


def said(*utterances: Utterance) -> str:
    return build_subtitles(replace(conversation(), utterances=utterances))


def read(text: str) -> list[tuple[float, float, str]]:
    """Read the cues of a file as the format says; whatever is no cue fails."""
    head, *blocks = text.rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    cues = []
    for block in blocks:
        found = CUE.fullmatch(block)
        assert found is not None, block
        hours, minutes, seconds, millis, *end = map(int, found.groups()[:8])
        start_s = hours * 3600 + minutes * 60 + seconds + millis / 1000
        cues.append((start_s, end[0] * 3600 + end[1] * 60 + end[2] + end[3] / 1000, found[9]))
    return cues


def test_a_conversation_in_order_of_time_with_its_speakers() -> None:
    text = build_subtitles(conversation())
    cues = read(text)
    assert text.startswith("WEBVTT\n\n00:00:01.200 --> ")
    assert "<v Agent>Thank you for calling Meridian Health," in text
    assert "<v Caller>That works, thank you. Bye." in text
    assert [start for start, _, _ in cues] == sorted(start for start, _, _ in cues)
    assert max(len(words) for _, _, words in cues) <= LONGEST_CUE_CHARS
    assert " ".join(words for _, _, words in cues).split() == " ".join(u.text for u in conversation().utterances).split()


def test_voices_of_a_mixed_channel_are_told_apart_as_far_as_they_are_known() -> None:
    heard = Utterance(0, Speaker.UNKNOWN, Span(0.0, 1.0), "hello", (Word(Span(0.0, 1.0), "hello", 0.9),))
    assert "<v Speaker>hello" in said(heard)
    assert "<v Speaker B>hello" in said(replace(heard, estimated_speaker="B"))


def test_a_call_of_hours_and_a_call_without_words() -> None:
    late = Utterance(0, Speaker.CALLER, Span(3_661.5, 3_661.5), "yes", ())
    assert "01:01:01.500 --> 01:01:01.800\n<v Caller>yes" in said(late)
    assert said() == "WEBVTT\n"


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30), max_size=12))
def test_nothing_that_is_said_breaks_the_file(texts: list[str]) -> None:
    words = tuple(Word(Span(float(n), n + 0.5), text, 0.9) for n, text in enumerate(texts))
    read(said(Utterance(0, Speaker.CALLER, Span(0.0, 30.0), " ".join(texts), words)))
