"""Patterns over many calls, on real databases: what is counted, what is left out, and which calls are named."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.compliance.patterns.service import find_patterns
from app.compliance.patterns.values import Pattern
from app.errors import InvalidInput
from app.models.calls import Call
from app.models.campaigns import CallSource
from app.models.reviews import FindingVerdict
from app.models.screening import Consent, CurrentScreening, Finding, Screening
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import Channel, EndedBy, FindingDecision, Outcome, Severity
from tests.factories import calls as make
from tests.fakes import FrozenClock, MemoryBlobStore, SequentialIds

NOW = FrozenClock().now()
IDS = SequentialIds(8000)
BILLABLE_S = 30  # of the factory's ad


def find(uow: UnitOfWork, rule: str, days: int = 30) -> list[Pattern]:
    with uow.read() as session:
        return [pattern for pattern in find_patterns(session, NOW, days) if pattern.rule == rule]


def add_source(work: Work, world: make.World, name: str, publisher_id: str) -> CallSource:
    source = CallSource(
        id=IDS.new_id(), external_id=name, publisher_id=publisher_id, name=name, channel=Channel.SEARCH_PAID, placement="",
        created_at=work.now,
    )  # fmt: skip
    work.session.add(source)
    work.session.flush()
    return source


def add_calls(work: Work, world: make.World, source: CallSource, past_s: list[float], **changes: Any) -> list[Call]:
    """Store calls of a source that ended so many seconds past the billable one, the first the newest."""
    return [
        make.make_call(
            work.session, IDS, work.now, world, source_id=source.id, publisher_id=source.publisher_id,
            started_at=work.now - timedelta(hours=2, minutes=place), connected_s=BILLABLE_S + past, **changes,
        )
        for place, past in enumerate(past_s)
    ]  # fmt: skip


def add_finding(
    work: Work, call: Call, rule: str, *, severity: Severity = Severity.CRITICAL, outcome: Outcome = Outcome.VIOLATION,
    made_at: datetime | None = None,
) -> Finding:  # fmt: skip
    """Give a call a screening in force with one finding."""
    recording = make.make_recording(work.session, IDS, work.now, call)
    run = make.make_analysis(work.session, IDS, work.now, recording, MemoryBlobStore())
    screening = Screening(
        id=IDS.new_id(), call_id=call.id, run_id=run.id, input_hash=IDS.new_id(), versions={}, made_at=made_at or work.now
    )
    work.session.add(screening)
    work.session.flush()
    finding = Finding(
        id=IDS.new_id(), screening_id=screening.id, call_id=call.id, rule=rule, outcome=outcome, severity=severity, reason="",
        citations=[], evidence={},
    )  # fmt: skip
    work.session.add(finding)
    work.session.add(CurrentScreening(call_id=call.id, screening_id=screening.id, flag_count=1, top_severity=severity))
    work.session.flush()
    return finding


def decide(work: Work, finding: Finding, decision: FindingDecision) -> None:
    work.session.add(
        FindingVerdict(
            id=IDS.new_id(), finding_id=finding.id, call_id=finding.call_id, rule=finding.rule, review_id=None,
            decision=decision, reason="", decided_by="DANA", decided_at=work.now,
        )
    )  # fmt: skip


def test_a_source_whose_calls_end_just_past_the_billable_second_is_found_with_its_calls(uow: UnitOfWork) -> None:
    with uow.begin("test") as work:
        world = make.make_world(work.session, IDS, work.now)
        near = add_calls(work, world, world.source, [0.0, 9.9, *[4.0] * 28], ended_by=EndedBy.CALLER)
        add_calls(work, world, world.source, [10.0, 59.9, 60.0, 300.0, -0.1, -30.0] + [20.0] * 20)
        other = add_source(work, world, "fair", world.other_publisher.id)
        add_calls(work, world, other, [5.0] * 3 + [45.0] * 60 + [200.0] * 60)
        make.make_call(work.session, IDS, work.now, world, connected_s=None)
        make.make_call(work.session, IDS, work.now, world, ad_version_id=None, connected_s=BILLABLE_S + 3.0)
        make.make_call(
            work.session, IDS, work.now, world, started_at=work.now - timedelta(days=31), connected_s=BILLABLE_S + 3.0
        )
    (found,) = find(uow, "FRAUD-DURATION-CLIFF")
    assert found.subject is not None
    assert (found.subject.id, found.subject.party_id) == (world.source.id, world.publisher.id)
    assert (found.evidence["calls_that_ended_near"], found.evidence["calls_that_came_so_far"]) == (30, 54)
    assert (found.evidence["others_that_ended_near"], found.evidence["others_that_came_so_far"]) == (3, 123)
    assert found.evidence["ended_by_caller_just_past"] == 30
    assert found.call_ids == tuple(call.id for call in near[:20])
    assert found.durations is not None
    assert found.durations.past == (29, 1, 1, 0, 20, *[0] * 6, 1)
    assert found.durations.before == (0,) * 6 + (1, 0, 0, 0, 0, 1)
    assert found.durations.beyond == 2


def test_an_advertiser_whose_side_hangs_up_just_before_is_found_and_no_source_with_it(uow: UnitOfWork) -> None:
    with uow.begin("test") as work:
        world = make.make_world(work.session, IDS, work.now)
        near = add_calls(work, world, world.source, [-1.0] * 25, ended_by=EndedBy.AGENT)
        add_calls(work, world, world.source, [100.0] * 25)
        add_calls(work, world, world.source, [-4.0] + [100.0] * 120, advertiser_id=world.other_advertiser.id)
    assert find(uow, "FRAUD-DURATION-CLIFF") == []
    (found,) = find(uow, "FRAUD-DURATION-UNDERCUT")
    assert found.subject is not None
    assert found.subject.id == world.advertiser.id
    assert found.evidence["ended_by_agent_just_before"] == 25
    assert set(found.call_ids) == {call.id for call in near[:20]}


def test_critical_findings_stay_open_until_somebody_decides(uow: UnitOfWork) -> None:
    with uow.begin("test") as work:
        world, now = make.make_world(work.session, IDS, work.now), work.now
        old = [
            make.make_call(work.session, IDS, now, world, started_at=now - timedelta(days=20, hours=hour)) for hour in range(5)
        ]
        open_ = add_finding(work, old[0], "TCPA-PEWC", made_at=now - timedelta(days=19))
        decided = add_finding(work, old[1], "TCPA-PEWC", made_at=now - timedelta(days=19))
        add_finding(work, old[2], "TCPA-PEWC", made_at=now - timedelta(days=13))  # screened anew: not open for so long
        add_finding(work, old[3], "QUAL-DUPE", severity=Severity.LOW, made_at=now - timedelta(days=19))
        add_finding(work, old[4], "DNC-NATIONAL", outcome=Outcome.NEEDS_EVIDENCE, made_at=now - timedelta(days=19))
        decide(work, decided, FindingDecision.REFUSE)
    (found,) = find(uow, "TSR-ASSIST")
    assert found.subject is not None
    assert found.subject.id == world.publisher.id
    assert (found.evidence["findings"], found.evidence["calls"], found.evidence["rules"]) == (1, 1, {"TCPA-PEWC": 1})
    assert found.call_ids == (old[0].id,)
    assert "the oldest for 19" in found.sentence
    assert find(uow, "TSR-ASSIST", days=14) == []
    with uow.begin("test") as work:
        decide(work, open_, FindingDecision.AGREE)
    assert find(uow, "TSR-ASSIST") == []


def test_a_finding_of_a_screening_that_is_no_longer_in_force_is_not_open(uow: UnitOfWork) -> None:
    with uow.begin("test") as work:
        world, now = make.make_world(work.session, IDS, work.now), work.now
        call = make.make_call(work.session, IDS, now, world, started_at=now - timedelta(days=20))
        finding = add_finding(work, call, "TCPA-PEWC", made_at=now - timedelta(days=19))
        old = work.session.get_one(Screening, finding.screening_id)
        work.session.add(
            Screening(
                id="NEW", call_id=call.id, run_id=old.run_id, input_hash="new", versions={}, made_at=now - timedelta(days=18)
            )
        )
        work.session.flush()
        work.session.execute(update(CurrentScreening).values(screening_id="NEW"))
    assert find(uow, "TSR-ASSIST") == []


def test_one_certificate_for_three_numbers_is_found_with_the_calls_of_those_numbers(uow: UnitOfWork) -> None:
    with uow.begin("test") as work:
        world, now = make.make_world(work.session, IDS, work.now), work.now
        calls = [make.make_call(work.session, IDS, now, world, caller_number=f"+1212555010{n}") for n in range(5)]
        for n, (certificate, seller) in enumerate(
            [("aa", "A"), ("aa", "A"), ("aa", "B"), ("bb", "A"), ("bb", "A"), (None, "A")]
        ):
            work.session.add(
                Consent(
                    id=IDS.new_id(), external_id=f"x{n}", number=f"+1212555010{n}", seller=seller, elements={},
                    certificate={"kind": "trustedform", "id": certificate} if certificate else None,
                    given_at=now - timedelta(days=1), recorded_at=now, source_id=world.source.id,
                )
            )  # fmt: skip
        work.session.add(
            Consent(
                id=IDS.new_id(), external_id="old", number="+12125550109", seller="A", elements={},
                certificate={"kind": "trustedform", "id": "bb"}, given_at=now - timedelta(days=60), recorded_at=now,
            )
        )  # fmt: skip
    (found,) = find(uow, "FRAUD-CERT-REUSE")
    assert found.evidence == {"certificate": "aa", "numbers": 3, "buyers": 2, "consents": 3}
    assert found.subject is not None
    assert found.subject.id == world.source.id
    assert sorted(found.call_ids) == sorted(call.id for call in calls[:3])
    assert [p.evidence["certificate"] for p in find(uow, "FRAUD-CERT-REUSE", days=90)] == ["aa", "bb"]


def test_the_third_caller_who_denies_having_agreed_freezes_the_source_unless_somebody_refused_one(uow: UnitOfWork) -> None:
    with uow.begin("test") as work:
        world, now = make.make_world(work.session, IDS, work.now), work.now
        hours = (1, 30, 100, 200)  # the last is longer ago than a week
        calls = [make.make_call(work.session, IDS, now, world, started_at=now - timedelta(hours=h)) for h in hours]
        findings = [
            add_finding(work, call, "CONSENT-DISPUTED", severity=Severity.MEDIUM, outcome=Outcome.REVIEW) for call in calls
        ]
    (found,) = find(uow, "SOURCE-CONSENT-DENIED")
    assert found.call_ids == tuple(call.id for call in calls[:3])
    with uow.begin("test") as work:
        decide(work, findings[0], FindingDecision.REFUSE)
    assert find(uow, "SOURCE-CONSENT-DENIED") == []


def test_an_empty_house_has_no_patterns_and_a_window_without_sense_is_refused(uow: UnitOfWork) -> None:
    with uow.read() as session:
        assert session.scalars(select(Call)).all() == []
        assert find_patterns(session, NOW, 90) == ()
        for days in (0, -1, 366):
            with pytest.raises(InvalidInput, match="expected a window of 1 to 365 days"):
                find_patterns(session, NOW, days)
