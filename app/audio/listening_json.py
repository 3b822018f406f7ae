"""How is a Listening written down?

The shape is the contract of ``earshot analyze --json`` (utterances, speech, turns, tones, caller_voice, engine); more keys
may be added, none renamed (parts, language and estimated_speaker may be missing in what an earlier version wrote). Reading it
back gives an equal value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.conversation import (
    CallerVoice,
    CallPart,
    EstimatedTurns,
    Language,
    Listening,
    Tone,
    Turns,
    Utterance,
    VoiceReason,
    Word,
)
from app.timeline import Span
from app.vocabulary import ChannelRole, PartKind, Speaker, ToneKind, VoiceLabel


def listening_to_json(listening: Listening) -> dict[str, Any]:
    """Return the listening as JSON-able values."""
    return {
        "sha256": listening.sha256,
        "duration_s": listening.duration_s,
        "sample_rate_hz": listening.sample_rate_hz,
        "channels": listening.channels,
        "channel_roles": [role.value for role in listening.channel_roles],
        "engine": dict(listening.engine),
        "utterances": [_utterance_to_json(utterance) for utterance in listening.utterances],
        "speech": [_spans_to_json(spans) for spans in listening.speech],
        "turns": _turns_to_json(listening.turns),
        "tones": [tone_to_json(tone) for tone in listening.tones],
        "caller_voice": _voice_to_json(listening.caller_voice),
        "notes": list(listening.notes),
        "parts": [part_to_json(part) for part in listening.parts],
        "language": _language_to_json(listening.language),
    }


def listening_from_json(data: Mapping[str, Any]) -> Listening:
    """Return the listening that :func:`listening_to_json` wrote."""
    return Listening(
        sha256=data["sha256"],
        duration_s=data["duration_s"],
        sample_rate_hz=data["sample_rate_hz"],
        channels=data["channels"],
        channel_roles=tuple(ChannelRole(role) for role in data["channel_roles"]),
        speech=tuple(spans_from_json(spans) for spans in data["speech"]),
        utterances=tuple(_utterance_from_json(utterance) for utterance in data["utterances"]),
        turns=_turns_from_json(data["turns"]),
        tones=tuple(tone_from_json(tone) for tone in data["tones"]),
        caller_voice=voice_from_json(data["caller_voice"]),
        engine=dict(data["engine"]),
        notes=tuple(data.get("notes", ())),
        parts=tuple(part_from_json(part) for part in data.get("parts") or ()),
        language=_language_from_json(data.get("language")),
    )


def span_to_json(span: Span) -> dict[str, float]:
    """Return a span with its times in seconds, to the millisecond."""
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}


def span_from_json(data: Mapping[str, Any]) -> Span:
    """Return the span that was written."""
    return Span(data["start_s"], data["end_s"])


def spans_from_json(data: Iterable[Mapping[str, Any]]) -> tuple[Span, ...]:
    """Return the spans that were written."""
    return tuple(span_from_json(span) for span in data)


def word_to_json(word: Word) -> dict[str, Any]:
    """Return a word with its time, text, confidence and trust."""
    return {**span_to_json(word.span), "text": word.text, "confidence": word.confidence, "low_trust": word.low_trust}


def word_from_json(data: Mapping[str, Any]) -> Word:
    """Return the word that was written."""
    return Word(span_from_json(data), data["text"], data["confidence"], data["low_trust"])


def tone_to_json(tone: Tone) -> dict[str, Any]:
    """Return a tone with its channel, kind, detail and time."""
    return {"channel": tone.channel, "kind": tone.kind.value, "detail": tone.detail, **span_to_json(tone.span)}


def tone_from_json(data: Mapping[str, Any]) -> Tone:
    """Return the tone that was written."""
    return Tone(data["channel"], ToneKind(data["kind"]), data["detail"], span_from_json(data))


def part_to_json(part: CallPart) -> dict[str, Any]:
    """Return a part of the call with its channel, kind, detail and time."""
    return {"channel": part.channel, "kind": part.kind.value, "detail": part.detail, **span_to_json(part.span)}


def part_from_json(data: Mapping[str, Any]) -> CallPart:
    """Return the part that was written."""
    return CallPart(data["channel"], PartKind(data["kind"]), span_from_json(data), data["detail"])


def _language_to_json(language: Language | None) -> dict[str, Any] | None:
    if language is None:
        return None
    return {"code": language.code, "confidence": language.confidence, "checked_by": language.checked_by}


def _language_from_json(data: Mapping[str, Any] | None) -> Language | None:
    return None if data is None else Language(data["code"], data["confidence"], data["checked_by"])


def _spans_to_json(spans: Iterable[Span]) -> list[dict[str, float]]:
    return [span_to_json(span) for span in spans]


def _utterance_to_json(utterance: Utterance) -> dict[str, Any]:
    return {
        "channel": utterance.channel,
        "speaker": utterance.speaker.value,
        "estimated_speaker": utterance.estimated_speaker,
        **span_to_json(utterance.span),
        "text": utterance.text,
        "words": [word_to_json(word) for word in utterance.words],
    }


def _utterance_from_json(data: Mapping[str, Any]) -> Utterance:
    words = tuple(word_from_json(word) for word in data["words"])
    speaker, estimated = Speaker(data["speaker"]), data.get("estimated_speaker")
    return Utterance(data["channel"], speaker, span_from_json(data), data["text"], words, estimated)


def _turns_to_json(turns: Turns) -> dict[str, Any]:
    return {
        "talk_s": list(turns.talk_s),
        "overlap_s": turns.overlap_s,
        "dead_air_s": turns.dead_air_s,
        "longest_dead_air_s": turns.longest_dead_air_s,
        "two_way_speech_s": turns.two_way_speech_s,
        "response_latency_s": turns.response_latency_s,
        "interruptions": turns.interruptions,
        "first_word_s": list(turns.first_word_s),
        "dead_air": _spans_to_json(turns.dead_air),
        "overlap": _spans_to_json(turns.overlap),
        "estimated": turns.estimated
        and {"talk_s": dict(turns.estimated.talk_s), "two_way_speech_s": turns.estimated.two_way_speech_s},
    }


def _turns_from_json(data: Mapping[str, Any]) -> Turns:
    return Turns(
        talk_s=tuple(data["talk_s"]),
        dead_air_s=data["dead_air_s"],
        longest_dead_air_s=data["longest_dead_air_s"],
        overlap_s=data["overlap_s"],
        two_way_speech_s=data["two_way_speech_s"],
        response_latency_s=data["response_latency_s"],
        interruptions=data["interruptions"],
        first_word_s=tuple(data["first_word_s"]),
        dead_air=spans_from_json(data["dead_air"]),
        overlap=spans_from_json(data["overlap"]),
        estimated=EstimatedTurns(**data["estimated"]) if data.get("estimated") else None,
    )


def _voice_to_json(voice: CallerVoice) -> dict[str, Any]:
    return {
        "label": voice.label.value,
        "probabilities": None if voice.probabilities is None else dict(voice.probabilities),
        "reasons": [
            {"code": reason.code, "text": reason.text, "weight": reason.weight, "spans": _spans_to_json(reason.spans)}
            for reason in voice.reasons
        ],
    }


def voice_from_json(data: Mapping[str, Any]) -> CallerVoice:
    """Return the caller's voice that was written."""
    reasons = tuple(
        VoiceReason(reason["code"], reason["text"], reason["weight"], spans_from_json(reason["spans"]))
        for reason in data["reasons"]
    )
    return CallerVoice(VoiceLabel(data["label"]), data["probabilities"], reasons)
