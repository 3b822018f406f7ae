"""Which files, folders and uploads brought calls in, and how many of their items were refused?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.calls import Call, IntakeBatch, IntakeRejection

SHOWN = 20


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One batch with its counts."""

    id: str
    sender: str
    name: str
    started_at: datetime
    call_count: int
    open_rejections: int


def list_batches(session: Session) -> Sequence[BatchLine]:
    """Return the newest batches."""
    batches = session.scalars(select(IntakeBatch).order_by(IntakeBatch.id.desc()).limit(SHOWN)).all()
    ids = [batch.id for batch in batches]
    calls = _count(session, select(Call.batch_id, func.count()).where(Call.batch_id.in_(ids)).group_by(Call.batch_id))
    refused = select(IntakeRejection.batch_id, func.count()).where(
        IntakeRejection.batch_id.in_(ids), IntakeRejection.resolved_at.is_(None)
    )
    rejections = _count(session, refused.group_by(IntakeRejection.batch_id))
    return [
        BatchLine(b.id, b.sender, b.name, b.started_at, calls.get(b.id, 0), rejections.get(b.id, 0)) for b in batches
    ]  # fmt: skip


def _count(session: Session, statement: object) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(statement)}  # type: ignore[call-overload]
