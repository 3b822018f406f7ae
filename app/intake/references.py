"""Which campaign, ad, source and parties does a call belong to? Answered as things stood when the call began."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.intake.call_rows import CallRow
from app.models.calls import Call
from app.models.campaigns import Ad, AdVersion, CallSource, Campaign, CampaignVersion, TrackingNumber
from app.models.consumers import Erasure


@dataclass(frozen=True, slots=True)
class References:
    """What a call belongs to; None where it is not known. The fields are columns of ``Call``."""

    campaign_id: str | None = None
    campaign_version_id: str | None = None
    ad_id: str | None = None
    ad_version_id: str | None = None
    source_id: str | None = None
    advertiser_id: str | None = None
    publisher_id: str | None = None


def resolve_references(session: Session, row: CallRow, *, dialed_number: str | None) -> References:
    """Find what the row names, and what the tracking number tells where the row names nothing.

    Raises
    ------
    InvalidInput
        If the row names a campaign, ad or source that does not exist, or an ad of another campaign.
    """
    campaign, ad, source = _find_named(session, row)
    number = None if dialed_number is None else find_tracking_number(session, dialed_number, row.started_at)
    if campaign is None:
        campaign_id = ad.campaign_id if ad else number.campaign_id if number else None
        campaign = session.get(Campaign, campaign_id) if campaign_id else None
    if source is None and number is not None:
        source = session.get(CallSource, number.source_id)
    if ad is None and campaign is not None:
        ad = _find_only_ad(session, campaign.id)
    return References(
        campaign_id=campaign.id if campaign else None,
        campaign_version_id=find_campaign_version(session, campaign.id, row.started_at) if campaign else None,
        ad_id=ad.id if ad else None,
        ad_version_id=_find_ad_version(session, ad.id, row.started_at) if ad else None,
        source_id=source.id if source else None,
        advertiser_id=campaign.advertiser_id if campaign else None,
        publisher_id=source.publisher_id if source else None,
    )


def find_tracking_number(session: Session, number: str, at: datetime) -> TrackingNumber | None:
    """Return the assignment of a tracking number that was in force at a moment."""
    return session.scalar(
        select(TrackingNumber)
        .where(
            TrackingNumber.number == number,
            TrackingNumber.assigned_from <= at,
            or_(TrackingNumber.assigned_to.is_(None), TrackingNumber.assigned_to > at),
        )
        .order_by(TrackingNumber.assigned_from.desc(), TrackingNumber.id.desc())
        .limit(1)
    )


def find_campaign_version(session: Session, campaign_id: str, at: datetime) -> str | None:
    """Return the id of the campaign's version that was in force at a moment."""
    return session.scalar(
        select(CampaignVersion.id)
        .where(CampaignVersion.campaign_id == campaign_id, CampaignVersion.starts_at <= at)
        .order_by(CampaignVersion.starts_at.desc(), CampaignVersion.version.desc())
        .limit(1)
    )


def is_recording_allowed(session: Session, *, campaign_id: str | None, campaign_version_id: str | None) -> bool:
    """Say whether audio of such a call may be kept.

    A call from before the first version of its campaign is held to that first version; a call of no known campaign may be
    recorded.
    """
    if campaign_id is None:
        return True
    versions = select(CampaignVersion.is_recording_allowed).where(CampaignVersion.campaign_id == campaign_id)
    if campaign_version_id is not None:
        versions = versions.where(CampaignVersion.id == campaign_version_id)
    answer = session.scalar(versions.order_by(CampaignVersion.starts_at, CampaignVersion.version).limit(1))
    return True if answer is None else answer


def may_keep_recording(session: Session, call: Call) -> bool:
    """Say whether audio of this call may be kept: not where the campaign does not record, nor once it was erased on request."""
    if session.get(Erasure, call.id) is not None:
        return False
    return is_recording_allowed(session, campaign_id=call.campaign_id, campaign_version_id=call.campaign_version_id)


def _find_named(session: Session, row: CallRow) -> tuple[Campaign | None, Ad | None, CallSource | None]:
    problems: list[dict[str, str]] = []

    def find(kind: Any, name: str, external_id: str | None) -> Any:
        found = None if external_id is None else session.scalar(select(kind).where(kind.external_id == external_id))
        if external_id is not None and found is None:
            expected = f"the external id of a {name} that is on record"
            problems.append({"field": name, "column": name, "expected": expected, "got": repr(external_id)})
        return found

    campaign, ad, source = (
        find(Campaign, "campaign", row.campaign),
        find(Ad, "ad", row.ad),
        find(CallSource, "source", row.source),
    )
    if campaign and ad and ad.campaign_id != campaign.id:
        expected = f"an ad of the campaign {campaign.external_id}"
        problems.append({"field": "ad", "column": "ad", "expected": expected, "got": repr(row.ad)})
    if problems:
        listed = "; ".join(f"{p['field']}: expected {p['expected']}, got {p['got']}" for p in problems)
        raise InvalidInput(
            f"call {row.external_id} of {row.sender}: {listed}. Record what is missing and replay it, or correct the row.",
            code="unknown_reference",
            problems=problems,
        )
    return campaign, ad, source


def _find_only_ad(session: Session, campaign_id: str) -> Ad | None:
    """Return the campaign's ad when there is but one; of several, the row has to say which."""
    ads = session.scalars(select(Ad).where(Ad.campaign_id == campaign_id).limit(2)).all()
    return ads[0] if len(ads) == 1 else None


def _find_ad_version(session: Session, ad_id: str, at: datetime) -> str | None:
    return session.scalar(
        select(AdVersion.id)
        .where(AdVersion.ad_id == ad_id, AdVersion.starts_at <= at)
        .order_by(AdVersion.starts_at.desc(), AdVersion.version.desc())
        .limit(1)
    )
