"""What does the caller's voice point to, together with how the caller behaves?

A machine's voice alone proves nothing: an assistant that calls for its owner converses like a person, and the voice model
errs. A *robocall* needs the voice and behaviour or wording of a message that nobody listens behind, or the same audio in a call
from another number; a synthetic voice that converses is a question about the AI voice instead. The outcome is ``review``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from app.compliance.case import Case
from app.compliance.engine import Judgement, rule_function
from app.compliance.facts import HeardVoice
from app.compliance.hearing import quote, words_evidence
from app.compliance.rule_set import Rule
from app.conversation import KeywordHit, VoiceReason
from app.timeline import Span
from app.vocabulary import Outcome, Severity, VoiceLabel

SAME_AUDIO = VoiceReason("same_audio", "The same audio was heard in a call from another number", 0.0)
"""No part of the verdict on the voice, which is made from one recording; it is known, or not, when the call is screened."""

CONVERSES_CODE = "converses"
MACHINE_LABELS = frozenset({VoiceLabel.RECORDED, VoiceLabel.SYNTHETIC})


@rule_function("robocall")
def judge_robocall(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a machine's voice plays a message that nobody listens behind."""
    voice = case.facts.caller_voice
    if voice is None:
        yield Judgement(Outcome.NOT_APPLICABLE, "The caller's voice was not listened to.")
    elif voice.verdict.label not in MACHINE_LABELS:
        heard = f"The caller's voice was taken for {voice.verdict.label}."
        yield Judgement(Outcome.PASS if voice.verdict.label is VoiceLabel.LIVE else Outcome.NOT_APPLICABLE, heard)
    elif _find_talk(voice):
        yield Judgement(Outcome.PASS, "The caller converses, as who plays a message does not.", _evidence(voice, ()))
    else:
        codes = frozenset(rule.params["message_codes"])
        acts = [reason for reason in voice.verdict.reasons if reason.code in codes]
        acts += [SAME_AUDIO] if voice.is_heard_elsewhere else []
        if acts:
            yield _review(voice, acts, f"{_name(voice)} and a message, not a talk")
        else:
            yield Judgement(Outcome.PASS, f"{_name(voice)} alone is no message.", _evidence(voice, ()))


def judge_conversing_machine(case: Case) -> Judgement | None:
    """Return the question that a synthetic voice which converses gives rise to, or None."""
    voice = case.facts.caller_voice
    talk = _find_talk(voice) if voice else None
    if voice is None or talk is None or voice.verdict.label is not VoiceLabel.SYNTHETIC:
        return None
    return _review(voice, [talk], "A synthetic voice that converses", severity=Severity.MEDIUM)


def join_question(heard: Judgement, hits: Sequence[KeywordHit]) -> Judgement:
    """Return the judgement on a voice with the words of whoever asks about it."""
    said = f"{heard.reason[:-1]}, and somebody asks about it: {quote(hits)}."
    return replace(heard, reason=said, evidence=words_evidence(hits, **heard.evidence))


def _find_talk(voice: HeardVoice) -> VoiceReason | None:
    return next((reason for reason in voice.verdict.reasons if reason.code == CONVERSES_CODE), None)


def _review(voice: HeardVoice, acts: Sequence[VoiceReason], claim: str, *, severity: Severity | None = None) -> Judgement:
    spans = sorted(span for reason in (*acts, *voice.verdict.reasons) for span in reason.spans)
    told = "; ".join(reason.text[0].lower() + reason.text[1:] for reason in acts)
    span = spans[0] if spans else voice.whole
    return Judgement(Outcome.REVIEW, f"{claim}: {told}.", _evidence(voice, acts), severity=severity, span=span)


def _evidence(voice: HeardVoice, acts: Sequence[VoiceReason]) -> dict[str, Any]:
    verdict = voice.verdict
    return {
        "voice": {
            "label": str(verdict.label),
            "probabilities": dict(verdict.probabilities or {}),
            "detector": {"name": "earshot", "version": voice.detector_version},
        },
        "reasons": [_tell(reason) for reason in (*verdict.reasons, *(act for act in acts if act is SAME_AUDIO))],
    }


def _tell(reason: VoiceReason) -> dict[str, Any]:
    spans: list[dict[str, float]] = [_place(span) for span in reason.spans]
    return {"code": reason.code, "text": reason.text, "weight": reason.weight, "spans": spans}


def _place(span: Span) -> dict[str, float]:
    return {"start_s": span.start_s, "end_s": span.end_s}


def _name(voice: HeardVoice) -> str:
    return "A recorded voice" if voice.verdict.label is VoiceLabel.RECORDED else "A synthetic voice"
