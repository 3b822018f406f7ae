"""What does each rule say of a call? Facts in, findings out: no clock, no files, no database.

Every rule of the set is asked in the row that is in force at the start of the origin leg. A rule function gets the case and its
row and answers with judgements; the engine keeps one per rule (the heaviest, the others as notes), adds which versions judged,
and never lets a reading of low confidence give a violation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from app.compliance.case import Case
from app.compliance.finding import FindingValue
from app.compliance.rule_set import Rule, RuleSet
from app.errors import InvalidInput
from app.timeline import Span
from app.vocabulary import Outcome, RuleStatus, Severity

WEIGHT = {outcome: -at for at, outcome in enumerate(Outcome)}
"""The order in which outcomes win (ruling 9): violation, review, needs_evidence, pass, not_applicable."""

EASTERN = ZoneInfo("America/New_York")
"""Federal rules change on an Eastern day (ruling 18)."""

NOT_PRINTED = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule function says. ``rule`` names an instance such as STATE-HOURS-FL; None stands for the rule's own id,
    ``severity`` and ``citations`` None for the rule's own; ``span`` is where to listen first."""

    outcome: Outcome
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None
    rule: str | None = None
    citations: tuple[str, ...] | None = None
    span: Span | None = None


RuleFunction = Callable[[Case, Rule], Iterable[Judgement]]

_FUNCTIONS: dict[str, RuleFunction] = {}


def rule_function(name: str) -> Callable[[RuleFunction], RuleFunction]:
    """Register the function that rules name as ``function``."""

    def register(function: RuleFunction) -> RuleFunction:
        if name in _FUNCTIONS and _FUNCTIONS[name] is not function:
            raise AssertionError(f"two rule functions are called {name}")
        _FUNCTIONS[name] = function
        return function

    return register


def function_names() -> frozenset[str]:
    """Return the names that rules may give as ``function``."""
    _load_families()
    return frozenset(_FUNCTIONS)


def evaluate(case: Case, rules: RuleSet) -> tuple[FindingValue, ...]:
    """Return what every rule says of the call, the gravest first; passes and rules that do not apply are included.

    Raises
    ------
    InvalidInput
        If a rule names a function that does not exist.
    """
    _load_families()
    day = day_of(case)
    findings: dict[str, list[FindingValue]] = {}
    for rule in rules.on(day):
        for judgement in _ask(case, rule, day):
            finding = _finding(case, rule, judgement, rules.version)
            findings.setdefault(finding.rule, []).append(finding)
    kept = [_heaviest(said) for said in findings.values()]
    return tuple(sorted(kept, key=_order))


def worth_telling(findings: Iterable[FindingValue]) -> tuple[FindingValue, ...]:
    """Return the findings a person has to look at."""
    return tuple(finding for finding in findings if finding.outcome not in NOT_PRINTED)


def day_of(case: Case) -> date:
    """Return the Eastern day of the origin leg's start, or of the first known start; without any, today is not guessed at:
    the newest rows hold."""
    starts = [leg.started_at for leg in case.facts.legs if leg.started_at]
    at = case.at or (min(starts) if starts else None)
    return at.astimezone(EASTERN).date() if at else date.max


def gate(case: Case) -> Judgement | None:
    """Return why a rule on sales calls placed to consumers says nothing of this call; None when it has to be judged."""
    if case.is_outbound is False:
        return Judgement(Outcome.NOT_APPLICABLE, "The consumer placed the call.")
    if case.is_sales is False:
        return Judgement(Outcome.NOT_APPLICABLE, f"The call's purpose is {case.facts.purpose}, not a sale.")
    if case.is_outbound is None:
        return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says who placed the first leg of the call.", {"missing": ["legs"]})
    if case.is_sales is None:
        return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says what the call was for.", {"missing": ["purpose"]})
    return None


def timed_gate(case: Case) -> Judgement | None:
    """Return the same as :func:`gate`, and ask for the moment of the call, for rules that measure time from it."""
    if (why := gate(case)) is not None:
        return why
    if case.at is None:
        return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says when the call was placed.", {"missing": ["started_at"]})
    return None


def _ask(case: Case, rule: Rule, day: date) -> Sequence[Judgement]:
    if not rule.is_in_force(day):
        said = f"{rule.title}: not in force on the day of the call"
        if rule.status is not RuleStatus.IN_FORCE:
            said += f" ({rule.status})"
        return [Judgement(Outcome.NOT_APPLICABLE, said + ".")]
    function = _FUNCTIONS.get(rule.function)
    if function is None:
        raise InvalidInput(f"rule {rule.id} names the function {rule.function!r}, which does not exist", rule=rule.id)
    return tuple(function(case, rule))


def _finding(case: Case, rule: Rule, said: Judgement, version: str) -> FindingValue:
    outcome, evidence = said.outcome, dict(said.evidence)
    if outcome is Outcome.VIOLATION and rule.confidence == "low":
        outcome = Outcome.REVIEW
        evidence["held_back"] = "the reading of this rule is of low confidence; a person decides"
    evidence["rule"] = {
        "version": rule.version,
        "rule_set": version,
        "authority": str(rule.authority),
        "confidence": rule.confidence,
        "reference": dict(case.reference.versions),
    }
    if rule.stake_minor and outcome not in NOT_PRINTED:
        evidence["at_stake_minor"] = {"least": rule.stake_minor[0], "most": rule.stake_minor[1], "currency": "USD"}
    return FindingValue(
        rule=said.rule or rule.id,
        outcome=outcome,
        severity=said.severity or rule.severity,
        reason=said.reason,
        citations=said.citations or rule.citations,
        evidence=evidence,
        span=said.span,
    )


def _heaviest(said: Sequence[FindingValue]) -> FindingValue:
    """Return the heaviest judgement of one rule; what the others said stays beside it as notes."""
    ordered = sorted(said, key=lambda finding: (WEIGHT[finding.outcome], finding.severity.rank), reverse=True)
    first, others = ordered[0], ordered[1:]
    if not others:
        return first
    notes = [{"outcome": str(other.outcome), "reason": other.reason} for other in others]
    return replace(first, evidence={**first.evidence, "notes": notes})


def _order(finding: FindingValue) -> tuple[int, int, str]:
    return (-WEIGHT[finding.outcome], -finding.severity.rank, finding.rule)


def _load_families() -> None:
    """Import every family of rules once; each registers its functions."""
    from app.compliance import rules

    rules.load()
