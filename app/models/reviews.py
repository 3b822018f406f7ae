"""What people decided: reviews of calls and decisions on findings, and of clusters; a changed mind is a new review."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import CheckOutcome, FindingDecision, QueueReason, ReviewQueue, Verdict

OPEN = text("ended_at IS NULL")


class Review(Base):
    """One person's verdict on a call; the newest of a call is in force."""

    __tablename__ = "review"
    __table_args__ = (
        one_of("verdict", Verdict),
        Index("ix_review_call_decided", "call_id", "decided_at"),
        Index("ix_review_reviewer_decided", "reviewer_id", "decided_at"),
        CheckConstraint("heard_s >= 0", name="heard_not_negative"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    screening_id: Mapped[str | None] = mapped_column(ForeignKey("screening.id"), comment="what the machine said at that time")
    reviewer_id: Mapped[str] = mapped_column(Text, comment="user id, or token id of a program")
    verdict: Mapped[Verdict] = mapped_column(Term(Verdict))
    notes: Mapped[str] = mapped_column(Text)
    heard_s: Mapped[float] = mapped_column(default=0.0, comment="seconds of the recording that were played")
    decided_at: Mapped[datetime] = mapped_column(Moment)


class FindingVerdict(Base):
    """What a person says of one finding, in a review or by itself; of a call and rule the newest that was not undone counts,
    whichever screening it was about, a person's own before a sample check's (app.compliance.findings.decisions)."""

    __tablename__ = "finding_verdict"
    __table_args__ = (
        one_of("decision", FindingDecision),
        UniqueConstraint("review_id", "finding_id"),
        Index("ix_finding_verdict_call", "call_id", "rule", "decided_at"),
        Index("ix_finding_verdict_finding", "finding_id"),
        Index("ix_finding_verdict_rule", "rule", "decided_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("finding.id"))
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    rule: Mapped[str] = mapped_column(Text)
    review_id: Mapped[str | None] = mapped_column(ForeignKey("review.id"), comment="null: decided by itself, outside a review")
    decision: Mapped[FindingDecision] = mapped_column(Term(FindingDecision))
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text, comment="user id, or token id of a program")
    decided_at: Mapped[datetime] = mapped_column(Moment)


class QueueEntry(Base):
    """A call that waits for a reviewer, by when it should be heard, and who has it just now.

    One row for each call that waits; it goes when the call is reviewed. Everything but claim and assignment follows from
    facts and can be made anew.
    """

    __tablename__ = "queue_entry"
    __table_args__ = (
        one_of("queue", ReviewQueue),
        one_of("why", QueueReason),
        CheckConstraint("(claimed_by IS NULL) = (claim_ends_at IS NULL)", name="claim_ends"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_at IS NULL)", name="claim_has_time"),
        Index("ix_queue_entry_due", "queue", "due_at", "call_id"),
        Index("ix_queue_entry_campaign", "queue", "campaign_id", "due_at"),
        Index("ix_queue_entry_source", "queue", "source_id", "due_at"),
        Index("ix_queue_entry_claimed", "claimed_by"),
        Index("ix_queue_entry_assigned", "assigned_to"),
        Index("ix_queue_entry_entered", "source_id", "entered_at"),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    queue: Mapped[ReviewQueue] = mapped_column(Term(ReviewQueue))
    why: Mapped[QueueReason] = mapped_column(Term(QueueReason))
    due_at: Mapped[datetime] = mapped_column(Moment, comment="by when it should be heard; the queue is in this order")
    parts: Mapped[list[str]] = mapped_column(Json, comment="what made it due then, one sentence each")
    money_minor: Mapped[int] = mapped_column(WideInteger, comment="at stake by law, and revenue, US cents")
    campaign_id: Mapped[str | None] = mapped_column(Text)
    source_id: Mapped[str | None] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(Moment)
    screening_id: Mapped[str] = mapped_column(ForeignKey("screening.id"), comment="what it was ordered by")
    assigned_to: Mapped[str | None] = mapped_column(Text, comment="user id: only this person gets it")
    claimed_by: Mapped[str | None] = mapped_column(Text, comment="user id")
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    claim_ends_at: Mapped[datetime | None] = mapped_column(Moment, comment="a browser that is lost gives the call back then")


class QueueSkip(Base):
    """That a reviewer passed a call over, and why; they are not offered it again, others are."""

    __tablename__ = "queue_skip"
    __table_args__ = (Index("ix_queue_skip_call", "call_id", "user_id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    user_id: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    skipped_at: Mapped[datetime] = mapped_column(Moment)


class ClusterCheck(Base):
    """One hearing of a random sample of a cluster's undecided calls; applied, it decides the rest of them."""

    __tablename__ = "cluster_check"
    __table_args__ = (
        one_of("outcome", CheckOutcome),
        one_of("verdict", Verdict),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_has_outcome"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
        CheckConstraint("(verdict IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'applied')", name="applied_has_verdict"),
        CheckConstraint("sample_size BETWEEN 1 AND call_count", name="sample_within_calls"),
        Index("ix_cluster_check_cluster", "cluster_id", "opened_at"),
        # One check at a time goes on in a cluster.
        Index("uq_cluster_check_open", "cluster_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cluster_id: Mapped[str] = mapped_column(ForeignKey("same_audio_cluster.id"))
    seed: Mapped[str] = mapped_column(Text, comment="calls in order of SHA-256(seed:call id); the first are the sample")
    call_count: Mapped[int] = mapped_column(comment="undecided calls of the cluster when the check was opened")
    sample_size: Mapped[int]
    opened_by: Mapped[str] = mapped_column(Text, comment="user id, or token id of a program")
    opened_at: Mapped[datetime] = mapped_column(Moment)
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[CheckOutcome | None] = mapped_column(Term(CheckOutcome))
    verdict: Mapped[Verdict | None] = mapped_column(Term(Verdict), comment="what was applied to the rest")


class ClusterCheckCall(Base):
    """A call that a check is about: one of the sample, or one of the rest with the review that the check gave it."""

    __tablename__ = "cluster_check_call"
    __table_args__ = (
        UniqueConstraint("review_id"),
        UniqueConstraint("check_id", "place"),
        CheckConstraint("place IS NULL OR review_id IS NULL", name="sampled_is_heard"),
        Index("ix_cluster_check_call_call", "call_id"),
    )

    check_id: Mapped[str] = mapped_column(ForeignKey("cluster_check.id"), primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    place: Mapped[int | None] = mapped_column(comment="1, 2, 3... in the sample; null for the rest")
    review_id: Mapped[str | None] = mapped_column(ForeignKey("review.id"))


class ClusterUndo(Base):
    """That what a check applied was taken back: its reviews count no more."""

    __tablename__ = "cluster_undo"

    check_id: Mapped[str] = mapped_column(ForeignKey("cluster_check.id"), primary_key=True)
    undone_by: Mapped[str] = mapped_column(Text)
    undone_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(Text)
