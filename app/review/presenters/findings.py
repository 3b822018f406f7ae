"""What was found, and what did people say of it? Findings with their rule in plain words, their quotes and decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.access.identity import Identity
from app.compliance.finding import FLAGGED
from app.compliance.rule_texts import find_rule_text
from app.money import Money
from app.review import wording
from app.review.screen import CallScreen, ReviewFact, ScreenedFinding
from app.review.wording import say_clock
from app.vocabulary import Outcome, Speaker

SHOWN_ELSEWHERE = frozenset({"hits", "rule", "at_stake_minor", "voice", "reasons"})
"""Quotes, versions, money and the verdict on the voice have places of their own."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What was heard that speaks for a finding, and where."""

    speaker: str
    side: str
    text: str
    start_s: float
    end_s: float
    clock: str
    is_low_trust: bool


@dataclass(frozen=True, slots=True)
class DecisionInForce:
    """The newest decision on a finding."""

    decision: str
    label: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding, ready to be agreed with or refused."""

    id: str
    rule: str
    title: str
    question: str
    reason: str
    severity: str
    severity_label: str
    outcome: str
    outcome_label: str
    law: str
    citations: tuple[str, ...]
    version: str
    at_stake: str
    quotes: tuple[Quote, ...]
    facts: tuple[tuple[str, str], ...]
    in_force: DecisionInForce | None


@dataclass(frozen=True, slots=True)
class MissingView:
    """A rule that could not be judged, and what is missing for it."""

    id: str
    rule: str
    title: str
    reason: str


def build_findings(screen: CallScreen, identity: Identity) -> tuple[FindingView, ...]:
    """Return the violations and questions of the screening in force, the gravest first; reviewers' names stay inside."""
    if screen.screened is None:
        return ()
    return tuple(_view(found, screen, identity) for found in screen.screened.findings if found.outcome in FLAGGED)


def build_missing(screen: CallScreen) -> tuple[MissingView, ...]:
    """Return the rules that lack evidence, by name."""
    findings = screen.screened.findings if screen.screened else ()
    return tuple(
        MissingView(found.id, found.rule, find_rule_text(found.rule, _version(found.evidence)).title, found.reason)
        for found in sorted(findings, key=lambda found: found.rule)
        if found.outcome is Outcome.NEEDS_EVIDENCE
    )


def _view(finding: ScreenedFinding, screen: CallScreen, identity: Identity) -> FindingView:
    text = find_rule_text(finding.rule, _version(finding.evidence))
    return FindingView(
        id=finding.id,
        rule=finding.rule,
        title=text.title,
        question=text.question,
        reason=finding.reason,
        severity=str(finding.severity),
        severity_label=wording.SEVERITY_WORDS[finding.severity],
        outcome=str(finding.outcome),
        outcome_label=wording.OUTCOME_WORDS[finding.outcome],
        law=text.law,
        citations=finding.citations,
        version=_say_version(finding.evidence),
        at_stake=_say_stake(finding.evidence),
        quotes=_quotes(finding),
        facts=_facts(finding.evidence),
        in_force=_find_lone(finding.rule, screen, identity) or find_decision(finding.id, screen.reviews, identity),
    )


def _version(evidence: Mapping[str, Any]) -> int | None:
    version = (evidence.get("rule") or {}).get("version")
    return version if isinstance(version, int) else None


def _say_version(evidence: Mapping[str, Any]) -> str:
    """Return which version of rule and tables judged, so that the finding can be made again."""
    rule = evidence.get("rule")
    if not rule:
        return ""
    tables = ", ".join(f"{name.replace('_', ' ')} {version}" for name, version in sorted(rule.get("reference", {}).items()))
    return f"version {rule['version']} of rule set {rule['rule_set']}" + (f"; {tables}" if tables else "")


def _say_stake(evidence: Mapping[str, Any]) -> str:
    stake = evidence.get("at_stake_minor")
    if not stake:
        return ""
    least, most = (Money(int(stake[end]), stake["currency"]) for end in ("least", "most"))
    return f"{least} for this call" if least == most else f"{least} to {most} for this call"


def _find_lone(rule: str, screen: CallScreen, identity: Identity) -> DecisionInForce | None:
    """Return the decision outside a review, where that is the one that counts."""
    for decided in screen.decided_alone:
        if decided.rule == rule:
            return DecisionInForce(
                decision=str(decided.decision),
                label=wording.DECISION_WORDS[decided.decision][1],
                reason="" if identity.is_outside else decided.reason,
                by="the network" if identity.is_outside else decided.by,
            )
    return None


def find_decision(finding_id: str, reviews: Sequence[ReviewFact], identity: Identity) -> DecisionInForce | None:
    """Return the decision on a finding that counts; reviews come in the order in which they count."""
    for review in (review for review in reviews if not review.is_undone):
        for vote in review.votes:
            if vote.finding_id == finding_id:
                return DecisionInForce(
                    decision=str(vote.decision),
                    label=wording.DECISION_WORDS[vote.decision][1],
                    reason="" if identity.is_outside else vote.reason,
                    by="the network" if identity.is_outside else review.reviewer,
                )
    return None


def _quotes(finding: ScreenedFinding) -> tuple[Quote, ...]:
    return tuple(
        Quote(
            speaker=wording.SPEAKER_WORDS[Speaker(hit["speaker"])],
            side=hit["speaker"],
            text=hit["quote"],
            start_s=hit["start_s"],
            end_s=hit["end_s"],
            clock=say_clock(hit["start_s"]),
            is_low_trust=hit.get("low_trust", False),
        )
        for hit in finding.evidence.get("hits", ())
    )


def _facts(evidence: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the evidence that has no place of its own on the page, as pairs a person can read."""
    told = ((name, _say_value(value)) for name, value in evidence.items() if name not in SHOWN_ELSEWHERE)
    return tuple((name.replace("_", " ").capitalize(), text) for name, text in told if text)


def _say_value(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        inner = ((name.replace("_", " "), _say_value(part)) for name, part in value.items())
        return "; ".join(f"{name} {text}" for name, text in inner if text)
    if isinstance(value, list | tuple):
        return ", ".join(text for part in value if (text := _say_value(part)))
    return str(value)
