"""What does a reviewer have before them? The facts of one call as frozen values, loaded once, shown by the presenters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.audio.state import AnalysisStanding
from app.conversation import CallScore, KeywordHit, Listening
from app.money import Money
from app.timeline import Span
from app.vocabulary import (
    Channel,
    Disposition,
    EndedBy,
    FindingDecision,
    LegDirection,
    Outcome,
    RecordingState,
    Severity,
    TransferType,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One connection of the call; the first is the origin leg."""

    seq: int
    direction: LegDirection
    from_number: str | None
    to_number: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The call as its log row tells it, with the names of who took part and the terms that applied."""

    id: str
    external_id: str
    sender: str
    started_at: datetime
    ended_at: datetime | None
    connected_s: float | None
    caller_number: str | None
    dialed_number: str | None
    disposition: Disposition | None
    ended_by: EndedBy | None
    transfer_type: TransferType | None
    declared_channel: Channel | None
    consumer_state: str | None
    consumer_zip: str | None
    revenue: Money | None
    payout: Money | None
    campaign: str | None
    ad: str | None
    source: str | None
    source_channel: Channel | None
    advertiser: str | None
    publisher: str | None
    billable_s: int | None
    zone: str | None
    is_recording_allowed: bool | None
    tags: Mapping[str, Any]
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class RecordingFact:
    """The recording that came in last."""

    id: str
    state: RecordingState
    filename: str
    byte_count: int
    sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """A finished analysis with where its sound and outline are kept."""

    run_id: str
    pipeline_version: str
    finished_at: datetime
    listening: Listening
    peaks_blob_key: str
    listening_blob_key: str
    listening_media_type: str


@dataclass(frozen=True, slots=True)
class ScreenedFinding:
    """What one rule says of the call, with what people said of it last."""

    id: str
    rule: str
    outcome: Outcome
    severity: Severity
    reason: str
    citations: tuple[str, ...]
    evidence: Mapping[str, Any]
    span: Span | None


@dataclass(frozen=True, slots=True)
class Screened:
    """The screening in force: what was found, and the versions that found it."""

    id: str
    made_at: datetime
    versions: Mapping[str, Any]
    findings: tuple[ScreenedFinding, ...]
    hits: tuple[KeywordHit, ...]
    score: CallScore | None


@dataclass(frozen=True, slots=True)
class FindingVote:
    """A reviewer's decision on one finding."""

    finding_id: str
    decision: FindingDecision
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewFact:
    """One person's verdict on the call; ``check_id`` names the sample check of a cluster that gave it, None for their own."""

    id: str
    reviewer: str
    verdict: Verdict
    notes: str
    heard_s: float
    decided_at: datetime
    votes: tuple[FindingVote, ...]
    check_id: str | None = None
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class LoneDecision:
    """A decision on a rule outside a review, where it is the one that counts."""

    rule: str
    decision: FindingDecision
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class CallScreen:
    """Everything that the page of one call shows; the review that counts is first, those that were undone are last."""

    call: CallRecord
    recording: RecordingFact | None
    standing: AnalysisStanding
    heard: Heard | None
    screened: Screened | None
    reviews: tuple[ReviewFact, ...]
    decided_alone: tuple[LoneDecision, ...] = ()
    erased_at: datetime | None = None
