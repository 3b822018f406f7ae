"""A robocall needs the voice together with behaviour; a synthetic voice that converses is another question."""

import pytest

from app.compliance.facts import Facts
from app.compliance.facts_json import parse_facts
from app.compliance.finding import FindingValue
from app.compliance.judge import join_listening
from app.compliance.packaged import load_judge
from app.conversation import CallerVoice, Listening, Turns, Utterance, VoiceReason
from app.timeline import Span
from app.vocabulary import ChannelRole, Outcome, Severity, Speaker, VoiceLabel
from tests.factories.screening import inbound

MONOLOGUE = VoiceReason("monologue", "Talks for 30 s while nobody else takes a turn", 0.7, (Span(2, 32),))
MENU = VoiceReason("menu_wording", "Asks for key presses", 1.0, (Span(20, 21),))
CONVERSES = VoiceReason("converses", "Answers 4 of 5 turns of the other party", -0.4)
SOUND = VoiceReason("sound_timbre", "The sound of the voice: closer to recordings", 1.5, (Span(1, 9),))
QUESTION = Utterance(0, Speaker.CALLER, Span(5, 6), "Are you a robot?")
ROBOCALL, AI_VOICE = "FRAUD-ROBOCALL", "TCPA-AI-VOICE"


def call(label: VoiceLabel, *reasons: VoiceReason, said: tuple[Utterance, ...] = ()) -> Listening:
    voice = CallerVoice(label, {"live": 0.1, "recorded": 0.2, "synthetic": 0.7}, reasons)
    return Listening(
        "0" * 64, 40.0, 8000, 2, (ChannelRole.CALLER, ChannelRole.AGENT), ((), ()), said, Turns((30.0, 5.0), 0.0, 0.0), (),
        voice, {"voice": "voice-1-test"},
    )  # fmt: skip


def found(listening: Listening, *, is_heard_elsewhere: bool = False) -> dict[str, FindingValue]:
    told = parse_facts(inbound("+12127365000", "2026-11-18T15:00:00Z"))
    facts = join_listening(told, listening, is_heard_elsewhere=is_heard_elsewhere)
    return {finding.rule: finding for finding in load_judge().judge(facts, recording_s=listening.duration_s).findings}


def flagged(listening: Listening, *, is_heard_elsewhere: bool = False) -> list[str]:
    return [
        rule
        for rule, finding in found(listening, is_heard_elsewhere=is_heard_elsewhere).items()
        if finding.outcome is Outcome.REVIEW and rule in (ROBOCALL, AI_VOICE)
    ]


@pytest.mark.parametrize(
    ("label", "reasons", "rules"),
    [
        (VoiceLabel.RECORDED, (SOUND, MONOLOGUE), [ROBOCALL]),
        (VoiceLabel.SYNTHETIC, (SOUND, MENU), [ROBOCALL]),
        (VoiceLabel.SYNTHETIC, (SOUND, CONVERSES), [AI_VOICE]),
        # The voice alone is no finding, nor is behaviour alone, nor an answer that is unknown.
        (VoiceLabel.SYNTHETIC, (SOUND,), []),
        (VoiceLabel.RECORDED, (SOUND,), []),
        (VoiceLabel.RECORDED, (SOUND, CONVERSES), []),
        (VoiceLabel.UNKNOWN, (SOUND, MONOLOGUE, MENU), []),
        (VoiceLabel.LIVE, (MONOLOGUE, MENU), []),
        # Who converses is no robocall, even when a menu is quoted.
        (VoiceLabel.SYNTHETIC, (SOUND, MENU, CONVERSES), [AI_VOICE]),
    ],
)
def test_what_the_voice_gives_rise_to(label: VoiceLabel, reasons: tuple[VoiceReason, ...], rules: list[str]) -> None:
    assert flagged(call(label, *reasons)) == rules


def test_a_finding_carries_the_reasons_and_the_detector() -> None:
    finding = found(call(VoiceLabel.SYNTHETIC, SOUND, MONOLOGUE))[ROBOCALL]
    assert finding.evidence["voice"]["detector"] == {"name": "earshot", "version": "voice-1-test"}
    assert [reason["code"] for reason in finding.evidence["reasons"]] == ["sound_timbre", "monologue"]
    assert finding.span == Span(1, 9)
    assert finding.severity is Severity.HIGH
    assert "talks for 30 s" in finding.reason


def test_the_same_audio_from_another_number_is_a_ground_for_a_machines_voice_alone() -> None:
    finding = found(call(VoiceLabel.RECORDED, SOUND), is_heard_elsewhere=True)[ROBOCALL]
    assert finding.outcome is Outcome.REVIEW
    assert "the same audio was heard in a call from another number" in finding.reason
    assert [reason["code"] for reason in finding.evidence["reasons"]] == ["sound_timbre", "same_audio"]
    assert flagged(call(VoiceLabel.LIVE, SOUND), is_heard_elsewhere=True) == []
    assert flagged(call(VoiceLabel.SYNTHETIC, SOUND, CONVERSES), is_heard_elsewhere=True) == [AI_VOICE]


def test_words_and_voice_on_one_rule_are_one_finding() -> None:
    finding = found(call(VoiceLabel.SYNTHETIC, SOUND, CONVERSES, said=(QUESTION,)))[AI_VOICE]
    assert finding.severity is Severity.MEDIUM
    assert "Are you a robot" in finding.reason
    assert "converses" in finding.reason
    assert {"hits", "voice", "reasons"} <= finding.evidence.keys()


def test_without_a_machine_voice_the_words_stand_alone() -> None:
    finding = found(call(VoiceLabel.LIVE, said=(QUESTION,)))[AI_VOICE]
    assert finding.outcome is Outcome.REVIEW
    assert "voice" not in finding.evidence


def test_without_a_recording_the_voice_gives_nothing() -> None:
    judged = load_judge().judge(Facts())
    assert {f.rule: f.outcome for f in judged.findings}[ROBOCALL] is Outcome.NOT_APPLICABLE
