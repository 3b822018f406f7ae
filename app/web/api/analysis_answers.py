"""What was heard on a call and what do the rules say, in the API's shapes?"""

from typing import Any

from app.audio.listening_json import listening_to_json
from app.review.screen import CallScreen, ScreenedFinding
from app.web.api.models import AnalysisOut, FindingOut, FindingsOut, StandingError


def show_analysis(screen: CallScreen) -> AnalysisOut:
    """Return where the analysis stands, with everything heard once it is done."""
    standing = screen.standing
    heard: dict[str, Any] = {}
    if screen.heard is not None:
        heard = {"file": screen.recording.filename if screen.recording else None} | listening_to_json(screen.heard.listening)
    if screen.screened is not None:
        score = screen.screened.score
        heard |= {
            "keywords": [
                {
                    "pack": hit.pack, "phrase": hit.phrase, "speaker": hit.speaker, "start_s": hit.span.start_s,
                    "end_s": hit.span.end_s, "quote": hit.quote, "confidence": hit.confidence, "low_trust": hit.low_trust,
                }
                for hit in screen.screened.hits
            ],
            "findings": [_show(finding).model_dump(mode="json") for finding in screen.screened.findings],
            "score": None
            if score is None
            else {
                "value": score.value,
                "parts": [{"name": part.name, "points": part.points, "why": part.why} for part in score.parts],
            },
        }  # fmt: skip
    error = StandingError(code=standing.error_code, message=standing.error_message or "") if standing.error_code else None
    return AnalysisOut(
        call_id=screen.call.id,
        state=standing.state,
        stage=standing.stage,
        progress=standing.progress,
        error=error,
        **heard,
    )


def show_findings(screen: CallScreen) -> FindingsOut:
    """Return the screening in force."""
    screened = screen.screened
    return FindingsOut(
        call_id=screen.call.id,
        screened_at=screened.made_at if screened else None,
        versions=dict(screened.versions) if screened else {},
        findings=[_show(finding) for finding in screened.findings] if screened else [],
    )


def _show(finding: ScreenedFinding) -> FindingOut:
    return FindingOut(
        id=finding.id,
        rule=finding.rule,
        outcome=finding.outcome,
        severity=finding.severity,
        reason=finding.reason,
        citations=list(finding.citations),
        evidence=dict(finding.evidence),
        start_s=finding.span.start_s if finding.span else None,
        end_s=finding.span.end_s if finding.span else None,
    )
