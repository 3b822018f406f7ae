"""Between which hours may a consumer be called there on that day? The federal window and the state's, by day, voice and date.

Federal: 08:00:00 to 21:00:00, both inside ("before the hour of 8 a.m. or after 9 p.m.", 47 CFR 64.1200(c)(1); 16 CFR 310.4(c)).
States: the start is inside, the end is not. One row of a state holds on a day: the automated one where the call is automated
and the state has one, else that for all calls.
"""

from dataclasses import dataclass
from datetime import date

from app.compliance.place.calendar import WeekPart
from app.compliance.place.state_rules import Confidence, DayHours, HoursRow, StateRules
from app.vocabulary import Dialer, LegVoice

HOUR_S = 3600
MACHINE_VOICES = frozenset((LegVoice.PRERECORDED, LegVoice.ARTIFICIAL_AI, LegVoice.SOUNDBOARD))
AUTOMATED_DIALERS = frozenset((Dialer.LIST, Dialer.PREDICTIVE, Dialer.RANDOM_SEQUENTIAL))


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds after local midnight between which calls are allowed; the end counts only with ``is_end_inside``."""

    start_s: int
    end_s: int
    is_end_inside: bool = False

    def holds(self, clock_s: int) -> bool:
        """Tell whether a time of the day, in whole seconds, is inside."""
        return self.start_s <= clock_s and (clock_s < self.end_s or (self.is_end_inside and clock_s == self.end_s))

    def nearest_edge_s(self, clock_s: int) -> int:
        """Return the edge that a time is nearest to."""
        return min((self.start_s, self.end_s), key=lambda edge_s: abs(clock_s - edge_s))


FEDERAL_WINDOW = Window(8 * HOUR_S, 21 * HOUR_S, is_end_inside=True)


@dataclass(frozen=True, slots=True)
class StateWindow:
    """The hours of a state on a day: ``window`` None where the day is closed.

    ``basis`` is ``state_rule``, ``automated_rule`` or ``federal_default``; with the last the state adds nothing of its own.
    Outside ``review_window`` but inside ``window`` a person looks.
    """

    state: str
    window: Window | None
    basis: str
    confidence: Confidence
    citation: str
    review_window: Window | None = None
    review_why: str | None = None
    effective_from: date | None = None

    @property
    def is_own_rule(self) -> bool:
        """Tell whether the state itself sets these hours."""
        return self.basis != "federal_default"


def is_automated(*, voice: LegVoice | None, dialer: Dialer | None) -> bool:
    """Tell whether a machine speaks or picks and dials; unknown is not automated."""
    return voice in MACHINE_VOICES or dialer in AUTOMATED_DIALERS


def find_window(
    rules: StateRules,
    part: WeekPart,
    *,
    on: date,
    voice: LegVoice | None = None,
    dialer: Dialer | None = None,
    is_holiday: bool = False,
) -> StateWindow:
    """Return a state's hours on a day. A holiday changes them only where the row gives hours for holidays (Nebraska)."""
    row = _row(rules, on=on, voice=voice, dialer=dialer)
    hours = row.holiday if is_holiday and row.has_holiday_hours else _hours(row, part)
    review = rules.review_hours
    return StateWindow(
        state=rules.code,
        # Where the state adds nothing, its row repeats the federal window, whose end is inside.
        window=_window(hours, is_end_inside=row.basis == "federal_default"),
        basis=row.basis,
        confidence=rules.confidence,
        citation=row.citation,
        review_window=_window(review.hours) if review else None,
        review_why=review.why if review else None,
        effective_from=row.effective_from,
    )


def intersect(first: Window | None, second: Window | None) -> Window | None:
    """Return the times inside both; None where there are none. Of two ends at one time, the one that is not inside holds."""
    if first is None or second is None:
        return None
    start_s, end_s = max(first.start_s, second.start_s), min(first.end_s, second.end_s)
    is_end_inside = all(window.is_end_inside for window in (first, second) if window.end_s == end_s)
    return Window(start_s, end_s, is_end_inside) if start_s < end_s or (start_s == end_s and is_end_inside) else None


def _row(rules: StateRules, *, on: date, voice: LegVoice | None, dialer: Dialer | None) -> HoursRow:
    if is_automated(voice=voice, dialer=dialer):
        for row in rules.automated_hours:
            if row.is_in_force(on) and (voice in MACHINE_VOICES or not row.is_voice_only):
                return row
    for row in rules.hours:
        if row.is_in_force(on):
            return row
    # Before the first dated row, or between two, nothing of the state's is known: the federal window stands alone.
    federal = DayHours(FEDERAL_WINDOW.start_s, FEDERAL_WINDOW.end_s)
    return HoursRow("federal_default", federal, federal, federal, rules.citation)


def _hours(row: HoursRow, part: WeekPart) -> DayHours | None:
    return {WeekPart.WEEKDAYS: row.weekdays, WeekPart.SATURDAY: row.saturday, WeekPart.SUNDAY: row.sunday}[part]


def _window(hours: DayHours | None, *, is_end_inside: bool = False) -> Window | None:
    return Window(hours.start_s, hours.end_s, is_end_inside) if hours else None
