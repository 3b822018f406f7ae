"""Which findings were asked for? Reads the query string, keeps what was typed, and says what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.compliance.findings.board import (
    FLAG_OUTCOMES,
    FindingFilters,
    FindingOrder,
    FindingStanding,
    read_position,
    rules_of_authority,
)
from app.errors import InvalidInput
from app.models.base import EPOCH
from app.money import parse_money
from app.vocabulary import Authority, Outcome, Severity

Word = TypeVar("Word", bound=StrEnum)
DEFAULT_DAYS = 30
LONGEST_TEXT = 100
AGES: Mapping[str, tuple[int, int | None]] = {"0-1": (0, 2), "2-7": (2, 8), "8-30": (8, 31), "over-30": (31, None)}
"""Groups of age: from how many days ago to how many, the second one exclusive."""
TOLD = (Outcome.VIOLATION, Outcome.REVIEW, Outcome.NEEDS_EVIDENCE)
FIELDS = (
    "rule", "family", "outcome", "severity", "authority", "state", "publisher", "advertiser", "campaign", "decision", "from",
    "to", "age", "least", "order",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedFindings:
    """What was asked for; ``authority`` still has to be looked up, ``typed`` is the query string's part."""

    filters: FindingFilters
    authority: Authority | None
    typed: Mapping[str, str]
    problems: Mapping[str, str]

    def resolve(self, session: Session, identity: Identity) -> FindingFilters:
        """Return the filters with the rules of the authority; who took part is not an outside party's to ask."""
        filters = self.filters
        if identity.is_outside:
            filters = replace(filters, publisher_id=None, advertiser_id=None)
        return replace(filters, rules=rules_of_authority(session, self.authority)) if self.authority else filters


def parse_finding_filters(args: Mapping[str, str], now: datetime) -> AskedFindings:
    """Read the filters; a value that does not fit narrows nothing and is named in ``problems``."""
    typed = {name: text for name in FIELDS if (text := _tidy(args.get(name, "")))}
    problems: dict[str, str] = {}
    starts_at, ends_before = _read_period(typed, now, problems)
    outcome = _read_word(Outcome, typed, "outcome", problems)
    if outcome is not None and outcome not in TOLD:
        problems["outcome"] = f"Expected one of {', '.join(TOLD)}, got {outcome}: nothing else is kept as a finding."
    state = typed.get("state", "").upper()
    if state and not (len(state) == 2 and state.isalpha() and state.isascii()):
        problems["state"] = f"Expected two letters such as FL, got {typed['state']!r}."
    family = typed.get("family")
    filters = FindingFilters(
        starts_at=starts_at,
        ends_before=ends_before,
        rule=typed.get("rule"),
        family=family,
        outcomes=(outcome,) if outcome in TOLD else FLAG_OUTCOMES,
        severity=_read_word(Severity, typed, "severity", problems),
        state=state if "state" not in problems and state else None,
        publisher_id=typed.get("publisher"),
        advertiser_id=typed.get("advertiser"),
        campaign_id=typed.get("campaign"),
        standing=_read_word(FindingStanding, typed, "decision", problems) or FindingStanding.OPEN,
        least_minor=_read_money(typed, problems),
        order=_read_word(FindingOrder, typed, "order", problems) or FindingOrder.MONEY,
    )
    try:
        filters = replace(filters, after=read_position(args.get("after")))
    except InvalidInput:
        problems["after"] = "This page of the list is not known; this is its beginning."
    return AskedFindings(filters, _read_word(Authority, typed, "authority", problems), typed, problems)


def _read_period(typed: Mapping[str, str], now: datetime, problems: dict[str, str]) -> tuple[datetime, datetime]:
    """Return the first moment of the period and the first behind it, UTC; an age goes before days."""
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    age = typed.get("age")
    if age is not None and age not in AGES:
        problems["age"] = f"Expected one of {', '.join(AGES)}, got {age!r}."
    elif age is not None:
        newest, oldest = AGES[age]
        return (EPOCH if oldest is None else now - timedelta(days=oldest)), (
            now - timedelta(days=newest) if newest else tomorrow
        )
    first, last = _read_day(typed, "from", problems), _read_day(typed, "to", problems)
    if first and last and last < first:
        problems["to"] = f"The last day, {last}, lies before the first, {first}."
        first = last = None
    ends_before = datetime.combine(last + timedelta(days=1), time(), UTC) if last else tomorrow
    starts_at = datetime.combine(first, time(), UTC) if first else ends_before - timedelta(days=DEFAULT_DAYS)
    return starts_at, ends_before


def _tidy(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST_TEXT]


def _read_day(typed: Mapping[str, str], name: str, problems: dict[str, str]) -> date | None:
    if name not in typed:
        return None
    try:
        day = date.fromisoformat(typed[name])
    except ValueError:
        day = None
    if day is None or not EPOCH.year < day.year < 9000:
        problems[name] = f"Expected a day such as 2026-11-23, got {typed[name]!r}."
        return None
    return day


def _read_word(kind: type[Word], typed: Mapping[str, str], name: str, problems: dict[str, str]) -> Word | None:
    if name not in typed:
        return None
    try:
        return kind(typed[name])
    except ValueError:
        problems[name] = f"Expected one of {', '.join(kind)}, got {typed[name]!r}."
        return None


def _read_money(typed: Mapping[str, str], problems: dict[str, str]) -> int | None:
    if "least" not in typed:
        return None
    try:
        amount = parse_money(typed["least"]).amount_minor
    except ValueError:
        amount = -1
    if not 0 <= amount < 10**15:
        problems["least"] = f"Expected an amount such as 500, got {typed['least']!r}."
        return None
    return amount
