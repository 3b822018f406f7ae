"""Words of each party become utterances in order of time; what the recogniser left out is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.audio.asr import find_missed, merge_utterances, recognise_channel, settle_words
from app.conversation import Word
from app.ports import RecognisedSegment, TranscriberIdentity
from app.timeline import Span
from app.vocabulary import ChannelRole, Speaker

ROLES = (ChannelRole.CALLER, ChannelRole.AGENT)


def said(start_s: float, text: str, *, word_s: float = 0.3, confidence: float = 0.9) -> list[Word]:
    """The words of a text, one after another without a pause."""
    return [
        Word(Span(round(start_s + at * word_s, 3), round(start_s + (at + 1) * word_s, 3)), part, confidence)
        for at, part in enumerate(text.split())
    ]


class ScriptedTranscriber:
    """Writes the words of a script that lie in the clips, save those it is told to leave out when clips are long."""

    def __init__(self, script: Sequence[Word], *, leaves_out: Span | None = None) -> None:
        self.script = script
        self.leaves_out = leaves_out
        self.asked: list[tuple[Span, ...]] = []

    @property
    def identity(self) -> TranscriberIdentity:
        return TranscriberIdentity("scripted", "0" * 64, "int8", 1)

    def transcribe(
        self,
        samples: Any,
        clips: Sequence[Span],
        *,
        hot_words: str | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Sequence[RecognisedSegment]:
        self.asked.append(tuple(clips))
        segments = []
        for clip in clips:
            words = tuple(
                word
                for word in self.script
                if clip.overlaps(word.span)
                and not (self.leaves_out and clip.duration_s > 8 and self.leaves_out.overlaps(word.span))
            )
            segments.append(RecognisedSegment(clip, " ".join(word.text for word in words), words, -0.2, 0.1, 1.0))
        if on_progress:
            on_progress(1.0)
        return segments


def test_the_parties_alternate_by_time() -> None:
    utterances = merge_utterances([said(0, "hello there") + said(4, "yes please"), said(1, "good morning")], ROLES)
    assert [(u.speaker, u.text) for u in utterances] == [
        (Speaker.CALLER, "hello there"),
        (Speaker.AGENT, "good morning"),
        (Speaker.CALLER, "yes please"),
    ]


def test_talk_over_keeps_each_sentence_whole() -> None:
    utterances = merge_utterances([said(0, "I was going to say that it is late"), said(1, "right")], ROLES)
    assert [u.text for u in utterances] == ["I was going to say that it is late", "right"]


def test_an_utterance_ends_at_a_pause_and_sooner_at_a_full_stop() -> None:
    words = said(0, "I called.") + said(0.85, "Nobody came") + said(1.8, "today") + said(3.0, "sorry")
    assert [u.text for u in merge_utterances([words], (ChannelRole.MIXED,))] == ["I called.", "Nobody came today", "sorry"]


def test_nobody_is_named_on_a_mixed_channel() -> None:
    (utterance,) = merge_utterances([said(0, "hello")], (ChannelRole.MIXED,))
    assert utterance.speaker is Speaker.UNKNOWN


def test_an_endless_speaker_is_cut() -> None:
    utterances = merge_utterances([said(0, "word " * 300)], (ChannelRole.MIXED,))
    assert all(u.span.duration_s <= 30.0 for u in utterances)
    assert sum(len(u.words) for u in utterances) == 300


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 400), st.integers(0, 9)), max_size=40).map(
        lambda rows: [
            sorted((Word(Span(s / 10, (s + n) / 10), "w", 0.9) for c, s, n in rows if c == channel), key=lambda w: w.span)
            for channel in (0, 1)
        ]
    )
)
def test_every_word_is_in_one_utterance_of_its_channel_in_order(channels: list[list[Word]]) -> None:
    utterances = merge_utterances(channels, ROLES)
    for channel, words in enumerate(channels):
        assert [word for u in utterances if u.channel == channel for word in u.words] == words
    assert [u.span.start_s for u in utterances] == sorted(u.span.start_s for u in utterances)


def test_a_word_stretched_over_a_pause_is_pulled_to_the_speech() -> None:
    (word,) = settle_words([Word(Span(1.0, 3.4), "hello", 0.9)], [Span(3.0, 5.0)])
    assert word.span == Span(3.0, 3.4)


def test_words_do_not_reach_into_each_other() -> None:
    first, second = settle_words([Word(Span(1, 2), "a", 0.9), Word(Span(1.5, 2.5), "b", 0.9)], [Span(0, 3)])
    assert (first.span, second.span) == (Span(1, 1.5), Span(1.5, 2.5))


def test_speech_without_words_is_missed_only_where_it_was_sent() -> None:
    words = said(0, "one two three four")
    assert find_missed(words, [Span(0, 1.2), Span(3, 6), Span(8, 10)], [Span(0, 7)]) == (Span(3, 6),)


def test_short_sounds_without_words_are_not_looked_at_again() -> None:
    assert find_missed(said(0, "one two"), [Span(0, 0.6), Span(2, 2.4)], [Span(0, 7)]) == ()


def loud(seconds: float) -> np.ndarray:
    return np.round(np.random.default_rng(0).normal(0, 3000, round(seconds * 16_000))).astype(np.int16)


def test_a_sentence_that_the_first_pass_left_out_is_found_by_the_second() -> None:
    script = said(1, "my name is Ann") + said(5, "I need a roof") + said(9, "thank you")
    recogniser = ScriptedTranscriber(script, leaves_out=Span(5, 6.2))
    speech = [Span(1, 2.2), Span(5, 6.2), Span(9, 9.6)]
    words = recognise_channel(loud(12), recogniser, speech)
    assert [word.text for word in words] == ["my", "name", "is", "Ann", "I", "need", "a", "roof", "thank", "you"]
    assert recogniser.asked == [(Span(0, 12),), (Span(4.5, 6.7),)]


def test_words_beside_a_missed_stretch_are_not_written_twice() -> None:
    script = said(1, "my name is Ann") + said(2.6, "I need a roof")
    recogniser = ScriptedTranscriber(script, leaves_out=Span(2.6, 3.8))
    words = recognise_channel(loud(12), recogniser, [Span(1, 2.2), Span(2.6, 3.8)])
    assert [word.text for word in words] == ["my", "name", "is", "Ann", "I", "need", "a", "roof"]


def test_a_silent_channel_is_never_sent_to_the_recogniser() -> None:
    recogniser = ScriptedTranscriber([])
    assert recognise_channel(np.zeros(160_000, dtype=np.int16), recogniser, []) == ()
    assert recogniser.asked == []
