"""What may be set in a rule: everything that ships is described and fits, and what would stop a screening is refused."""

from datetime import date
from typing import Any

import pytest

from app.compliance.editions.document import build_judge, document_from_json, find_problems, packaged_document
from app.compliance.editions.parameters import find_parameter, find_parameter_problems, find_pattern_flaw, packs_named_by

PACKS = frozenset(pack["id"] for pack in packaged_document().packs["packs"])


def a_rule(rule_id: str, **params: Any) -> dict[str, Any]:
    row = dict(next(row for row in packaged_document().rules if row["id"] == rule_id))
    return row | {"params": {**row["params"], **params}}


def test_every_parameter_that_ships_is_told_in_plain_words_and_fits() -> None:
    rows = packaged_document().rules
    named = {(row["function"], name) for row in rows for name in row.get("params") or {}}
    assert [name for function, name in sorted(named) if find_parameter(function, name) is None] == []
    assert find_problems(packaged_document()) == ()


@pytest.mark.parametrize(
    ("rule", "params", "said"),
    [
        ("FRAUD-REPEAT", {"days": "abc"}, "expected a whole number"),
        ("FRAUD-REPEAT", {"days": True}, "expected a whole number"),
        ("FRAUD-REPEAT", {"most_calls": 0}, "from 1"),
        ("FRAUD-REPEAT", {"weeks": 2}, "reads no such parameter"),
        ("CLAIM-HEALTH", {"one": "guilty"}, "expected one of violation"),
        ("CLAIM-HEALTH", {"packs": ["PH-NEVER-THERE"]}, "no phrase pack PH-NEVER-THERE"),
        ("CLAIM-HEALTH", {"packs": "PH-CLAIM-HEALTH"}, "expected a list"),
        ("CHAN-SPEECH-SMS", {"channels": ["offline.pigeon"]}, "expected words among"),
        ("DNC-STATE", {"states": ["Florida"]}, "two capital letters"),
        ("DNC-STATE-EBR", {"months": {"PA": "a year"}}, "PA: expected a number"),
        ("DNC-STATE-EBR", {"months": {"Penn": 12}}, "two capital letters"),
        ("STATE-AUTODIAL", {"states": {"FL": "awful"}}, "expected words among info"),
        ("STATE-HOURS", {"exempt": {"UT": {"express_consent": "yes"}}}, "true or false"),
        ("STATE-HOURS", {"exempt": ["UT"]}, "expected names with values"),
        ("DNC-INTERNAL-10BD", {"business_days_from": "soon"}, "expected a day"),
        ("TSR-DISCLOSE-OUTBOUND", {"required": {"PH-NOT": "who"}}, "no phrase pack PH-NOT"),
        ("TSR-DEBT-ADVANCE-FEE", {"says": "(fee+)+"}, "keep the search busy"),
        ("TCPA-AI-VOICE", {"least_score": float("nan")}, "expected a number"),
    ],
)
def test_a_parameter_that_would_stop_a_screening_is_refused(rule: str, params: dict[str, Any], said: str) -> None:
    problems = find_parameter_problems(a_rule(rule, **params), PACKS)
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].startswith(f"{rule}: {next(iter(params))}: ")


def test_a_parameter_that_the_function_needs_may_not_be_left_out() -> None:
    row = a_rule("FRAUD-REPEAT")
    del row["params"]["days"]
    assert find_parameter_problems(row, PACKS) == ["FRAUD-REPEAT: days: the function repeat_caller needs it"]


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+", r"(\w+\s)+", "(?:a?){30}", "(a{0,12}){12}", r"(a)\1", "(", ""]
)
def test_a_pattern_that_could_hang_is_refused(pattern: str) -> None:
    assert find_pattern_flaw(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\bfees?\b.{0,40}\bdue\b", "(up[- ]?front|in advance) fee", "no (any |more ){0,4}fee", r"a\s*b"]
)
def test_a_plain_pattern_is_taken(pattern: str) -> None:
    assert find_pattern_flaw(pattern) == ""


def test_days_that_were_kept_as_text_are_days_again_for_the_function() -> None:
    kept = packaged_document().to_json()
    kept["packs"]["packs"] = kept["packs"]["packs"][:-1]
    judge = build_judge(document_from_json(kept))
    rule = judge.rules.find("DNC-INTERNAL-10BD")
    assert rule is not None
    assert rule.params["business_days_from"] == date(2025, 4, 11)


def test_packs_are_found_wherever_parameters_name_them() -> None:
    assert packs_named_by(a_rule("TSR-DISCLOSE-OUTBOUND")) == ("PH-ID-PURPOSE-DISGUISED", "PH-ID-CALLER", "PH-ID-PURPOSE")
    assert packs_named_by(a_rule("TCPA-ID-LIVE")) == ("PH-ID-CALLER",)
