"""The verdict on a voice: sound first, behaviour within bounds, unknown between."""

from math import log

import pytest

from app.audio.voice.behaviour import Behaviour
from app.audio.voice.model import StretchScore
from app.audio.voice.verdict import (
    BEHAVIOUR_WEIGHTS,
    MOST_BEHAVIOUR,
    SHARED_CHANNEL_SHARE,
    Thresholds,
    decide_voice,
    find_behaviour_reasons,
)
from app.timeline import Span
from app.vocabulary import VoiceLabel

LINES = Thresholds(live_below=-0.5, not_live_above=1.5)
NOTHING = Behaviour(is_two_party=True, talk_s=10.0)
SHARED = Behaviour(is_two_party=False, talk_s=10.0)
TALKS = Behaviour(is_two_party=True, talk_s=30.0, answers=4, chances=5, median_latency_s=0.4)
MESSAGE = Behaviour(
    is_two_party=True,
    talk_s=30.0,
    chances=3,
    talked_through=(Span(4, 6), Span(9, 11)),
    monologue=Span(0, 30),
    menu_wording=(Span(20, 21),),
)


def score(
    not_live: float, *, recorded: float = -1.0, speech_s: float = 8.0, start_s: float = 0.0, **groups: float
) -> StretchScore:
    parts = {"timbre": not_live, "liveliness": 0.0, "spectrum": 0.0, "line": 0.0, "pitch": 0.0, "pauses": 0.0, **groups}
    return StretchScore((Span(start_s, start_s + speech_s),), speech_s, not_live, recorded, parts)


@pytest.mark.parametrize(
    ("not_live", "recorded", "behaviour", "label"),
    [
        (-2.0, -1.0, NOTHING, VoiceLabel.LIVE),
        (-0.6, -1.0, NOTHING, VoiceLabel.LIVE),
        (-0.4, -1.0, NOTHING, VoiceLabel.UNKNOWN),
        (1.4, -1.0, NOTHING, VoiceLabel.UNKNOWN),
        (1.6, -1.0, NOTHING, VoiceLabel.SYNTHETIC),
        (1.6, 1.0, NOTHING, VoiceLabel.RECORDED),
        # Nobody who answers is a recording, whatever it sounds like.
        (3.0, 1.0, TALKS, VoiceLabel.SYNTHETIC),
        # Behaviour lifts a doubtful voice over the line, but makes no live voice into a machine.
        (0.5, -1.0, MESSAGE, VoiceLabel.SYNTHETIC),
        (-0.6, -1.0, MESSAGE, VoiceLabel.UNKNOWN),
        (-3.0, -1.0, MESSAGE, VoiceLabel.LIVE),
        (1.6, -1.0, TALKS, VoiceLabel.UNKNOWN),
    ],
)
def test_labels(not_live: float, recorded: float, behaviour: Behaviour, label: VoiceLabel) -> None:
    assert decide_voice([score(not_live, recorded=recorded)], behaviour, LINES).label is label


def test_too_little_speech_is_unknown_and_says_so() -> None:
    verdict = decide_voice([score(4.0, speech_s=1.9)], MESSAGE, LINES)
    assert (verdict.label, verdict.probabilities) == (VoiceLabel.UNKNOWN, None)
    assert [reason.code for reason in verdict.reasons] == ["too_little_speech"]
    assert "1.9 s" in verdict.reasons[0].text


def test_stretches_count_by_their_speech() -> None:
    # (2 * 6 s - 2 * 2 s) / 8 s = 1
    verdict = decide_voice([score(2.0, speech_s=6.0), score(-2.0, speech_s=2.0)], NOTHING, LINES)
    assert verdict.probabilities is not None
    assert log((1 - verdict.probabilities["live"]) / verdict.probabilities["live"]) == pytest.approx(1.0, abs=0.01)


def test_probabilities_add_up_to_one() -> None:
    verdict = decide_voice([score(0.7, recorded=0.3)], MESSAGE, LINES)
    assert verdict.probabilities is not None
    assert sum(verdict.probabilities.values()) == pytest.approx(1.0, abs=0.002)


def test_behaviour_together_is_bounded() -> None:
    assert sum(reason.weight for reason in find_behaviour_reasons(MESSAGE)) > MOST_BEHAVIOUR
    verdict = decide_voice([score(0.0)], MESSAGE, LINES)
    assert verdict.probabilities is not None
    assert log((1 - verdict.probabilities["live"]) / verdict.probabilities["live"]) == pytest.approx(MOST_BEHAVIOUR, abs=0.01)


def test_two_voices_on_one_channel_make_no_verdict_about_the_caller() -> None:
    verdict = decide_voice([score(3.5), score(-3.0, start_s=10.0)], SHARED, LINES)
    assert verdict.label is VoiceLabel.UNKNOWN
    assert verdict.reasons[0].code == "parties_disagree"


def test_one_odd_stretch_of_five_is_no_second_party() -> None:
    stretches = [score(-3.0, start_s=at * 8.0) for at in range(4)] + [score(2.0, start_s=40.0)]
    assert decide_voice(stretches, SHARED, LINES).label is VoiceLabel.LIVE


def test_on_a_shared_channel_wording_counts_in_part() -> None:
    menu = Behaviour(is_two_party=False, talk_s=9.0, menu_wording=(Span(3, 4),))
    (reason,) = find_behaviour_reasons(menu)
    assert reason.weight == pytest.approx(BEHAVIOUR_WEIGHTS["menu_wording"] * SHARED_CHANNEL_SHARE)
    assert "both parties share" in reason.text


def test_reasons_come_by_weight_with_the_spans_where_they_are_clearest() -> None:
    weak, strong = score(1.0, timbre=0.6, pitch=-0.4), score(3.0, timbre=2.4, pitch=-0.6, start_s=20.0)
    reasons = decide_voice([weak, strong], MESSAGE, LINES).reasons
    assert [abs(reason.weight) for reason in reasons] == sorted((abs(reason.weight) for reason in reasons), reverse=True)
    timbre = next(reason for reason in reasons if reason.code == "sound_timbre")
    assert (timbre.weight, timbre.spans) == (1.5, strong.spans)
    pitch = next(reason for reason in reasons if reason.code == "sound_pitch")
    assert (pitch.weight, pitch.spans) == (-0.5, strong.spans)
    assert "live callers" in pitch.text


def test_groups_that_moved_little_are_not_reasons() -> None:
    reasons = decide_voice([score(1.0, timbre=0.9, line=0.24)], NOTHING, LINES).reasons
    assert [reason.code for reason in reasons] == ["sound_timbre"]


def test_a_conversation_is_a_reason_for_a_live_person() -> None:
    reason = next(reason for reason in find_behaviour_reasons(TALKS) if reason.code == "converses")
    assert reason.weight < 0
    assert "4 of 5" in reason.text
