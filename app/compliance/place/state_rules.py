"""What does each state say of hours, holidays, attempts and recording? The state table as values.

:func:`load_state_rules` reads the table shipped with Earshot; an edited draft goes through :func:`parse_state_rules` and gets
the same errors. Nothing is judged here.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import yaml

from app.compliance.place.holidays import HolidayRule, Observance
from app.errors import InvalidInput

Confidence = Literal["high", "medium", "low"]
DAY_S = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class DayHours:
    """Hours of one day in seconds after local midnight: the start is inside, the end is not."""

    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Hours by day of the week, in force from a first to a last day; None closes the day.

    ``basis`` is ``state_rule``, ``federal_default`` (the state says nothing; the federal rule speaks) or ``automated_rule``.
    ``holiday`` counts only with ``has_holiday_hours``; else a holiday has the hours of its weekday.
    """

    basis: str
    weekdays: DayHours | None
    saturday: DayHours | None
    sunday: DayHours | None
    citation: str
    holiday: DayHours | None = None
    has_holiday_hours: bool = False
    is_voice_only: bool = False
    effective_from: date | None = None
    effective_to: date | None = None

    def is_in_force(self, on: date) -> bool:
        """Tell whether the row holds on a day."""
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )


@dataclass(frozen=True, slots=True)
class ReviewHours:
    """Hours that some sources give and others do not: outside them a person looks."""

    hours: DayHours
    why: str


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """How often one person may be tried within a rolling time; ``group_by`` names what makes attempts count together."""

    most: int
    window_s: int
    group_by: tuple[str, ...]
    does_count_texts: bool
    is_automated_only: bool
    exempt_relationship_months: int | None
    effective_from: date | None
    scope: str
    citation: str


@dataclass(frozen=True, slots=True)
class HolidayLaw:
    """Whether a state closes on holidays: ``prohibited``, ``restricted_hours_automated_only`` or ``none``."""

    rule: str
    set: str | None
    citation: str | None
    exemption: str | None


@dataclass(frozen=True, slots=True)
class HolidaySet:
    """The holidays of a state and how they are kept when they fall on a weekend; ``county_only`` by holiday."""

    id: str
    days: Mapping[str, HolidayRule]
    saturday: Observance
    sunday: Observance
    county_only: Mapping[str, tuple[str, ...]]
    is_federal_observance_doubtful: bool
    confidence: Confidence
    notes: str | None


@dataclass(frozen=True, slots=True)
class RecordingLaw:
    """Whose consent recording a call needs: as the statute says, and as it is treated."""

    statute_party: str
    treat_as: str
    citation: str
    confidence: Confidence
    form: str | None
    notes: str | None


@dataclass(frozen=True, slots=True)
class OpeningDisclosure:
    """What must be said at the start of a call, and within how many seconds (None: the text gives none)."""

    within_s: int | None
    what: str
    citation: str


@dataclass(frozen=True, slots=True)
class StateRules:
    """Everything the table says of one state; ``hours`` and ``automated_hours`` hold dated rows."""

    code: str
    name: str
    zones: tuple[str, ...]
    hours: tuple[HoursRow, ...]
    automated_hours: tuple[HoursRow, ...]
    review_hours: ReviewHours | None
    holidays: HolidayLaw
    cap: FrequencyCap | None
    dnc_kind: str
    dnc_citation: str | None
    has_emergency_ban: bool
    has_area_code_presumption: bool
    opening: OpeningDisclosure | None
    recording: RecordingLaw
    citation: str
    confidence: Confidence
    source: str
    notes: str | None


@dataclass(frozen=True, slots=True)
class StateTable:
    """The whole table; ``version`` is its date and the start of its hash, so that a finding can name what it was judged by."""

    version: str
    states: Mapping[str, StateRules]
    holiday_sets: Mapping[str, HolidaySet]
    multi_zone_area_codes: Mapping[str, tuple[str, tuple[str, ...]]]

    def find_state(self, code: str) -> StateRules | None:
        """Return the rules of a state; None for a territory, where the federal rules stand alone."""
        return self.states.get(code)


@lru_cache(maxsize=1)
def load_state_rules() -> StateTable:
    """Return the table shipped with Earshot, checked."""
    return read_state_rules(resources.files("app.compliance").joinpath("data", "state_rules.yaml").read_text("utf-8"))


def read_state_rules(text: str) -> StateTable:
    """Return the table written in a YAML text; one error names everything that is wrong with it."""
    from app.compliance.place.state_rules_schema import parse_state_rules

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same safe reader, in C where it was built
    try:
        data: Any = yaml.load(text, Loader=loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise InvalidInput(f"the state table is no YAML: {error}") from error
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return parse_state_rules(data, version=version)
