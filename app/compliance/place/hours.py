"""Was the hour right everywhere the consumer may be? Judges one moment for every possible state and zone.

Nothing here says violation: :class:`Spread` tells whether all, some or none of the places were inside, and the rule decides
what follows from it, from the basis of the row, its confidence and the consents on record.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.compliance.place.calendar import Holiday, WeekPart, find_holiday, week_part
from app.compliance.place.candidates import Candidates, ZoneSource
from app.compliance.place.state_rules import StateTable
from app.compliance.place.windows import FEDERAL_WINDOW, StateWindow, Window, find_window, intersect
from app.compliance.place.zones import TZDB_VERSION, local_time
from app.vocabulary import Dialer, LegVoice

SKEW_BAND_S = 60
"""Seconds around an edge within which a clock that nobody synchronised proves nothing (rulings on place and time, 2)."""


class Spread(StrEnum):
    """How a judgement falls over all places that are possible."""

    NO_PLACE = "no_place"
    ALL_INSIDE = "all_inside"
    SOME_OUTSIDE = "some_outside"
    ALL_OUTSIDE = "all_outside"


@dataclass(frozen=True, slots=True)
class Judged:
    """One window at one place. The nearest edge is in seconds after local midnight; None on a closed day."""

    is_inside: bool
    nearest_edge_s: int | None
    seconds_from_edge: int | None
    is_in_skew_band: bool


@dataclass(frozen=True, slots=True)
class PlaceHours:
    """One possible place: its clock and calendar at the moment, and how federal and state hours see it.

    ``state`` is None in a territory: there the federal rule stands alone. ``is_inside_review`` is False where the call was
    inside the state's hours but outside those that other sources give, or on a day that other sources close.
    """

    state_code: str
    zone: str
    source: ZoneSource
    local: datetime
    part: WeekPart
    holiday: Holiday | None
    federal: Judged
    state: Judged | None
    state_window: StateWindow | None
    is_inside_review: bool
    effective: Window | None


@dataclass(frozen=True, slots=True)
class HoursResult:
    """The moment judged at every possible place, with the evidence a finding prints."""

    moment: datetime
    places: tuple[PlaceHours, ...]
    candidates: Candidates
    table_version: str
    tzdb_version: str = TZDB_VERSION

    @property
    def federal(self) -> Spread:
        """Return how the federal window falls over all places."""
        return _spread(place.federal.is_inside for place in self.places)

    @property
    def is_federal_in_skew_band(self) -> bool:
        """Tell whether the clock's doubt reaches an edge of the federal window anywhere."""
        return any(place.federal.is_in_skew_band for place in self.places)

    def state(self, code: str) -> Spread:
        """Return how one state's own hours fall over all places.

        A place in another state is not outside this state's hours: where the consumer may be elsewhere, at most some are
        outside.
        """
        if not any(place.state_code == code for place in self.places):
            return Spread.NO_PLACE
        return _spread(place.state_code != code or place.state is None or place.state.is_inside for place in self.places)

    def is_state_in_skew_band(self, code: str) -> bool:
        """Tell whether the clock's doubt reaches an edge of one state's hours."""
        return any(place.state is not None and place.state.is_in_skew_band for place in self.of_state(code))

    def is_state_in_review_hours(self, code: str) -> bool:
        """Tell whether some place of the state is inside its hours but outside those that other sources give."""
        return any(
            place.state is not None and place.state.is_inside and not place.is_inside_review for place in self.of_state(code)
        )

    def of_state(self, code: str) -> tuple[PlaceHours, ...]:
        """Return the places in one state."""
        return tuple(place for place in self.places if place.state_code == code)

    @property
    def effective(self) -> Spread:
        """Return how federal and state hours together fall over all places: what a scrub before the call goes by."""
        return _spread(place.federal.is_inside and (place.state is None or place.state.is_inside) for place in self.places)

    def evidence(self) -> dict[str, Any]:
        """Return what a finding prints: plain words and numbers."""
        return {
            "candidate_states": list(self.candidates.states),
            "candidate_zones": list(self.candidates.zones),
            "zone_source": [str(source) for source in self.candidates.sources],
            "local_times": [
                {"state": place.state_code, "zone": place.zone, "local": place.local.isoformat(), "day": _day_word(place)}
                for place in self.places
            ],
            "location_evidence": [
                {"source": str(e.source), "value": e.value, "state": e.state, "used": e.is_used, "note": e.note}
                for e in self.candidates.evidence
            ],
            "tzdb_version": self.tzdb_version,
            "state_table": self.table_version,
        }


def hours_check(
    moment: datetime,
    candidates: Candidates,
    table: StateTable,
    *,
    voice: LegVoice | None = None,
    dialer: Dialer | None = None,
    is_clock_unsynchronised: bool = False,
    proclaimed: Mapping[str, Collection[date]] | None = None,
) -> HoursResult:
    """Judge the start of a leg at every place the consumer may be; edges are exact to the second."""
    band_s = SKEW_BAND_S if is_clock_unsynchronised else None
    places = []
    for candidate in candidates.places:
        local = local_time(moment, candidate.zone)
        clock_s = local.hour * 3600 + local.minute * 60 + local.second
        today = local.date()
        part = week_part(today)
        rules = table.find_state(candidate.state)
        counties = candidates.counties if candidate.source is ZoneSource.ZIP else None
        holiday = find_holiday(table, candidate.state, today, counties=counties or None, proclaimed=proclaimed)
        own = find_window(rules, part, on=today, voice=voice, dialer=dialer, is_holiday=holiday is not None) if rules else None
        places.append(
            PlaceHours(
                state_code=candidate.state,
                zone=candidate.zone,
                source=candidate.source,
                local=local,
                part=part,
                holiday=holiday,
                federal=_judge(FEDERAL_WINDOW, clock_s, band_s),
                state=_judge(own.window, clock_s, band_s) if own else None,
                state_window=own,
                is_inside_review=own is None or own.review_window is None or own.review_window.holds(clock_s),
                effective=intersect(FEDERAL_WINDOW, own.window) if own else FEDERAL_WINDOW,
            )
        )
    return HoursResult(moment, tuple(places), candidates, table.version)


def _judge(window: Window | None, clock_s: int, band_s: int | None) -> Judged:
    if window is None:
        return Judged(is_inside=False, nearest_edge_s=None, seconds_from_edge=None, is_in_skew_band=False)
    edge_s = window.nearest_edge_s(clock_s)
    distance_s = clock_s - edge_s
    return Judged(window.holds(clock_s), edge_s, distance_s, band_s is not None and abs(distance_s) <= band_s)


def _spread(inside: Iterable[bool]) -> Spread:
    answers = tuple(inside)
    if not answers:
        return Spread.NO_PLACE
    if all(answers):
        return Spread.ALL_INSIDE
    return Spread.SOME_OUTSIDE if any(answers) else Spread.ALL_OUTSIDE


def _day_word(place: PlaceHours) -> str:
    return f"{place.part}, {' and '.join(place.holiday.names)}" if place.holiday else str(place.part)
