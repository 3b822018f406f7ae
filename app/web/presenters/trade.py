"""What do the lists of campaigns and sources show? Terms in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.phone import describe
from app.web.formatting import write_length, write_title, write_word
from app.web.trade_lists import AdLine, CampaignLine, SourceLine


@dataclass(frozen=True, slots=True)
class AdView:
    """An ad and its terms."""

    name: str
    terms: str


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign with the version in force."""

    name: str
    external_id: str
    advertiser: str
    vertical: str
    version: str
    since: datetime | None
    recording: str
    channels: str
    states: str
    windows: str
    ads: tuple[AdView, ...]
    calls_url: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """A call source."""

    name: str
    external_id: str
    publisher: str
    channel: str
    placement: str
    numbers: tuple[str, ...]
    calls_url: str


@dataclass(frozen=True, slots=True)
class TradePage:
    """A list page."""

    campaigns: tuple[CampaignView, ...] = ()
    sources: tuple[SourceView, ...] = ()


def present_campaigns(lines: Sequence[CampaignLine]) -> TradePage:
    """Return the list of campaigns."""
    return TradePage(campaigns=tuple(map(_present_campaign, lines)))


def present_sources(lines: Sequence[SourceLine]) -> TradePage:
    """Return the list of call sources."""
    return TradePage(sources=tuple(map(_present_source, lines)))


def _present_campaign(line: CampaignLine) -> CampaignView:
    windows = f"dispute within {line.dispute_window_days} days, same caller counts once in {line.dedupe_window_days} days"
    return CampaignView(
        name=line.name,
        external_id=line.external_id,
        advertiser=line.advertiser,
        vertical=write_title(line.vertical),
        version=f"{line.version} of {line.version_count}" if line.version else "none in force yet",
        since=line.starts_at,
        recording={True: "Recorded", False: "Never recorded", None: "–"}[line.is_recording_allowed],
        channels=_say_channels(line.channels),
        states=", ".join(line.states) if line.states else "all states",
        windows=windows if line.version else "–",
        ads=tuple(AdView(ad.name, _say_terms(ad)) for ad in line.ads),
        calls_url=f"/calls?campaign={line.id}",
    )


def _say_terms(ad: AdLine) -> str:
    if ad.bid is None or ad.billable_s is None:
        return "no terms in force yet"
    return f"{ad.bid} from {write_length(ad.billable_s)} connected"


def _say_channels(channels: dict[str, Any]) -> str:
    """Say which ways of making the phone ring a campaign takes."""
    allowed = ", ".join(write_word(code) for code in channels.get("allow", ()))
    denied = ", ".join(write_word(code) for code in channels.get("deny", ()))
    if channels.get("default") == "deny":
        return f"only {allowed}" if allowed else "none"
    return f"all but {denied}" if denied else "all"


def _present_source(line: SourceLine) -> SourceView:
    return SourceView(
        name=line.name,
        external_id=line.external_id,
        publisher=line.publisher,
        channel=write_title(line.channel),
        placement=line.placement,
        numbers=tuple(map(describe, line.numbers)),
        calls_url=f"/calls?source={line.id}",
    )
