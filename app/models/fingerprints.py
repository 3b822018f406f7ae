"""Which recordings hold the same audio: prints, clusters and who belongs to them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Flag, Moment, WideInteger


class AudioPrintSeries(Base):
    """The one row that numbers prints: who holds it is the only one to number, so numbers are seen in their order.

    ``series`` names this database, so that index files of another one are told apart.
    """

    __tablename__ = "audio_print_series"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), CheckConstraint("next_no >= 1", name="counts_from_one"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    series: Mapped[str] = mapped_column(Text)
    next_no: Mapped[int] = mapped_column(WideInteger)


class AudioPrintRow(Base):
    """The spectral peaks of the caller's speech in one recording."""

    __tablename__ = "audio_print"
    __table_args__ = (
        UniqueConstraint("no"),
        UniqueConstraint("recording_id", "version"),
        CheckConstraint("speech_s >= 0", name="speech_not_negative"),
        Index("ix_audio_print_call", "call_id"),
        Index("ix_audio_print_indexed", "version", "is_indexed", "no"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    no: Mapped[int] = mapped_column(WideInteger, comment="1, 2, 3... the recording's name in the index files")
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    version: Mapped[int] = mapped_column(comment="of the way prints are taken; only equal versions are compared")
    channel: Mapped[int]
    is_mixed: Mapped[bool] = mapped_column(Flag, comment="both parties are on the channel")
    speech_s: Mapped[float]
    peaks: Mapped[bytes] = mapped_column(LargeBinary, comment="frames as little-endian uint16, then bins; 3 bytes a peak")
    is_indexed: Mapped[bool] = mapped_column(Flag, comment="searched; a cluster is found by its first members alone")
    made_at: Mapped[datetime] = mapped_column(Moment)


class SameAudioCluster(Base):
    """Recordings in which the same audio was heard."""

    __tablename__ = "same_audio_cluster"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(Moment)


class SameAudioMember(Base):
    """A recording's place in a cluster, with the match that brought it there; the first member has none."""

    __tablename__ = "same_audio_member"
    __table_args__ = (
        CheckConstraint("(matched_print_id IS NULL) = (matched_s IS NULL)", name="match_is_measured"),
        CheckConstraint("(matched_s IS NULL) = (offset_s IS NULL)", name="match_has_offset"),
        Index("ix_same_audio_member_cluster", "cluster_id", "print_id"),
    )

    print_id: Mapped[str] = mapped_column(ForeignKey("audio_print.id"), primary_key=True)
    cluster_id: Mapped[str] = mapped_column(ForeignKey("same_audio_cluster.id"))
    matched_print_id: Mapped[str | None] = mapped_column(ForeignKey("audio_print.id"))
    offset_s: Mapped[float | None] = mapped_column(comment="how much later the same sound comes in the matched recording")
    matched_s: Mapped[float | None] = mapped_column(comment="seconds that both share")
    share: Mapped[float | None] = mapped_column(comment="part of the peaks in those seconds that both have, 0 to 1")
    joined_at: Mapped[datetime] = mapped_column(Moment)
