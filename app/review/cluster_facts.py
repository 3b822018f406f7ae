"""Where does the decision on a cluster stand? The open sample check, the checks before it, and what is still undecided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audio.clusters import members
from app.models.events import Event
from app.models.fingerprints import AudioPrintRow, SameAudioMember
from app.models.reviews import ClusterCheck, ClusterCheckCall, ClusterUndo, FindingVerdict, Review
from app.models.users import ApiToken, User
from app.review.cluster_sample import LEAST_HEARD_S, Sampled, SampleStanding, judge_sample
from app.review.in_force import ReviewInForce, reviews_in_force
from app.vocabulary import CheckOutcome, EventKind, FindingDecision, Verdict


@dataclass(frozen=True, slots=True)
class PastCheck:
    """A check that ended; ``given`` counts the reviews that it gave, ``undone_*`` are set once they were taken back."""

    id: str
    outcome: CheckOutcome
    verdict: Verdict | None
    seed: str
    call_count: int
    sample_size: int
    given: int
    ended_by_id: str
    ended_by: str
    ended_at: datetime
    undone_by: str | None
    undone_at: datetime | None
    undone_reason: str | None

    @property
    def stands(self) -> bool:
        """Whether what it decided counts."""
        return self.outcome is CheckOutcome.APPLIED and self.undone_at is None


@dataclass(frozen=True, slots=True)
class OpenCheck:
    """The check that is going on: its sample in the order to hear it, and where it stands."""

    id: str
    seed: str
    call_count: int
    opened_by_id: str
    opened_by: str
    opened_at: datetime
    sample: tuple[Sampled, ...]
    standing: SampleStanding


@dataclass(frozen=True, slots=True)
class ClusterStanding:
    """What people decided of a cluster; ``in_force`` holds the review that counts of each call that has one."""

    call_ids: tuple[str, ...]
    in_force: Mapping[str, ReviewInForce]
    check: OpenCheck | None
    past: tuple[PastCheck, ...]

    @property
    def undecided(self) -> tuple[str, ...]:
        """The calls of which nothing says what they are."""
        return tuple(call for call in self.call_ids if call not in self.in_force or not self.in_force[call].is_decided)

    @property
    def is_decided_before(self) -> bool:
        """Whether a check decided the cluster and stands: what is undecided has joined since."""
        return any(check.stands for check in self.past)


def load_cluster_standing(session: Session, cluster_id: str) -> ClusterStanding:
    """Return where the decision on a cluster stands; whoever asks must be of the network."""
    call_ids = tuple(sorted(session.scalars(members(cluster_id))))
    counts = select(reviews_in_force(members(cluster_id)))
    in_force = {row.call_id: ReviewInForce(row.review_id, row.verdict, row.check_id) for row in session.execute(counts)}
    row = session.scalar(select(ClusterCheck).where(ClusterCheck.cluster_id == cluster_id, ClusterCheck.ended_at.is_(None)))
    check = None if row is None else _load_open_check(session, row, in_force)
    return ClusterStanding(call_ids, in_force, check, _load_past(session, cluster_id))


def find_open_check(session: Session, cluster_id: str) -> OpenCheck | None:
    """Return the check that goes on in a cluster by its sample alone: what other calls were given is not looked at."""
    row = session.scalar(select(ClusterCheck).where(ClusterCheck.cluster_id == cluster_id, ClusterCheck.ended_at.is_(None)))
    return None if row is None else _load_open_check(session, row, {})


def count_undecided(session: Session, cluster_ids: Sequence[str]) -> dict[str, int]:
    """Return by cluster how many of its calls nothing decides."""
    wanted = (
        select(SameAudioMember.cluster_id, AudioPrintRow.call_id)
        .join(AudioPrintRow, AudioPrintRow.id == SameAudioMember.print_id)
        .where(SameAudioMember.cluster_id.in_(cluster_ids))
        .distinct()
        .subquery()
    )
    counts = reviews_in_force(select(wanted.c.call_id))
    # A list to look up in, and no outer join: SQLite would walk the whole of it for every call.
    decided = select(counts.c.call_id).where(counts.c.verdict != Verdict.UNDECIDED)
    undecided = select(wanted.c.cluster_id, func.count()).where(wanted.c.call_id.not_in(decided)).group_by(wanted.c.cluster_id)
    return {row[0]: row[1] for row in session.execute(undecided)}


def load_name(session: Session, reviewer_id: str) -> str:
    """Return the name of a person or program."""
    user, token = session.get(User, reviewer_id), session.get(ApiToken, reviewer_id)
    return user.name if user else token.name if token else reviewer_id


def _load_open_check(session: Session, row: ClusterCheck, in_force: Mapping[str, ReviewInForce]) -> OpenCheck:
    sample = _load_sample(session, row)
    drawn = {call.call_id for call in sample}
    known = {call_id: review.verdict for call_id, review in in_force.items() if call_id not in drawn}
    return OpenCheck(
        id=row.id,
        seed=row.seed,
        call_count=row.call_count,
        opened_by_id=row.opened_by,
        opened_by=load_name(session, row.opened_by),
        opened_at=row.opened_at,
        sample=sample,
        standing=judge_sample(sample, known),
    )


def _load_sample(session: Session, row: ClusterCheck) -> tuple[Sampled, ...]:
    drawn = (
        select(ClusterCheckCall.call_id)
        .where(ClusterCheckCall.check_id == row.id, ClusterCheckCall.place.is_not(None))
        .order_by(ClusterCheckCall.place)
    )
    call_ids = session.scalars(drawn).all()
    reviews = _load_own_reviews(session, call_ids, row.opened_at)
    decisions = _load_decisions(session, [review.id for review in reviews.values()])
    played = _load_played(session, call_ids)
    shared = _load_shared(session, row.cluster_id, call_ids)
    sample = []
    for call_id in call_ids:
        review = reviews.get(call_id)
        sample.append(
            Sampled(
                call_id=call_id,
                verdict=review.verdict if review else None,
                decisions=decisions.get(review.id, {}) if review else {},
                heard_s=review.heard_s if review else 0.0,
                was_played=review is not None and (call_id, review.reviewer_id) in played,
                needed_s=min(LEAST_HEARD_S, shared.get(call_id, LEAST_HEARD_S)),
            )
        )
    return tuple(sample)


def _load_own_reviews(session: Session, call_ids: Sequence[str], since: datetime) -> dict[str, Review]:
    """Return the newest review of each call since a moment; none of the sample was given one by a check meanwhile."""
    rows = session.scalars(
        select(Review)
        .outerjoin(ClusterCheckCall, ClusterCheckCall.review_id == Review.id)
        .where(Review.call_id.in_(call_ids), Review.decided_at >= since, ClusterCheckCall.review_id.is_(None))
        .order_by(Review.decided_at, Review.id)
    )
    return {review.call_id: review for review in rows}


def _load_decisions(session: Session, review_ids: Sequence[str]) -> dict[str, dict[str, FindingDecision]]:
    rows = session.execute(
        select(FindingVerdict.review_id, FindingVerdict.rule, FindingVerdict.decision).where(
            FindingVerdict.review_id.in_(review_ids)
        )
    )
    found: dict[str, dict[str, FindingDecision]] = {}
    for review_id, rule, decision in rows:
        found.setdefault(review_id or "", {})[rule] = decision
    return found


def _load_played(session: Session, call_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Return who played which call's recording, as the audit trail tells it: (call id, person's id)."""
    rows = session.execute(
        select(Event.subject_id, Event.actor).where(
            Event.subject_type == "call", Event.subject_id.in_(call_ids), Event.kind == EventKind.RECORDING_HEARD
        )
    )
    return {(call_id, actor.partition(":")[2]) for call_id, actor in rows}


def _load_shared(session: Session, cluster_id: str, call_ids: Sequence[str]) -> dict[str, float]:
    """Return how many seconds each call shares with the one that it was matched to."""
    rows = session.execute(
        select(AudioPrintRow.call_id, func.max(SameAudioMember.matched_s))
        .join(SameAudioMember, SameAudioMember.print_id == AudioPrintRow.id)
        .where(SameAudioMember.cluster_id == cluster_id, AudioPrintRow.call_id.in_(call_ids))
        .group_by(AudioPrintRow.call_id)
    )
    return {call_id: shared for call_id, shared in rows if shared is not None}


def _load_past(session: Session, cluster_id: str) -> tuple[PastCheck, ...]:
    given = (
        select(func.count())
        .select_from(ClusterCheckCall)
        .where(ClusterCheckCall.check_id == ClusterCheck.id, ClusterCheckCall.review_id.is_not(None))
        .scalar_subquery()
    )
    rows = session.execute(
        select(ClusterCheck, ClusterUndo, given.label("given"))
        .outerjoin(ClusterUndo, ClusterUndo.check_id == ClusterCheck.id)
        .where(ClusterCheck.cluster_id == cluster_id, ClusterCheck.ended_at.is_not(None))
        .order_by(ClusterCheck.ended_at.desc(), ClusterCheck.id.desc())
    )
    return tuple(_past(session, check, undo, count) for check, undo, count in rows)


def _past(session: Session, check: ClusterCheck, undo: ClusterUndo | None, given: int) -> PastCheck:
    if check.outcome is None or check.ended_at is None or check.ended_by is None:
        raise ValueError(f"check {check.id} has not ended")
    return PastCheck(
        id=check.id,
        outcome=check.outcome,
        verdict=check.verdict,
        seed=check.seed,
        call_count=check.call_count,
        sample_size=check.sample_size,
        given=given,
        ended_by_id=check.ended_by,
        ended_by=load_name(session, check.ended_by),
        ended_at=check.ended_at,
        undone_by=load_name(session, undo.undone_by) if undo else None,
        undone_at=undo.undone_at if undo else None,
        undone_reason=undo.reason if undo else None,
    )
