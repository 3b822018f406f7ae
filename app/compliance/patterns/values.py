"""What is compared, and what is told: rows of counts going in, patterns coming out.

The rows hold counts over a window and no calls, so a million calls are as quick to judge as a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.vocabulary import Severity

BUCKET_S = 5
BUCKETS_EACH_SIDE = 12
"""Durations are counted in steps of five seconds, from a minute before the billable second to a minute past it."""


class SubjectKind(StrEnum):
    """Whose calls were looked at together."""

    SOURCE = "source"
    PUBLISHER = "publisher"
    ADVERTISER = "advertiser"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """Whose calls were looked at; ``party_id`` is the publisher of a source, and the party itself otherwise."""

    kind: SubjectKind
    id: str
    name: str
    party_id: str
    party_name: str

    def __str__(self) -> str:
        return f"{self.name} of {self.party_name}" if self.kind is SubjectKind.SOURCE else self.name


@dataclass(frozen=True, slots=True)
class Durations:
    """How far from the billable second one subject's calls ended.

    ``before`` and ``past`` count calls in steps of :data:`BUCKET_S`, each from its far end in order of time: the last of
    ``before`` ended just short of the billable second, the first of ``past`` on it or just past it. ``beyond`` lasted longer.
    """

    subject: Subject
    before: tuple[int, ...]
    past: tuple[int, ...]
    beyond: int
    cut_by_agent: int = 0  # of the calls that ended within 10 s before, those that the agent's side ended
    ended_by_caller: int = 0  # of the calls that ended within 10 s past, those that the caller ended

    def count_past(self, near_s: int) -> tuple[int, int]:
        """Return how many calls reached the billable second, and how many of them ended within ``near_s`` of it."""
        return sum(self.past) + self.beyond, sum(self.past[: near_s // BUCKET_S])

    def count_before(self, near_s: int) -> tuple[int, int]:
        """Return how many calls came within ``near_s`` of the billable second or past it, and how many ended before it."""
        near = sum(self.before[len(self.before) - near_s // BUCKET_S :])
        return near + sum(self.past) + self.beyond, near


@dataclass(frozen=True, slots=True)
class OpenFindings:
    """Critical findings on a publisher's calls that nobody has decided about for some days."""

    subject: Subject
    findings: int
    calls: int
    oldest_at: datetime
    rules: tuple[tuple[str, int], ...]  # the rule and how many, the most frequent first


@dataclass(frozen=True, slots=True)
class CertificateUse:
    """One certificate of consent and what it was used for; no subject: its consents name no source known here."""

    certificate: str
    numbers: int
    sellers: int
    consents: int
    subject: Subject | None


@dataclass(frozen=True, slots=True)
class Denials:
    """Calls of a source in which the caller denied ever having agreed, refused findings left out."""

    subject: Subject
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What many calls say together: whose they are, one sentence, the counts behind it, and some of the calls."""

    rule: str
    title: str
    severity: Severity
    subject: Subject | None
    sentence: str
    evidence: dict[str, Any]
    citations: tuple[str, ...]
    call_ids: tuple[str, ...] = ()
    durations: Durations | None = field(default=None, compare=False)
    peers: Durations | None = field(default=None, compare=False)


def add_up(subject: Subject, rows: Sequence[Durations]) -> Durations:
    """Return the durations of several subjects as one."""
    return Durations(
        subject,
        tuple(sum(row.before[i] for row in rows) for i in range(BUCKETS_EACH_SIDE)),
        tuple(sum(row.past[i] for row in rows) for i in range(BUCKETS_EACH_SIDE)),
        sum(row.beyond for row in rows),
        sum(row.cut_by_agent for row in rows),
        sum(row.ended_by_caller for row in rows),
    )
