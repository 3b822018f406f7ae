"""What does the caller's voice point to, together with how the caller behaves?

A machine's voice alone proves nothing: an assistant that calls for its owner converses like a person, and the voice model
errs. A *robocall* needs the voice and behaviour or wording of a message that nobody listens behind; a synthetic voice that
converses is a question about the AI voice instead. The outcome is always ``review``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.compliance.finding import FindingValue
from app.compliance.rule_titles import find_rule_title
from app.compliance.word_findings import find_in_words
from app.conversation import KeywordHit, Listening, VoiceReason
from app.timeline import Span
from app.vocabulary import Outcome, Severity, VoiceLabel

ROBOCALL_RULE = "FRAUD-ROBOCALL"
AI_VOICE_RULE = "TCPA-AI-VOICE"

MESSAGE_CODES = frozenset({"monologue", "no_reaction", "menu_wording", "repetition"})
"""Reasons of the voice's verdict that speak of a message and not of a conversation (see ``app.audio.voice.verdict``)."""

SAME_AUDIO = VoiceReason("same_audio", "The same audio was heard in a call from another number", 0.0)
"""No part of the verdict on the voice, which is made from one recording; it is known, or not, when the call is screened."""

CONVERSES_CODE = "converses"
MACHINE_LABELS = frozenset({VoiceLabel.RECORDED, VoiceLabel.SYNTHETIC})


def find_in_call(
    listening: Listening, hits: Sequence[KeywordHit], *, is_heard_elsewhere: bool = False
) -> tuple[FindingValue, ...]:
    """Return what words and voice point to, one finding for each rule, the worst first, then by time."""
    merged: dict[str, FindingValue] = {}
    signs = find_robocall_signs(listening, hits, is_heard_elsewhere=is_heard_elsewhere)
    for finding in (*find_in_words(hits), *signs):
        known = merged.get(finding.rule)
        merged[finding.rule] = _join(known, finding) if known else finding
    order = sorted(merged.values(), key=lambda f: (-f.severity.rank, f.span.start_s if f.span else 0.0, f.rule))
    return tuple(order)


def find_robocall_signs(
    listening: Listening, hits: Sequence[KeywordHit], *, is_heard_elsewhere: bool = False
) -> tuple[FindingValue, ...]:
    """Return the robocall or the AI-voice finding that the caller's voice gives rise to, or none.

    ``hits`` of the AI-voice pack (somebody asks whether the voice is a machine) join the evidence; they are not needed.
    ``is_heard_elsewhere``: the caller's audio was heard in a call from another number.
    """
    voice = listening.caller_voice
    if voice.label not in MACHINE_LABELS:
        return ()
    acts = [reason for reason in voice.reasons if reason.code in MESSAGE_CODES]
    acts += [SAME_AUDIO] if is_heard_elsewhere else []
    converses = next((reason for reason in voice.reasons if reason.code == CONVERSES_CODE), None)
    if acts and not converses:
        return (_finding(listening, ROBOCALL_RULE, Severity.HIGH, acts, _name(voice.label) + " and a message, not a talk"),)
    if converses and voice.label is VoiceLabel.SYNTHETIC:
        asked = [hit for hit in hits if hit.rule == AI_VOICE_RULE and not hit.low_trust]
        reason = "A synthetic voice that converses" + (", and somebody asks about it" if asked else "")
        return (_finding(listening, AI_VOICE_RULE, Severity.MEDIUM, [converses], reason),)
    return ()


def _finding(listening: Listening, rule: str, severity: Severity, acts: Sequence[VoiceReason], claim: str) -> FindingValue:
    voice, title = listening.caller_voice, find_rule_title(rule)
    spans = sorted(span for reason in (*acts, *voice.reasons) for span in reason.spans)
    told = "; ".join(reason.text[0].lower() + reason.text[1:] for reason in acts)
    return FindingValue(
        rule=rule,
        outcome=Outcome.REVIEW,
        severity=severity,
        reason=f"{claim}: {told}.",
        citations=title.sources,
        evidence={
            "voice": {
                "label": str(voice.label),
                "probabilities": dict(voice.probabilities or {}),
                "detector": {"name": "earshot", "version": listening.engine.get("voice")},
            },
            "reasons": [_evidence(reason) for reason in (*voice.reasons, *(act for act in acts if act is SAME_AUDIO))],
        },
        span=spans[0] if spans else Span(0.0, listening.duration_s),
    )


def _name(label: VoiceLabel) -> str:
    return "A recorded voice" if label is VoiceLabel.RECORDED else "A synthetic voice"


def _join(words: FindingValue, voice: FindingValue) -> FindingValue:
    """Return one finding of two grounds: the worse severity, both reasons, all evidence."""
    severity = max(words.severity, voice.severity, key=lambda severity: severity.rank)
    return replace(
        words, severity=severity, reason=f"{words.reason} {voice.reason}", evidence={**voice.evidence, **words.evidence}
    )


def _evidence(reason: VoiceReason) -> dict[str, Any]:
    spans = [{"start_s": span.start_s, "end_s": span.end_s} for span in reason.spans]
    return {"code": reason.code, "text": reason.text, "weight": reason.weight, "spans": spans}
