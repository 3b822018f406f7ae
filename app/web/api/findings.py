"""The API's routes about findings: list them, read one with what stands behind it, decide about it, and replay it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from app.access.guard import current_identity, require
from app.access.identity import Identity
from app.access.masking import show_caller
from app.access.permissions import Permission
from app.compliance.findings.board import (
    FLAG_OUTCOMES,
    FindingFilters,
    FindingLine,
    FindingOrder,
    FindingStanding,
    load_page,
    read_position,
    rules_of_authority,
)
from app.compliance.findings.dossier import PastDecision, load_dossier
from app.compliance.findings.reach import as_seen_by
from app.compliance.findings.service import LONGEST_REASON, decide_finding, replay_finding
from app.compliance.replay import Replay
from app.ports import Clock
from app.review.queries import load_call_screen
from app.unit_of_work import UnitOfWork
from app.vocabulary import Authority, FindingDecision, Outcome, Severity
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body, Query
from app.web.finding_filters import DEFAULT_DAYS

KEYED = {"parameters": [KEY_HEADER]}
MISSING = {404: "There is no such finding, or it is another party's."}
REFUSED = {
    409: "The call was screened again since, or has no facts to judge; or the Idempotency-Key came with another request."
}


class FindingsQuery(Query):
    """Which findings are wanted: of the screenings in force, by default the open violations and questions of 30 days."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=150)
    order: FindingOrder = FindingOrder.MONEY
    rule: str | None = Field(None, max_length=100, description="id; of a rule that is judged state by state, all states")
    family: str | None = Field(None, max_length=20, description="the first part of rule ids: TCPA, DNC, CHAN...")
    outcome: Outcome | None = Field(None, description="violation, review or needs_evidence; both of the first without it")
    severity: Severity | None = None
    authority: Authority | None = None
    state: str | None = Field(None, pattern="^[A-Z]{2}$", description="where the consumer may be")
    publisher: str | None = Field(None, max_length=100, description="id; not for outside parties")
    advertiser: str | None = Field(None, max_length=100, description="id; not for outside parties")
    campaign: str | None = Field(None, max_length=100, description="id")
    decision: FindingStanding = FindingStanding.OPEN
    least_stake_minor: int | None = Field(None, ge=0, le=10**15, description="US cents")
    started_from: AwareDatetime | None = Field(None, description="begin of the call; 30 days before started_to without it")
    started_to: AwareDatetime | None = Field(None, description="exclusive; the end of today, UTC, without it")


class FindingDecisionOut(Answer):
    """A decision; who took it and why is null for outside parties."""

    decision: FindingDecision
    reason: str | None
    decided_by: str | None
    decided_at: AwareDatetime
    review_id: str | None = Field(description="null: decided by itself, outside a review")
    is_undone: bool = Field(description="it came from a sample check that was taken back")


class FindingListedOut(Answer):
    """A finding in the list; what the asker may not see is null."""

    id: str
    call_id: str
    external_id: str
    started_at: AwareDatetime
    rule: str
    outcome: Outcome
    severity: Severity
    reason: str
    quote: str | None
    citations: list[str]
    states: list[str] = Field(description="where the consumer may be; empty: not known")
    caller: str
    publisher: str | None
    advertiser: str | None
    campaign: str | None
    source: str | None
    stake_least_minor: int | None = Field(description="money at stake by law, US cents")
    stake_most_minor: int | None
    start_s: float | None
    end_s: float | None
    screened_at: AwareDatetime
    decision: FindingDecision | None = Field(description="the decision that counts; null: open")


class FindingListOut(Answer):
    """A page of findings."""

    items: list[FindingListedOut]
    next_cursor: str | None


class JudgingRuleOut(Answer):
    """The row of the rule that judged."""

    id: str
    version: int
    title: str
    ask: str
    law: str
    authority: Authority
    confidence: str
    effective_from: str | None
    effective_to: str | None


class PrecedentsOut(Answer):
    """How people decided about this rule on other calls within the asker's reach."""

    agreed: int
    refused: int


class FindingDossierOut(FindingListedOut):
    """A finding with what stands behind it."""

    evidence: dict[str, Any]
    versions: dict[str, Any]
    edition_id: str | None = Field(description="null where the edition that judged is not kept")
    rule_row: JudgingRuleOut | None
    is_in_force: bool = Field(description="false: the call was screened again since")
    decisions: list[FindingDecisionOut] = Field(description="newest first")
    precedents: PrecedentsOut


class FindingDecisionIn(Body):
    """What a person says of the finding; all but ``agree`` need a reason."""

    decision: FindingDecision
    reason: str = Field("", max_length=LONGEST_REASON)


class FindingDecidedOut(Answer):
    """The decision that was recorded."""

    id: str
    finding_id: str
    decision: FindingDecision


class ReplayIn(Body):
    """Nothing is to be sent: an empty object."""


class ReplayOut(Answer):
    """What judging again gave, in the shape of ``earshot screen --replay``."""

    same: bool
    outcomes: dict[str, dict[str, str]] = Field(description="by rule that differs: then and now")
    keywords: dict[str, list[dict[str, Any]]] = Field(description="phrases heard only then, or only now")
    other_versions: dict[str, dict[str, Any]]


class FindingReplayOut(Answer):
    """What the edition that made the screening says today of the same facts, and what the edition in force says."""

    finding_id: str
    by_maker: ReplayOut | None = Field(description="null where that edition is not kept")
    in_force: ReplayOut


def add_finding_routes(api: APIBlueprint, uow: UnitOfWork, clock: Clock) -> None:
    """Add the routes below ``/findings``."""

    @api.get("/findings")
    @require(Permission.FINDINGS_VIEW)
    @api.doc(summary="List findings, the most money at stake first", responses=answers(), security="token", tags=["Findings"])
    @api.input(FindingsQuery, location="query", arg_name="query")
    @api.output(FindingListOut)
    def list_findings(query: FindingsQuery) -> Any:
        identity, filters = current_identity(), _filters(query, clock.now())
        if identity.is_outside:
            filters = replace(filters, publisher_id=None, advertiser_id=None)
        with uow.read() as session:
            if query.authority:
                filters = replace(filters, rules=rules_of_authority(session, query.authority))
            page = load_page(session, identity, filters, size=query.limit)
        return FindingListOut(
            items=[FindingListedOut(**_show_line(line, identity)) for line in page.lines],
            next_cursor=page.following.write() if page.following else None,
        )

    @api.get("/findings/<finding_id>")
    @require(Permission.FINDINGS_VIEW)
    @api.doc(
        summary="Read a finding with what stands behind it", responses=answers(MISSING), security="token", tags=["Findings"]
    )
    @api.output(FindingDossierOut)
    def read_finding(finding_id: str) -> Any:
        identity = current_identity()
        with uow.read() as session:
            dossier = load_dossier(session, identity, finding_id)
            screen = load_call_screen(session, identity, dossier.line.call_id)
        told = [found for found in (screen.screened.findings if screen.screened else ()) if found.id == finding_id]
        rule = dossier.rule
        return FindingDossierOut(
            **_show_line(dossier.line, identity) | ({"reason": told[0].reason} if told else {}),
            evidence=dict(told[0].evidence if told else dossier.evidence),
            versions=dict(dossier.versions),
            edition_id=dossier.edition.id if dossier.edition else None,
            rule_row=None
            if rule is None
            else JudgingRuleOut(
                id=rule.id, version=rule.version, title=rule.title, ask=rule.ask, law=rule.law, authority=rule.authority,
                confidence=rule.confidence,
                effective_from=str(rule.effective_from) if rule.effective_from.year > 1 else None,
                effective_to=str(rule.effective_to) if rule.effective_to else None,
            ),
            is_in_force=dossier.is_in_force,
            decisions=[
                _show_decision(past, identity) for past in dossier.history if not (past.is_undone and identity.is_outside)
            ],
            precedents=PrecedentsOut(agreed=dossier.precedents.agreed, refused=dossier.precedents.refused),
        )  # fmt: skip

    @api.post("/findings/<finding_id>/decision")
    @idempotent(uow)
    @require(Permission.FINDINGS_DECIDE)
    @api.doc(
        summary="Agree with a finding, refuse it, or ask for evidence",
        responses=answers(MISSING, CONFLICT | REFUSED),
        security="token",
        extensions=KEYED,
        tags=["Findings"],
    )
    @api.input(FindingDecisionIn, arg_name="given")
    @api.output(FindingDecidedOut, 201)
    def decide(finding_id: str, given: FindingDecisionIn) -> Any:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            decided = decide_finding(work, identity, finding_id, given.decision, given.reason)
        return FindingDecidedOut(id=decided, finding_id=finding_id, decision=given.decision), 201

    @api.post("/findings/<finding_id>/replay")
    @idempotent(uow)
    @require(Permission.RULES_VIEW)
    @api.doc(
        summary="Judge the finding's call again from the facts that were kept",
        responses=answers(MISSING, CONFLICT | REFUSED),
        security="token",
        extensions=KEYED,
        tags=["Findings"],
    )
    @api.input(ReplayIn, arg_name="given")
    @api.output(FindingReplayOut)
    def replay(finding_id: str, given: ReplayIn) -> Any:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            result = replay_finding(work, identity, finding_id)
        return FindingReplayOut(
            finding_id=finding_id,
            by_maker=_show_replay(result.by_maker) if result.by_maker else None,
            in_force=_show_replay(result.in_force),
        )


def _filters(query: FindingsQuery, now: datetime) -> FindingFilters:
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    ends_before = query.started_to or tomorrow
    return FindingFilters(
        starts_at=query.started_from or ends_before - timedelta(days=DEFAULT_DAYS),
        ends_before=ends_before,
        rule=query.rule,
        family=query.family,
        outcomes=(query.outcome,) if query.outcome else FLAG_OUTCOMES,
        severity=query.severity,
        state=query.state,
        publisher_id=query.publisher,
        advertiser_id=query.advertiser,
        campaign_id=query.campaign,
        standing=query.decision,
        least_minor=query.least_stake_minor,
        order=query.order,
        after=read_position(query.cursor),
    )


def _show_line(line: FindingLine, identity: Identity) -> dict[str, Any]:
    seen = as_seen_by(line, identity)
    least, most = seen.stake_minor or (None, None)
    start_s, end_s = seen.span or (None, None)
    return {
        "id": seen.id, "call_id": seen.call_id, "external_id": seen.external_id, "started_at": seen.started_at,
        "rule": seen.rule, "outcome": seen.outcome, "severity": seen.severity, "reason": seen.reason,
        "quote": seen.quote or None, "citations": list(seen.citations), "states": list(seen.states),
        "caller": show_caller(seen.caller_number, identity), "publisher": seen.publisher, "advertiser": seen.advertiser,
        "campaign": seen.campaign, "source": seen.source, "stake_least_minor": least, "stake_most_minor": most,
        "start_s": start_s, "end_s": end_s, "screened_at": seen.screened_at,
        "decision": seen.decision.decision if seen.decision else None,
    }  # fmt: skip


def _show_decision(past: PastDecision, identity: Identity) -> FindingDecisionOut:
    said = past.decision
    return FindingDecisionOut(
        decision=said.decision,
        reason=None if identity.is_outside else said.reason,
        decided_by=None if identity.is_outside else past.by,
        decided_at=said.decided_at,
        review_id=said.review_id,
        is_undone=past.is_undone,
    )


def _show_replay(replay: Replay) -> ReplayOut:
    told = replay.to_json()
    return ReplayOut(
        same=told["same"],
        outcomes=told["outcomes"],
        keywords=told["keywords"],
        other_versions=told["other_versions"],
    )
