"""Which calls were there, and what came of each? The call list as a report: one row per call, earliest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.masking import sees_payout, sees_revenue
from app.compliance.registry.service import NumberLists
from app.models.screening import CallScoreRow, CurrentScreening
from app.money import Money
from app.reports.exports.contract import Column, ColumnKind, KindOfReport, Params, Reader, Report, ReportTable, Row, Used
from app.reports.exports.reading import ScreenedCall, describe_filters, iterate_batches, note_screenings
from app.tasks import OnProgress
from app.vocabulary import ReportKind, Severity

TITLE = "Call list"
_N, _M, _C = ColumnKind.NUMBER, ColumnKind.MOMENT, ColumnKind.MONEY

COLUMNS = (
    Column("call", "Call", width=18),
    Column("id", "Id in Earshot", width=27, is_main=False),
    Column("sender", "Sent by", width=10, is_main=False),
    Column("started_at", "Started", _M, 19),
    Column("campaign", "Campaign", width=20),
    Column("advertiser", "Advertiser", width=16),
    Column("publisher", "Publisher", width=16),
    Column("source", "Call source", width=18, is_main=False),
    Column("number", "Caller", width=15),
    Column("dialed", "Dialled", width=15, is_main=False),
    Column("connected_s", "Connected", _N, 9, "seconds"),
    Column("disposition", "Ended as", width=11),
    Column("channel", "Declared channel", width=18, is_main=False),
    Column("transfer", "Handed over", width=8, is_main=False),
    Column("states", "States", width=8, note="where the consumer may be"),
    Column("charged", "Charged", _C, 9, "as the sender says, US dollars unless another currency is named"),
    Column("paid_out", "Paid out", _C, 9, "as the sender says"),
    Column("flags", "Flags", _N, 6),
    Column("gravest", "Gravest", width=9),
    Column("score", "Score", _N, 6, "0 worst to 100 best"),
    Column("screened_at", "Screened", _M, 19, is_main=False),
)


def build_call_list(
    session: Session, params: Params, reader: Reader, *, lists: NumberLists | None, now: datetime, on_progress: OnProgress
) -> Report:
    """Return the call list; money of the other side stays hidden from outside parties as everywhere."""

    def rows() -> Iterator[Row]:
        for batch in iterate_batches(session, params, reader, on_progress, with_facts=False):
            judged = _load_judged(session, [call.call.id for call in batch])
            for call in batch:
                yield _row(call, reader, judged.get(call.call.id, (None, None, None)))

    used = Used()
    note_screenings(session, params, reader, used)
    return Report(
        ReportKind.CALLS,
        TITLE,
        describe_filters(session, params, reader),
        (ReportTable("calls", "Calls", COLUMNS, rows()),),
        used=used,
    )


CALLS = KindOfReport(
    ReportKind.CALLS,
    TITLE,
    "Every call of the period with who sent and bought it, how it ended, what was charged, its flags and its score.",
    build_call_list,
)

_Judged = tuple[int | None, Severity | None, int | None]


def _load_judged(session: Session, call_ids: list[str]) -> dict[str, _Judged]:
    """Return the count of flags, the gravest of them and the score of some calls."""
    wanted = (
        select(CurrentScreening.call_id, CurrentScreening.flag_count, CurrentScreening.top_severity, CallScoreRow.value)
        .outerjoin(CallScoreRow, CallScoreRow.screening_id == CurrentScreening.screening_id)
        .where(CurrentScreening.call_id.in_(call_ids))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(wanted)}


def _row(found: ScreenedCall, reader: Reader, judged: _Judged) -> Row:
    call = found.call
    flags, gravest, score = judged
    charged = call.revenue_minor if sees_revenue(reader.identity) else None
    paid_out = call.payout_minor if sees_payout(reader.identity) else None
    return (
        call.external_id,
        call.id,
        call.sender,
        call.started_at,
        found.campaign,
        found.advertiser,
        found.publisher,
        found.source,
        reader.show(call.caller_number),
        call.dialed_number,
        call.connected_s,
        _word(call.disposition),
        _word(call.declared_channel),
        _word(call.transfer_type),
        " ".join(found.states) or None,
        None if charged is None else Money(charged, call.currency),
        None if paid_out is None else Money(paid_out, call.currency),
        flags,
        _word(gravest),
        score,
        found.screening.made_at if found.screening else None,
    )


def _word(term: object) -> str | None:
    return None if term is None else str(term).replace("_", " ")
