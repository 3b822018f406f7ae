"""What is a call's score? Screens the call and records the score with its parts, in one transaction."""

from sqlalchemy import select

from app.compliance.judge import Judge
from app.compliance.service import Screened, screen_call
from app.models.calls import Call
from app.models.campaigns import AdVersion
from app.models.screening import CallScoreRow
from app.ports import NumberRegistry
from app.scoring.call_score import CallFacts, score_call
from app.unit_of_work import Work


def screen_and_score(work: Work, call_id: str, *, judge: Judge, lists: NumberRegistry | None = None) -> None:
    """Screen the newest analysis of a call and score it; nothing happens when that was done before."""
    screened = screen_call(work, call_id, judge=judge, lists=lists)
    if screened is not None:
        _record_score(work, screened)


def _record_score(work: Work, screened: Screened) -> None:
    score = score_call(screened.listening, screened.hits, screened.findings, _load_facts(work, screened.call_id))
    work.session.add(
        CallScoreRow(
            screening_id=screened.screening_id,
            value=score.value,
            parts=[{"name": part.name, "points": part.points, "why": part.why} for part in score.parts],
            version=score.version,
        )
    )


def _load_facts(work: Work, call_id: str) -> CallFacts:
    row = work.session.execute(
        select(Call.connected_s, AdVersion.billable_s)
        .outerjoin(AdVersion, AdVersion.id == Call.ad_version_id)
        .where(Call.id == call_id)
    ).one()
    return CallFacts(billable_s=row.billable_s, connected_s=row.connected_s)
