"""What do the API's bodies look like? Strict models: wrong types or unknown fields are refused; no error repeats a value."""

import json
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.errors import InvalidInput
from app.vocabulary import (
    AnalysisState,
    Channel,
    Disposition,
    EndedBy,
    FetchState,
    FindingDecision,
    LegDirection,
    Outcome,
    RecordingState,
    Severity,
    TransferType,
    Verdict,
)

Short = Field(min_length=1, max_length=200)


class Body(BaseModel):
    """Base of what is sent as JSON; times are ISO 8601 with offset."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    @classmethod
    def model_validate(cls, obj: Any, **_options: Any) -> Self:
        """Check a body as JSON, in which times are text. Raises InvalidInput with each field that does not fit."""
        try:
            return cls.model_validate_json(json.dumps(obj))
        except ValidationError as error:
            raise describe_validation(error) from None


class Query(BaseModel):
    """Base of what stands behind the question mark of an address."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Check a query. Raises InvalidInput with each field that does not fit."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise describe_validation(error) from None


class Answer(BaseModel):
    """Base of what is answered."""


def describe_validation(error: ValidationError) -> InvalidInput:
    """Return the error in our own words: which field, and what was expected; never what came."""
    problems = [
        {"field": ".".join(map(str, problem["loc"]))[:200] or "body", "expected": problem["msg"]}
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    listed = "; ".join(f"{problem['field']}: {problem['expected']}" for problem in problems[:20])
    return InvalidInput(f"{len(problems)} fields do not fit: {listed}", problems=problems)


class ErrorOut(Answer):
    """Every error, whatever its status."""

    error: str = Field(description="stable code of the error")
    message: str = Field(description="what was expected, in a sentence")
    details: dict[str, Any]


class LegIn(Body):
    """One connection of a call."""

    direction: LegDirection
    seq: int | None = Field(None, ge=0, le=1000)
    from_: str | None = Field(None, alias="from", max_length=40)
    to: str | None = Field(None, max_length=40)
    started_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    voice: str | None = Field(None, max_length=100)
    dialer: str | None = Field(None, max_length=100)
    caller_id_number: str | None = Field(None, max_length=100)
    caller_id_name: str | None = Field(None, max_length=100)
    verstat: str | None = Field(None, max_length=100)
    verstat_vendor: str | None = Field(None, max_length=100)


class CallIn(Body):
    """A call as its sender tells it; sent again with the same external_id it adds and corrects."""

    external_id: str = Short
    sender: str = Field("api", min_length=1, max_length=60)
    started_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    connected_s: float | None = Field(None, ge=0)
    campaign: str | None = Field(None, min_length=1, max_length=200, description="external id; must be on record")
    ad: str | None = Field(None, min_length=1, max_length=200, description="external id; must be on record")
    source: str | None = Field(None, min_length=1, max_length=200, description="external id; must be on record")
    caller: str | None = Field(None, max_length=40)
    tracking_number: str | None = Field(None, max_length=40)
    disposition: Disposition | None = None
    ended_by: EndedBy | None = None
    transfer_type: TransferType | None = None
    declared_channel: Channel | None = None
    zip: str | None = Field(None, max_length=10)
    state: str | None = Field(None, max_length=5)
    revenue_minor: int | None = None
    payout_minor: int | None = None
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    legs: list[LegIn] | None = Field(None, max_length=50)
    tags: dict[str, Any] | None = None


class CallsQuery(Query):
    """Which calls are wanted."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=100)
    sender: str | None = Field(None, max_length=60)
    external_id: str | None = Field(None, max_length=200)
    campaign: str | None = Field(None, max_length=200, description="external id")
    source: str | None = Field(None, max_length=200, description="external id")
    started_from: AwareDatetime | None = None
    started_to: AwareDatetime | None = Field(None, description="exclusive")
    flagged: bool | None = Field(None, description="only calls with, or only calls without findings")


class RecordingQuery(Query):
    """What goes with the bytes of a recording."""

    filename: str = Field("recording", min_length=1, max_length=200)
    channel_roles: str | None = Field(None, max_length=100, description="who is on each channel: caller,agent")


class FetchIn(Body):
    """Where a recording lies."""

    url: str = Field(min_length=1, max_length=2000, description="https address; without user name and password")


class FetchOut(Answer):
    """Where the fetching of a recording stands; ``error`` says why it failed."""

    id: str
    call_id: str
    state: FetchState
    requested_at: AwareDatetime
    finished_at: AwareDatetime | None
    recording_id: str | None
    error: "StandingError | None"


class CallOut(Answer):
    """A call; what the asker may not see is null."""

    id: str
    sender: str
    external_id: str
    started_at: AwareDatetime
    answered_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    connected_s: float | None
    campaign: str | None
    ad: str | None
    source: str | None
    advertiser: str | None
    publisher: str | None
    caller: str | None
    tracking_number: str | None
    disposition: Disposition | None
    ended_by: EndedBy | None
    transfer_type: TransferType | None
    declared_channel: Channel | None
    zip: str | None
    state: str | None
    revenue_minor: int | None
    payout_minor: int | None
    currency: str
    analysis_state: AnalysisState
    flag_count: int | None
    top_severity: Severity | None
    tags: dict[str, Any] | None


class CallsOut(Answer):
    """A page of calls, newest first."""

    items: list[CallOut]
    next_cursor: str | None


class RecordedOut(Answer):
    """What became of a call that was sent."""

    id: str
    external_id: str
    sender: str
    is_new: bool
    changed: list[str]


class RecordingOut(Answer):
    """What became of a recording that was sent."""

    id: str
    call_id: str
    state: RecordingState
    sha256: str
    byte_count: int
    is_new: bool


class StandingError(Answer):
    """Why an analysis failed."""

    code: str
    message: str


class AnalysisOut(Answer):
    """Where the analysis stands, and when it is done, what was heard, in the shape of ``earshot analyze --json``."""

    model_config = ConfigDict(extra="allow")

    call_id: str
    state: AnalysisState
    stage: str
    progress: float
    error: StandingError | None


class FindingOut(Answer):
    """What one rule says of the call."""

    id: str
    rule: str
    outcome: Outcome
    severity: Severity
    reason: str
    citations: list[str]
    evidence: dict[str, Any]
    start_s: float | None
    end_s: float | None


class FindingsOut(Answer):
    """The screening in force; ``screened_at`` is null when there is none yet."""

    call_id: str
    screened_at: AwareDatetime | None
    versions: dict[str, Any]
    findings: list[FindingOut]


class FindingChoiceIn(Body):
    """A decision on one finding; all but ``agree`` need a reason."""

    decision: FindingDecision
    reason: str = Field("", max_length=2000)


class ReviewIn(Body):
    """A reviewer's verdict; ``findings`` maps finding ids to decisions."""

    verdict: Verdict
    notes: str = Field("", max_length=10_000)
    findings: dict[str, FindingChoiceIn] = Field(default_factory=dict, max_length=500)
    heard_s: float = Field(0.0, ge=0)


class ReviewOut(Answer):
    """The review that is now in force."""

    id: str
    call_id: str
    verdict: Verdict
