"""Is enough known of the call to judge it at all?"""

from __future__ import annotations

from collections.abc import Iterable

from app.compliance.case import Case
from app.compliance.engine import Judgement, rule_function
from app.compliance.rule_set import Rule
from app.vocabulary import Outcome


@rule_function("origin_leg")
def judge_origin_leg(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask for the origin leg of a call that was handed over: every rule on who was called, and when, hangs on it."""
    if case.lacks_origin:
        evidence = {"transfer_type": str(case.facts.transfer_type), "missing": ["the leg that touched the consumer first"]}
        yield Judgement(Outcome.NEEDS_EVIDENCE, "The call was transferred and nobody says where it came from.", evidence)
    elif case.origin is not None:
        yield Judgement(Outcome.PASS, "The first leg that touched the consumer is known.", {"leg": case.origin.seq})
    else:
        yield Judgement(Outcome.NOT_APPLICABLE, "The call is not known to have been transferred.")
