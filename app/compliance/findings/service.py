"""What did a person say of one finding, and does it still hold? Records decisions by themselves, and replays."""

from __future__ import annotations

from dataclasses import dataclass

from app.access.identity import Identity
from app.compliance.editions.judges import judge_in_force, judge_that_made
from app.compliance.findings.dossier import get_finding
from app.compliance.opt_outs.service import judge_by_finding
from app.compliance.replay import Replay, replay_call
from app.errors import InvalidInput, InvalidTransition
from app.models.reviews import FindingVerdict
from app.models.screening import CurrentScreening, Screening
from app.unit_of_work import Work
from app.vocabulary import EventKind, FindingDecision

LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class FindingReplay:
    """What the edition that made a screening says today of the same facts, and what the edition in force says.

    ``by_maker`` is None where the edition that made it is not kept.
    """

    rule: str
    by_maker: Replay | None
    in_force: Replay


def decide_finding(work: Work, identity: Identity, finding_id: str, decision: FindingDecision, reason: str = "") -> str:
    """Record what a person says of one finding outside a review, and return the decision's id; nothing is replaced.

    Raises
    ------
    NotFound
        If there is no such finding, or it is out of reach.
    InvalidTransition
        If the call was screened again since: the finding that counts is another.
    InvalidInput
        If a refusal or a call for evidence comes without a reason, or the reason is too long.
    """
    finding = get_finding(work.session, identity, finding_id)
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"reason: expected at most {LONGEST_REASON:,} characters, got {len(reason):,}", field="reason")
    if decision is not FindingDecision.AGREE and not reason.strip():
        raise InvalidInput("say why: a finding that is refused or needs evidence is decided with a reason", field="reason")
    in_force = work.session.get(CurrentScreening, finding.call_id)
    if in_force is None or in_force.screening_id != finding.screening_id:
        raise InvalidTransition("the call was screened again since; decide about what the newest screening found")
    verdict_id = work.new_id()
    work.session.add(
        FindingVerdict(
            id=verdict_id,
            finding_id=finding.id,
            call_id=finding.call_id,
            rule=finding.rule,
            review_id=None,
            decision=decision,
            reason=reason.strip(),
            decided_by=identity.actor.partition(":")[2],
            decided_at=work.now,
        )
    )
    work.session.flush()
    judge_by_finding(work, finding.call_id, finding.rule, decision, reason)
    facts = {"call_id": finding.call_id, "rule": finding.rule, "decision": str(decision), "verdict_id": verdict_id}
    work.publish(EventKind.FINDING_DECIDED, ("finding", finding.id), facts)
    return verdict_id


def replay_finding(work: Work, identity: Identity, finding_id: str) -> FindingReplay:
    """Judge the finding's call again from the facts that were kept, by the edition that made it and by the one in force.

    Raises
    ------
    NotFound
        If there is no such finding, or it is out of reach.
    InvalidTransition
        If the screening was made before facts were kept.
    """
    finding = get_finding(work.session, identity, finding_id)
    versions = work.session.get_one(Screening, finding.screening_id).versions
    maker, today = judge_that_made(work.session, versions), judge_in_force(work.session)
    in_force = replay_call(work.session, finding.call_id, today, screening_id=finding.screening_id)
    by_maker: Replay | None = in_force
    if maker is not today:
        by_maker = replay_call(work.session, finding.call_id, maker, screening_id=finding.screening_id) if maker else None
    facts = {
        "finding_id": finding.id,
        "screening_id": finding.screening_id,
        "same": by_maker.is_same if by_maker else None,
        "same_in_force": in_force.is_same,
    }
    work.publish(EventKind.CALL_REPLAYED, ("call", finding.call_id), facts)
    return FindingReplay(finding.rule, by_maker, in_force)
