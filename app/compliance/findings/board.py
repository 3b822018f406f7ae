"""Which findings are there, how many, and how much money is at stake? Counts and one page of them, inside the asker's reach.

Only the screening in force of each call counts. A page begins at a position, so that the hundredth costs as much as the first.
The counts come from one pass over the period, as cells from which every picture is summed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from app.access.identity import Identity
from app.access.scope import scope_calls
from app.compliance.editions.judges import judge_in_force
from app.compliance.finding import FLAGGED
from app.compliance.findings.decisions import Decision, decision_of, is_decided, load_decisions
from app.errors import InvalidInput
from app.models.base import EPOCH, MICROSECOND, Moment, WideInteger
from app.models.calls import Call
from app.models.campaigns import CallSource, Campaign
from app.models.parties import Party
from app.models.screening import CurrentScreening, Finding, Screening
from app.vocabulary import Authority, FindingDecision, Outcome, Severity

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 500
AGES_DAYS = (2, 8, 31)
"""Where the age of a finding changes its group: 0-1, 2-7, 8-30 and more days since the call began."""
FLAG_OUTCOMES = (Outcome.VIOLATION, Outcome.REVIEW)
"""As the index over flags names them; the order counts for SQLite."""


class FindingStanding(StrEnum):
    """Whether somebody decided about a finding, and how."""

    OPEN = "open"
    DECIDED = "decided"
    AGREE = "agree"
    REFUSE = "refuse"
    NEEDS_EVIDENCE = "needs_evidence"
    ANY = "any"


class FindingOrder(StrEnum):
    """In which order findings are listed: the most money first and of equals the oldest, or the newest call first."""

    MONEY = "money"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list: behind which money, moment and finding it goes on."""

    stake_minor: int
    started_at: datetime
    finding_id: str

    def write(self) -> str:
        """Return the position as it stands in an address."""
        return f"{self.stake_minor}~{(self.started_at - EPOCH) // MICROSECOND}~{self.finding_id}"


@dataclass(frozen=True, slots=True)
class FindingFilters:
    """What is asked for; a rule that is judged state by state stands for all its states, in ``rule`` and in ``rules``.

    ``starts_at`` and ``ends_before`` bound the begin of the call. ``outcomes`` empty means violations and questions.
    ``least_minor`` is the least money at stake, US cents.
    """

    starts_at: datetime
    ends_before: datetime
    rule: str | None = None
    family: str | None = None
    outcomes: tuple[Outcome, ...] = FLAG_OUTCOMES
    severity: Severity | None = None
    rules: tuple[str, ...] | None = None
    state: str | None = None
    publisher_id: str | None = None
    advertiser_id: str | None = None
    campaign_id: str | None = None
    standing: FindingStanding = FindingStanding.OPEN
    least_minor: int | None = None
    order: FindingOrder = FindingOrder.MONEY
    after: Position | None = None


class Cell(NamedTuple):
    """Findings that are alike: how many, and the money at stake for them, least and most, US cents."""

    rule: str
    outcome: Outcome
    severity: Severity
    states: str
    publisher_id: str | None
    age: int
    findings: int
    least_minor: int
    most_minor: int


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding of the list; ``rule_version`` is the row of the rule that judged."""

    id: str
    call_id: str
    external_id: str
    rule: str
    rule_version: int | None
    outcome: Outcome
    severity: Severity
    reason: str
    quote: str
    citations: tuple[str, ...]
    span: tuple[float, float] | None
    started_at: datetime
    caller_number: str | None
    states: tuple[str, ...]
    publisher: str | None
    advertiser: str | None
    campaign: str | None
    source: str | None
    stake_minor: tuple[int, int] | None
    screened_at: datetime
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One page of the list, and where the next begins."""

    lines: tuple[FindingLine, ...]
    following: Position | None


def load_cells(session: Session, identity: Identity, filters: FindingFilters, now: datetime) -> tuple[Cell, ...]:
    """Return how many findings fit, by everything the pictures tell apart; order, position and paging do not matter."""
    columns = _cell_columns(now)
    narrow = _narrow(_joined(columns), identity, filters)
    # By its name: written out twice, PostgreSQL would not know the two for the same.
    return tuple(Cell(*row) for row in session.execute(narrow.group_by(*columns[:5], literal_column("age"))))


def load_page(session: Session, identity: Identity, filters: FindingFilters, *, size: int = PAGE_SIZE) -> FindingPage:
    """Return the findings that fit from the filters' position on."""
    keys = _ordered(_narrow(_joined((Finding.id, _stake(), Call.started_at)), identity, filters), filters)
    rows = session.execute(keys.limit(size + 1)).all()
    lines = load_lines(session, identity, [row[0] for row in rows[:size]])
    following = Position(rows[size - 1][1], rows[size - 1][2], rows[size - 1][0]) if len(rows) > size else None
    return FindingPage(lines, following)


def find_next(session: Session, identity: Identity, filters: FindingFilters) -> str | None:
    """Return the id of the first finding behind the filters' position; None at the end."""
    keys = _ordered(_narrow(_joined((Finding.id,)), identity, filters), filters)
    found: str | None = session.scalar(keys.limit(1))
    return found


def iterate_lines(session: Session, identity: Identity, filters: FindingFilters, *, most: int) -> Iterator[FindingLine]:
    """Yield every finding that fits, in the filters' order, up to so many; holds one batch of them."""
    left, asked = most, filters
    while left > 0:
        page = load_page(session, identity, asked, size=min(EXPORTED_AT_ONCE, left))
        yield from page.lines
        left -= len(page.lines)
        if page.following is None:
            return
        asked = replace(asked, after=page.following)


def load_lines(session: Session, identity: Identity, finding_ids: Sequence[str]) -> tuple[FindingLine, ...]:
    """Return these findings in this order, those out of reach left out."""
    advertiser, publisher = aliased(Party), aliased(Party)
    asked = (
        select(
            Finding, Call.external_id, Call.started_at, Call.caller_number, Screening.made_at, CurrentScreening.states,
            CurrentScreening.screening_id, publisher.name, advertiser.name, Campaign.name, CallSource.name,
        )
        .join(Call, Call.id == Finding.call_id)
        .join(Screening, Screening.id == Finding.screening_id)
        .outerjoin(CurrentScreening, CurrentScreening.call_id == Finding.call_id)
        .outerjoin(publisher, publisher.id == Call.publisher_id)
        .outerjoin(advertiser, advertiser.id == Call.advertiser_id)
        .outerjoin(Campaign, Campaign.id == Call.campaign_id)
        .outerjoin(CallSource, CallSource.id == Call.source_id)
        .where(Finding.id.in_(finding_ids))
    )  # fmt: skip
    rows = session.execute(scope_calls(asked, identity)).all()
    decisions = load_decisions(session, {row[0].call_id for row in rows})
    lines = {row[0].id: _line(row, decisions) for row in rows}
    return tuple(lines[finding_id] for finding_id in finding_ids if finding_id in lines)


def load_rules_found(session: Session) -> Sequence[str]:
    """Return the rules that ever said something of a call, by id; a skip scan over the index on (rule, call_id)."""
    first = select(func.min(Finding.rule).label("rule")).cte("rules", recursive=True)
    following = select(select(func.min(Finding.rule)).where(Finding.rule > first.c.rule).scalar_subquery())
    rules = first.union_all(following.where(first.c.rule.is_not(None)))
    return [rule for rule in session.scalars(select(rules.c.rule)) if rule is not None]


def rules_of_authority(session: Session, authority: Authority) -> tuple[str, ...]:
    """Return the ids of the rules in force whose force comes from there."""
    return tuple(sorted({rule.id for rule in judge_in_force(session).rules.rules if rule.authority is authority}))


def read_position(written: str | None) -> Position | None:
    """Return the place an address names; None for none.

    Raises
    ------
    InvalidInput
        If it was not written by :meth:`Position.write`.
    """
    if not written:
        return None
    stake, moment, finding_id = (*written.split("~", 2), "", "")[:3]
    for text in (stake, moment):
        if not (text.isascii() and text.isdigit() and len(text) <= 17):
            raise InvalidInput("cursor: expected next_cursor of an answer before", field="cursor")
    if not finding_id or len(finding_id) > 100:
        raise InvalidInput("cursor: expected next_cursor of an answer before", field="cursor")
    return Position(int(stake), EPOCH + int(moment) * MICROSECOND, finding_id)


def _joined(columns: Sequence[ColumnElement[Any] | Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Call)
        .join(CurrentScreening, CurrentScreening.call_id == Call.id)
        .join(Finding, Finding.screening_id == CurrentScreening.screening_id)
    )


def _cell_columns(now: datetime) -> tuple[Any, ...]:
    edges = [now - timedelta(days=days) for days in AGES_DAYS]
    age = case(*((Call.started_at > literal(edge, Moment), group) for group, edge in enumerate(edges)), else_=len(edges))
    return (
        Finding.rule, Finding.outcome, Finding.severity, CurrentScreening.states, Call.publisher_id, age.label("age"),
        func.count(), func.coalesce(func.sum(Finding.stake_least_minor), 0).cast(WideInteger),
        func.coalesce(func.sum(Finding.stake_most_minor), 0).cast(WideInteger),
    )  # fmt: skip


def _narrow(statement: Select[Any], identity: Identity, filters: FindingFilters) -> Select[Any]:
    statement = scope_calls(statement, identity).where(
        Call.started_at >= filters.starts_at, Call.started_at < filters.ends_before
    )
    outcomes = tuple(sorted(set(filters.outcomes), key=list(Outcome).index)) or FLAG_OUTCOMES
    if set(outcomes) <= FLAGGED:
        # Named as the partial index over flags does, so that it is used; and calls without flags are passed over.
        statement = statement.where(_is_flag(), CurrentScreening.flag_count > 0)
    if outcomes != FLAG_OUTCOMES:
        statement = statement.where(Finding.outcome.in_(outcomes))
    if filters.rule:
        statement = statement.where(_is_of((filters.rule,)))
    if filters.rules is not None:
        statement = statement.where(_is_of(filters.rules))
    if filters.family:
        statement = statement.where(Finding.rule.startswith(f"{filters.family}-", autoescape=True))
    if filters.severity:
        statement = statement.where(Finding.severity == filters.severity)
    if filters.state:
        padded = literal(" ") + CurrentScreening.states + literal(" ")
        statement = statement.where(padded.contains(f" {filters.state} ", autoescape=True))
    for column, wanted in (
        (Call.publisher_id, filters.publisher_id),
        (Call.advertiser_id, filters.advertiser_id),
        (Call.campaign_id, filters.campaign_id),
    ):
        statement = statement.where(column == wanted) if wanted else statement
    if filters.least_minor is not None:
        statement = statement.where(Finding.stake_most_minor >= filters.least_minor)
    return _narrow_to_standing(statement, filters.standing)


def _is_of(rules: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a finding is of one of the rules; one that is judged state by state adds the state."""
    by_state = [Finding.rule.like(f"{_plain(rule)}-__", escape="/") for rule in rules]
    return or_(Finding.rule.in_([*rules, *(f"{rule}-UNKNOWN" for rule in rules)]), *by_state)


def _plain(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _is_flag() -> ColumnElement[bool]:
    words = bindparam("flag_outcomes", FLAG_OUTCOMES, expanding=True, literal_execute=True, type_=Finding.outcome.type)
    return Finding.outcome.in_(words)


def _narrow_to_standing(statement: Select[Any], standing: FindingStanding) -> Select[Any]:
    if standing is FindingStanding.ANY:
        return statement
    if standing in (FindingStanding.OPEN, FindingStanding.DECIDED):
        said = is_decided(Finding.call_id, Finding.rule)
        return statement.where(said if standing is FindingStanding.DECIDED else ~said)
    # The first condition lets those of whom nobody said anything be passed over at little cost.
    said = is_decided(Finding.call_id, Finding.rule)
    return statement.where(said, decision_of(Finding.call_id, Finding.rule) == FindingDecision(str(standing)))


def _stake() -> ColumnElement[int]:
    return func.coalesce(Finding.stake_most_minor, 0)


def _ordered(statement: Select[Any], filters: FindingFilters) -> Select[Any]:
    """Return the statement in order: the most money first and of equals the oldest, or the newest call first."""
    place = filters.after
    if filters.order is FindingOrder.NEWEST:
        if place:
            older = Call.started_at < place.started_at
            same = and_(Call.started_at == place.started_at, Finding.id < place.finding_id)
            statement = statement.where(Call.started_at <= place.started_at, or_(older, same))
        return statement.order_by(Call.started_at.desc(), Finding.id.desc())
    if place:
        later = or_(
            Call.started_at > place.started_at, and_(Call.started_at == place.started_at, Finding.id > place.finding_id)
        )
        statement = statement.where(or_(_stake() < place.stake_minor, and_(_stake() == place.stake_minor, later)))
    return statement.order_by(_stake().desc(), Call.started_at, Finding.id)


def _line(row: Any, decisions: dict[tuple[str, str], Decision]) -> FindingLine:
    finding, external_id, started_at, caller, screened_at, states, in_force_id, publisher, advertiser, campaign, source = row
    version = (finding.evidence.get("rule") or {}).get("version")
    least, most = finding.stake_least_minor, finding.stake_most_minor
    return FindingLine(
        id=finding.id,
        call_id=finding.call_id,
        external_id=external_id,
        rule=finding.rule,
        rule_version=version if isinstance(version, int) else None,
        outcome=finding.outcome,
        severity=finding.severity,
        reason=finding.reason,
        quote=find_quote(finding.evidence),
        citations=tuple(finding.citations),
        span=None if finding.start_s is None or finding.end_s is None else (finding.start_s, finding.end_s),
        started_at=started_at,
        caller_number=caller,
        states=tuple((states or "").split()) if in_force_id == finding.screening_id else (),
        publisher=publisher,
        advertiser=advertiser,
        campaign=campaign,
        source=source,
        stake_minor=None if least is None or most is None else (least, most),
        screened_at=screened_at,
        decision=decisions.get((finding.call_id, finding.rule)),
    )


def find_quote(evidence: Any) -> str:
    """Return the first words that evidence quotes; empty where it quotes none."""
    for name, part in (("hits", "quote"), ("quotes", "text")):
        for each in evidence.get(name) or ():
            if isinstance(each, dict) and each.get(part):
                return str(each[part])
    return ""
