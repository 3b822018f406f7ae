"""Are the ten items of the Telemarketing Sales Rule's call record there, and who has to supply what is missing?

16 CFR 310.5(a)(2), in force since 2024-10-15: for each call telemarketer, seller, good or service, consumer or business,
outbound or not, prerecorded or not, numbers with time and duration, script, caller ID with the proof of the right to use it,
and disposition with the receiving party of a transfer. Kept for five years. Each item is printed as it is known, or is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.case import Case, build_case
from app.compliance.reference import load_reference
from app.compliance.registry.service import NumberLists
from app.compliance.rules.telemarketing_sales import call_record_items
from app.reports.exports.contract import Column, ColumnKind, Params, Reader, Report, ReportTable, Row
from app.reports.exports.reading import ScreenedCall, describe_filters, iterate_calls, tell_before_facts
from app.shares import Share
from app.tasks import OnProgress
from app.vocabulary import ReportKind

MISSING = "missing"
RULE = "TSR-RECORDKEEPING"


@dataclass(frozen=True, slots=True)
class Item:
    """One of the ten: its name in the rule's own list, its column, and who is to be asked for it."""

    name: str
    column: str
    title: str
    ask: str


ITEMS = (
    Item("(i) telemarketer", "telemarketer", "(i) Telemarketer", "the publisher"),
    Item("(ii) seller", "seller", "(ii) Seller", "the advertiser"),
    Item("(iii) good or service", "product", "(iii) Good or service", "the advertiser"),
    Item("(iv) consumer or business", "consumer_or_business", "(iv) Consumer or business", "the publisher"),
    Item("(v) outbound or not", "outbound", "(v) Outbound", "the publisher"),
    Item("(vi) prerecorded or not", "prerecorded", "(vi) Prerecorded", "the publisher"),
    Item("(vii) numbers, time, duration", "numbers_and_time", "(vii) Numbers, time, duration", "the sender of the call log"),
    Item("(viii) script", "script", "(viii) Script", "the advertiser and the publisher"),
    Item("(ix) caller ID and proof of authorisation", "caller_id", "(ix) Caller ID and its authorisation", "the publisher"),
    Item("(x) disposition", "disposition", "(x) Disposition, receiving party", "the sender of the call log"),
)

CALLS = (
    Column("call", "Call", width=22),
    Column("day", "Day (UTC)", ColumnKind.DAY, 12),
    *(Column(item.column, item.title, width=24) for item in ITEMS),
    Column("missing", "Missing items", ColumnKind.NUMBER, 9),
    Column("complete", "Complete", ColumnKind.FLAG, 9),
    Column("rule", "Rule said", width=14, note="not applicable: the Telemarketing Sales Rule does not cover the call"),
    Column("campaign", "Campaign", width=20),
    Column("publisher", "Publisher", width=20),
)
GAPS = (
    Column("publisher", "Publisher", width=22),
    Column("campaign", "Campaign", width=22),
    Column("item", "Item", width=34),
    Column("missing", "Calls without it", ColumnKind.NUMBER, 10),
    Column("calls", "Calls", ColumnKind.NUMBER, 8),
    Column("share", "Share missing", ColumnKind.NUMBER, 10, "percent"),
    Column("ask", "Ask", width=30),
)
COMPLETE = (
    Column("publisher", "Publisher", width=22),
    Column("calls", "Calls", ColumnKind.NUMBER, 8),
    Column("complete", "Complete", ColumnKind.NUMBER, 10),
    Column("share", "Share complete", ColumnKind.NUMBER, 10, "percent"),
)


@dataclass(slots=True)
class _Tally:
    """What was counted while the rows were made; keys name publisher and campaign."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    complete: Counter[str] = field(default_factory=Counter)
    missing: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def build_tsr(
    session: Session,
    params: Params,
    reader: Reader,
    *,
    lists: NumberLists | None,
    now: datetime,
    on_progress: OnProgress,
) -> Report:
    """Return the report of the ten items, with what is missing and of whom to ask it."""
    tally = _Tally()

    def calls() -> Iterator[Row]:
        for found in iterate_calls(session, params, reader, on_progress, report):
            yield _row(found, reader, tally)

    report = Report(
        kind=ReportKind.TSR,
        title="Call records of the Telemarketing Sales Rule: ten items",
        filters=describe_filters(session, params, reader),
        tables=(
            ReportTable("calls", "Calls", CALLS, calls()),
            ReportTable("complete", "Complete records by publisher", COMPLETE, _sum_up(tally), is_summary=True),
            ReportTable("gaps", "What is missing, and whom to ask", GAPS, _list_gaps(tally), is_summary=True),
        ),
        notes=(
            "16 CFR 310.5(a)(2). An item stands as it was known when the call was screened; what nobody told is missing.",
            "Every call is listed, also those the Telemarketing Sales Rule does not cover: the column 'Rule said' tells which.",
        ),
        late_notes=lambda: tell_before_facts(report),
        gaps=lambda: _tell_gaps(tally),
    )
    return report


def write_items(case: Case, reader: Reader) -> dict[str, str | None]:
    """Return each of the ten items in words, None where it is missing; complete exactly where the rule says so."""
    there = call_record_items(case)
    words = _words(case, reader)
    return {item.column: (words[item.column] or "yes") if there[item.name] else None for item in ITEMS}


def _row(found: ScreenedCall, reader: Reader, tally: _Tally) -> Row:
    items: Mapping[str, str | None] = dict.fromkeys((item.column for item in ITEMS), None)
    if found.facts is not None:
        items = write_items(build_case(found.facts, (), load_reference()), reader)
    gone = [item for item in ITEMS if items[item.column] is None]
    publisher, campaign = found.publisher or "no publisher", found.campaign or "no campaign"
    tally.calls[(publisher, campaign)] += 1
    tally.complete[publisher] += not gone
    for item in gone:
        tally.missing[(publisher, campaign, item.name)] += 1
    return (
        found.call.external_id,
        found.at.date(),
        *(items[item.column] or MISSING for item in ITEMS),
        len(gone),
        not gone,
        found.says(RULE),
        found.campaign,
        found.publisher,
    )


def _words(case: Case, reader: Reader) -> dict[str, str | None]:
    facts, record, origin = case.facts, case.facts.record.items, case.origin
    return {
        "telemarketer": _text(record.get("telemarketer")),
        "seller": facts.seller,
        "product": _text(record.get("product")) or facts.vertical,
        "consumer_or_business": None if facts.is_b2b is None else "business" if facts.is_b2b else "consumer",
        "outbound": None if case.is_outbound is None else "outbound" if case.is_outbound else "inbound",
        "prerecorded": str(origin.voice).replace("_", " ") if origin and origin.voice else None,
        "numbers_and_time": _write_numbers(case, reader),
        "script": _text(record.get("script_id")),
        "caller_id": _join(origin.caller_id_number, origin.caller_id_name, record.get("caller_id_authorization"))
        if origin
        else None,
        "disposition": _join(record.get("disposition"), facts.transfer_type, record.get("transfer_to")),
    }


def _write_numbers(case: Case, reader: Reader) -> str | None:
    origin = case.origin
    if origin is None or origin.started_at is None:
        return None
    shown = [
        (reader.show(number) if number == case.consumer_number else number) or "?"
        for number in (origin.from_number, origin.to_number)
    ]
    length_s = case.facts.duration_s
    if length_s is None and origin.answered_at and origin.ended_at:
        length_s = (origin.ended_at - origin.answered_at).total_seconds()
    at = origin.started_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"{shown[0]} to {shown[1]}, {at}, {'?' if length_s is None else round(length_s)} s"


def _join(*parts: Any) -> str | None:
    told = [text for part in parts if (text := _text(part))]
    return ", ".join(told) or None


def _text(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return _join(*(value[name] for name in sorted(value)))
    return None if value in (None, "", False) else "yes" if value is True else str(value)


def _sum_up(tally: _Tally) -> Iterator[Row]:
    by_publisher: Counter[str] = Counter()
    for (publisher, _), count in tally.calls.items():
        by_publisher[publisher] += count
    for publisher in sorted(by_publisher):
        complete = tally.complete[publisher]
        yield (publisher, by_publisher[publisher], complete, round(100 * complete / by_publisher[publisher], 1))


def _list_gaps(tally: _Tally) -> Iterator[Row]:
    asked = {item.name: item.ask for item in ITEMS}
    for (publisher, campaign, name), count in sorted(tally.missing.items(), key=lambda gap: (-gap[1], gap[0])):
        calls = tally.calls[(publisher, campaign)]
        yield (publisher, campaign, name, count, calls, round(100 * count / calls, 1), asked[name])


def _tell_gaps(tally: _Tally) -> Sequence[str]:
    total = sum(tally.calls.values())
    told = []
    for item in ITEMS:
        count = sum(gone for (_, _, name), gone in tally.missing.items() if name == item.name)
        if count:
            told.append(f"{item.name}: missing on {Share(count, total)} calls. Ask {item.ask}.")
    return told
