"""A finding shows its law, versions and money; missing evidence stands apart; outside parties hear nothing of other calls."""

from dataclasses import replace
from typing import Any

from app.compliance.rule_texts import find_rule_text, list_rule_ids
from app.review.presenters.findings import build_findings, build_missing
from app.review.redacted import redact_screen
from app.review.screen import ScreenedFinding
from app.vocabulary import Outcome, Severity
from tests.unit.review.test_presenters import NETWORK, PUBLISHER, make_screen

VERSIONS = {"version": 1, "rule_set": "0123abcd", "reference": {"state_rules": "2026.11"}}


def finding(rule: str, outcome: Outcome, /, **evidence: Any) -> ScreenedFinding:
    return ScreenedFinding(f"F-{rule}", rule, outcome, Severity.HIGH, "A plain sentence.", ("47 CFR",), evidence, None)


def screen_of(*findings: ScreenedFinding) -> Any:
    screen = make_screen()
    assert screen.screened is not None
    return replace(screen, screened=replace(screen.screened, findings=findings))


def test_a_finding_shows_outcome_law_versions_and_money() -> None:
    stake = {"least": 50_000, "most": 150_000, "currency": "USD"}
    shown = finding("TCPA-HOURS", Outcome.VIOLATION, rule=VERSIONS, at_stake_minor=stake, local={"time": "20:01", "zone": None})
    [view] = build_findings(screen_of(shown), NETWORK)
    assert (view.outcome, view.outcome_label) == ("violation", "Violation")
    assert view.law == find_rule_text("TCPA-HOURS").law != ""
    assert view.version == "version 1 of rule set 0123abcd; state rules 2026.11"
    assert view.at_stake == "$500.00 to $1,500.00 for this call"
    assert view.facts == (("Local", "time 20:01"),)


def test_missing_evidence_stands_apart_from_what_a_reviewer_decides() -> None:
    missing = [finding(rule, Outcome.NEEDS_EVIDENCE) for rule in ("DNC-NATIONAL", "A-B")]
    screen = screen_of(*missing, finding("CHAN-DECLARED", Outcome.REVIEW))
    assert [view.rule for view in build_findings(screen, NETWORK)] == ["CHAN-DECLARED"]
    assert [(view.rule, view.title) for view in build_missing(screen)] == [
        ("A-B", "A-B"),
        ("DNC-NATIONAL", find_rule_text("DNC-NATIONAL").title),
    ]


def test_outside_parties_are_told_nothing_of_other_calls() -> None:
    shown = finding("QUAL-DUPE", Outcome.VIOLATION, window_days=30, earlier=["2026-11-01T15:00:00+00:00"])
    screen = screen_of(shown)
    inside, outside = (redact_screen(screen, who).screened.findings[0].evidence for who in (NETWORK, PUBLISHER))
    assert inside == shown.evidence
    assert outside == {"window_days": 30}


def test_a_state_is_no_part_of_the_rules_title() -> None:
    assert find_rule_text("STATE-HOURS-FL") == find_rule_text("STATE-HOURS")
    assert "STATE-HOURS" in list_rule_ids()
    assert find_rule_text("GONE-RULE").title == "GONE-RULE"
