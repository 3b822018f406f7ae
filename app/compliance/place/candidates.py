"""Where may the consumer be? Evidence of the place, ranked, and the states and time zones that stay possible.

A ZIP code decides alone. Without one, a state that the consumer named picks its part of the area code; if it contradicts the
area code, both stay. The state of the consent's internet address counts next in the same way, the area code last. Zones always
come from the same source as their state: a number from Florida of somebody in Texas says nothing of the hour in Texas.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.compliance.place.nanp import NumberCheck, area_code_of, nanp_check
from app.compliance.place.state_rules import StateTable
from app.compliance.place.zip_codes import find_zip

TERRITORY_ZONES: Mapping[str, tuple[str, ...]] = {
    "AS": ("Pacific/Pago_Pago",),
    "GU": ("Pacific/Guam",),
    "MP": ("Pacific/Saipan",),
    "PR": ("America/Puerto_Rico",),
    "VI": ("America/St_Thomas",),
}


class ZoneSource(StrEnum):
    """What a place was inferred from, the strongest first."""

    ZIP = "zip"
    STATED_STATE = "stated_state"
    CONSENT_IP = "consent_ip"
    AREA_CODE = "area_code"


@dataclass(frozen=True, slots=True)
class LocationEvidence:
    """One thing that points to a place; ``is_used`` tells whether it had a say; ``note`` why not, or what was odd."""

    source: ZoneSource
    value: str
    state: str | None
    zones: tuple[str, ...]
    is_used: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A state or territory and one of its time zones, with the evidence it comes from."""

    state: str
    zone: str
    source: ZoneSource


@dataclass(frozen=True, slots=True)
class Candidates:
    """Where the consumer may be. No place at all: nothing is known. ``counties`` only where a ZIP code names them.

    ``presumed_state`` is the state of the area code where its law presumes that the consumer is there (FL, OK, OR) and better
    evidence says otherwise; whether the evidence rebuts the presumption is for counsel, so it is told and not judged.
    """

    places: tuple[Place, ...]
    evidence: tuple[LocationEvidence, ...]
    counties: tuple[str, ...] = ()
    is_contradictory: bool = False
    presumed_state: str | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """Return the states that are possible."""
        return tuple(dict.fromkeys(place.state for place in self.places))

    @property
    def zones(self) -> tuple[str, ...]:
        """Return the time zones that are possible."""
        return tuple(dict.fromkeys(place.zone for place in self.places))

    @property
    def sources(self) -> tuple[ZoneSource, ...]:
        """Return what the possible places were inferred from."""
        return tuple(dict.fromkeys(place.source for place in self.places))


def location_candidates(
    table: StateTable,
    *,
    zip_code: str | None = None,
    stated_state: str | None = None,
    consent_ip_state: str | None = None,
    number: str | None = None,
) -> Candidates:
    """Return the states and zones that stay possible, with every piece of evidence, used or not."""
    by_number = _by_number(number) if number else None
    by_zip = _by_zip(zip_code) if zip_code else None
    by_words = _by_state(table, ZoneSource.STATED_STATE, stated_state) if stated_state else None
    by_ip = _by_state(table, ZoneSource.CONSENT_IP, consent_ip_state) if consent_ip_state else None
    ranked = [evidence for evidence in (by_zip, by_words, by_ip, by_number) if evidence is not None]
    telling = [evidence for evidence in ranked if evidence.state]
    if not telling:
        return Candidates((), tuple(ranked))
    best = telling[0]
    used = [best]
    if best.source is not ZoneSource.ZIP and by_number is not None and by_number.state and by_number is not best:
        # The stated state picks its part of the area code; against the area code, both stay.
        used = [by_number] if by_number.state == best.state else [best, by_number]
    source = best.source
    places = tuple(
        Place(evidence.state, zone, source if evidence.state == best.state else evidence.source)
        for evidence in used
        if evidence.state
        for zone in evidence.zones
    )
    marked = tuple(_mark(evidence, is_used=evidence is best or evidence in used, best=best) for evidence in ranked)
    presumed = by_number.state if by_number and by_number.state and by_number not in used else None
    rules = table.find_state(presumed) if presumed and presumed != best.state else None
    zip_place = find_zip(zip_code) if by_zip is best and zip_code else None
    return Candidates(
        places,
        marked,
        counties=zip_place.counties if zip_place else (),
        is_contradictory=len(used) > 1,
        presumed_state=presumed if rules and rules.has_area_code_presumption else None,
    )


def _by_zip(zip_code: str) -> LocationEvidence:
    place = find_zip(zip_code)
    if place is None:
        return LocationEvidence(ZoneSource.ZIP, zip_code, None, (), False, "no ZIP code of a state or territory")
    return LocationEvidence(ZoneSource.ZIP, zip_code, place.state, place.zones, False)


def _by_state(table: StateTable, source: ZoneSource, named: str) -> LocationEvidence:
    state = named.strip().upper()
    rules = table.find_state(state)
    zones = rules.zones if rules else TERRITORY_ZONES.get(state, ())
    if not zones:
        return LocationEvidence(source, named, None, (), False, "no state or territory of the United States")
    return LocationEvidence(source, named, state, zones, False)


def _by_number(number: str) -> LocationEvidence:
    check = nanp_check(number)
    code = area_code_of(number)
    if check is not NumberCheck.OK or code is None:
        # A fictional or impossible number is nobody's: its area code is no evidence.
        return LocationEvidence(ZoneSource.AREA_CODE, number, None, (), False, f"the number is {check}")
    return LocationEvidence(ZoneSource.AREA_CODE, code.npa, code.region, code.zones, False)


def _mark(evidence: LocationEvidence, *, is_used: bool, best: LocationEvidence) -> LocationEvidence:
    note = evidence.note
    if evidence.state and not is_used:
        note = f"outranked by {best.source}" + ("" if evidence.state == best.state else f", which says {best.state}")
    elif evidence.state and evidence.state != best.state:
        note = f"contradicts {best.source}; both stay possible"
    return LocationEvidence(evidence.source, evidence.value, evidence.state, evidence.zones, is_used, note)
