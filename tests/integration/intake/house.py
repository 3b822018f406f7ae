"""A real database with one advertiser, one publisher and their campaigns, and a store in memory."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, func, select

from app.models.calls import Call, IntakeRejection, Recording
from app.models.campaigns import Ad, AdVersion, CallSource, Campaign, CampaignVersion, TrackingNumber
from app.models.events import Event, Job
from app.models.parties import Party
from app.unit_of_work import UnitOfWork
from app.vocabulary import Channel, EventKind, PartyKind
from tests.fakes import FrozenClock, ListQueue, MemoryBlobStore, SequentialIds

SPRING = datetime(2026, 3, 1, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, tzinfo=UTC)


def wav(seconds: float = 1.0, *, fill: bytes = b"\x10\x00", rate_hz: int = 8000, channels: int = 1) -> bytes:
    """A PCM recording of constant samples."""
    data = fill * int(seconds * rate_hz * channels)
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + fmt
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


@dataclass
class House:
    """What the tests need: transactions, store, queue, and counts of what was recorded."""

    uow: UnitOfWork
    blobs: MemoryBlobStore
    queue: ListQueue
    engine: Engine

    def count(self, kind: type) -> int:
        """Return the number of rows of a table."""
        with self.uow.read() as session:
            return session.scalar(select(func.count()).select_from(kind)) or 0

    def counts(self) -> dict[str, int]:
        """Return the number of rows of everything that intake writes."""
        return {kind.__name__: self.count(kind) for kind in (Call, Recording, IntakeRejection, Event, Job)}

    def load(self, table: type, **where: Any) -> list[Any]:
        """Return rows of a table, in order of their ids."""
        with self.uow.read() as session:
            return list(session.scalars(select(table).filter_by(**where).order_by(table.__mapper__.primary_key[0])))

    def events(self, *but: EventKind) -> list[EventKind]:
        """Return the kinds of what happened, in order."""
        return [event.kind for event in self.load(Event) if event.kind not in but]


def open_house(engine: Engine) -> House:
    """Open a house with campaigns CAMP-REC (recorded, one ad, version 2 from July) and CAMP-OFF (not recorded, two ads)."""
    queue = ListQueue()
    uow = UnitOfWork(engine, FrozenClock(), SequentialIds(), queue)
    with uow.begin("test") as work:
        work.session.add_all(
            [
                Party(id="adv", external_id="ADV", kind=PartyKind.ADVERTISER, name="Acme", created_at=SPRING),
                Party(id="pub", external_id="PUB", kind=PartyKind.PUBLISHER, name="Leads", created_at=SPRING),
            ]
        )
        work.session.flush()
        work.session.add_all([_campaign("rec"), _campaign("off")])
        work.session.flush()
        work.session.add_all(
            [_version("rec", 1, SPRING), _version("rec", 2, SUMMER), _version("off", 1, SPRING, is_recorded=False)]
        )
        work.session.add_all([_ad("a1", "rec"), _ad("b1", "off"), _ad("b2", "off")])
        work.session.add(
            CallSource(
                id="src",
                external_id="SRC",
                publisher_id="pub",
                name="Search",
                channel=Channel.SEARCH_PAID,
                placement="web",
                created_at=SPRING,
            )
        )
        work.session.flush()
        work.session.add_all([_ad_version("a1", 1, SPRING), _ad_version("a1", 2, SUMMER)])
        work.session.add_all(
            [
                _number("n1", "+18335550100", "rec", SPRING, SUMMER),
                _number("n2", "+18335550100", "off", SUMMER, None),
                _number("n3", "+18335550101", "rec", SPRING, None),
            ]
        )
    return House(uow, MemoryBlobStore(), queue, engine)


def make_row(**cells: Any) -> dict[str, Any]:
    """Make the cells of a good row."""
    good = {
        "external_id": "c1",
        "started_at": "2026-11-23T13:00:00Z",
        "caller": "+12125550123",
        "tracking_number": "+18335550101",
    }
    return good | cells


def _campaign(name: str) -> Campaign:
    return Campaign(
        id=name, external_id=f"CAMP-{name.upper()}", name=name, advertiser_id="adv", vertical="roofing", created_at=SPRING
    )


def _version(campaign: str, version: int, starts_at: datetime, *, is_recorded: bool = True) -> CampaignVersion:
    return CampaignVersion(
        id=f"{campaign}-v{version}",
        campaign_id=campaign,
        version=version,
        starts_at=starts_at,
        is_recording_allowed=is_recorded,
        has_recording_notice=True,
        channels={},
        transfers={},
        hours={},
        states=[],
        hot_words=[],
        dedupe_window_days=30,
        dispute_window_days=7,
        hold_days=7,
    )


def _ad(name: str, campaign: str) -> Ad:
    return Ad(id=name, external_id=f"AD-{name.upper()}", campaign_id=campaign, name=name, category="roofing")


def _ad_version(ad: str, version: int, starts_at: datetime) -> AdVersion:
    return AdVersion(
        id=f"{ad}-v{version}", ad_id=ad, version=version, starts_at=starts_at, bid_minor=4000, billable_s=90, caps={}
    )


def _number(name: str, number: str, campaign: str, start: datetime, end: datetime | None) -> TrackingNumber:
    return TrackingNumber(
        id=name,
        number=number,
        source_id="src",
        campaign_id=campaign,
        assigned_from=start,
        assigned_to=end,
        is_toll_free=True,
        is_vanity=False,
    )
