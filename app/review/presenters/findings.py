"""What was found, and what did people say of it? Findings with their rule in plain words, their quotes and decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.access.identity import Identity
from app.compliance.rule_titles import find_rule_title
from app.review import wording
from app.review.screen import CallScreen, ReviewFact, ScreenedFinding
from app.review.wording import say_clock
from app.vocabulary import Speaker


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
    outcome_label: str
    citations: tuple[str, ...]
    quotes: tuple[Quote, ...]
    facts: tuple[tuple[str, str], ...]
    in_force: DecisionInForce | None


def build_findings(screen: CallScreen, identity: Identity) -> tuple[FindingView, ...]:
    """Return the findings of the screening in force, the gravest first; names of reviewers stay inside the network."""
    if screen.screened is None:
        return ()
    return tuple(_view(finding, screen.reviews, identity) for finding in screen.screened.findings)


def _view(finding: ScreenedFinding, reviews: Sequence[ReviewFact], identity: Identity) -> FindingView:
    title = find_rule_title(finding.rule)
    return FindingView(
        id=finding.id,
        rule=finding.rule,
        title=title.title,
        question=title.question,
        reason=finding.reason,
        severity=str(finding.severity),
        severity_label=wording.SEVERITY_WORDS[finding.severity],
        outcome_label=wording.OUTCOME_WORDS[finding.outcome],
        citations=finding.citations,
        quotes=_quotes(finding),
        facts=_facts(finding.evidence),
        in_force=find_decision(finding.id, reviews, identity),
    )


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
    """Return the evidence that is not a quote, as pairs a person can read."""
    return tuple(
        (name.replace("_", " ").capitalize(), ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in evidence.items()
        if name != "hits" and value is not None
    )
