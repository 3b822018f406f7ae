"""How is a past call judged again, by what is in force and by what is tried? Loads calls in parts, judges each from its record.

What is in force said its word when the call was screened; that word is taken from the record where the same rules, packs and
tables made it. Where it differs from what is tried, it is asked again: a call flips only when both answers come from the same
program, so that a newer release is never taken for the work of a draft.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from app.audio.listening_json import tone_from_json, voice_from_json
from app.compliance.editions.document import EditionDocument
from app.compliance.editions.judges import judge_of_document
from app.compliance.facts import Facts
from app.compliance.facts_json import read_facts
from app.compliance.finding import FindingValue
from app.compliance.findings.decisions import load_decisions
from app.compliance.judge import Judge, Judged, join_listening
from app.compliance.masking import mask_finding
from app.conversation import KeywordHit, Listening, Turns, Utterance, Word
from app.language.redact_text import redact_quote
from app.language.sensitive import SensitiveSpan
from app.learning.backtest import CallCounts, CallFacts, CallSides, Phrase, Said, Side, compare_call
from app.learning.kept_words import KeptWords
from app.models.analysis import AnalysisResult, UtteranceRow
from app.models.calls import Call
from app.models.screening import CurrentScreening, Finding, KeywordHitRow, Screening
from app.review.in_force import load_reviews_in_force
from app.timeline import Span
from app.vocabulary import FindingDecision, Outcome, PackKind, Severity

Heard = tuple[Any, ...]
"""One phrase that was heard: pack, phrase, from, to, speaker, confidence, low trust, and how it was found."""

WORDING = frozenset({"phrases", "negators", "negated_inside", "note"})
"""Fields of a pack that say which words count and not what they mean."""

LONGEST_TEXT = 300
"""Characters of a reason or a quote that a result keeps."""


@dataclass(frozen=True, slots=True)
class Judges:
    """Both judges.

    ``are_packs_same``: they listen for the same phrases, so that one listening serves both. ``is_wording_alone``: nothing but
    wordings differs, so that a call on which the same is heard is judged the same.
    """

    before: Judge
    after: Judge
    are_packs_same: bool
    is_wording_alone: bool = False


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call as it was screened: its facts joined with what was heard, and what was said of it then."""

    call: CallFacts
    facts: Facts
    listening: Listening
    made_at: datetime
    versions: Mapping[str, Any]
    record: Side
    heard: frozenset[Heard] = frozenset()


def build_judges(before: EditionDocument, after: EditionDocument) -> Judges:
    """Return both judges. Raises InvalidInput naming everything that does not fit."""
    old, new = judge_of_document(before), judge_of_document(after)
    are_same = before.packs.get("packs") == after.packs.get("packs") and (
        before.packs.get("meant_together") == after.packs.get("meant_together")
    )
    return Judges(old, replace(new, packs=old.packs) if are_same else new, are_same, is_wording_alone(before, after))


def is_wording_alone(before: EditionDocument, after: EditionDocument) -> bool:
    """Tell whether two editions differ in nothing but phrases and the words that turn them round.

    Then a call on which the very same is heard, at the same places and as surely, gets the same judgement of both: rules and
    what a pack's phrases mean are equal. Packs of which something must be said do not count, as they speak by what is missing.
    """
    if before.rule_set != after.rule_set or before.packs.get("meant_together") != after.packs.get("meant_together"):
        return False
    old, new = ({pack["id"]: pack for pack in edition.packs["packs"]} for edition in (before, after))
    return old.keys() == new.keys() and all(
        old[name] == new[name] or _is_worded_anew(old[name], new[name]) for name in old
    )  # fmt: skip


def _is_worded_anew(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    if before["kind"] == PackKind.REQUIRED or before.get("groups") or before.get("window_s"):
        return False
    if any(before.get(name) != after.get(name) for name in {*before, *after} - WORDING):
        return False
    old, new = (_marks_of(pack) for pack in (before, after))
    return all(old[say] == new[say] for say in old.keys() & new.keys())


def _marks_of(pack: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    phrases = [phrase if isinstance(phrase, Mapping) else {"say": phrase} for phrase in pack["phrases"]]
    return {str(phrase["say"]): phrase for phrase in phrases}


def judge_calls(session: Session, judges: Judges, call_ids: Sequence[str]) -> tuple[list[CallSides], CallCounts]:
    """Return both judgements of some calls, in the order of their ids as given, and how they came about.

    A call without frozen facts, or whose transcript is gone, is counted and left out.
    """
    counts, made = CallCounts(), []
    decisions = _load_decisions(session, call_ids)
    verdicts = load_reviews_in_force(session, call_ids)
    for past in _load_past_calls(session, call_ids, counts):
        before, after = _judge(judges, past, counts)
        review = verdicts.get(past.call.id)
        made.append(
            CallSides(past.call, before, after, decisions.get(past.call.id, {}), None if review is None else review.verdict)
        )
    return made, counts


def _judge(judges: Judges, past: PastCall, counts: CallCounts) -> tuple[Side, Side]:
    has_record = past.versions == judges.before.versions
    hits = None
    if has_record and judges.is_wording_alone:
        hits = judges.after.listen(past.facts, recording_s=past.listening.duration_s)
        if frozenset(map(_place_of, hits)) == past.heard:
            counts.from_record += 1
            return past.record, past.record
    after = _ask(judges.after, past, hits=hits)
    plain = _side(after)
    if has_record and _are_alike(past, past.record, plain):
        counts.from_record += 1
        return past.record, plain
    counts.judged_anew += 1
    before = _ask(judges.before, past, after if judges.are_packs_same else None)
    plain_before = _side(before)
    counts.record_differs += has_record and not _are_alike(past, past.record, plain_before)
    if _are_alike(past, plain_before, plain):
        return plain_before, plain
    return _told_side(before), _told_side(after)


def _place_of(hit: KeywordHit) -> Heard:
    return (hit.pack, hit.phrase, hit.span.start_s, hit.span.end_s, str(hit.speaker), hit.confidence, hit.low_trust, hit.match)


def _ask(judge: Judge, past: PastCall, heard: Judged | None = None, hits: tuple[KeywordHit, ...] | None = None) -> Judged:
    listening = past.listening
    return judge.judge(
        past.facts, tones=listening.tones, recording_s=listening.duration_s, as_of=past.made_at, heard=heard, hits=hits
    )  # fmt: skip


def _are_alike(past: PastCall, before: Side, after: Side) -> bool:
    flips, phrases = compare_call(CallSides(past.call, before, after))
    return not flips and not phrases and _stakes(before) == _stakes(after)


def _stakes(side: Side) -> dict[str, tuple[int, int]]:
    return {rule: said.stake_minor for rule, said in side.said.items() if said.is_flag}


def _side(judged: Judged) -> Side:
    """Return a judgement without its words, which only calls that flip need."""
    said = {f.rule: Said(f.outcome, f.severity, _stake(f.evidence)) for f in judged.findings}
    return Side(said, tuple(Phrase(hit.pack, hit.phrase, hit.span.start_s, hit.span.end_s) for hit in judged.hits))


def _told_side(judged: Judged) -> Side:
    said = {finding.rule: _tell(finding, judged.sensitive) for finding in judged.findings}
    return Side(said, tuple(_tell_phrase(hit, judged.sensitive) for hit in judged.hits))


def _tell(finding: FindingValue, sensitive: Sequence[SensitiveSpan]) -> Said:
    masked = mask_finding(finding, sensitive)
    quotes = [str(hit.get("quote", "")) for hit in masked.evidence.get("hits") or () if isinstance(hit, Mapping)]
    return Said(
        finding.outcome,
        finding.severity,
        _stake(finding.evidence),
        masked.reason[:LONGEST_TEXT],
        (quotes[0] if quotes else "")[:LONGEST_TEXT],
        finding.span.start_s if finding.span else None,
        finding.span.end_s if finding.span else None,
    )


def _tell_phrase(hit: KeywordHit, sensitive: Sequence[SensitiveSpan]) -> Phrase:
    quote = redact_quote(hit, sensitive).quote[:LONGEST_TEXT]
    return Phrase(hit.pack, hit.phrase, hit.span.start_s, hit.span.end_s, quote, str(hit.speaker))


def _stake(evidence: Mapping[str, Any]) -> tuple[int, int]:
    at_stake = evidence.get("at_stake_minor") or {}
    return int(at_stake.get("least") or 0), int(at_stake.get("most") or 0)


def _load_past_calls(session: Session, call_ids: Sequence[str], counts: CallCounts) -> Iterable[PastCall]:
    rows = {row.call_id: row for row in session.execute(_screenings(call_ids))}
    known = {name: row for name, row in rows.items() if row.facts is not None and row.outcomes is not None}
    counts.without_facts += len(call_ids) - len(known)
    runs = [row.run_id for row in known.values()]
    heard = _load_heard(session, runs)
    records, places = _load_records(session, {row.id: row.outcomes for row in known.values()})
    for call_id in call_ids:
        row = known.get(call_id)
        if row is None:
            continue
        listening = heard.get(row.run_id)
        if listening is None:
            counts.without_transcript += 1
            continue
        facts = read_facts(row.facts["call"])[0]
        yield PastCall(
            CallFacts(call_id, row.external_id, row.started_at, row.revenue_minor, row.payout_minor, row.currency),
            join_listening(facts, listening, is_heard_elsewhere=row.facts["is_heard_elsewhere"]),
            listening,
            row.made_at,
            row.versions,
            records[row.id],
            frozenset(places[row.id]),
        )


def _screenings(call_ids: Sequence[str]) -> Any:
    return (
        select(
            CurrentScreening.call_id, Screening.id, Screening.run_id, Screening.versions, Screening.facts, Screening.outcomes,
            Screening.made_at, Call.external_id, Call.started_at, Call.revenue_minor, Call.payout_minor, Call.currency,
        )
        .join(Screening, Screening.id == CurrentScreening.screening_id)
        .join(Call, Call.id == CurrentScreening.call_id)
        .where(CurrentScreening.call_id.in_(call_ids))
    )  # fmt: skip


def _load_heard(session: Session, run_ids: Sequence[str]) -> dict[str, Listening]:
    """Return what judging needs of what was heard: words, tones and the caller's voice. The rest of each is left empty."""
    said: dict[str, list[Utterance]] = defaultdict(list)
    # Words are the bulk of a transcript; kept as text until somebody asks for them.
    lines = select(
        UtteranceRow.run_id, UtteranceRow.channel, UtteranceRow.speaker, UtteranceRow.start_s, UtteranceRow.end_s,
        UtteranceRow.text, type_coerce(UtteranceRow.words, Text), UtteranceRow.estimated_speaker,
    ).where(UtteranceRow.run_id.in_(run_ids)).order_by(UtteranceRow.run_id, UtteranceRow.seq)  # fmt: skip
    for run_id, channel, speaker, start_s, end_s, text, words, estimated in session.execute(lines):
        read = cast(tuple[Word, ...], KeptWords(words))
        said[run_id].append(Utterance(channel, speaker, Span(start_s, end_s), text, read, estimated))
    results = select(
        AnalysisResult.run_id, AnalysisResult.duration_s, AnalysisResult.tones, AnalysisResult.caller_voice,
        AnalysisResult.engine,
    ).where(AnalysisResult.run_id.in_(run_ids))  # fmt: skip
    return {
        run_id: Listening(
            sha256="",
            duration_s=duration_s,
            sample_rate_hz=0,
            channels=0,
            channel_roles=(),
            speech=(),
            utterances=tuple(said[run_id]),
            turns=Turns((), 0.0, 0.0),
            tones=tuple(tone_from_json(tone) for tone in tones),
            caller_voice=voice_from_json(voice),
            engine=engine,
        )
        for run_id, duration_s, tones, voice, engine in session.execute(results)
    }


def _load_records(session: Session, outcomes: Mapping[str, Sequence[Any]]) -> tuple[dict[str, Side], dict[str, list[Heard]]]:
    """Return what was said at the screenings, and what was heard, by their ids."""
    stakes: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    findings = select(Finding.screening_id, Finding.rule, Finding.stake_least_minor, Finding.stake_most_minor)
    for screening_id, rule, least, most in session.execute(findings.where(Finding.screening_id.in_(outcomes))):
        stakes[screening_id][rule] = (least or 0, most or 0)
    phrases: dict[str, list[Phrase]] = defaultdict(list)
    heard: dict[str, list[Heard]] = defaultdict(list)
    hits = select(
        KeywordHitRow.screening_id, KeywordHitRow.pack, KeywordHitRow.phrase, KeywordHitRow.start_s, KeywordHitRow.end_s,
        KeywordHitRow.speaker, KeywordHitRow.confidence, KeywordHitRow.is_low_trust, KeywordHitRow.match,
    )  # fmt: skip
    wanted = hits.where(KeywordHitRow.screening_id.in_(outcomes)).order_by(KeywordHitRow.screening_id, KeywordHitRow.seq)
    for screening_id, pack, phrase, start_s, end_s, speaker, *sure in session.execute(wanted):
        phrases[screening_id].append(Phrase(pack, phrase, start_s, end_s))
        heard[screening_id].append((pack, phrase, start_s, end_s, str(speaker), *sure))
    sides = {
        screening_id: Side(
            {rule: Said(Outcome(o), Severity(s), stakes[screening_id].get(rule, (0, 0))) for rule, o, s in said},
            tuple(phrases[screening_id]),
        )
        for screening_id, said in outcomes.items()
    }
    return sides, heard


def _load_decisions(session: Session, call_ids: Sequence[str]) -> dict[str, dict[str, FindingDecision]]:
    found: dict[str, dict[str, FindingDecision]] = defaultdict(dict)
    for (call_id, rule), decision in load_decisions(session, call_ids).items():
        found[call_id][rule] = decision.decision
    return found
