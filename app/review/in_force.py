"""Which review of a call counts? A person's own before what a sample check of a cluster gave; among equals the newest.

What a check gave and somebody took back counts no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Subquery, case, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models.reviews import ClusterCheckCall, ClusterUndo, Review
from app.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class ReviewInForce:
    """The review of a call that counts; ``check_id`` names the sample check that gave it, None for a person's own."""

    review_id: str
    verdict: Verdict
    check_id: str | None

    @property
    def is_decided(self) -> bool:
        """Whether it says what the call is."""
        return self.verdict is not Verdict.UNDECIDED


def reviews_in_force(calls: Select[str] | None = None) -> Subquery:
    """Return the reviews that count as a table: call_id, review_id, verdict, check_id; of some calls, or of all."""
    place = func.row_number().over(
        partition_by=Review.call_id,
        order_by=(case((ClusterCheckCall.review_id.is_(None), 0), else_=1), Review.decided_at.desc(), Review.id.desc()),
    )
    ranked = (
        select(
            Review.call_id,
            Review.id.label("review_id"),
            Review.verdict,
            ClusterCheckCall.check_id,
            place.label("place"),
        )
        .outerjoin(ClusterCheckCall, ClusterCheckCall.review_id == Review.id)
        .outerjoin(ClusterUndo, ClusterUndo.check_id == ClusterCheckCall.check_id)
        .where(ClusterUndo.check_id.is_(None))
    )
    if calls is not None:
        ranked = ranked.where(Review.call_id.in_(calls))
    placed = ranked.subquery()
    columns = (placed.c.call_id, placed.c.review_id, placed.c.verdict, placed.c.check_id)
    return select(*columns).where(placed.c.place == 1).subquery()


def load_reviews_in_force(session: Session, call_ids: Sequence[str]) -> dict[str, ReviewInForce]:
    """Return the review that counts of each call that has one."""
    counts = reviews_in_force(select(Review.call_id).where(Review.call_id.in_(call_ids)))
    return {row.call_id: ReviewInForce(row.review_id, row.verdict, row.check_id) for row in session.execute(select(counts))}


def is_reviewed(call_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that a call has a review that counts."""
    taken_back = exists().where(ClusterCheckCall.review_id == Review.id, ClusterUndo.check_id == ClusterCheckCall.check_id)
    return exists().where(Review.call_id == call_id, ~taken_back)
