from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.compliance import engine
from app.compliance.case import build_case, find_consumer_number, find_origin
from app.compliance.engine import Judgement, evaluate, function_names
from app.compliance.facts import Facts, Leg
from app.compliance.finding import FindingValue
from app.compliance.rule_set import Rule, RuleSet, load_rule_set, make_rule_set
from app.errors import InvalidInput
from app.vocabulary import Authority, LegDirection, Outcome, Purpose, RuleStatus, Severity, TransferType

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
ROW = {
    "id": "X-1",
    "version": 1,
    "title": "A rule",
    "citations": ["1 CFR 1"],
    "authority": "fcc_rule",
    "severity": "high",
    "function": "origin_leg",
}


def leg(seq: int, direction: LegDirection, at: datetime | None = AT) -> Leg:
    return Leg(seq=seq, direction=direction, from_number="+12125550123", to_number="+18335550100", started_at=at)


def a_rule(**change: object) -> Rule:
    rule = Rule("X-1", 1, "A rule", "Is it?", ("1 CFR 1",), Authority.FCC_RULE, "origin_leg", Severity.HIGH)
    return replace(rule, **change)  # type: ignore[arg-type]


def judged(monkeypatch: pytest.MonkeyPatch, *said: Judgement, **change: object) -> tuple[FindingValue, ...]:
    monkeypatch.setitem(engine._FUNCTIONS, "told", lambda case, rule: said)
    case = build_case(Facts(legs=(leg(1, LegDirection.PLACED_TO_CONSUMER),)))
    return evaluate(case, RuleSet((a_rule(function="told", **change),), "v"))


def test_the_origin_is_the_first_leg_that_touches_the_consumer() -> None:
    inner, origin = leg(1, LegDirection.INTERNAL_TRANSFER), leg(2, LegDirection.PLACED_TO_CONSUMER)
    assert find_origin([leg(3, LegDirection.CONSUMER_PLACED), origin, inner]) == origin


def test_the_consumer_is_who_dialled_or_was_dialled() -> None:
    assert find_consumer_number(leg(1, LegDirection.CONSUMER_PLACED)) == "+12125550123"
    assert find_consumer_number(leg(1, LegDirection.PLACED_TO_CONSUMER)) == "+18335550100"
    assert find_consumer_number(None) is None


def test_a_transferred_call_without_origin_leg_needs_evidence() -> None:
    case = build_case(Facts(transfer_type=TransferType.WARM, purpose=Purpose.TELEMARKETING))
    found = {finding.rule: finding.outcome for finding in evaluate(case, load_rule_set())}
    assert found["EVID-ORIGIN-LEG-MISSING"] is Outcome.NEEDS_EVIDENCE
    assert case.is_outbound is None


def test_the_heaviest_of_two_judgements_stands_and_the_other_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = judged(monkeypatch, Judgement(Outcome.NEEDS_EVIDENCE, "who knows"), Judgement(Outcome.REVIEW, "looks odd"))
    assert (found.outcome, found.reason) == (Outcome.REVIEW, "looks odd")
    assert found.evidence["notes"] == [{"outcome": "needs_evidence", "reason": "who knows"}]


def test_a_reading_of_low_confidence_never_gives_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = judged(monkeypatch, Judgement(Outcome.VIOLATION, "out of hours"), confidence="low")
    assert found.outcome is Outcome.REVIEW
    assert "held_back" in found.evidence


def test_each_state_of_a_rule_is_a_finding_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [Judgement(Outcome.VIOLATION, "FL", rule="X-1-FL"), Judgement(Outcome.PASS, "TX", rule="X-1-TX")]
    assert [found.rule for found in judged(monkeypatch, *said)] == ["X-1-FL", "X-1-TX"]


def test_a_stayed_rule_says_that_it_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = judged(monkeypatch, Judgement(Outcome.VIOLATION, "revoked"), status=RuleStatus.STAYED)
    assert (found.outcome, "stayed" in found.reason) == (Outcome.NOT_APPLICABLE, True)


@pytest.mark.parametrize(("day", "version"), [(date(2025, 12, 31), 1), (date(2026, 1, 1), 2), (date(2020, 1, 1), 1)])
def test_the_row_in_force_on_the_day_is_asked(day: date, version: int) -> None:
    old = a_rule(effective_from=date(2019, 1, 1), effective_to=date(2025, 12, 31))
    new = a_rule(version=2, effective_from=date(2026, 1, 1))
    assert [rule.version for rule in RuleSet((old, new), "v").on(day)] == [version]


def test_a_finding_names_the_versions_that_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = judged(monkeypatch, Judgement(Outcome.REVIEW, "odd"), stake_minor=(50_000, 150_000))
    assert found.evidence["rule"]["rule_set"] == "v"
    assert found.evidence["at_stake_minor"]["most"] == 150_000


def test_every_packaged_rule_names_a_function_that_exists() -> None:
    assert {rule.function for rule in load_rule_set().rules} - function_names() == set()


def test_a_rule_row_with_faults_is_refused_with_all_of_them_named() -> None:
    faulty = [{**ROW, "severity": "dreadful"}, {**ROW, "id": "X-2", "colour": "red"}, {"id": "X-3"}]
    with pytest.raises(InvalidInput) as told:
        make_rule_set([*faulty, {**ROW, "id": "X-4", "confidence": "sure"}])
    for part in ("X-1: 'dreadful'", "X-2: unknown field colour", "X-3: lacks version", "X-4: expected a confidence"):
        assert part in told.value.message


def test_the_same_version_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="X-1: version 1 stands twice"):
        make_rule_set([ROW, ROW])


def test_equal_rules_have_an_equal_name_whatever_their_order() -> None:
    other = {**ROW, "id": "X-2"}
    assert make_rule_set([ROW, other]).version == make_rule_set([other, ROW]).version
    assert make_rule_set([ROW]).version != make_rule_set([{**ROW, "severity": "low"}]).version
