"""Was there the consent that an automated call needs, and did the message say who speaks?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.compliance.case import Case
from app.compliance.consents import ELEMENTS, ConsentReading, read_consents
from app.compliance.engine import Judgement, gate, rule_function
from app.compliance.hearing import find_telling, first_span, quote, words_evidence
from app.compliance.rule_set import Rule
from app.compliance.rules.voice import join_question, judge_conversing_machine
from app.vocabulary import Dialer, LegVoice, Outcome, PackKind, Severity, Speaker

ORAL_IS_ENOUGH_IN = frozenset({"TX", "LA", "MS"})
"""States of the Fifth Circuit, whose court takes an oral consent for prior express consent (Bradford v. Sovereign Pest Control,
No. 24-20379, 2026-02-25); the FCC's rule still asks for writing, so it never passes."""


@rule_function("written_consent")
def judge_written_consent(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask for prior express written consent, element by element, where a machine spoke or dialled a sales call."""
    if (why := gate(case)) is not None:
        yield why
        return
    assert case.origin is not None
    dialer = case.origin.dialer
    if case.is_automated is False and dialer is Dialer.MANUAL:
        yield Judgement(Outcome.NOT_APPLICABLE, "A person spoke and dialled by hand.")
        return
    evidence = {"voice": str(case.origin.voice) if case.origin.voice else None, "dialer": str(dialer) if dialer else None}
    if case.is_automated is not True and dialer in (None, Dialer.UNKNOWN):
        missing = "Nobody says whether a machine spoke or dialled."
        yield Judgement(Outcome.NEEDS_EVIDENCE, missing, {**evidence, "missing": ["dialer"]})
        return
    readings = read_consents(case.facts, number=case.consumer_number, at=case.at)
    if not readings:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "No consent came with this call.", {**evidence, "missing": ["consents"]})
        return
    yield _judge_reading(case, readings[0], evidence)


def _judge_reading(case: Case, reading: ConsentReading, evidence: Mapping[str, Any]) -> Judgement:
    evidence = {**evidence, "consent": reading.evidence()}
    if reading.is_full:
        return Judgement(Outcome.PASS, "Every element of a written consent is proved.", evidence)
    if reading.is_oral:
        return _judge_oral(case, reading, evidence)
    if reading.failed:
        return Judgement(Outcome.VIOLATION, f"The consent lacks: {_name(reading.failed)}.", evidence)
    if reading.names_partners_only:
        said = "The consent speaks of partners and gives no list: whether this seller is meant is open."
        return Judgement(Outcome.REVIEW, said, evidence)
    return Judgement(Outcome.NEEDS_EVIDENCE, f"Not known of the consent: {_name(reading.unknown)}.", evidence)


def _judge_oral(case: Case, reading: ConsentReading, evidence: Mapping[str, Any]) -> Judgement:
    states = set(case.place.states)
    if reading.is_express and states and states <= ORAL_IS_ENOUGH_IN:
        said = f"An oral consent, which federal courts in {', '.join(sorted(states))} take; the FCC asks for writing."
        return Judgement(Outcome.REVIEW, said, evidence, severity=Severity.MEDIUM)
    return Judgement(Outcome.VIOLATION, "The consent was oral; such a call needs it in writing.", evidence)


def _name(elements: Sequence[str]) -> str:
    return ", ".join(f"{name} ({ELEMENTS[name]})" for name in elements)


@rule_function("recorded_message")
def judge_recorded_message(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask for the consent that a recorded or artificial voice needs: written for a sale, express for the rest."""
    # A question ("was that a recording") tells something only where nobody says whose voice it was.
    kinds = frozenset({PackKind.VIOLATION, PackKind.CONTEXT}) if case.is_automated is None else None
    hits = find_telling(case, rule.params["packs"], kinds=kinds) if case.facts.utterances else ()
    if hits and (case.is_outbound is not True or case.is_automated is not True):
        said = f"The consumer says that a recording called: {quote(hits)}."
        yield Judgement(Outcome.REVIEW, said, words_evidence(hits), span=first_span(hits))
    yield _judge_voice(case, frozenset(LegVoice(voice) for voice in rule.params["voices"]))


def _judge_voice(case: Case, voices: frozenset[LegVoice]) -> Judgement:
    if (why := _spares(case, voices)) is not None:
        return why
    voice = case.origin.voice if case.origin else None
    evidence = {"voice": str(voice), "purpose": str(case.facts.purpose) if case.facts.purpose else None}
    readings = read_consents(case.facts, number=case.consumer_number, at=case.at)
    if not readings:
        return Judgement(Outcome.VIOLATION, f"A {_told(voice)} voice called without any consent.", evidence)
    if case.is_sales is not False:
        return _judge_reading(case, readings[0], evidence)
    if readings[0].is_express:
        return Judgement(Outcome.PASS, "An express consent covers a call that sells nothing.", evidence)
    return Judgement(Outcome.VIOLATION, f"A {_told(voice)} voice called and no consent covers the number.", evidence)


def _spares(case: Case, voices: frozenset[LegVoice]) -> Judgement | None:
    """Return why the voice of this call needs no consent, or cannot be judged; None when it has to be."""
    if case.is_outbound is False:
        return Judgement(Outcome.NOT_APPLICABLE, "The consumer placed the call.")
    if case.origin is None:
        return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says who placed the first leg of the call.", {"missing": ["legs"]})
    voice = case.origin.voice
    if voice in (None, LegVoice.UNKNOWN):
        return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whose voice the consumer heard.", {"missing": ["voice"]})
    if voice not in voices:
        return Judgement(Outcome.NOT_APPLICABLE, f"The voice was {voice}.")
    return None


def _told(voice: LegVoice | None) -> str:
    return {LegVoice.PRERECORDED: "recorded", LegVoice.ARTIFICIAL_AI: "synthetic"}.get(voice or LegVoice.UNKNOWN, str(voice))


@rule_function("ai_voice")
def judge_ai_voice(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask the same of a synthetic voice; a detector's score alone, or somebody who asks about it, is put before a person."""
    if case.is_outbound is not False and case.origin is not None and case.origin.voice is LegVoice.ARTIFICIAL_AI:
        yield _judge_voice(case, frozenset({LegVoice.ARTIFICIAL_AI}))
        return
    detector, least = case.facts.voice_detector, float(rule.params["least_score"])
    if detector is not None and detector.score is not None and detector.score >= least:
        evidence = {"detector": {"name": detector.name, "version": detector.version, "score": detector.score}}
        told = str(case.origin.voice) if case.origin and case.origin.voice else "not told"
        said = f"A detector takes the voice for a machine's ({detector.score:.2f}); declared: {told}."
        yield Judgement(Outcome.REVIEW, said, evidence)
    kinds = frozenset({PackKind.CONTEXT, PackKind.VIOLATION})
    hits = find_telling(case, rule.params["packs"], kinds=kinds) if case.facts.utterances else ()
    heard = judge_conversing_machine(case)
    if heard is not None:
        yield join_question(heard, hits) if hits else heard
    elif hits:
        said = f"Somebody asks whether the voice is a machine: {quote(hits)}."
        yield Judgement(Outcome.REVIEW, said, words_evidence(hits), severity=Severity.MEDIUM, span=first_span(hits))
    yield Judgement(Outcome.NOT_APPLICABLE, "No synthetic voice is declared or heard.")


@rule_function("ai_voice_california")
def judge_ai_voice_california(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a synthetic message to California says so at its start (Pub. Util. Code 2874)."""
    if case.is_outbound is False:
        yield Judgement(Outcome.NOT_APPLICABLE, "The consumer placed the call.")
    elif case.origin is None or case.origin.voice in (None, LegVoice.UNKNOWN):
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whose voice the consumer heard.", {"missing": ["voice"]})
    elif case.origin.voice is not LegVoice.ARTIFICIAL_AI:
        yield Judgement(Outcome.NOT_APPLICABLE, f"The voice was {case.origin.voice}.")
    elif case.place.states and "CA" not in case.place.states:
        yield Judgement(Outcome.NOT_APPLICABLE, f"The consumer was in {', '.join(case.place.states)}.")
    elif not case.facts.utterances:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "There is no transcript of the opening.", {"missing": ["utterances"]})
    else:
        yield _judge_opening(case, rule)


def _judge_opening(case: Case, rule: Rule) -> Judgement:
    within_s = float(rule.params["within_s"])
    says = re.compile(str(rule.params["says"]), re.IGNORECASE)
    opening = [u for u in case.facts.utterances if u.speaker is not Speaker.CALLER and u.span.start_s <= within_s]
    evidence = {"opening": " / ".join(u.text for u in opening)[:400], "within_s": within_s}
    if any(says.search(u.text) for u in opening):
        return Judgement(Outcome.PASS, "The opening says that the voice is artificial.", evidence)
    said = f"The first {within_s:g} s do not say that the voice is artificial."
    is_sure = set(case.place.states) == {"CA"}
    span = opening[0].span if opening else None
    return Judgement(Outcome.VIOLATION if is_sure else Outcome.REVIEW, said, evidence, span=span)


@rule_function("abandoned_sign")
def judge_abandoned_sign(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Note a consumer who greets and hears nobody; the limit is a share of the campaign's calls, not a matter of one."""
    kinds = frozenset({PackKind.CONTEXT, PackKind.VIOLATION})
    hits = find_telling(case, rule.params["packs"], kinds=kinds) if case.facts.utterances else ()
    if case.is_outbound is not True:
        yield Judgement(Outcome.NOT_APPLICABLE, "The call was not placed to the consumer, or nobody says so.")
    elif hits:
        said = f"The consumer heard nobody: {quote(hits)}; such calls count towards the campaign's three in a hundred."
        yield Judgement(Outcome.NEEDS_EVIDENCE, said, words_evidence(hits), span=first_span(hits))
    else:
        yield Judgement(Outcome.NOT_APPLICABLE, "Nothing points to an abandoned call.")


@rule_function("identity_said")
def judge_identity_said(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a caller said who is calling, and for whom, in time."""
    if (why := gate(case)) is not None:
        yield why
        return
    wants_machine = bool(rule.params["for_machines"])
    if case.is_automated is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whose voice the consumer heard.", {"missing": ["voice"]})
    elif case.is_automated is not wants_machine:
        spoke = "A machine" if case.is_automated else "A person"
        yield Judgement(Outcome.NOT_APPLICABLE, f"{spoke} spoke; another rule asks for what has to be said then.")
    elif not case.facts.utterances:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "There is no transcript.", {"missing": ["utterances"]})
    else:
        absent = next((absence for absence in case.absences if absence.pack == rule.params["pack"]), None)
        if absent is None:
            yield Judgement(Outcome.PASS, "The caller says who is calling.")
        else:
            window = {"from_s": absent.window.start_s, "to_s": absent.window.end_s, "only_low_trust": absent.only_low_trust}
            said = f"Nobody says who is calling within {absent.window.duration_s:g} s."
            yield Judgement(Outcome.REVIEW, said, {"absent_in": window}, span=absent.window)


@rule_function("consent_record")
def judge_consent_record(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the consents on record hold what proves them."""
    if (why := gate(case)) is not None:
        yield why
        return
    if not case.facts.consents:
        yield Judgement(Outcome.NOT_APPLICABLE, "No consent came with this call.")
    for consent in case.facts.consents:
        wanted: dict[str, object] = {
            "time": consent.given_at,
            "number": consent.elements.get("number"),
            "seller": consent.elements.get("names_seller"),
            "signature": consent.elements.get("signed"),
            "certificate or page": consent.certificate or consent.page_host or consent.is_oral,
        }
        missing = [name for name, value in wanted.items() if value is None]
        if missing:
            yield Judgement(Outcome.NEEDS_EVIDENCE, f"The consent's record lacks: {', '.join(missing)}.", {"missing": missing})
        else:
            yield Judgement(Outcome.PASS, "The consent's record holds time, number, seller, signature and source.")


@rule_function("consent_denied")
def judge_consent_denied(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Put before a person a consumer who says that they never asked for this."""
    hits = find_telling(case, rule.params["packs"]) if case.facts.utterances else ()
    if not case.facts.utterances:
        yield Judgement(Outcome.NOT_APPLICABLE, "There is no transcript.")
    elif not hits:
        yield Judgement(Outcome.PASS, "Nobody denies having consented.")
    else:
        count = len(case.facts.consents)
        evidence = words_evidence(hits, consents_on_record=count)
        said = f"The consumer denies having asked for this: {quote(hits)}; {count} consent(s) on record."
        severity = rule.severity if case.is_outbound is not False else Severity.MEDIUM
        yield Judgement(Outcome.REVIEW, said, evidence, severity=severity, span=first_span(hits))
