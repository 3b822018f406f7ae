"""Which calls fit? One page of the list, inside the reach of who asks, in a fixed number of queries.

The order is (started_at, id), newest first, and a page begins at a position, so that the hundredth page costs as much as the
first and calls that arrive meanwhile move nothing. The indexes over (party or campaign or source, started_at, id) give it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Text, Tuple, and_, exists, func, literal, select, tuple_
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.scope import scope_calls
from app.audio.state import AnalysisStanding, analysis_state, load_standings
from app.compliance.finding import FLAGGED
from app.models.analysis import AnalysisResult, AnalysisRun
from app.models.base import Moment
from app.models.calls import Call, Recording
from app.models.campaigns import CallSource, Campaign
from app.models.screening import CallScoreRow, CurrentScreening, Finding
from app.review.in_force import is_reviewed, load_reviews_in_force, reviews_in_force
from app.vocabulary import AnalysisState, Channel, Disposition, Outcome, RecordingState, Severity, Verdict
from app.web.call_list.filters import ANY_FLAG, NO_FLAG, CallFilters, Position
from app.web.call_list.search import WordSearch, load_snippets, matching_calls, parse_search

PAGE_SIZE = 50
FLAG_OUTCOMES = tuple(sorted(FLAGGED))


@dataclass(frozen=True, slots=True)
class Flag:
    """A finding as the list shows it."""

    rule: str
    severity: Severity
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call of the list."""

    id: str
    external_id: str
    started_at: datetime
    caller_number: str | None
    campaign: str | None
    source: str | None
    channel: Channel | None
    connected_s: float | None
    recorded_s: float | None
    disposition: Disposition | None
    standing: AnalysisStanding
    score: int | None
    flags: tuple[Flag, ...]
    verdict: Verdict | None
    snippet: str | None


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of the list, and where the pages beside it begin; None where there is none."""

    lines: tuple[CallLine, ...]
    newer: Position | None
    older: Position | None


def load_call_page(session: Session, identity: Identity, filters: CallFilters, *, size: int = PAGE_SIZE) -> CallPage:
    """Return the calls that fit, newest first, from the filters' position on."""
    search = parse_search(filters.search)
    if filters.problems or (filters.search and search is None):
        return CallPage((), None, None)
    goes_back = filters.newer_than is not None
    statement = _narrow(session, scope_calls(select(Call), identity), filters, search)
    if filters.newer_than:
        statement = statement.where(_order() > _place(filters.newer_than))
    elif filters.older_than:
        statement = statement.where(_order() < _place(filters.older_than))
    order = (Call.started_at.asc(), Call.id.asc()) if goes_back else (Call.started_at.desc(), Call.id.desc())
    found = list(session.scalars(statement.order_by(*order).limit(size + 1)))
    has_more = len(found) > size
    calls = found[:size][::-1] if goes_back else found[:size]
    if not calls:
        return CallPage((), None, None)
    has_newer = has_more if goes_back else filters.older_than is not None
    has_older = goes_back or has_more
    return CallPage(
        _load_lines(session, calls, search),
        newer=Position(calls[0].started_at, calls[0].id) if has_newer else None,
        older=Position(calls[-1].started_at, calls[-1].id) if has_older else None,
    )


def load_lines_of(session: Session, identity: Identity, call_ids: Sequence[str]) -> tuple[CallLine, ...]:
    """Return these calls, those out of reach left out."""
    calls = session.scalars(scope_calls(select(Call).where(Call.id.in_(call_ids)), identity)).all()
    return _load_lines(session, calls, None)


def load_rules(session: Session) -> Sequence[str]:
    """Return the rules that have ever said something of a call, by id; a skip scan over the index on (rule, call_id)."""
    first = select(func.min(Finding.rule).label("rule")).cte("rules", recursive=True)
    following = select(select(func.min(Finding.rule)).where(Finding.rule > first.c.rule).scalar_subquery())
    rules = first.union_all(following.where(first.c.rule.is_not(None)))
    return [rule for rule in session.scalars(select(rules.c.rule)) if rule is not None]


def _order() -> Tuple:
    return tuple_(Call.started_at, Call.id)


def _place(position: Position) -> Tuple:
    """Return the position as a row value; with its types named, since a bare moment would be compared as text."""
    return tuple_(literal(position.started_at, Moment), literal(position.call_id, Text))


def _narrow(session: Session, statement: Select[Call], filters: CallFilters, search: WordSearch | None) -> Select[Call]:
    if search is not None:
        statement = statement.where(Call.id.in_(matching_calls(session, search)))
    if filters.campaign_id:
        statement = statement.where(Call.campaign_id == filters.campaign_id)
    if filters.source_id:
        statement = statement.where(Call.source_id == filters.source_id)
    if filters.starts_at:
        statement = statement.where(Call.started_at >= filters.starts_at)
    if filters.ends_before:
        statement = statement.where(Call.started_at < filters.ends_before)
    if filters.disposition:
        statement = statement.where(Call.disposition == filters.disposition)
    if filters.has_recording is not None:
        has_audio = exists().where(Recording.call_id == Call.id, Recording.state == RecordingState.STORED)
        statement = statement.where(has_audio if filters.has_recording else ~has_audio)
    return _narrow_to_findings(_narrow_to_state(_narrow_to_verdict(statement, filters), filters), filters)


def _narrow_to_state(statement: Select[Call], filters: CallFilters) -> Select[Call]:
    if filters.state is None:
        return statement
    if filters.state is AnalysisState.FAILED:
        ended_so = AnalysisRun.failed_at.is_not(None)
        statement = statement.where(Call.id.in_(select(AnalysisRun.call_id).where(ended_so)))
    if filters.state is AnalysisState.RUNNING:
        is_open = and_(AnalysisRun.finished_at.is_(None), AnalysisRun.failed_at.is_(None))
        statement = statement.where(Call.id.in_(select(AnalysisRun.call_id).where(is_open)))
    return statement.where(analysis_state() == str(filters.state))


def _narrow_to_findings(statement: Select[Call], filters: CallFilters) -> Select[Call]:
    current = CurrentScreening.call_id == Call.id
    if filters.flags == ANY_FLAG:
        statement = statement.where(exists().where(current, CurrentScreening.flag_count > 0))
    if filters.flags == NO_FLAG:
        statement = statement.where(exists().where(current, CurrentScreening.flag_count == 0))
    if filters.severity:
        statement = statement.where(exists().where(current, CurrentScreening.top_severity == filters.severity))
    if filters.rule:
        flagged = (
            select(Finding.call_id)
            .join(CurrentScreening, CurrentScreening.screening_id == Finding.screening_id)
            .where(Finding.rule == filters.rule)
        )
        statement = statement.where(Call.id.in_(flagged))
    return statement


def _narrow_to_verdict(statement: Select[Call], filters: CallFilters) -> Select[Call]:
    if filters.is_not_reviewed:
        return statement.where(~is_reviewed(Call.id))
    if filters.verdict:
        counts = reviews_in_force()
        statement = statement.where(Call.id.in_(select(counts.c.call_id).where(counts.c.verdict == filters.verdict)))
    return statement


def _load_lines(session: Session, calls: Sequence[Call], search: WordSearch | None) -> tuple[CallLine, ...]:
    ids = [call.id for call in calls]
    campaigns = _load_names(session, {call.campaign_id for call in calls}, Campaign)
    sources = _load_sources(session, {call.source_id for call in calls})
    standings = load_standings(session, ids)
    lengths = _load_lengths(session, standings)
    scores = _load_scores(session, ids)
    flags = _load_flags(session, ids)
    verdicts = _load_verdicts(session, ids)
    snippets = load_snippets(session, search, ids) if search else {}
    return tuple(
        CallLine(
            id=call.id,
            external_id=call.external_id,
            started_at=call.started_at,
            caller_number=call.caller_number,
            campaign=campaigns.get(call.campaign_id or ""),
            source=sources.get(call.source_id or "", (None, None))[0],
            channel=call.declared_channel or sources.get(call.source_id or "", (None, None))[1],
            connected_s=call.connected_s,
            recorded_s=lengths.get(standings[call.id].run_id or ""),
            disposition=call.disposition,
            standing=standings[call.id],
            score=scores.get(call.id),
            flags=flags.get(call.id, ()),
            verdict=verdicts.get(call.id),
            snippet=snippets.get(call.id),
        )
        for call in calls
    )


def _load_names(session: Session, ids: set[str | None], kind: type[Campaign]) -> dict[str, str]:
    rows = session.execute(select(kind.id, kind.name).where(kind.id.in_(sorted(filter(None, ids)))))
    return {row.id: row.name for row in rows}


def _load_sources(session: Session, ids: set[str | None]) -> dict[str, tuple[str, Channel]]:
    rows = session.execute(
        select(CallSource.id, CallSource.name, CallSource.channel).where(CallSource.id.in_(sorted(filter(None, ids))))
    )
    return {row.id: (row.name, row.channel) for row in rows}


def _load_lengths(session: Session, standings: dict[str, AnalysisStanding]) -> dict[str, float]:
    runs = [standing.run_id for standing in standings.values() if standing.run_id]
    rows = session.execute(
        select(AnalysisResult.run_id, AnalysisResult.duration_s).where(AnalysisResult.run_id.in_(runs))
    )  # fmt: skip
    return {row.run_id: row.duration_s for row in rows}


def _load_scores(session: Session, ids: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(CurrentScreening.call_id, CallScoreRow.value)
        .join(CallScoreRow, CallScoreRow.screening_id == CurrentScreening.screening_id)
        .where(CurrentScreening.call_id.in_(ids))
    )
    return {row.call_id: row.value for row in rows}


def _load_flags(session: Session, ids: Sequence[str]) -> dict[str, tuple[Flag, ...]]:
    rows = session.execute(
        select(Finding.call_id, Finding.rule, Finding.severity, Finding.outcome)
        .join(CurrentScreening, CurrentScreening.screening_id == Finding.screening_id)
        .where(CurrentScreening.call_id.in_(ids), Finding.outcome.in_(FLAG_OUTCOMES))
    )
    by_call: dict[str, list[Flag]] = defaultdict(list)
    for row in rows:
        by_call[row.call_id].append(Flag(row.rule, row.severity, row.outcome))
    return {
        call_id: tuple(sorted(found, key=lambda flag: (-flag.severity.rank, flag.rule))) for call_id, found in by_call.items()
    }


def _load_verdicts(session: Session, ids: Sequence[str]) -> dict[str, Verdict]:
    return {call_id: review.verdict for call_id, review in load_reviews_in_force(session, ids).items()}
