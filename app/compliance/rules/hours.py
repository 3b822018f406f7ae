"""Was the consumer called at an hour, on a day and as often as the law allows where they may be?

The judging of places and clocks is :mod:`app.compliance.place`; here its answers become outcomes (rulings 1 to 5, 15): all
places outside is a violation, some outside a review, none known needs evidence. A state whose hours are the federal ones is
silent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.compliance.case import Case
from app.compliance.consents import find_express, read_consents
from app.compliance.day_clocks import Clock, within_months
from app.compliance.engine import Judgement, gate, rule_function, timed_gate
from app.compliance.place.calendar import Holiday, HolidayCertainty
from app.compliance.place.emergencies import EmergencyReach, emergency_check
from app.compliance.place.frequency import FrequencyResult, frequency_check
from app.compliance.place.hours import HoursResult, PlaceHours, Spread, hours_check
from app.compliance.place.state_rules import StateRules
from app.compliance.place.windows import is_automated
from app.compliance.rule_set import Rule
from app.vocabulary import Dialer, Outcome, Severity

SEVERITY_OF = {"high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW}
"""How a state row's confidence weighs (ruling 4)."""

UNKNOWN_PLACE = "Nobody knows where the consumer was."


def hours_of(case: Case, *, proclaimed: Mapping[str, Collection[date]] | None = None) -> HoursResult | None:
    """Return the origin leg's start judged at every possible place; None where the start or the table is missing.

    ``proclaimed`` are the days that governors closed beyond the tables, by state.
    """
    if case.origin is None or case.at is None or case.reference.states is None:
        return None
    return hours_check(
        case.at,
        case.place,
        case.reference.states,
        voice=case.origin.voice,
        dialer=case.origin.dialer,
        is_clock_unsynchronised=case.origin.is_clock_unsynchronised,
        proclaimed=proclaimed,
    )


def _clocks(places: Iterable[PlaceHours]) -> str:
    told = dict.fromkeys(f"{place.local:%a %H:%M:%S} in {place.zone}" for place in places)
    return "; ".join(told)


@rule_function("federal_hours")
def judge_federal_hours(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Hold the start of the origin leg against 8 a.m. to 9 p.m. where the consumer may be."""
    why, result = timed_gate(case), hours_of(case)
    if why is not None or result is None:
        yield why or Judgement(Outcome.NEEDS_EVIDENCE, UNKNOWN_PLACE)
        return
    evidence, told = result.evidence(), _clocks(result.places)
    if result.federal is Spread.NO_PLACE:
        yield Judgement(Outcome.NEEDS_EVIDENCE, UNKNOWN_PLACE, evidence)
    elif result.is_federal_in_skew_band:
        yield Judgement(Outcome.REVIEW, f"{told}: within a minute of an edge, by a clock nobody synchronised.", evidence)
    elif result.federal is Spread.ALL_INSIDE:
        yield Judgement(Outcome.PASS, f"{told}: between 08:00 and 21:00.", evidence)
    elif result.federal is Spread.SOME_OUTSIDE:
        yield Judgement(Outcome.REVIEW, f"{told}: outside 08:00 to 21:00 at some of the places possible.", evidence)
    else:
        yield _outside(case, f"{told}: outside 08:00 to 21:00.", evidence)


def _outside(case: Case, said: str, evidence: dict[str, Any]) -> Judgement:
    """Return a violation; or a review where a consent covers the number, as such calls may be no solicitations (ruling 12)."""
    consent = find_express(read_consents(case.facts, number=case.consumer_number, at=case.at))
    if consent is None:
        return Judgement(Outcome.VIOLATION, said, evidence)
    return Judgement(Outcome.REVIEW, f"{said} A consent covers the number.", {**evidence, "consent": consent.evidence()})


@rule_function("state_hours")
def judge_state_hours(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Hold the start of the origin leg against each possible state's own hours."""
    why, result = timed_gate(case), hours_of(case)
    if why is not None or result is None or not result.places:
        yield why or Judgement(Outcome.NEEDS_EVIDENCE, UNKNOWN_PLACE)
        return
    for code in case.place.states:
        rules = case.reference.states.find_state(code) if case.reference.states else None
        yield _judge_state(case, rule, result, rules) if rules else _no_row(rule, code)


def _no_row(rule: Rule, code: str) -> Judgement:
    return Judgement(
        Outcome.NOT_APPLICABLE, f"{code} has no hours of its own; the federal rule speaks.", rule=f"{rule.id}-{code}"
    )


def _judge_state(case: Case, rule: Rule, result: HoursResult, rules: StateRules) -> Judgement:
    outcome, said = _decide_state(case, rule, result, rules)
    evidence = {**result.evidence(), "state": rules.code, "confidence": rules.confidence}
    severity = SEVERITY_OF[rules.confidence]
    return Judgement(outcome, said, evidence, severity, f"{rule.id}-{rules.code}", (rules.citation,))


def _decide_state(case: Case, rule: Rule, result: HoursResult, rules: StateRules) -> tuple[Outcome, str]:
    code, places = rules.code, result.of_state(rules.code)
    windows = [place.state_window for place in places if place.state_window]
    told, spread = _clocks(places), result.state(code)
    if result.is_state_in_review_hours(code) and all(place.state and place.state.is_inside for place in places):
        why = next((window.review_why for window in windows if window.review_why), "other sources give narrower hours")
        decided = Outcome.REVIEW, f"{told}: inside {code}'s hours, but {why}."
    elif not any(window.is_own_rule for window in windows):
        decided = Outcome.NOT_APPLICABLE, f"{code} keeps the federal hours; the federal rule speaks."
    elif result.is_state_in_skew_band(code):
        decided = Outcome.REVIEW, f"{told}: within a minute of an edge of {code}'s hours, by a clock nobody synchronised."
    elif spread is Spread.ALL_INSIDE:
        decided = Outcome.PASS, f"{told}: inside {code}'s hours."
    elif (lifted := _lifts(case, rule, code)) is not None:
        decided = Outcome.PASS, f"{told}: outside {code}'s hours, which {lifted}."
    elif spread is Spread.SOME_OUTSIDE:
        decided = Outcome.REVIEW, f"{told}: outside {code}'s hours at some places possible."
    else:
        decided = Outcome.REVIEW if rules.confidence == "low" else Outcome.VIOLATION, f"{told}: outside {code}'s hours."
    return decided


def _lifts(case: Case, rule: Rule, code: str) -> str | None:
    """Return how a state's own exemption lifts the rule for this call, in words; None where it does not."""
    exemption = dict(rule.params.get("exempt", {})).get(code)
    if exemption is None:
        return None
    if exemption.get("express_consent") and find_express(read_consents(case.facts, number=case.consumer_number, at=case.at)):
        return "a prior express consent lifts"
    months = exemption.get("purchase_months")
    bought = case.facts.relationship.last_purchase_at
    if months and bought and case.facts.relationship.is_with_seller is not False and _is_within(case, bought, int(months)):
        return f"a purchase within {months} months lifts"
    return None


def _is_within(case: Case, moment: datetime, months: int) -> bool:
    """Tell whether a moment lies at most so many months before the call, by local days wherever the consumer may be."""
    return case.at is not None and within_months(case, moment, case.at, months) is Clock.INSIDE


@rule_function("state_holiday")
def judge_state_holiday(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the call was placed on a day on which the consumer's state is closed."""
    why, result = timed_gate(case), hours_of(case, proclaimed=_read_days(rule.params.get("proclaimed") or {}))
    if why is not None or result is None or not result.places:
        yield why or Judgement(Outcome.NEEDS_EVIDENCE, UNKNOWN_PLACE)
        return
    for code in case.place.states:
        rules = case.reference.states.find_state(code) if case.reference.states else None
        if rules is not None and rules.holidays.rule == "prohibited":
            yield _judge_holiday(case, rule, result, rules)
        else:
            said = f"{code} does not close on holidays."
            yield Judgement(Outcome.NOT_APPLICABLE, said, {"state": code}, rule=f"{rule.id}-{code}")


def _read_days(proclaimed: Mapping[str, Iterable[date | str]]) -> dict[str, frozenset[date]]:
    """Return proclaimed days by state; a rule that was edited in the browser has them as text."""
    return {
        state: frozenset(date.fromisoformat(day) if isinstance(day, str) else day for day in days)
        for state, days in proclaimed.items()
    }


def _judge_holiday(case: Case, rule: Rule, result: HoursResult, rules: StateRules) -> Judgement:
    holidays = [place.holiday for place in result.of_state(rules.code)]
    kept = [holiday for holiday in holidays if holiday is not None]
    evidence = {**result.evidence(), "state": rules.code, "holidays": [_holiday_evidence(holiday) for holiday in kept]}
    outcome, said = _decide_holiday(case, rule, rules.code, holidays)
    cited = (rules.holidays.citation or rules.citation,)
    return Judgement(outcome, said, evidence, rule=f"{rule.id}-{rules.code}", citations=cited)


def _decide_holiday(case: Case, rule: Rule, code: str, holidays: Sequence[Holiday | None]) -> tuple[Outcome, str]:
    kept = [holiday for holiday in holidays if holiday is not None]
    if not kept:
        return Outcome.PASS, f"No day on which {code} is closed."
    told = f"{kept[0].day:%A %Y-%m-%d} is {' and '.join(kept[0].names)}" + (" as observed" if kept[0].is_observed_day else "")
    if (lifted := _lifts(case, rule, code)) is not None:
        outcome = Outcome.PASS if "consent" in lifted else Outcome.NOT_APPLICABLE
        return outcome, f"{told} in {code}; {lifted} the ban."
    is_sure = len(kept) == len(holidays) and all(holiday.certainty is HolidayCertainty.LISTED for holiday in kept)
    if is_sure and set(case.place.states) == {code}:
        return Outcome.VIOLATION, f"{told}: {code} is closed to sales calls."
    return Outcome.REVIEW, f"{told}: {code} may be closed to sales calls; {kept[0].why}."


def _holiday_evidence(holiday: Holiday) -> dict[str, object]:
    return {
        "names": list(holiday.names),
        "day": holiday.day.isoformat(),
        "observed": holiday.is_observed_day,
        "certainty": str(holiday.certainty),
        "confidence": holiday.confidence,
        "why": holiday.why,
    }


@rule_function("state_emergency")
def judge_state_emergency(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the call was placed into a declared emergency of a state that bans sales calls then."""
    if (why := timed_gate(case)) is not None:
        yield why
        return
    assert case.at is not None
    table = (*case.facts.emergencies, *case.reference.emergencies)
    for code in case.place.states:
        rules = case.reference.states.find_state(code) if case.reference.states else None
        name = f"{rule.id}-{code}"
        if rules is None or not rules.has_emergency_ban:
            yield Judgement(Outcome.NOT_APPLICABLE, f"{code} has no ban of this kind.", {"state": code}, rule=name)
            continue
        reached = emergency_check(case.at, case.place, table, state=code)
        declared = [{"county": e.county, "from": e.starts.isoformat(), "to": e.ends.isoformat()} for e in reached.emergencies]
        evidence = {"state": code, "counties": list(case.place.counties), "emergencies": declared}
        if reached.reach is EmergencyReach.OUTSIDE:
            if table or not case.reference.is_emergency_table_kept:
                said = f"No declared emergency of {code} reached the consumer."
                outcome = Outcome.PASS if table else Outcome.NOT_APPLICABLE
                yield Judgement(outcome, said, evidence, rule=name)
            else:
                said = f"The table of {code}'s emergencies is empty."
                yield Judgement(Outcome.NEEDS_EVIDENCE, said, evidence, rule=name)
        elif (exempt := _is_exempt_from_emergency(case, rule, code)) is not None:
            yield Judgement(Outcome.NOT_APPLICABLE, f"An emergency was declared; {exempt}.", evidence, rule=name)
        elif reached.reach is EmergencyReach.INSIDE:
            yield Judgement(Outcome.VIOLATION, f"The call was placed into a declared emergency in {code}.", evidence, rule=name)
        else:
            said = f"An emergency was declared in part of {code}; where the consumer was is not certain."
            yield Judgement(Outcome.REVIEW, said, evidence, rule=name)


def _is_exempt_from_emergency(case: Case, rule: Rule, code: str) -> str | None:
    if code not in rule.params.get("consent_exempt", ()):
        return None
    if find_express(read_consents(case.facts, number=case.consumer_number, at=case.at)):
        return "a prior consent is on record"
    if case.facts.is_b2b:
        return "the call was to a business"
    relation = case.facts.relationship
    if relation.is_with_seller is not False and relation.last_purchase_at and _is_within(case, relation.last_purchase_at, 18):
        return "an established business relationship is on record"
    return None


@rule_function("frequency")
def judge_frequency(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Count the attempts of 24 hours (or the state's own time) against each possible state's cap."""
    if (why := timed_gate(case)) is not None:
        yield why
        return
    if not case.place.states:
        yield Judgement(Outcome.NEEDS_EVIDENCE, UNKNOWN_PLACE)
        return
    judged = [said for code in case.place.states if (said := _judge_cap(case, code)) is not None]
    if not judged:
        yield Judgement(Outcome.NOT_APPLICABLE, f"No cap in {', '.join(case.place.states)} on that day.")
    elif len(case.place.states) > 1 and any(said.outcome is Outcome.VIOLATION for said in judged):
        yield from (_soften(said) for said in judged)
    else:
        yield from judged


def _soften(said: Judgement) -> Judgement:
    if said.outcome is not Outcome.VIOLATION:
        return said
    return Judgement(
        Outcome.REVIEW, f"{said.reason} The consumer may be in another state.", said.evidence, citations=said.citations
    )


def _judge_cap(case: Case, code: str) -> Judgement | None:
    rules = case.reference.states.find_state(code) if case.reference.states else None
    if rules is None or case.at is None or case.origin is None:
        return None
    result = frequency_check(
        rules,
        case.at,
        case.facts.attempts_24h,
        on=case.local_days(case.at)[0],
        is_automated=is_automated(voice=case.origin.voice, dialer=case.origin.dialer),
        entity=case.facts.seller,
        number=case.consumer_number,
    )
    if result is None:
        return None
    evidence, cites = _cap_evidence(result), (result.cap.citation,)
    months = result.cap.exempt_relationship_months
    bought = case.facts.relationship.last_purchase_at
    if months and bought and case.facts.relationship.is_with_seller is not False and _is_within(case, bought, months):
        said = f"{code}: a purchase within {months} months lifts the cap."
        return Judgement(Outcome.NOT_APPLICABLE, said, evidence, citations=cites)
    told = f"{code}: attempt {result.sure} within {result.cap.window_s // 3600} hours; {result.cap.most} are allowed"
    if result.is_over:
        return Judgement(Outcome.VIOLATION, told + ".", evidence, citations=cites)
    if result.may_be_over:
        said = f"{code}: attempt {result.possible} if they were about the same thing; {result.cap.most} are allowed."
        return Judgement(Outcome.REVIEW, said, evidence, citations=cites)
    if result.other_subjects:
        told += f"; others were about {', '.join(result.other_subjects)}"
    return Judgement(Outcome.PASS, told + ".", evidence, citations=cites)


def _cap_evidence(result: FrequencyResult) -> dict[str, object]:
    return {
        "state": result.state,
        "most": result.cap.most,
        "window_s": result.cap.window_s,
        "counted": result.sure,
        "counted_at": [at.isoformat() for at in result.counted_at],
        "other_subjects": list(result.other_subjects),
        "texts_count": result.cap.does_count_texts,
    }


@rule_function("state_autodial")
def judge_state_autodial(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a number was chosen or dialled by machine in a state that wants written consent for that."""
    if (why := gate(case)) is not None:
        yield why
        return
    assert case.origin is not None
    dialer, states = case.origin.dialer, dict(rule.params["states"])
    found = [code for code in case.place.states if code in states]
    if not case.place.states:
        yield Judgement(Outcome.NEEDS_EVIDENCE, UNKNOWN_PLACE)
    for code in found:
        name, severity = f"{rule.id}-{code}", SEVERITY_OF[states[code]]
        evidence = {"state": code, "dialer": str(dialer) if dialer else None}
        if dialer in (None, Dialer.UNKNOWN):
            said = "Nobody says how the number was dialled."
            yield Judgement(Outcome.NEEDS_EVIDENCE, said, {**evidence, "missing": ["dialer"]}, rule=name, severity=severity)
        elif dialer is Dialer.MANUAL:
            yield Judgement(Outcome.PASS, "The number was dialled by hand.", evidence, rule=name, severity=severity)
        elif any(reading.is_full for reading in read_consents(case.facts, number=case.consumer_number, at=case.at)):
            yield Judgement(
                Outcome.PASS, "A written consent for automated calls is on record.", evidence, rule=name, severity=severity
            )
        else:
            said = f"Dialled by a {dialer} dialer in {code} without written consent for automated calls."
            is_sure = states[code] != "low" and len(case.place.states) == 1
            outcome = Outcome.VIOLATION if is_sure and states[code] == "high" else Outcome.REVIEW
            yield Judgement(outcome, said, evidence, rule=name, severity=severity)
    if case.place.states and not found:
        yield Judgement(Outcome.NOT_APPLICABLE, "No state of the consumer restricts dialers beyond federal law.")
