"""What people decided: reviews of calls and decisions on findings; a changed mind is a new review."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Moment, Term, one_of
from app.vocabulary import FindingDecision, Verdict


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


class FindingReview(Base):
    """A reviewer's decision on one finding."""

    __tablename__ = "finding_review"
    __table_args__ = (one_of("decision", FindingDecision),)

    review_id: Mapped[str] = mapped_column(ForeignKey("review.id"), primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("finding.id"), primary_key=True)
    decision: Mapped[FindingDecision] = mapped_column(Term(FindingDecision))
    reason: Mapped[str] = mapped_column(Text)
