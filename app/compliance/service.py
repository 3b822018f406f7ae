"""What is a call held against once it has been heard? Joins facts and newest analysis, asks the rules, records findings.

A screening is frozen: the facts as they were, the versions and what every rule said are kept with it (see
:mod:`app.compliance.replay`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audio.heard_elsewhere import is_heard_from_other_number
from app.audio.records import load_listening
from app.compliance.call_facts import load_call_facts
from app.compliance.engine import worth_telling
from app.compliance.facts_json import read_facts
from app.compliance.finding import FindingValue
from app.compliance.judge import Judge, join_listening
from app.compliance.opt_outs.service import capture_request
from app.compliance.privacy.service import capture_privacy_request
from app.conversation import KeywordHit, Listening
from app.models.analysis import AnalysisRun
from app.models.base import canonical_json
from app.models.consumers import Erasure
from app.models.screening import CurrentScreening, Finding, KeywordHitRow, Screening
from app.ports import NumberRegistry
from app.unit_of_work import Work
from app.vocabulary import EventKind


@dataclass(frozen=True, slots=True)
class Screened:
    """A screening just made, with what later stages need of it; ``findings`` are those a person must see."""

    screening_id: str
    call_id: str
    listening: Listening
    hits: tuple[KeywordHit, ...]
    findings: tuple[FindingValue, ...]


def newest_finished_run(session: Session, call_id: str) -> AnalysisRun | None:
    """Return the run of a call that finished last."""
    finished = select(AnalysisRun).where(AnalysisRun.call_id == call_id, AnalysisRun.finished_at.is_not(None))
    return session.scalar(finished.order_by(AnalysisRun.finished_at.desc(), AnalysisRun.id.desc()).limit(1))


def screen_call(work: Work, call_id: str, *, judge: Judge, lists: NumberRegistry | None = None) -> Screened | None:
    """Screen the newest analysis of a call and make the screening the one in force.

    None when there is nothing to screen, or the same analysis was screened with the same versions and facts before: then that
    screening is the one in force.
    """
    run = newest_finished_run(work.session, call_id)
    if run is None or work.session.get(Erasure, call_id) is not None:
        return None
    is_heard_elsewhere = is_heard_from_other_number(work.session, call_id)
    known_facts = load_call_facts(work.session, call_id, lists=lists)
    frozen: dict[str, Any] = {"call": known_facts, "is_heard_elsewhere": is_heard_elsewhere}
    input_hash = hashlib.sha256(canonical_json([run.id, judge.versions, frozen]).encode()).hexdigest()
    same = select(Screening).where(Screening.call_id == call_id, Screening.input_hash == input_hash)
    known = work.session.scalar(same)
    in_force = work.session.get(CurrentScreening, call_id)
    if known is not None and in_force is not None and in_force.screening_id == known.id:
        return None
    listening = load_listening(work.session, run.id)
    facts, unreadable = read_facts(known_facts)
    frozen |= {"unreadable": list(unreadable)} if unreadable else {}
    heard = join_listening(facts, listening, is_heard_elsewhere=is_heard_elsewhere)
    judged = judge.judge(heard, tones=listening.tones, recording_s=listening.duration_s, as_of=work.now)
    if known is not None:  # rules or facts are again what they were before the screening in force
        findings = worth_telling(judged.findings)
        _put_in_force(work.session, known, findings, judged.states)
        flags = [finding.rule for finding in findings if finding.is_flag]
        told = {"screening_id": known.id, "versions": known.versions, "findings": flags, "is_in_force_again": True}
        work.publish(EventKind.CALL_SCREENED, ("call", call_id), told)
        return None
    screening = Screening(
        id=work.new_id(),
        call_id=call_id,
        run_id=run.id,
        input_hash=input_hash,
        versions=dict(judge.versions),
        facts=frozen,
        outcomes=shorten(judged.findings),
        made_at=work.now,
    )
    work.session.add(screening)
    work.session.flush()
    findings = worth_telling(judged.findings)
    _record_hits(work.session, screening.id, judged.hits)
    _record_findings(work, screening.id, call_id, findings)
    _put_in_force(work.session, screening, findings, judged.states)
    capture_request(work, call_id, findings, known_facts.get("legs") or ())
    capture_privacy_request(work, call_id, findings, known_facts.get("legs") or ())
    flags = [finding.rule for finding in findings if finding.is_flag]
    work.publish(
        EventKind.CALL_SCREENED,
        ("call", call_id),
        {"screening_id": screening.id, "versions": screening.versions, "findings": flags},
    )
    return Screened(screening.id, call_id, listening, judged.hits, findings)


def shorten(findings: Sequence[FindingValue]) -> list[Any]:
    """Return what every rule said, in short: rule, outcome, severity; in order of the rules' names."""
    return sorted([finding.rule, str(finding.outcome), str(finding.severity)] for finding in findings)


def _record_hits(session: Session, screening_id: str, hits: Sequence[KeywordHit]) -> None:
    session.add_all(
        KeywordHitRow(
            screening_id=screening_id,
            seq=seq,
            pack=hit.pack,
            rule=hit.rule,
            kind=hit.kind,
            severity=hit.severity,
            phrase=hit.phrase,
            speaker=hit.speaker,
            start_s=hit.span.start_s,
            end_s=hit.span.end_s,
            quote=hit.quote,
            confidence=hit.confidence,
            is_low_trust=hit.low_trust,
            match=hit.match,
        )
        for seq, hit in enumerate(hits)
    )


def _record_findings(work: Work, screening_id: str, call_id: str, findings: Sequence[FindingValue]) -> None:
    work.session.add_all(
        Finding(
            id=work.new_id(),
            screening_id=screening_id,
            call_id=call_id,
            rule=finding.rule,
            outcome=finding.outcome,
            severity=finding.severity,
            reason=finding.reason,
            citations=list(finding.citations),
            evidence=finding.evidence,
            start_s=finding.span.start_s if finding.span else None,
            end_s=finding.span.end_s if finding.span else None,
            stake_least_minor=finding.evidence.get("at_stake_minor", {}).get("least"),
            stake_most_minor=finding.evidence.get("at_stake_minor", {}).get("most"),
        )
        for finding in findings
    )


def _put_in_force(session: Session, screening: Screening, findings: Sequence[FindingValue], states: Sequence[str]) -> None:
    session.execute(delete(CurrentScreening).where(CurrentScreening.call_id == screening.call_id))
    flags = [finding for finding in findings if finding.is_flag]
    session.add(
        CurrentScreening(
            call_id=screening.call_id,
            screening_id=screening.id,
            flag_count=len(flags),
            top_severity=max((f.severity for f in flags), key=lambda severity: severity.rank, default=None),
            states=" ".join(states),
        )
    )
