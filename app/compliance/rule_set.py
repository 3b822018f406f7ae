"""Which rules are there, in which versions? Rules are data: read from files, checked once, and looked up by id and day.

A rule says what the law or contract asks (title, question, citations, authority, dates, severity) and names the pure function
that tests it. The packaged rules are the files under ``data/rules``; a set made from drafts has the same shape.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from app.errors import InvalidInput
from app.vocabulary import Authority, RuleStatus, Severity

CONFIDENCES = ("high", "medium", "low")
"""How sure the reading of the law is. A low one never gives a violation by itself (ruling 4)."""

KEYS = frozenset(
    (
        *("id", "version", "title", "ask", "law", "citations", "authority", "status", "effective_from", "effective_to"),
        *("severity", "confidence", "function", "params", "stake_minor"),
    )
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule.

    ``id`` is the name findings carry; a rule that is judged state by state adds the state (``STATE-HOURS`` gives
    ``STATE-HOURS-FL``). ``stake_minor`` is the money at stake for one call in US cents, least and most, or None.
    """

    id: str
    version: int
    title: str
    ask: str
    citations: tuple[str, ...]
    authority: Authority
    function: str
    severity: Severity
    law: str = ""
    status: RuleStatus = RuleStatus.IN_FORCE
    effective_from: date = date.min
    effective_to: date | None = None
    confidence: str = "high"
    params: Mapping[str, Any] = field(default_factory=dict)
    stake_minor: tuple[int, int] | None = None

    def is_in_force(self, day: date) -> bool:
        """Tell whether the rule binds on a day; the last day counts."""
        return self.is_dated(day) and self.status is RuleStatus.IN_FORCE

    def is_dated(self, day: date) -> bool:
        """Tell whether a day lies between the row's dates, whether or not the rule binds."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of one version; ``version`` is made from their content, so equal rules have an equal name."""

    rules: tuple[Rule, ...]
    version: str

    def find(self, rule_id: str) -> Rule | None:
        """Return the newest version of a rule; a finding's state is not part of the rule's id."""
        rows = [rule for rule in self.rules if rule_id == rule.id or rule_id.startswith(f"{rule.id}-")]
        return max(rows, key=lambda rule: (len(rule.id), rule.effective_from, rule.version), default=None)

    def on(self, day: date) -> tuple[Rule, ...]:
        """Return, for each rule id, the row that holds on a day; of a rule that does not bind then, the nearest row."""
        chosen: dict[str, Rule] = {}
        for rule in self.rules:
            known = chosen.get(rule.id)
            if known is None or _fits_better(rule, known, day):
                chosen[rule.id] = rule
        return tuple(chosen.values())


def _fits_better(rule: Rule, known: Rule, day: date) -> bool:
    ranks = [(row.is_in_force(day), row.is_dated(day), row.effective_from, row.version) for row in (rule, known)]
    return ranks[0] > ranks[1]


@cache
def load_rule_set() -> RuleSet:
    """Return the packaged rules."""
    return make_rule_set(load_rule_rows())


def load_rule_rows() -> list[Mapping[str, Any]]:
    """Return the rows of the packaged rules as the files have them."""
    rows: list[Mapping[str, Any]] = []
    folder = resources.files("app.compliance").joinpath("data/rules")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            rows += yaml.safe_load(file.read_text("utf-8"))["rules"]
    return rows


def make_rule_set(rows: Sequence[Mapping[str, Any]]) -> RuleSet:
    """Return a checked set of rules.

    Raises
    ------
    InvalidInput
        If a row lacks a field, has an unknown one or a value of the wrong kind, or two rows are the same version; the message
        names all of them.
    """
    errors: list[str] = []
    rules = [rule for row in rows if (rule := _read_rule(row, errors)) is not None]
    seen: set[tuple[str, int]] = set()
    for rule in rules:
        if (rule.id, rule.version) in seen:
            errors.append(f"{rule.id}: version {rule.version} stands twice")
        seen.add((rule.id, rule.version))
    if errors:
        raise InvalidInput("rules: " + "; ".join(errors), errors=errors)
    return RuleSet(tuple(rules), _name(rows))


def _read_rule(row: Mapping[str, Any], errors: list[str]) -> Rule | None:
    name = str(row.get("id", "a rule without id"))
    unknown, missing = set(row) - KEYS, {"id", "version", "title", "citations", "authority", "function", "severity"} - set(row)
    if unknown or missing:
        errors += [f"{name}: unknown field {key}" for key in sorted(unknown)]
        errors += [f"{name}: lacks {key}" for key in sorted(missing)]
        return None
    try:
        stake = row.get("stake_minor")
        rule = Rule(
            id=name,
            version=int(row["version"]),
            title=str(row["title"]),
            ask=str(row.get("ask") or row["title"]),
            law=str(row.get("law", "")),
            citations=_texts(row["citations"]),
            authority=Authority(row["authority"]),
            status=RuleStatus(row.get("status", "in_force")),
            effective_from=row.get("effective_from") or date.min,
            effective_to=row.get("effective_to"),
            severity=Severity(row["severity"]),
            confidence=str(row.get("confidence", "high")),
            function=str(row["function"]),
            params=dict(row.get("params") or {}),
            stake_minor=(int(stake[0]), int(stake[1])) if stake else None,
        )
    except (ValueError, TypeError, KeyError, IndexError) as error:
        errors.append(f"{name}: {error}")
        return None
    if rule.confidence not in CONFIDENCES:
        errors.append(f"{name}: expected a confidence of {', '.join(CONFIDENCES)}, got {rule.confidence!r}")
    if not all(isinstance(day, date | None) for day in (rule.effective_from, rule.effective_to)):
        errors.append(f"{name}: expected days such as 2026-01-01 in effective_from and effective_to")
    return rule


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)


def _name(rows: Iterable[Mapping[str, Any]]) -> str:
    # Fields in order of their names: a row that lay in a database comes back in another order and is the same row.
    ordered = sorted((dict(row) for row in rows), key=lambda row: (row["id"], row["version"]))
    content = json.dumps(ordered, default=str, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
