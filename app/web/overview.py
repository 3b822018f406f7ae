"""What happened lately? The counts of the first page, inside the reach of who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.scope import scope_calls
from app.audio.state import analysis_state
from app.models.calls import Call
from app.models.screening import CurrentScreening
from app.review.in_force import is_reviewed
from app.vocabulary import AnalysisState, Severity
from app.web.call_list.filters import ANY_FLAG, CallFilters
from app.web.call_list.query import CallPage, load_call_page

DAY, WEEK = timedelta(days=1), timedelta(days=7)
NEWEST_FLAGGED = 8


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts of the last day and week, and the newest calls with flags."""

    last_day: int
    last_week: int
    by_state: Mapping[AnalysisState, int]
    by_severity: Mapping[Severity, int]
    flagged_not_reviewed: int
    newest_flagged: CallPage
    has_any_call: bool


def load_overview(session: Session, identity: Identity, now: datetime) -> Overview:
    """Return the numbers of the first page; everything but the newest flagged calls is of the last seven days."""
    of_week = (Call.started_at >= now - WEEK, Call.started_at <= now)
    flagged = (
        select(CurrentScreening.top_severity, func.count())
        .join(Call, Call.id == CurrentScreening.call_id)
        .where(*of_week, CurrentScreening.flag_count > 0)
    )
    not_reviewed = ~is_reviewed(Call.id)
    state = analysis_state()
    return Overview(
        last_day=_count(session, identity, Call.started_at >= now - DAY, Call.started_at <= now),
        last_week=_count(session, identity, *of_week),
        by_state={
            AnalysisState(found): count
            for found, count in session.execute(
                scope_calls(select(state, func.count()).select_from(Call).where(*of_week), identity).group_by(state)
            )
        },
        by_severity={
            found: count
            for found, count in session.execute(scope_calls(flagged, identity).group_by(CurrentScreening.top_severity))
            if found is not None
        },
        flagged_not_reviewed=session.scalar(
            scope_calls(
                select(func.count())
                .select_from(Call)
                .join(CurrentScreening, CurrentScreening.call_id == Call.id)
                .where(*of_week, CurrentScreening.flag_count > 0, not_reviewed),
                identity,
            )
        )
        or 0,
        newest_flagged=load_call_page(session, identity, CallFilters(flags=ANY_FLAG), size=NEWEST_FLAGGED),
        has_any_call=session.scalar(scope_calls(select(Call.id), identity).limit(1)) is not None,
    )


def _count(session: Session, identity: Identity, *conditions: object) -> int:
    statement = select(func.count()).select_from(Call).where(*conditions)  # type: ignore[arg-type]
    return session.scalar(scope_calls(statement, identity)) or 0
