"""Did everybody who had to know of the recording know of it, and was there to be one at all?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.compliance.case import Case
from app.compliance.engine import Judgement, gate, rule_function
from app.compliance.hearing import find_telling, first_span, is_by_unknown, quote, words_evidence
from app.compliance.place.state_rules import RecordingLaw
from app.compliance.rule_set import Rule
from app.conversation import KeywordHit
from app.timeline import Span
from app.vocabulary import Outcome, PackKind, Severity, Speaker

GREETINGS = frozenset(
    [
        "hello",
        "hi",
        "hey",
        "yes",
        "yeah",
        "yep",
        "hiya",
        "good",
        "morning",
        "afternoon",
        "evening",
        "who",
        "is",
        "this",
        "speaking",
        "this",
        "there",
    ]
)
"""Words of an answer that gives nothing away yet; the consumer's first words beyond them are of substance."""


def is_recorded(case: Case) -> bool | None:
    """Tell whether the call was recorded: as told, or because there is a transcript of it."""
    if case.facts.is_recorded is not None:
        return case.facts.is_recorded
    return True if case.facts.utterances else None


def find_notice(case: Case, packs: Iterable[str], *, trusted: bool = True) -> KeywordHit | None:
    """Return the first words of our side that tell of the recording."""
    said = case.heard(*packs, trusted=trusted)
    return next((hit for hit in said if hit.kind is PackKind.REQUIRED and hit.speaker is not Speaker.CALLER), None)


def substance_s(case: Case) -> float | None:
    """Return when the consumer first says more than a greeting; None when they never do."""
    for utterance in case.facts.utterances:
        words = utterance.text.casefold().replace(",", " ").replace("?", " ").replace(".", " ").split()
        if utterance.speaker is Speaker.CALLER and any(word not in GREETINGS for word in words):
            return utterance.span.start_s
    return None


@rule_function("recording_consent")
def judge_recording_consent(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask, for every state of a party, whether the consumer was told of the recording in time."""
    recorded, table = is_recorded(case), case.reference.states
    if recorded is False:
        yield Judgement(Outcome.NOT_APPLICABLE, "The call was not recorded.")
        return
    if case.facts.duration_s == 0:
        yield Judgement(Outcome.NOT_APPLICABLE, "Nobody answered: there was no conversation to record.", {"duration_s": 0})
        return
    if recorded is None or table is None:
        said = "Nobody says whether the call was recorded."
        yield Judgement(Outcome.NEEDS_EVIDENCE, said, {"missing": ["recorded"]})
        return
    agent = [case.facts.agent_state] if case.facts.agent_state else []
    states = tuple(dict.fromkeys([*case.place.states, *agent]))
    if not case.place.states:
        yield _judge_all_party(case, rule, None, None)
    for code in states:
        row = table.find_state(code)
        if row is None:
            continue
        if row.recording.treat_as == "all":
            yield _judge_all_party(case, rule, code, row.recording)
        else:
            said = f"{code} asks for the consent of one party; who records is one."
            evidence = {"state": code, "treat_as": row.recording.treat_as}
            cites = (row.recording.citation,)
            yield Judgement(Outcome.PASS, said, evidence, Severity.INFO, f"{rule.id}-{code}", cites)


def _judge_all_party(case: Case, rule: Rule, code: str | None, law: RecordingLaw | None) -> Judgement:
    name = f"{rule.id}-{code or 'UNKNOWN'}"
    severity = Severity.CRITICAL if code in rule.params["critical_states"] else Severity.HIGH
    outcome, said, evidence, span = _decide_all_party(case, rule, code)
    evidence = {
        **evidence,
        "state": code,
        "candidate_states": list(case.place.states),
        "agent_state": case.facts.agent_state,
        "location": [{"source": str(e.source), "value": e.value, "used": e.is_used} for e in case.place.evidence],
    }
    return Judgement(outcome, said, evidence, severity, name, (law.citation,) if law else None, span)


def _decide_all_party(case: Case, rule: Rule, code: str | None) -> tuple[Outcome, str, dict[str, Any], Span | None]:
    where = code or "a state nobody knows, so the strictest is taken"
    notice, prompt = find_notice(case, rule.params["packs"]), case.facts.ivr_prompt
    spoke_s, grace_s = substance_s(case), float(rule.params["grace_s"])
    evidence: dict[str, Any] = {
        "consumers_substance_s": spoke_s,
        "notice": words_evidence([notice])["hits"][0] if notice else None,
    }
    if notice is not None and (spoke_s is None or notice.span.end_s <= spoke_s + grace_s):
        return Outcome.PASS, f"The recording was told of at {notice.span.start_s:.0f} s.", evidence, notice.span
    if notice is not None:
        late_s = notice.span.start_s
        said = f"The recording was told of only at {late_s:.0f} s; the consumer spoke from {spoke_s:.0f} s on ({where})."
        return Outcome.REVIEW, said, {**evidence, "seconds_before_notice": late_s}, notice.span
    if prompt is not None and prompt.has_recording_notice:
        evidence |= {"prompt": prompt.version, "before_recording": prompt.is_before_recording}
        return (*_decide_prompt(rule, code, is_before=prompt.is_before_recording), evidence, None)
    return _decide_silence(case, rule, where, evidence)


def _decide_prompt(rule: Rule, code: str | None, *, is_before: bool | None) -> tuple[Outcome, str]:
    if is_before and code in rule.params["notice_on_recording"]:
        return Outcome.REVIEW, f"The notice came before the recording began; {code} wants it on the recording."
    return Outcome.PASS, "The system told of the recording."


def _decide_silence(
    case: Case, rule: Rule, where: str, evidence: dict[str, Any]
) -> tuple[Outcome, str, dict[str, Any], Span | None]:
    doubtful = find_notice(case, rule.params["packs"], trusted=False)
    if doubtful is not None:
        return Outcome.REVIEW, "Words of a notice were heard too faintly to be sure.", evidence, doubtful.span
    if not case.facts.utterances:
        return Outcome.NEEDS_EVIDENCE, f"There is no transcript to hear a notice in ({where}).", evidence, None
    return Outcome.VIOLATION, f"Recorded without a notice ({where}).", evidence, Span(0.0, case.facts.utterances[0].span.end_s)


@rule_function("recording_objection")
def judge_recording_objection(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether recording went on after the consumer objected to it, notice or not (ruling 17)."""
    hits = find_telling(case, rule.params["packs"]) if case.facts.utterances else ()
    if is_recorded(case) is False or not case.facts.utterances:
        yield Judgement(Outcome.NOT_APPLICABLE, "There is no recording, or no transcript of it.")
        return
    if not hits:
        yield Judgement(Outcome.PASS, "Nobody objects to the recording.")
        return
    first, allowed_s = hits[0], float(rule.params["stop_within_s"])
    went_on = [u.span.start_s for u in case.facts.utterances if u.span.start_s > first.span.end_s + allowed_s]
    ends_s = max([case.facts.duration_s or 0.0, *(u.span.end_s for u in case.facts.utterances)])
    evidence = words_evidence(hits, recording_ends_s=ends_s, utterances_after=len(went_on))
    if not went_on and ends_s <= first.span.end_s + allowed_s:
        yield Judgement(Outcome.PASS, f"Recording ended after the objection; {quote(hits)}.", evidence, span=first.span)
    else:
        outcome = Outcome.REVIEW if is_by_unknown(hits) else Outcome.VIOLATION
        yield Judgement(outcome, f"Recording went on after an objection: {quote(hits)}.", evidence, span=first_span(hits))


@rule_function("recording_disabled")
def judge_recording_disabled(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a call was recorded that must not be, or not recorded that must be."""
    allowed, recorded = case.facts.campaign.is_recording_enabled, case.facts.is_recorded
    evidence = {"campaign_records": allowed, "recorded": recorded, "vertical": case.facts.vertical}
    if allowed is None:
        yield Judgement(Outcome.NOT_APPLICABLE, "The campaign says nothing of recording.", evidence)
    elif allowed:
        yield Judgement(Outcome.PASS, "The campaign records its calls.", evidence)
    elif case.facts.vertical in rule.params["must_record"]:
        said = "A Medicare campaign must record its sales calls, and this one is set not to."
        yield Judgement(Outcome.VIOLATION, said, evidence, citations=("42 CFR 422.2274(g)(2)(ii)",))
    elif recorded:
        yield Judgement(Outcome.VIOLATION, "The campaign must not be recorded, and there is a recording.", evidence)
    elif recorded is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whether the call was recorded.", evidence)
    else:
        yield Judgement(Outcome.PASS, "No audio was kept.", evidence)


@rule_function("new_york_recording")
def judge_new_york(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a telemarketer told a New Yorker if the call is recorded (Gen. Bus. Law 399-z)."""
    if (why := gate(case)) is not None:
        yield why
    elif not case.place.states:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody knows where the consumer was.")
    elif "NY" not in case.place.states:
        yield Judgement(Outcome.NOT_APPLICABLE, f"The consumer was in {', '.join(case.place.states)}.")
    elif not case.facts.utterances:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "There is no transcript.", {"missing": ["utterances"]})
    elif (notice := find_notice(case, rule.params["packs"])) is not None:
        yield Judgement(Outcome.PASS, f"The caller tells of the recording at {notice.span.start_s:.0f} s.", span=notice.span)
    elif case.facts.ivr_prompt is not None and case.facts.ivr_prompt.has_recording_notice:
        yield Judgement(Outcome.PASS, "The system told of the recording.")
    else:
        outcome = Outcome.VIOLATION if set(case.place.states) == {"NY"} else Outcome.REVIEW
        yield Judgement(outcome, "The caller never says whether the call is recorded.")
