"""What does a consent on record prove? Its eleven elements, one by one (47 CFR 64.1200(f)(9); docs/rules.md).

E1 in writing, E2 signed by the person called, E3 names the seller, E4 for automated calls, E5 names the number, E6 clear and
conspicuous, E7 says that signing allows such calls, E8 no condition of a purchase, E9 given before the call, E10 not revoked,
E11 its certificate matches the number. Each is true, false, or None where nobody knows; E3 may be ``partners``: the text
speaks of partners without a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.compliance.certificates import matches_phone
from app.compliance.facts import ConsentFacts, Facts
from app.phone import parse_number

PARTNERS = "partners"

ELEMENTS: Mapping[str, str] = {
    "E1": "in writing",
    "E2": "signed by the person called",
    "E3": "names the seller",
    "E4": "for automated or recorded calls",
    "E5": "names the number called",
    "E6": "clear and conspicuous",
    "E7": "says that signing allows such calls",
    "E8": "no condition of a purchase",
    "E9": "given before the call",
    "E10": "not revoked",
    "E11": "certificate matches the number",
}


@dataclass(frozen=True, slots=True)
class ConsentReading:
    """One consent and what is known of each element."""

    consent: ConsentFacts
    elements: Mapping[str, bool | str | None]

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the elements that are surely missing."""
        return tuple(name for name, value in self.elements.items() if value is False)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return the elements nobody knows of."""
        return tuple(name for name, value in self.elements.items() if value is None)

    @property
    def names_partners_only(self) -> bool:
        """Tell whether the text speaks of partners and gives no list."""
        return self.elements["E3"] == PARTNERS

    @property
    def is_full(self) -> bool:
        """Tell whether every element is proved: prior express written consent."""
        return all(value is True for value in self.elements.values())

    @property
    def is_express(self) -> bool:
        """Tell whether it is a consent at all that covers the number: given before the call, not revoked, for this number."""
        in_time = self.elements["E9"] is True and self.elements["E10"] is True
        covers = True in (self.elements["E5"], self.elements["E11"]) and False not in (
            self.elements["E5"],
            self.elements["E11"],
        )
        return in_time and covers and self.elements["E3"] is not False

    @property
    def is_oral(self) -> bool:
        """Tell whether it was spoken: express, and never prior express written consent."""
        return self.consent.is_oral is True

    def evidence(self) -> dict[str, Any]:
        """Return what a finding prints."""
        given, revoked = self.consent.given_at, self.consent.revoked_at
        return {
            **({"id": self.consent.id} if self.consent.id else {}),
            "elements": dict(self.elements),
            "given_at": given.isoformat() if given else None,
            "revoked_at": revoked.isoformat() if revoked else None,
            "oral": self.consent.is_oral,
            "certificate": self.consent.certificate.id if self.consent.certificate else None,
        }


def read_consent(consent: ConsentFacts, *, seller: str | None, number: str | None, at: datetime | None) -> ConsentReading:
    """Return what a consent proves for a call of a seller to a number at a moment."""
    told = consent.elements
    written, conspicuous = _flag(told.get("written")), _flag(told.get("conspicuous"))
    discloses = told.get("discloses_calls")
    elements: dict[str, bool | str | None] = {
        "E1": False if consent.is_oral is True and written is None else written,
        "E2": False if consent.is_oral is True and told.get("signed") is None else _flag(told.get("signed")),
        "E3": _names_seller(told.get("names_seller"), seller),
        "E4": _flag(told.get("automated_calls")),
        "E5": _names_number(told.get("number"), number),
        "E6": conspicuous,
        "E7": conspicuous if discloses is None else _flag(discloses),
        "E8": _flag(told.get("not_condition")),
        "E9": None if consent.given_at is None or at is None else consent.given_at <= at,
        "E10": consent.revoked_at is None or (at is not None and consent.revoked_at > at),
        "E11": matches_phone(consent.certificate, number) if consent.certificate else None,
    }
    return ConsentReading(consent, elements)


def read_consents(facts: Facts, *, number: str | None, at: datetime | None) -> tuple[ConsentReading, ...]:
    """Return every consent of a call as read for it, the strongest first."""
    read = (read_consent(consent, seller=facts.seller, number=number, at=at) for consent in facts.consents)
    return tuple(sorted(read, key=_strength))


def _strength(reading: ConsentReading) -> tuple[bool, int, int]:
    return (not reading.is_express, len(reading.failed), len(reading.unknown))


def find_express(readings: Iterable[ConsentReading]) -> ConsentReading | None:
    """Return the strongest consent that covers the call, or None."""
    return next((reading for reading in readings if reading.is_express), None)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _names_seller(value: object, seller: str | None) -> bool | str | None:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    if value.casefold().strip() in (PARTNERS, "our partners", "marketing partners"):
        return PARTNERS
    return None if seller is None else value.casefold().strip() == seller.casefold().strip()


def _names_number(value: object, number: str | None) -> bool | None:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or number is None:
        return None
    return (parse_number(value) or value) == (parse_number(number) or number)
