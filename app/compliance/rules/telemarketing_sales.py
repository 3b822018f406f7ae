"""What does the Telemarketing Sales Rule say of what was said, and of what was written down?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.compliance.case import Case
from app.compliance.engine import Judgement, day_of, gate, rule_function
from app.compliance.hearing import find_telling, first_span, is_by_unknown, quote, words_evidence
from app.compliance.rule_set import Rule
from app.compliance.tsr_coverage import Coverage, tsr_coverage
from app.vocabulary import LegVoice, Outcome, PackKind, Speaker, TransferType


def _uncovered(coverage: Coverage) -> Judgement | None:
    if coverage.is_covered:
        return None
    evidence = {"covered": coverage.is_covered, "why": coverage.reason, "missing": list(coverage.missing)}
    if coverage.is_covered is None:
        said = f"Whether the Telemarketing Sales Rule covers the call is not known: {coverage.reason}."
        return Judgement(Outcome.NEEDS_EVIDENCE, said, evidence)
    return Judgement(
        Outcome.NOT_APPLICABLE, f"The Telemarketing Sales Rule does not cover the call: {coverage.reason}.", evidence
    )


@rule_function("tsr_words")
def judge_tsr_words(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Say what words mean under the rule. ``params``: packs, outcome by a hit, whether it is on misrepresentation, a pack that
    softens."""
    params = rule.params
    coverage = tsr_coverage(case, day_of(case), is_misrepresentation=bool(params.get("misrepresentation")))
    hits = find_telling(case, params["packs"]) if case.facts.utterances else ()
    if coverage.is_covered is None and not hits:
        yield Judgement(Outcome.NOT_APPLICABLE, f"Nothing of the kind was heard; {coverage.reason}.")
        return
    if (why := _uncovered(coverage)) is not None:
        yield why
        return
    if not case.facts.utterances:
        yield Judgement(Outcome.NOT_APPLICABLE, "There is no transcript.", {"covered": True, "why": coverage.reason})
        return
    if not hits:
        yield Judgement(Outcome.PASS, "Nothing of the kind was heard.", {"covered": True, "why": coverage.reason})
        return
    outcome = Outcome(params["one"])
    by_agent = [hit for hit in hits if hit.speaker is Speaker.AGENT]
    softened = bool(params.get("softened_by")) and bool(case.heard(*params["softened_by"]))
    if softened or not by_agent or is_by_unknown(hits):
        outcome = Outcome.REVIEW
    evidence = words_evidence(hits, covered=True, why=coverage.reason)
    yield Judgement(outcome, f"{rule.title}: {quote(hits)}.", evidence, span=first_span(hits))


@rule_function("advance_fee")
def judge_advance_fee(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a fee for debt relief was asked for before any debt was settled."""
    if case.facts.vertical not in (None, *rule.params["verticals"]):
        yield Judgement(Outcome.NOT_APPLICABLE, f"The rule is for debt relief, not for {case.facts.vertical}.")
        return
    says, unless = (re.compile(str(rule.params[name]), re.IGNORECASE) for name in ("says", "unless"))
    found = [
        utterance
        for utterance in case.facts.utterances
        if utterance.speaker is not Speaker.CALLER
        and any(says.search(part) and not unless.search(part) for part in re.split(r"[.?!]\s+", utterance.text))
    ]
    trusted = [u for u in found if not u.words or sum(word.low_trust for word in u.words) <= len(u.words) / 2]
    if not trusted:
        yield (
            Judgement(Outcome.PASS, "No fee before a settlement was asked for.")
            if case.facts.utterances
            else Judgement(Outcome.NOT_APPLICABLE, "There is no transcript.")
        )
        return
    coverage = tsr_coverage(case, day_of(case))
    first = trusted[0]
    evidence = {
        "quotes": [{"text": u.text, "speaker": str(u.speaker), "start_s": u.span.start_s} for u in trusted],
        "covered": coverage.is_covered,
        "why": coverage.reason,
    }
    said = f"A fee is asked for before any debt is settled: “{first.text}”."
    is_sure = case.facts.vertical is not None and first.speaker is Speaker.AGENT
    if coverage.is_covered is False:
        yield Judgement(
            Outcome.NOT_APPLICABLE, f"The Telemarketing Sales Rule does not cover the call: {coverage.reason}.", evidence
        )
    elif is_sure and (coverage.is_covered or case.facts.ad_type is None):
        # Debt relief has no exemption but the call that no advertising brought; the vertical alone covers it.
        yield Judgement(Outcome.VIOLATION, said, evidence, span=first.span)
    else:
        yield Judgement(Outcome.REVIEW, said, evidence, span=first.span)


@rule_function("outbound_disclosures")
def judge_outbound_disclosures(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a sales call promptly said who is calling, and that it is to sell."""
    if case.is_outbound is False:
        yield Judgement(Outcome.NOT_APPLICABLE, "The consumer placed the call.")
        return
    if (why := _uncovered(tsr_coverage(case, day_of(case)))) is not None:
        yield why
        return
    if not case.facts.utterances:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "There is no transcript.", {"missing": ["utterances"]})
        return
    if hits := find_telling(case, rule.params["disguised"]):
        outcome = Outcome.REVIEW if is_by_unknown(hits) else Outcome.VIOLATION
        yield Judgement(outcome, f"The purpose is disguised: {quote(hits)}.", words_evidence(hits), span=first_span(hits))
    absent = [absence for absence in case.absences if absence.pack in rule.params["required"]]
    for absence in absent:
        what = rule.params["required"][absence.pack]
        evidence = {"absent_in": {"from_s": absence.window.start_s, "to_s": absence.window.end_s}, "pack": absence.pack}
        said = f"Nobody says {what} within {absence.window.duration_s:g} s of the consumer's first words."
        yield Judgement(Outcome.REVIEW, said, {**evidence, "only_low_trust": absence.only_low_trust}, span=absence.window)
    if not absent:
        yield Judgement(Outcome.PASS, "The call says who is calling, and why, in time.")


@rule_function("state_opening")
def judge_state_opening(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the caller said who is calling within the seconds that a state gives."""
    if (why := gate(case)) is not None:
        yield why
        return
    table = case.reference.states
    openings = [(code, row.opening) for code in case.place.states if table and (row := table.find_state(code)) and row.opening]
    if not openings:
        yield Judgement(Outcome.NOT_APPLICABLE, "No state of the consumer gives seconds for the opening.")
    for code, opening in openings:
        name, cites = f"{rule.id}-{code}", (opening.citation,)
        evidence: dict[str, Any] = {"state": code, "what": opening.what, "within_s": opening.within_s}
        if not case.facts.utterances:
            yield Judgement(Outcome.NEEDS_EVIDENCE, "There is no transcript.", evidence, rule=name, citations=cites)
            continue
        began_s = min(u.span.start_s for u in case.facts.utterances)
        said_s = [hit.span.start_s - began_s for hit in case.heard(*rule.params["packs"]) if hit.kind is PackKind.REQUIRED]
        evidence["said_after_s"] = round(min(said_s), 1) if said_s else None
        if opening.within_s is None or (said_s and min(said_s) <= opening.within_s):
            yield Judgement(
                Outcome.PASS, f"{code}: the caller says who is calling in time.", evidence, rule=name, citations=cites
            )
        else:
            told = f"only after {min(said_s):.0f} s" if said_s else "not at all"
            said = f"{code} wants to hear who is calling within {opening.within_s} s; it was said {told}."
            yield Judgement(Outcome.REVIEW, said, evidence, rule=name, citations=cites)


@rule_function("cost_before_payment")
def judge_cost_before_payment(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether cost and terms were told before payment was taken."""
    kinds = frozenset({PackKind.VIOLATION, PackKind.CONTEXT})
    paying = find_telling(case, rule.params["payment"], kinds=kinds) if case.facts.utterances else ()
    if not paying:
        yield Judgement(Outcome.NOT_APPLICABLE, "No payment is spoken of.")
        return
    coverage = tsr_coverage(case, day_of(case))
    if (why := _uncovered(coverage)) is not None:
        yield why
        return
    told = [hit for hit in case.heard(*rule.params["cost"]) if hit.span.start_s <= paying[0].span.start_s]
    evidence = words_evidence(paying, cost_told_at_s=told[0].span.start_s if told else None, why=coverage.reason)
    if told:
        yield Judgement(Outcome.PASS, "Cost was told before payment was spoken of.", evidence)
    else:
        said = f"Payment is spoken of before any cost: {quote(paying)}."
        yield Judgement(Outcome.REVIEW, said, evidence, span=first_span(paying))


@rule_function("call_record")
def judge_call_record(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the ten items of the call record are there (16 CFR 310.5(a)(2))."""
    if (why := _uncovered(tsr_coverage(case, day_of(case)))) is not None:
        yield why
        return
    items = call_record_items(case)
    missing = [name for name, value in items.items() if not value]
    evidence = {"items": {name: bool(value) for name, value in items.items()}, "missing": missing}
    if missing:
        yield Judgement(Outcome.NEEDS_EVIDENCE, f"The call record lacks: {', '.join(missing)}.", evidence)
    else:
        yield Judgement(Outcome.PASS, "All ten items of the call record are there.", evidence)


def call_record_items(case: Case) -> Mapping[str, bool]:
    """Return which of the ten items are known, by number and name, in the order of the rule."""
    facts, record, origin = case.facts, case.facts.record.items, case.origin
    has_times = bool(origin and origin.from_number and origin.to_number and origin.started_at)
    has_length = facts.duration_s is not None or bool(origin and origin.answered_at and origin.ended_at)
    is_transferred = facts.transfer_type in (TransferType.WARM, TransferType.COLD)
    receiver = record.get("transfer_to")
    has_receiver = isinstance(receiver, Mapping) and bool(receiver.get("number")) and bool(receiver.get("name"))
    proof = record.get("caller_id_authorization")
    has_proof = bool(proof.get("document")) if isinstance(proof, Mapping) else bool(proof)
    shown = bool(origin and origin.caller_id_number and origin.caller_id_name)
    return {
        "(i) telemarketer": bool(record.get("telemarketer")),
        "(ii) seller": bool(facts.seller),
        "(iii) good or service": bool(record.get("product") or facts.vertical),
        "(iv) consumer or business": facts.is_b2b is not None,
        "(v) outbound or not": case.is_outbound is not None,
        "(vi) prerecorded or not": bool(origin and origin.voice not in (None, LegVoice.UNKNOWN)),
        "(vii) numbers, time, duration": has_times and has_length,
        "(viii) script": bool(record.get("script_id")),
        "(ix) caller ID and proof of authorisation": shown and has_proof,
        "(x) disposition": bool(record.get("disposition"))
        and facts.transfer_type is not None
        and (not is_transferred or has_receiver),
    }
