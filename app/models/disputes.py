"""What is contested: disputes of charges and the steps they went through."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import DisputeReason, DisputeState

OPEN = text("decided_at IS NULL")


class Dispute(Base):
    """An advertiser's objection to a charge; at most one is open per charge."""

    __tablename__ = "dispute"
    __table_args__ = (
        one_of("reason", DisputeReason),
        one_of("state", DisputeState),
        CheckConstraint("credit_minor IS NULL OR credit_minor >= 0", name="credit_not_negative"),
        CheckConstraint(
            "(decided_at IS NULL) = (state IN ('filed', 'under_review', 'appealed'))",
            name="decided_has_time",
        ),
        Index("uq_dispute_open", "charge_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    charge_id: Mapped[str] = mapped_column(ForeignKey("charge.id"), index=True)
    reason: Mapped[DisputeReason] = mapped_column(Term(DisputeReason))
    state: Mapped[DisputeState] = mapped_column(Term(DisputeState))
    comment: Mapped[str] = mapped_column(Text)
    spans: Mapped[list[Any]] = mapped_column(Json)
    credit_minor: Mapped[int | None] = mapped_column(WideInteger)
    filed_by: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
