"""Did the call come the way the campaign takes calls? What was declared, what the number says, and what people say.

These are terms of the contract, not law (section 6 of the rules; ``docs/rules.md``). The channel that speech points to is in
each rule's ``channels``; whether it is taken is the campaign's word alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from app.compliance.case import Case
from app.compliance.engine import Judgement, rule_function
from app.compliance.facts import is_named
from app.compliance.hearing import are_two, find_telling, first_span, is_by_unknown, quote, words_evidence
from app.compliance.rule_set import Rule
from app.conversation import KeywordHit
from app.timeline import Span
from app.vocabulary import LegDirection, Outcome, Severity, Speaker, TransferType

ORIGIN_RULE = "EVID-ORIGIN-LEG-MISSING"
AGENT_TRANSFER_PACKS = ("PH-CHAN-TRANSFER-WARM-AGENT", "PH-CHAN-TRANSFER-COLD-AGENT")
ONE_UP = {Severity.INFO: Severity.LOW, Severity.LOW: Severity.MEDIUM, Severity.MEDIUM: Severity.HIGH}


def not_applicable(reason: str) -> Judgement:
    """Return why a rule says nothing of this call."""
    return Judgement(Outcome.NOT_APPLICABLE, reason)


@rule_function("declared_channel")
def judge_declared_channel(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Hold the declared channel against the campaign's list."""
    policy, declared = case.facts.campaign.channels, case.facts.declared_channel
    if not policy.is_known:
        yield not_applicable("The campaign says nothing of channels.")
        return
    evidence = {"declared": declared, "default": policy.default, "allow": list(policy.allow), "deny": list(policy.deny)}
    if declared is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "The publisher has not declared the channel.", evidence)
    elif policy.allows(declared):
        yield Judgement(Outcome.PASS, f"The campaign takes calls by {declared}.", evidence)
    else:
        yield Judgement(Outcome.VIOLATION, f"Declared as {declared}, which the campaign does not take.", evidence)


@rule_function("registered_channel")
def judge_registered_channel(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Hold the declared channel against the one that the tracking number was given out for."""
    declared, registered = case.facts.declared_channel, case.facts.tracking_number_channel
    evidence = {"declared": declared, "registered": registered}
    if registered is None:
        yield not_applicable("No channel is registered for the tracking number.")
    elif declared is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, f"The number is registered for {registered}; no channel is declared.", evidence)
    elif is_named(declared, (registered,)) or is_named(registered, (declared,)):
        yield Judgement(Outcome.PASS, f"Declared and registered as {registered}.", evidence)
    else:
        said = f"Declared as {declared}, but the tracking number is registered for {registered}."
        yield Judgement(Outcome.VIOLATION, said, evidence)


@rule_function("transfer")
def judge_transfer(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Hold how the call was handed over, and who placed its first leg, against the campaign's terms."""
    policy, kind = case.facts.campaign, case.facts.transfer_type
    if not policy.transfers_allow and not policy.transfer_origins:
        yield not_applicable("The campaign says nothing of transfers.")
        return
    evidence = {
        "transfer_type": str(kind) if kind else None,
        "origin": str(case.origin.direction) if case.origin else None,
        "allow": list(policy.transfers_allow),
        "origins": list(policy.transfer_origins),
    }
    spoken = _spoken_transfers(case)
    if policy.transfers_allow:
        yield _judge_kind(kind, spoken, policy.transfers_allow, evidence)
    if policy.transfer_origins:
        yield _judge_origin(case, policy.transfer_origins, evidence)


def _judge_kind(
    kind: TransferType | None,
    spoken: dict[TransferType, tuple[KeywordHit, ...]],
    allowed: Sequence[str],
    evidence: Mapping[str, object],
) -> Judgement:
    if kind not in (None, TransferType.NONE) and kind not in allowed:
        return Judgement(Outcome.VIOLATION, f"A {kind} transfer, which the campaign does not take.", evidence)
    for heard, hits in spoken.items():
        if heard not in allowed and not is_by_unknown(hits):
            said = f"The agent's words are those of a {heard} transfer, which the campaign does not take: {quote(hits)}."
            return Judgement(Outcome.VIOLATION, said, {**evidence, **words_evidence(hits)}, span=first_span(hits))
        if heard not in allowed:
            said = f"Words of a {heard} transfer by a voice nobody can name: {quote(hits)}."
            return Judgement(Outcome.REVIEW, said, {**evidence, **words_evidence(hits)}, span=first_span(hits))
    if kind is None:
        return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says whether the call was transferred.", evidence)
    said = "The call came direct." if kind is TransferType.NONE else f"The campaign takes {kind} transfers."
    return Judgement(Outcome.PASS, said, evidence)


def _judge_origin(case: Case, allowed: Sequence[str], evidence: Mapping[str, object]) -> Judgement:
    if case.origin is None:
        return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says who placed the first leg of the call.", evidence)
    if case.origin.direction in allowed:
        return Judgement(Outcome.PASS, "The first leg was placed by whom the campaign allows.", evidence)
    placed = "to the consumer" if case.is_outbound else "by the consumer"
    return Judgement(Outcome.VIOLATION, f"The first leg was placed {placed}, which the campaign does not take.", evidence)


def _spoken_transfers(case: Case) -> dict[TransferType, tuple[KeywordHit, ...]]:
    heard = {
        TransferType.WARM: find_telling(case, AGENT_TRANSFER_PACKS[:1]),
        TransferType.COLD: find_telling(case, AGENT_TRANSFER_PACKS[1:]),
    }
    return {kind: hits for kind, hits in heard.items() if hits}


@rule_function("hidden_transfer")
def judge_hidden_transfer(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a call that was declared direct was handed over all the same."""
    facts = case.facts
    if facts.transfer_type in (TransferType.WARM, TransferType.COLD):
        yield not_applicable("The transfer is declared.")
        return
    within_s, voices_from = float(rule.params["voices_within_s"]), int(rule.params["voices"])
    signs: dict[str, object] = {}
    span: Span | None = None
    voices = _agent_voices(case, within_s)
    if len(voices) >= voices_from and facts.ivr_prompt is None:
        signs["agent_voices"] = sorted(voices)
        span = max(voices.values())
    if hits := find_telling(case, AGENT_TRANSFER_PACKS):
        signs.update(words_evidence(hits))
        span = span or first_span(hits)
    if facts.is_known_call_center:
        signs["caller_is_a_known_call_center"] = True
    if bridges := [leg.seq for leg in facts.legs if leg.direction is LegDirection.INTERNAL_TRANSFER]:
        signs["internal_transfer_legs"] = bridges
    if signs:
        said = "Declared direct, but " + "; ".join(_tell_sign(name) for name in signs) + "."
        yield Judgement(Outcome.REVIEW, said, signs, span=span)
    elif facts.utterances or facts.legs:
        yield Judgement(Outcome.PASS, "Nothing points to a transfer.")
    else:
        yield not_applicable("There is neither transcript nor leg to judge by.")


def _agent_voices(case: Case, within_s: float) -> dict[str, Span]:
    voices: dict[str, Span] = {}
    for utterance in case.facts.utterances:
        is_early_agent = utterance.speaker is Speaker.AGENT and utterance.span.start_s <= within_s
        if is_early_agent and utterance.estimated_speaker:
            voices.setdefault(utterance.estimated_speaker, utterance.span)
    return voices


def _tell_sign(name: str) -> str:
    return {
        "agent_voices": "two voices speak for the agent's side early in the call",
        "hits": "the agent speaks as one who hands a caller over",
        "caller_is_a_known_call_center": "the caller's number belongs to a call center",
        "internal_transfer_legs": "its legs show a bridge",
    }[name]


@rule_function("spoken_channel")
def judge_spoken_channel(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Hold the channel that people speak of against the campaign's list."""
    if not case.facts.utterances:
        yield not_applicable("There is no transcript.")
        return
    hits = find_telling(case, rule.params["packs"])
    if not hits:
        yield Judgement(Outcome.PASS, "Nothing of the kind was heard.")
        return
    channels: list[str] = list(rule.params.get("channels", ()))
    allowed = _is_taken(case, rule, channels)
    declared = case.facts.declared_channel
    contradicts = declared is not None and not any(is_named(declared, (channel,)) for channel in channels)
    evidence = words_evidence(hits, channels=channels, declared=declared, taken_by_campaign=allowed)
    if allowed:
        yield Judgement(
            Outcome.PASS, f"The campaign takes such calls; {quote(hits)}.", {**evidence, "contradicts_declared": contradicts}
        )
        return
    is_clear = (are_two(hits) or any(hit.decisive for hit in hits)) and not is_by_unknown(hits)
    outcome = Outcome.VIOLATION if is_clear and allowed is False else Outcome.REVIEW
    severity = ONE_UP.get(rule.severity, Severity.CRITICAL) if contradicts and channels else rule.severity
    said = f"{rule.title}: {quote(hits)}" + (f", against the declared {declared}" if contradicts and channels else "")
    said += "." if allowed is False else "; the campaign does not say whether it takes such calls."
    yield Judgement(outcome, said, evidence, severity=severity, span=first_span(hits))
    if rule.params.get("means_outbound") and not case.is_outbound:
        missing = "The consumer says that somebody called first, and no leg shows it."
        yield Judgement(
            Outcome.NEEDS_EVIDENCE, missing, evidence, rule=ORIGIN_RULE, severity=Severity.HIGH, span=first_span(hits)
        )


def _is_taken(case: Case, rule: Rule, channels: Sequence[str]) -> bool | None:
    campaign = case.facts.campaign
    answers = [campaign.channels.allows(channel) for channel in channels]
    if rule.params.get("means_outbound") and campaign.transfer_origins:
        answers.append(LegDirection.PLACED_TO_CONSUMER in campaign.transfer_origins)
    if rule.params.get("means_transfer") and campaign.transfers_allow:
        answers.append(any(kind in campaign.transfers_allow for kind in (TransferType.WARM, TransferType.COLD)))
    if True in answers:
        return True
    return False if False in answers else None


@rule_function("supporting_words")
def judge_supporting_words(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Note words that only support another rule; they never make a finding."""
    hits = case.heard(*rule.params["packs"])
    said = f"Noted: {quote(hits)}." if hits else "Nothing of the kind was heard."
    yield Judgement(Outcome.NOT_APPLICABLE, said, words_evidence(hits) if hits else {})


@rule_function("creative")
def judge_creative(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the ad that brought the call was approved on the day of the call, where the campaign wants that."""
    facts = case.facts
    needs, creative = facts.campaign.channels.needs_creative_approval, facts.creative
    if creative is None and not (facts.declared_channel and is_named(facts.declared_channel, needs)):
        yield not_applicable("The campaign asks for no approved creative on this channel.")
        return
    if creative is None or creative.id is None or creative.status is None or case.at is None:
        missing = [
            name
            for name, known in (("creative", creative and creative.id), ("status", creative and creative.status))
            if not known
        ]
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Nobody says which approved creative brought the call.", {"missing": missing})
        return
    evidence = {"creative": creative.id, "status": creative.status, "at": case.at.isoformat()}
    in_time = (creative.starts_at is None or creative.starts_at <= case.at) and (
        creative.ends_at is None or case.at <= creative.ends_at
    )
    if creative.status == "approved" and in_time:
        yield Judgement(Outcome.PASS, f"Creative {creative.id} was approved at the time of the call.", evidence)
    else:
        why = "outside the days of its approval" if creative.status == "approved" else "refused"
        yield Judgement(Outcome.VIOLATION, f"Creative {creative.id} was {why} when it brought this call.", evidence)


@rule_function("clean_number")
def judge_clean_number(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a number was given out again too early, and the caller wants whoever had it before."""
    use = case.facts.tracking_number
    if use is None or use.assigned_at is None or use.previous_use_ended_at is None:
        yield not_applicable("Nothing is known of an earlier use of the tracking number.")
        return
    rest = use.assigned_at - use.previous_use_ended_at
    least = timedelta(days=int(rule.params["rest_days"]))
    hits = find_telling(case, rule.params["packs"])
    evidence = words_evidence(hits, rest_days=round(rest / timedelta(days=1), 2), least_days=least.days)
    if rest >= least:
        yield Judgement(Outcome.PASS, f"The number had rested for {rest.days} days.", evidence)
    elif hits:
        said = f"The number had rested for {rest.days} of {least.days} days, and the caller wants somebody else: {quote(hits)}."
        yield Judgement(Outcome.REVIEW, said, evidence, span=first_span(hits))
    else:
        said = f"The number had rested for {rest.days} of {least.days} days; the caller asks for nobody else."
        yield Judgement(Outcome.PASS, said, evidence)
