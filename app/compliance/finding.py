"""What does one rule say of one call? The value that every way of screening hands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.timeline import Span
from app.vocabulary import Outcome, Severity

FLAGGED = frozenset({Outcome.VIOLATION, Outcome.REVIEW})
"""Outcomes that lists count and filter by; evidence that is missing stands on the call's own page."""


@dataclass(frozen=True, slots=True)
class FindingValue:
    """What one rule says of one call, with the evidence for it; ``span`` is where to listen first."""

    rule: str
    outcome: Outcome
    severity: Severity
    reason: str
    citations: tuple[str, ...]
    evidence: dict[str, Any]
    span: Span | None

    @property
    def is_flag(self) -> bool:
        """Tell whether lists count it."""
        return self.outcome in FLAGGED
