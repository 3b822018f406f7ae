import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.roles import (
    Voice,
    explain_named_speakers,
    explain_roles,
    guess_channel_roles,
    guess_estimated_speakers,
    guess_roles,
)
from app.conversation import Tone, Utterance, Word
from app.timeline import Span
from app.vocabulary import ChannelRole, Speaker, ToneKind

AGENT = "thank you for calling northgate this call may be recorded how can i help you what is your zip code"
CALLER = "hi i'm calling about the ad in the paper my husband and i need a quote how much does it cost"

TOLD = [
    # agent says, caller says
    ("thank you for calling how may i help you", "hello"),
    ("is there anything else i can assist you with", "yes"),
    ("calls may be recorded can i have your date of birth", "sure"),
    ("okay what is your zip code sir", "i'm calling because i saw your ad on facebook"),
    ("please bear with me let me check that", "do you guys work on pools"),
]
NOT_TOLD = [
    ("hello", "hello"),
    ("", ""),
    # A pitch on the caller's line speaks of a company, its rates and its keys: none of this is the answering side's.
    ("this is anna with the vehicle service department press one to speak to an agent", "hello who is this"),
    # Our side calls, and says why: so would a consumer.
    ("this is karen with northgate i'm calling about the information you asked for", "hello"),
    # Both talk as agents do when one hands over to the other.
    ("thank you for calling how can i help", "thank you for calling how can i help"),
]


def _words(text: str, start_s: float = 0.0, *, low_trust: bool = False) -> tuple[Word, ...]:
    return tuple(
        Word(Span(start_s + at * 0.3, start_s + at * 0.3 + 0.25), word, 0.9, low_trust) for at, word in enumerate(text.split())
    )


@pytest.mark.parametrize(("agent", "caller"), TOLD)
@pytest.mark.parametrize("swapped", [False, True])
def test_roles_follow_what_is_said_whichever_channel_it_is_on(agent: str, caller: str, swapped: bool) -> None:
    said = (agent, caller) if swapped else (caller, agent)
    found = guess_channel_roles([_words(text) for text in said], [])
    assert found is not None
    roles, guess = found
    expected = (ChannelRole.AGENT, ChannelRole.CALLER) if swapped else (ChannelRole.CALLER, ChannelRole.AGENT)
    assert roles == expected
    assert 0.8 <= guess.confidence < 1


@pytest.mark.parametrize(("left", "right"), NOT_TOLD)
def test_thin_evidence_names_nobody(left: str, right: str) -> None:
    assert guess_channel_roles([_words(left), _words(right, 0.1)], []) is None
    assert guess_channel_roles([_words(right, 0.1), _words(left)], []) is None


def test_words_of_low_trust_are_no_evidence() -> None:
    assert guess_channel_roles([_words(CALLER, low_trust=True), _words(AGENT, low_trust=True)], []) is None


def test_one_phrase_is_decided_by_hold_music_on_the_same_channel() -> None:
    said = [_words("hello"), _words("what is your name", 1.0)]
    music = Tone(1, ToneKind.MUSIC, "", Span(20.0, 40.0))
    assert guess_channel_roles(said, []) is None
    found = guess_channel_roles(said, [music])
    assert found is not None
    assert found[0] == (ChannelRole.CALLER, ChannelRole.AGENT)


@pytest.mark.parametrize("channels", [0, 1, 3])
def test_only_two_channels_are_told_apart(channels: int) -> None:
    assert guess_channel_roles([_words(AGENT)] * channels, []) is None


def test_the_note_says_why_and_how_sure() -> None:
    guess = guess_roles([Voice("channel 1", CALLER), Voice("channel 2", AGENT)])
    note = explain_roles(guess)
    assert note.startswith("Channel roles were guessed from what was said (confidence 0.9")
    assert "channel 2 thanks for calling" in note or "channel 2 offers help" in note
    assert "channel 1 says why it calls" in note
    assert "assumed" in explain_roles(None)


def _line(text: str, start_s: float, speaker: str | None) -> Utterance:
    words = _words(text, start_s)
    return Utterance(0, Speaker.UNKNOWN, Span(start_s, words[-1].span.end_s), text, words, speaker)


def test_estimated_speakers_are_named_where_it_is_clear() -> None:
    lines = [_line(CALLER, 0.0, "A"), _line(AGENT, 30.0, "B"), _line("mhm", 60.0, None)]
    guess = guess_estimated_speakers(lines)
    assert guess is not None
    note = explain_named_speakers(guess, lines)
    assert note.startswith("By what was said, speaker B seems to be the agent and speaker A the caller (confidence 0.9")


@pytest.mark.parametrize("speakers", [("A", "B"), ("A", "A"), (None, None)])
def test_estimated_speakers_stay_unknown_where_it_is_not(speakers: tuple[str | None, str | None]) -> None:
    lines = [_line("hello", 0.0, speakers[0]), _line("yes hello", 6.0, speakers[1])]
    assert guess_estimated_speakers(lines) is None


PHRASES = st.lists(st.sampled_from((AGENT + " " + CALLER).split()), max_size=40).map(" ".join)


@given(PHRASES, PHRASES)
def test_swapping_the_voices_swaps_the_answer(left: str, right: str) -> None:
    there = guess_roles([Voice("a", left), Voice("b", right)])
    back = guess_roles([Voice("b", right), Voice("a", left)])
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert (there.agent, there.caller, there.confidence) == (back.caller, back.agent, back.confidence)
