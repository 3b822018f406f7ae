"""In which calls was this call's audio heard? A call's cluster as a value that a page or an answer can show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.masking import show_caller
from app.access.scope import get_call, scope_calls
from app.models.calls import Call
from app.models.fingerprints import AudioPrintRow, SameAudioMember
from app.models.parties import Party

MOST_SHOWN = 200
Row = TypeVar("Row", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True, slots=True)
class ClusterCall:
    """A call in which the audio was heard; ``offset_s`` and ``matched_s`` are None for the one that the others were matched to.

    ``number`` is the caller's as the asker may see it.
    """

    call_id: str
    external_id: str
    started_at: datetime
    number: str
    publisher: str | None
    is_mixed: bool
    offset_s: float | None
    matched_s: float | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """The calls that share audio with a call, that one included, earliest first (at most 200 are listed, all are counted).

    Counts, ``first_seen`` and ``publishers`` cover only the calls that the asker may see.
    """

    id: str
    first_seen: datetime
    last_seen: datetime
    call_count: int
    number_count: int
    publishers: tuple[str, ...]
    calls: tuple[ClusterCall, ...]


def load_cluster(session: Session, call_id: str, identity: Identity) -> Cluster | None:
    """Return the cluster of a call; None when its audio was heard in no other call within the asker's reach.

    Raises
    ------
    NotFound
        If there is no such call, or it is another party's.
    """
    get_call(session, call_id, identity)
    mine = select(SameAudioMember.cluster_id).join(AudioPrintRow, AudioPrintRow.id == SameAudioMember.print_id)
    newest = mine.where(AudioPrintRow.call_id == call_id).order_by(SameAudioMember.joined_at.desc(), SameAudioMember.print_id)
    cluster_id = session.scalar(newest.limit(1))
    if cluster_id is None:
        return None
    counts = select(
        func.count(func.distinct(Call.id)),
        func.count(func.distinct(Call.caller_number)),
        func.min(Call.started_at),
        func.max(Call.started_at),
    )
    call_count, number_count, first_seen, last_seen = session.execute(_members(counts, cluster_id, identity)).one()
    if call_count < 2:
        return None
    names = _members(select(Party.name).distinct(), cluster_id, identity).join(Party, Party.id == Call.publisher_id)
    return Cluster(
        id=cluster_id,
        first_seen=first_seen,
        last_seen=last_seen,
        call_count=call_count,
        number_count=number_count,
        publishers=tuple(sorted(session.scalars(names))),
        calls=_load_calls(session, cluster_id, identity),
    )


def _load_calls(session: Session, cluster_id: str, identity: Identity) -> tuple[ClusterCall, ...]:
    columns = select(
        Call.id,
        Call.external_id,
        Call.started_at,
        Call.caller_number,
        Party.name,
        AudioPrintRow.is_mixed,
        SameAudioMember.offset_s,
        SameAudioMember.matched_s,
    )
    rows = session.execute(
        _members(columns, cluster_id, identity)
        .outerjoin(Party, Party.id == Call.publisher_id)
        .order_by(Call.started_at, Call.id, AudioPrintRow.no)
        .limit(MOST_SHOWN)
    )
    return tuple(
        ClusterCall(call_id, external_id, started_at, show_caller(number, identity), publisher, is_mixed, offset_s, matched_s)
        for call_id, external_id, started_at, number, publisher, is_mixed, offset_s, matched_s in rows
    )


def _members(statement: Row, cluster_id: str, identity: Identity) -> Row:
    """Narrow a statement to the calls of a cluster that the identity may see."""
    joined = (
        statement.select_from(SameAudioMember)
        .join(AudioPrintRow, AudioPrintRow.id == SameAudioMember.print_id)
        .join(Call, Call.id == AudioPrintRow.call_id)
    )
    return scope_calls(joined.where(SameAudioMember.cluster_id == cluster_id), identity)
