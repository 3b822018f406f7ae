"""Which calls may the asker see, page by page? One query however long the page."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.access.identity import Identity
from app.access.masking import sees_payout, sees_revenue, show_caller
from app.access.scope import scope_calls
from app.audio.state import analysis_state
from app.errors import InvalidInput, NotFound
from app.models.base import EPOCH, MICROSECOND
from app.models.calls import Call
from app.models.campaigns import Ad, CallSource, Campaign
from app.models.parties import Party
from app.models.screening import CurrentScreening
from app.vocabulary import AnalysisState
from app.web.api.models import CallOut, CallsOut, CallsQuery


def list_calls(session: Session, identity: Identity, query: CallsQuery) -> CallsOut:
    """Return the calls that fit, newest first."""
    statement = _filter(_calls(identity), query).order_by(Call.started_at.desc(), Call.id.desc()).limit(query.limit + 1)
    rows = session.execute(statement).all()
    shown = rows[: query.limit]
    next_cursor = _write_cursor(shown[-1].Call) if len(rows) > query.limit else None
    return CallsOut(items=[_show(row, identity) for row in shown], next_cursor=next_cursor)


def get_call_answer(session: Session, identity: Identity, call_id: str) -> CallOut:
    """Return one call. Raises NotFound, also for a call of another party."""
    row = session.execute(_calls(identity).where(Call.id == call_id)).first()
    if row is None:
        raise NotFound("there is no such call")
    return _show(row, identity)


def _calls(identity: Identity) -> Select[Any]:
    advertiser, publisher = aliased(Party), aliased(Party)
    statement = (
        select(
            Call,
            Campaign.external_id.label("campaign"),
            Ad.external_id.label("ad"),
            CallSource.external_id.label("source"),
            advertiser.external_id.label("advertiser"),
            publisher.external_id.label("publisher"),
            CurrentScreening.flag_count,
            CurrentScreening.top_severity,
            analysis_state().label("analysis_state"),
        )
        .outerjoin(Campaign, Campaign.id == Call.campaign_id)
        .outerjoin(Ad, Ad.id == Call.ad_id)
        .outerjoin(CallSource, CallSource.id == Call.source_id)
        .outerjoin(advertiser, advertiser.id == Call.advertiser_id)
        .outerjoin(publisher, publisher.id == Call.publisher_id)
        .outerjoin(CurrentScreening, CurrentScreening.call_id == Call.id)
    )
    return scope_calls(cast(Select[Any], statement), identity)


def _filter(statement: Select[Any], query: CallsQuery) -> Select[Any]:
    equal = {
        Call.sender: query.sender, Call.external_id: query.external_id, Campaign.external_id: query.campaign,
        CallSource.external_id: query.source,
    }  # fmt: skip
    statement = statement.where(*(column == value for column, value in equal.items() if value is not None))
    if query.started_from is not None:
        statement = statement.where(Call.started_at >= query.started_from)
    if query.started_to is not None:
        statement = statement.where(Call.started_at < query.started_to)
    if query.flagged is not None:
        flags = func.coalesce(CurrentScreening.flag_count, 0)
        statement = statement.where(flags > 0 if query.flagged else flags == 0)
    if query.cursor:
        micros, call_id = _read_cursor(query.cursor)
        at = EPOCH + timedelta(microseconds=micros)
        statement = statement.where(or_(Call.started_at < at, and_(Call.started_at == at, Call.id < call_id)))
    return statement


def _write_cursor(call: Call) -> str:
    return f"{(call.started_at - EPOCH) // MICROSECOND}.{call.id}"


def _read_cursor(cursor: str) -> tuple[int, str]:
    micros, _, call_id = cursor.partition(".")
    if not micros.isascii() or not micros.isdecimal() or len(micros) > 16 or not call_id.isascii() or not call_id.isalnum():
        raise InvalidInput("cursor: expected the next_cursor of the page before", code="bad_cursor")
    return int(micros), call_id


def _show(row: Row[Any], identity: Identity) -> CallOut:
    call: Call = row.Call
    is_outside = identity.is_outside
    caller = show_caller(call.caller_number, identity) if is_outside and call.caller_number else call.caller_number
    return CallOut(
        id=call.id,
        sender=call.sender,
        external_id=call.external_id,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        connected_s=call.connected_s,
        campaign=row.campaign,
        ad=row.ad,
        source=row.source,
        advertiser=row.advertiser,
        publisher=row.publisher,
        caller=caller,
        tracking_number=call.dialed_number,
        disposition=call.disposition,
        ended_by=call.ended_by,
        transfer_type=call.transfer_type,
        declared_channel=call.declared_channel,
        zip=call.consumer_zip,
        state=call.consumer_state,
        revenue_minor=call.revenue_minor if sees_revenue(identity) else None,
        payout_minor=call.payout_minor if sees_payout(identity) else None,
        currency=call.currency,
        analysis_state=AnalysisState(row.analysis_state),
        flag_count=row.flag_count,
        top_severity=row.top_severity,
        # The sender's other fields may hold numbers and the other side's money; only the network sees them.
        tags=None if is_outside else call.tags,
    )
