"""What follows from a request not to be called? The number goes on the internal list, consents end, everybody is told.

All waiting requests go on the list as one version, by one process at a time. What is on the list is read from the list itself:
a worker that was killed after the version was made finds its entries there and only records them.
"""

from __future__ import annotations

import csv
import fcntl
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import Session

from app.compliance.consent_records.service import Revocation, revoke_consents
from app.compliance.opt_outs.completion import complete_if_told
from app.compliance.registry.entries import ASKED, Entries
from app.compliance.registry.mirror import mirror_versions
from app.compliance.registry.moments import to_micros
from app.compliance.registry.parse import parse_one
from app.compliance.registry.service import NumberLists, make_request
from app.compliance.registry.store import ListStore
from app.models.analysis import AnalysisRun
from app.models.calls import Call
from app.models.consumers import OptOut, OptOutNotice
from app.models.parties import AgencyClient, Party
from app.phone import mask
from app.ports import JobRequest
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import EventKind, JobName, ListKind, OptOutScope, PartyKind, QueueName

LOOK_BACK_YEARS = 5
"""A party that had a part in a call of the last five years may still hold the number: as long as calls are kept on record."""

MOST_SCREENED_AGAIN = 200
LOADED_BY = "opt-outs"
TOLD_KINDS = frozenset({PartyKind.ADVERTISER, PartyKind.AGENCY, PartyKind.PUBLISHER, PartyKind.EXCHANGE})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request whose number is not known to be on the list."""

    id: str
    number: str
    received_at: datetime


def suppress_waiting(uow: UnitOfWork, lists: NumberLists, *, keep_alive: Callable[[], None] = lambda: None) -> int:
    """Put the numbers of all waiting requests on the internal list and do what follows; return how many there were.

    Raises
    ------
    StorageFull, ListDamaged
        Nothing is recorded then; the requests wait on.
    """
    with _one_at_a_time(lists.store.root):
        with uow.read() as session:
            waiting = find_waiting(session)
        placed = find_placed(lists.store, waiting)
        missing = [each for each in waiting if each.id not in placed]
        if missing:
            version_id = _load(lists, missing)
            placed |= {each.id: version_id for each in missing}
        if waiting:
            with uow.begin("worker") as work:
                mirror_versions(work, lists.store)
        for each in waiting:
            keep_alive()
            with uow.begin("worker") as work:
                record_suppression(work, each.id, placed[each.id])
    return len(waiting)


def find_waiting(session: Session) -> tuple[Waiting, ...]:
    """Return the requests whose numbers are not recorded as listed, earliest first."""
    rows = session.execute(
        select(OptOut.id, OptOut.number, OptOut.received_at)
        .where(OptOut.is_request == 1, OptOut.suppressed_at.is_(None))
        .order_by(OptOut.received_at, OptOut.id)
    )
    return tuple(Waiting(row.id, row.number, row.received_at) for row in rows)


def find_placed(store: ListStore, waiting: Sequence[Waiting]) -> dict[str, str]:
    """Return by request the version of the internal list that has the number with the moment of the request."""
    found: dict[str, str] = {}
    for version in store.versions() if waiting else ():
        if version.list_name.kind is ListKind.INTERNAL and version.withdrawn_at is None:
            entries = store.open_log(version)
            found |= {each.id: version.id for each in waiting if each.id not in found and _has(entries, each)}
    return found


def record_suppression(work: Work, opt_out_id: str, version_id: str) -> None:
    """Note that a number is listed, end its consents, make the notices and have its later calls screened again; once."""
    row = work.session.get_one(OptOut, opt_out_id, with_for_update=True)
    if row.suppressed_at is not None:
        return
    row.suppressed_at, row.list_version = work.now, version_id
    revoked = _revoke_consents(work, row)
    told = _make_notices(work, row)
    again = _find_calls_to_screen_again(work.session, row)
    work.publish(
        EventKind.OPT_OUT_SUPPRESSED,
        ("opt_out", row.id),
        {
            "number": mask(row.number),
            "list_version": version_id,
            "consents_revoked": revoked,
            "parties_told": len(told),
            "screened_again": len(again),
        },
        jobs=tuple(JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id) for call_id in again),
    )
    complete_if_told(work, row)


def _has(entries: Entries, each: Waiting) -> bool:
    number, micros = parse_one(each.number), to_micros(each.received_at)
    first, last = np.searchsorted(entries["number"], (number, number + 1))
    own = entries[first:last]
    return bool(((own["at"] == micros) & (own["code"] == ASKED)).any())


def _load(lists: NumberLists, missing: Sequence[Waiting]) -> str:
    scratch = lists.store.root.parent / "tmp"
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="opt-outs-") as folder:
        path = Path(folder) / "opt-outs.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("number", "requested_at"))
            writer.writerows((each.number, each.received_at.isoformat()) for each in missing)
        notes = (f"{len(missing)} requests not to be called",)
        newest = max(each.received_at for each in missing)
        request = make_request(str(ListKind.INTERNAL), newest, (path,), loaded_by=LOADED_BY, notes=notes, most_garbage=0.0)
        version, _ = lists.load(request)
    return version.id


def _revoke_consents(work: Work, row: OptOut) -> int:
    """End the consents that the request reaches: all of the number, or those of the seller, its brands, and that name none."""
    revocation = Revocation(row.received_at, row.scope, row.way, told_by=row.recorded_by, opt_out_id=row.id)
    names = [None] if row.scope is OptOutScope.EVERYBODY else sorted(_names_of(work.session, row.seller or ""))
    return sum(len(revoke_consents(work, row.number, revocation, seller=name)) for name in names)


def _names_of(session: Session, seller: str) -> set[str]:
    """Return the names under which a seller sells, its brands among them, in small letters."""
    names = {seller.casefold()}
    for party in session.scalars(select(Party).where(Party.kind == PartyKind.ADVERTISER)):
        own = {party.name.casefold(), *(brand.casefold() for brand in party.brands)}
        names |= own if own & {seller.casefold()} else set()
    return names


def _make_notices(work: Work, row: OptOut) -> list[str]:
    """Tell every party that had a part in calls of the number, and the agencies of its advertisers."""
    session = work.session
    counts = count_calls_by_party(session, row.number, row.received_at)
    agencies: dict[str, int] = {}
    managed = select(AgencyClient).where(AgencyClient.advertiser_id.in_(counts))
    for client in session.scalars(managed):
        agencies[client.agency_id] = agencies.get(client.agency_id, 0) + counts[client.advertiser_id]
    counts |= {party: count for party, count in agencies.items() if party not in counts}
    known = set(session.scalars(select(OptOutNotice.party_id).where(OptOutNotice.opt_out_id == row.id)))
    parties = session.scalars(select(Party).where(Party.id.in_(counts)).order_by(Party.id)).all()
    told = [party for party in parties if party.kind in TOLD_KINDS and party.id not in known]
    session.add_all(
        OptOutNotice(
            id=work.new_id(),
            opt_out_id=row.id,
            party_id=party.id,
            role=party.kind,
            call_count=counts[party.id],
            made_at=work.now,
        )
        for party in told
    )
    session.flush()
    if told:
        work.publish(EventKind.OPT_OUT_NOTICE_MADE, ("opt_out", row.id), {"parties": [party.id for party in told]})
    return [party.id for party in told]


def count_calls_by_party(session: Session, number: str, at: datetime) -> dict[str, int]:
    """Return by party how many calls of a number it had a part in, in the five years before a moment and since."""
    since = at.replace(year=at.year - LOOK_BACK_YEARS, day=min(at.day, 28))
    sides = [
        select(Call.id, Call.advertiser_id, Call.publisher_id).where(column == number, Call.started_at >= since)
        for column in (Call.caller_number, Call.dialed_number)
    ]
    calls = union_all(*sides).subquery()
    counts: dict[str, int] = {}
    for party in (calls.c.advertiser_id, calls.c.publisher_id):
        rows = session.execute(select(party, func.count(calls.c.id.distinct())).where(party.is_not(None)).group_by(party)).all()
        for party_id, count in rows:
            counts[party_id] = counts.get(party_id, 0) + count
    return counts


def _find_calls_to_screen_again(session: Session, row: OptOut) -> list[str]:
    """Return the call of the request and heard calls of the number since then, the newest first."""
    heard = select(AnalysisRun.id).where(AnalysisRun.call_id == Call.id, AnalysisRun.finished_at.is_not(None)).exists()
    of_number = or_(Call.caller_number == row.number, Call.dialed_number == row.number)
    later = select(Call.id).where(of_number, Call.started_at > row.received_at, heard)
    found = list(session.scalars(later.order_by(Call.started_at.desc(), Call.id).limit(MOST_SCREENED_AGAIN)))
    return found if row.call_id is None else [row.call_id, *(each for each in found if each != row.call_id)]


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Hold a lock of the folder of the lists; the kernel frees it however the process ends."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (root / ".opt-outs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
