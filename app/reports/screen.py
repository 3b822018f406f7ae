"""What does ``earshot screen`` say of a call, from its facts alone? Parses, spots phrases, asks the rules, answers as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.compliance.case import Reference
from app.compliance.engine import worth_telling
from app.compliance.facts import Facts
from app.compliance.facts_json import parse_facts
from app.compliance.judge import Judge
from app.compliance.masking import mask_finding
from app.compliance.rule_set import RuleSet
from app.errors import InvalidInput
from app.language.matching import PackSet
from app.language.redact_text import redact_quote
from app.reports.analyze import finding_to_json, hit_to_json

LONGEST_LINE = 10_000_000
"""Characters of one line: a day of transcript is a tenth of it."""


@dataclass(frozen=True, slots=True)
class Screener:
    """The rules, packs and tables that calls are held against."""

    rules: RuleSet
    packs: PackSet
    reference: Reference
    as_of: datetime | None = None
    tells_all: bool = False

    def screen_line(self, line: str, *, item: str) -> dict[str, Any]:
        """Return the answer to one line of JSON.

        Raises
        ------
        InvalidInput
            If the line is no JSON object of facts; the message tells where.
        """
        if len(line) > LONGEST_LINE:
            raise InvalidInput(f"{item}: expected a line of at most {LONGEST_LINE} characters, got {len(line)}", item=item)
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{item}: expected a JSON object, got something else: {error}", item=item) from None
        return self.screen(parse_facts(data, item=_name(data, item)))

    def screen(self, facts: Facts) -> dict[str, Any]:
        """Return the answer to one call's facts."""
        judged = Judge(self.rules, self.packs, self.reference).judge(facts, as_of=self.as_of)
        told = judged.findings if self.tells_all else worth_telling(judged.findings)
        answer: dict[str, Any] = {
            "call_id": facts.call_id,
            "ruleset": self.rules.version,
            "findings": [finding_to_json(mask_finding(finding, judged.sensitive)) for finding in told],
        }
        if facts.utterances:
            answer["keywords"] = [hit_to_json(redact_quote(hit, judged.sensitive)) for hit in judged.hits]
        if facts.ignored_fields:
            answer["ignored_fields"] = list(facts.ignored_fields)
        return answer


def _name(data: Any, item: str) -> str:
    call_id = data.get("call_id") if isinstance(data, Mapping) else None
    return f"{item} (call {call_id})" if isinstance(call_id, str) else item
