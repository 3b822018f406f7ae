"""Was a declared emergency in force where the consumer is? Matches a state's emergencies with the possible places."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from app.compliance.place.candidates import Candidates
from app.compliance.place.zip_codes import plain_county
from app.compliance.place.zones import local_date


class EmergencyLike(Protocol):
    """A declared emergency: its state, county (None: the whole state), and its first and last day or moment."""

    @property
    def state(self) -> str:
        """Return the state's two letters."""
        ...

    @property
    def county(self) -> str | None:
        """Return the county, or None for the whole state."""
        ...

    @property
    def starts(self) -> date | datetime:
        """Return when it began."""
        ...

    @property
    def ends(self) -> date | datetime:
        """Return when it ended, or is to end."""
        ...


class EmergencyReach(StrEnum):
    """Whether an emergency reached the consumer."""

    INSIDE = "inside"
    UNCERTAIN = "uncertain"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class EmergencyResult:
    """The answer over all emergencies of one state, and the ones that made it."""

    state: str
    reach: EmergencyReach
    emergencies: tuple[EmergencyLike, ...]


def emergency_check(
    moment: datetime, candidates: Candidates, emergencies: Iterable[EmergencyLike], *, state: str
) -> EmergencyResult:
    """Tell whether a call fell into an emergency of the state: surely, perhaps (county or state not certain), or not.

    A start or end given as a day counts whole, in the consumer's local time; given as a moment it is exact.
    """
    by_reach: dict[EmergencyReach, list[EmergencyLike]] = {reach: [] for reach in EmergencyReach}
    for emergency in emergencies:
        if emergency.state == state and _is_in_force(moment, candidates, emergency):
            by_reach[_reach(candidates, emergency)].append(emergency)
    for reach in (EmergencyReach.INSIDE, EmergencyReach.UNCERTAIN):
        if by_reach[reach]:
            return EmergencyResult(state, reach, tuple(by_reach[reach]))
    return EmergencyResult(state, EmergencyReach.OUTSIDE, ())


def _is_in_force(moment: datetime, candidates: Candidates, emergency: EmergencyLike) -> bool:
    zones = [place.zone for place in candidates.places if place.state == emergency.state]
    return any(
        not _is_later(emergency.starts, moment, zone) and not _is_later_than(moment, emergency.ends, zone) for zone in zones
    )


def _is_later(start: date | datetime, moment: datetime, zone: str) -> bool:
    return start > moment if isinstance(start, datetime) else start > local_date(moment, zone)


def _is_later_than(moment: datetime, end: date | datetime, zone: str) -> bool:
    return moment > end if isinstance(end, datetime) else local_date(moment, zone) > end


def _reach(candidates: Candidates, emergency: EmergencyLike) -> EmergencyReach:
    is_only_state = candidates.states == (emergency.state,)
    if emergency.county is None:
        return EmergencyReach.INSIDE if is_only_state else EmergencyReach.UNCERTAIN
    counties = {plain_county(county) for county in candidates.counties}
    if not counties:
        return EmergencyReach.UNCERTAIN
    if plain_county(emergency.county) not in counties:
        return EmergencyReach.OUTSIDE
    return EmergencyReach.INSIDE if is_only_state and len(counties) == 1 else EmergencyReach.UNCERTAIN
