"""What is in an edition, what does a draft make of it, and what differs between two? Plain values; nothing is stored here.

An edition is whole: every rule row and the whole document of phrase packs, so that a call can be judged by it years later
whatever a newer release ships. It is named by the hash of its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from app.compliance.editions.parameters import find_parameter_problems
from app.compliance.engine import function_names
from app.compliance.judge import Judge
from app.compliance.reference import load_reference
from app.compliance.rule_set import load_rule_rows, make_rule_set
from app.errors import InvalidInput
from app.language.matching import compile_packs
from app.language.packs import load_pack_document, name_packs, parse_packs
from app.models.base import canonical_json
from app.vocabulary import EditionPart

DAYS = ("effective_from", "effective_to")
DAY_PARAMS = ("business_days_from",)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one rule row or pack; ``content`` None takes it out. ``subject`` is ``PH-...`` or ``RULE-ID@version``."""

    part: EditionPart
    subject: str
    content: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule row or pack that two editions do not have alike; ``before`` None: it is new, ``after`` None: it is gone."""

    part: EditionPart
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields that differ."""
        before, after = self.before or {}, self.after or {}
        return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))


@dataclass(frozen=True, slots=True)
class EditionDocument:
    """All rule rows and the document of phrase packs, as JSON holds them: days are texts."""

    rules: tuple[Mapping[str, Any], ...]
    packs: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """Return the hash of the content, hex; the order of rows does not count."""
        return hashlib.sha256(canonical_json(self.to_json()).encode()).hexdigest()

    @property
    def rule_set(self) -> str:
        """Return the version of the rules, made from their content."""
        return make_rule_set(_with_days(self.rules)).version

    @property
    def packs_version(self) -> str:
        """Return the version of the phrase packs, made from their content."""
        return name_packs(self.packs)

    def to_json(self) -> dict[str, Any]:
        """Return the document as it is stored."""
        rules = sorted((dict(row) for row in self.rules), key=lambda row: (str(row.get("id")), str(row.get("version"))))
        return {"rules": rules, "packs": dict(self.packs)}

    def parts(self) -> dict[tuple[EditionPart, str], Mapping[str, Any]]:
        """Return every row and pack under its name."""
        rules = {(EditionPart.RULE, subject_of(row)): row for row in self.rules}
        return rules | {(EditionPart.PACK, str(pack["id"])): pack for pack in self.packs["packs"]}


def subject_of(row: Mapping[str, Any]) -> str:
    """Return the name of a rule row: its id and version."""
    return f"{row.get('id')}@{row.get('version')}"


def document_from_json(content: Mapping[str, Any]) -> EditionDocument:
    """Return a stored document."""
    return EditionDocument(tuple(content["rules"]), content["packs"])


@cache
def packaged_document() -> EditionDocument:
    """Return what ships with this release."""
    return EditionDocument(tuple(_as_json(row) for row in load_rule_rows()), _as_json(load_pack_document()))


def apply_changes(base: EditionDocument, changes: Iterable[Change]) -> EditionDocument:
    """Return what a draft makes of an edition; the packs' version number goes up by one when a pack changes."""
    parts, has_packs_changed = dict(base.parts()), False
    for change in changes:
        key = (change.part, change.subject)
        if change.content is None:
            parts.pop(key, None)
        else:
            parts[key] = change.content
        has_packs_changed |= change.part is EditionPart.PACK
    rules = tuple(row for (part, _), row in parts.items() if part is EditionPart.RULE)
    packs = {**base.packs, "packs": [pack for (part, _), pack in parts.items() if part is EditionPart.PACK]}
    if has_packs_changed:
        packs["version"] = int(base.packs["version"]) + 1
        packs["meant_together"] = _known_pairs(packs)
    return EditionDocument(rules, packs)


def compare(before: EditionDocument, after: EditionDocument) -> tuple[Difference, ...]:
    """Return every row and pack that differs, rules first, by name."""
    old, new = before.parts(), after.parts()
    names = sorted({*old, *new}, key=lambda name: (name[0] is not EditionPart.RULE, name[1]))
    return tuple(
        Difference(part, subject, old.get((part, subject)), new.get((part, subject)))
        for part, subject in names
        if old.get((part, subject)) != new.get((part, subject))
    )


def find_problems(document: EditionDocument) -> tuple[str, ...]:
    """Return what keeps the document from being used, one sentence each; nothing when it can be."""
    problems: list[str] = []
    try:
        rules = make_rule_set(_with_days(document.rules)).rules
    except InvalidInput as error:
        problems += error.details.get("errors") or [error.message]
        rules = ()
    known = function_names()
    problems += [f"{rule.id}: there is no function {rule.function!r}" for rule in rules if rule.function not in known]
    if rules:
        ids = _pack_ids(document.packs) | _pack_ids(packaged_document().packs)
        problems += [flaw for row in document.rules for flaw in find_parameter_problems(row, ids)]
    try:
        parse_packs(document.packs)
    except InvalidInput as error:
        problems += error.details.get("problems") or [error.message]
    return tuple(problems)


def build_judge(document: EditionDocument) -> Judge:
    """Return the judge of an edition. Raises InvalidInput naming everything that does not fit."""
    problems = find_problems(document)
    if problems:
        raise InvalidInput("The edition cannot be used: " + "; ".join(problems), problems=list(problems))
    rules = make_rule_set(_with_days(document.rules))
    return Judge(rules, compile_packs(parse_packs(document.packs)), load_reference(), document.packs_version)


def _pack_ids(packs: Mapping[str, Any]) -> frozenset[str]:
    listed = packs.get("packs")
    return (
        frozenset(str(pack.get("id")) for pack in listed if isinstance(pack, Mapping))
        if isinstance(listed, list)
        else frozenset()
    )


def _with_days(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with days as days: JSON has them as text, and the functions of rules count with them."""
    dated = [{name: _as_day(value) if name in DAYS else value for name, value in row.items()} for row in rows]
    for row in dated:
        if isinstance(row.get("params"), Mapping):
            row["params"] = {name: _as_day(value) if name in DAY_PARAMS else value for name, value in row["params"].items()}
    return dated


def _as_day(value: Any) -> Any:
    """Return a text such as 2026-01-31 as a day; anything else is left for the check of the rules to name."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _known_pairs(packs: Mapping[str, Any]) -> list[Any]:
    ids = {pack.get("id") for pack in packs["packs"]}
    return [pair for pair in packs.get("meant_together") or [] if set(pair) <= ids]
