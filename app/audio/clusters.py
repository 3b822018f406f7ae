"""In which calls was the same audio heard? Clusters as values that a page or an answer can show, within the asker's reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.masking import sees_revenue, show_caller
from app.access.scope import get_call, scope_calls
from app.errors import NotFound
from app.models.billing import Charge
from app.models.calls import Call
from app.models.campaigns import CallSource, Campaign
from app.models.fingerprints import AudioPrintRow, SameAudioMember
from app.models.parties import Party
from app.money import Money

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
    source: str | None
    campaign: str | None
    is_mixed: bool
    offset_s: float | None
    matched_s: float | None


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What is known of a cluster as a whole; all of it covers only the calls that the asker may see.

    ``shared_least_s`` and ``shared_most_s`` are the shortest and the longest stretch that a call shares with the one it was
    matched to. ``charged`` has one amount for each currency, over ``charged_calls`` calls: what was charged, or else what the
    sender of the call says; both are empty for those who may not know.
    """

    id: str
    first_seen: datetime
    last_seen: datetime
    call_count: int
    number_count: int
    publisher_count: int | None
    shared_least_s: float | None
    shared_most_s: float | None
    charged: tuple[Money, ...] = ()
    charged_calls: int = 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """The calls that share audio, earliest first: at most 200 are listed, all are counted."""

    facts: ClusterFacts
    publishers: tuple[str, ...]
    sources: tuple[str, ...]
    campaigns: tuple[str, ...]
    calls: tuple[ClusterCall, ...]


def load_cluster_of_call(session: Session, call_id: str, identity: Identity) -> Cluster | None:
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
    return _load(session, cluster_id, identity) if cluster_id is not None else None


def load_cluster(session: Session, cluster_id: str, identity: Identity) -> Cluster:
    """Return a cluster.

    Raises
    ------
    NotFound
        If there is none with two calls or more within the asker's reach.
    """
    cluster = _load(session, cluster_id, identity)
    if cluster is None:
        raise NotFound(f"there is no cluster {cluster_id}", cluster_id=cluster_id)
    return cluster


def list_clusters(
    session: Session, identity: Identity, *, limit: int, after: tuple[datetime, str] | None = None
) -> tuple[ClusterFacts, ...]:
    """Return clusters, those heard last first; ``after`` is (last_seen, id) of the one that the page before ended with."""
    found = _facts(identity).group_by(SameAudioMember.cluster_id).having(func.count(func.distinct(Call.id)) >= 2).subquery()
    page = select(found).order_by(found.c.last_seen.desc(), found.c.id.desc()).limit(limit)
    if after is not None:
        seen, cluster_id = after
        page = page.where(or_(found.c.last_seen < seen, and_(found.c.last_seen == seen, found.c.id < cluster_id)))
    rows = session.execute(page).all()
    charged = _load_charged(session, [row.id for row in rows], identity)
    return tuple(_build_facts(row, charged, identity) for row in rows)


def members(cluster_id: str) -> Select[str]:
    """Return the ids of a cluster's calls as a query, each once, whoever asks."""
    return (
        select(AudioPrintRow.call_id)
        .join(SameAudioMember, SameAudioMember.print_id == AudioPrintRow.id)
        .where(SameAudioMember.cluster_id == cluster_id)
        .distinct()
    )


def _load(session: Session, cluster_id: str, identity: Identity) -> Cluster | None:
    statement = _facts(identity).where(SameAudioMember.cluster_id == cluster_id).group_by(SameAudioMember.cluster_id)
    row = session.execute(statement).first()
    if row is None or row.call_count < 2:
        return None
    charged = _load_charged(session, [cluster_id], identity)

    def names(column: Any, table: Any, key: Any) -> tuple[str, ...]:
        found = _within(select(column).distinct(), identity).join(table, table.id == key)
        return tuple(sorted(session.scalars(found.where(SameAudioMember.cluster_id == cluster_id))))

    return Cluster(
        facts=_build_facts(row, charged, identity),
        # Who sends an advertiser its calls is the network's knowledge; the source's name is on each of them.
        publishers=() if identity.is_outside else names(Party.name, Party, Call.publisher_id),
        sources=names(CallSource.name, CallSource, Call.source_id),
        campaigns=names(Campaign.name, Campaign, Call.campaign_id),
        calls=_load_calls(session, cluster_id, identity),
    )


def _facts(identity: Identity) -> Select[Any]:
    columns = select(
        SameAudioMember.cluster_id.label("id"),
        func.min(Call.started_at).label("first_seen"),
        func.max(Call.started_at).label("last_seen"),
        func.count(func.distinct(Call.id)).label("call_count"),
        func.count(func.distinct(Call.caller_number)).label("number_count"),
        func.count(func.distinct(Call.publisher_id)).label("publisher_count"),
        func.min(SameAudioMember.matched_s).label("shared_least_s"),
        func.max(SameAudioMember.matched_s).label("shared_most_s"),
    )
    return _within(cast(Select[Any], columns), identity)


def _build_facts(row: Any, charged: dict[str, tuple[tuple[Money, ...], int]], identity: Identity) -> ClusterFacts:
    amounts, calls = charged.get(row.id, ((), 0))
    return ClusterFacts(
        id=row.id,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        call_count=row.call_count,
        number_count=row.number_count,
        publisher_count=None if identity.is_outside else row.publisher_count,
        shared_least_s=row.shared_least_s,
        shared_most_s=row.shared_most_s,
        charged=amounts,
        charged_calls=calls,
    )


def _load_charged(session: Session, cluster_ids: Sequence[str], identity: Identity) -> dict[str, tuple[tuple[Money, ...], int]]:
    """Return by cluster what its calls were charged, and how many calls have a known charge; a call counts once."""
    if not sees_revenue(identity):
        return {}
    once = (
        _within(select(SameAudioMember.cluster_id, Call.id, Call.revenue_minor, Call.currency).distinct(), identity)
        .where(SameAudioMember.cluster_id.in_(cluster_ids))
        .subquery()
    )
    amount = func.coalesce(Charge.revenue_minor, once.c.revenue_minor)
    currency = func.coalesce(Charge.currency, once.c.currency)
    sums = (
        select(once.c.cluster_id, currency, func.sum(amount), func.count(amount))
        .outerjoin(Charge, Charge.call_id == once.c.id)
        .where(amount.is_not(None))
        .group_by(once.c.cluster_id, currency)
        .order_by(currency)
    )
    charged: dict[str, tuple[tuple[Money, ...], int]] = {}
    for cluster_id, unit, minor, calls in session.execute(sums):
        amounts, known = charged.get(cluster_id, ((), 0))
        charged[cluster_id] = (*amounts, Money(int(minor), unit)), known + calls
    return charged


def _load_calls(session: Session, cluster_id: str, identity: Identity) -> tuple[ClusterCall, ...]:
    columns = select(
        Call.id,
        Call.external_id,
        Call.started_at,
        Call.caller_number,
        Party.name.label("publisher"),
        CallSource.name.label("source"),
        Campaign.name.label("campaign"),
        AudioPrintRow.is_mixed,
        SameAudioMember.offset_s,
        SameAudioMember.matched_s,
    )
    rows = session.execute(
        _within(columns, identity)
        .outerjoin(Party, Party.id == Call.publisher_id)
        .outerjoin(CallSource, CallSource.id == Call.source_id)
        .outerjoin(Campaign, Campaign.id == Call.campaign_id)
        .where(SameAudioMember.cluster_id == cluster_id)
        .order_by(Call.started_at, Call.id, AudioPrintRow.no)
        .limit(MOST_SHOWN)
    )
    return tuple(
        ClusterCall(
            call_id=row.id,
            external_id=row.external_id,
            started_at=row.started_at,
            number=show_caller(row.caller_number, identity),
            publisher=None if identity.is_outside else row.publisher,
            source=row.source,
            campaign=row.campaign,
            is_mixed=row.is_mixed,
            offset_s=row.offset_s,
            matched_s=row.matched_s,
        )
        for row in rows
    )


def _within(statement: Row, identity: Identity) -> Row:
    """Join a statement to the calls of all clusters, narrowed to those that the identity may see."""
    joined = (
        statement.select_from(SameAudioMember)
        .join(AudioPrintRow, AudioPrintRow.id == SameAudioMember.print_id)
        .join(Call, Call.id == AudioPrintRow.call_id)
    )
    return scope_calls(joined, identity)
