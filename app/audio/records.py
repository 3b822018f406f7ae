"""How is what was heard kept in tables, and read back? The two directions of one mapping."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversation import CallerVoice, Listening, Tone, Turns, Utterance, VoiceReason, Word
from app.models.analysis import AnalysisResult, AnalysisRun, UtteranceRow
from app.models.calls import Recording
from app.timeline import Span
from app.vocabulary import ChannelRole, ToneKind, VoiceLabel

DIGITS = 3  # times are kept to the millisecond


def listening_rows(
    run_id: str, listening: Listening, keys: dict[str, str], made_at: datetime
) -> list[AnalysisResult | UtteranceRow]:
    """Return the rows of one finished run."""
    result = AnalysisResult(
        run_id=run_id,
        duration_s=listening.duration_s,
        sample_rate_hz=listening.sample_rate_hz,
        channels=listening.channels,
        channel_roles=[str(role) for role in listening.channel_roles],
        speech=[_spans(spans) for spans in listening.speech],
        turns=_turns_json(listening.turns),
        tones=[[t.channel, str(t.kind), t.detail, *_span(t.span)] for t in listening.tones],
        caller_voice=_voice_json(listening.caller_voice),
        engine=dict(listening.engine),
        notes=list(listening.notes),
        peaks_blob_key=keys["peaks"],
        listening_blob_key=keys["listening"],
        listening_media_type=keys["media_type"],
        made_at=made_at,
    )
    utterances = [
        UtteranceRow(
            run_id=run_id,
            seq=seq,
            channel=u.channel,
            speaker=u.speaker,
            start_s=u.span.start_s,
            end_s=u.span.end_s,
            text=u.text,
            words=[[*_span(w.span), w.text, round(w.confidence, 3), int(w.low_trust)] for w in u.words],
        )
        for seq, u in enumerate(listening.utterances)
    ]
    return [result, *utterances]


def load_listening(session: Session, run_id: str) -> Listening:
    """Return what a finished run heard."""
    result = session.get_one(AnalysisResult, run_id)
    sha256 = session.scalars(
        select(Recording.sha256).join(AnalysisRun, AnalysisRun.recording_id == Recording.id).where(AnalysisRun.id == run_id)
    ).one()
    return Listening(
        sha256=sha256,
        duration_s=result.duration_s,
        sample_rate_hz=result.sample_rate_hz,
        channels=result.channels,
        channel_roles=tuple(ChannelRole(role) for role in result.channel_roles),
        speech=tuple(_read_spans(spans) for spans in result.speech),
        utterances=load_utterances(session, run_id),
        turns=_read_turns(result.turns),
        tones=tuple(Tone(c, ToneKind(kind), detail, Span(start, end)) for c, kind, detail, start, end in result.tones),
        caller_voice=_read_voice(result.caller_voice),
        engine=result.engine,
        notes=tuple(result.notes),
    )


def load_utterances(session: Session, run_id: str) -> tuple[Utterance, ...]:
    """Return what was said in a finished run, in order of time."""
    rows = session.scalars(select(UtteranceRow).where(UtteranceRow.run_id == run_id).order_by(UtteranceRow.seq))
    return tuple(
        Utterance(
            row.channel,
            row.speaker,
            Span(row.start_s, row.end_s),
            row.text,
            tuple(Word(Span(start, end), text, confidence, bool(low)) for start, end, text, confidence, low in row.words),
        )
        for row in rows
    )


def _span(span: Span) -> list[float]:
    return [round(span.start_s, DIGITS), round(span.end_s, DIGITS)]


def _spans(spans: tuple[Span, ...]) -> list[list[float]]:
    return [_span(span) for span in spans]


def _read_spans(spans: list[list[float]]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in spans)


def _turns_json(turns: Turns) -> dict[str, Any]:
    return {
        "talk_s": list(turns.talk_s),
        "dead_air_s": turns.dead_air_s,
        "longest_dead_air_s": turns.longest_dead_air_s,
        "overlap_s": turns.overlap_s,
        "two_way_speech_s": turns.two_way_speech_s,
        "response_latency_s": turns.response_latency_s,
        "interruptions": turns.interruptions,
        "first_word_s": list(turns.first_word_s),
        "dead_air": _spans(turns.dead_air),
        "overlap": _spans(turns.overlap),
    }


def _read_turns(data: dict[str, Any]) -> Turns:
    sequences = {"talk_s": tuple(data["talk_s"]), "first_word_s": tuple(data["first_word_s"])}
    spans = {name: _read_spans(data[name]) for name in ("dead_air", "overlap")}
    return Turns(**{**data, **sequences, **spans})


def _voice_json(voice: CallerVoice) -> dict[str, Any]:
    reasons = [{"code": r.code, "text": r.text, "weight": r.weight, "spans": _spans(r.spans)} for r in voice.reasons]
    probabilities = dict(voice.probabilities) if voice.probabilities is not None else None
    return {"label": str(voice.label), "probabilities": probabilities, "reasons": reasons}


def _read_voice(data: dict[str, Any]) -> CallerVoice:
    reasons = tuple(VoiceReason(r["code"], r["text"], r["weight"], _read_spans(r["spans"])) for r in data["reasons"])
    return CallerVoice(VoiceLabel(data["label"]), data["probabilities"], reasons)
