"""Was the number on a list that says not to call, how old was the list, and was a request kept?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from app.compliance.case import Case
from app.compliance.consents import read_consents
from app.compliance.day_clocks import Clock, day_pairs, within_business_days, within_days, within_months
from app.compliance.engine import Judgement, rule_function, timed_gate
from app.compliance.exemptions import find_permission, find_relation
from app.compliance.facts import ListState
from app.compliance.hearing import find_telling, first_span, is_by_unknown, quote, words_evidence
from app.compliance.rule_set import Rule
from app.compliance.rules.hours import UNKNOWN_PLACE
from app.vocabulary import AttemptKind, Outcome, PackKind, Severity


def _list_evidence(state: ListState | None) -> dict[str, Any]:
    if state is None:
        return {"list": None}
    obtained, scrubbed = state.obtained_at, state.scrubbed_at
    return {
        "listed": state.is_listed,
        "obtained_at": obtained.isoformat() if obtained else None,
        "scrubbed_at": scrubbed.isoformat() if scrubbed else None,
        "san": state.san,
        "area_codes": list(state.area_codes) if state.area_codes else None,
    }


@rule_function("national_list")
def judge_national_list(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the number was on the national registry, and whether anything let the seller call it all the same."""
    if (why := timed_gate(case)) is not None:
        yield why
        return
    national = case.facts.dnc.national
    evidence = _list_evidence(national)
    if national is None or national.is_listed is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whether the number is on the national registry.", evidence)
    elif not national.is_listed:
        yield Judgement(Outcome.PASS, "The number is not on the version of the registry that was used.", evidence)
    else:
        yield _listed(case, "the national registry", evidence)


def _listed(case: Case, where: str, evidence: dict[str, Any]) -> Judgement:
    permitted, ground = find_permission(case)
    relation = find_relation(case)
    evidence = {**evidence, "permission": ground, **relation.evidence()}
    if permitted:
        return Judgement(Outcome.PASS, f"The number is on {where}; {ground}.", evidence)
    if relation.holds:
        said = f"The number is on {where}; a {relation.kind} with this seller still carries the call."
        return Judgement(Outcome.PASS, said, evidence)
    if case.facts.relationship.is_personal:
        return Judgement(Outcome.PASS, f"The number is on {where}; caller and consumer know each other.", evidence)
    if relation.holds is None or permitted is None:
        doubtful = relation.kind or "relationship"
        said = f"The number is on {where}; whether an agreement or a {doubtful} carries the call is not certain."
        return Judgement(Outcome.NEEDS_EVIDENCE, said, evidence)
    why = "a request not to be called ended the relationship" if relation.is_ended_by_request else ground
    return Judgement(Outcome.VIOLATION, f"The number is on {where}: {why}.", evidence)


@rule_function("relationship")
def judge_relationship(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the relationship that was named carries a call to a listed number."""
    why, relation = timed_gate(case), find_relation(case)
    listed = case.facts.dnc.national is not None and case.facts.dnc.national.is_listed
    if why is not None or not listed or relation.clock is None:
        yield why or Judgement(Outcome.NOT_APPLICABLE, "No relationship has to carry this call.")
        return
    evidence = relation.evidence()
    if relation.holds:
        yield Judgement(Outcome.PASS, f"A {relation.kind} with this seller carries the call.", evidence)
    elif relation.holds is None:
        yield Judgement(
            Outcome.NEEDS_EVIDENCE, f"Whether the {relation.kind} was with this seller, or in time, is not certain.", evidence
        )
    elif find_permission(case)[0] or case.facts.relationship.is_personal:
        yield Judgement(Outcome.NOT_APPLICABLE, "The relationship has ended; the call is carried by something else.", evidence)
    else:
        yield Judgement(Outcome.VIOLATION, f"The {relation.kind} does not carry this call to a listed number.", evidence)


@rule_function("list_age")
def judge_list_age(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the registry version that was used was at most 31 days old, by local days, and covered the area code."""
    if (why := timed_gate(case)) is not None:
        yield why
        return
    assert case.at is not None
    national, most = case.facts.dnc.national, int(rule.params["days"])
    evidence = _list_evidence(national)
    if national is None or national.scrubbed_at is None:
        yield Judgement(Outcome.VIOLATION, "There is no record that the number was scrubbed before the call.", evidence)
        return
    if national.area_codes is not None and (case.consumer_number or "")[2:5] not in national.area_codes:
        said = f"The subscription (SAN {national.san or 'not named'}) does not cover the number's area code."
        yield Judgement(Outcome.NEEDS_EVIDENCE, said, evidence)
        return
    if national.scrubbed_at > case.at:
        yield Judgement(Outcome.VIOLATION, "The number was scrubbed only after the call.", evidence)
        return
    if national.obtained_at is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says when the registry version was obtained.", evidence)
        return
    ages = sorted({pair.days for pair in day_pairs(case, national.obtained_at, case.at)})
    clock = within_days(case, national.obtained_at, case.at, most)
    said = f"The registry version was {ages[-1]} days old; at most {most} are allowed."
    outcome = {Clock.INSIDE: Outcome.PASS, Clock.DOUBTFUL: Outcome.REVIEW, Clock.OUTSIDE: Outcome.VIOLATION}[clock]
    yield Judgement(outcome, said, {**evidence, "age_days": ages})


@rule_function("state_list")
def judge_state_list(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask the own lists of the states the consumer may be in."""
    if (why := timed_gate(case)) is not None:
        yield why
        return
    if not case.place.states:
        yield Judgement(Outcome.NEEDS_EVIDENCE, UNKNOWN_PLACE)
        return
    own = [code for code in case.place.states if code in rule.params["states"]]
    if not own:
        yield Judgement(Outcome.NOT_APPLICABLE, f"{', '.join(case.place.states)} keeps no list of its own.")
    for code in own:
        state = case.facts.dnc.state.get(code)
        evidence = {"state": code, **_list_evidence(state)}
        if state is None or state.is_listed is None:
            said = f"{code} keeps a list of its own and nobody says whether the number is on it."
            yield Judgement(Outcome.NEEDS_EVIDENCE, said, evidence)
        elif not state.is_listed:
            yield Judgement(Outcome.PASS, f"The number is not on {code}'s list.", evidence)
        else:
            judged = _listed(case, f"{code}'s list", evidence)
            is_sure = judged.outcome is not Outcome.VIOLATION or len(case.place.states) == 1
            said = f"{judged.reason} The consumer may be elsewhere."
            yield judged if is_sure else Judgement(Outcome.REVIEW, said, judged.evidence)


@rule_function("state_relationship")
def judge_state_relationship(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a purchase is recent enough for states that look back less far than federal law."""
    why, bought = timed_gate(case), case.facts.relationship.last_purchase_at
    if why is not None:
        yield why
        return
    national = case.facts.dnc.national
    listed = (national is not None and national.is_listed) or any(state.is_listed for state in case.facts.dnc.state.values())
    months_by_state = {code: int(rule.params["months"][code]) for code in case.place.states if code in rule.params["months"]}
    if not listed or bought is None or case.at is None or not months_by_state:
        yield Judgement(Outcome.NOT_APPLICABLE, "No purchase has to carry this call in a state with a look-back of its own.")
        return
    for code, months in months_by_state.items():
        clock = within_months(case, bought, case.at, months)
        evidence = {"state": code, "months": months, "purchase": bought.isoformat()}
        said = f"The purchase of {bought:%Y-%m-%d} is measured by {code}'s {months} months."
        if clock is Clock.INSIDE or find_permission(case)[0]:
            yield Judgement(Outcome.PASS, said, evidence, rule=f"{rule.id}-{code}")
        else:
            is_sure = clock is Clock.OUTSIDE and len(case.place.states) == 1
            outcome = Outcome.VIOLATION if is_sure else Outcome.REVIEW
            yield Judgement(outcome, f"{said} It is older.", evidence, rule=f"{rule.id}-{code}")


def _requested(case: Case) -> Judgement | datetime:
    """Return when the consumer asked not to be called, before this call; or why there is nothing to judge."""
    if (why := timed_gate(case)) is not None:
        return why
    requested = case.facts.dnc.internal_requested_at
    if requested is None:
        return Judgement(
            Outcome.NEEDS_EVIDENCE, "Nobody says whether the number is on the internal list.", {"missing": ["dnc.internal"]}
        )
    assert case.at is not None
    if requested > case.at:
        return Judgement(Outcome.PASS, "The request came after this call.", {"requested_at": requested.isoformat()})
    return requested


@rule_function("internal_list")
def judge_internal_list(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a request not to be called was kept in time: 10 business days, 30 days before 2025-04-11, for 5 years."""
    requested = _requested(case)
    if isinstance(requested, Judgement):
        yield requested
        return
    assert case.at is not None
    params = rule.params
    since = datetime.combine(params["business_days_from"], datetime.min.time(), tzinfo=UTC)
    is_new = requested >= since
    evidence = {"requested_at": requested.isoformat(), "period": "10 business days" if is_new else "30 days"}
    if within_months(case, requested, case.at, 12 * int(params["years"])) is Clock.OUTSIDE:
        said = f"The request of {requested:%Y-%m-%d} is older than the {params['years']} years that the FCC's rule lasts."
        yield Judgement(Outcome.PASS, said, evidence)
        return
    clock = (
        within_business_days(case, requested, case.at, int(params["business_days"]))
        if is_new
        else within_days(case, requested, case.at, int(params["former_days"]))
    )
    if clock is Clock.OUTSIDE:
        said = f"The consumer asked on {requested:%Y-%m-%d}; the {evidence['period']} to stop had passed."
        yield Judgement(Outcome.VIOLATION, said, evidence)
    else:
        said = f"The consumer asked on {requested:%Y-%m-%d} and was called inside the {evidence['period']} to stop."
        yield Judgement(Outcome.REVIEW, said, evidence)


@rule_function("internal_list_policy")
def judge_internal_policy(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a request was kept after the FCC's five years: the FTC's rule has no end, and neither has the policy."""
    requested = _requested(case)
    if isinstance(requested, Judgement):
        yield requested
        return
    assert case.at is not None
    evidence = {"requested_at": requested.isoformat()}
    if within_months(case, requested, case.at, 12 * int(rule.params["years"])) is Clock.OUTSIDE:
        said = f"The consumer asked on {requested:%Y-%m-%d}; a request does not lapse."
        yield Judgement(Outcome.VIOLATION, said, evidence)
    else:
        yield Judgement(Outcome.NOT_APPLICABLE, "The FCC's own five years have not passed; its rule speaks.", evidence)


@rule_function("opt_out_captured")
def judge_capture(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether words that ask not to be called led to an entry in the internal list within a day of the call's end."""
    if not case.facts.utterances:
        yield Judgement(Outcome.NOT_APPLICABLE, "There is no transcript.")
        return
    hits = find_telling(case, rule.params["packs"])
    softer = find_telling(case, rule.params["soft_packs"], kinds=frozenset({PackKind.CONTEXT, PackKind.VIOLATION}))
    # "I said no" refuses what is offered; only words against the call itself may mean that no other shall come.
    soft = tuple(hit for hit in softer if hit.phrase not in rule.params.get("refusals", ()))
    if not hits:
        outcome = Outcome.REVIEW if soft else Outcome.PASS
        refused = f"The consumer refuses the offer and does not speak of calls: {quote(softer)}." if softer else ""
        said = f"The consumer does not want this: {quote(soft)}." if soft else refused or "Nobody asks not to be called."
        yield Judgement(
            outcome, said, words_evidence(softer) if softer else {}, severity=Severity.MEDIUM, span=first_span(softer)
        )
        return
    ended, entered = _ended_at(case), case.facts.dnc.internal_requested_at
    until = ended + timedelta(hours=float(rule.params["hours"])) if ended else None
    evidence = words_evidence(
        hits, entry_at=entered.isoformat() if entered else None, entry_due=until.isoformat() if until else None
    )
    if is_by_unknown(hits):
        yield Judgement(Outcome.REVIEW, f"Somebody asks not to be called: {quote(hits)}.", evidence, span=first_span(hits))
    elif entered is not None and (until is None or entered <= until):
        yield Judgement(Outcome.PASS, f"The request was entered in time; {quote(hits)}.", evidence, span=first_span(hits))
    elif entered is None and until is not None and case.as_of is not None and case.as_of <= until:
        said = f"The request is not entered yet; it is due by {until:%Y-%m-%d %H:%M} UTC; {quote(hits)}."
        yield Judgement(Outcome.NEEDS_EVIDENCE, said, evidence, span=first_span(hits))
    else:
        why = "was entered late" if entered else "was not entered in the internal list"
        yield Judgement(Outcome.VIOLATION, f"The request {why}: {quote(hits)}.", evidence, span=first_span(hits))


def _ended_at(case: Case) -> datetime | None:
    ends = [leg.ended_at for leg in case.facts.legs if leg.ended_at]
    if ends:
        return max(ends).astimezone(UTC)
    if case.at is None:
        return None
    return (case.at + timedelta(seconds=case.facts.duration_s or 0.0)).astimezone(UTC)


@rule_function("litigator")
def judge_litigator(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Tell when a commercial list names the number as a litigator's."""
    told = case.facts.dnc.litigator
    evidence = {"source": told.source, "version": told.version} if told else {}
    if told is None or told.is_listed is None:
        yield Judgement(Outcome.NOT_APPLICABLE, "No list of litigators was asked.")
    elif told.is_listed:
        yield Judgement(
            Outcome.REVIEW, f"The number is on a list of litigators ({told.source or 'source not named'}).", evidence
        )
    else:
        yield Judgement(Outcome.PASS, "The number is on no list of litigators that was asked.", evidence)


@rule_function("reassigned")
def judge_reassigned(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the number still belongs to the person who consented (47 CFR 64.1200(m))."""
    hits = find_telling(case, rule.params["packs"]) if case.facts.utterances else ()
    if hits:
        said = f"The consumer says that another person was meant: {quote(hits)}."
        yield Judgement(Outcome.REVIEW, said, words_evidence(hits), span=first_span(hits))
    if (why := timed_gate(case)) is not None:
        yield why
        return
    assert case.at is not None
    query = case.facts.dnc.reassigned
    if query is None or query.answer is None:
        yield _without_query(case, int(rule.params["unasked_days"]))
        return
    asked, since = query.queried_at, query.since
    evidence = {
        "answer": query.answer,
        "queried_at": asked.isoformat() if asked else None,
        "since": since.isoformat() if since else None,
    }
    if query.answer == "yes":
        yield Judgement(Outcome.VIOLATION, "The number was given up after the consent: the consent is void.", evidence)
    elif asked is not None and asked > case.at:
        yield Judgement(Outcome.REVIEW, "The database was asked only after the call: no safe harbour.", evidence)
    elif query.answer == "no_data":
        yield Judgement(Outcome.REVIEW, "The database cannot say for that date.", evidence)
    elif asked is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says when the database was asked.", evidence)
    else:
        said = "The number was not given up since the consent; the query came before the call."
        yield Judgement(Outcome.PASS, said, {**evidence, "safe_harbour": True})


def _without_query(case: Case, days: int) -> Judgement:
    given = [consent.given_at for consent in case.facts.consents if consent.given_at is not None]
    if not given or case.at is None:
        return Judgement(Outcome.NOT_APPLICABLE, "No consent of a known date stands behind this call.")
    newest = max(given)
    age = max(pair.days for pair in day_pairs(case, newest, case.at))
    evidence = {"consent_age_days": age, "ask_after_days": days}
    if within_days(case, newest, case.at, days) is Clock.INSIDE:
        return Judgement(
            Outcome.PASS, f"The consent was {age} days old; numbers rest longer before they are given on.", evidence
        )
    return Judgement(
        Outcome.REVIEW, f"The consent was {age} days old and nobody asked whether the number was given on.", evidence
    )


@rule_function("repeat_exposure")
def judge_repeat_exposure(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Tell that a listed number was called more than once within 12 months for the same seller: 227(c)(5) opens a suit then."""
    why = timed_gate(case)
    national = case.facts.dnc.national
    if why is not None or national is None or not national.is_listed or _listed(case, "", {}).outcome is Outcome.PASS:
        yield why or Judgement(Outcome.NOT_APPLICABLE, "No listed number was called without permission.")
        return
    same = [
        attempt
        for attempt in case.facts.attempts_24h
        if attempt.kind is AttemptKind.CALL and attempt.entity in (None, case.facts.seller)
    ]
    evidence = {"calls": [attempt.at.isoformat() for attempt in same]}
    if same:
        yield Judgement(Outcome.REVIEW, f"At least {len(same) + 1} calls to a listed number: the consumer may sue.", evidence)
    else:
        yield Judgement(Outcome.NOT_APPLICABLE, "No second call to this number is known.", evidence)


@rule_function("revocation")
def judge_revocation(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether an automated call came after a revocation: at once doubtful, after 10 business days barred."""
    if (why := timed_gate(case)) is not None:
        yield why
        return
    assert case.at is not None
    revoked = [c for c in case.facts.consents if c.revoked_at is not None and c.revoked_at <= case.at]
    scopes = rule.params.get("scopes")
    revoked = [c for c in revoked if scopes is None or c.revocation_scope in scopes]
    if not revoked:
        yield Judgement(Outcome.NOT_APPLICABLE, "No consent was revoked before this call.")
        return
    last = max(c.revoked_at for c in revoked if c.revoked_at is not None)
    evidence = {"revoked_at": last.isoformat(), "scope": revoked[-1].revocation_scope}
    readings = read_consents(case.facts, number=case.consumer_number, at=case.at)
    if any(r.is_express and r.consent.given_at is not None and r.consent.given_at > last for r in readings):
        yield Judgement(Outcome.PASS, "The consumer consented anew after revoking.", evidence)
    elif case.is_automated is False:
        yield Judgement(Outcome.NOT_APPLICABLE, "A person spoke; the internal list speaks for such calls.", evidence)
    elif case.is_automated is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whether a machine spoke after the revocation.", evidence)
    elif within_business_days(case, last, case.at, int(rule.params["business_days"])) is Clock.OUTSIDE:
        said = (
            f"An automated call more than {rule.params['business_days']} business days after the revocation of {last:%Y-%m-%d}."
        )
        yield Judgement(Outcome.VIOLATION, said, evidence)
    else:
        said = f"An automated call after the revocation of {last:%Y-%m-%d}, inside the time allowed to act on it."
        yield Judgement(Outcome.REVIEW, said, evidence)
