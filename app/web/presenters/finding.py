"""What does the page of one finding show? Its rule and law, its evidence in words, and what people decided, ready to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.access.identity import Identity
from app.access.permissions import Permission
from app.compliance.findings.dossier import Dossier, PastDecision
from app.compliance.findings.families import family_of, name_family
from app.compliance.findings.service import FindingReplay
from app.compliance.replay import ABSENT, Replay
from app.compliance.rule_set import Rule, RuleSet
from app.review.presenters.transcript import UtteranceView, build_transcript
from app.review.screen import CallScreen, ScreenedFinding
from app.review.wording import SPEAKER_WORDS, say_clock
from app.shares import Share
from app.timeline import Span
from app.vocabulary import Severity, Speaker
from app.web.formatting import write_title
from app.web.presenters.evidence import Item, lay_out, say_value
from app.web.presenters.findings import DECISION_WORDS, OUTCOME_WORDS, FindingRow, present_row, say_stake, title_of

AROUND_S = 20.0
"""How much of the conversation is shown before and after the span."""
LEAD_S = 1.5
"""How much is heard before and after the span, so that its words are not cut."""
NOT_FACTS = frozenset({"utterances", "call_id"})


@dataclass(frozen=True, slots=True)
class QuoteView:
    """What was heard that speaks for the finding."""

    speaker: str
    side: str
    text: str
    clock: str
    start_s: float
    is_low_trust: bool


@dataclass(frozen=True, slots=True)
class Hearing:
    """The span to hear first: where it begins and ends in words, and the address of the sound with the span in it."""

    said: str
    sound_url: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One decision."""

    at: datetime
    label: str
    look: str
    by: str
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class PrecedentLine:
    """A decision about the same rule on another call."""

    url: str
    label: str
    look: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ReplayLine:
    """One rule or version that differs."""

    name: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class ReplayView:
    """What one edition says today of the facts that were kept."""

    title: str
    is_same: bool
    said: str
    lines: tuple[ReplayLine, ...]
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Another finding of the call."""

    url: str
    title: str
    outcome: str
    outcome_label: str
    severity: Severity
    is_this: bool


@dataclass(frozen=True, slots=True)
class TypedDecision:
    """The form as it was typed, with what does not fit."""

    decision: str = ""
    reason: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FindingView:
    """Everything the page prints."""

    id: str
    call_id: str
    row: FindingRow
    family: str
    ask: str
    law: str
    citations: tuple[str, ...]
    rule_facts: tuple[tuple[str, str], ...]
    reason: str
    quotes: tuple[QuoteView, ...]
    evidence: tuple[Item, ...]
    hearing: Hearing | None
    transcript: tuple[UtteranceView, ...]
    facts: tuple[Item, ...] | None
    has_facts: bool
    versions: tuple[tuple[str, str], ...]
    edition: str
    screened_at: datetime
    is_in_force: bool
    money: str
    others: tuple[Other, ...]
    history: tuple[HistoryLine, ...]
    agreed: str
    refused: str
    decided_before: int
    precedents: tuple[PrecedentLine, ...]
    choices: tuple[tuple[str, str, str], ...]
    may_decide: bool
    may_replay: bool
    replays: tuple[ReplayView, ...]
    form: TypedDecision
    query: str


def present_finding(
    dossier: Dossier,
    screen: CallScreen,
    identity: Identity,
    *,
    rules: RuleSet,
    typed: Mapping[str, str],
    query: str = "",
    form: TypedDecision | None = None,
    replay: FindingReplay | None = None,
) -> FindingView:
    """Return the page; reason and evidence come from the call as the asker may see it."""
    line, told = dossier.line, _as_told(dossier, screen)
    span = Span(*line.span) if line.span else None
    can_listen = identity.may(Permission.RECORDING_LISTEN) and screen.heard is not None
    agreed, refused = dossier.precedents.agreed, dossier.precedents.refused
    decided = agreed + refused
    rule = dossier.rule or rules.find(line.rule)
    return FindingView(
        id=line.id,
        call_id=line.call_id,
        row=present_row(line, identity, rules, typed),
        family=name_family(family_of(line.rule)),
        ask=rule.ask if rule else "Does the evidence support this rule?",
        law=rule.law if rule else "",
        citations=told.citations,
        rule_facts=_rule_facts(dossier.rule, told.evidence),
        reason=told.reason,
        quotes=_quotes(told.evidence),
        evidence=lay_out(told.evidence),
        hearing=_hearing(line.call_id, span, screen) if can_listen else None,
        transcript=_transcript(screen, span),
        facts=None if identity.is_outside or dossier.facts is None else lay_out(dossier.facts, skip=NOT_FACTS),
        has_facts=dossier.facts is not None,
        versions=tuple((_say_version(name), say_value(value)) for name, value in sorted(dossier.versions.items())),
        edition=f"{dossier.edition.number}: {dossier.edition.title}" if dossier.edition else "",
        screened_at=line.screened_at,
        is_in_force=dossier.is_in_force,
        money=say_stake(line.stake_minor),
        others=_others(screen, line.id, rules, query),
        history=tuple(_history(past, identity) for past in dossier.history if not (past.is_undone and identity.is_outside)),
        agreed=str(Share(agreed, decided)),
        refused=str(Share(refused, decided)),
        decided_before=decided,
        precedents=tuple(
            PrecedentLine(
                f"/compliance/findings/{each.finding_id}", DECISION_WORDS[each.decision], str(each.decision), each.decided_at,
                "" if identity.is_outside else each.reason,
            )
            for each in dossier.precedents.newest
        ),
        choices=(
            ("agree", "Agree", "check"), ("refuse", "Refuse", "x"), ("needs_evidence", "Needs evidence", "circle-help")
        ),
        may_decide=identity.may(Permission.FINDINGS_DECIDE) and dossier.is_in_force,
        may_replay=identity.may(Permission.RULES_VIEW) and dossier.facts is not None,
        replays=_replays(replay, rules) if replay else (),
        form=form or TypedDecision(),
        query=query,
    )  # fmt: skip


def _as_told(dossier: Dossier, screen: CallScreen) -> ScreenedFinding:
    """Return reason and evidence as the call's page tells them; of a screening that is not in force any more, as kept."""
    found = screen.screened.findings if screen.screened else ()
    for finding in found:
        if finding.id == dossier.line.id:
            return finding
    line = dossier.line
    span = Span(*line.span) if line.span else None
    return ScreenedFinding(
        line.id, line.rule, line.outcome, line.severity, line.reason, line.citations, dict(dossier.evidence), span
    )


def _rule_facts(rule: Rule | None, evidence: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if rule is None:
        return (("Row of the rule", "the edition that judged is not kept; this is the rule as it is in force today"),)
    kept = evidence.get("rule") or {}
    dates = f"from {_say_day(rule.effective_from)}" if rule.effective_from != date.min else "since before any call on record"
    if rule.effective_to:
        dates += f" to {_say_day(rule.effective_to)}"
    return (
        ("Row of the rule", f"{rule.id}, version {rule.version}"),
        ("In force", f"{dates}; {write_title(rule.status).lower()}"),
        ("Force comes from", write_title(rule.authority)),
        ("Confidence in the reading", str(kept.get("confidence", rule.confidence))),
    )


def _say_day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _quotes(evidence: Mapping[str, Any]) -> tuple[QuoteView, ...]:
    return tuple(
        QuoteView(
            SPEAKER_WORDS[Speaker(hit["speaker"])], str(hit["speaker"]), str(hit["quote"]), say_clock(hit["start_s"]),
            float(hit["start_s"]), bool(hit.get("low_trust", False)),
        )
        for hit in evidence.get("hits", ())
    )  # fmt: skip


def _hearing(call_id: str, span: Span | None, screen: CallScreen) -> Hearing | None:
    if span is None or screen.heard is None:
        return None
    start_s, end_s = max(0.0, span.start_s - LEAD_S), min(screen.heard.listening.duration_s, span.end_s + LEAD_S)
    said = f"{say_clock(span.start_s)} to {say_clock(span.end_s)}"
    # A media fragment (W3C Media Fragments 1.0, 2012): the player begins there and stops at its end.
    return Hearing(said, f"/calls/{call_id}/audio#t={start_s:.2f},{end_s:.2f}")


def _transcript(screen: CallScreen, span: Span | None) -> tuple[UtteranceView, ...]:
    if screen.heard is None or screen.screened is None or span is None:
        return ()
    near = Span(max(0.0, span.start_s - AROUND_S), span.end_s + AROUND_S)
    turns = build_transcript(screen.heard.listening, screen.screened.hits)
    return tuple(turn for turn in turns if Span(turn.start_s, max(turn.end_s, turn.start_s)).overlaps(near))


def _say_version(name: str) -> str:
    return {"phrase_packs": "Phrase packs", "rule_set": "Rule set", "reference": "Tables"}.get(name, write_title(name))


def _others(screen: CallScreen, this_id: str, rules: RuleSet, query: str) -> tuple[Other, ...]:
    found = screen.screened.findings if screen.screened else ()
    return tuple(
        Other(
            f"/compliance/findings/{each.id}{query}", title_of(each.rule, rules), str(each.outcome),
            OUTCOME_WORDS.get(each.outcome, write_title(each.outcome)), each.severity, each.id == this_id,
        )
        for each in found
        if each.id != this_id
    )  # fmt: skip


def _history(past: PastDecision, identity: Identity) -> HistoryLine:
    decision = past.decision
    how = "by itself" if decision.is_by_itself else "by a sample check" if decision.check_id else "in a review of the call"
    return HistoryLine(
        at=decision.decided_at,
        label=DECISION_WORDS[decision.decision],
        look=str(decision.decision),
        by="the network" if identity.is_outside else past.by,
        reason="" if identity.is_outside else decision.reason,
        note=f"{how}, taken back" if past.is_undone else how,
    )


def _replays(replay: FindingReplay, rules: RuleSet) -> tuple[ReplayView, ...]:
    made = (
        ReplayView("By the edition that made it", False, "The edition that made this screening is not kept here.", (), ())
        if replay.by_maker is None
        else _replay("By the edition that made it", replay.by_maker, rules)
    )
    if replay.by_maker is replay.in_force:
        return (made, ReplayView("By the edition in force today", True, "It is the very edition that made it.", (), ()))
    return (made, _replay("By the edition in force today", replay.in_force, rules))


def _replay(title: str, replay: Replay, rules: RuleSet) -> ReplayView:
    lines = [
        ReplayLine(title_of(rule, rules), _say_said(then), _say_said(now)) for rule, (then, now) in replay.outcomes.items()
    ]
    lines += [
        ReplayLine(f"Version: {_say_version(name).lower()}", say_value(then) or "none", say_value(now) or "none")
        for name, (then, now) in replay.versions.items()
    ]
    heard = {"only_then": "Heard only then", "only_now": "Heard only now"}
    phrases = [
        f"{heard[when]}: “{phrase}” at {say_clock(start_s)} ({pack})"
        for when, places in replay.hits.items()
        for pack, phrase, start_s, _ in places
    ]
    count = len(replay.outcomes)
    said = (
        "Every rule and every phrase is as it was."
        if replay.is_same
        else f"{count} {'rule says' if count == 1 else 'rules say'} something else"
        + (f", {len(phrases)} phrases differ." if phrases else ".")
    )
    return ReplayView(title, replay.is_same, said, tuple(lines), tuple(phrases))


def _say_said(said: str) -> str:
    return "not asked" if said == ABSENT else said.replace("_", " ")
