"""Was each number held against the lists before it was called? Versions, matches, what exempts, and who was called anyway.

A row is a call that was placed to a consumer, or may have been. What the lists said is what was frozen with its screening; the
versions are found by their names. Whether an exemption carries a call to a listed number is the stored outcome of the rule;
its ground is read from the same facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.case import build_case
from app.compliance.exemptions import find_permission, find_relation
from app.compliance.reference import load_reference
from app.compliance.registry.service import NumberLists
from app.compliance.registry.snapshot import zones_of
from app.compliance.registry.versions import age_days
from app.models.numbers import NumberListVersion
from app.phone import area_code
from app.reports.exports.contract import Column, ColumnKind, KindOfReport, Params, Reader, Report, ReportTable, Row, Used
from app.reports.exports.reading import ScreenedCall, describe_filters, iterate_calls, tell_before_facts
from app.tasks import OnProgress
from app.vocabulary import ListKind, Outcome, ReportKind

TITLE = "Scrub report"
MOST_SCRUBS = 10_000
_T, _N, _M, _F = ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.MOMENT, ColumnKind.FLAG

COLUMNS = (
    Column("call", "Call", width=14),
    Column("day", "Day", ColumnKind.DAY, 10, "UTC", is_main=False),
    Column("started_at", "Started", _M, 19),
    Column("campaign", "Campaign", width=18),
    Column("publisher", "Publisher", width=14, is_main=False),
    Column("number", "Consumer", width=15),
    Column("area_code", "Area code", width=6, is_main=False),
    Column("states", "States", width=8, note="where the consumer may be", is_main=False),
    Column("national", "National registry", width=12),
    Column("national_version", "Its version", width=24),
    Column("national_obtained_at", "Obtained", _M, 19, is_main=False),
    Column("national_age_days", "Age at the call", _N, 8, "days, by the calendar of the number's area code"),
    Column("national_san", "SAN", width=12, is_main=False),
    Column("national_sha256", "SHA-256 of the list", width=24, is_main=False),
    Column("scrubbed_at", "Scrubbed", _M, 19),
    Column("state_lists", "State lists", width=18),
    Column("asked_at", "Asked not to be called", _M, 19, is_main=False),
    Column("internal_version", "Version of the internal list", width=24, is_main=False),
    Column("litigator", "List of litigators", width=18, is_main=False),
    Column("reassigned", "Reassigned numbers", width=18, is_main=False),
    Column("matched", "Listed on", width=14),
    Column("exempt", "Exempt", _F, 7),
    Column("exempt_why", "Why exempt", width=20, is_main=False),
    Column("called_anyway", "Called anyway", _F, 8, "listed, and nothing carries the call"),
    Column("rule_national", "DNC-NATIONAL", width=12, is_main=False),
    Column("rule_age", "DNC-NATIONAL-31D", width=12),
    Column("rule_state", "DNC-STATE", width=12, is_main=False),
    Column("rule_internal", "DNC-INTERNAL-10BD", width=12, is_main=False),
    Column("rule_relation", "DNC-EBR", width=12, is_main=False),
    Column("rule_litigator", "LITIGATOR", width=12, is_main=False),
    Column("rule_reassigned", "RND-REASSIGNED", width=12, is_main=False),
    Column("screened_at", "Screened", _M, 19, is_main=False),
)


def build_scrub_report(
    session: Session, params: Params, reader: Reader, *, lists: NumberLists | None, now: datetime, on_progress: OnProgress
) -> Report:
    """Return the scrub report (compliance reference, section 10: what officers need)."""
    tally, used = _Tally(), Used()
    versions = _load_versions(session)

    def rows() -> Iterator[Row]:
        for call in iterate_calls(session, params, reader, on_progress, report):
            if call.facts is None:
                tally.unscreened += call.screening is None
            elif call.is_outbound is not False:
                yield _row(call, reader, versions, tally, used)
        tally.end_day()

    tables = [
        ReportTable("numbers", "Calls and what the lists said", COLUMNS, rows()),
        ReportTable("by-day", "By campaign and day", _DAY_COLUMNS, tally.rows(), is_summary=True),
        ReportTable("versions", "Versions of lists", _VERSION_COLUMNS, _version_rows(versions, used)),
    ]
    if lists is not None and reader.identity.party_ids is None:
        tables.append(ReportTable("file-scrubs", "Files scrubbed in the period", _SCRUB_COLUMNS, _scrub_rows(lists, params)))
    report = Report(
        ReportKind.SCRUB,
        TITLE,
        describe_filters(session, params, reader),
        tuple(tables),
        notes=(
            "A call has a row when it was placed to the consumer, or nobody says who placed it.",
            "What a list said is what was found when the call was screened, as of the start of its origin leg.",
            "A call counts as called anyway when the number was listed and the rule found nothing that carries the call.",
        ),
        used=used,
        late_notes=lambda: (*tally.notes(), *tell_before_facts(report)),
    )
    return report


SCRUB = KindOfReport(
    ReportKind.SCRUB,
    TITLE,
    "For every call to a consumer: which version of each do-not-call list it was held against, how old that was, whether the "
    "number was listed, what exempts it, and who was called anyway.",
    build_scrub_report,
)

_DAY_COLUMNS = (
    Column("day", "Day", ColumnKind.DAY, 10, "UTC"),
    Column("campaign", "Campaign", width=24),
    Column("calls", "Calls to consumers", _N, 10),
    Column("numbers", "Numbers", _N, 10, "different ones"),
    Column("checked", "Held against the registry", _N, 10),
    Column("scrubbed", "Scrub on record", _N, 10, "before the call"),
    Column("matched", "Listed", _N, 8),
    Column("exempt", "Exempt", _N, 8),
    Column("called_anyway", "Called anyway", _N, 8),
    Column("uncertain", "Not certain", _N, 8),
    Column("oldest", "Oldest version", _N, 10, "days at the call"),
)
_VERSION_COLUMNS = (
    Column("version", "Version", width=34),
    Column("list", "List", width=12),
    Column("obtained_at", "Obtained", _M, 19),
    Column("loaded_at", "Loaded", _M, 19),
    Column("loaded_by", "Loaded by", width=16),
    Column("san", "SAN", width=14),
    Column("numbers", "Numbers", _N, 12),
    Column("sha256", "SHA-256", width=36),
    Column("withdrawn_at", "Withdrawn", _M, 19),
)
_SCRUB_COLUMNS = (
    Column("scrub", "Scrub", width=28),
    Column("performed_at", "Performed", _M, 19),
    Column("performed_by", "By", width=16),
    Column("file", "File", width=24),
    Column("rows", "Rows", _N, 9),
    Column("allowed", "Allowed", _N, 9),
    Column("blocked", "Blocked", _N, 9),
    Column("unknown", "Unknown", _N, 9),
    Column("invalid", "No number", _N, 9),
    Column("versions", "Versions", width=34),
    Column("input_sha256", "SHA-256 of the file", width=24, is_main=False),
    Column("report_sha256", "SHA-256 of its report", width=24, is_main=False),
)


@dataclass(slots=True)
class _Day:
    calls: int = 0
    numbers: int = 0
    checked: int = 0
    scrubbed: int = 0
    matched: int = 0
    exempt: int = 0
    called_anyway: int = 0
    uncertain: int = 0
    oldest: int | None = None


@dataclass(slots=True)
class _Tally:
    """Counts by day and campaign; the numbers of one day are remembered until the next day begins."""

    days: dict[tuple[date, str], _Day] = field(default_factory=dict)
    unscreened: int = 0
    _today: date | None = None
    _numbers: dict[str, set[str | None]] = field(default_factory=dict)

    def of(self, day: date, campaign: str, number: str | None) -> _Day:
        if day != self._today:
            self.end_day()
            self._today = day
        self._numbers.setdefault(campaign, set()).add(number)
        return self.days.setdefault((day, campaign), _Day())

    def end_day(self) -> None:
        for campaign, numbers in self._numbers.items():
            assert self._today is not None
            self.days[self._today, campaign].numbers = len(numbers - {None})
        self._numbers = {}

    def rows(self) -> Iterator[Row]:
        for (day, campaign), told in sorted(self.days.items()):
            yield (day, campaign, *(getattr(told, column.name) for column in _DAY_COLUMNS[2:]))

    def notes(self) -> tuple[str, ...]:
        if not self.unscreened:
            return ()
        return (f"{self.unscreened:,} calls were not screened yet, so they were held against no list; they are not listed.",)


@dataclass(frozen=True, slots=True)
class _Match:
    """On which lists a number was, and whether something carried the call; None: not certain."""

    lists: tuple[str, ...]
    is_exempt: bool | None
    why: str | None

    @property
    def is_called_anyway(self) -> bool | None:
        if not self.lists:
            return False
        return None if self.is_exempt is None else not self.is_exempt


def _row(call: ScreenedCall, reader: Reader, versions: Mapping[str, NumberListVersion], tally: _Tally, used: Used) -> Row:
    assert call.screening is not None
    dnc = call.frozen.get("dnc") or {}
    national, states = dnc.get("national") or {}, dnc.get("state") or {}
    internal = _find_internal(versions, call.at)
    version = versions.get(str(national.get("version")))
    obtained, scrubbed = _moment(national.get("obtained_at")), _moment(national.get("scrubbed_at"))
    age = _find_age(obtained, call)
    match = _match(call, national, states)
    for told in (version, internal, *(versions.get(str(state.get("version"))) for state in states.values())):
        if told is not None:
            used.add_list(told.id, _describe_version(told))
    day = call.call.started_at.astimezone(UTC).date()
    _count(tally.of(day, call.campaign or "not named", call.number), national, scrubbed, age, match, call.at)
    return (
        call.call.external_id,
        day,
        call.at,
        call.campaign,
        call.publisher,
        reader.show(call.number),
        area_code(call.number) if call.number else None,
        " ".join(call.states) or None,
        _say_listed(national.get("listed")),
        national.get("version"),
        obtained,
        age,
        national.get("san"),
        version.sha256 if version else None,
        scrubbed,
        _say_states(states),
        _moment((dnc.get("internal") or {}).get("requested_at")),
        internal.id if internal else None,
        _say_litigator(dnc.get("litigator")),
        _say_reassigned(dnc.get("reassigned")),
        ", ".join(match.lists) or None,
        match.is_exempt,
        match.why,
        match.is_called_anyway,
        call.says("DNC-NATIONAL"),
        call.says("DNC-NATIONAL-31D"),
        call.says("DNC-STATE"),
        call.says("DNC-INTERNAL-10BD", "DNC-INTERNAL-POLICY"),
        call.says("DNC-EBR"),
        call.says("LITIGATOR"),
        call.says("RND-REASSIGNED"),
        call.screening.made_at,
    )


def _count(
    day: _Day, national: Mapping[str, Any], scrubbed: datetime | None, age: int | None, match: _Match, at: datetime
) -> None:
    day.calls += 1
    day.checked += national.get("listed") is not None
    day.scrubbed += scrubbed is not None and scrubbed <= at
    day.matched += bool(match.lists)
    day.exempt += bool(match.lists) and match.is_exempt is True
    day.called_anyway += match.is_called_anyway is True
    day.uncertain += match.is_called_anyway is None
    if age is not None:
        day.oldest = age if day.oldest is None else max(day.oldest, age)


def _match(call: ScreenedCall, national: Mapping[str, Any], states: Mapping[str, Any]) -> _Match:
    """Return on which lists the number was, and what the rules made of it."""
    on = {"national": "DNC-NATIONAL"} if national.get("listed") else {}
    on |= {f"state {code}": "DNC-STATE" for code, state in sorted(states.items()) if state.get("listed")}
    requested = call.facts.dnc.internal_requested_at if call.facts else None
    if requested is not None and requested <= call.at:
        on["internal"] = "DNC-INTERNAL-10BD"
    if not on:
        return _Match((), None, None)
    said = {call.outcomes.get(rule) for rule in on.values()}
    if said <= {Outcome.PASS}:
        return _Match(tuple(on), True, _find_ground(call))
    if said <= {Outcome.NOT_APPLICABLE, Outcome.PASS}:
        return _Match(tuple(on), True, "the rule does not apply to this call")
    is_certain = Outcome.VIOLATION in said
    return _Match(tuple(on), False if is_certain else None, None)


def _find_ground(call: ScreenedCall) -> str | None:
    """Return what lets the seller call a listed number, as the facts tell it."""
    assert call.facts is not None
    case = build_case(call.facts, (), load_reference())
    permitted, ground = find_permission(case)
    relation = find_relation(case)
    if permitted:
        return ground
    if relation.holds and relation.since is not None:
        return f"{relation.kind} of {relation.since:%Y-%m-%d} with this seller"
    if call.facts.relationship.is_personal:
        return "caller and consumer know each other"
    return "the rule let it pass; the ground is not among the facts"


def _find_age(obtained: datetime | None, call: ScreenedCall) -> int | None:
    """Return the age in calendar days at the call, in the zone of the area code that counts most."""
    if obtained is None:
        return None
    code = area_code(call.number) if call.number else None
    zones = zones_of(int(code)) if code else (UTC,)
    return max(age_days(obtained, call.at, zone) for zone in zones)


def _load_versions(session: Session) -> dict[str, NumberListVersion]:
    return {version.id: version for version in session.scalars(select(NumberListVersion))}


def _find_internal(versions: Mapping[str, NumberListVersion], at: datetime) -> NumberListVersion | None:
    """Return the newest version of the internal list at a moment; its entries add up over all of them."""
    known = [
        version
        for version in versions.values()
        if version.kind is ListKind.INTERNAL
        and version.obtained_at <= at
        and (version.withdrawn_at is None or at < version.withdrawn_at)
    ]
    return max(known, key=lambda version: (version.obtained_at, version.loaded_at), default=None)


def _describe_version(version: NumberListVersion) -> dict[str, Any]:
    return {
        "list": _name_list(version),
        "obtained_at": version.obtained_at.isoformat().replace("+00:00", "Z"),
        "san": version.san,
        "sha256": version.sha256,
        "numbers": version.count,
    }


def _version_rows(versions: Mapping[str, NumberListVersion], used: Used) -> Iterator[Row]:
    for version_id in sorted(used.lists):
        version = versions[version_id]
        yield (
            version.id, _name_list(version), version.obtained_at, version.loaded_at, version.loaded_by, version.san,
            version.count, version.sha256, version.withdrawn_at,
        )  # fmt: skip


def _scrub_rows(lists: NumberLists, params: Params) -> Iterator[Row]:
    for name, record in reversed(lists.store.list_scrubs(MOST_SCRUBS)):
        performed = datetime.fromisoformat(record["performed_at"])
        if params.since <= performed < params.until:
            yield (
                name, performed, record.get("performed_by") or "from the shell", record["input"]["name"], record["rows"],
                record["allowed"], record["blocked"], record["unknown"], record["invalid"],
                ", ".join(each["version"] for each in record["lists"]) or None, record["input"]["sha256"],
                record["report"]["sha256"],
            )  # fmt: skip


def _name_list(version: NumberListVersion) -> str:
    return f"{version.kind}:{version.state}" if version.state else str(version.kind)


def _say_listed(listed: object) -> str:
    return "listed" if listed is True else "not listed" if listed is False else "unknown"


def _say_states(states: Mapping[str, Any]) -> str | None:
    told = [f"{code}: {_say_listed(state.get('listed'))} ({state.get('version')})" for code, state in sorted(states.items())]
    return "; ".join(told) or None


def _say_litigator(told: Mapping[str, Any] | None) -> str | None:
    if told is None:
        return None
    return ", ".join(filter(None, (_say_listed(told.get("listed")), told.get("source"), told.get("version"))))


def _say_reassigned(told: Mapping[str, Any] | None) -> str | None:
    if told is None or told.get("answer") is None:
        return None
    return f"{str(told['answer']).replace('_', ' ')}, asked {told.get('queried_at') or 'at a time not told'}"


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
