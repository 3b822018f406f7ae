"""What did somebody ask for that takes longer than a page may, and how far is it?"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import TaskKind


class Task(Base):
    """One piece of long work with its progress; it ends once: done, failed with a reason for people, or stopped."""

    __tablename__ = "task"
    __table_args__ = (
        one_of("kind", TaskKind),
        CheckConstraint("finished_at IS NOT NULL OR (result IS NULL AND failure IS NULL)", name="ended_has_time"),
        CheckConstraint("result IS NULL OR failure IS NULL", name="one_end"),
        CheckConstraint("done >= 0 AND (total IS NULL OR total >= 0)", name="counts_not_negative"),
        Index("ix_task_kind_asked", "kind", "asked_at", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[TaskKind] = mapped_column(Term(TaskKind))
    title: Mapped[str] = mapped_column(Text, comment="what is done, in words people read")
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    asked_by: Mapped[str] = mapped_column(Text, comment="actor: user:<id>, token:<id>, cli")
    asked_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment, comment="of the newest attempt")
    note: Mapped[str] = mapped_column(Text, default="", comment="what goes on just now")
    done: Mapped[int] = mapped_column(WideInteger, default=0)
    total: Mapped[int | None] = mapped_column(WideInteger, comment="null while it is not known how much there is to do")
    stop_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json, comment="null when it failed or was stopped")
    failure: Mapped[str | None] = mapped_column(Text, comment="why it failed, in words people read")
