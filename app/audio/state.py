"""Where does the analysis of a call stand? A query over recordings and runs; the answer is stored nowhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.models.analysis import AnalysisRun
from app.models.calls import Call, Recording
from app.vocabulary import AnalysisState, RecordingState


@dataclass(frozen=True, slots=True)
class AnalysisStanding:
    """The state of a call's newest analysis, with what people are shown while it runs or after it failed."""

    state: AnalysisState
    run_id: str | None = None
    stage: str = ""
    progress: float = 0.0
    error_code: str | None = None
    error_message: str | None = None


def analysis_state() -> ColumnElement[str]:
    """Return an SQL expression, correlated to ``Call``, that gives the value of an AnalysisState."""
    run = aliased(AnalysisRun)
    newest = (
        select(
            case(
                (run.finished_at.is_not(None), str(AnalysisState.ANALYSED)),
                (run.failed_at.is_not(None), str(AnalysisState.FAILED)),
                (run.stage != "waiting", str(AnalysisState.RUNNING)),
                else_=str(AnalysisState.WAITING),
            )
        )
        .where(run.call_id == Call.id)
        .order_by(run.requested_at.desc(), run.id.desc())
        .limit(1)
        .correlate(Call)
        .scalar_subquery()
    )
    has_audio = exists().where(and_(Recording.call_id == Call.id, Recording.state == RecordingState.STORED)).correlate(Call)
    without_run = case((has_audio, str(AnalysisState.WAITING)), else_=str(AnalysisState.NO_RECORDING))
    return func.coalesce(newest, without_run)


def load_standings(session: Session, call_ids: Iterable[str]) -> dict[str, AnalysisStanding]:
    """Return the standing of each call that exists, in two queries however many calls there are."""
    wanted = list(call_ids)
    with_audio = set(
        session.scalars(
            select(Recording.call_id).where(Recording.call_id.in_(wanted), Recording.state == RecordingState.STORED)
        )
    )
    standings = {
        call_id: AnalysisStanding(AnalysisState.WAITING if call_id in with_audio else AnalysisState.NO_RECORDING)
        for call_id in wanted
    }
    runs = session.scalars(
        select(AnalysisRun).where(AnalysisRun.call_id.in_(wanted)).order_by(AnalysisRun.requested_at, AnalysisRun.id)
    )
    for run in runs:
        standings[run.call_id] = _standing(run)
    return standings


def load_standing(session: Session, call_id: str) -> AnalysisStanding:
    """Return the standing of one call."""
    return load_standings(session, [call_id])[call_id]


def _standing(run: AnalysisRun) -> AnalysisStanding:
    if run.finished_at is not None:
        state = AnalysisState.ANALYSED
    elif run.failed_at is not None:
        state = AnalysisState.FAILED
    else:
        state = AnalysisState.WAITING if run.stage == "waiting" else AnalysisState.RUNNING
    return AnalysisStanding(state, run.id, run.stage, run.progress, run.error_code, run.error_message)
