"""Did a Medicare call say what it has to say before it may go on (42 CFR 422.2262-2274)?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import combinations
from typing import Any

from app.compliance.case import Case, hit_evidence
from app.compliance.engine import Judgement, rule_function
from app.compliance.hearing import find_telling, first_span, quote, words_evidence
from app.compliance.rule_set import Rule
from app.conversation import KeywordHit
from app.language.absences import LATEST_GROUP
from app.vocabulary import Outcome, PackKind, Speaker, TransferType

LONG_AFTER_WORDS = 8
"""An utterance that goes on for so many words after naming a benefit explains it (ruling 18: one passing word is no talk)."""


def _is_medicare(case: Case, rule: Rule) -> Judgement | None:
    if case.facts.vertical not in rule.params["verticals"]:
        return Judgement(Outcome.NOT_APPLICABLE, "Not a Medicare campaign.")
    if not case.facts.utterances:
        return Judgement(Outcome.NEEDS_EVIDENCE, "There is no transcript.", {"missing": ["utterances"]})
    return None


def _disclaimer(case: Case, rule: Rule) -> Mapping[int, KeywordHit]:
    return case.said.get(rule.params["disclaimer"], {})


def _told(said: Mapping[int, KeywordHit]) -> dict[str, Any]:
    return {"groups": {str(group): hit_evidence(hit) for group, hit in sorted(said.items())}}


@rule_function("disclaimer_before_benefits")
def judge_disclaimer_before_benefits(case: Case, rule: Rule) -> Iterable[Judgement]:
    """From 2026-10-01: ask whether the disclaimer was complete before benefits were discussed."""
    if (why := _is_medicare(case, rule)) is not None:
        yield why
        return
    said, needed = _disclaimer(case, rule), range(int(rule.params["groups"]))
    passing, began = _benefits(case, rule)
    evidence = {**_told(said), "benefits": [hit_evidence(hit) for hit in passing]}
    if began is None:
        told = "One passing word of a benefit is no discussion." if passing else "Benefits were not discussed."
        yield Judgement(Outcome.NOT_APPLICABLE, told, evidence)
        return
    missing = [group for group in needed if group not in said]
    complete_s = max((said[group].span.end_s for group in needed if group in said), default=None)
    evidence |= {
        "benefits_from_s": began.span.start_s,
        "complete_at_s": None if missing else complete_s,
        "missing_groups": missing,
    }
    if missing or complete_s is None:
        told = f"Benefits are discussed from {began.span.start_s:.0f} s on; the disclaimer was never said in full."
        yield Judgement(Outcome.VIOLATION, told, evidence, span=began.span)
    elif complete_s <= began.span.start_s:
        told = f"The disclaimer was complete at {complete_s:.0f} s, before benefits at {began.span.start_s:.0f} s."
        yield Judgement(Outcome.PASS, told, evidence, span=began.span)
    else:
        told = f"The disclaimer was complete only at {complete_s:.0f} s; benefits begin at {began.span.start_s:.0f} s."
        yield Judgement(Outcome.VIOLATION, told, evidence, span=began.span)


def _benefits(case: Case, rule: Rule) -> tuple[tuple[KeywordHit, ...], KeywordHit | None]:
    """Return every word of a benefit by the agent, and the first of a discussion (ruling 18)."""
    hits = tuple(hit for hit in case.heard(*rule.params["benefits"]) if hit.speaker is not Speaker.CALLER)
    if any(one.phrase != other.phrase for one, other in combinations(hits, 2)):
        return hits, hits[0]
    return hits, next((hit for hit in hits if _explains(case, hit)), None)


def _explains(case: Case, hit: KeywordHit) -> bool:
    for utterance in case.facts.utterances:
        if utterance.speaker is hit.speaker and utterance.span.overlaps(hit.span):
            words, said = utterance.text.casefold().split(), hit.quote.casefold().split()
            at = next((n for n in range(len(words)) if words[n : n + 1] == said[:1]), 0)
            if len(words) - at - len(said) >= LONG_AFTER_WORDS:
                return True
    return False


@rule_function("disclaimer_in_first_minute")
def judge_disclaimer_in_first_minute(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Before 2026-10-01: ask whether the disclaimer was complete within a minute of the agent's first words, SHIP included."""
    if (why := _is_medicare(case, rule)) is not None:
        yield why
        return
    agent_s = min((u.span.start_s for u in case.facts.utterances if u.speaker is not Speaker.CALLER), default=None)
    if agent_s is None:
        yield Judgement(Outcome.NOT_APPLICABLE, "No agent speaks.")
        return
    said, needed, within_s = _disclaimer(case, rule), range(int(rule.params["groups"])), float(rule.params["within_s"])
    missing = [group for group in needed if group not in said]
    evidence = {**_told(said), "agent_from_s": agent_s, "missing_groups": missing, "within_s": within_s}
    if missing:
        yield Judgement(Outcome.VIOLATION, "The disclaimer was never said in full.", evidence)
        return
    complete_s = max(said[group].span.end_s for group in needed) - agent_s
    evidence["complete_after_s"] = complete_s
    if complete_s > within_s:
        told = f"The disclaimer was complete {complete_s:.0f} s after the agent's first words; {within_s:.0f} s are allowed."
        yield Judgement(Outcome.VIOLATION, told, evidence, span=said[0].span)
    elif LATEST_GROUP not in said:
        told = "The disclaimer does not name the State Health Insurance Program, as it had to until 2026-09-30."
        yield Judgement(Outcome.REVIEW, told, evidence, span=said[0].span)
    else:
        yield Judgement(Outcome.PASS, f"The disclaimer was complete after {complete_s:.0f} s.", evidence, span=said[0].span)


@rule_function("medicare_transfer")
def judge_medicare_transfer(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a beneficiary who is handed over hears that a licensed agent takes over."""
    if (why := _is_medicare(case, rule)) is not None:
        yield why
        return
    kind = case.facts.transfer_type
    words = find_telling(case, rule.params["transfer_packs"])
    if kind not in (TransferType.WARM, TransferType.COLD) and not words:
        yield Judgement(Outcome.NOT_APPLICABLE, "The call was not handed over.")
        return
    told = [hit for hit in case.heard(*rule.params["packs"]) if hit.kind is PackKind.REQUIRED]
    evidence = words_evidence(told, transfer_type=str(kind) if kind else None)
    if told:
        yield Judgement(Outcome.PASS, f"The caller hears who takes over; {quote(told)}.", evidence, span=first_span(told))
    else:
        yield Judgement(Outcome.REVIEW, "The call was handed over and nobody says that a licensed agent takes over.", evidence)


@rule_function("medicare_one_to_one")
def judge_medicare_one_to_one(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a consent to share a beneficiary's data names each organisation."""
    if case.facts.vertical not in rule.params["verticals"] or not case.facts.consents:
        yield Judgement(Outcome.NOT_APPLICABLE, "Not a Medicare campaign, or no consent came with the call.")
        return
    answers = [consent.elements.get("names_seller") for consent in case.facts.consents]
    evidence = {"names_seller": answers}
    if any(answer is True or (isinstance(answer, str) and answer != "partners") for answer in answers):
        yield Judgement(Outcome.PASS, "A consent names the organisation.", evidence)
    elif any(answer in (False, "partners") for answer in answers):
        yield Judgement(Outcome.REVIEW, "The consent speaks of partners, or names another organisation.", evidence)
    else:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whom the consent names.", evidence)


@rule_function("scope_of_appointment")
def judge_scope_of_appointment(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the scope of appointment was recorded before the appointment."""
    record = case.facts.record.items
    if case.facts.vertical not in rule.params["verticals"] or not record.get("appointment_at"):
        yield Judgement(Outcome.NOT_APPLICABLE, "No appointment on Medicare plans is on record.")
        return
    signed, held = (_moment(record.get(name)) for name in ("soa_at", "appointment_at"))
    evidence = {name: record.get(name) for name in ("soa_at", "appointment_at")}
    if signed is None or held is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "No scope of appointment is on record.", evidence)
    elif signed <= held:
        yield Judgement(Outcome.PASS, "The scope of appointment was recorded before the appointment.", evidence)
    else:
        yield Judgement(Outcome.VIOLATION, "The scope of appointment was recorded after the appointment.", evidence)


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.utcoffset() is not None else None
