"""What is a rule called, in plain words, what does it say, and what should a reviewer ask? Reads the packaged rules."""

from dataclasses import dataclass

from app.compliance.rule_set import load_rule_set


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule's title, the question a reviewer answers, and its law in plain words; empty where nobody wrote one."""

    title: str
    question: str
    law: str


def find_rule_text(rule: str, version: int | None = None) -> RuleText:
    """Return the texts of a finding's rule, in the version that judged where it is known and still there.

    A rule that is not in the set (any more) is shown under its own id.
    """
    rules = load_rule_set()
    found = rules.find(rule)
    if found is None:
        return RuleText(rule, "Does the evidence support this rule?", "")
    same = [row for row in rules.rules if row.id == found.id and row.version == version]
    row = same[0] if same else found
    return RuleText(row.title, row.ask, row.law)


def list_rule_ids() -> list[str]:
    """Return the ids of all rules, sorted; of a rule that is judged state by state, the part without the state."""
    return sorted({row.id for row in load_rule_set().rules})
