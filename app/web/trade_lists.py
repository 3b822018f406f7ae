"""Which campaigns and call sources are there, under which terms? Read for people, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.scope import scope_campaigns, scope_sources
from app.models.campaigns import Ad, AdVersion, CallSource, Campaign, CampaignVersion, TrackingNumber
from app.models.parties import Party
from app.money import Money
from app.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class AdLine:
    """An ad with the terms in force."""

    id: str
    name: str
    bid: Money | None
    billable_s: int | None


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign with the version in force and its ads."""

    id: str
    external_id: str
    name: str
    advertiser: str
    vertical: str
    version: int | None
    version_count: int
    starts_at: datetime | None
    is_recording_allowed: bool | None
    channels: dict[str, Any]
    states: tuple[str, ...]
    dispute_window_days: int | None
    dedupe_window_days: int | None
    ads: tuple[AdLine, ...]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A call source with its tracking numbers in use."""

    id: str
    external_id: str
    name: str
    publisher: str
    channel: Channel
    placement: str
    numbers: tuple[str, ...]


def list_campaigns(session: Session, identity: Identity, now: datetime) -> Sequence[CampaignLine]:
    """Return the campaigns in reach by advertiser and name, each with the version in force now."""
    statement = select(Campaign, Party.name.label("advertiser")).join(Party, Party.id == Campaign.advertiser_id)
    rows = session.execute(scope_campaigns(statement, identity).order_by(Party.name, Campaign.name, Campaign.id)).all()
    ids = [row.Campaign.id for row in rows]
    in_force = {
        version.campaign_id: version
        for version in session.scalars(
            select(CampaignVersion)
            .where(CampaignVersion.campaign_id.in_(ids), CampaignVersion.starts_at <= now)
            .order_by(CampaignVersion.starts_at, CampaignVersion.version)
        )
    }
    counts = {
        row[0]: row[1]
        for row in session.execute(
            select(CampaignVersion.campaign_id, func.count())
            .where(CampaignVersion.campaign_id.in_(ids))
            .group_by(CampaignVersion.campaign_id)
        )
    }
    ads = _load_ads(session, ids, now)
    return [
        _campaign_line(row.Campaign, row.advertiser, in_force.get(row.Campaign.id), counts.get(row.Campaign.id, 0), ads)
        for row in rows
    ]


def list_sources(session: Session, identity: Identity, now: datetime) -> Sequence[SourceLine]:
    """Return the call sources in reach by publisher and name."""
    statement = select(CallSource, Party.name.label("publisher")).join(Party, Party.id == CallSource.publisher_id)
    rows = session.execute(scope_sources(statement, identity).order_by(Party.name, CallSource.name, CallSource.id)).all()
    numbers: dict[str, list[str]] = defaultdict(list)
    in_use = TrackingNumber.assigned_to.is_(None) | (TrackingNumber.assigned_to > now)
    for number in session.scalars(
        select(TrackingNumber)
        .where(TrackingNumber.source_id.in_([row.CallSource.id for row in rows]), TrackingNumber.assigned_from <= now, in_use)
        .order_by(TrackingNumber.number)
    ):
        numbers[number.source_id].append(number.number)
    return [
        SourceLine(
            row.CallSource.id,
            row.CallSource.external_id,
            row.CallSource.name,
            row.publisher,
            row.CallSource.channel,
            row.CallSource.placement,
            tuple(dict.fromkeys(numbers[row.CallSource.id])),
        )
        for row in rows
    ]


def _load_ads(session: Session, campaign_ids: Sequence[str], now: datetime) -> dict[str, list[AdLine]]:
    rows = session.scalars(select(Ad).where(Ad.campaign_id.in_(campaign_ids)).order_by(Ad.name, Ad.id)).all()
    terms = {
        version.ad_id: version
        for version in session.scalars(
            select(AdVersion)
            .where(AdVersion.ad_id.in_([ad.id for ad in rows]), AdVersion.starts_at <= now)
            .order_by(AdVersion.starts_at, AdVersion.version)
        )
    }
    ads: dict[str, list[AdLine]] = defaultdict(list)
    for ad in rows:
        term = terms.get(ad.id)
        bid = Money(term.bid_minor, term.currency) if term else None
        ads[ad.campaign_id].append(AdLine(ad.id, ad.name, bid, term.billable_s if term else None))
    return ads


def _campaign_line(
    campaign: Campaign, advertiser: str, version: CampaignVersion | None, version_count: int, ads: dict[str, list[AdLine]]
) -> CampaignLine:
    return CampaignLine(
        id=campaign.id,
        external_id=campaign.external_id,
        name=campaign.name,
        advertiser=advertiser,
        vertical=campaign.vertical,
        version=version.version if version else None,
        version_count=version_count,
        starts_at=version.starts_at if version else None,
        is_recording_allowed=version.is_recording_allowed if version else None,
        channels=version.channels if version else {},
        states=tuple(version.states) if version else (),
        dispute_window_days=version.dispute_window_days if version else None,
        dedupe_window_days=version.dedupe_window_days if version else None,
        ads=tuple(ads.get(campaign.id, ())),
    )
