"""By which rules and phrases are calls judged, and what is being changed? Editions, their publication, and drafts."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Flag, Json, Moment, Term, one_of
from app.vocabulary import DraftState, EditionPart, ExampleKind, Speaker


class Edition(Base):
    """All rules and phrase packs of one moment, whole and never changed; made by a release of Earshot or from a draft."""

    __tablename__ = "edition"
    __table_args__ = (CheckConstraint("number >= 1", name="number_positive"), Index("ix_edition_versions", "rule_set", "packs"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True, comment="1, 2, 3... in the order in which they were kept")
    title: Mapped[str] = mapped_column(Text)
    rule_set: Mapped[str] = mapped_column(Text, comment="version of the rules: made from their content")
    packs: Mapped[str] = mapped_column(Text, comment="version of the phrase packs")
    content: Mapped[dict[str, Any]] = mapped_column(Json, comment="{rules: [row], packs: document}")
    sha256: Mapped[str] = mapped_column(Text, unique=True, comment="of the content, hex")
    release: Mapped[str | None] = mapped_column(
        Text, comment="the release of Earshot it came with; null when made from a draft"
    )
    base_id: Mapped[str | None] = mapped_column(ForeignKey("edition.id"), comment="what the draft was made from")
    kept_at: Mapped[datetime] = mapped_column(Moment)
    kept_by: Mapped[str] = mapped_column(Text)


class Publication(Base):
    """That an edition came into force; the newest one holds. Going back is a publication too."""

    __tablename__ = "publication"
    __table_args__ = (Index("ix_publication_published", "published_at", "id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))
    published_at: Mapped[datetime] = mapped_column(Moment)
    published_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    is_roll_back: Mapped[bool] = mapped_column(Flag)


class Draft(Base):
    """Changes to rules and phrases that somebody prepares; nothing is judged by them before they are published."""

    __tablename__ = "draft"
    __table_args__ = (
        one_of("state", DraftState),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_has_time"),
        CheckConstraint("(state = 'published') = (edition_id IS NOT NULL)", name="published_has_edition"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    base_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), comment="the edition that it changes")
    state: Mapped[DraftState] = mapped_column(Term(DraftState), default=DraftState.OPEN)
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    edition_id: Mapped[str | None] = mapped_column(ForeignKey("edition.id"), comment="what became of it")


class DraftChange(Base):
    """What a draft makes of one rule row or one phrase pack; ``content`` null takes it out."""

    __tablename__ = "draft_change"
    __table_args__ = (one_of("part", EditionPart),)

    draft_id: Mapped[str] = mapped_column(ForeignKey("draft.id"), primary_key=True)
    part: Mapped[EditionPart] = mapped_column(Term(EditionPart), primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True, comment="PH-..., or RULE-ID@version")
    content: Mapped[dict[str, Any] | None] = mapped_column(Json)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Moment)


class PackExample(Base):
    """Words at which a pack must or must not speak up; tried on every draft, kept for all later ones."""

    __tablename__ = "pack_example"
    __table_args__ = (
        one_of("kind", ExampleKind),
        one_of("speaker", Speaker),
        UniqueConstraint("pack", "kind", "speaker", "text"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    pack: Mapped[str] = mapped_column(Text)
    kind: Mapped[ExampleKind] = mapped_column(Term(ExampleKind))
    speaker: Mapped[Speaker] = mapped_column(Term(Speaker))
    text: Mapped[str] = mapped_column(Text)
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(Moment)
    dropped_at: Mapped[datetime | None] = mapped_column(Moment)
