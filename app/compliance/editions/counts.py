"""How often did rules and phrases speak lately, and how often did people agree? Counted over calls by when they began."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session

from app.compliance.findings.decisions import decisions_in_force
from app.models.calls import Call
from app.models.screening import CurrentScreening, Finding, KeywordHitRow
from app.vocabulary import FindingDecision, Outcome, PackKind


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """Findings of a rule in the screenings in force, and what people said of them."""

    violation: int = 0
    review: int = 0
    needs_evidence: int = 0
    agreed: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """Return how many findings there are."""
        return self.violation + self.review + self.needs_evidence

    @property
    def decided(self) -> int:
        """Return how many findings a person agreed with or refused."""
        return self.agreed + self.refused


@dataclass(frozen=True, slots=True)
class PackCounts:
    """Hits of a pack in the screenings in force: all of them, those that are context only, and on how many calls."""

    hits: int = 0
    context: int = 0
    calls: int = 0


_OUTCOMES = {Outcome.VIOLATION: "violation", Outcome.REVIEW: "review", Outcome.NEEDS_EVIDENCE: "needs_evidence"}
_DECISIONS = {FindingDecision.AGREE: "agreed", FindingDecision.REFUSE: "refused"}


def count_by_rule(session: Session, rule_ids: Iterable[str], since: datetime) -> dict[str, RuleCounts]:
    """Return the counts of each rule of which anything was found; a finding of one state counts for its rule."""
    ids = frozenset(rule_ids)
    found = (
        select(Finding.rule, Finding.outcome, func.count())
        .join(CurrentScreening, CurrentScreening.screening_id == Finding.screening_id)
        .join(Call, Call.id == CurrentScreening.call_id)
        .where(Call.started_at >= since, Finding.outcome.in_(_OUTCOMES))
        .group_by(Finding.rule, Finding.outcome)
    )
    decided = decisions_in_force(select(Call.id).where(Call.started_at >= since))
    said = select(decided.c.rule, decided.c.decision, func.count()).group_by(decided.c.rule, decided.c.decision)
    counts: dict[str, RuleCounts] = {}
    rows = [(rule, _OUTCOMES[outcome], count) for rule, outcome, count in session.execute(found)]
    rows += [(rule, _DECISIONS[said], count) for rule, said, count in session.execute(said) if said in _DECISIONS]
    for rule, name, count in rows:
        key = rule_of_finding(rule, ids)
        if key is not None:
            known = counts.get(key, RuleCounts())
            counts[key] = replace(known, **{name: getattr(known, name) + count})
    return counts


def count_by_pack(session: Session, since: datetime) -> dict[str, PackCounts]:
    """Return the counts of each pack that was heard."""
    is_context = case((KeywordHitRow.kind == PackKind.CONTEXT, 1), else_=0)
    asked = (
        select(
            KeywordHitRow.pack, func.count(), func.sum(is_context), func.count(distinct(KeywordHitRow.screening_id))
        )
        .join(CurrentScreening, CurrentScreening.screening_id == KeywordHitRow.screening_id)
        .join(Call, Call.id == CurrentScreening.call_id)
        .where(Call.started_at >= since)
        .group_by(KeywordHitRow.pack)
    )  # fmt: skip
    return {pack: PackCounts(hits, int(context), calls) for pack, hits, context, calls in session.execute(asked)}


def rule_of_finding(rule: str, ids: frozenset[str]) -> str | None:
    """Return the rule that a finding's name belongs to: ``STATE-HOURS`` for ``STATE-HOURS-FL``; None when it is not known."""
    while rule:
        if rule in ids:
            return rule
        rule = rule.rpartition("-")[0]
    return None
