"""A small network with two advertisers, an agency, two publishers and calls in every state."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine

from app.access.passwords import Passwords
from app.access.users import add_user
from app.bootstrap import Services
from app.models.analysis import AnalysisResult, AnalysisRun, TranscriptDocument
from app.models.calls import Call, IntakeBatch, IntakeRejection, Recording
from app.models.campaigns import Ad, AdVersion, CallSource, Campaign, CampaignVersion, TrackingNumber
from app.models.parties import AgencyClient, Party
from app.models.reviews import Review
from app.models.screening import CallScoreRow, CurrentScreening, Finding, Screening
from app.ports import JobRequest, StageCache, Transcriber
from app.settings import Settings
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import (
    Channel,
    Disposition,
    EventKind,
    JobName,
    Outcome,
    PartyKind,
    QueueName,
    RecordingState,
    Role,
    Severity,
    Verdict,
)  # fmt: skip
from app.web.factory import create_app
from tests.fakes import FrozenClock, ListQueue, MemoryBlobStore, SequentialIds
from tests.functional.client import Browser

PASSWORD = "correct horse battery"
FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PEOPLE = {
    "operator": (Role.OPERATOR, None),
    "lead": (Role.TEAM_LEAD, None),
    "reviewer": (Role.REVIEWER, None),
    "compliance": (Role.COMPLIANCE, None),
    "billing": (Role.BILLING, None),
    "acme": (Role.ADVERTISER, "acme"),
    "bravo": (Role.ADVERTISER, "bravo"),
    "agency": (Role.ADVERTISER, "agency"),
    "pam": (Role.PUBLISHER, "pam"),
    "quin": (Role.PUBLISHER, "quin"),
}
PARTIES = {
    "acme": PartyKind.ADVERTISER,
    "bravo": PartyKind.ADVERTISER,
    "agency": PartyKind.AGENCY,
    "pam": PartyKind.PUBLISHER,
    "quin": PartyKind.PUBLISHER,
}


@dataclass
class World:
    """The application and what stands behind it."""

    app: Flask
    uow: UnitOfWork
    clock: FrozenClock
    queue: ListQueue
    services: Services

    def visitor(self) -> Browser:
        """Return a browser in which nobody is signed in."""
        return Browser(self.app)

    def signed_in(self, person: str) -> Browser:
        """Return the browser of one of ``PEOPLE``."""
        browser = self.visitor()
        browser.sign_in(f"{person}@example.com", PASSWORD)
        return browser


def make_world(engine: Engine, data_dir: Path, **settings: object) -> World:
    """Build the application on a migrated database, with users, parties and calls."""
    clock, ids, queue = FrozenClock(), SequentialIds(), ListQueue()
    uow = UnitOfWork(engine, clock, ids, queue)
    services = Services(
        settings=Settings(data_dir=data_dir, **settings),  # type: ignore[arg-type]
        clock=clock,
        ids=ids,
        engine=engine,
        uow=uow,
        blobs=MemoryBlobStore(),
        queue=queue,
        # No page listens to a recording; a page that tried would fail here.
        transcriber=cast(Transcriber, None),
        stage_cache=cast(StageCache, None),
        secret_key=b"0" * 32,
    )
    passwords = Passwords(FAST)
    with uow.begin("cli") as work:
        add_parties(work)
        for person, (role, party) in PEOPLE.items():
            email = f"{person}@example.com"
            add_user(work, passwords, email=email, name=person.title(), role=role, password=PASSWORD, party_id=party)
        add_calls(work)
    app = create_app(services, passwords=passwords)
    app.testing = True
    return World(app, uow, clock, queue, services)


def add_parties(work: Work) -> None:
    """Add the companies, a campaign per advertiser and a source per publisher."""
    session, long_ago = work.session, work.now - timedelta(days=100)
    for party, kind in PARTIES.items():
        session.add(Party(id=party, external_id=f"x-{party}", kind=kind, name=f"{party.title()} Company", created_at=long_ago))
    session.flush()
    session.add(AgencyClient(agency_id="agency", advertiser_id="acme"))
    for party in ("acme", "bravo"):
        campaign = f"camp-{party}"
        session.add(
            Campaign(
                id=campaign, external_id=f"x-{campaign}", name=f"{party.title()} campaign", advertiser_id=party,
                vertical="auto_insurance", created_at=long_ago,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            CampaignVersion(
                id=f"{campaign}-1", campaign_id=campaign, version=1, starts_at=long_ago, is_recording_allowed=True,
                has_recording_notice=True, channels={"default": "deny", "allow": ["online.search_paid"], "deny": []},
                transfers={}, hours={}, states=["FL", "GA"], hot_words=[], dedupe_window_days=30, dispute_window_days=14,
                hold_days=7,
            )
        )  # fmt: skip
        session.add(
            Ad(id=f"ad-{party}", external_id=f"x-ad-{party}", campaign_id=campaign, name=f"{party} ad", category="auto")
        )
        session.flush()
        session.add(
            AdVersion(
                id=f"ad-{party}-1", ad_id=f"ad-{party}", version=1, starts_at=long_ago, bid_minor=3500, currency="USD",
                billable_s=90, caps={},
            )
        )  # fmt: skip
    for number, party in enumerate(("pam", "quin")):
        source = f"src-{party}"
        session.add(
            CallSource(
                id=source, external_id=f"x-{source}", publisher_id=party, name=f"{party.title()} source",
                channel=Channel.SEARCH_PAID, placement="search page", created_at=long_ago,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            TrackingNumber(
                id=f"tn-{party}", number=f"+1833555010{number}", source_id=source,
                campaign_id="camp-acme" if party == "pam" else "camp-bravo", assigned_from=long_ago, assigned_to=None,
                is_toll_free=True, is_vanity=False,
            )
        )  # fmt: skip


def add_calls(work: Work) -> None:
    """Add calls of acme through pam and of bravo through quin: analysed and flagged, clean, running and so on."""
    states = ("flagged", "clean", "running", "failed", "waiting", "silent")
    work.session.add(IntakeBatch(id="batch-1", sender="csv", name="monday.csv", started_at=work.now, started_by="cli"))
    work.session.flush()
    for advertiser, publisher in (("acme", "pam"), ("bravo", "quin")):
        for hours, state in enumerate(states):
            add_call(work, f"{advertiser}-{state}", advertiser, publisher, hours_ago=hours, state=state)
    work.session.add(
        IntakeRejection(
            id="rej-1", batch_id="batch-1", sender="csv", item="monday.csv line 7", kind="row", code="invalid_row",
            message="started_at: expected a moment, got 'yesterday'", row=None, at=work.now,
        )
    )  # fmt: skip
    work.publish(
        EventKind.CALL_RECORDED, ("call", "acme-waiting"),
        jobs=(JobRequest(QueueName.AUDIO, JobName.ANALYZE_RECORDING, "rec-acme-waiting"),),
    )  # fmt: skip


def add_call(work: Work, call: str, advertiser: str, publisher: str, *, hours_ago: float, state: str) -> None:
    """Add one call in one state; the flagged one says a gift card was promised."""
    session, started = work.session, work.now - timedelta(hours=hours_ago + 1)
    session.add(
        Call(
            id=call, sender="csv", external_id=f"ext-{call}", campaign_id=f"camp-{advertiser}", source_id=f"src-{publisher}",
            advertiser_id=advertiser, publisher_id=publisher, caller_number="+12125550123", dialed_number="+18335550100",
            started_at=started, connected_s=125.0, disposition=Disposition.COMPLETED, revenue_minor=3500, payout_minor=2100,
            received_at=work.now, batch_id="batch-1",
        )
    )  # fmt: skip
    session.flush()
    if state == "silent":
        return
    recording = f"rec-{call}"
    session.add(
        Recording(
            id=recording, call_id=call, state=RecordingState.STORED, sha256=f"{call:0<64}"[:64], byte_count=1000,
            filename=f"{call}.wav", blob_key=f"recordings/{call}", received_at=work.now,
        )
    )  # fmt: skip
    session.flush()
    if state == "waiting":
        return
    run = AnalysisRun(
        id=f"run-{call}", call_id=call, recording_id=recording, input_hash="1", pipeline_version="1", requested_at=work.now,
        stage="done", progress=1.0,
    )  # fmt: skip
    if state == "running":
        run.stage, run.progress = "transcribing", 0.4
    elif state == "failed":
        run.failed_at, run.error_code, run.error_message = work.now, "not_audio", "this is a text file, not a recording"
    else:
        run.finished_at = work.now
    session.add(run)
    session.flush()
    if state in {"flagged", "clean"}:
        _add_screening(work, call, run.id, is_flagged=state == "flagged")


def _add_screening(work: Work, call: str, run: str, *, is_flagged: bool) -> None:
    session, screening = work.session, f"scr-{call}"
    said = "they promised me a gift card for calling" if is_flagged else "i would like a quote for my car"
    session.add(
        AnalysisResult(
            run_id=run, duration_s=118.4, sample_rate_hz=8000, channels=2, channel_roles=["caller", "agent"], speech=[[], []],
            turns={
                "talk_s": [50.0, 60.0], "overlap_s": 0.0, "dead_air_s": 1.0, "longest_dead_air_s": 1.0,
                "two_way_speech_s": 100.0, "response_latency_s": 0.5, "interruptions": 0,
                "first_word_s": [1.0, 0.2], "dead_air": [], "overlap": [],
            },
            tones=[], caller_voice={"label": "unknown", "probabilities": {}, "reasons": []}, engine={}, notes=[],
            peaks_blob_key="peaks/1", listening_blob_key="listening/1", listening_media_type="audio/ogg", made_at=work.now,
        )
    )  # fmt: skip
    session.add(TranscriptDocument(call_id=call, run_id=run, text=f"hello {said} and thank you"))
    session.add(Screening(id=screening, call_id=call, run_id=run, input_hash="1", versions={}, made_at=work.now))
    session.flush()
    session.add(CallScoreRow(screening_id=screening, value=31 if is_flagged else 82, parts=[], version="1"))
    session.add(
        CurrentScreening(
            call_id=call, screening_id=screening, flag_count=int(is_flagged), top_severity=Severity.HIGH if is_flagged else None
        )
    )
    if is_flagged:
        session.add(
            Finding(
                id=f"find-{call}", screening_id=screening, call_id=call, rule="INCENTIVE", outcome=Outcome.VIOLATION,
                severity=Severity.HIGH, reason="The caller was promised a gift card.", citations=[], evidence={},
                start_s=1.0, end_s=3.0,
            )
        )  # fmt: skip
    else:
        session.add(
            Review(
                id=f"rev-{call}", call_id=call, screening_id=screening, reviewer_id="r", verdict=Verdict.GOOD, notes="",
                decided_at=work.now,
            )
        )  # fmt: skip
