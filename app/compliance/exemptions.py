"""What lets a seller call a listed number? Permission, relationship, acquaintance (47 CFR 64.1200(c)(2), (f)(5), (f)(15))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.compliance.case import Case
from app.compliance.consents import ConsentReading, read_consents
from app.compliance.day_clocks import Clock, within_months
from app.phone import parse_number

PURCHASE_MONTHS = 18
INQUIRY_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Relation:
    """An established business relationship at the time of the call: whether it holds, and on what ground.

    ``clock`` None: no purchase or inquiry is known. ``is_with_seller`` None: nobody says whose customer the consumer was.
    """

    clock: Clock | None
    kind: str | None = None
    since: datetime | None = None
    is_with_seller: bool | None = None
    is_ended_by_request: bool = False

    @property
    def holds(self) -> bool | None:
        """Tell whether it lets the seller call; None where that cannot be told."""
        if self.clock is None or self.clock is Clock.OUTSIDE or self.is_with_seller is False or self.is_ended_by_request:
            return False
        return None if self.is_with_seller is None or self.clock is Clock.DOUBTFUL else True

    def evidence(self) -> dict[str, Any]:
        """Return what a finding prints."""
        return {
            "relationship": self.kind,
            "since": self.since.isoformat() if self.since else None,
            "with_seller": self.is_with_seller,
            "ended_by_request": self.is_ended_by_request,
            "clock": str(self.clock) if self.clock else None,
        }


def find_relation(case: Case, *, purchase_months: int = PURCHASE_MONTHS, inquiry_months: int = INQUIRY_MONTHS) -> Relation:
    """Return the strongest relationship: a purchase of 18 months, or an inquiry of 3 (47 CFR 64.1200(f)(5))."""
    told, at = case.facts.relationship, case.at
    requested = case.facts.dnc.internal_requested_at
    ended = requested is not None and at is not None and requested <= at
    found: list[Relation] = []
    spans: Mapping[str, tuple[datetime | None, int]] = {
        "purchase": (told.last_purchase_at, purchase_months),
        "inquiry": (told.last_inquiry_at, inquiry_months),
    }
    for kind, (since, months) in spans.items():
        if since is not None and at is not None:
            found.append(Relation(within_months(case, since, at, months), kind, since, told.is_with_seller, ended))
    order = (Clock.INSIDE, Clock.DOUBTFUL, Clock.OUTSIDE)
    return min(found, key=lambda relation: order.index(relation.clock or Clock.OUTSIDE), default=Relation(None))


def find_permission(case: Case) -> tuple[bool | None, str]:
    """Return whether a signed agreement lets this seller call this number, and the ground in words; None: cannot be told."""
    told, number, seller = case.facts.relationship.permission, case.consumer_number, case.facts.seller
    if told is not None:
        names = _same(told.seller, seller)
        covers = _same_number(told.number, number)
        before = None if told.given_at is None or case.at is None else told.given_at <= case.at
        answers = (told.is_signed, names, covers, True if before is None else before)
        if False in answers:
            return False, "the agreement on record does not name this seller and this number"
        return (
            (True, "a signed agreement names this seller and number")
            if None not in answers
            else (None, "an agreement is on record in part")
        )
    readings = read_consents(case.facts, number=number, at=case.at)
    if any(_serves(reading) for reading in readings):
        return True, "a signed written consent names this seller and number"
    if readings and all(reading.names_partners_only for reading in readings):
        return False, "the consent speaks of partners and does not name this seller"
    return False, "no signed agreement names this seller and number"


def _serves(reading: ConsentReading) -> bool:
    return all(reading.elements[name] is True for name in ("E1", "E2", "E3", "E5", "E9", "E10"))


def _same(one: str | None, other: str | None) -> bool | None:
    return None if one is None or other is None else one.casefold().strip() == other.casefold().strip()


def _same_number(one: str | None, other: str | None) -> bool | None:
    return None if one is None or other is None else (parse_number(one) or one) == (parse_number(other) or other)
