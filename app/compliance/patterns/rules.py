"""Which patterns are looked for, with which numbers? Rows of data like the rules of one call, in a file of their own.

They are kept apart because nobody may ask them of one call: one call that ends just past the billable second says nothing.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml

from app.compliance.rule_set import Rule, RuleSet, make_rule_set


@cache
def load_pattern_rules() -> RuleSet:
    """Return the packaged rules of patterns."""
    text = resources.files("app.compliance").joinpath("data/patterns/patterns.yaml").read_text("utf-8")
    return make_rule_set(yaml.safe_load(text)["rules"])


def get_pattern_rule(rule_id: str) -> Rule:
    """Return a rule of patterns by its id."""
    rule = load_pattern_rules().find(rule_id)
    if rule is None or rule.id != rule_id:
        raise KeyError(rule_id)
    return rule
