"""How is a list of findings written as a file? CSV (RFC 4180) in UTF-8, row by row, as the asker may see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from app.access.identity import Identity
from app.access.masking import show_caller
from app.compliance.findings.board import FindingFilters, FindingLine, iterate_lines
from app.compliance.findings.reach import as_seen_by
from app.compliance.rule_set import RuleSet
from app.money import Money
from app.reports.exports.cells import write_cell
from app.unit_of_work import UnitOfWork
from app.web.presenters.findings import say_decision, title_of

MOST_EXPORTED = 1_000_000
HEADS = (
    "finding", "call", "call_started_at", "rule", "title", "outcome", "severity", "states", "caller", "publisher", "advertiser",
    "campaign", "source", "stake_least_usd", "stake_most_usd", "reason", "quote", "start_s", "end_s", "citations", "decision",
    "decided_at", "decision_reason", "address",
)  # fmt: skip


def write_findings_csv(
    uow: UnitOfWork, identity: Identity, filters: FindingFilters, rules: RuleSet, *, address: str
) -> Iterator[bytes]:
    """Yield the list, its heads first, without cells that a spreadsheet would take for formulas."""
    yield b"\xef\xbb\xbf" + _row(HEADS)
    with uow.read() as session:
        for line in iterate_lines(session, identity, filters, most=MOST_EXPORTED):
            yield _row(_cells(as_seen_by(line, identity), identity, rules, address))


def _cells(line: FindingLine, identity: Identity, rules: RuleSet, address: str) -> tuple[str, ...]:
    least, most = (Money(amount) for amount in line.stake_minor) if line.stake_minor else (None, None)
    said = line.decision
    values: tuple[Any, ...] = (
        line.id, line.external_id, line.started_at, line.rule, title_of(line.rule, rules), str(line.outcome),
        str(line.severity), " ".join(line.states), show_caller(line.caller_number, identity), line.publisher,
        line.advertiser, line.campaign, line.source, least, most, line.reason, line.quote,
        line.span[0] if line.span else None, line.span[1] if line.span else None, "; ".join(line.citations),
        say_decision(said), said.decided_at if said else None, said.reason if said else None,
        f"{address}/compliance/findings/{line.id}",
    )  # fmt: skip
    return tuple(write_cell(value) for value in values)


def _row(cells: tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode("utf-8", "replace")
