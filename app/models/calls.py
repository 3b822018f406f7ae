"""What came in: calls with their legs, recordings, the batches they came in with, and what was rejected."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import Channel, Disposition, EndedBy, LegDirection, RecordingState, TransferType

WAITS = text("finished_at IS NULL")


class Call(Base):
    """One call as its call log row tells it; corrected only by a later row of the same sender."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("sender", "external_id"),
        one_of("disposition", Disposition),
        one_of("transfer_type", TransferType),
        one_of("declared_channel", Channel),
        one_of("ended_by", EndedBy),
        CheckConstraint("connected_s IS NULL OR connected_s >= 0", name="connected_not_negative"),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ends_after_start"),
        Index("ix_call_started", "started_at", "id"),
        Index("ix_call_campaign_started", "campaign_id", "started_at", "id"),
        Index("ix_call_source_started", "source_id", "started_at", "id"),
        Index("ix_call_advertiser_started", "advertiser_id", "started_at", "id"),
        Index("ix_call_publisher_started", "publisher_id", "started_at", "id"),
        Index("ix_call_caller", "caller_number", "started_at"),
        Index("ix_call_dialed", "dialed_number", "started_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    sender: Mapped[str] = mapped_column(Text, comment="which system sent the row: api, csv, folder, upload, sample...")
    external_id: Mapped[str] = mapped_column(Text, comment="the sender's id of the call")
    campaign_id: Mapped[str | None] = mapped_column(ForeignKey("campaign.id"))
    campaign_version_id: Mapped[str | None] = mapped_column(ForeignKey("campaign_version.id"))
    ad_id: Mapped[str | None] = mapped_column(ForeignKey("ad.id"))
    ad_version_id: Mapped[str | None] = mapped_column(ForeignKey("ad_version.id"))
    source_id: Mapped[str | None] = mapped_column(ForeignKey("call_source.id"))
    advertiser_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"))
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"))
    caller_number: Mapped[str | None] = mapped_column(Text, comment="E.164; null = withheld or unknown")
    dialed_number: Mapped[str | None] = mapped_column(Text, comment="E.164; usually a tracking number")
    started_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    connected_s: Mapped[float | None]
    disposition: Mapped[Disposition | None] = mapped_column(Term(Disposition))
    ended_by: Mapped[EndedBy | None] = mapped_column(Term(EndedBy))
    transfer_type: Mapped[TransferType | None] = mapped_column(Term(TransferType))
    declared_channel: Mapped[Channel | None] = mapped_column(Term(Channel))
    consumer_zip: Mapped[str | None] = mapped_column(Text)
    consumer_state: Mapped[str | None] = mapped_column(Text, comment="two letters, as the consumer or sender stated it")
    revenue_minor: Mapped[int | None] = mapped_column(WideInteger, comment="what the advertiser pays, as the sender says")
    payout_minor: Mapped[int | None] = mapped_column(WideInteger, comment="what the publisher earns, as the sender says")
    currency: Mapped[str] = mapped_column(Text, default="USD")
    tags: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, comment="the sender's other fields, untouched")
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("intake_batch.id"))
    received_at: Mapped[datetime] = mapped_column(Moment)


class CallLeg(Base):
    """One connection of a call, in order; the first is the origin leg."""

    __tablename__ = "call_leg"
    __table_args__ = (
        one_of("direction", LegDirection),
        CheckConstraint("seq >= 0", name="seq_not_negative"),
        Index("ix_call_leg_from", "from_number", "started_at"),
        Index("ix_call_leg_to", "to_number", "started_at"),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    direction: Mapped[LegDirection] = mapped_column(Term(LegDirection))
    from_number: Mapped[str | None] = mapped_column(Text)
    to_number: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, comment="voice, dialer, caller id, attestation as sent")


class Recording(Base):
    """The audio of a call, as received; or the note that none was kept because the campaign does not record."""

    __tablename__ = "recording"
    __table_args__ = (
        one_of("state", RecordingState),
        UniqueConstraint("call_id", "sha256"),
        CheckConstraint("(state = 'stored') = (blob_key IS NOT NULL)", name="stored_has_blob"),
        Index("ix_recording_sha256", "sha256"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), index=True)
    state: Mapped[RecordingState] = mapped_column(Term(RecordingState))
    sha256: Mapped[str] = mapped_column(Text, comment="of the original bytes, hex")
    byte_count: Mapped[int] = mapped_column(WideInteger)
    filename: Mapped[str] = mapped_column(Text, comment="as sent; shown, never used as a path")
    blob_key: Mapped[str | None] = mapped_column(Text, comment="null when the campaign forbids recording")
    channel_roles: Mapped[list[str] | None] = mapped_column(Json, comment="who is on which channel, when the sender says")
    received_at: Mapped[datetime] = mapped_column(Moment)


class RecordingFetch(Base):
    """A recording to be got from an address: waiting, fetched (it has a recording), or failed (it has a rejection)."""

    __tablename__ = "recording_fetch"
    __table_args__ = (
        CheckConstraint("(finished_at IS NULL) = (recording_id IS NULL AND rejection_id IS NULL)", name="finished_has_result"),
        CheckConstraint("recording_id IS NULL OR rejection_id IS NULL", name="one_result"),
        Index("ix_recording_fetch_call", "call_id", "address_sha256", "id"),
        # The same address is fetched once at a time for a call.
        Index("uq_recording_fetch_open", "call_id", "address_sha256", unique=True, sqlite_where=WAITS, postgresql_where=WAITS),
        Index("ix_recording_fetch_rejection", "rejection_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"))
    address: Mapped[str] = mapped_column(Text, comment="without what stands behind the question mark, which may be a key")
    address_sha256: Mapped[str] = mapped_column(Text, comment="of the whole address, hex")
    query_key: Mapped[str | None] = mapped_column(Text, comment="the blob, encrypted, that holds the rest of the address")
    sender: Mapped[str] = mapped_column(Text)
    item: Mapped[str] = mapped_column(Text, comment="under which name a failure is listed")
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("intake_batch.id"))
    filename: Mapped[str | None] = mapped_column(Text, comment="as the sender says; null = as the host says")
    channel_roles: Mapped[list[str] | None] = mapped_column(Json)
    requested_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    recording_id: Mapped[str | None] = mapped_column(ForeignKey("recording.id"))
    rejection_id: Mapped[str | None] = mapped_column(ForeignKey("intake_rejection.id"))


class IntakeBatch(Base):
    """A file, folder, upload or API conversation that brought calls in."""

    __tablename__ = "intake_batch"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    sender: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(Moment)
    started_by: Mapped[str] = mapped_column(Text, comment="user id, token id, or cli")


class IntakeRejection(Base):
    """An item that could not be taken in; its content is kept so that it can be replayed once the cause is mended."""

    __tablename__ = "intake_rejection"
    __table_args__ = (
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolution_has_time"),
        Index("ix_intake_rejection_at", "at", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("intake_batch.id"))
    sender: Mapped[str] = mapped_column(Text)
    item: Mapped[str] = mapped_column(Text, comment="which row or file, in the sender's words: calls.csv line 7")
    kind: Mapped[str] = mapped_column(Text, comment="row or recording")
    code: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    row: Mapped[dict[str, Any] | None] = mapped_column(Json, comment="the row as sent")
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"))
    blob_key: Mapped[str | None] = mapped_column(Text, comment="the bytes as sent, when there were any")
    filename: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    resolved_at: Mapped[datetime | None] = mapped_column(Moment)
    resolution: Mapped[str | None] = mapped_column(Text, comment="replayed, or dismissed with a reason")
