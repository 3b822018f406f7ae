"""How is what was heard kept in tables, and read back? The two directions of one mapping."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audio.listening_json import listening_from_json, listening_to_json
from app.conversation import Listening, Utterance, Word
from app.models.analysis import AnalysisResult, AnalysisRun, UtteranceRow
from app.models.calls import Recording
from app.timeline import Span

# What is kept as its JSON form; what was said has a table of its own.
JSON_PARTS = (
    "duration_s",
    "sample_rate_hz",
    "channels",
    "channel_roles",
    "speech",
    "turns",
    "tones",
    "caller_voice",
    "engine",
    "notes",
    "parts",
    "language",
)


def listening_rows(
    run_id: str, listening: Listening, keys: dict[str, str], made_at: datetime
) -> list[AnalysisResult | UtteranceRow]:
    """Return the rows of one finished run."""
    data = listening_to_json(listening)
    result = AnalysisResult(
        run_id=run_id,
        **{name: data[name] for name in JSON_PARTS},
        peaks_blob_key=keys["peaks"],
        listening_blob_key=keys["listening"],
        listening_media_type=keys["media_type"],
        redacted_blob_key=keys.get("redacted"),
        made_at=made_at,
    )
    utterances = [
        UtteranceRow(
            run_id=run_id,
            seq=seq,
            channel=u.channel,
            speaker=u.speaker,
            estimated_speaker=u.estimated_speaker,
            start_s=u.span.start_s,
            end_s=u.span.end_s,
            text=u.text,
            words=[
                [round(w.span.start_s, 3), round(w.span.end_s, 3), w.text, round(w.confidence, 3), int(w.low_trust)]
                for w in u.words
            ],
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
    parts = {name: getattr(result, name) for name in JSON_PARTS}
    without_words = listening_from_json({**parts, "sha256": sha256, "utterances": []})
    return replace(without_words, utterances=load_utterances(session, run_id))


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
            row.estimated_speaker,
        )
        for row in rows
    )
