"""A network to look around in: loads the made-up parties, campaigns, users and sample calls that ship with Earshot.

Dates are told in days before the first load, so that the calls look recent. Loading twice changes nothing. The voices are
synthetic, all of them; what is true of each call stands in ``sample_audio/manifest.yaml``.
"""

import csv
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import func, select

import sample_audio
from app.access.passwords import Passwords
from app.access.users import add_user
from app.audio.state import analysis_state
from app.bootstrap import Services
from app.compliance.call_facts import SAMPLE_SENDER
from app.compliance.consent_records.record import ConsentRecord
from app.compliance.consent_records.service import Revocation, record_consent, revoke_consent
from app.intake.call_rows import CallRow
from app.intake.catalog import (
    AdTerms,
    CampaignTerms,
    assign_tracking_number,
    record_ad,
    record_agency_client,
    record_campaign,
    record_party,
    record_payout,
    record_source,
    record_target,
)
from app.intake.legs import LegRow
from app.intake.service import record_call, store_recording
from app.models.calls import Call
from app.models.parties import Party
from app.models.screening import Consent, CurrentScreening
from app.models.users import User
from app.settings import Settings
from app.unit_of_work import Work
from app.vocabulary import (
    AnalysisState,
    Channel,
    ChannelRole,
    Disposition,
    EndedBy,
    LegDirection,
    OptOutScope,
    OptOutWay,
    PartyKind,
    Role,
    TransferType,
)

ACTOR = "system"
SENDER = SAMPLE_SENDER
FOLDER = Path(sample_audio.__file__).parent
TERMS_SINCE_DAYS = 400
SIGN_INS = "demo-sign-ins.txt"
OUTSIDE_ROLES = (Role.ADVERTISER, Role.PUBLISHER)


def load_demo(services: Services) -> None:
    """Take in the sample network and its calls; what is there already stays as it is."""
    world = yaml.safe_load((FOLDER / "world.yaml").read_text("utf-8"))
    calls = yaml.safe_load((FOLDER / "manifest.yaml").read_text("utf-8"))["calls"]
    with (FOLDER / str(world["history"])).open(encoding="utf-8", newline="") as file:
        history = list(csv.DictReader(file))
    with services.uow.begin(ACTOR) as work:
        today = _first_day(work)
        _record_world(work, world, today)
    _add_users(services, world["users"])
    for row in history:
        with services.uow.begin(ACTOR) as work:
            record_call(work, _call_row({**row, "when": row}, today))
    for entry in calls:
        with services.uow.begin(ACTOR) as work:
            recorded = record_call(work, _call_row(entry["facts"], today))
            roles = tuple(ChannelRole(role) for role in entry["channel_roles"])
            path = FOLDER / entry["file"]
            store_recording(work, services.blobs, recorded.call_id, path, path.name, channel_roles=roles)


def read_sign_ins(settings: Settings) -> list[tuple[str, str, str]]:
    """Return the demo's (e-mail, role, password), one person per role first; the passwords were made on this machine."""
    path = settings.data_dir / SIGN_INS
    people = [tuple(line.split("\t")) for line in path.read_text("utf-8").splitlines()]
    return [(email, role, password) for email, role, password in people]


def wait_until_analysed(
    services: Services, *, on_progress: Callable[[int, int], None], every_s: float = 1.0, tell_every: int = 5
) -> int:
    """Wait until every sample call with audio is analysed and screened, or has failed; return how many there are."""
    told = -1
    while True:
        done, total = _count_analysed(services)
        if done == total:
            return total
        if done // tell_every != told:
            told = done // tell_every
            on_progress(done, total)
        time.sleep(every_s)


def _count_analysed(services: Services) -> tuple[int, int]:
    state = analysis_state()
    with services.uow.read() as session:
        with_audio = (
            select(func.count()).select_from(Call).where(Call.sender == SENDER, state != str(AnalysisState.NO_RECORDING))
        )
        screened = select(CurrentScreening.call_id).where(CurrentScreening.call_id == Call.id).exists()
        over = with_audio.where(screened | (state == str(AnalysisState.FAILED)))
        return session.scalar(over) or 0, session.scalar(with_audio) or 0


def _first_day(work: Work) -> date:
    """Return the day the demo was loaded first, so that a second load names the same moments."""
    first = work.session.scalar(select(func.min(Party.created_at)))
    return (first or work.now).date()


def _record_world(work: Work, world: Mapping[str, Any], today: date) -> None:
    since = _days_ago(today, TERMS_SINCE_DAYS)
    parties: dict[str, Party] = {}
    for group in ("advertisers", "agencies", "publishers", "exchanges"):
        for p in world[group]:
            brands = tuple(p.get("brands", ()))
            parties[p["key"]] = record_party(work, p["key"], PartyKind(p["kind"]), p["name"], brands=brands)
    network = world["network"]
    parties[network["key"]] = record_party(work, network["key"], PartyKind.NETWORK, network["name"])
    for agency in world["agencies"]:
        for client in agency["manages"]:
            record_agency_client(work, parties[agency["key"]], parties[client])
    campaigns = {
        c["key"]: record_campaign(
            work, c["key"], c["name"], parties[c["advertiser"]], c["vertical"], _campaign_terms(c), starts_at=since
        )
        for c in world["campaigns"]
    }
    targets = {t["key"]: t for t in world["targets"]}
    ads = {}
    for a in world["ads"]:
        ad = record_ad(work, a["key"], a["name"], campaigns[a["campaign"]], a["category"], _ad_terms(a), starts_at=since)
        record_target(work, ad, targets[a["target"]]["name"], targets[a["target"]]["number"])
        ads[a["key"]] = ad
    sources = {
        s["key"]: record_source(work, s["key"], s["placement"], parties[s["publisher"]], Channel(s["channel"]), s["placement"])
        for s in world["sources"]
    }
    for n in world["tracking_numbers"]:
        until = n["until_days_ago"]
        assign_tracking_number(
            work,
            n["number"],
            sources[n["source"]],
            campaigns[n["campaign"]],
            assigned_from=_days_ago(today, n["from_days_ago"]),
            assigned_to=None if until is None else _days_ago(today, until),
        )
    for p in world["payouts"]:
        flat, part = p.get("amount_minor"), p.get("share")
        share_bp = None if part is None else int(Decimal(part) * 10_000)
        record_payout(
            work, ads[p["ad"]], sources[p["source"]], starts_at=since, amount_minor=flat, share_bp=share_bp
        )  # fmt: skip
    for c in world["consents"]:
        _record_consent(work, c, today)


def _record_consent(work: Work, c: Mapping[str, Any], today: date) -> None:
    """Put a consent on record with what its form's vendor is said to have answered."""
    if work.session.scalar(select(Consent.id).where(Consent.external_id == c["key"])) is not None:
        return
    given_at = _moment(c["given"], today)
    certificate = c["certificate"]
    if certificate is not None:
        told = {name: certificate[name] for name in ("kind", "id", "page_host", "phone_match")}
        certificate = {**told, "created_at": given_at.isoformat()}
        if c["certificate"]["retained"]:
            certificate["retained_at"] = given_at.isoformat()
        else:
            certificate["expires_at"] = (given_at + timedelta(days=c["certificate"]["expires_in_days"])).isoformat()
    record = ConsentRecord(
        external_id=c["key"],
        number=c["number"],
        seller=c["seller"],
        given_at=given_at,
        elements=c["elements"],
        certificate=certificate,
        source=c["source"],
    )
    recorded = record_consent(work, record)
    if c["revoked"] is not None:
        revoke_consent(work, recorded.id, Revocation(_moment(c["revoked"], today), OptOutScope.SELLER, OptOutWay.OTHER))


def _campaign_terms(c: Mapping[str, Any]) -> CampaignTerms:
    return CampaignTerms(
        channels=c["channels"],
        transfers=c["transfers"],
        voices=tuple(c["voice"]["allow"]),
        purpose=c["purpose"],
        hours=c["hours"],
        states=tuple(c["geo"]["states"]),
        hot_words=tuple(c["hot_words"]),
        is_recording_allowed=c["recording"]["enabled"],
        has_recording_notice="notice" in c["recording"],
        dedupe_window_days=c["dedupe"]["window_days"],
        dispute_window_days=c["dispute"]["window_days"],
        hold_days=c["hold_days"],
    )


def _ad_terms(a: Mapping[str, Any]) -> AdTerms:
    return AdTerms(
        bid_minor=a["bid_minor"],
        billable_s=a["billable_s"],
        tiers=tuple((tier["from_s"], tier["bid_minor"]) for tier in a["tiers"]),
        caps=a["caps"],
        states=tuple(a["geo"]["states"]),
    )


def _call_row(facts: Mapping[str, Any], today: date) -> CallRow:
    """Turn the facts of a sample call, or a line of the history, into a call log row."""
    started_at = _moment(facts["when"], today)
    ring_s, connected_s = float(facts["ring_s"]), float(facts["connected_s"])
    answered_at = started_at + timedelta(seconds=ring_s) if connected_s > 0 else None
    ended_at = (answered_at or started_at + timedelta(seconds=ring_s)) + timedelta(seconds=connected_s)
    direction = LegDirection(facts.get("leg_direction") or "consumer_placed")
    consumer, tracking = facts["caller_number"], facts["dialed"]
    ends = (consumer, tracking) if direction is LegDirection.CONSUMER_PLACED else (tracking, consumer)
    origin = LegRow(0, direction, *ends, started_at, answered_at, ended_at)
    transfer = LegRow(1, LegDirection.INTERNAL_TRANSFER, tracking, facts["target_number"], started_at, answered_at, ended_at)
    return CallRow(
        sender=SENDER,
        external_id=facts["external_id"],
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        connected_s=connected_s,
        campaign=facts["campaign"],
        ad=facts["ad"],
        source=facts["source"],
        caller_number=consumer,
        dialed_number=tracking,
        disposition=Disposition(facts["disposition"]),
        ended_by=EndedBy(facts["ended_by"]),
        transfer_type=TransferType(facts["transfer_type"]),
        declared_channel=Channel(facts["declared_channel"]),
        zip_code=facts["consumer_zip"] or None,
        state=facts["consumer_state"] or None,
        revenue_minor=int(facts["revenue_minor"]),
        payout_minor=int(facts["payout_minor"]),
        currency=facts["currency"],
        legs=(origin, transfer),
    )


def _add_users(services: Services, people: list[Mapping[str, Any]]) -> None:
    """Add the demo's users with passwords made here, kept readable for this account only."""
    passwords = Passwords()
    with services.uow.read() as session:
        known = set(session.scalars(select(User.email)))
        party_ids: dict[str, str] = dict(session.execute(select(Party.external_id, Party.id)).tuples().all())
    if all(person["email"] in known for person in people):
        return
    made = {person["email"]: f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for person in people}
    with services.uow.begin(ACTOR) as work:
        for person in people:
            role = Role(person["role"])
            party_id = party_ids[person["party"]] if role in OUTSIDE_ROLES else None
            add_user(
                work,
                passwords,
                email=person["email"],
                name=person["name"],
                role=role,
                password=made[person["email"]],
                party_id=party_id,
            )
        lines = [f"{person['email']}\t{person['role']}\t{made[person['email']]}" for person in people]
        path = services.settings.data_dir / SIGN_INS
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def _days_ago(today: date, days: int) -> datetime:
    return datetime.combine(today - timedelta(days=days), clock_time(0, 0), ZoneInfo("UTC"))


def _moment(when: Mapping[str, Any], today: date) -> datetime:
    """Return the moment that lies ``days_ago`` days before the first load, at a local time of a zone."""
    local = clock_time.fromisoformat(when["local_time"])
    return datetime.combine(today - timedelta(days=int(when["days_ago"])), local, ZoneInfo(when["tz"]))
