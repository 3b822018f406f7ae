"""What the call was held against: screenings, keyword hits, findings, scores, and consents on record."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Flag, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import Outcome, PackKind, Severity, Speaker

IS_FLAG = text("outcome IN ('violation', 'review')")


class Screening(Base):
    """One screening of a call: which versions judged it, from which analysis."""

    __tablename__ = "screening"
    __table_args__ = (UniqueConstraint("call_id", "input_hash"), Index("ix_screening_call_made", "call_id", "made_at"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    run_id: Mapped[str] = mapped_column(ForeignKey("analysis_run.id"))
    input_hash: Mapped[str] = mapped_column(Text, comment="SHA-256 over the facts and the versions below, hex")
    versions: Mapped[dict[str, Any]] = mapped_column(Json, comment="phrase packs, rule set, reference tables")
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json, comment="of the call as judged; null before version 0006")
    outcomes: Mapped[list[Any] | None] = mapped_column(Json, comment="of every rule, passes too: rule, outcome, severity")
    made_at: Mapped[datetime] = mapped_column(Moment)


class CallScoreRow(Base):
    """The call score that goes with a screening, with its parts."""

    __tablename__ = "call_score"
    __table_args__ = (CheckConstraint("value BETWEEN 0 AND 100", name="value_in_range"),)

    screening_id: Mapped[str] = mapped_column(ForeignKey("screening.id"), primary_key=True)
    value: Mapped[int] = mapped_column(comment="0 worst to 100 best")
    parts: Mapped[list[Any]] = mapped_column(Json, comment="name, points, why")
    version: Mapped[str] = mapped_column(Text)


class CurrentScreening(Base):
    """The screening in force of each call, with what lists filter by; derived, rebuilt at will."""

    __tablename__ = "current_screening"
    __table_args__ = (
        one_of("top_severity", Severity),
        Index("ix_current_screening_flags", "flag_count", "call_id"),
        Index("ix_current_screening_board", "call_id", "screening_id", "flag_count", "states"),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    screening_id: Mapped[str] = mapped_column(ForeignKey("screening.id"))
    flag_count: Mapped[int]
    top_severity: Mapped[Severity | None] = mapped_column(Term(Severity))
    states: Mapped[str] = mapped_column(Text, default="", comment="where the consumer may be, as in `FL GA`; empty: unknown")


class KeywordHitRow(Base):
    """A phrase of a pack that was heard."""

    __tablename__ = "keyword_hit"
    __table_args__ = (one_of("kind", PackKind), one_of("severity", Severity), one_of("speaker", Speaker))

    screening_id: Mapped[str] = mapped_column(ForeignKey("screening.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    pack: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    kind: Mapped[PackKind] = mapped_column(Term(PackKind))
    severity: Mapped[Severity] = mapped_column(Term(Severity))
    phrase: Mapped[str] = mapped_column(Text)
    speaker: Mapped[Speaker] = mapped_column(Term(Speaker))
    start_s: Mapped[float]
    end_s: Mapped[float]
    quote: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float]
    is_low_trust: Mapped[bool] = mapped_column(Flag)
    match: Mapped[str] = mapped_column(Text)


class Finding(Base):
    """What one rule says of one call, with the evidence a person needs to agree or refuse."""

    __tablename__ = "finding"
    __table_args__ = (
        one_of("outcome", Outcome),
        one_of("severity", Severity),
        UniqueConstraint("screening_id", "rule"),
        Index("ix_finding_call", "call_id"),
        Index("ix_finding_rule", "rule", "call_id"),
        # What the board of findings reads of each call, without touching the rows and their evidence.
        Index(
            "ix_finding_flag",
            "screening_id",
            "rule",
            "outcome",
            "severity",
            "stake_least_minor",
            "stake_most_minor",
            "call_id",
            "id",
            sqlite_where=IS_FLAG,
            postgresql_where=IS_FLAG,
        ),
        CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name="span_whole"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    screening_id: Mapped[str] = mapped_column(ForeignKey("screening.id"))
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    rule: Mapped[str] = mapped_column(Text)
    outcome: Mapped[Outcome] = mapped_column(Term(Outcome))
    severity: Mapped[Severity] = mapped_column(Term(Severity))
    reason: Mapped[str] = mapped_column(Text)
    citations: Mapped[list[str]] = mapped_column(Json)
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    stake_least_minor: Mapped[int | None] = mapped_column(WideInteger, comment="money at stake by law, US cents")
    stake_most_minor: Mapped[int | None] = mapped_column(WideInteger)


class Consent(Base):
    """A consumer's consent on record, as collected; a revocation is a date on it, never a deletion."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("revoked_at IS NULL OR revoked_at >= given_at", name="revoked_after_given"),
        Index("ix_consent_given", "given_at", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    number: Mapped[str] = mapped_column(Text, index=True, comment="E.164")
    seller: Mapped[str | None] = mapped_column(Text)
    elements: Mapped[dict[str, Any]] = mapped_column(Json)
    certificate: Mapped[dict[str, Any] | None] = mapped_column(Json)
    given_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    source_id: Mapped[str | None] = mapped_column(Text, comment="call source that collected it, when it is known here")
    shown: Mapped[dict[str, Any] | None] = mapped_column(
        Json, comment="as collected: text, page, form version, act, purpose, channels, address, agent, session"
    )
    text_sha256: Mapped[str | None] = mapped_column(Text, comment="of the consent text exactly as shown, UTF-8, hex")
    recorded_by: Mapped[str | None] = mapped_column(Text)
    revocation: Mapped[dict[str, Any] | None] = mapped_column(Json, comment="scope, way, who told it, opt_out_id")
    revocation_recorded_at: Mapped[datetime | None] = mapped_column(Moment)
