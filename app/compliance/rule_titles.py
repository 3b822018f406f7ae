"""What is a rule called, in plain words, and what should a reviewer ask? Reads the packaged list of rules."""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml


@dataclass(frozen=True, slots=True)
class RuleTitle:
    """A rule's id, its title, the question a reviewer answers, and where the rule comes from."""

    rule: str
    title: str
    question: str
    sources: tuple[str, ...]


@cache
def load_rule_titles() -> dict[str, RuleTitle]:
    """Return every rule by its id."""
    data = yaml.safe_load(resources.files("app.compliance").joinpath("data/rules.yaml").read_text("utf-8"))
    return {
        rule: RuleTitle(rule, text["title"], text["ask"], tuple(str(source) for source in text["source"]))
        for rule, text in data["rules"].items()
    }


def find_rule_title(rule: str) -> RuleTitle:
    """Return the title of a rule; a rule that is not listed is shown under its own id."""
    return load_rule_titles().get(rule) or RuleTitle(rule, rule, "Does the quote support this rule?", ())
