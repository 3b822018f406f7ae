"""What is bought and from whom: campaigns and ads with dated versions, targets, call sources, tracking numbers, payouts."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Flag, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import Channel


class Campaign(Base):
    """A group of one advertiser's ads."""

    __tablename__ = "campaign"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    advertiser_id: Mapped[str] = mapped_column(ForeignKey("party.id"), index=True)
    vertical: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class CampaignVersion(Base):
    """The rules of a campaign from a moment on; each call keeps the version that applied."""

    __tablename__ = "campaign_version"
    __table_args__ = (
        UniqueConstraint("campaign_id", "version"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("dedupe_window_days >= 0 AND dispute_window_days >= 0 AND hold_days >= 0", name="days_not_negative"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    version: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Moment)
    is_recording_allowed: Mapped[bool] = mapped_column(Flag, comment="false: no audio of its calls is ever stored")
    has_recording_notice: Mapped[bool] = mapped_column(Flag)
    channels: Mapped[dict[str, Any]] = mapped_column(Json, comment="{default, allow[], deny[]} of channel codes")
    transfers: Mapped[dict[str, Any]] = mapped_column(Json, comment="{allow[], origin[]}")
    voices: Mapped[list[str]] = mapped_column(Json, default=list, comment="voices a caller may be greeted with; empty = any")
    purpose: Mapped[str] = mapped_column(Text, default="telemarketing")
    hours: Mapped[dict[str, Any]] = mapped_column(
        Json, comment="{tz, mon_fri|sat|sun|mon...: [from, to]} in the advertiser's zone"
    )
    states: Mapped[list[str]] = mapped_column(Json, comment="two-letter codes; empty = everywhere")
    hot_words: Mapped[list[str]] = mapped_column(Json, comment="brand and agent names the recogniser should expect")
    dedupe_window_days: Mapped[int]
    dispute_window_days: Mapped[int]
    hold_days: Mapped[int]


class Ad(Base):
    """One offer inside a campaign."""

    __tablename__ = "ad"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)


class AdVersion(Base):
    """The price and terms of an ad from a moment on."""

    __tablename__ = "ad_version"
    __table_args__ = (
        UniqueConstraint("ad_id", "version"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("bid_minor >= 0", name="bid_not_negative"),
        CheckConstraint("billable_s >= 0", name="billable_not_negative"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ad_id: Mapped[str] = mapped_column(ForeignKey("ad.id"))
    version: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Moment)
    bid_minor: Mapped[int] = mapped_column(WideInteger)
    currency: Mapped[str] = mapped_column(Text, default="USD")
    billable_s: Mapped[int] = mapped_column(comment="connected seconds from which a call is billable")
    tiers: Mapped[list[Any]] = mapped_column(Json, default=list, comment="[{from_s, bid_minor}]: another bid from then on")
    caps: Mapped[dict[str, Any]] = mapped_column(Json, comment="{daily, monthly, concurrency}: calls")
    states: Mapped[list[str]] = mapped_column(Json, default=list, comment="two-letter codes; empty = as the campaign")


class Target(Base):
    """A number of the advertiser's call center that an ad's calls are sent to."""

    __tablename__ = "target"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ad_id: Mapped[str] = mapped_column(ForeignKey("ad.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text, comment="E.164")


class CallSource(Base):
    """A publisher's way of making phones ring: publisher x channel x placement."""

    __tablename__ = "call_source"
    __table_args__ = (one_of("channel", Channel),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    publisher_id: Mapped[str] = mapped_column(ForeignKey("party.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    channel: Mapped[Channel] = mapped_column(Term(Channel), comment="the declared call generation method")
    placement: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class TrackingNumber(Base):
    """A number that tells source and campaign of the calls to it, between two dates."""

    __tablename__ = "tracking_number"
    __table_args__ = (
        Index("ix_tracking_number_number_assigned_from", "number", "assigned_from"),
        CheckConstraint("assigned_to IS NULL OR assigned_to > assigned_from", name="dates_in_order"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[str] = mapped_column(Text, comment="E.164")
    source_id: Mapped[str] = mapped_column(ForeignKey("call_source.id"), index=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), index=True)
    assigned_from: Mapped[datetime] = mapped_column(Moment)
    assigned_to: Mapped[datetime | None] = mapped_column(Moment, comment="exclusive; null = still in use")
    is_toll_free: Mapped[bool] = mapped_column(Flag)
    is_vanity: Mapped[bool] = mapped_column(Flag)


class PayoutTerm(Base):
    """What a source earns for a billable call of an ad, from a moment on: a flat amount, or a share of the bid."""

    __tablename__ = "payout_term"
    __table_args__ = (
        UniqueConstraint("ad_id", "source_id", "starts_at"),
        CheckConstraint("(amount_minor IS NULL) <> (share_bp IS NULL)", name="flat_or_share"),
        CheckConstraint("amount_minor IS NULL OR amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("share_bp IS NULL OR share_bp BETWEEN 0 AND 10000", name="share_in_range"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ad_id: Mapped[str] = mapped_column(ForeignKey("ad.id"))
    source_id: Mapped[str] = mapped_column(ForeignKey("call_source.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Moment)
    amount_minor: Mapped[int | None] = mapped_column(WideInteger)
    share_bp: Mapped[int | None] = mapped_column(comment="share of the bid in hundredths of a percent")
    currency: Mapped[str] = mapped_column(Text, default="USD")
