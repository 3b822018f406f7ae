"""What is on this recording? Listens to one file, with no database and no queue, and writes what was found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.audio.listening_json import listening_to_json, span_to_json
from app.compliance.engine import worth_telling
from app.compliance.facts import Facts
from app.compliance.finding import FindingValue
from app.compliance.judge import Judge, join_listening
from app.compliance.masking import mask_finding
from app.conversation import CallScore, KeywordHit, Listening
from app.errors import EarshotError
from app.language.keypad import mask_tones
from app.language.redact_text import redact_quote, redact_text
from app.ports import StageCache, Transcriber
from app.scoring.call_score import CallFacts, score_call
from app.vocabulary import ChannelRole, Outcome


@dataclass(frozen=True, slots=True)
class CallReport:
    """Everything one recording told."""

    file: str
    listening: Listening
    hits: tuple[KeywordHit, ...]
    findings: tuple[FindingValue, ...]
    score: CallScore


def analyze_file(
    path: Path,
    *,
    transcriber: Transcriber,
    judge: Judge,
    cache: StageCache | None = None,
    max_hours: float = 6.0,
    facts: Facts | None = None,
    hot_words: str | None = None,
    channel_roles: Sequence[ChannelRole] | None = None,
    threads: int = 1,
    on_progress: Callable[[str, float], None] | None = None,
) -> CallReport:
    """Listen to a recording, hold the call against the rules and score it.

    ``facts`` are what is known of the call beside its recording, ``hot_words`` names that are likely to be said,
    ``channel_roles`` what the sender says is on each channel.

    Raises
    ------
    AudioUnreadable
        If the file cannot be decoded.
    """
    from app.audio.decode import decode
    from app.audio.pipeline import listen

    decoded = decode(path, max_duration_s=max_hours * 3600)
    listening = listen(
        decoded,
        transcriber,
        channel_roles=channel_roles,
        hot_words=hot_words,
        cache=cache,
        threads=threads,
        on_progress=on_progress,
    )
    told = facts or Facts()
    judged = judge.judge(join_listening(told, listening), tones=listening.tones, recording_s=listening.duration_s)
    known = CallFacts(billable_s=told.campaign.billable_s, connected_s=told.duration_s)
    score = score_call(listening, judged.hits, judged.findings, known)
    # A report leaves the house: numbers of people are masked in it once everything is decided.
    sensitive = judged.sensitive
    masked = replace(
        listening,
        utterances=redact_text(listening.utterances, sensitive),
        tones=mask_tones(listening.tones, [item.span for item in sensitive]),
    )
    hits = tuple(redact_quote(hit, sensitive) for hit in judged.hits)
    # Of a recording alone nearly every rule lacks evidence; that is told of calls of which something is known.
    worth = [finding for finding in worth_telling(judged.findings) if facts is not None or finding.is_flag]
    findings = tuple(mask_finding(finding, sensitive) for finding in worth)
    return CallReport(str(path), masked, hits, findings, score)


def report_to_json(report: CallReport) -> dict[str, Any]:
    """Return the report in the shape of ``earshot analyze --json``."""
    return {
        "file": report.file,
        **listening_to_json(report.listening),
        "keywords": [hit_to_json(hit) for hit in report.hits],
        "findings": [finding_to_json(finding) for finding in report.findings],
        "score": score_to_json(report.score),
    }


def hit_to_json(hit: KeywordHit) -> dict[str, Any]:
    """Return a keyword hit as JSON-able values."""
    return {
        "pack": hit.pack,
        "rule": hit.rule,
        "kind": str(hit.kind),
        "phrase": hit.phrase,
        "speaker": str(hit.speaker),
        **span_to_json(hit.span),
        "quote": hit.quote,
        "confidence": round(hit.confidence, 3),
        "low_trust": hit.low_trust,
        "match": hit.match,
    }


def finding_to_json(finding: FindingValue) -> dict[str, Any]:
    """Return a finding as JSON-able values."""
    return {
        "rule": finding.rule,
        "outcome": str(finding.outcome),
        "severity": str(finding.severity),
        "citations": list(finding.citations),
        "reason": finding.reason,
        "evidence": finding.evidence,
    }


def score_to_json(score: CallScore) -> dict[str, Any]:
    """Return a call score as JSON-able values."""
    parts = [{"name": part.name, "points": part.points, "why": part.why} for part in score.parts]
    return {"value": score.value, "parts": parts, "version": score.version}


def error_to_json(path: Path, error: EarshotError) -> dict[str, Any]:
    """Return the line that stands for a file that could not be read."""
    return {"file": str(path), "error": {"code": error.code, "message": error.message}}


def render_report(report: CallReport) -> str:
    """Return the report as text for a person at a terminal."""
    heard = report.listening
    lines = [
        f"{report.file}",
        f"  {heard.duration_s:.1f} s, {heard.channels} channel(s), {heard.sample_rate_hz} Hz; score {report.score.value}/100",
        *_turn_lines(heard),
        *(f"  note: {note}" for note in heard.notes),
        *(
            f"  {finding.severity.upper():8} {finding.reason} ({finding.outcome}, {finding.rule})"
            for finding in report.findings
            if finding.is_flag
        ),
        *_missing_lines(report.findings),
        *(f"  {part.points:+4d}  {part.name}: {part.why}" for part in report.score.parts),
        "",
    ]
    for utterance in heard.utterances:
        inside = [hit.pack for hit in report.hits if utterance.span.start_s <= hit.span.start_s < utterance.span.end_s]
        tags = "".join(f"  [{pack}]" for pack in dict.fromkeys(inside))
        lines.append(f"  {utterance.span.start_s:7.1f}  {utterance.speaker:8} {utterance.text}{tags}")
    lines += [
        f"  {tone.span.start_s:7.1f}  ({tone.kind} {tone.detail} to {tone.span.end_s:.1f} s)" for tone in heard.tones
    ]  # fmt: skip
    return "\n".join(lines)


def _missing_lines(findings: Sequence[FindingValue]) -> list[str]:
    missing = sorted(finding.rule for finding in findings if finding.outcome is Outcome.NEEDS_EVIDENCE)
    return [f"  evidence missing for {', '.join(missing)}"] if missing else []


def _turn_lines(heard: Listening) -> list[str]:
    turns = heard.turns
    talk = ", ".join(f"{seconds:.1f} s" for seconds in turns.talk_s)
    lines = [f"  talk per channel: {talk}; dead air {turns.dead_air_s:.1f} s (longest {turns.longest_dead_air_s:.1f} s)"]
    if turns.two_way_speech_s is not None:
        lines.append(f"  two-way speech {turns.two_way_speech_s:.1f} s, talk-over {turns.overlap_s or 0.0:.1f} s")
    return lines
