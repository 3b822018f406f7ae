"""Where calls went and why: routing decisions, and the quality facts that change the next ones."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment


class RouteDecision(Base):
    """One answer to "where should this call go", with the reason for every ad that was considered."""

    __tablename__ = "route_decision"
    __table_args__ = (Index("ix_route_decision_decided", "decided_at", "id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    request: Mapped[dict[str, Any]] = mapped_column(Json)
    considered: Mapped[list[Any]] = mapped_column(Json, comment="each ad: eligible, reasons, score")
    snapshot: Mapped[dict[str, Any]] = mapped_column(Json, comment="what the decision was taken from, for replay")
    chosen_ad_id: Mapped[str | None] = mapped_column(ForeignKey("ad.id"))
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))
    decided_at: Mapped[datetime] = mapped_column(Moment)


class QualityFact(Base):
    """Something that speaks for or against a source or target, once per cause."""

    __tablename__ = "quality_fact"
    __table_args__ = (Index("ix_quality_fact_source_at", "source_id", "at"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cause: Mapped[str] = mapped_column(Text, unique=True, comment="review:<id>, dispute:<id>")
    source_id: Mapped[str] = mapped_column(ForeignKey("call_source.id"))
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))
    kind: Mapped[str] = mapped_column(Text)
    weight: Mapped[float]
    at: Mapped[datetime] = mapped_column(Moment)
