"""By when should a call be heard, and in which queue does it wait? Plain values in, an entry with its reasons out.

Every call gets a moment by which it should be heard. The graver its findings and the more money at stake, the sooner; the
queue is in that order, so that what waits long moves up by itself and nothing waits for ever. Sources share the first places:
each further waiting call of one source comes a little later.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.money import Money
from app.settings import Settings
from app.vocabulary import Authority, Outcome, QueueReason, ReviewQueue, Severity

CONTRACTUAL = frozenset({Authority.CONTRACT, Authority.POLICY, Authority.STANDARD})
"""Rules of these authorities are for the quality queue; all others bind by law."""

WAIT_HOURS = {
    (Outcome.VIOLATION, Severity.CRITICAL): 4.0,
    (Outcome.REVIEW, Severity.CRITICAL): 12.0,
    (Outcome.VIOLATION, Severity.HIGH): 12.0,
    (Outcome.REVIEW, Severity.HIGH): 24.0,
    (Outcome.VIOLATION, Severity.MEDIUM): 48.0,
    (Outcome.REVIEW, Severity.MEDIUM): 72.0,
}
"""ASSUMPTION: how long a finding may wait when no money hangs on it. A machine's flag is verified within a day in the trade."""

LIGHT_FINDING_HOURS = 96.0
SAMPLE_HOURS = 7 * 24.0
MONEY_UNIT_MINOR = 100_00
"""Ten times this amount halves the wait."""
FAIRNESS = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding nobody decided about yet, as the order needs it; money in US cents."""

    rule: str
    title: str
    outcome: Outcome
    severity: Severity
    authority: Authority
    stake_most_minor: int = 0

    @property
    def wait_hours(self) -> float:
        """Return how long it may wait when no money hangs on it."""
        return WAIT_HOURS.get((self.outcome, self.severity), LIGHT_FINDING_HOURS)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known of a call that may wait for a reviewer.

    ``calls_of_source`` counts the calls of its source that were screened before it, ``waiting_of_source`` those of its source
    that wait already.
    """

    call_id: str
    entered_at: datetime
    findings: tuple[OpenFinding, ...] = ()
    revenue_minor: int = 0
    calls_of_source: int = 0
    waiting_of_source: int = 0


@dataclass(frozen=True, slots=True)
class SamplingPolicy:
    """Which calls without a finding are heard all the same: the first of each source, and a share of the rest."""

    percent: float = 5.0
    first_of_source: int = 10
    seed: str = "earshot"


def sampling_of(settings: Settings) -> SamplingPolicy:
    """Return the policy that the settings ask for."""
    return SamplingPolicy(percent=settings.review_sample_percent, first_of_source=settings.review_first_of_source)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call waits, by when it should be heard, and why then."""

    queue: ReviewQueue
    why: QueueReason
    due_at: datetime
    money_minor: int
    parts: tuple[str, ...] = field(default=())


def find_place(call: Waiting, policy: SamplingPolicy) -> Place | None:
    """Return where a call waits; None when nobody has to hear it."""
    why = _reason(call, policy)
    if why is None:
        return None
    money_minor = call.revenue_minor + max((finding.stake_most_minor for finding in call.findings), default=0)
    gravest = min(call.findings, key=lambda finding: finding.wait_hours, default=None)
    hours = gravest.wait_hours if gravest else SAMPLE_HOURS
    parts = [_tell_reason(call, why, gravest, hours)]
    factor = 1.0 + math.log10(1.0 + money_minor / MONEY_UNIT_MINOR)
    if money_minor >= MONEY_UNIT_MINOR:
        parts.append(f"{Money(money_minor)} at stake: {factor:.1f} times as soon")
    later = FAIRNESS * call.waiting_of_source
    if later:
        parts.append(f"{call.waiting_of_source} of its source wait already: {_tell_span(later)} later")
    return Place(
        queue=_queue_of(call.findings),
        why=why,
        due_at=call.entered_at + timedelta(hours=hours / factor) + later,
        money_minor=money_minor,
        parts=tuple(parts),
    )


def is_sampled(call_id: str, policy: SamplingPolicy) -> bool:
    """Tell whether chance picks a call; the same call and seed always give the same answer, so nobody can try again."""
    drawn = int.from_bytes(hashlib.sha256(f"{policy.seed}:{call_id}".encode()).digest()[:8], "big") / 2**64
    return drawn * 100.0 < policy.percent


def _reason(call: Waiting, policy: SamplingPolicy) -> QueueReason | None:
    if call.findings:
        return QueueReason.FLAGGED
    if call.calls_of_source < policy.first_of_source:
        return QueueReason.NEW_SOURCE
    return QueueReason.SAMPLE if is_sampled(call.call_id, policy) else None


def _queue_of(findings: Sequence[OpenFinding]) -> ReviewQueue:
    is_law = any(finding.authority not in CONTRACTUAL for finding in findings)
    return ReviewQueue.COMPLIANCE if is_law else ReviewQueue.QUALITY


def _tell_reason(call: Waiting, why: QueueReason, gravest: OpenFinding | None, hours: float) -> str:
    if gravest is not None:
        others = len(call.findings) - 1
        more = f" and {others} more" if others else ""
        said = "violation" if gravest.outcome is Outcome.VIOLATION else "to review"
        return f"{gravest.title} ({gravest.severity} {said}){more}: within {_tell_span(timedelta(hours=hours))}"
    if why is QueueReason.NEW_SOURCE:
        return f"Call {call.calls_of_source + 1} of a new source: within {_tell_span(timedelta(hours=hours))}"
    return f"Drawn at random: within {_tell_span(timedelta(hours=hours))}"


def _tell_span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes / 60:g} h" if minutes < 72 * 60 else f"{minutes / 1440:g} days"
