"""The first call score: what each part measures, and that the parts add up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.finding import FindingValue
from app.conversation import CallerVoice, CallScore, KeywordHit, Listening, ScorePart, Turns, Utterance, Word
from app.scoring.call_score import SCORE_VERSION, CallFacts, score_call
from app.timeline import Span
from app.vocabulary import ChannelRole, Outcome, PackKind, Severity, Speaker, VoiceLabel


def listening(**turns: object) -> Listening:
    defaults: dict[str, object] = {
        "talk_s": (40.0, 40.0),
        "dead_air_s": 0.0,
        "longest_dead_air_s": 0.0,
        "two_way_speech_s": 50.0,
        "first_word_s": (3.0, 2.0),
    }
    return Listening(
        sha256="0" * 64,
        duration_s=100.0,
        sample_rate_hz=8000,
        channels=2,
        channel_roles=(ChannelRole.CALLER, ChannelRole.AGENT),
        speech=((), (), ()),
        utterances=(),
        turns=Turns(**{**defaults, **turns}),  # type: ignore[arg-type]
        tones=(),
        caller_voice=CallerVoice(VoiceLabel.UNKNOWN),
        engine={},
    )


def hit(pack: str = "PH-CHAN-SMS", severity: Severity = Severity.HIGH, **changes: object) -> KeywordHit:
    made = KeywordHit(
        pack, "RULE", PackKind.VIOLATION, severity, "you texted me", Speaker.CALLER, Span(9, 10), "you texted me", 0.9
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def found(rule: str = "CHAN-SPEECH-SMS", severity: Severity = Severity.HIGH, **changes: object) -> FindingValue:
    made = FindingValue(rule, Outcome.VIOLATION, severity, "You texted me.", (), {}, Span(9, 10))
    return replace(made, **changes)  # type: ignore[arg-type]


def part(score: CallScore, name: str) -> ScorePart:
    (found,) = [item for item in score.parts if item.name == name]
    return found


def test_two_way_speech_earns_its_share_and_says_what_was_measured() -> None:
    found = part(score_call(listening(two_way_speech_s=80.0), (), ()), "two_way_speech")
    assert found.points == 20  # 25 points for 80 of 100 s
    assert found.why == "Two-way speech 80 s of 100 s."


def test_a_call_in_which_nobody_answers_the_other_loses_what_a_conversation_earns() -> None:
    assert part(score_call(listening(two_way_speech_s=0.0), (), ()), "two_way_speech").points == -25


def test_a_mono_recording_says_what_could_not_be_measured_and_loses_nothing() -> None:
    mono = replace(listening(two_way_speech_s=None, first_word_s=(1.0,)), channels=1, channel_roles=(ChannelRole.MIXED,))
    score = score_call(mono, (), ())
    assert part(score, "two_way_speech").points == part(score, "answer").points == 0
    assert "cannot be told apart" in part(score, "two_way_speech").why
    assert "not known which party" in part(score, "answer").why


@pytest.mark.parametrize(("first_s", "points"), [(0.0, 5), (5.0, 5), (5.1, 0), (19.9, 0), (20.0, -5), (None, -5)])
def test_a_quick_answer_earns_and_a_slow_one_costs(first_s: float | None, points: int) -> None:
    assert part(score_call(listening(first_word_s=(1.0, first_s)), (), ()), "answer").points == points


@pytest.mark.parametrize(("dead_s", "points"), [(0.0, 0), (10.0, 0), (55.0, -10), (100.0, -20)])
def test_dead_air_costs_beyond_a_tenth_of_the_call(dead_s: float, points: int) -> None:
    assert part(score_call(listening(dead_air_s=dead_s, longest_dead_air_s=dead_s), (), ()), "dead_air").points == points


def test_each_rule_costs_once_by_its_worst_finding_and_the_whole_is_bounded() -> None:
    def points(*findings: FindingValue) -> int:
        return part(score_call(listening(), (), findings), "findings").points

    assert points(found(), found(span=Span(30, 31))) == -15
    assert points(found(outcome=Outcome.REVIEW), found()) == points(found(), found(outcome=Outcome.REVIEW)) == -15
    assert points(found(), found("TCPA-REVOKE", Severity.CRITICAL)) == -40
    assert points(*[found(f"R{n}", Severity.CRITICAL) for n in range(9)]) == -60


@pytest.mark.parametrize(("severity", "points"), [("critical", -12), ("high", -7), ("medium", -4), ("low", -1), ("info", 0)])
def test_what_a_person_must_first_look_at_costs_half(severity: str, points: int) -> None:
    review = found(severity=Severity(severity), outcome=Outcome.REVIEW)
    assert part(score_call(listening(), (), (review,)), "findings").points == points


def test_words_that_the_campaign_allows_cost_nothing_and_are_no_part_of_the_reason() -> None:
    allowed = found(outcome=Outcome.PASS)
    told = part(score_call(listening(), [hit(), hit("PH-CHAN-OUTBOUND", Severity.CRITICAL)], (allowed,)), "findings")
    assert (told.points, told.why) == (0, "No rule found anything against this call.")


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.NEEDS_EVIDENCE, Outcome.NOT_APPLICABLE])
def test_missing_evidence_costs_the_call_nothing(outcome: Outcome) -> None:
    assert part(score_call(listening(), (), (found(outcome=outcome),)), "findings").points == 0


def test_rule_moment_and_severity_stand_in_the_reason_and_no_words_do() -> None:
    told = part(
        score_call(listening(), (), (found(), found("TCPA-HOURS", outcome=Outcome.REVIEW, span=None, reason="+12125550123"))),
        "findings",
    )
    assert told.why == "The rules found: CHAN-SPEECH-SMS at 9 s (high); TCPA-HOURS (high, to be looked at: half)."


def test_the_callers_own_search_earns() -> None:
    search = hit("PH-CHAN-SEARCH", Severity.INFO, kind=PackKind.CONTEXT, phrase="i googled it")
    assert part(score_call(listening(), [search, search], ()), "intent").points == 5


@pytest.mark.parametrize(
    ("facts", "points"),
    [(None, 0), (CallFacts(90, None), 0), (CallFacts(None, 90), 0), (CallFacts(90, 90), 5), (CallFacts(90, 89.9), -5)],
)
def test_the_billable_second_counts_when_it_is_known(facts: CallFacts | None, points: int) -> None:
    assert part(score_call(listening(), (), (), facts), "billable_duration").points == points


def test_bad_transcription_is_said_and_lowers_nothing() -> None:
    words = tuple(Word(Span(n, n + 1), "x", 0.3, low_trust=n < 3) for n in range(4))
    heard = replace(listening(), utterances=(Utterance(0, Speaker.CALLER, Span(0, 4), "x x x x", words),))
    found = part(score_call(heard, (), ()), "transcription")
    assert found.points == 0
    assert found.why == "3 of 4 recognised words (75%) are of low trust; read this score with doubt."


FINDINGS = st.lists(
    st.builds(found, st.sampled_from("ABCDEF"), st.sampled_from(list(Severity)), outcome=st.sampled_from(list(Outcome))),
    max_size=8,
)


@given(
    two_way_s=st.none() | st.floats(0, 100),
    dead_s=st.floats(0, 100),
    first_s=st.none() | st.floats(0, 60),
    findings=FINDINGS,
    connected_s=st.none() | st.floats(0, 600),
)
def test_the_parts_always_add_up_to_a_value_from_0_to_100(
    two_way_s: float | None, dead_s: float, first_s: float | None, findings: list[FindingValue], connected_s: float | None
) -> None:
    heard = listening(two_way_speech_s=two_way_s, dead_air_s=dead_s, first_word_s=(0.0, first_s))
    score = score_call(heard, (), findings, CallFacts(90, connected_s))
    assert 0 <= score.value <= 100
    assert sum(item.points for item in score.parts) == score.value
    assert all(item.why for item in score.parts)
    assert len({item.name for item in score.parts}) == len(score.parts)
    assert score == score_call(heard, (), findings, CallFacts(90, connected_s))
    assert score.version == SCORE_VERSION


def test_a_sum_below_zero_is_held_visibly() -> None:
    worst = listening(two_way_speech_s=0.0, dead_air_s=100.0, first_word_s=(0.0, None))
    score = score_call(worst, (), [found(f"R{n}", Severity.CRITICAL) for n in range(4)])
    assert score.value == 0
    assert part(score, "bounds").points == 60  # 50 - 25 - 5 - 20 - 60 = -60
