"""What may a finding tell of a call in which numbers of people were given away? The same, with the numbers masked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.compliance.finding import FindingValue
from app.language.redact_text import MASK, holds_number
from app.language.sensitive import SensitiveSpan
from app.timeline import Span

_QUOTED = re.compile(r"“[^”]*”")
REACH_S = 2.0
QUOTES = {"hits": "quote", "quotes": "text"}
"""Evidence that quotes, and where each quote stands in it; a quote without an end may lie near any number."""

FREE_TEXTS = frozenset({"opening", "text", "said"})
"""Evidence that holds what was said at some length, wherever in the call."""


def mask_finding(finding: FindingValue, sensitive: Sequence[SensitiveSpan]) -> FindingValue:
    """Return a finding for a report that leaves the house."""
    reason, evidence = mask_told(finding.reason, finding.evidence, sensitive)
    return replace(finding, reason=reason, evidence=evidence)


def mask_told(reason: str, evidence: Mapping[str, Any], sensitive: Sequence[SensitiveSpan]) -> tuple[str, dict[str, Any]]:
    """Return reason and evidence with the numbers masked in quotes near a number that was given away, and in longer texts."""
    masked = dict(evidence)
    if not sensitive:
        return reason, masked
    for name in FREE_TEXTS & masked.keys():
        if isinstance(masked[name], str):
            masked[name] = _mask(masked[name])
    for name, part in QUOTES.items():
        quotes = [dict(quote) for quote in evidence.get(name, ())]
        near = [quote for quote in quotes if _is_near(quote, sensitive)]
        for quote in near:
            quote[part] = _mask(str(quote.get(part, "")))
        if near:
            masked[name] = quotes
            reason = _QUOTED.sub(lambda quote: _mask(quote[0]), reason)
    return reason, masked


def mask_quotes(text: str) -> str:
    """Return a text with every number in its “quotes” masked, near a number that was given away or not."""
    return _QUOTED.sub(lambda quote: _mask(quote[0]), text)


def mask_words(text: str) -> str:
    """Return what was said with every number masked."""
    return _mask(text)


def _is_near(hit: Mapping[str, Any], sensitive: Sequence[SensitiveSpan]) -> bool:
    start_s, end_s = hit.get("start_s"), hit.get("end_s")
    if start_s is None or end_s is None:
        return True
    reach = Span(max(0.0, start_s - REACH_S), end_s + REACH_S)
    return any(reach.overlaps(item.span) for item in sensitive)


def _mask(text: str) -> str:
    return " ".join(MASK if holds_number(token.strip("“”.,?!")) else token for token in text.split(" "))
