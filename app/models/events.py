"""What happened, in order, unalterable: the audit trail; and what still has to be told to the queue."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import EventKind, JobName, QueueName

OPEN = text("done_at IS NULL AND failed_at IS NULL")


class Event(Base):
    """One fact of the audit trail; its hash covers its content and the hash before it. Triggers forbid change."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_subject", "subject_type", "subject_id", "seq"),)

    seq: Mapped[int] = mapped_column(WideInteger, primary_key=True, autoincrement=False, comment="1, 2, 3... without gaps")
    kind: Mapped[EventKind] = mapped_column(Term(EventKind))
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text, comment="user:<id>, token:<id>, worker, cli, system")
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    previous_hash: Mapped[str] = mapped_column(Text, comment="hash of the event before, or 64 zeros")
    hash: Mapped[str] = mapped_column(Text, unique=True, comment="SHA-256, hex")


class Job(Base):
    """Work that must be done because of an event: written with it, handed to the queue after commit, done once.

    The row, not the queue, knows what is to be done. A worker holds a job by a lease that it renews; a job whose lease
    ran out is taken by another worker. A job ends once: done or failed, never both.
    """

    __tablename__ = "job"
    __table_args__ = (
        one_of("queue", QueueName),
        one_of("name", JobName),
        CheckConstraint("NOT (done_at IS NOT NULL AND failed_at IS NOT NULL)", name="ends_once"),
        CheckConstraint("(claimed_by IS NULL) = (lease_expires_at IS NULL)", name="claim_has_lease"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        # The same work is asked for once at a time; asking again while it is open changes nothing.
        Index("uq_job_open", "name", "subject_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_job_open_since", "created_at", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_job_failed", "failed_at", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    event_seq: Mapped[int] = mapped_column(ForeignKey("event.seq"))
    queue: Mapped[QueueName] = mapped_column(Term(QueueName))
    name: Mapped[JobName] = mapped_column(Term(JobName))
    subject_id: Mapped[str] = mapped_column(Text)
    timeout_s: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)
    relayed_at: Mapped[datetime | None] = mapped_column(Moment, comment="when the queue last got it")
    not_before: Mapped[datetime | None] = mapped_column(Moment, comment="a failed attempt is tried again from then on")
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[datetime | None] = mapped_column(Moment)
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
