"""What does somebody ask for who wants a report? Reads the fields of the form and of the API into a request; days are UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.errors import InvalidInput
from app.intake.values import STATES
from app.reports.exports.contract import Params, day_start
from app.reports.exports.service import ExportRequest
from app.vocabulary import ReportFormat, ReportKind

FIELDS = ("kind", "from", "to", "campaign", "publisher", "advertiser", "state", "reason")
LONGEST_FIELD = 600


def read_request(typed: Mapping[str, str], formats: Sequence[str]) -> ExportRequest:
    """Return what is asked for. Raises InvalidInput, naming the field."""
    first, last = _read_day(typed.get("from", ""), "from"), _read_day(typed.get("to", ""), "to")
    state = typed.get("state", "").upper()
    if state and state not in STATES:
        raise InvalidInput(f"the state: expected two letters such as FL, got {state[:20]!r}", field="state")
    if typed.get("whole") and not typed.get("reason"):
        raise InvalidInput("say why numbers have to be shown whole; the reason is kept on record", field="reason")
    if typed.get("reason") and not typed.get("whole"):
        raise InvalidInput(
            "a reason is given, but whole numbers are not asked for: tick the box or leave it empty", field="reason"
        )
    params = Params(
        since=day_start(first),
        until=day_start(last) + timedelta(days=1),
        campaign_id=typed.get("campaign") or None,
        publisher_id=typed.get("publisher") or None,
        advertiser_id=typed.get("advertiser") or None,
        state=state or None,
        unmask_reason=typed.get("reason", "") if typed.get("whole") else "",
    )
    return ExportRequest(_read_kind(typed.get("kind", "")), params, read_formats(formats))


def read_formats(words: Sequence[str]) -> frozenset[ReportFormat]:
    """Return the formats asked for; CSV always goes with them. Raises InvalidInput."""
    known = {str(each): each for each in ReportFormat}
    if not set(words) <= known.keys():
        raise InvalidInput("the formats: expected some of csv, xlsx, pdf", field="formats")
    return frozenset({known[word] for word in words} | {ReportFormat.CSV})


def _read_kind(word: str) -> ReportKind:
    found = next((kind for kind in ReportKind if kind == word), None)
    if found is None:
        raise InvalidInput("choose which report", field="kind")
    return found


def _read_day(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(f"the {_SAID[field]} day: expected a day such as 2026-11-01", field=field) from None
    if day.year >= 9999 or day.year < 1900:
        raise InvalidInput(f"the {_SAID[field]} day: expected a day of this time, got {day.isoformat()}", field=field)
    return day


_SAID = {"from": "first", "to": "last"}
