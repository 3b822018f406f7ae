"""Is this call known, and does the row say anything new? One call per sender and external id, however often it is sent."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.intake.call_rows import ASSUMED_START_TAG, CallRow
from app.intake.legs import LegRow
from app.intake.references import is_recording_allowed, resolve_references
from app.models.analysis import AnalysisRun
from app.models.calls import Call, CallLeg, Recording
from app.ports import JobRequest
from app.unit_of_work import Work
from app.vocabulary import EventKind, JobName, QueueName, RecordingState

PLAIN = (
    "started_at", "answered_at", "ended_at", "connected_s", "caller_number", "dialed_number", "disposition", "ended_by",
    "transfer_type", "declared_channel", "revenue_minor", "payout_minor", "currency",
)  # fmt: skip
# The audit trail cannot forget, so what consumers may have erased (their number, where they live) never enters it.
AUDITED = frozenset({"revenue_minor", "payout_minor", "currency", "campaign_id", "ad_id", "source_id", "disposition"})


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What became of a row: the call, whether it is new, and which of its columns the row changed."""

    call_id: str
    is_new: bool
    changed: tuple[str, ...] = ()


def record_call(work: Work, row: CallRow, *, open_batch: Callable[[Work], str] | None = None) -> RecordedCall:
    """Record a call, or what a later row of the same sender adds or corrects.

    What the later row does not say stays as it was; its legs replace the legs, its tags are added. A row that says nothing new
    changes nothing and is no event.

    Parameters
    ----------
    open_batch
        Gives the id of the batch that brought the row in; asked only for a new call.

    Raises
    ------
    InvalidInput
        If the row names a campaign, ad or source that does not exist, ends before it starts together with what is known, or
        moves a call whose audio is kept to a campaign that forbids recording.
    """
    known = find_call(work.session, row.sender, row.external_id)
    if known is None:
        try:
            with work.session.begin_nested():
                return _add_call(work, row, open_batch)
        except IntegrityError:
            known = find_call(work.session, row.sender, row.external_id)
            if known is None:
                raise
    return _change_call(work, known, row)


def find_call(session: Session, sender: str, external_id: str) -> Call | None:
    """Return the call that a sender knows under this id."""
    return session.scalar(select(Call).where(Call.sender == sender, Call.external_id == external_id))


def _add_call(work: Work, row: CallRow, open_batch: Callable[[Work], str] | None) -> RecordedCall:
    references = asdict(resolve_references(work.session, row, dialed_number=row.dialed_number))
    values = _read_columns(row) | references
    call = Call(
        **({"currency": "USD"} | {name: value for name, value in values.items() if value is not None}),
        id=work.new_id(),
        sender=row.sender,
        external_id=row.external_id,
        tags=dict(row.tags),
        batch_id=open_batch(work) if open_batch else None,
        received_at=work.now,
    )
    work.session.add(call)
    work.session.flush()
    _replace_legs(work.session, call.id, row.legs)
    payload = {
        "sender": row.sender,
        "external_id": row.external_id,
        "campaign_id": call.campaign_id,
        "source_id": call.source_id,
    }
    work.publish(EventKind.CALL_RECORDED, ("call", call.id), payload)
    return RecordedCall(call.id, is_new=True)


def _change_call(work: Work, call: Call, row: CallRow) -> RecordedCall:
    known_tags = call.tags
    if ASSUMED_START_TAG in row.tags:  # a start that was made up corrects nothing
        told = {name: tag for name, tag in row.tags.items() if name != ASSUMED_START_TAG}
        row = replace(row, started_at=call.started_at, tags=told)
    else:
        known_tags = {name: tag for name, tag in call.tags.items() if name != ASSUMED_START_TAG}
    found = resolve_references(work.session, row, dialed_number=row.dialed_number or call.dialed_number)
    values = _read_columns(row) | asdict(found)
    values["tags"] = {**known_tags, **row.tags}
    changes = {name: value for name, value in values.items() if value is not None and value != getattr(call, name)}
    if found.campaign_id not in (None, call.campaign_id):
        # Versions and advertiser go with the campaign: what the new one does not have is not taken from the old one.
        names = ("campaign_version_id", "ad_id", "ad_version_id")
        changes |= {name: values[name] for name in names if values[name] != getattr(call, name)}
    has_other_legs = bool(row.legs) and row.legs != _load_legs(work.session, call.id)
    if not changes and not has_other_legs:
        return RecordedCall(call.id, is_new=False)
    _check_change(work.session, call, changes)
    before = {name: getattr(call, name) for name in changes}
    for name, value in changes.items():
        setattr(call, name, value)
    work.session.flush()
    if has_other_legs:
        _replace_legs(work.session, call.id, row.legs)
    changed = tuple(sorted(changes)) + (("legs",) if has_other_legs else ())
    audited = {name: [before[name], changes[name]] for name in sorted(changes) if name in AUDITED}
    work.publish(
        EventKind.CALL_CHANGED,
        ("call", call.id),
        {"fields": list(changed), "values": audited},
        jobs=_request_screening(work.session, call.id),
    )
    return RecordedCall(call.id, is_new=False, changed=changed)


def _read_columns(row: CallRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PLAIN} | {"consumer_zip": row.zip_code, "consumer_state": row.state}


def _check_change(session: Session, call: Call, changes: Mapping[str, Any]) -> None:
    started_at, ended_at = changes.get("started_at", call.started_at), changes.get("ended_at", call.ended_at)
    if ended_at is not None and ended_at < started_at:
        problem = {
            "field": "ended_at",
            "column": "ended_at",
            "expected": "no time before started_at",
            "got": ended_at.isoformat(),
        }
        raise InvalidInput(
            f"call {call.external_id} of {call.sender}: expected an end after the start ({started_at.isoformat()}), got "
            f"{ended_at.isoformat()}; send both times together",
            code="bad_row",
            problems=[problem],
        )
    campaign_id = changes.get("campaign_id", call.campaign_id)
    version_id = changes.get("campaign_version_id", call.campaign_version_id)
    if is_recording_allowed(session, campaign_id=campaign_id, campaign_version_id=version_id):
        return
    kept = select(Recording.id).where(Recording.call_id == call.id, Recording.state == RecordingState.STORED).limit(1)
    if session.scalar(kept) is not None:
        raise InvalidInput(
            f"call {call.external_id} of {call.sender}: the row moves it to a campaign whose calls are not recorded, but "
            "its audio is kept already; have the audio deleted first, then replay the row",
            code="audio_kept_already",
            call_id=call.id,
        )


def _replace_legs(session: Session, call_id: str, legs: tuple[LegRow, ...]) -> None:
    if not legs:
        return
    session.execute(delete(CallLeg).where(CallLeg.call_id == call_id))
    session.add_all(
        CallLeg(
            call_id=call_id,
            seq=leg.seq,
            direction=leg.direction,
            from_number=leg.from_number,
            to_number=leg.to_number,
            started_at=leg.started_at,
            answered_at=leg.answered_at,
            ended_at=leg.ended_at,
            facts=dict(leg.facts),
        )
        for leg in legs
    )
    session.flush()


def _load_legs(session: Session, call_id: str) -> tuple[LegRow, ...]:
    return tuple(
        LegRow(leg.seq, leg.direction, leg.from_number, leg.to_number, leg.started_at, leg.answered_at, leg.ended_at, leg.facts)
        for leg in session.scalars(select(CallLeg).where(CallLeg.call_id == call_id).order_by(CallLeg.seq))
    )


def _request_screening(session: Session, call_id: str) -> tuple[JobRequest, ...]:
    """A call that was heard already is screened again with its new facts; one that was not will be screened then."""
    heard = select(AnalysisRun.id).where(AnalysisRun.call_id == call_id, AnalysisRun.finished_at.is_not(None)).limit(1)
    if session.scalar(heard) is None:
        return ()
    return (JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id),)
