"""Between which hours may a consumer be called there on that day? The federal window and the state's, by day, voice and date.

Federal: 08:00:00 to 21:00:00, both inside ("before the hour of 8 a.m. or after 9 p.m.", 47 CFR 64.1200(c)(1); 16 CFR 310.4(c)).
States: the start is inside, the end is not. Where a machine speaks, the state's row for automated calls holds instead of that
for all; where a person speaks and a machine picks and dials, the call must be inside both (Kentucky: 10:00 for a person, 08:00
for a machine).
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
    rows = _rows(rules, on=on, voice=voice, dialer=dialer)
    windows = [_window(row, part, is_holiday=is_holiday) for row in rows]
    own = [row for row in rows if row.basis != "federal_default"] or list(rows)
    review = rules.review_hours
    return StateWindow(
        state=rules.code,
        window=windows[0] if len(windows) == 1 else intersect(*windows),
        basis=own[-1].basis,
        confidence=rules.confidence,
        citation="; ".join(row.citation for row in own),
        review_window=Window(review.hours.start_s, review.hours.end_s) if review else None,
        review_why=review.why if review else None,
        effective_from=own[-1].effective_from,
    )


def intersect(first: Window | None, second: Window | None) -> Window | None:
    """Return the times inside both; None where there are none. Of two ends at one time, the one that is not inside holds."""
    if first is None or second is None:
        return None
    start_s, end_s = max(first.start_s, second.start_s), min(first.end_s, second.end_s)
    is_end_inside = all(window.is_end_inside for window in (first, second) if window.end_s == end_s)
    return Window(start_s, end_s, is_end_inside) if start_s < end_s or (start_s == end_s and is_end_inside) else None


def _rows(rules: StateRules, *, on: date, voice: LegVoice | None, dialer: Dialer | None) -> tuple[HoursRow, ...]:
    live = next((row for row in rules.hours if row.is_in_force(on)), None) or _federal_row(rules)
    automated = next((row for row in rules.automated_hours if row.is_in_force(on)), None)
    if automated is None or not is_automated(voice=voice, dialer=dialer):
        return (live,)
    if voice in MACHINE_VOICES:
        return (automated,)
    return (live,) if automated.is_voice_only else (live, automated)


def _federal_row(rules: StateRules) -> HoursRow:
    """Return a row for days of which nothing of the state's is known: the federal window stands alone."""
    federal = DayHours(FEDERAL_WINDOW.start_s, FEDERAL_WINDOW.end_s)
    return HoursRow("federal_default", federal, federal, federal, rules.citation)


def _window(row: HoursRow, part: WeekPart, *, is_holiday: bool) -> Window | None:
    by_part = {WeekPart.WEEKDAYS: row.weekdays, WeekPart.SATURDAY: row.saturday, WeekPart.SUNDAY: row.sunday}
    hours = row.holiday if is_holiday and row.has_holiday_hours else by_part[part]
    # Where the state adds nothing, its row repeats the federal window, whose end is inside.
    return Window(hours.start_s, hours.end_s, row.basis == "federal_default") if hours else None
