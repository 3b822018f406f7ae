"""Calls of the house as their screening left them: facts frozen, outcomes kept, findings and words in their tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.compliance.engine import worth_telling
from app.compliance.facts_json import parse_facts
from app.compliance.packaged import load_judge
from app.compliance.service import shorten
from app.models.analysis import AnalysisResult, AnalysisRun
from app.models.calls import Call, Recording
from app.models.screening import CurrentScreening, Finding, KeywordHitRow, Screening
from app.unit_of_work import Work
from app.vocabulary import Disposition, RecordingState

TURNS = {
    "talk_s": [20.0, 30.0], "overlap_s": 0.0, "dead_air_s": 1.0, "longest_dead_air_s": 1.0, "two_way_speech_s": 40.0,
    "response_latency_s": 0.5, "interruptions": 0, "first_word_s": [1.0, 0.2], "dead_air": [], "overlap": [],
}  # fmt: skip


def keep_call(
    work: Work,
    call_id: str,
    facts: dict[str, Any],
    *,
    started_at: datetime,
    recorded_s: float = 60.0,
    disposition: Disposition | None = Disposition.COMPLETED,
    **columns: Any,
) -> None:
    """Add a call, judge its facts by the packaged rules, and keep what came of it as the house does.

    ``columns`` are further columns of the call: ``publisher_id``, ``campaign_id``, ``revenue_minor``, ...
    """
    session = work.session
    session.add(
        Call(
            id=call_id, sender="csv", external_id=f"ext-{call_id}", started_at=started_at, received_at=work.now,
            disposition=disposition, connected_s=facts.get("duration_s", recorded_s), **columns,
        )
    )  # fmt: skip
    session.flush()
    recording = f"rec-{call_id}"
    session.add(
        Recording(
            id=recording, call_id=call_id, state=RecordingState.STORED, sha256=f"{call_id:0<64}"[:64], byte_count=1000,
            filename=f"{call_id}.wav", blob_key=f"recordings/{call_id}", received_at=work.now,
        )
    )  # fmt: skip
    session.flush()
    run = f"run-{call_id}"
    session.add(
        AnalysisRun(
            id=run, call_id=call_id, recording_id=recording, input_hash="1", pipeline_version="1", requested_at=work.now,
            stage="done", progress=1.0, finished_at=work.now,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        AnalysisResult(
            run_id=run, duration_s=recorded_s, sample_rate_hz=8000, channels=2, channel_roles=["caller", "agent"],
            speech=[[], []], turns=TURNS, tones=[], caller_voice={"label": "unknown", "probabilities": {}, "reasons": []},
            engine={}, notes=[], peaks_blob_key="peaks/1", listening_blob_key="listening/1",
            listening_media_type="audio/ogg", made_at=work.now,
        )
    )  # fmt: skip
    _screen(work, call_id, run, facts)


def _screen(work: Work, call_id: str, run: str, facts: dict[str, Any]) -> None:
    session, judge = work.session, load_judge()
    judged = judge.judge(parse_facts(facts))
    screening, told = f"scr-{call_id}", worth_telling(judged.findings)
    kept = {name: value for name, value in facts.items() if name != "utterances"}
    session.add(
        Screening(
            id=screening, call_id=call_id, run_id=run, input_hash="1", versions=dict(judge.versions),
            facts={"call": kept, "is_heard_elsewhere": False}, outcomes=shorten(judged.findings), made_at=work.now,
        )
    )  # fmt: skip
    session.flush()
    flags = [finding for finding in told if finding.is_flag]
    session.add(
        CurrentScreening(
            call_id=call_id, screening_id=screening, flag_count=len(flags), states=" ".join(judged.states),
            top_severity=max((f.severity for f in flags), key=lambda severity: severity.rank, default=None),
        )
    )  # fmt: skip
    for at, finding in enumerate(told):
        stake = finding.evidence.get("at_stake_minor", {})
        session.add(
            Finding(
                id=f"find-{call_id}-{at}", screening_id=screening, call_id=call_id, rule=finding.rule,
                outcome=finding.outcome, severity=finding.severity, reason=finding.reason,
                citations=list(finding.citations), evidence=finding.evidence,
                start_s=finding.span.start_s if finding.span else None, end_s=finding.span.end_s if finding.span else None,
                stake_least_minor=stake.get("least"), stake_most_minor=stake.get("most"),
            )
        )  # fmt: skip
    for seq, hit in enumerate(judged.hits):
        session.add(
            KeywordHitRow(
                screening_id=screening, seq=seq, pack=hit.pack, rule=hit.rule, kind=hit.kind, severity=hit.severity,
                phrase=hit.phrase, speaker=hit.speaker, start_s=hit.span.start_s, end_s=hit.span.end_s, quote=hit.quote,
                confidence=hit.confidence, is_low_trust=hit.low_trust, match=hit.match,
            )
        )  # fmt: skip
    session.flush()
