"""Does the Telemarketing Sales Rule cover this call? The gate before every rule of 16 CFR part 310.

A call placed to a consumer is covered. A call that the consumer placed is exempt when no advertising, or general advertising,
or direct mail brought it (310.6(b)(4)-(6)), except for some goods, among them debt relief, and technical support since
2025-01-09; a second product sold on any call is covered. Calls to businesses are exempt, except from the bans on
misrepresentation since 2024-05-16.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.compliance.case import Case

ALWAYS_COVERED = frozenset({"debt_relief"})
TECH_SUPPORT_FROM = date(2025, 1, 9)
B2B_MISREPRESENTATION_FROM = date(2024, 5, 16)

ADVERTISED = {
    "none": "no advertising brought the call (310.6(b)(4))",
    "general_media": "general advertising brought the call (310.6(b)(5))",
    "digital": "general advertising brought the call (310.6(b)(5))",
    "direct_mail": "direct mail brought the call (310.6(b)(6))",
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether the rule covers the call, and why; None: what would tell is not known."""

    is_covered: bool | None
    reason: str
    missing: tuple[str, ...] = ()


def tsr_coverage(case: Case, day: date, *, is_misrepresentation: bool = False) -> Coverage:
    """Return whether the Telemarketing Sales Rule covers a call on a day (Eastern)."""
    facts = case.facts
    if case.is_sales is False:
        return Coverage(False, f"the call's purpose is {facts.purpose}")
    if facts.is_b2b:
        return _to_business(day, is_misrepresentation=is_misrepresentation)
    if facts.is_upsell:
        return Coverage(True, "a second product was sold on the call")
    if case.is_outbound:
        return Coverage(True, "the call was placed to the consumer")
    if case.is_outbound is None:
        return Coverage(None, "nobody says who placed the call", ("legs",))
    return _inbound(facts.vertical, facts.ad_type, day)


def _to_business(day: date, *, is_misrepresentation: bool) -> Coverage:
    if is_misrepresentation and day >= B2B_MISREPRESENTATION_FROM:
        return Coverage(True, "the bans on misrepresentation cover calls to businesses since 2024-05-16")
    return Coverage(False, "the call was to a business (310.6(b)(7))")


def _inbound(vertical: str | None, ad_type: str | None, day: date) -> Coverage:
    if vertical in ALWAYS_COVERED and ad_type != "none":
        return Coverage(True, f"no exemption for {vertical}, whatever brought the call")
    if vertical == "tech_support" and ad_type != "none" and day >= TECH_SUPPORT_FROM:
        return Coverage(True, "calls to technical support are covered since 2025-01-09")
    if ad_type in ADVERTISED:
        return Coverage(False, ADVERTISED[ad_type])
    return Coverage(None, "nobody says what advertising brought the call", ("ad_type",))
