"""One decision for the calls of a cluster: open a sample check, apply what the sample says to the rest, take it back.

Each step holds the cluster's row, so that of two people at once one gets it and the other is told. What is applied is one
review for each call, in one transaction with one event; a person's own review of a call always counts before it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from app.access.identity import Identity, Permission
from app.audio.clusters import load_cluster
from app.compliance.finding import FLAGGED
from app.errors import Conflict, Forbidden, InvalidInput, InvalidTransition, NotFound
from app.models.fingerprints import SameAudioCluster
from app.models.reviews import ClusterCheck, ClusterCheckCall, ClusterUndo, FindingVerdict, Review
from app.models.screening import CurrentScreening, Finding
from app.ports import JobRequest
from app.review.cluster_facts import ClusterStanding, OpenCheck, load_cluster_standing, load_name
from app.review.cluster_sample import choose_decisions, draw_sample, find_sample_size
from app.review.queue.entries import leave_queue
from app.unit_of_work import Work
from app.vocabulary import CheckOutcome, EventKind, FindingDecision, JobName, QueueName, Verdict

LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class Applied:
    """What a check came to: its verdict and how many calls it gave a review."""

    check_id: str
    verdict: Verdict
    given: int


@dataclass(frozen=True, slots=True)
class _ToDecide:
    """A call of the rest: the screening that its review speaks of and its findings, rule to id."""

    call_id: str
    screening_id: str | None
    findings: Mapping[str, str]


def open_check(work: Work, identity: Identity, cluster_id: str) -> str:
    """Draw a sample of the cluster's undecided calls and return the check's id; the same person gets the open one again.

    A check that was given up is drawn again with the same seed: nobody can draw until the sample suits.

    Raises
    ------
    NotFound
        If there is no such cluster.
    Conflict
        If somebody else has a check open (``check_open``), or nothing is undecided (``nothing_undecided``).
    """
    load_cluster(work.session, cluster_id, identity)
    _hold(work.session, cluster_id)
    standing = load_cluster_standing(work.session, cluster_id)
    me = _id_of(identity)
    if standing.check is not None:
        if standing.check.opened_by_id == me:
            return standing.check.id
        raise Conflict(
            f"{standing.check.opened_by} opened a sample check of this cluster at {standing.check.opened_at:%Y-%m-%d %H:%M}"
            " UTC; decide its calls together, or wait until it ends",
            code="check_open",
            check_id=standing.check.id,
        )
    calls = standing.undecided
    if not calls:
        raise Conflict("every call of this cluster is decided; there is nothing to check", code="nothing_undecided")
    check_id = work.new_id()
    given_up = standing.past and standing.past[0].outcome is CheckOutcome.GIVEN_UP
    seed = standing.past[0].seed if given_up else work.new_id()
    sample = draw_sample(seed, calls, find_sample_size(len(calls)))
    work.session.add(
        ClusterCheck(
            id=check_id, cluster_id=cluster_id, seed=seed, call_count=len(calls), sample_size=len(sample), opened_by=me,
            opened_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    places = {call_id: place for place, call_id in enumerate(sample, 1)}
    rows = [{"check_id": check_id, "call_id": call_id, "place": places.get(call_id), "review_id": None} for call_id in calls]
    work.session.execute(insert(ClusterCheckCall), rows)
    work.publish(
        EventKind.CLUSTER_CHECK_OPENED,
        ("cluster", cluster_id),
        {"check_id": check_id, "seed": seed, "calls": len(calls), "sample": list(sample)},
    )
    return check_id


def apply_check(work: Work, identity: Identity, check_id: str) -> Applied:
    """Give the rest of the check's calls what its sample was given; done before, nothing happens again.

    Raises
    ------
    NotFound
        If there is no such check.
    InvalidTransition
        If it was given up (``check_given_up``), or the sample is not heard, not decided or does not agree
        (``sample_not_ready``).
    """
    row = _hold_check(work.session, identity, check_id)
    if row.outcome is CheckOutcome.GIVEN_UP:
        raise InvalidTransition("this check was given up; open a new one", code="check_given_up", check_id=check_id)
    standing = load_cluster_standing(work.session, row.cluster_id)
    if row.outcome is CheckOutcome.APPLIED and row.verdict is not None:
        given = next(check.given for check in standing.past if check.id == check_id)
        return Applied(check_id, row.verdict, given)
    check = standing.check
    if check is None or check.standing.verdict is None or not check.standing.may_apply:
        raise InvalidTransition(_say_why_not(check), code="sample_not_ready", check_id=check_id)
    verdict = check.standing.verdict
    rest = _load_rest(work.session, check_id, standing)
    decisions = choose_decisions(check.sample, _count_findings(work.session, check, rest))
    note = (
        f"Decided with cluster {row.cluster_id} by a sample of {row.sample_size} of {row.call_count} calls, seed {row.seed},"
        f" check {check_id}."
    )
    _give(work, identity, check_id, rest, verdict, decisions, note)
    leave_queue(work, [call.call_id for call in rest])
    row.outcome, row.ended_at, row.ended_by, row.verdict = CheckOutcome.APPLIED, work.now, _id_of(identity), verdict
    work.session.flush()
    work.publish(
        EventKind.CLUSTER_DECIDED,
        ("cluster", row.cluster_id),
        {
            "check_id": check_id,
            "verdict": str(verdict),
            "findings": {rule: str(decision) for rule, decision in sorted(decisions.items())},
            "sample": row.sample_size,
            "calls": row.call_count,
            "given": len(rest),
            "given_sha256": sha256("\n".join(sorted(call.call_id for call in rest)).encode()).hexdigest(),
        },
    )
    return Applied(check_id, verdict, len(rest))


def give_up_check(work: Work, identity: Identity, check_id: str) -> None:
    """End a check without a decision; the reviews of its sample stay what they are.

    Raises
    ------
    NotFound, Forbidden, InvalidTransition
        If there is no such check; it is somebody else's, and the one who asks leads nobody; or it was applied.
    """
    row = _hold_check(work.session, identity, check_id)
    if row.outcome is CheckOutcome.GIVEN_UP:
        return
    if row.outcome is not None:
        raise InvalidTransition("this check was applied; undo it instead", code="check_applied", check_id=check_id)
    _check_right(work.session, identity, row.opened_by, "end")
    row.outcome, row.ended_at, row.ended_by = CheckOutcome.GIVEN_UP, work.now, _id_of(identity)
    work.publish(EventKind.CLUSTER_CHECK_GIVEN_UP, ("cluster", row.cluster_id), {"check_id": check_id})


def undo_check(work: Work, identity: Identity, check_id: str, reason: str) -> None:
    """Take back what a check applied: its reviews count no more; done before, nothing happens again.

    Raises
    ------
    InvalidInput
        If no reason is given, or one of more than 2,000 characters.
    NotFound, Forbidden, InvalidTransition
        If there is no such check; it is somebody else's, and the one who asks leads nobody; or it was not applied.
    """
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise InvalidInput(f"say why, in at most {LONGEST_REASON:,} characters; got {len(reason.strip()):,}", field="reason")
    row = _hold_check(work.session, identity, check_id)
    if row.outcome is not CheckOutcome.APPLIED:
        raise InvalidTransition("only a check that was applied can be undone", code="check_not_applied", check_id=check_id)
    if work.session.get(ClusterUndo, check_id) is not None:
        return
    _check_right(work.session, identity, row.ended_by or row.opened_by, "undo")
    work.session.add(
        ClusterUndo(check_id=check_id, undone_by=_id_of(identity), undone_at=work.now, reason=reason.strip())
    )  # fmt: skip
    work.session.flush()
    # Their calls wait for a reviewer again: the job that screens a call also finds its place in the queue.
    given = select(ClusterCheckCall.call_id).where(
        ClusterCheckCall.check_id == check_id, ClusterCheckCall.review_id.is_not(None)
    )
    jobs = tuple(JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id) for call_id in work.session.scalars(given))
    facts = {"check_id": check_id, "reason": reason.strip()}
    work.publish(EventKind.CLUSTER_UNDONE, ("cluster", row.cluster_id), facts, jobs=jobs)


def _hold(session: Session, cluster_id: str) -> None:
    """Hold the cluster until the transaction ends: checks of it are opened and ended one after another."""
    session.execute(select(SameAudioCluster.id).where(SameAudioCluster.id == cluster_id).with_for_update())


def _hold_check(session: Session, identity: Identity, check_id: str) -> ClusterCheck:
    cluster_id = session.scalar(select(ClusterCheck.cluster_id).where(ClusterCheck.id == check_id))
    if cluster_id is None:
        raise NotFound(f"there is no check {check_id}", check_id=check_id)
    load_cluster(session, cluster_id, identity)
    _hold(session, cluster_id)
    held = select(ClusterCheck).where(ClusterCheck.id == check_id)
    return session.scalars(held.execution_options(populate_existing=True)).one()


def _check_right(session: Session, identity: Identity, owner_id: str, what: str) -> None:
    if owner_id != _id_of(identity) and not identity.may(Permission.REVIEW_LEAD):
        owner = load_name(session, owner_id)
        raise Forbidden(f"this check is {owner}'s; {owner} or a team lead can {what} it", code="not_your_check")


def _say_why_not(check: OpenCheck | None) -> str:
    if check is None:
        return "this check is not open"
    standing = check.standing
    reasons = list(standing.objections)
    if standing.waiting:
        reasons.append(f"{len(standing.waiting)} of {len(check.sample)} calls of the sample have no verdict yet.")
    if standing.unheard:
        reasons.append(
            f"{len(standing.unheard)} calls of the sample were judged without being heard; play them and decide again."
        )
    return "The rest cannot be decided with this sample. " + " ".join(reasons)


def _load_rest(session: Session, check_id: str, standing: ClusterStanding) -> list[_ToDecide]:
    """Return the calls that were not drawn and that nobody reviewed; where a person was in doubt, a person must hear."""
    rows = session.execute(
        select(ClusterCheckCall.call_id, CurrentScreening.screening_id, Finding.rule, Finding.id)
        .outerjoin(CurrentScreening, CurrentScreening.call_id == ClusterCheckCall.call_id)
        .outerjoin(Finding, and_(Finding.screening_id == CurrentScreening.screening_id, Finding.outcome.in_(FLAGGED)))
        .where(ClusterCheckCall.check_id == check_id, ClusterCheckCall.place.is_(None))
        .order_by(ClusterCheckCall.call_id)
    )
    found: dict[str, tuple[str | None, dict[str, str]]] = {}
    for call_id, screening_id, rule, finding_id in rows:
        if call_id not in standing.in_force:
            findings = found.setdefault(call_id, (screening_id, {}))[1]
            if rule is not None:
                findings[rule] = finding_id
    return [_ToDecide(call_id, screening_id, findings) for call_id, (screening_id, findings) in found.items()]


def _count_findings(session: Session, check: OpenCheck, rest: Sequence[_ToDecide]) -> Counter[str]:
    """Return by rule how many calls of the check, sampled ones included, have its finding."""
    drawn = session.scalars(
        select(Finding.rule)
        .join(CurrentScreening, CurrentScreening.screening_id == Finding.screening_id)
        .where(CurrentScreening.call_id.in_([call.call_id for call in check.sample]), Finding.outcome.in_(FLAGGED))
    )
    return Counter([*drawn, *(rule for call in rest for rule in call.findings)])


def _give(
    work: Work,
    identity: Identity,
    check_id: str,
    rest: Sequence[_ToDecide],
    verdict: Verdict,
    decisions: Mapping[str, FindingDecision],
    note: str,
) -> None:
    if not rest:
        return
    ids = {call.call_id: work.new_id() for call in rest}
    work.session.execute(
        insert(Review),
        [
            {
                "id": ids[call.call_id],
                "call_id": call.call_id,
                "screening_id": call.screening_id,
                "reviewer_id": _id_of(identity),
                "verdict": verdict,
                "notes": note,
                "heard_s": 0.0,
                "decided_at": work.now,
            }
            for call in rest
        ],
    )
    votes = [
        {
            "id": work.new_id(),
            "finding_id": finding_id,
            "call_id": call.call_id,
            "rule": rule,
            "review_id": ids[call.call_id],
            "decision": decisions[rule],
            "reason": note,
            "decided_by": _id_of(identity),
            "decided_at": work.now,
        }
        for call in rest
        for rule, finding_id in call.findings.items()
        if rule in decisions
    ]
    if votes:
        work.session.execute(insert(FindingVerdict), votes)
    work.session.execute(
        update(ClusterCheckCall), [{"check_id": check_id, "call_id": call, "review_id": review} for call, review in ids.items()]
    )


def _id_of(identity: Identity) -> str:
    return identity.actor.partition(":")[2]
