"""What does the audit trail say? Its events for people, and whether the chain of hashes holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.events import Event
from app.models.users import ApiToken, User
from app.outbox import ChainBreak, find_chain_break
from app.vocabulary import EventKind

PAGE_SIZE = 100
READ_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event, with the name of who did it."""

    seq: int
    at: datetime
    kind: EventKind
    actor: str
    subject_type: str
    subject_id: str
    payload: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Events, newest first; ``older_than`` is where the next page begins."""

    lines: tuple[AuditLine, ...]
    older_than: int | None


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """The outcome of checking the whole trail: how many events, and the first at which it does not hold."""

    event_count: int
    broken: ChainBreak | None


def list_events(
    session: Session, *, subject_type: str | None, subject_id: str | None, kind: EventKind | None, before: int | None
) -> AuditPage:
    """Return one page of events, narrowed to a subject or a kind."""
    statement = select(Event).order_by(Event.seq.desc()).limit(PAGE_SIZE + 1)
    if subject_type:
        statement = statement.where(Event.subject_type == subject_type)
    if subject_id:
        statement = statement.where(Event.subject_id == subject_id)
    if kind:
        statement = statement.where(Event.kind == kind)
    if before:
        statement = statement.where(Event.seq < before)
    found = session.scalars(statement).all()
    events = found[:PAGE_SIZE]
    names = load_actor_names(session, {event.actor for event in events})
    lines = tuple(
        AuditLine(e.seq, e.at, e.kind, names.get(e.actor, e.actor), e.subject_type, e.subject_id, e.payload, e.hash)
        for e in events
    )
    return AuditPage(lines, events[-1].seq if len(found) > PAGE_SIZE else None)


def list_subject_types(session: Session) -> Sequence[str]:
    """Return what events are about: call, recording, user..."""
    return sorted(session.scalars(select(Event.subject_type).distinct()))


def check_chain(session: Session) -> ChainCheck:
    """Check every event of the trail; reads it in pieces, so that it never lies in memory whole."""
    events = session.scalars(
        select(Event).order_by(Event.seq).execution_options(yield_per=READ_AT_ONCE, populate_existing=True)
    )  # fmt: skip
    broken = find_chain_break(iter(events))
    last = session.scalar(select(Event.seq).order_by(Event.seq.desc()).limit(1))
    return ChainCheck(last or 0, broken)


def load_actor_names(session: Session, actors: set[str]) -> dict[str, str]:
    """Return the names of people and programs by actor (``user:...``, ``token:...``); others keep their own word."""
    users = [actor.removeprefix("user:") for actor in actors if actor.startswith("user:")]
    tokens = [actor.removeprefix("token:") for actor in actors if actor.startswith("token:")]
    names = {f"user:{row.id}": row.name for row in session.execute(select(User.id, User.name).where(User.id.in_(users)))}
    for row in session.execute(select(ApiToken.id, ApiToken.name).where(ApiToken.id.in_(tokens))):
        names[f"token:{row.id}"] = f"token {row.name}"
    return names
