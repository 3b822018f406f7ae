"""Which versions of do-not-call lists are there? A mirror of the manifests on disk, for pages; the files are the truth."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Flag, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import ListKind


class NumberListVersion(Base):
    """One version of a list, as its manifest says."""

    __tablename__ = "number_list_version"
    __table_args__ = (
        one_of("kind", ListKind),
        CheckConstraint("(kind = 'state') = (state IS NOT NULL)", name="state_named"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name="withdrawn_with_reason"),
        CheckConstraint("count >= 0", name="count_not_negative"),
        Index("ix_number_list_version_list", "kind", "state", "obtained_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True, comment="the name of its folder")
    kind: Mapped[ListKind] = mapped_column(Term(ListKind))
    state: Mapped[str | None] = mapped_column(Text, comment="two letters, of state lists only")
    obtained_at: Mapped[datetime] = mapped_column(Moment, comment="when it was got from its keeper; the clock of its age")
    loaded_at: Mapped[datetime] = mapped_column(Moment, comment="when Earshot was given it")
    loaded_by: Mapped[str] = mapped_column(Text)
    san: Mapped[str | None] = mapped_column(Text, comment="subscription account number")
    source: Mapped[str | None] = mapped_column(Text, comment="who sold it")
    source_version: Mapped[str | None] = mapped_column(Text)
    is_change: Mapped[bool] = mapped_column(Flag, comment="made from a change list")
    count: Mapped[int] = mapped_column(WideInteger, comment="different numbers")
    area_codes: Mapped[list[int] | None] = mapped_column(Json, comment="those it covers; null: every one")
    sha256: Mapped[str] = mapped_column(Text, comment="of its data file, hex")
    garbage_count: Mapped[int] = mapped_column(comment="rows that were left out")
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_why: Mapped[str | None] = mapped_column(Text)
