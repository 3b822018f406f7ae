"""What do the pages of publishers' scorecards show? Shares with their intervals, weeks as bars, rules in plain words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.rule_texts import find_rule_text
from app.models.calls import Call
from app.money import Money
from app.reports.exports.contract import Params
from app.reports.exports.scorecard import Counts, RuleCount, SourceCount, Week, tell_trend
from app.shares import Share
from app.web.formatting import write_title

PERIODS = ("7", "28", "91", "364")
CHART_HEIGHT, BAR, GAP = 96, 26, 8
LOOKS = {"worse": "critical", "better": "good", "no clear change": "low", "too few to tell": "low"}
ICONS = {"worse": "trending-up", "better": "trending-down", "no clear change": "minus", "too few to tell": "circle-help"}


@dataclass(frozen=True, slots=True)
class TrendView:
    """How a share moved, as a word with its look."""

    word: str
    look: str
    icon: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """A publisher or one of its sources in figures."""

    name: str
    url: str | None
    calls: int
    screened: int
    flagged: str
    interval: str
    before: str
    trend: TrendView
    decided: str
    stake: str
    disputes: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What one rule found of a publisher's calls."""

    rule: str
    title: str
    board_url: str
    violations: int
    reviews: int
    per_1000: str
    before: str
    trend: TrendView
    decided: str
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BarView:
    """One week of the picture; lengths in pixels of its view box."""

    x: int
    y: float
    height: float
    low_y: float
    high_y: float
    label: str
    day: str


@dataclass(frozen=True, slots=True)
class ScorecardsPage:
    """All publishers, or one of them with more."""

    days: str
    since: datetime
    until: datetime
    publishers: tuple[CardLine, ...]
    name: str = ""
    publisher_id: str = ""
    sources: tuple[CardLine, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    dispositions: tuple[tuple[str, int], ...] = ()
    bars: tuple[BarView, ...] = ()
    chart_width: int = 0
    chart_height: int = CHART_HEIGHT
    chart_says: str = ""
    top_percent: int = 100


def present_publishers(params: Params, counts: Counts, before: Counts) -> ScorecardsPage:
    """Return all publishers, those with the largest share of flagged calls first."""
    now, was = _by_publisher(counts), _by_publisher(before)
    lines = [(total, _line(counts.name_of(publisher), publisher, total, was[publisher])) for publisher, total in now.items()]
    ordered = sorted(lines, key=lambda line: (-(line[0].flagged_share.value or 0.0), line[1].name))
    return ScorecardsPage(_days(params), params.since, params.until, tuple(line for _, line in ordered))


def present_publisher(
    session: Session, publisher_id: str, params: Params, counts: Counts, before: Counts, weeks: Sequence[Week]
) -> ScorecardsPage:
    """Return one publisher's card."""
    sources = [
        _line(counts.name_of(source), None, count, before.sources.get((publisher, source), SourceCount()))
        for (publisher, source), count in counts.by_name(counts.sources)
    ]
    gravest = sorted(counts.rules.items(), key=lambda item: (-item[1].violations, -item[1].found, item[0][1]))
    calls = _find_calls(session, {name for _, count in gravest for name in count.examples}, publisher_id)
    top = max([0.1, *(week.flagged.interval[1] for week in weeks if week.flagged.total)])
    return ScorecardsPage(
        days=_days(params),
        since=params.since,
        until=params.until,
        publishers=tuple(
            _line(counts.name_of(name), None, total, _by_publisher(before)[name])
            for name, total in _by_publisher(counts).items()
        ),
        name=counts.name_of(publisher_id),
        publisher_id=publisher_id,
        sources=tuple(sources),
        rules=tuple(_rule_line(rule, count, counts, before, publisher_id, calls) for (_, rule), count in gravest),
        dispositions=tuple((write_title(name), calls) for (_, name), calls in counts.by_name(counts.dispositions)),
        bars=tuple(_bar(at, week, top) for at, week in enumerate(weeks)),
        chart_width=len(weeks) * (BAR + GAP) + GAP,
        chart_says="Flagged calls of those screened, week by week: "
        + "; ".join(f"{week.starts_at:%d %b} {week.flagged}" for week in weeks),
        top_percent=round(100 * top),
    )


def _by_publisher(counts: Counts) -> defaultdict[str, SourceCount]:
    totals: defaultdict[str, SourceCount] = defaultdict(SourceCount)
    for (publisher, _), count in counts.sources.items():
        total = totals[publisher]
        for name in SourceCount.__dataclass_fields__:
            setattr(total, name, getattr(total, name) + getattr(count, name))
    return totals


def _line(name: str, publisher_id: str | None, count: SourceCount, before: SourceCount) -> CardLine:
    share = count.flagged_share
    return CardLine(
        name=name,
        url=url_for("scorecards.read", publisher_id=publisher_id) if publisher_id else None,
        calls=count.calls,
        screened=count.screened,
        flagged=_percent(share),
        interval=_interval(share),
        before=_percent(before.flagged_share),
        trend=_trend(share, before.flagged_share),
        decided=_decided(count.confirmed, count.refused),
        stake=f"{Money(count.stake_least_minor)} to {Money(count.stake_most_minor)}" if count.stake_most_minor else "–",
        disputes=f"{count.disputes_accepted} of {count.disputes} accepted" if count.disputes else "none filed",
    )


def _rule_line(
    rule: str, count: RuleCount, counts: Counts, before: Counts, publisher_id: str, calls: dict[str, str]
) -> RuleLine:
    share = Share(count.found, counts.screened_of(publisher_id))
    was = Share(before.rules.get((publisher_id, rule), RuleCount()).found, before.screened_of(publisher_id))
    return RuleLine(
        rule=rule,
        title=find_rule_text(rule).title,
        board_url=f"/compliance?rule={rule}&publisher={publisher_id}",
        violations=count.violations,
        reviews=count.reviews,
        per_1000=_per_1000(share),
        before=_per_1000(was),
        trend=_trend(share, was),
        decided=_decided(count.confirmed, count.refused),
        examples=tuple((name, f"/calls/{calls[name]}") for name in count.examples if name in calls),
    )


def _find_calls(session: Session, external_ids: set[str], publisher_id: str) -> dict[str, str]:
    of_publisher = select(Call.external_id, Call.id).where(
        Call.publisher_id == publisher_id, Call.external_id.in_(external_ids)
    )
    return {row.external_id: row.id for row in session.execute(of_publisher)}


def _bar(at: int, week: Week, top: float) -> BarView:
    share = week.flagged.value or 0.0
    low, high = week.flagged.interval if week.flagged.total else (0.0, 0.0)

    def to_y(value: float) -> float:
        return round(CHART_HEIGHT * (1 - min(1.0, value / top)), 1)

    return BarView(
        x=GAP + at * (BAR + GAP),
        y=to_y(share),
        height=round(CHART_HEIGHT - to_y(share), 1),
        low_y=to_y(low),
        high_y=to_y(high),
        label=f"Week of {week.starts_at:%d %b %Y}: {week.flagged} flagged",
        day=f"{week.starts_at:%d %b}" if at % 4 == 0 else "",
    )


def _trend(share: Share, before: Share) -> TrendView:
    word = tell_trend(share, before)
    return TrendView(word, LOOKS[word], ICONS[word])


def _percent(share: Share) -> str:
    return "–" if share.value is None else f"{100 * share.value:.1f} %"


def _interval(share: Share) -> str:
    low, high = share.interval
    return f"{100 * low:.0f} to {100 * high:.0f} %" if share.total else "–"


def _per_1000(share: Share) -> str:
    return "–" if share.value is None else f"{1000 * share.value:.0f}"


def _decided(confirmed: int, refused: int) -> str:
    return f"{confirmed} confirmed, {refused} refused" if confirmed or refused else "nobody decided yet"


def _days(params: Params) -> str:
    return str((params.until - params.since).days)
