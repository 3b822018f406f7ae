"""Parts of a call follow from tones, words and changes of the line; together they cover the channel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.line_changes import LineChange
from app.audio.part_cuts import ChannelSound
from app.audio.parts import find_parts, list_filled, select_parties
from app.audio.system_words import find_system, is_message
from app.conversation import CallPart, Tone, Word
from app.timeline import Span, merge, total_s
from app.vocabulary import ChannelRole, PartKind, ToneKind

MENU = "thank you for calling press one for sales press two for service"


def say(text: str, start_s: float, end_s: float) -> tuple[Word, ...]:
    names = text.split()
    step_s = (end_s - start_s) / len(names)
    spans = [Span(start_s + at * step_s, start_s + (at + 0.9) * step_s) for at in range(len(names))]
    return tuple(Word(span, name, 0.9) for span, name in zip(spans, names, strict=True))


def parts_of(
    duration_s: float,
    *,
    said: Sequence[tuple[float, float, str]] = (),
    tones: Sequence[tuple[ToneKind, float, float, str]] = (),
    changes: Sequence[float] = (),
    role: ChannelRole = ChannelRole.MIXED,
) -> tuple[CallPart, ...]:
    return find_parts(
        ChannelSound(
            channel=0,
            role=role,
            duration_s=duration_s,
            speech=tuple(Span(start_s, end_s) for start_s, end_s, _ in said),
            tones=tuple(Tone(0, kind, detail, Span(start_s, end_s)) for kind, start_s, end_s, detail in tones),
            changes=tuple(LineChange(at_s, Span(at_s - 0.2, at_s + 0.3), 0.5) for at_s in changes),
            words=tuple(word for start_s, end_s, text in said for word in say(text, start_s, end_s)),
        )
    )


def shape(parts: Sequence[CallPart]) -> list[tuple[PartKind, float]]:
    return [(part.kind, round(part.span.start_s, 1)) for part in parts]


def test_ringing_lasts_until_somebody_answers() -> None:
    parts = parts_of(30.0, said=[(12.0, 30.0, "hello this is the office")], tones=[(ToneKind.RINGBACK, 0.0, 8.0, "")])
    assert shape(parts) == [(PartKind.RINGING, 0.0), (PartKind.SPEECH, 11.7)]


def test_a_menu_its_keys_and_the_hold_after_it_are_marked_apart_from_the_person_who_answers() -> None:
    parts = parts_of(
        60.0,
        said=[(0.2, 8.0, MENU), (9.0, 12.0, "one moment"), (31.0, 60.0, "hi this is Ann how can I help you today")],
        tones=[(ToneKind.DTMF, 8.2, 8.4, "2"), (ToneKind.MUSIC, 12.5, 30.5, "")],
    )
    assert shape(parts) == [
        (PartKind.IVR, 0.0),
        (PartKind.KEYS, 8.2),
        (PartKind.IVR, 8.7),
        (PartKind.HOLD, 12.5),
        (PartKind.SPEECH, 30.7),
    ]
    assert parts[1].detail == "2"


def test_a_greeting_is_what_is_said_between_ringing_and_beep() -> None:
    parts = parts_of(
        40.0,
        said=[(8.5, 14.0, "hi this is Bob I am out"), (15.5, 40.0, "hello Bob please call me back")],
        tones=[(ToneKind.RINGBACK, 0.0, 8.0, ""), (ToneKind.BEEP, 14.5, 15.0, "1000")],
    )
    assert shape(parts) == [
        (PartKind.RINGING, 0.0), (PartKind.VOICEMAIL, 8.2), (PartKind.BEEP, 14.5), (PartKind.SPEECH, 15.2)
    ]  # fmt: skip


def test_a_short_announcement_in_the_music_is_part_of_the_hold_and_a_long_talk_is_not() -> None:
    music = [(ToneKind.MUSIC, 0.0, 15.0, ""), (ToneKind.MUSIC, 60.0, 80.0, "")]
    talk = parts_of(80.0, said=[(16.0, 59.0, "so I have looked at your account and found this")], tones=music)
    assert shape(talk) == [(PartKind.HOLD, 0.0), (PartKind.SPEECH, 15.7), (PartKind.HOLD, 60.0)]
    near = [(ToneKind.MUSIC, 0.0, 15.0, ""), (ToneKind.MUSIC, 21.0, 40.0, "")]
    announced = parts_of(40.0, said=[(15.4, 20.6, "we will be with you shortly")], tones=near)
    assert {part.kind for part in announced} == {PartKind.HOLD}
    assert [part.detail for part in announced] == ["music", "announcement", "music"]


def test_music_that_fades_in_begins_where_the_last_word_ends() -> None:
    fading = find_parts(
        ChannelSound(
            0, ChannelRole.MIXED, 30.0, (Span(0.0, 9.8),), (Tone(0, ToneKind.MUSIC, "", Span(10.0, 30.0)),), (),
            say("please wait while I look", 0.5, 8.0),
        )
    )  # fmt: skip
    assert shape(fading) == [(PartKind.SPEECH, 0.0), (PartKind.HOLD, 8.1)]


def test_a_change_of_line_parts_the_speech_of_a_shared_channel_and_no_other() -> None:
    said = [(0.0, 20.0, "some words that people say when they speak of things")]
    assert shape(parts_of(20.0, said=said, changes=[9.0])) == [(PartKind.SPEECH, 0.0), (PartKind.SPEECH, 9.0)]
    assert shape(parts_of(20.0, said=said, changes=[9.0], role=ChannelRole.AGENT)) == [(PartKind.SPEECH, 0.0)]


def test_a_recorded_message_is_a_partys_speech_even_where_it_names_a_key() -> None:
    text = "this is an automated message about your car press one to speak to somebody now"
    assert shape(parts_of(20.0, said=[(0.0, 20.0, text)])) == [(PartKind.SPEECH, 0.0)]
    assert shape(parts_of(20.0, said=[(0.0, 20.0, MENU)], role=ChannelRole.CALLER)) == [(PartKind.SPEECH, 0.0)]
    assert shape(parts_of(20.0, said=[(0.0, 20.0, MENU)])) == [(PartKind.IVR, 0.0)]


def test_time_without_speech_or_sound_is_silence() -> None:
    assert shape(parts_of(10.0)) == [(PartKind.SILENCE, 0.0)]
    parts = parts_of(20.0, said=[(0.0, 5.0, "hello"), (12.0, 15.0, "are you there")])
    assert shape(parts) == [
        (PartKind.SPEECH, 0.0), (PartKind.SILENCE, 5.0), (PartKind.SPEECH, 11.7), (PartKind.SILENCE, 15.0)
    ]  # fmt: skip


def test_menus_are_neither_talk_nor_dead_air() -> None:
    said = [(0.0, 8.0, MENU), (20.0, 30.0, "hello this is Ann")]
    parts = parts_of(30.0, said=said)
    speech = [Span(start_s, end_s) for start_s, end_s, _ in said]
    assert select_parties(speech, parts, 0) == (Span(20.0, 30.0),)
    assert list_filled(parts) == (Span(0.0, 8.0),)


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("For billing, press 3, or press star to go back.", "menu"),
        ("Your call is important to us.", "queue"),
        ("Leave a message after the beep.", "voicemail"),
        ("I pressed the brakes and one car hit me.", None),
        ("Thank you for holding, I have your account here.", None),
        ("Let me enter your zip code.", None),
        ("well " * 60 + "then I had to press one", None),
    ],
)
def test_words_of_systems_are_told_from_those_of_people(text: str, system: str | None) -> None:
    assert find_system(text) == system


def test_a_caller_who_says_why_they_call_is_no_system() -> None:
    assert is_message("Hi, I am calling about the roof")
    assert not is_message("press one for sales")


@given(st.data())
def test_parts_cover_the_channel_once_and_in_order(data: st.DataObject) -> None:
    duration_s = data.draw(st.floats(0.5, 120.0))
    edges = st.lists(st.floats(0.0, duration_s), min_size=0, max_size=12)
    spans = merge(Span(*pair) for pair in pairwise(sorted(data.draw(edges))) if pair[1] - pair[0] > 0.2)[::2]
    kinds = st.sampled_from(list(ToneKind))
    tones = tuple(
        Tone(0, data.draw(kinds), "1", Span(*pair)) for pair in pairwise(sorted(data.draw(edges))) if pair[1] - pair[0] > 0.05
    )
    changes = tuple(LineChange(at_s, Span(at_s, at_s), 0.9) for at_s in sorted(data.draw(edges)))
    words = tuple(
        word for span in spans for word in say(data.draw(st.sampled_from([MENU, "hello there"])), span.start_s, span.end_s)
    )
    parts = find_parts(ChannelSound(0, data.draw(st.sampled_from(list(ChannelRole))), duration_s, spans, tones, changes, words))
    assert parts[0].span.start_s == 0.0
    assert parts[-1].span.end_s == pytest.approx(duration_s)
    assert all(before.span.end_s == pytest.approx(after.span.start_s) for before, after in pairwise(parts))
    assert total_s(part.span for part in parts) == pytest.approx(duration_s)
