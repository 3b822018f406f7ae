"""A robocall needs the voice together with behaviour; a synthetic voice that converses is another question."""

import pytest

from app.compliance.voice_findings import find_in_call, find_robocall_signs
from app.conversation import CallerVoice, KeywordHit, Listening, Turns, VoiceReason
from app.timeline import Span
from app.vocabulary import ChannelRole, Outcome, PackKind, Severity, Speaker, VoiceLabel

MONOLOGUE = VoiceReason("monologue", "Talks for 30 s while nobody else takes a turn", 0.7, (Span(2, 32),))
MENU = VoiceReason("menu_wording", "Asks for key presses", 1.0, (Span(20, 21),))
CONVERSES = VoiceReason("converses", "Answers 4 of 5 turns of the other party", -0.4)
SOUND = VoiceReason("sound_timbre", "The sound of the voice: closer to recordings", 1.5, (Span(1, 9),))


def call(label: VoiceLabel, *reasons: VoiceReason) -> Listening:
    voice = CallerVoice(label, {"live": 0.1, "recorded": 0.2, "synthetic": 0.7}, reasons)
    return Listening(
        "0" * 64, 40.0, 8000, 2, (ChannelRole.CALLER, ChannelRole.AGENT), ((), ()), (), Turns((30.0, 5.0), 0.0, 0.0), (), voice,
        {"voice": "voice-1-test"},
    )  # fmt: skip


def asked_whether_it_is_a_machine(*, low_trust: bool = False) -> KeywordHit:
    return KeywordHit(
        "PH-AI-VOICE-ASK", "TCPA-AI-VOICE", PackKind.VIOLATION, Severity.LOW, "are you a robot", Speaker.AGENT,
        Span(5, 6), "are you a robot", 0.9, low_trust,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("label", "reasons", "rules"),
    [
        (VoiceLabel.RECORDED, (SOUND, MONOLOGUE), ["FRAUD-ROBOCALL"]),
        (VoiceLabel.SYNTHETIC, (SOUND, MENU), ["FRAUD-ROBOCALL"]),
        (VoiceLabel.SYNTHETIC, (SOUND, CONVERSES), ["TCPA-AI-VOICE"]),
        # The voice alone is no finding, nor is behaviour alone, nor an answer that is unknown.
        (VoiceLabel.SYNTHETIC, (SOUND,), []),
        (VoiceLabel.RECORDED, (SOUND,), []),
        (VoiceLabel.RECORDED, (SOUND, CONVERSES), []),
        (VoiceLabel.UNKNOWN, (SOUND, MONOLOGUE, MENU), []),
        (VoiceLabel.LIVE, (MONOLOGUE, MENU), []),
        # Who converses is no robocall, even when a menu is quoted.
        (VoiceLabel.SYNTHETIC, (SOUND, MENU, CONVERSES), ["TCPA-AI-VOICE"]),
    ],
)
def test_findings(label: VoiceLabel, reasons: tuple[VoiceReason, ...], rules: list[str]) -> None:
    findings = find_robocall_signs(call(label, *reasons), ())
    assert [finding.rule for finding in findings] == rules
    assert all(finding.outcome is Outcome.REVIEW for finding in findings)


def test_a_finding_carries_the_reasons_and_the_detector() -> None:
    (finding,) = find_robocall_signs(call(VoiceLabel.SYNTHETIC, SOUND, MONOLOGUE), ())
    assert finding.evidence["voice"]["detector"] == {"name": "earshot", "version": "voice-1-test"}
    assert [reason["code"] for reason in finding.evidence["reasons"]] == ["sound_timbre", "monologue"]
    assert finding.span == Span(1, 9)
    assert "talks for 30 s" in finding.reason


def test_words_and_voice_on_one_rule_are_one_finding_of_the_worse_severity() -> None:
    hit = asked_whether_it_is_a_machine()
    (finding,) = find_in_call(call(VoiceLabel.SYNTHETIC, SOUND, CONVERSES), (hit,))
    assert finding.rule == "TCPA-AI-VOICE"
    assert finding.severity is Severity.MEDIUM
    assert "are you a robot" in finding.reason
    assert "converses" in finding.reason
    assert {"hits", "voice", "reasons"} <= finding.evidence.keys()


def test_without_a_machine_voice_the_words_stand_alone() -> None:
    (finding,) = find_in_call(call(VoiceLabel.LIVE), (asked_whether_it_is_a_machine(),))
    assert "voice" not in finding.evidence
