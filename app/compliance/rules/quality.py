"""Is the call one that the campaign pays for? Contract terms: duplicates, hours, place, length, caps, misdials.

None of these is law. A term that is not met says so as a violation of low severity: the call is not billable.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.compliance.case import Case
from app.compliance.engine import Judgement, rule_function
from app.compliance.hearing import are_two, find_telling, first_span, is_by_unknown, quote, words_evidence
from app.compliance.rule_set import Rule
from app.compliance.rules.channels import not_applicable
from app.vocabulary import Outcome, PackKind

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@rule_function("duplicate")
def judge_duplicate(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the same number reached the same advertiser inside the dedupe window (elapsed time, not calendar days)."""
    facts, at = case.facts, arrival(case)
    if not facts.prior_calls:
        yield not_applicable("No earlier calls of this number were given.")
        return
    if case.consumer_number is None or at is None:
        missing = [name for name, known in (("caller's number", case.consumer_number), ("start", at)) if known is None]
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Unknown: " + ", ".join(missing) + ".", {"missing": missing})
        return
    days = facts.campaign.dedupe_window_days
    days = int(rule.params["default_days"]) if days is None else days
    buyer = facts.advertiser or facts.seller
    earlier = [call for call in facts.prior_calls if timedelta(0) < at - call.at <= timedelta(days=days)]
    same = [call for call in earlier if buyer is not None and _same_name(call.advertiser, buyer)]
    evidence = {"window_days": days, "advertiser": buyer, "earlier": [call.at.isoformat() for call in same or earlier]}
    if same:
        newest = max(call.at for call in same)
        said = f"The same number called {(at - newest) / timedelta(days=1):.1f} days before; the window is {days} days."
        yield Judgement(Outcome.VIOLATION, said, evidence)
    elif earlier and (buyer is None or any(call.advertiser is None for call in earlier)):
        yield Judgement(Outcome.NEEDS_EVIDENCE, "An earlier call lies in the window; nobody says who bought it.", evidence)
    else:
        yield Judgement(Outcome.PASS, f"No call of this number to this advertiser in the {days} days before.", evidence)


def _same_name(one: str | None, other: str) -> bool:
    return one is not None and one.casefold().strip() == other.casefold().strip()


@rule_function("campaign_hours")
def judge_campaign_hours(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the call reached the campaign in its hours; a day that is not listed is closed, the end is exclusive."""
    hours, at = case.facts.campaign.hours, arrival(case)
    if hours is None or not hours.by_weekday:
        yield not_applicable("The campaign has no hours.")
        return
    if at is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says when the call came.", {"missing": ["started_at"]})
        return
    local = at.astimezone(ZoneInfo(hours.tz))
    times = hours.by_weekday.get(local.weekday())
    opened = f"{times[0]:%H:%M} to {times[1]:%H:%M}" if times else "closed"
    evidence = {"local_time": local.isoformat(), "tz": hours.tz, "hours": opened}
    is_open = times is not None and times[0] <= local.time() < times[1]
    said = f"The call came {DAYS[local.weekday()]} {local:%H:%M:%S}; the campaign's hours that day: {opened}."
    yield Judgement(Outcome.PASS if is_open else Outcome.VIOLATION, said, evidence)


@rule_function("billable_duration")
def judge_duration(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the call lasted the billable seconds; a call of exactly that length did."""
    limit_s, lasted_s = case.facts.campaign.billable_s, connected_s(case)
    if limit_s is None:
        yield not_applicable("The campaign has no billable duration.")
        return
    evidence = {"billable_s": limit_s, "connected_s": lasted_s}
    if lasted_s is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says how long the call was connected.", evidence)
        return
    said = f"Connected for {lasted_s:g} s; billable from {limit_s:g} s."
    yield Judgement(Outcome.PASS if lasted_s >= limit_s else Outcome.VIOLATION, said, evidence)


@rule_function("pacing")
def judge_pacing(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a cap had been reached before this call."""
    if not case.facts.pacing:
        yield not_applicable("No caps were given.")
        return
    full = [count for count in case.facts.pacing if count.count_before >= count.cap]
    evidence = {"caps": [{"period": c.period, "cap": c.cap, "count_before": c.count_before} for c in case.facts.pacing]}
    if full:
        told = "; ".join(f"{count.count_before} of {count.cap} per {count.period}" for count in full)
        yield Judgement(Outcome.VIOLATION, f"The cap was reached before this call: {told}.", evidence)
    else:
        yield Judgement(Outcome.PASS, "Every cap had room.", evidence)


@rule_function("repeat_caller")
def judge_repeat_caller(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether one number calls campaign after campaign; voices are never compared (biometric law)."""
    at = arrival(case)
    if not case.facts.prior_calls or at is None:
        yield not_applicable("No earlier calls of this number were given.")
        return
    days, most = int(rule.params["days"]), int(rule.params["most_calls"])
    recent = [call for call in case.facts.prior_calls if timedelta(0) <= at - call.at <= timedelta(days=days)]
    evidence = {"days": days, "most_calls": most, "calls": [call.at.isoformat() for call in recent]}
    if len(recent) + 1 > most:
        yield Judgement(Outcome.REVIEW, f"{len(recent) + 1} calls of this number within {days} days.", evidence)
    else:
        yield Judgement(Outcome.PASS, f"{len(recent) + 1} of at most {most} calls within {days} days.", evidence)


@rule_function("words")
def judge_words(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Say what words point to. ``params``: packs; outcome by one hit; outcome by two (ruling 11); kinds that may speak;
    verticals the rule is for; verticals in which only a person can tell."""
    params, vertical = rule.params, case.facts.vertical
    if params.get("verticals") and vertical and vertical != "other" and vertical not in params["verticals"]:
        yield not_applicable(f"The rule is not for {vertical}.")
        return
    if not case.facts.utterances:
        yield not_applicable("There is no transcript.")
        return
    kinds = frozenset({PackKind.VIOLATION, PackKind.CONTEXT}) if params.get("context_too") else None
    hits = find_telling(case, params["packs"], kinds=kinds)
    if not hits:
        yield Judgement(Outcome.PASS, "Nothing of the kind was heard.")
        return
    is_clear = are_two(hits) or any(hit.decisive for hit in hits)
    outcome = Outcome(params.get("two", params["one"]) if is_clear else params["one"])
    if (is_by_unknown(hits) and not params.get("any_speaker")) or vertical in params.get("review_in", ()):
        outcome = Outcome.REVIEW
    yield Judgement(outcome, f"{rule.title}: {quote(hits)}.", words_evidence(hits), span=first_span(hits))


def arrival(case: Case) -> datetime | None:
    """Return when the call reached the buyer: the start of its last leg that has one."""
    return max((leg.started_at for leg in case.facts.legs if leg.started_at), default=None)


def connected_s(case: Case) -> float | None:
    """Return the seconds the call was connected: as told, or from answer to end of the last leg."""
    if case.facts.duration_s is not None:
        return case.facts.duration_s
    for leg in reversed(case.facts.legs):
        if leg.answered_at and leg.ended_at:
            return (leg.ended_at - leg.answered_at).total_seconds()
    return None


@rule_function("campaign_states")
def judge_campaign_states(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the consumer is in a state the campaign buys."""
    wanted, possible = case.facts.campaign.states, case.place.states
    evidence = {"wanted": list(wanted), "possible": list(possible), "source": [str(source) for source in case.place.sources]}
    if not wanted:
        yield not_applicable("The campaign buys everywhere.")
    elif not possible:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody knows where the consumer was.", evidence)
    elif all(code in wanted for code in possible):
        yield Judgement(Outcome.PASS, f"The consumer is in {', '.join(possible)}.", evidence)
    elif any(code in wanted for code in possible):
        yield Judgement(
            Outcome.REVIEW, f"The consumer may be in {', '.join(possible)}; the campaign buys some of these.", evidence
        )
    else:
        yield Judgement(
            Outcome.VIOLATION, f"The consumer is in {', '.join(possible)}, which the campaign does not buy.", evidence
        )
