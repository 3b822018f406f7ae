"""Facts of calls for the tests of rules, and the answer of ``earshot screen`` to them as a dictionary by rule."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from app.compliance.case import Reference
from app.compliance.facts_json import parse_facts
from app.compliance.reference import load_reference
from app.compliance.rule_set import load_rule_set
from app.language.matching import PackSet, compile_packs
from app.language.packs import load_packs
from app.reports.screen import Screener

TRACKING = "+18335550100"
SELLER = "Acme Insurance LLC"

FULL_CONSENT: dict[str, Any] = {
    "written": True,
    "signed": True,
    "names_seller": True,
    "automated_calls": True,
    "conspicuous": True,
    "not_condition": True,
}


def outbound(number: str, at: str, **leg: Any) -> dict[str, Any]:
    """Return the facts of a live sales call placed to a consumer's number at a moment."""
    placed = {"seq": 1, "direction": "placed_to_consumer", "from": TRACKING, "to": number, "started_at": at, "voice": "live"}
    return {"call_id": "c1", "purpose": "telemarketing", "seller": SELLER, "transfer_type": "none", "legs": [{**placed, **leg}]}


def inbound(number: str, at: str, **leg: Any) -> dict[str, Any]:
    """Return the facts of a call that a consumer placed to a tracking number."""
    placed = {"seq": 1, "direction": "consumer_placed", "from": number, "to": TRACKING, "started_at": at, "voice": "live"}
    return {"call_id": "c1", "purpose": "telemarketing", "seller": SELLER, "transfer_type": "none", "legs": [{**placed, **leg}]}


def said(*lines: tuple[str, float, str]) -> list[dict[str, Any]]:
    """Return utterances from (speaker, start in seconds, text); each lasts as long as its words take, 0.35 s each."""
    return [
        {"speaker": who, "start_s": start_s, "end_s": start_s + 0.35 * len(text.split()), "text": text}
        for who, start_s, text in lines
    ]


def consent(number: str, given_at: str, **more: Any) -> dict[str, Any]:
    """Return a consent with every element proved."""
    return {"elements": {**FULL_CONSENT, "number": number}, "given_at": given_at, "oral": False, **more}


def screened(facts: dict[str, Any], *, as_of: str | None = None, reference: Reference | None = None) -> dict[str, Any]:
    """Return every finding by rule, passes and rules that do not apply included."""
    screener = Screener(
        rules=load_rule_set(),
        packs=_packs(),
        reference=reference or load_reference(),
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        tells_all=True,
    )
    return {finding["rule"]: finding for finding in screener.screen(parse_facts(facts))["findings"]}


def outcome_of(facts: dict[str, Any], rule: str, **options: Any) -> str:
    """Return what one rule says; ``absent`` when it gave no finding at all."""
    found = screened(facts, **options).get(rule)
    return str(found["outcome"]) if found else "absent"


@cache
def _packs() -> PackSet:
    return compile_packs(load_packs())
