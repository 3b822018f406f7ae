"""What a caller does, told from turns and words alone."""

import pytest

from app.audio.voice.behaviour import Behaviour, find_menu_wording, find_repeated, read_behaviour
from app.conversation import Utterance, Word
from app.timeline import Span
from app.vocabulary import Speaker


def said(text: str, *, start_s: float = 0.0, low_trust: bool = False) -> Utterance:
    """One word each half second."""
    words = tuple(
        Word(Span(start_s + at * 0.5, start_s + at * 0.5 + 0.4), word, 0.9, low_trust) for at, word in enumerate(text.split())
    )
    return Utterance(0, Speaker.CALLER, Span(words[0].span.start_s, words[-1].span.end_s), text, words)


def spans(*pairs: tuple[float, float]) -> list[Span]:
    return [Span(start_s, end_s) for start_s, end_s in pairs]


def test_a_caller_who_answers_each_question_converses() -> None:
    caller = spans((0, 2), (5.3, 7), (10.2, 12))
    others = spans((2.4, 5), (7.4, 10))
    did = read_behaviour(caller, others, ())
    assert (did.answers, did.chances) == (2, 2)
    assert did.median_latency_s == pytest.approx(0.25)
    assert did.does_converse
    assert not did.does_not_react
    assert did.monologue is None


def test_a_message_that_goes_on_over_the_other_party_does_not_react() -> None:
    caller = spans((0, 30))
    others = spans((4, 5.5), (10, 12), (20, 21.5))
    did = read_behaviour(caller, others, ())
    assert did.answers == 0
    assert did.talked_through == tuple(others)
    assert did.does_not_react
    assert not did.does_converse


def test_a_caller_who_is_interrupted_and_stops_reacts() -> None:
    did = read_behaviour(spans((0, 5), (8, 12), (15, 17)), spans((4, 7.6), (11, 14.7)), ())
    assert did.talked_through == ()
    assert did.does_converse


def test_one_unanswered_turn_is_chance() -> None:
    assert not read_behaviour(spans((0, 3), (9, 10)), spans((3.2, 5)), ()).does_not_react


def test_a_short_hum_of_the_other_party_does_not_end_a_monologue() -> None:
    did = read_behaviour(spans((1, 20)), spans((5, 5.3), (12, 12.4)), ())
    assert did.monologue == Span(1, 20)


@pytest.mark.parametrize(("seconds", "is_monologue"), [(11.9, False), (12.1, True)])
def test_a_monologue_lasts_twelve_seconds(seconds: float, is_monologue: bool) -> None:
    did = read_behaviour(spans((0, seconds)), spans((seconds + 1, seconds + 3)), ())
    assert (did.monologue is not None) == is_monologue


def test_where_the_parties_share_a_channel_turns_tell_nothing() -> None:
    announced = "the number you have dialed is not in service"
    did = read_behaviour(spans((0, 60)), None, (said("press one now"), said(announced, start_s=5), said(announced, start_s=15)))
    assert not did.is_two_party
    assert (did.monologue, did.chances, did.does_not_react) == (None, 0, False)
    assert did.menu_wording == (Span(0.0, 0.9),)
    assert did.repeated == ()


def test_who_says_nothing_neither_converses_nor_talks_through() -> None:
    did = read_behaviour((), spans((0, 3), (5, 8)), ())
    assert not did.does_converse
    assert not did.does_not_react


@pytest.mark.parametrize(
    ("text", "is_menu"),
    [
        ("To speak with an agent press one now", True),
        ("press 9 to be removed", True),
        ("Press, two.", True),
        ("dial zero for help", True),
        ("this is an automated message from your bank", True),
        ("This call is recorded for quality", False),
        ("the press one day wrote about it", False),
        ("I pressed one and nothing happened", False),
        ("can you impress one of them", False),
    ],
)
def test_wording_of_machines(text: str, is_menu: bool) -> None:
    assert bool(find_menu_wording((said(text),))) == is_menu


def test_menu_wording_is_placed_at_its_words() -> None:
    assert find_menu_wording((said("so please press one now", start_s=10.0),)) == (Span(11.0, 11.9),)


def test_low_trust_words_are_no_menu_wording() -> None:
    assert find_menu_wording((said("press one", low_trust=True),)) == ()


def test_seven_words_said_again_are_a_repetition_and_six_are_not() -> None:
    text = "your car warranty is about to expire"
    assert find_repeated((said(text), said(text, start_s=20.0))) == (Span(0.0, 3.4), Span(20.0, 23.4))
    short = "your warranty is about to expire"
    assert find_repeated((said(short), said("well " + short, start_s=20.0))) == ()


def test_a_stutter_is_no_repetition() -> None:
    assert find_repeated((said("no " * 20),)) == ()


def test_no_behaviour_is_neutral() -> None:
    nothing = Behaviour(is_two_party=True)
    assert not nothing.does_converse
    assert not nothing.does_not_react
