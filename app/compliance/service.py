"""What is a call held against once it has been heard? Loads the newest analysis, spots phrases, records findings."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audio.heard_elsewhere import is_heard_from_other_number
from app.audio.records import load_listening
from app.compliance.finding import FindingValue
from app.compliance.voice_findings import find_in_call
from app.compliance.word_findings import RULE_SET_VERSION
from app.conversation import KeywordHit, Listening, Utterance
from app.models.analysis import AnalysisRun
from app.models.base import canonical_json
from app.models.screening import CurrentScreening, Finding, KeywordHitRow, Screening
from app.unit_of_work import Work
from app.vocabulary import EventKind

# Given what was said and how long the call is, says which phrases were heard.
Spotter = Callable[[Sequence[Utterance], float], tuple[KeywordHit, ...]]


@dataclass(frozen=True, slots=True)
class Screened:
    """A screening just made, with what later stages need of it."""

    screening_id: str
    call_id: str
    listening: Listening
    hits: tuple[KeywordHit, ...]
    findings: tuple[FindingValue, ...]


def newest_finished_run(session: Session, call_id: str) -> AnalysisRun | None:
    """Return the run of a call that finished last."""
    finished = select(AnalysisRun).where(AnalysisRun.call_id == call_id, AnalysisRun.finished_at.is_not(None))
    return session.scalar(finished.order_by(AnalysisRun.finished_at.desc(), AnalysisRun.id.desc()).limit(1))


def screen_call(work: Work, call_id: str, *, spot: Spotter, pack_version: str) -> Screened | None:
    """Screen the newest analysis of a call and make the screening the one in force.

    None when there is nothing to screen, or the same analysis was screened with the same versions and facts before.
    """
    run = newest_finished_run(work.session, call_id)
    if run is None:
        return None
    versions = {"phrase_packs": pack_version, "rule_set": RULE_SET_VERSION}
    is_heard_elsewhere = is_heard_from_other_number(work.session, call_id)
    input_hash = hashlib.sha256(canonical_json([run.id, versions, is_heard_elsewhere]).encode()).hexdigest()
    known = select(Screening.id).where(Screening.call_id == call_id, Screening.input_hash == input_hash)
    if work.session.scalar(known) is not None:
        return None
    listening = load_listening(work.session, run.id)
    hits = spot(listening.utterances, listening.duration_s)
    findings = find_in_call(listening, hits, is_heard_elsewhere=is_heard_elsewhere)
    screening = Screening(
        id=work.new_id(), call_id=call_id, run_id=run.id, input_hash=input_hash, versions=versions, made_at=work.now
    )
    work.session.add(screening)
    work.session.flush()
    _record_hits(work.session, screening.id, hits)
    _record_findings(work, screening.id, call_id, findings)
    _put_in_force(work.session, screening, findings)
    work.publish(
        EventKind.CALL_SCREENED,
        ("call", call_id),
        {"screening_id": screening.id, "versions": versions, "findings": [finding.rule for finding in findings]},
    )
    return Screened(screening.id, call_id, listening, hits, findings)


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
        )
        for finding in findings
    )


def _put_in_force(session: Session, screening: Screening, findings: Sequence[FindingValue]) -> None:
    session.execute(delete(CurrentScreening).where(CurrentScreening.call_id == screening.call_id))
    session.add(
        CurrentScreening(
            call_id=screening.call_id,
            screening_id=screening.id,
            flag_count=len(findings),
            top_severity=max((f.severity for f in findings), key=lambda severity: severity.rank, default=None),
        )
    )
