"""What happened, and what must go out because of it? Both are rows of the transaction that made the change.

:func:`publish` appends to the audit trail, a chain of hashes in which no event can be altered, dropped or slipped in
unnoticed. A job that the event calls for is a row beside it; ``app.jobs`` hands it to the queue after the commit. The queue
may be lost at any moment: the rows know what has to be done.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.models.base import canonical_json
from app.models.events import Event, Job
from app.ports import JobRequest
from app.vocabulary import EventKind

GENESIS = "0" * 64
# One writer at a time appends to the chain: on SQLite BEGIN IMMEDIATE sees to it, on PostgreSQL this advisory lock.
CHAIN_LOCK = 0x45415253


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first event at which the audit trail does not hold, and what is wrong with it."""

    seq: int
    problem: str


def publish(
    session: Session,
    kind: EventKind,
    *,
    at: datetime,
    actor: str,
    subject: tuple[str, str],
    payload: Mapping[str, Any],
    jobs: Sequence[tuple[str, JobRequest]] = (),
) -> Event:
    """Append an event to the audit trail, with the jobs it calls for.

    Parameters
    ----------
    subject
        What it is about, as (type, id): ``("call", "01J...")``.
    jobs
        Pairs of (new job id, job to run after commit); work that is open already is not asked for twice.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    last = session.execute(select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)).first()
    seq, previous_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
    event = Event(
        seq=seq,
        kind=kind,
        at=at,
        actor=actor,
        subject_type=subject[0],
        subject_id=subject[1],
        payload=dict(payload),
        previous_hash=previous_hash,
        hash=hash_event(seq, kind, at, actor, subject, payload, previous_hash),
    )
    session.add(event)
    session.flush()
    for job_id, request in jobs:
        _store_job(session, job_id, request, at, seq)
    return event


def hash_event(
    seq: int,
    kind: EventKind,
    at: datetime,
    actor: str,
    subject: tuple[str, str],
    payload: Mapping[str, Any],
    previous_hash: str,
) -> str:
    """Return the SHA-256 (hex) of an event's canonical JSON, the hash before it included."""
    content = [seq, str(kind), at.isoformat(), actor, *subject, payload, previous_hash]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def find_chain_break(events: Iterator[Event]) -> ChainBreak | None:
    """Check the audit trail from its first event; None when every link holds."""
    expected_seq, previous_hash = 1, GENESIS
    for event in events:
        if event.seq != expected_seq:
            return ChainBreak(expected_seq, f"event {expected_seq} is missing")
        if event.previous_hash != previous_hash:
            return ChainBreak(event.seq, "does not follow from the event before it")
        subject = (event.subject_type, event.subject_id)
        made = hash_event(event.seq, event.kind, event.at, event.actor, subject, event.payload, previous_hash)
        if made != event.hash:
            return ChainBreak(event.seq, "was altered after it was written")
        expected_seq, previous_hash = event.seq + 1, event.hash
    return None


def _store_job(session: Session, job_id: str, request: JobRequest, at: datetime, event_seq: int) -> None:
    """Store a job unless the same work is open already."""
    is_open = (Job.done_at.is_(None), Job.failed_at.is_(None))
    same = select(Job.id).where(Job.name == request.job, Job.subject_id == request.subject_id, *is_open)
    if session.scalar(same) is None:
        session.add(
            Job(
                id=job_id,
                event_seq=event_seq,
                queue=request.queue,
                name=request.job,
                subject_id=request.subject_id,
                timeout_s=request.timeout_s,
                created_at=at,
                attempts=0,
            )
        )
