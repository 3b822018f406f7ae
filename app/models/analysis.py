"""What the machine heard: analysis runs, utterances, spans, peaks; a new analysis is a new run."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import Speaker

OPEN = text("finished_at IS NULL AND failed_at IS NULL")
FAILED = text("failed_at IS NOT NULL")


class AnalysisRun(Base):
    """One attempt to hear a recording with one version of the pipeline.

    A run ends once: finished or failed, never both. Who works on it is the job's affair.
    """

    __tablename__ = "analysis_run"
    __table_args__ = (
        CheckConstraint("NOT (finished_at IS NOT NULL AND failed_at IS NOT NULL)", name="ends_once"),
        CheckConstraint("(failed_at IS NULL) = (error_code IS NULL)", name="failure_has_code"),
        CheckConstraint("progress >= 0 AND progress <= 1", name="progress_is_a_share"),
        Index("ix_analysis_run_call_requested", "call_id", "requested_at", "id"),
        # One run of one recording with one input; asking again for the same is no new work.
        Index("uq_analysis_run_input", "recording_id", "input_hash", unique=True),
        # Few runs are open or failed at any time; lists that ask for them read these and not the table.
        Index("ix_analysis_run_open", "call_id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_analysis_run_failed", "call_id", sqlite_where=FAILED, postgresql_where=FAILED),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    input_hash: Mapped[str] = mapped_column(Text, comment="SHA-256 over recording hash, pipeline version and settings, hex")
    pipeline_version: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(Moment)
    stage: Mapped[str] = mapped_column(Text, default="waiting", comment="what is being done now, for people")
    progress: Mapped[float] = mapped_column(default=0.0, comment="share done, 0 to 1")
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    error_code: Mapped[str | None] = mapped_column(Text)
    error_message: Mapped[str | None] = mapped_column(Text)


class AnalysisResult(Base):
    """What a finished run found, apart from what was said."""

    __tablename__ = "analysis_result"

    run_id: Mapped[str] = mapped_column(ForeignKey("analysis_run.id"), primary_key=True)
    duration_s: Mapped[float]
    sample_rate_hz: Mapped[int]
    channels: Mapped[int]
    channel_roles: Mapped[list[str]] = mapped_column(Json)
    speech: Mapped[list[Any]] = mapped_column(Json, comment="per channel, spans with speech")
    turns: Mapped[dict[str, Any]] = mapped_column(Json)
    tones: Mapped[list[Any]] = mapped_column(Json)
    caller_voice: Mapped[dict[str, Any]] = mapped_column(Json)
    engine: Mapped[dict[str, Any]] = mapped_column(Json)
    notes: Mapped[list[str]] = mapped_column(Json)
    parts: Mapped[list[Any] | None] = mapped_column(Json, comment="ringing, IVR, hold, speech...; null before they were marked")
    language: Mapped[dict[str, Any] | None] = mapped_column(Json, comment="null where it was not checked")
    peaks_blob_key: Mapped[str] = mapped_column(Text)
    listening_blob_key: Mapped[str] = mapped_column(Text, comment="the copy that browsers play")
    listening_media_type: Mapped[str] = mapped_column(Text)
    redacted_blob_key: Mapped[str | None] = mapped_column(
        Text, comment="the copy without the numbers of people; null when there are none"
    )
    made_at: Mapped[datetime] = mapped_column(Moment)


class UtteranceRow(Base):
    """What one speaker said without a long pause."""

    __tablename__ = "utterance"
    __table_args__ = (one_of("speaker", Speaker), CheckConstraint("end_s >= start_s", name="ends_after_start"))

    run_id: Mapped[str] = mapped_column(ForeignKey("analysis_run.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[int]
    speaker: Mapped[Speaker] = mapped_column(Term(Speaker))
    estimated_speaker: Mapped[str | None] = mapped_column(Text, comment="which voice of a mixed channel: A, B...")
    start_s: Mapped[float]
    end_s: Mapped[float]
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[list[Any]] = mapped_column(Json, comment="[start_s, end_s, text, confidence, low_trust] each")


class TranscriptDocument(Base):
    """What is searched when somebody looks for words: the newest transcript of each call as one text.

    A migration adds the search index that the database offers (FTS5, or a GIN index over tsvector).
    """

    __tablename__ = "transcript_document"

    doc_no: Mapped[int] = mapped_column(WideInteger, primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), unique=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("analysis_run.id"))
    text: Mapped[str] = mapped_column(Text)
