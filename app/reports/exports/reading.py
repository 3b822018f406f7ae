"""Which calls does a report cover, and what was said of each? Read in batches along the index, never all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, defer

from app.access.scope import scope_calls
from app.compliance.case import find_consumer_number, find_origin
from app.compliance.facts import Facts, Leg
from app.compliance.facts_json import read_facts
from app.models.calls import Call
from app.models.campaigns import CallSource, Campaign
from app.models.parties import Party
from app.models.screening import CurrentScreening, Screening
from app.reports.exports.contract import Params, Reader, Report, Row, Used
from app.tasks import OnProgress
from app.vocabulary import LegDirection, Outcome

BATCH = 500
ALL = "all"
SCREENED_BEFORE = (
    "{count:,} of the calls were screened before facts were kept with a screening: what was known of them then is not told "
    "here. Analyse them again to have it."
)

Advertiser, Publisher = aliased(Party), aliased(Party)


@dataclass(frozen=True)
class ScreenedCall:
    """A call with the names of those who take part, and its screening in force (None where it was never screened)."""

    call: Call
    campaign: str | None
    source: str | None
    publisher: str | None
    advertiser: str | None
    screening: Screening | None
    states: tuple[str, ...]

    @cached_property
    def facts(self) -> Facts | None:
        """Return the facts frozen with the screening; None where there is none, or it was made before facts were kept."""
        return read_facts(dict(self.frozen))[0] if self.frozen else None

    @property
    def frozen(self) -> Mapping[str, Any]:
        """Return the frozen facts as JSON; empty where there are none."""
        kept = self.screening.facts if self.screening else None
        return (kept or {}).get("call") or {}

    @property
    def origin(self) -> Leg | None:
        """Return the origin leg as it was judged."""
        return find_origin(self.facts.legs) if self.facts else None

    @property
    def is_outbound(self) -> bool | None:
        """Tell whether the call was placed to the consumer; None where nobody knows."""
        origin = self.origin
        return None if origin is None else origin.direction is LegDirection.PLACED_TO_CONSUMER

    @property
    def at(self) -> datetime:
        """Return when the origin leg started, or else the call."""
        origin = self.origin
        return (origin.started_at if origin else None) or self.call.started_at

    @property
    def number(self) -> str | None:
        """Return the consumer's number: as it was judged, or else the caller's."""
        return find_consumer_number(self.origin) or self.call.caller_number

    @cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Return what every rule said, by its name; empty where it was not kept."""
        kept = self.screening.outcomes if self.screening else None
        return {rule: Outcome(outcome) for rule, outcome, _ in kept or ()}

    def says(self, *rules: str) -> str | None:
        """Return what some rules said, the gravest first, or None where none of them was asked; ``STATE-`` names a family."""
        said = {
            outcome
            for rule, outcome in self.outcomes.items()
            if any(rule == wanted or (wanted.endswith("-") and rule.startswith(wanted)) for wanted in rules)
        }
        return next((write_outcome(outcome) for outcome in Outcome if outcome in said), None)


def iterate_calls(
    session: Session, params: Params, reader: Reader, on_progress: OnProgress, report: Report | None = None
) -> Iterator[ScreenedCall]:
    """Yield the calls asked for, earliest first; note the versions that screened them in ``report.used``."""
    for batch in iterate_batches(session, params, reader, on_progress, report):
        yield from batch


def iterate_batches(
    session: Session,
    params: Params,
    reader: Reader,
    on_progress: OnProgress,
    report: Report | None = None,
    *,
    with_facts: bool = True,
) -> Iterator[Sequence[ScreenedCall]]:
    """Yield the same calls :data:`BATCH` at a time, for builders that look more up for all of a batch at once.

    Without facts neither they nor the outcomes are read; the versions are noted by :func:`note_screenings` then.
    """
    total, done = count_calls(session, params, reader), 0
    after: tuple[datetime, str] | None = None
    while True:
        rows = session.execute(_batch(params, reader, after, with_facts=with_facts)).all()
        found = [_read(row) for row in rows]
        if report is not None:
            for screening in filter(None, (each.screening for each in found)):
                report.used.add_screening(screening.versions, has_facts=screening.facts is not None)
        yield found
        done += len(rows)
        on_progress(done, max(total, done), f"{done:,} of {max(total, done):,} calls read")
        if len(rows) < BATCH:
            return
        after = (rows[-1].Call.started_at, rows[-1].Call.id)
        session.expunge_all()


def count_calls(session: Session, params: Params, reader: Reader) -> int:
    """Return how many calls were asked for."""
    return session.scalar(scope_calls(select(func.count()).select_from(Call).where(*conditions(params)), reader.identity)) or 0


def note_screenings(session: Session, params: Params, reader: Reader, used: Used) -> None:
    """Note the versions that screened the calls asked for, for builders that count them and do not read them one by one."""
    grouped: Any = (
        select(Screening.versions, Screening.facts.is_not(None).label("has_facts"), func.count().label("screenings"))
        .join(CurrentScreening, CurrentScreening.screening_id == Screening.id)
        .join(Call, Call.id == CurrentScreening.call_id)
        .where(*conditions(params))
        .group_by(Screening.versions, Screening.facts.is_not(None))
    )
    for row in session.execute(scope_calls(grouped, reader.identity)):
        used.add_screening(row.versions, has_facts=bool(row.has_facts), count=row.screenings)


def conditions(params: Params) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on ``Call`` (and, for a state, on its screening) that go with what was asked for."""
    wanted: list[ColumnElement[bool]] = [Call.started_at >= params.since, Call.started_at < params.until]
    for column, value in (
        (Call.campaign_id, params.campaign_id),
        (Call.publisher_id, params.publisher_id),
        (Call.advertiser_id, params.advertiser_id),
        (Call.source_id, params.source_id),
        (Call.caller_number, params.number),
    ):
        if value is not None:
            wanted.append(column == value)
    if params.state is not None:
        in_state = select(CurrentScreening.call_id).where(CurrentScreening.states.contains(params.state, autoescape=True))
        wanted.append(Call.id.in_(in_state))
    return tuple(wanted)


def describe_filters(session: Session, params: Params, reader: Reader) -> dict[str, str]:
    """Return in words what was asked for."""
    told = {
        "Period (UTC)": _say_period(params.since.astimezone(UTC), params.until.astimezone(UTC)),
        "Campaign": _name(session, Campaign, params.campaign_id),
        "Publisher": _name(session, Party, params.publisher_id),
        "Advertiser": _name(session, Party, params.advertiser_id),
    }
    if params.source_id is not None:
        told["Call source"] = _name(session, CallSource, params.source_id)
    if params.state is not None:
        told["State"] = params.state
    if params.number is not None:
        told["Number"] = reader.show(params.number) or ALL
    return told


def write_outcome(outcome: Outcome) -> str:
    """Return an outcome as reports write it."""
    return str(outcome).replace("_", " ")


def tell_before_facts(report: Report) -> tuple[str, ...]:
    """Return the note on calls that were screened before facts were kept; none where there are none."""
    count = report.used.without_facts
    return (SCREENED_BEFORE.format(count=count),) if count else ()


def rows_of_counter(counts: Counter[tuple[Any, ...]]) -> Iterator[Row]:
    """Yield a counter's keys with their counts, in order of the keys."""
    for key in sorted(counts, key=lambda parts: tuple("" if part is None else str(part) for part in parts)):
        yield (*key, counts[key])


def _batch(params: Params, reader: Reader, after: tuple[datetime, str] | None, *, with_facts: bool) -> Select[Any]:
    statement: Any = (
        select(
            Call,
            Campaign.name.label("campaign"),
            CallSource.name.label("source"),
            Publisher.name.label("publisher"),
            Advertiser.name.label("advertiser"),
            Screening,
            CurrentScreening.states,
        )
        .outerjoin(Campaign, Campaign.id == Call.campaign_id)
        .outerjoin(CallSource, CallSource.id == Call.source_id)
        .outerjoin(Publisher, Publisher.id == Call.publisher_id)
        .outerjoin(Advertiser, Advertiser.id == Call.advertiser_id)
        .outerjoin(CurrentScreening, CurrentScreening.call_id == Call.id)
        .outerjoin(Screening, Screening.id == CurrentScreening.screening_id)
        .where(*conditions(params))
        .order_by(Call.started_at, Call.id)
        .limit(BATCH)
    )
    if not with_facts:
        statement = statement.options(defer(Screening.facts, raiseload=True), defer(Screening.outcomes, raiseload=True))
    if after is not None:
        at, call_id = after
        statement = statement.where(or_(Call.started_at > at, and_(Call.started_at == at, Call.id > call_id)))
    narrowed: Select[Any] = scope_calls(statement, reader.identity)
    return narrowed


def _read(row: Any) -> ScreenedCall:
    return ScreenedCall(
        call=row.Call,
        campaign=row.campaign,
        source=row.source,
        publisher=row.publisher,
        advertiser=row.advertiser,
        screening=row.Screening,
        states=tuple((row.states or "").split()),
    )


def _say_period(since: datetime, until: datetime) -> str:
    if since.time() == until.time() == time(0):
        return f"{since:%Y-%m-%d} to {until - timedelta(days=1):%Y-%m-%d}, both days included"
    return f"{since:%Y-%m-%d %H:%M} up to {until:%Y-%m-%d %H:%M}"


def _name(session: Session, table: Any, row_id: str | None) -> str:
    if row_id is None:
        return ALL
    return session.scalar(select(table.name).where(table.id == row_id)) or row_id
