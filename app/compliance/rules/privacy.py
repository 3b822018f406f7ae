"""Which words of people must not be kept, and which ask for something that the law gives?

Evidence carries kind, length, place and what decided, never a digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.compliance.case import Case
from app.compliance.engine import Judgement, rule_function
from app.compliance.hearing import find_telling, first_span, is_by_unknown, quote, words_evidence
from app.compliance.rule_set import Rule
from app.language.normalise import spoken_words
from app.language.sensitive import SensitiveSpan
from app.vocabulary import Outcome, PackKind

_TEENS = "four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
AGES = {word: age for age, name in enumerate(_TEENS.split(), start=4) for word in (name, str(age))}
"""Ages of minors as they are said."""


@rule_function("spoken_number")
def judge_spoken_number(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Tell that digits of a kind were spoken; the question for them alone is context (ruling 19)."""
    if not case.facts.utterances:
        yield Judgement(Outcome.NOT_APPLICABLE, "There is no transcript.")
        return
    found = [item for item in case.sensitive if str(item.kind) in rule.params["kinds"]]
    if found:
        first = found[0]
        said = f"{rule.title}: {first.length} digits at {int(first.span.start_s) // 60}:{int(first.span.start_s) % 60:02d}."
        evidence = {"spans": [_span_evidence(item) for item in found]}
        yield Judgement(Outcome(rule.params.get("outcome", "violation")), said, evidence, span=first.span)
        return
    hits = case.heard(*rule.params["packs"])
    if hits:
        said = "Asked for, and no digits were heard."
        yield Judgement(Outcome.NOT_APPLICABLE, said, {"packs": sorted({hit.pack for hit in hits})})
    else:
        yield Judgement(Outcome.PASS, "No such digits were heard.")


def _span_evidence(item: SensitiveSpan) -> dict[str, Any]:
    return {
        "type": str(item.kind),
        "start_s": item.span.start_s,
        "end_s": item.span.end_s,
        "channel": item.channel,
        "length": item.length,
        "why": item.why,
    }


@rule_function("minor")
def judge_minor(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the caller is a child: a stated age below 13 is one, other signs are put before a person."""
    hits = find_telling(case, rule.params["packs"]) if case.facts.utterances else ()
    if not hits:
        outcome = Outcome.PASS if case.facts.utterances else Outcome.NOT_APPLICABLE
        yield Judgement(outcome, "Nothing points to a child." if case.facts.utterances else "There is no transcript.")
        return
    ages = [AGES[word] for hit in hits for token in hit.quote.split() for word in spoken_words(token) if word in AGES]
    youngest = min(ages, default=None)
    is_child = youngest is not None and youngest < int(rule.params["below"]) and not is_by_unknown(hits)
    evidence = words_evidence(hits, stated_age=youngest, do="quarantine the recording" if is_child else "a person listens")
    said = f"{rule.title}: {quote(hits)}."
    yield Judgement(Outcome.VIOLATION if is_child else Outcome.REVIEW, said, evidence, span=first_span(hits))


@rule_function("privacy_request")
def judge_privacy_request(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Tell that a caller asks for their data, its deletion, or an end to its sale; clocks run from the call."""
    kinds = frozenset({PackKind.VIOLATION, PackKind.CONTEXT})
    hits = find_telling(case, rule.params["packs"], kinds=kinds) if case.facts.utterances else ()
    if not hits:
        yield Judgement(Outcome.NOT_APPLICABLE, "Nobody asks for their data.")
        return
    evidence = words_evidence(hits, acknowledge_within_business_days=10, answer_within_days=45)
    yield Judgement(Outcome.REVIEW, f"{rule.title}: {quote(hits)}.", evidence, span=first_span(hits))


@rule_function("health_words")
def judge_health_words(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Tell where a caller speaks of their health: tagged and kept from publishers."""
    hits = find_telling(case, rule.params["packs"]) if case.facts.utterances else ()
    if not hits:
        outcome = Outcome.PASS if case.facts.utterances else Outcome.NOT_APPLICABLE
        yield Judgement(outcome, "Nothing of the kind was heard." if case.facts.utterances else "There is no transcript.")
        return
    # The words themselves stay out of the evidence: where they are is enough to redact and to listen.
    spans = [{"start_s": hit.span.start_s, "end_s": hit.span.end_s, "speaker": str(hit.speaker)} for hit in hits]
    said = f"{rule.title}: {len(hits)} place(s), first at {hits[0].span.start_s:.0f} s."
    yield Judgement(Outcome(rule.params["outcome"]), said, {"spans": spans}, span=first_span(hits))
