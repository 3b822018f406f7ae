"""How the parties shared the time: tables counted by hand, and what holds for any call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.turns import compute_turns, count_interruptions, find_response_latency_s
from app.timeline import Span, merge, total_s
from app.vocabulary import ChannelRole


def spans(*times: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in times)


CALLER = spans((1, 4), (8, 10), (20, 21))
AGENT = spans((4.5, 7), (9.5, 14), (15, 16))


def test_a_call_counted_by_hand() -> None:
    turns = compute_turns([CALLER, AGENT], 25.0)
    assert turns.talk_s == (6.0, 8.0)
    assert turns.overlap == spans((9.5, 10))
    assert turns.overlap_s == 0.5
    assert turns.dead_air == spans((16, 20), (21, 25))
    assert (turns.dead_air_s, turns.longest_dead_air_s) == (8.0, 4.0)
    assert turns.first_word_s == (1.0, 4.5)
    # Both take part from 4.5 (the agent's first word) to 16 (its last); no dead air lies in between.
    assert turns.two_way_speech_s == 11.5
    # 4.5 - 4 is the only answer: at 9.5 the caller still speaks, at 15 the agent itself spoke last.
    assert turns.response_latency_s == 0.5
    # At 9.5 the agent breaks in for 4.5 s, sharing 0.5 s with the caller.
    assert turns.interruptions == 1


def test_mono_recording_leaves_open_what_needs_two_parties() -> None:
    turns = compute_turns([merge(CALLER + AGENT)], 25.0, channel_roles=[ChannelRole.MIXED])
    assert turns.talk_s == (13.5,)
    assert turns.dead_air_s == 8.0
    assert (turns.overlap_s, turns.two_way_speech_s, turns.response_latency_s, turns.interruptions) == (None,) * 4


def test_the_roles_say_who_answers_whom() -> None:
    turns = compute_turns([AGENT, CALLER], 25.0, channel_roles=[ChannelRole.AGENT, ChannelRole.CALLER])
    assert turns.response_latency_s == 0.5
    assert turns.talk_s == (8.0, 6.0)


@pytest.mark.parametrize(("pause_s", "expected"), [(1.99, 0.0), (2.0, 2.0), (3.5, 3.5)])
def test_silence_is_dead_air_from_two_seconds_on(pause_s: float, expected: float) -> None:
    turns = compute_turns([spans((0, 4)), spans((4 + pause_s, 10))], 10.0)
    assert turns.dead_air_s == pytest.approx(expected)


def test_ringback_and_music_are_not_dead_air() -> None:
    assert compute_turns([spans((8, 10))], 10.0, filled=spans((0, 7))).dead_air_s == 0.0


def test_a_recorded_message_with_one_hello_is_hardly_two_way_speech() -> None:
    turns = compute_turns([spans((0, 60)), spans((5, 5.6))], 60.0)
    assert turns.two_way_speech_s == pytest.approx(0.6)


def test_an_empty_recording_has_no_turns() -> None:
    turns = compute_turns([(), ()], 0.0)
    assert (turns.talk_s, turns.dead_air_s, turns.two_way_speech_s, turns.response_latency_s) == ((0.0, 0.0), 0.0, 0.0, None)


@pytest.mark.parametrize(
    ("asked", "answered", "latency_s"),
    [
        (spans((0, 1)), spans((1.4, 2)), 0.4),
        (spans((0, 1), (3, 4)), spans((1.2, 2), (4.8, 5)), 0.5),
        (spans((0, 1)), spans((0.5, 2)), None),
        (spans((5, 6)), spans((0, 1)), None),
        (spans((0, 1)), spans((1.4, 2), (2.3, 3), (9, 10)), 0.4),
    ],
    ids=["one answer", "median of two", "answer before the end", "never answered", "further turns are no answers"],
)
def test_response_latency(asked: tuple[Span, ...], answered: tuple[Span, ...], latency_s: float | None) -> None:
    assert find_response_latency_s(asked, answered) == pytest.approx(latency_s)


@pytest.mark.parametrize(
    ("intrusion", "count"),
    [((3, 5), 1), ((3, 3.8), 0), ((4.8, 7), 0), ((5, 7), 0), ((0, 7), 0)],
    ids=["breaks in", "mhm", "foresees the end", "waits", "spoke first"],
)
def test_interruption(intrusion: tuple[float, float], count: int) -> None:
    assert count_interruptions(spans((1, 5)), spans(intrusion)) == count


times = st.lists(st.integers(0, 600), min_size=0, max_size=16).map(
    lambda tenths: merge(Span(a / 10, b / 10) for a, b in zip(sorted(tenths)[::2], sorted(tenths)[1::2], strict=False))
)


@given(times, times)
def test_no_share_of_time_exceeds_what_it_is_a_share_of(caller: tuple[Span, ...], agent: tuple[Span, ...]) -> None:
    turns = compute_turns([caller, agent], 60.0)
    assert turns.overlap_s is not None
    assert turns.two_way_speech_s is not None
    slack = 1e-3
    assert turns.overlap_s <= min(turns.talk_s) + slack
    assert turns.overlap_s <= turns.two_way_speech_s + slack
    assert turns.longest_dead_air_s <= turns.dead_air_s + slack
    assert total_s(merge(caller + agent)) + turns.dead_air_s <= 60.0 + slack
    assert turns.two_way_speech_s + turns.dead_air_s <= 60.0 + slack


@given(times, times)
def test_overlap_and_two_way_speech_do_not_depend_on_who_is_first(caller: tuple[Span, ...], agent: tuple[Span, ...]) -> None:
    one, other = compute_turns([caller, agent], 60.0), compute_turns([agent, caller], 60.0)
    assert (one.overlap_s, one.two_way_speech_s, one.interruptions) == (
        other.overlap_s,
        other.two_way_speech_s,
        other.interruptions,
    )
