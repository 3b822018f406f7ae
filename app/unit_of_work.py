"""Who commits? Only this module: one session, one commit, then its jobs are relayed.

Services get a :class:`Work` and never commit. Reading goes through :meth:`UnitOfWork.read`, which on SQLite does not wait for
writers.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.jobs import find_due, mark_relayed
from app.outbox import publish
from app.ports import Clock, IdSource, JobQueue, JobRequest
from app.vocabulary import EventKind

log = structlog.get_logger()


@dataclass(slots=True)
class Work:
    """One transaction in progress: its session, its moment, who acts, and the way to publish what happened."""

    session: Session
    now: datetime
    actor: str
    ids: IdSource
    _has_jobs: bool = field(default=False)

    def new_id(self) -> str:
        """Return a new identifier."""
        return self.ids.new_id()

    def publish(
        self,
        kind: EventKind,
        subject: tuple[str, str],
        payload: Mapping[str, Any] | None = None,
        *,
        jobs: tuple[JobRequest, ...] = (),
    ) -> None:
        """Append to the audit trail what this transaction did, with the jobs that follow from it."""
        numbered = [(self.new_id(), request) for request in jobs]
        publish(
            self.session, kind, at=self.now, actor=self.actor, subject=subject, payload=payload or {}, jobs=numbered
        )  # fmt: skip
        self._has_jobs = self._has_jobs or bool(jobs)

    @property
    def has_jobs(self) -> bool:
        """Whether something waits to be relayed."""
        return self._has_jobs


class UnitOfWork:
    """Opens transactions; the one commit site of the product."""

    def __init__(self, engine: Engine, clock: Clock, ids: IdSource, queue: JobQueue) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._queue = queue

    @contextmanager
    def begin(self, actor: str) -> Iterator[Work]:
        """Open a transaction that is committed when the block ends, and rolled back when it raises.

        After the commit its jobs are handed to the queue. When the queue cannot be reached the change stands all the same, and
        the scheduler relays later.
        """
        with Session(self._engine, expire_on_commit=False) as session:
            work = Work(session, self._clock.now(), actor, self._ids)
            with session.begin():
                yield work
        if work.has_jobs:
            self.relay()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading; what is changed in it is thrown away."""
        connection = self._engine.connect().execution_options(readonly=True)
        with connection, Session(connection, autoflush=False, expire_on_commit=False) as session:
            yield session

    def relay(self) -> int:
        """Hand due jobs to the queue; return how many it did not know yet. An unreachable queue is logged, not raised.

        No transaction is open while the queue is spoken to. A process that dies between handing over and noting it
        leads to a second hand-over, which the queue refuses.
        """
        now = self._clock.now()
        with self.read() as session:
            due = find_due(session, now)
        handed: list[str] = []
        accepted = 0
        try:
            for job_id, request in due:
                accepted += self._queue.submit(request)
                handed.append(job_id)
        except ConnectionError as error:
            log.warning("queue unreachable, jobs stay in the database", error=str(error))
        if handed:
            with Session(self._engine) as session, session.begin():
                mark_relayed(session, handed, now)
        return accepted
