"""What did people say of findings? Of a call and rule one decision counts, whichever screening it was about.

A person's own counts before what a sample check of a cluster gave; among equals the newest. What a check gave and somebody took
back counts no more. This is the order in which reviews count too (:mod:`app.review.in_force`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, Select, Subquery, case, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.models.reviews import ClusterCheckCall, ClusterUndo, FindingVerdict
from app.models.screening import Finding
from app.vocabulary import FindingDecision

ASKED_AT_ONCE = 1_000
"""Ids in one statement; databases bound how many they take."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a rule on a call; ``review_id`` None: by itself; ``check_id``: the sample check that gave it."""

    id: str
    finding_id: str
    call_id: str
    rule: str
    decision: FindingDecision
    reason: str
    decided_by: str
    decided_at: datetime
    review_id: str | None
    check_id: str | None

    @property
    def is_by_itself(self) -> bool:
        """Tell whether it was decided outside a review."""
        return self.review_id is None


def decisions_in_force(calls: Select[str] | None = None) -> Subquery:
    """Return the decisions that count as a table of the columns of :class:`Decision`; of some calls, or of all."""
    place = func.row_number().over(
        partition_by=(FindingVerdict.call_id, FindingVerdict.rule),
        order_by=(
            case((ClusterCheckCall.check_id.is_(None), 0), else_=1),
            FindingVerdict.decided_at.desc(),
            FindingVerdict.id.desc(),
        ),
    )
    ranked = (
        select(
            FindingVerdict.id, FindingVerdict.finding_id, FindingVerdict.call_id, FindingVerdict.rule,
            FindingVerdict.decision, FindingVerdict.reason, FindingVerdict.decided_by, FindingVerdict.decided_at,
            FindingVerdict.review_id, ClusterCheckCall.check_id, place.label("place"),
        )
        .outerjoin(ClusterCheckCall, ClusterCheckCall.review_id == FindingVerdict.review_id)
        .outerjoin(ClusterUndo, ClusterUndo.check_id == ClusterCheckCall.check_id)
        .where(ClusterUndo.check_id.is_(None))
    )  # fmt: skip
    if calls is not None:
        ranked = ranked.where(FindingVerdict.call_id.in_(calls))
    placed = ranked.subquery()
    columns = [column for column in placed.c if column.name != "place"]
    return select(*columns).where(placed.c.place == 1).subquery()


def load_decisions(session: Session, call_ids: Iterable[str]) -> dict[Key, Decision]:
    """Return the decision that counts by (call id, rule), of those calls in which anybody decided."""
    found: dict[Key, Decision] = {}
    for ids in _in_parts(call_ids):
        counts = decisions_in_force(select(FindingVerdict.call_id).where(FindingVerdict.call_id.in_(ids)))
        for row in session.execute(select(counts)):
            found[(row.call_id, row.rule)] = Decision(*row)
    return found


def load_decisions_of_findings(session: Session, finding_ids: Iterable[str]) -> dict[str, Decision]:
    """Return the decision that counts by finding id; it may have been about the same rule in an earlier screening."""
    found: dict[str, Decision] = {}
    for ids in _in_parts(finding_ids):
        asked = {row.id: (row.call_id, row.rule) for row in session.execute(_keys_of(ids))}
        counts = load_decisions(session, {call_id for call_id, _ in asked.values()})
        found |= {finding_id: counts[key] for finding_id, key in asked.items() if key in counts}
    return found


def is_decided(call_id: InstrumentedAttribute[str], rule: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that somebody decided about a rule on a call, and it was not taken back."""
    said, taken_back = aliased(FindingVerdict), aliased(ClusterUndo)
    is_taken_back = exists().where(
        ClusterCheckCall.review_id == said.review_id, taken_back.check_id == ClusterCheckCall.check_id
    )
    return exists().where(said.call_id == call_id, said.rule == rule, ~is_taken_back)


def decision_of(call_id: InstrumentedAttribute[str], rule: InstrumentedAttribute[str]) -> ScalarSelect[FindingDecision]:
    """Return the decision that counts about a rule on a call, as a value for conditions; null where nobody decided."""
    said, given, undone = aliased(FindingVerdict), aliased(ClusterCheckCall), aliased(ClusterUndo)
    return (
        select(said.decision)
        .outerjoin(given, given.review_id == said.review_id)
        .outerjoin(undone, undone.check_id == given.check_id)
        .where(said.call_id == call_id, said.rule == rule, undone.check_id.is_(None))
        .order_by(case((given.check_id.is_(None), 0), else_=1), said.decided_at.desc(), said.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _keys_of(ids: Sequence[str]) -> Select[str, str, str]:
    return select(Finding.id, Finding.call_id, Finding.rule).where(Finding.id.in_(ids))


def _in_parts(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    ordered = tuple(sorted(set(ids)))
    for first in range(0, len(ordered), ASKED_AT_ONCE):
        yield ordered[first : first + ASKED_AT_ONCE]
