"""What does the database know of one call? Loads a CallScreen inside the reach of who asks, in a fixed number of queries."""

from dataclasses import replace

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session, aliased

from app.access.identity import Identity
from app.access.scope import get_call, scope_calls
from app.audio.records import load_listening
from app.audio.service import newest_recording
from app.audio.state import AnalysisStanding, load_standing
from app.compliance.findings.decisions import load_decisions
from app.conversation import CallScore, KeywordHit, Listening, ScorePart
from app.errors import NotFound
from app.jobs import IS_OPEN
from app.models.analysis import AnalysisResult, AnalysisRun
from app.models.calls import Call, CallLeg
from app.models.campaigns import Ad, AdVersion, CallSource, Campaign, CampaignVersion
from app.models.consumers import Erasure
from app.models.events import Job
from app.models.parties import Party
from app.models.reviews import ClusterCheckCall, ClusterUndo, FindingVerdict, Review
from app.models.screening import CallScoreRow, CurrentScreening, Finding, KeywordHitRow, Screening
from app.models.users import ApiToken, User
from app.money import Money
from app.review.redacted import mask_numbers, redact_screen
from app.review.screen import (
    CallRecord,
    CallScreen,
    FindingVote,
    Heard,
    Leg,
    LoneDecision,
    RecordingFact,
    ReviewFact,
    Screened,
    ScreenedFinding,
)
from app.timeline import Span
from app.vocabulary import AnalysisState, JobName


def load_call_screen(session: Session, identity: Identity, call_id: str) -> CallScreen:
    """Return everything the page of a call shows, the numbers of people masked for outside parties.

    Raises
    ------
    NotFound
        If there is no such call, or it is another party's.
    """
    call = _load_record(session, identity, call_id)
    recording = newest_recording(session, call_id)
    screen = CallScreen(
        call=call,
        recording=None
        if recording is None
        else RecordingFact(
            recording.id,
            recording.state,
            recording.filename,
            recording.byte_count,
            recording.sha256,
            recording.received_at,
        ),
        standing=find_standing(session, call_id),
        heard=_find_heard(session, call_id),
        screened=_find_screened(session, call_id),
        reviews=_load_reviews(session, call_id),
        decided_alone=_load_decided_alone(session, call_id),
        erased_at=session.scalar(select(Erasure.erased_at).where(Erasure.call_id == call_id)),
    )
    return redact_screen(screen, identity)


def get_told(session: Session, identity: Identity, call_id: str) -> Listening:
    """Return what was heard of a call with the numbers of people masked, whoever asks: for files that leave the house.

    Raises
    ------
    NotFound
        If the call is out of reach, or was not heard and screened yet: until then it is not known which numbers to mask.
    """
    screen = mask_numbers(load_call_screen(session, identity, call_id))
    if screen.heard is None:
        raise NotFound(f"nothing of call {call_id} was heard and screened yet; ask again later", call_id=call_id)
    return screen.heard.listening


def load_standing_in_reach(session: Session, identity: Identity, call_id: str) -> AnalysisStanding:
    """Return where the analysis of a call stands. Raises NotFound as :func:`load_call_screen` does."""
    get_call(session, call_id, identity)
    return find_standing(session, call_id)


def find_standing(session: Session, call_id: str) -> AnalysisStanding:
    """Return where the analysis stands; a failed one that was asked for again is waiting, one not screened yet still runs."""
    standing = load_standing(session, call_id)
    if standing.state is AnalysisState.FAILED and _is_asked_again(session, call_id):
        return replace(standing, state=AnalysisState.WAITING, stage="waiting", progress=0.0)
    if standing.state is AnalysisState.ANALYSED and _is_open(session, JobName.SCREEN_CALL, call_id):
        return replace(standing, state=AnalysisState.RUNNING, stage="screening", progress=1.0)
    return standing


def get_sound(session: Session, identity: Identity, call_id: str) -> AnalysisResult:
    """Return the newest finished analysis, which names the listening copy and the peaks.

    Raises
    ------
    NotFound
        If the call is out of reach, or nothing of it was heard yet.
    """
    get_call(session, call_id, identity)
    result = session.scalar(_newest_results(call_id))
    if result is None and session.get(Erasure, call_id) is not None:
        raise NotFound(f"the recording of call {call_id} was erased on request", call_id=call_id)
    if result is None:
        raise NotFound(f"call {call_id} has no recording that can be played", call_id=call_id)
    return result


def _is_asked_again(session: Session, call_id: str) -> bool:
    recording = newest_recording(session, call_id)
    return recording is not None and _is_open(session, JobName.ANALYZE_RECORDING, recording.id)


def _is_open(session: Session, name: JobName, subject_id: str) -> bool:
    return session.scalar(select(Job.id).where(Job.name == name, Job.subject_id == subject_id, *IS_OPEN).limit(1)) is not None


def _newest_results(call_id: str) -> Select[AnalysisResult]:
    return (
        select(AnalysisResult)
        .join(AnalysisRun, AnalysisRun.id == AnalysisResult.run_id)
        .where(AnalysisRun.call_id == call_id, AnalysisRun.finished_at.is_not(None))
        .order_by(AnalysisRun.finished_at.desc(), AnalysisRun.id.desc())
        .limit(1)
    )


def _load_record(session: Session, identity: Identity, call_id: str) -> CallRecord:
    advertiser, publisher = aliased(Party), aliased(Party)
    statement = (
        select(
            Call,
            Campaign.name.label("campaign"),
            Ad.name.label("ad"),
            CallSource.name.label("source"),
            CallSource.channel.label("source_channel"),
            advertiser.name.label("advertiser"),
            publisher.name.label("publisher"),
            AdVersion.billable_s,
            CampaignVersion.hours,
            CampaignVersion.is_recording_allowed,
        )
        .outerjoin(Campaign, Campaign.id == Call.campaign_id)
        .outerjoin(CampaignVersion, CampaignVersion.id == Call.campaign_version_id)
        .outerjoin(Ad, Ad.id == Call.ad_id)
        .outerjoin(AdVersion, AdVersion.id == Call.ad_version_id)
        .outerjoin(CallSource, CallSource.id == Call.source_id)
        .outerjoin(advertiser, advertiser.id == Call.advertiser_id)
        .outerjoin(publisher, publisher.id == Call.publisher_id)
        .where(Call.id == call_id)
    )
    row = session.execute(scope_calls(statement, identity)).first()
    if row is None:
        raise NotFound(f"there is no call {call_id}", call_id=call_id)
    call = row.Call
    return CallRecord(
        id=call.id,
        external_id=call.external_id,
        sender=call.sender,
        started_at=call.started_at,
        ended_at=call.ended_at,
        connected_s=call.connected_s,
        caller_number=call.caller_number,
        dialed_number=call.dialed_number,
        disposition=call.disposition,
        ended_by=call.ended_by,
        transfer_type=call.transfer_type,
        declared_channel=call.declared_channel,
        consumer_state=call.consumer_state,
        consumer_zip=call.consumer_zip,
        revenue=_money(call.revenue_minor, call.currency),
        payout=_money(call.payout_minor, call.currency),
        campaign=row.campaign,
        ad=row.ad,
        source=row.source,
        source_channel=row.source_channel,
        advertiser=row.advertiser,
        publisher=row.publisher,
        billable_s=row.billable_s,
        zone=(row.hours or {}).get("tz"),
        is_recording_allowed=row.is_recording_allowed,
        tags=call.tags,
        legs=tuple(
            Leg(leg.seq, leg.direction, leg.from_number, leg.to_number, leg.started_at, leg.answered_at, leg.ended_at)
            for leg in session.scalars(select(CallLeg).where(CallLeg.call_id == call_id).order_by(CallLeg.seq))
        ),
    )


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _find_heard(session: Session, call_id: str) -> Heard | None:
    result = session.scalar(_newest_results(call_id))
    if result is None:
        return None
    run = session.get_one(AnalysisRun, result.run_id)
    return Heard(
        run_id=run.id,
        pipeline_version=run.pipeline_version,
        finished_at=run.finished_at or result.made_at,
        listening=load_listening(session, run.id),
        peaks_blob_key=result.peaks_blob_key,
        listening_blob_key=result.listening_blob_key,
        listening_media_type=result.listening_media_type,
    )


def _find_screened(session: Session, call_id: str) -> Screened | None:
    screening = session.scalar(
        select(Screening)
        .join(CurrentScreening, CurrentScreening.screening_id == Screening.id)
        .where(CurrentScreening.call_id == call_id)
    )
    if screening is None:
        return None
    score = session.get(CallScoreRow, screening.id)
    return Screened(
        id=screening.id,
        made_at=screening.made_at,
        versions=screening.versions,
        findings=_load_findings(session, screening.id),
        hits=_load_hits(session, screening.id),
        score=None
        if score is None
        else CallScore(score.value, tuple(ScorePart(p["name"], p["points"], p["why"]) for p in score.parts), score.version),
    )


def _load_findings(session: Session, screening_id: str) -> tuple[ScreenedFinding, ...]:
    rows = session.scalars(select(Finding).where(Finding.screening_id == screening_id))
    findings = [
        ScreenedFinding(
            id=row.id,
            rule=row.rule,
            outcome=row.outcome,
            severity=row.severity,
            reason=row.reason,
            citations=tuple(row.citations),
            evidence=row.evidence,
            span=None if row.start_s is None or row.end_s is None else Span(row.start_s, row.end_s),
        )
        for row in rows
    ]
    return tuple(sorted(findings, key=lambda f: (-f.severity.rank, f.span.start_s if f.span else 0.0, f.rule)))


def _load_hits(session: Session, screening_id: str) -> tuple[KeywordHit, ...]:
    rows = session.scalars(
        select(KeywordHitRow)
        .where(KeywordHitRow.screening_id == screening_id)
        .order_by(KeywordHitRow.start_s, KeywordHitRow.seq)
    )
    return tuple(
        KeywordHit(
            pack=row.pack,
            rule=row.rule,
            kind=row.kind,
            severity=row.severity,
            phrase=row.phrase,
            speaker=row.speaker,
            span=Span(row.start_s, row.end_s),
            quote=row.quote,
            confidence=row.confidence,
            low_trust=row.is_low_trust,
            match=row.match,
        )
        for row in rows
    )


def _load_reviews(session: Session, call_id: str) -> tuple[ReviewFact, ...]:
    statement = (
        select(
            Review,
            User.name.label("user_name"),
            ApiToken.name.label("token_name"),
            ClusterCheckCall.check_id,
            ClusterUndo.undone_at,
        )
        .outerjoin(User, User.id == Review.reviewer_id)
        .outerjoin(ApiToken, ApiToken.id == Review.reviewer_id)
        .outerjoin(ClusterCheckCall, ClusterCheckCall.review_id == Review.id)
        .outerjoin(ClusterUndo, ClusterUndo.check_id == ClusterCheckCall.check_id)
        .where(Review.call_id == call_id)
        # As app.review.in_force says which one counts.
        .order_by(
            case((ClusterUndo.undone_at.is_(None), 0), else_=1),
            case((ClusterCheckCall.check_id.is_(None), 0), else_=1),
            Review.decided_at.desc(),
            Review.id.desc(),
        )
    )
    votes: dict[str, list[FindingVote]] = {}
    of_call = select(FindingVerdict).where(FindingVerdict.call_id == call_id, FindingVerdict.review_id.is_not(None))
    for vote in session.scalars(of_call):
        votes.setdefault(vote.review_id or "", []).append(FindingVote(vote.finding_id, vote.decision, vote.reason))
    return tuple(
        ReviewFact(
            id=row.Review.id,
            reviewer=row.user_name or row.token_name or row.Review.reviewer_id,
            verdict=row.Review.verdict,
            notes=row.Review.notes,
            heard_s=row.Review.heard_s,
            decided_at=row.Review.decided_at,
            votes=tuple(votes.get(row.Review.id, ())),
            check_id=row.check_id,
            is_undone=row.undone_at is not None,
        )
        for row in session.execute(statement)
    )


def _load_decided_alone(session: Session, call_id: str) -> tuple[LoneDecision, ...]:
    alone = [decision for decision in load_decisions(session, [call_id]).values() if decision.is_by_itself]
    if not alone:
        return ()
    ids = {decision.decided_by for decision in alone}
    names = {row.id: row.name for kind in (User, ApiToken) for row in session.execute(_names_of(kind, ids))}
    return tuple(LoneDecision(d.rule, d.decision, d.reason, names.get(d.decided_by, d.decided_by)) for d in alone)


def _names_of(kind: type[User] | type[ApiToken], ids: set[str]) -> Select[str, str]:
    return select(kind.id, kind.name).where(kind.id.in_(sorted(ids)))
