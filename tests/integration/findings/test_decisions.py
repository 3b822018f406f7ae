"""Which decision on a finding counts, on real databases."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.compliance.findings.decisions import is_decided, load_decisions, load_decisions_of_findings
from app.models.calls import Call
from app.models.fingerprints import SameAudioCluster
from app.models.reviews import ClusterCheck, ClusterCheckCall, ClusterUndo, FindingVerdict, Review
from app.models.screening import Finding
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import CheckOutcome, FindingDecision, Verdict
from tests.factories import calls as make
from tests.fakes import MemoryBlobStore, SequentialIds

IDS = SequentialIds(7000)


@dataclass
class Case:
    """A call with two findings."""

    call: Call
    findings: list[Finding]


@pytest.fixture
def case(uow: UnitOfWork) -> Case:
    """A call that was heard and screened, with two findings."""
    with uow.begin("test") as work:
        world = make.make_world(work.session, IDS, work.now)
        call = make.make_call(work.session, IDS, work.now, world)
        recording = make.make_recording(work.session, IDS, work.now, call)
        run = make.make_analysis(work.session, IDS, work.now, recording, MemoryBlobStore())
        make.make_screening(work.session, IDS, work.now, run, hits=make.usual_hits())
        findings = work.session.scalars(select(Finding).where(Finding.call_id == call.id).order_by(Finding.rule)).all()
        return Case(call, list(findings))


def say(
    work: Work, finding: Finding, decision: FindingDecision, *, minutes: int = 0, review_id: str | None = None
) -> FindingVerdict:
    row = FindingVerdict(
        id=work.new_id(), finding_id=finding.id, call_id=finding.call_id, rule=finding.rule, review_id=review_id,
        decision=decision, reason="", decided_by="DANA", decided_at=work.now + timedelta(minutes=minutes),
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    return row


def check(work: Work, case: Case, decision: FindingDecision, *, minutes: int) -> str:
    """Let a sample check of a cluster give the call a review with a decision; return the check's id."""
    session, now = work.session, work.now
    cluster = SameAudioCluster(id=work.new_id(), made_at=now)
    session.add(cluster)
    session.flush()
    made = ClusterCheck(
        id=work.new_id(), cluster_id=cluster.id, seed="s", call_count=1, sample_size=1, opened_by="LEAD", opened_at=now,
        ended_by="LEAD", ended_at=now, outcome=CheckOutcome.APPLIED, verdict=Verdict.GOOD,
    )  # fmt: skip
    review = Review(id=work.new_id(), call_id=case.call.id, reviewer_id="LEAD", verdict=Verdict.GOOD, notes="", decided_at=now)
    session.add_all([made, review])
    session.flush()
    session.add(ClusterCheckCall(check_id=made.id, call_id=case.call.id, review_id=review.id))
    say(work, case.findings[0], decision, minutes=minutes, review_id=review.id)
    return made.id


def decisions(uow: UnitOfWork, case: Case) -> dict[str, str]:
    with uow.read() as session:
        found = load_decisions(session, [case.call.id])
        by_finding = load_decisions_of_findings(session, [finding.id for finding in case.findings])
    assert {d.id for d in found.values()} == {d.id for d in by_finding.values()}
    return {rule: str(decision.decision) for (_, rule), decision in found.items()}


def test_nothing_is_decided_until_somebody_decides(uow: UnitOfWork, case: Case) -> None:
    assert decisions(uow, case) == {}
    with uow.read() as session:
        assert load_decisions(session, []) == {}


def test_the_newest_decision_of_a_call_and_rule_counts(uow: UnitOfWork, case: Case) -> None:
    first, second = case.findings
    with uow.begin("user:DANA") as work:
        say(work, first, FindingDecision.AGREE, minutes=5)
        say(work, first, FindingDecision.REFUSE, minutes=1)
        say(work, second, FindingDecision.NEEDS_EVIDENCE)
    assert decisions(uow, case) == {first.rule: "agree", second.rule: "needs_evidence"}


def test_a_decision_is_kept_when_the_call_is_screened_again(uow: UnitOfWork, case: Case) -> None:
    old = case.findings[0]
    with uow.begin("user:DANA") as work:
        say(work, old, FindingDecision.AGREE)
        anew = Finding(
            id=work.new_id(), screening_id=old.screening_id, call_id=old.call_id, rule=old.rule, outcome=old.outcome,
            severity=old.severity, reason="", citations=[], evidence={},
        )  # fmt: skip
        other = make.make_run(work.session, IDS, work.now, make.newest(work.session, case.call.id))
        screening = make.replace_screening(work.session, IDS, work.now, other)
        anew.screening_id = screening.id
        work.session.add(anew)
    with uow.read() as session:
        assert load_decisions_of_findings(session, [anew.id])[anew.id].finding_id == old.id


def test_a_check_of_a_cluster_decides_until_it_is_taken_back(uow: UnitOfWork, case: Case) -> None:
    first = case.findings[0]
    with uow.begin("user:LEAD") as work:
        check_id = check(work, case, FindingDecision.AGREE, minutes=1)
    assert decisions(uow, case) == {first.rule: "agree"}
    with uow.begin("user:LEAD") as work:
        work.session.add(ClusterUndo(check_id=check_id, undone_by="LEAD", undone_at=work.now, reason="wrong"))
    assert decisions(uow, case) == {}
    with uow.read() as session:
        assert session.scalars(select(Finding.id).where(is_decided(Finding.call_id, Finding.rule))).all() == []


def test_a_person_who_heard_the_call_counts_before_a_check_of_its_cluster(uow: UnitOfWork, case: Case) -> None:
    first = case.findings[0]
    with uow.begin("user:DANA") as work:
        say(work, first, FindingDecision.REFUSE)
        check(work, case, FindingDecision.AGREE, minutes=10)
    assert decisions(uow, case) == {first.rule: "refuse"}
    with uow.read() as session:
        asked = select(Finding.id).where(is_decided(Finding.call_id, Finding.rule))
        assert session.scalars(asked).all() == [first.id]
