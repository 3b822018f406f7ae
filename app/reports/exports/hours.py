"""Which hour was it where the consumer may have been, what did the law allow there, and how often were they tried?

One row per call, in order of time: possible states and zones, what they were inferred from, the local times, the hours of the
federal rule and of the state that day, holidays, attempts in the state's window, and what the rules said. Clocks and windows
are computed from the frozen facts and the tables of this release; what a rule said is what its screening kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.compliance.case import Case, build_case
from app.compliance.place.frequency import FrequencyResult, frequency_check
from app.compliance.place.hours import HoursResult
from app.compliance.place.windows import Window, is_automated
from app.compliance.reference import load_reference
from app.compliance.registry.service import NumberLists
from app.compliance.rules.hours import hours_of
from app.reports.exports.contract import Column, ColumnKind, Params, Reader, Report, ReportTable, Row
from app.reports.exports.reading import ScreenedCall, describe_filters, iterate_calls, tell_before_facts
from app.tasks import OnProgress
from app.vocabulary import Outcome, ReportKind

UNKNOWN = "unknown"
SEVERAL = "several"
OUTSIDE, HOLIDAY, CAP = ("TCPA-HOURS", "STATE-HOURS-"), ("STATE-HOLIDAY-",), ("STATE-FREQ-CAP",)
COUNTED = (Outcome.VIOLATION, Outcome.REVIEW, Outcome.NEEDS_EVIDENCE)

CALLS = (
    Column("call", "Call", width=22),
    Column("started_at", "Origin leg started (UTC)", ColumnKind.MOMENT, 20),
    Column("number", "Consumer's number", width=16),
    Column("placed_by", "Placed by", width=12, note="our side, or the consumer; the hours bind calls placed to consumers"),
    Column("states", "Possible states", width=12),
    Column("zones", "Possible zones", width=28),
    Column("evidence", "Place known from", width=18),
    Column("local_times", "Local times", width=34),
    Column("federal_hours", "Federal hours", width=14),
    Column("state_hours", "Hours of the state that day", width=26),
    Column("holiday", "Holiday", width=20),
    Column("federal", "Federal rule", width=14),
    Column("state", "State's hours", width=14),
    Column("on_holiday", "Holiday rule", width=14),
    Column("attempts", "Attempts", ColumnKind.NUMBER, 9, "this call and the earlier ones that surely count with it"),
    Column("cap", "Cap", ColumnKind.NUMBER, 6),
    Column("cap_hours", "Within hours", ColumnKind.NUMBER, 9),
    Column("often", "Cap rule", width=14),
    Column("campaign", "Campaign", width=20),
    Column("publisher", "Publisher", width=20),
)
STATES = (
    Column("state", "State", width=10),
    Column("calls", "Calls placed to consumers", ColumnKind.NUMBER, 12),
    *(
        Column(f"{name}_{outcome}", f"{title}: {str(outcome).replace('_', ' ')}", ColumnKind.NUMBER, 12)
        for name, title in (("hours", "Hours"), ("holiday", "Holidays"), ("often", "Cap"))
        for outcome in COUNTED
    ),
)


def build_hours(
    session: Session,
    params: Params,
    reader: Reader,
    *,
    lists: NumberLists | None,
    now: datetime,
    on_progress: OnProgress,
) -> Report:
    """Return the report of hours and attempts."""
    by_state: Counter[tuple[str, str]] = Counter()

    def calls() -> Iterator[Row]:
        for found in iterate_calls(session, params, reader, on_progress, report):
            if found.is_outbound is not False:
                _count(by_state, found)
            yield _row(found, reader)

    report = Report(
        kind=ReportKind.HOURS,
        title="Hours and attempts by state",
        filters=describe_filters(session, params, reader),
        tables=(
            ReportTable("calls", "Calls", CALLS, calls()),
            ReportTable("states", "By state", STATES, _sum_up(by_state), is_summary=True),
        ),
        notes=(
            "A call is judged at every place where the consumer may have been: outside everywhere is a violation, in some of "
            "them a review, and where no place is known evidence is needed.",
            "The hours bind calls that our side placed to consumers; calls of consumers are listed and not counted by state.",
        ),
        late_notes=lambda: tell_before_facts(report),
    )
    return report


def _row(found: ScreenedCall, reader: Reader) -> Row:
    case = None if found.facts is None else build_case(found.facts, (), load_reference())
    hours = None if case is None else hours_of(case)
    often = None if case is None else _count_attempts(case)
    return (
        found.call.external_id,
        found.at,
        reader.show(found.number),
        {True: "our side", False: "the consumer", None: None}[found.is_outbound],
        " ".join(case.place.states) if case else " ".join(found.states) or None,
        " ".join(case.place.zones) if case else None,
        " ".join(str(source) for source in case.place.sources) if case else None,
        _clocks(hours),
        "08:00 to 21:00" if hours else None,
        _windows(hours),
        _holidays(hours),
        found.says("TCPA-HOURS"),
        found.says("STATE-HOURS-"),
        found.says(*HOLIDAY),
        often.sure if often else None,
        often.cap.most if often else None,
        often.cap.window_s / 3600 if often else None,
        found.says(*CAP),
        found.campaign,
        found.publisher,
    )


def _clocks(hours: HoursResult | None) -> str | None:
    if hours is None or not hours.places:
        return None
    return "; ".join(dict.fromkeys(f"{place.local:%a %Y-%m-%d %H:%M:%S %z} {place.state_code}" for place in hours.places))


def _windows(hours: HoursResult | None) -> str | None:
    if hours is None or not hours.places:
        return None
    told = {
        f"{place.state_code} {_write_window(place.state_window.window)}"
        for place in hours.places
        if place.state_window is not None
    }
    return "; ".join(sorted(told)) or "the federal ones"


def _write_window(window: Window | None) -> str:
    if window is None:
        return "closed"
    start, end = (f"{s // 3600:02d}:{s // 60 % 60:02d}" for s in (window.start_s, window.end_s))
    return f"{start} to {end}"


def _holidays(hours: HoursResult | None) -> str | None:
    if hours is None:
        return None
    told = {f"{place.state_code}: {' and '.join(place.holiday.names)}" for place in hours.places if place.holiday}
    return "; ".join(sorted(told)) or None


def _count_attempts(case: Case) -> FrequencyResult | None:
    """Return the count of the strictest cap among the possible states; None where none holds."""
    if case.at is None or case.origin is None or case.is_outbound is not True or case.reference.states is None:
        return None
    counted = [
        result
        for code in case.place.states
        if (rules := case.reference.states.find_state(code)) is not None
        and (
            result := frequency_check(
                rules,
                case.at,
                case.facts.attempts_24h,
                on=case.local_days(case.at)[0],
                is_automated=is_automated(voice=case.origin.voice, dialer=case.origin.dialer),
                entity=case.facts.seller,
                number=case.consumer_number,
            )
        )
        is not None
    ]
    return min(counted, key=lambda result: result.cap.most - result.sure, default=None)


def _count(by_state: Counter[tuple[str, str]], found: ScreenedCall) -> None:
    state = found.states[0] if len(found.states) == 1 else SEVERAL if found.states else UNKNOWN
    by_state[(state, "calls")] += 1
    for name, rules in (("hours", OUTSIDE), ("holiday", HOLIDAY), ("often", CAP)):
        said = found.says(*rules)
        if said is not None:
            by_state[(state, f"{name}_{said.replace(' ', '_')}")] += 1


def _sum_up(by_state: Counter[tuple[str, str]]) -> Iterator[Row]:
    names: Sequence[str] = [column.name for column in STATES[1:]]
    for state in sorted({state for state, _ in by_state}):
        yield (state, *(by_state[(state, name)] for name in names))
