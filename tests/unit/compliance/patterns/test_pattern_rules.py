"""The rules of patterns are data, documented, and never asked of one call."""

from pathlib import Path

import pytest

from app.compliance.patterns.rules import get_pattern_rule, load_pattern_rules
from app.compliance.rule_set import load_rule_set

DOCS = Path(__file__).parents[4] / "docs"


def test_every_rule_of_patterns_stands_in_the_list_of_rules() -> None:
    text = (DOCS / "rules.md").read_text("utf-8")
    assert [rule.id for rule in load_pattern_rules().rules if f"`{rule.id}`" not in text] == []


def test_no_rule_of_patterns_is_asked_of_one_call() -> None:
    asked = {rule.id for rule in load_rule_set().rules}
    assert asked.isdisjoint(rule.id for rule in load_pattern_rules().rules)
    assert all(load_rule_set().find(rule.id) is None for rule in load_pattern_rules().rules)


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(KeyError):
        get_pattern_rule("TSR-ASSIST-NONE")
