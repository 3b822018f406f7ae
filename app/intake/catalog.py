"""Who buys, who sells, on which terms: records parties, campaigns, ads, sources and numbers.

Each function records one thing, found again by its external id: what is known already is left as it is. Terms are dated
versions; changing them is a new version.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.errors import InvalidInput
from app.models.campaigns import Ad, AdVersion, CallSource, Campaign, CampaignVersion, PayoutTerm, Target, TrackingNumber
from app.models.parties import AgencyClient, Party
from app.phone import parse_nanp
from app.unit_of_work import Work
from app.vocabulary import Channel, EventKind, PartyKind


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """The rules of a campaign. The defaults are the safe ones: calls that consumers placed, recorded with notice."""

    channels: dict[str, Any] = field(default_factory=lambda: {"default": "deny", "allow": [], "deny": []})
    transfers: dict[str, Any] = field(default_factory=lambda: {"allow": ["none"], "origin": []})
    voices: tuple[str, ...] = ("live",)
    purpose: str = "telemarketing"
    hours: dict[str, Any] = field(default_factory=lambda: {"tz": "America/New_York", "mon_fri": ["09:00", "20:00"]})
    states: tuple[str, ...] = ()
    hot_words: tuple[str, ...] = ()
    is_recording_allowed: bool = True
    has_recording_notice: bool = True
    dedupe_window_days: int = 30
    dispute_window_days: int = 7
    hold_days: int = 7


@dataclass(frozen=True, slots=True)
class AdTerms:
    """The price of an ad: bid in minor units from ``billable_s`` connected seconds on, with tiers of (from_s, bid_minor)."""

    bid_minor: int
    billable_s: int
    tiers: tuple[tuple[int, int], ...] = ()
    caps: dict[str, Any] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    currency: str = "USD"


def record_party(work: Work, external_id: str, kind: PartyKind, name: str, *, brands: tuple[str, ...] = ()) -> Party:
    """Record a company, or return the one known under this id."""
    known = work.session.scalar(select(Party).where(Party.external_id == external_id))
    if known is not None:
        return known
    party = Party(
        id=work.new_id(), external_id=external_id, kind=kind, name=name, brands=list(brands), created_at=work.now
    )  # fmt: skip
    work.session.add(party)
    work.session.flush()
    work.publish(EventKind.PARTY_RECORDED, ("party", party.id), {"external_id": external_id, "kind": str(kind), "name": name})
    return party


def record_agency_client(work: Work, agency: Party, advertiser: Party) -> None:
    """Note that an agency manages an advertiser."""
    if agency.kind is not PartyKind.AGENCY or advertiser.kind is not PartyKind.ADVERTISER:
        raise InvalidInput(f"expected an agency and an advertiser, got {agency.name} and {advertiser.name}")
    if work.session.get(AgencyClient, (agency.id, advertiser.id)) is None:
        work.session.add(AgencyClient(agency_id=agency.id, advertiser_id=advertiser.id))
        work.session.flush()


def record_campaign(
    work: Work, external_id: str, name: str, advertiser: Party, vertical: str, terms: CampaignTerms, *, starts_at: datetime
) -> Campaign:
    """Record a campaign with its first version, or return the one known under this id."""
    known = work.session.scalar(select(Campaign).where(Campaign.external_id == external_id))
    if known is not None:
        return known
    campaign = Campaign(
        id=work.new_id(),
        external_id=external_id,
        name=name,
        advertiser_id=advertiser.id,
        vertical=vertical,
        created_at=work.now,
    )
    work.session.add(campaign)
    work.session.flush()
    work.session.add(
        CampaignVersion(
            id=work.new_id(),
            campaign_id=campaign.id,
            version=1,
            starts_at=starts_at,
            is_recording_allowed=terms.is_recording_allowed,
            has_recording_notice=terms.has_recording_notice,
            channels=terms.channels,
            transfers=terms.transfers,
            voices=list(terms.voices),
            purpose=terms.purpose,
            hours=terms.hours,
            states=list(terms.states),
            hot_words=list(terms.hot_words),
            dedupe_window_days=terms.dedupe_window_days,
            dispute_window_days=terms.dispute_window_days,
            hold_days=terms.hold_days,
        )
    )
    work.session.flush()
    work.publish(
        EventKind.CAMPAIGN_RECORDED, ("campaign", campaign.id), {"external_id": external_id, "name": name, "version": 1}
    )
    return campaign


def record_ad(
    work: Work, external_id: str, name: str, campaign: Campaign, category: str, terms: AdTerms, *, starts_at: datetime
) -> Ad:
    """Record an ad with its first price, or return the one known under this id."""
    known = work.session.scalar(select(Ad).where(Ad.external_id == external_id))
    if known is not None:
        return known
    ad = Ad(id=work.new_id(), external_id=external_id, campaign_id=campaign.id, name=name, category=category)
    work.session.add(ad)
    work.session.flush()
    work.session.add(
        AdVersion(
            id=work.new_id(),
            ad_id=ad.id,
            version=1,
            starts_at=starts_at,
            bid_minor=terms.bid_minor,
            currency=terms.currency,
            billable_s=terms.billable_s,
            tiers=[{"from_s": from_s, "bid_minor": bid_minor} for from_s, bid_minor in terms.tiers],
            caps=terms.caps,
            states=list(terms.states),
        )
    )
    work.session.flush()
    return ad


def record_target(work: Work, ad: Ad, name: str, number: str) -> Target:
    """Record a call center number that an ad's calls go to, or return the one known."""
    e164 = _number(number, "target")
    known = work.session.scalar(select(Target).where(Target.ad_id == ad.id, Target.number == e164))
    if known is not None:
        return known
    target = Target(id=work.new_id(), ad_id=ad.id, name=name, number=e164)
    work.session.add(target)
    work.session.flush()
    return target


def record_source(work: Work, external_id: str, name: str, publisher: Party, channel: Channel, placement: str) -> CallSource:
    """Record a call source, or return the one known under this id."""
    known = work.session.scalar(select(CallSource).where(CallSource.external_id == external_id))
    if known is not None:
        return known
    source = CallSource(
        id=work.new_id(),
        external_id=external_id,
        publisher_id=publisher.id,
        name=name,
        channel=channel,
        placement=placement,
        created_at=work.now,
    )
    work.session.add(source)
    work.session.flush()
    work.publish(
        EventKind.SOURCE_RECORDED, ("source", source.id), {"external_id": external_id, "channel": str(channel), "name": name}
    )
    return source


def assign_tracking_number(
    work: Work,
    number: str,
    source: CallSource,
    campaign: Campaign,
    *,
    assigned_from: datetime,
    assigned_to: datetime | None = None,
    is_vanity: bool = False,
) -> TrackingNumber:
    """Give a number to a source and campaign between two moments.

    Raises
    ------
    InvalidInput
        If the number is in use elsewhere in that time.
    """
    e164 = _number(number, "tracking number")
    for other in work.session.scalars(select(TrackingNumber).where(TrackingNumber.number == e164)):
        if (other.source_id, other.campaign_id, other.assigned_from) == (source.id, campaign.id, assigned_from):
            return other
        ends_before = other.assigned_to is not None and other.assigned_to <= assigned_from
        starts_after = assigned_to is not None and other.assigned_from >= assigned_to
        if not (ends_before or starts_after):
            raise InvalidInput(
                f"tracking number {e164} is in use from {other.assigned_from:%Y-%m-%d}; end that assignment first",
                number=e164,
            )
    row = TrackingNumber(
        id=work.new_id(),
        number=e164,
        source_id=source.id,
        campaign_id=campaign.id,
        assigned_from=assigned_from,
        assigned_to=assigned_to,
        is_toll_free=e164[2:5] in TOLL_FREE,
        is_vanity=is_vanity,
    )
    work.session.add(row)
    work.session.flush()
    return row


# Toll-free codes of the North American Numbering Plan (47 CFR 52.103; 833 opened 2017-06-03).
TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})


def record_payout(
    work: Work,
    ad: Ad,
    source: CallSource,
    *,
    starts_at: datetime,
    amount_minor: int | None = None,
    share_bp: int | None = None,
) -> None:
    """Set what a source earns for an ad's billable calls: a flat amount or a share in hundredths of a percent."""
    same = select(PayoutTerm.id).where(PayoutTerm.ad_id == ad.id, PayoutTerm.source_id == source.id)
    if work.session.scalar(same.where(PayoutTerm.starts_at == starts_at)) is None:
        work.session.add(
            PayoutTerm(
                id=work.new_id(),
                ad_id=ad.id,
                source_id=source.id,
                starts_at=starts_at,
                amount_minor=amount_minor,
                share_bp=share_bp,
            )
        )
        work.session.flush()


def _number(text: str, what: str) -> str:
    number = parse_nanp(text)
    if number is None:
        raise InvalidInput(f"expected a North American number such as +1 212 555 0123 for the {what}, got {text!r}")
    return number
