"""How good are the calls of each publisher, rule by rule, and is it getting better?

Counts over the period beside the period of the same length before it, with intervals: a change is named only where it is larger
than chance. What people decided stands beside what the machine found.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Text, case, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from app.access.scope import scope_calls
from app.compliance.findings.decisions import decisions_in_force
from app.compliance.registry.service import NumberLists
from app.models.base import EPOCH, MICROSECOND
from app.models.billing import Charge
from app.models.calls import Call
from app.models.campaigns import AdVersion, CallSource
from app.models.disputes import Dispute
from app.models.parties import Party
from app.models.screening import CurrentScreening, Finding
from app.money import Money
from app.reports.exports.contract import Column, ColumnKind, Params, Reader, Report, ReportTable, Row, Used
from app.reports.exports.reading import conditions, describe_filters, note_screenings
from app.shares import Share
from app.tasks import OnProgress
from app.vocabulary import DisputeState, FindingDecision, Outcome, ReportKind

Counted = TypeVar("Counted")
NOBODY = "not known"
FLAGGED = (Outcome.VIOLATION, Outcome.REVIEW)
EXAMPLES = 3
ACCEPTED = (DisputeState.ACCEPTED, DisputeState.ACCEPTED_IN_PART)

PUBLISHERS = (
    Column("publisher", "Publisher", width=24),
    Column("source", "Call source", width=24),
    Column("calls", "Calls", ColumnKind.NUMBER, 8),
    Column("screened", "Screened", ColumnKind.NUMBER, 8),
    Column("billable", "Long enough to bill", ColumnKind.NUMBER, 10, "connected at least the ad's billable duration"),
    Column("flagged", "Flagged calls", ColumnKind.NUMBER, 9, "with a violation or something to review"),
    Column("flagged_share", "Flagged of 100 screened", ColumnKind.NUMBER, 10),
    Column("low", "Interval from", ColumnKind.NUMBER, 8, "95 %, Wilson"),
    Column("high", "Interval to", ColumnKind.NUMBER, 8),
    Column("before_share", "Period before", ColumnKind.NUMBER, 9),
    Column(
        "trend", "Trend", width=14, note="named only where it is larger than chance; needs 20 screened calls in both periods"
    ),
    Column("confirmed", "Findings confirmed", ColumnKind.NUMBER, 10),
    Column("refused", "Findings refused", ColumnKind.NUMBER, 10),
    Column("stake_least", "At stake by law, least", ColumnKind.MONEY, 14),
    Column("stake_most", "At stake by law, most", ColumnKind.MONEY, 14),
    Column("revenue", "Revenue of flagged calls", ColumnKind.MONEY, 14),
    Column("disputes", "Disputes", ColumnKind.NUMBER, 8),
    Column("disputes_accepted", "Accepted", ColumnKind.NUMBER, 8, "in full or in part"),
)
RULES = (
    Column("publisher", "Publisher", width=24),
    Column("rule", "Rule", width=26),
    Column("violations", "Violations", ColumnKind.NUMBER, 9),
    Column("reviews", "To review", ColumnKind.NUMBER, 9),
    Column("per_1000", "Findings per 1,000 calls", ColumnKind.NUMBER, 10),
    Column("before_per_1000", "Period before", ColumnKind.NUMBER, 9),
    Column("trend", "Trend", width=14),
    Column("confirmed", "Confirmed", ColumnKind.NUMBER, 9),
    Column("refused", "Refused", ColumnKind.NUMBER, 9),
    Column("examples", "Examples", width=40, note="calls, the dearest first"),
)
DISPOSITIONS = (
    Column("publisher", "Publisher", width=24),
    Column("disposition", "How calls ended", width=18),
    Column("calls", "Calls", ColumnKind.NUMBER, 8),
)


@dataclass(slots=True)
class SourceCount:
    """What was counted of one call source in one period; money in US cents."""

    calls: int = 0
    screened: int = 0
    billable: int = 0
    flagged: int = 0
    confirmed: int = 0
    refused: int = 0
    stake_least_minor: int = 0
    stake_most_minor: int = 0
    revenue_minor: int = 0
    disputes: int = 0
    disputes_accepted: int = 0

    @property
    def flagged_share(self) -> Share:
        """Return the flagged calls of those screened."""
        return Share(self.flagged, self.screened)


@dataclass(slots=True)
class RuleCount:
    """What one rule said of a publisher's calls in one period."""

    violations: int = 0
    reviews: int = 0
    confirmed: int = 0
    refused: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def found(self) -> int:
        """Return the findings of either kind; at most one per call."""
        return self.violations + self.reviews


@dataclass(slots=True)
class Counts:
    """Everything counted in one period, by publisher and source, by publisher and rule; an id is empty where none is known."""

    sources: dict[tuple[str, str], SourceCount]
    rules: dict[tuple[str, str], RuleCount]
    dispositions: dict[tuple[str, str], int]
    names: dict[str, str] = field(default_factory=dict)

    def name_of(self, row_id: str) -> str:
        """Return the name of a publisher or source."""
        return self.names.get(row_id, NOBODY)

    def by_name(self, counted: Mapping[tuple[str, str], Counted]) -> list[tuple[tuple[str, str], Counted]]:
        """Return what was counted in the order of publishers' names."""
        return sorted(counted.items(), key=lambda item: (self.name_of(item[0][0]), item[0]))

    def screened_of(self, publisher: str) -> int:
        """Return how many calls of a publisher were screened."""
        return sum(count.screened for (name, _), count in self.sources.items() if name == publisher)


def build_scorecard(
    session: Session,
    params: Params,
    reader: Reader,
    *,
    lists: NumberLists | None,
    now: datetime,
    on_progress: OnProgress,
) -> Report:
    """Return the scorecard of publishers."""
    on_progress(0, 2, "Counting the period")
    counts = count_period(session, params, reader)
    on_progress(1, 2, "Counting the period before")
    before = count_period(session, before_of(params), reader)
    on_progress(2, 2, "Counted")
    has_disputes = any(count.disputes for count in counts.sources.values())
    notes = [
        f"The period before: {before_of(params).since:%Y-%m-%d} to {params.since:%Y-%m-%d}, UTC.",
        "A finding is what a rule said; confirmed and refused are what people decided about it: of each call the newest.",
    ]
    used = Used()
    note_screenings(session, params, reader, used)
    return Report(
        kind=ReportKind.SCORECARD,
        title="Publisher scorecard",
        filters=describe_filters(session, params, reader),
        tables=(
            ReportTable("publishers", "Publishers and their sources", PUBLISHERS, _publisher_rows(counts, before)),
            ReportTable("rules", "Findings by rule", RULES, _rule_rows(counts, before)),
            ReportTable("dispositions", "How calls ended", DISPOSITIONS, _disposition_rows(counts)),
        ),
        notes=tuple(notes if has_disputes else [*notes, "No dispute was filed on a call of this period."]),
        used=used,
    )


def before_of(params: Params) -> Params:
    """Return the period of the same length that ends where this one begins."""
    return replace(params, since=params.since - (params.until - params.since), until=params.since)


def count_period(session: Session, params: Params, reader: Reader) -> Counts:
    """Return what there is to count of the calls asked for; a few statements, whatever the number of calls."""
    counts = Counts(defaultdict(SourceCount), defaultdict(RuleCount), defaultdict(int))
    _count_calls(session, params, reader, counts)
    _count_findings(session, params, reader, counts)
    _count_disputes(session, params, reader, counts)
    for table, ids in ((Party, {p for p, _ in counts.sources}), (CallSource, {s for _, s in counts.sources})):
        counts.names |= {row.id: row.name for row in session.execute(select(table.id, table.name).where(table.id.in_(ids)))}
    return counts


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from a moment, and how many of the calls screened in them were flagged."""

    starts_at: datetime
    flagged: Share


def count_weeks(session: Session, params: Params, reader: Reader) -> tuple[Week, ...]:
    """Return the weeks of the period, oldest first, those without calls too; the last one may be cut short."""
    week_us = 7 * 24 * 3600 * 1_000_000
    place = ((type_coerce(Call.started_at, BigInteger) - (params.since - EPOCH) // MICROSECOND) // week_us).label("week")
    statement = _of(
        params,
        reader,
        place,
        func.count(CurrentScreening.call_id).label("screened"),
        func.sum(case((_IS_FLAGGED, 1), else_=0)).label("flagged"),
    )
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in session.execute(statement.group_by("publisher", "week")):
        flagged, screened = found[int(row.week)]
        found[int(row.week)] = (flagged + int(row.flagged), screened + row.screened)
    count = math.ceil((params.until - params.since) / timedelta(days=7))
    return tuple(Week(params.since + at * timedelta(days=7), Share(*found[at])) for at in range(count))


def tell_trend(now: Share, before: Share) -> str:
    """Return in a word whether a share of bad calls moved."""
    return {"higher": "worse", "lower": "better", "alike": "no clear change", "too few": "too few to tell"}[now.compare(before)]


def _of(params: Params, reader: Reader, *columns: Any) -> Any:
    statement = (
        select(func.coalesce(Call.publisher_id, "").label("publisher"), *columns)
        .select_from(Call)
        .outerjoin(CurrentScreening, CurrentScreening.call_id == Call.id)
        .where(*conditions(params))
    )
    return scope_calls(statement, reader.identity)


_SOURCE = func.coalesce(Call.source_id, "").label("source")
_IS_FLAGGED = CurrentScreening.flag_count > 0


def _count_calls(session: Session, params: Params, reader: Reader, counts: Counts) -> None:
    is_billable = Call.connected_s >= AdVersion.billable_s
    statement = _of(
        params,
        reader,
        _SOURCE,
        func.coalesce(cast(Call.disposition, Text), "not told").label("disposition"),
        func.count().label("calls"),
        func.count(CurrentScreening.call_id).label("screened"),
        func.sum(case((_IS_FLAGGED, 1), else_=0)).label("flagged"),
        func.sum(case((is_billable, 1), else_=0)).label("billable"),
        func.sum(case((_IS_FLAGGED, func.coalesce(Call.revenue_minor, 0)), else_=0)).label("revenue"),
    ).outerjoin(AdVersion, AdVersion.id == Call.ad_version_id)
    for row in session.execute(statement.group_by("publisher", "source", "disposition")):
        count = counts.sources[(row.publisher, row.source)]
        count.calls += row.calls
        count.screened += row.screened
        count.flagged += row.flagged
        count.billable += row.billable
        count.revenue_minor += int(row.revenue)  # PostgreSQL sums whole numbers to a decimal
        counts.dispositions[(row.publisher, str(row.disposition))] += row.calls


def _count_findings(session: Session, params: Params, reader: Reader, counts: Counts) -> None:
    decided = decisions_in_force()
    of_call = (decided.c.call_id == Finding.call_id) & (decided.c.rule == Finding.rule)
    statement = (
        _of(
            params,
            reader,
            _SOURCE,
            Finding.rule,
            Finding.outcome,
            decided.c.decision,
            func.count().label("findings"),
            func.coalesce(func.sum(Finding.stake_least_minor), 0).label("least"),
            func.coalesce(func.sum(Finding.stake_most_minor), 0).label("most"),
        )
        .join(Finding, Finding.screening_id == CurrentScreening.screening_id)
        .outerjoin(decided, of_call)
        .where(Finding.outcome.in_(FLAGGED))
    )
    for row in session.execute(statement.group_by("publisher", "source", Finding.rule, Finding.outcome, decided.c.decision)):
        source, rule = counts.sources[(row.publisher, row.source)], counts.rules[(row.publisher, row.rule)]
        source.stake_least_minor += int(row.least)
        source.stake_most_minor += int(row.most)
        if row.outcome is Outcome.VIOLATION:
            rule.violations += row.findings
        else:
            rule.reviews += row.findings
        for count in (source, rule):
            count.confirmed += row.findings * (row.decision == FindingDecision.AGREE)
            count.refused += row.findings * (row.decision == FindingDecision.REFUSE)
    _find_examples(session, params, reader, counts)


def _find_examples(session: Session, params: Params, reader: Reader, counts: Counts) -> None:
    place = func.row_number().over(
        partition_by=(Call.publisher_id, Finding.rule),
        order_by=(func.coalesce(Finding.stake_most_minor, 0).desc(), Call.started_at.desc(), Call.id),
    )
    ranked = (
        _of(params, reader, Finding.rule, Call.external_id, place.label("place"))
        .join(Finding, Finding.screening_id == CurrentScreening.screening_id)
        .where(Finding.outcome.in_(FLAGGED))
        .subquery()
    )
    for row in session.execute(select(ranked).where(ranked.c.place <= EXAMPLES).order_by(ranked.c.place)):
        counts.rules[(row.publisher, row.rule)].examples.append(row.external_id)


def _count_disputes(session: Session, params: Params, reader: Reader, counts: Counts) -> None:
    statement = (
        _of(
            params,
            reader,
            _SOURCE,
            func.count().label("disputes"),
            func.sum(case((Dispute.state.in_(ACCEPTED), 1), else_=0)).label("accepted"),
        )
        .join(Charge, Charge.call_id == Call.id)
        .join(Dispute, Dispute.charge_id == Charge.id)
    )
    for row in session.execute(statement.group_by("publisher", "source")):
        count = counts.sources[(row.publisher, row.source)]
        count.disputes += row.disputes
        count.disputes_accepted += row.accepted


def _publisher_rows(counts: Counts, before: Counts) -> Iterator[Row]:
    for (publisher, source), count in counts.by_name(counts.sources):
        share, was = count.flagged_share, before.sources.get((publisher, source), SourceCount()).flagged_share
        low, high = share.interval
        yield (
            counts.name_of(publisher),
            counts.name_of(source),
            count.calls,
            count.screened,
            count.billable,
            count.flagged,
            _percent(share.value),
            _percent(low) if share.total else None,
            _percent(high) if share.total else None,
            _percent(was.value),
            tell_trend(share, was),
            count.confirmed,
            count.refused,
            Money(count.stake_least_minor),
            Money(count.stake_most_minor),
            Money(count.revenue_minor),
            count.disputes,
            count.disputes_accepted,
        )


def _rule_rows(counts: Counts, before: Counts) -> Iterator[Row]:
    for (publisher, rule), count in _worst_first(counts):
        share = Share(count.found, counts.screened_of(publisher))
        was = Share(before.rules.get((publisher, rule), RuleCount()).found, before.screened_of(publisher))
        yield (
            counts.name_of(publisher),
            rule,
            count.violations,
            count.reviews,
            _per_1000(share),
            _per_1000(was),
            tell_trend(share, was),
            count.confirmed,
            count.refused,
            ", ".join(count.examples),
        )


def _worst_first(counts: Counts) -> list[tuple[tuple[str, str], RuleCount]]:
    gravest = sorted(counts.rules.items(), key=lambda item: (-item[1].violations, -item[1].found, item[0][1]))
    return sorted(gravest, key=lambda item: (counts.name_of(item[0][0]), item[0][0]))


def _disposition_rows(counts: Counts) -> Iterator[Row]:
    for (publisher, disposition), calls in counts.by_name(counts.dispositions):
        yield (counts.name_of(publisher), disposition.replace("_", " "), calls)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _per_1000(share: Share) -> float | None:
    return None if share.value is None else round(1000 * share.value, 1)
