"""The board's counts and pages on real databases: they agree with each other and with a count by hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.access.identity import Identity
from app.compliance.findings.board import (
    FindingFilters,
    FindingOrder,
    FindingStanding,
    find_next,
    iterate_lines,
    load_cells,
    load_page,
    load_rules_found,
)
from app.compliance.findings.service import decide_finding
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.screening import CurrentScreening, Finding
from app.unit_of_work import UnitOfWork
from app.vocabulary import FindingDecision, Outcome, Role, Severity
from tests.factories import calls as make
from tests.fakes import FrozenClock, SequentialIds

OFFICER = Identity("user:OFFICER", "Olga", Role.COMPLIANCE, None)
DAYS_AGO = (0, 1, 5, 20, 40)


@pytest.fixture
def house(uow: UnitOfWork) -> make.World:
    """Five calls, 0 to 40 days old, each with a violation of 1,000 dollars and more, a question, and missing evidence."""
    ids = SequentialIds(9000)
    with uow.begin("test") as work:
        world = make.make_world(work.session, ids, work.now)
        for number, days in enumerate(DAYS_AGO):
            call = make.make_call(work.session, ids, work.now, world, started_at=work.now - timedelta(days=days, hours=1))
            recording = make.make_recording(work.session, ids, work.now, call)
            run = make.make_run(work.session, ids, work.now, recording, finished_at=work.now, stage="finished", progress=1.0)
            screening = make.make_screening(work.session, ids, work.now, run)
            current = work.session.get_one(CurrentScreening, call.id)
            current.states, current.flag_count = "FL GA" if number % 2 else "", 2
            for rule, outcome, severity, stake in (
                ("STATE-HOURS-FL", Outcome.VIOLATION, Severity.HIGH, 100_000 + number),
                ("CHAN-SPEECH-SMS", Outcome.REVIEW, Severity.LOW, None),
                ("DNC-NATIONAL", Outcome.NEEDS_EVIDENCE, Severity.CRITICAL, 50_000),
            ):
                work.session.add(
                    Finding(
                        id=f"{rule}/{number}", screening_id=screening.id, call_id=call.id, rule=rule, outcome=outcome,
                        severity=severity, reason="x", citations=[], evidence={}, stake_least_minor=stake,
                        stake_most_minor=stake,
                    )
                )  # fmt: skip
    return world


@pytest.fixture
def month(clock: FrozenClock) -> FindingFilters:
    """The open flags of the last 30 days."""
    return FindingFilters(clock.now() - timedelta(days=30), clock.now())


def listed(uow: UnitOfWork, filters: FindingFilters, who: Identity = OFFICER) -> list[str]:
    with uow.read() as session:
        return [line.id for line in load_page(session, who, filters).lines]


def test_flags_of_the_period_are_listed_by_money_and_of_equals_the_oldest_first(
    uow: UnitOfWork, house: make.World, month: FindingFilters
) -> None:
    by_money = [f"STATE-HOURS-FL/{n}" for n in (3, 2, 1, 0)] + [f"CHAN-SPEECH-SMS/{n}" for n in (3, 2, 1, 0)]
    assert listed(uow, month) == by_money
    newest = listed(uow, replace(month, order=FindingOrder.NEWEST))
    assert [each.partition("/")[2] for each in newest] == list("00112233")


def test_counts_agree_with_the_list_under_every_filter(
    uow: UnitOfWork, house: make.World, month: FindingFilters, clock: FrozenClock
) -> None:
    year = replace(month, starts_at=clock.now() - timedelta(days=365))
    narrowed = {
        "month": (month, 8),
        "year": (year, 10),
        "rule of all states": (replace(year, rule="STATE-HOURS"), 5),
        "rule of one": (replace(year, rule="STATE-HOURS-FL"), 5),
        "no rule by part of its name": (replace(year, rule="STATE"), 0),
        "wildcards are letters": (replace(year, rule="%"), 0),
        "rules": (replace(year, rules=("STATE-HOURS", "DNC-NATIONAL")), 5),
        "family": (replace(year, family="CHAN"), 5),
        "violations": (replace(year, outcomes=(Outcome.VIOLATION,)), 5),
        "missing evidence": (replace(year, outcomes=(Outcome.NEEDS_EVIDENCE,)), 5),
        "severity": (replace(year, severity=Severity.LOW), 5),
        "state": (replace(year, state="GA"), 4),
        "no state by a letter": (replace(year, state="A"), 0),
        "publisher": (replace(year, publisher_id=house.publisher.id), 10),
        "other publisher": (replace(year, publisher_id=house.other_publisher.id), 0),
        "campaign": (replace(year, campaign_id=house.campaign.id), 10),
        "money": (replace(year, least_minor=100_002), 3),
        "decided": (replace(year, standing=FindingStanding.DECIDED), 0),
    }
    for name, (filters, expected) in narrowed.items():
        with uow.read() as session:
            cells = load_cells(session, OFFICER, filters, clock.now())
        assert sum(cell.findings for cell in cells) == len(listed(uow, filters)) == expected, name


def test_money_and_age_are_summed(uow: UnitOfWork, house: make.World, month: FindingFilters, clock: FrozenClock) -> None:
    year = replace(month, starts_at=clock.now() - timedelta(days=365))
    with uow.read() as session:
        cells = load_cells(session, OFFICER, year, clock.now())
    assert sum(cell.most_minor for cell in cells) == 5 * 100_000 + 0 + 1 + 2 + 3 + 4
    by_age = [sum(cell.findings for cell in cells if cell.age == age) for age in range(4)]
    assert by_age == [4, 2, 2, 2]


def test_pages_join_without_gaps(uow: UnitOfWork, house: make.World, month: FindingFilters) -> None:
    for order in FindingOrder:
        filters = replace(month, order=order)
        with uow.read() as session:
            seen, after = [], None
            while True:
                page = load_page(session, OFFICER, replace(filters, after=after), size=3)
                seen += [line.id for line in page.lines]
                after = page.following
                if after is None:
                    break
            assert seen == listed(uow, filters)
            assert [line.id for line in iterate_lines(session, OFFICER, filters, most=5)] == seen[:5]


def test_decisions_open_and_close_findings(uow: UnitOfWork, house: make.World, month: FindingFilters) -> None:
    with uow.begin(OFFICER.actor) as work:
        decide_finding(work, OFFICER, "STATE-HOURS-FL/3", FindingDecision.AGREE)
        decide_finding(work, OFFICER, "STATE-HOURS-FL/2", FindingDecision.REFUSE, "wrong zone")
    assert listed(uow, month)[:2] == ["STATE-HOURS-FL/1", "STATE-HOURS-FL/0"]
    by_standing = {standing: listed(uow, replace(month, standing=standing)) for standing in FindingStanding}
    assert by_standing[FindingStanding.AGREE] == ["STATE-HOURS-FL/3"]
    assert by_standing[FindingStanding.REFUSE] == ["STATE-HOURS-FL/2"]
    assert by_standing[FindingStanding.NEEDS_EVIDENCE] == []
    assert by_standing[FindingStanding.DECIDED] == ["STATE-HOURS-FL/3", "STATE-HOURS-FL/2"]
    assert len(by_standing[FindingStanding.ANY]) == 8
    with uow.read() as session:
        assert find_next(session, OFFICER, month) == "STATE-HOURS-FL/1"


def test_each_party_sees_its_own_and_decides_nothing_of_others(
    uow: UnitOfWork, house: make.World, month: FindingFilters
) -> None:
    owner = Identity("user:P", "Pam", Role.PUBLISHER, frozenset({house.publisher.id}))
    stranger = Identity("user:Q", "Quin", Role.PUBLISHER, frozenset({house.other_publisher.id}))
    assert len(listed(uow, month, owner)) == 8
    assert listed(uow, month, stranger) == []
    with pytest.raises(NotFound), uow.begin(stranger.actor) as work:
        decide_finding(work, stranger, "STATE-HOURS-FL/3", FindingDecision.AGREE)


def test_a_decision_needs_its_reason_and_a_finding_that_counts(uow: UnitOfWork, house: make.World) -> None:
    with pytest.raises(InvalidInput, match="say why"), uow.begin(OFFICER.actor) as work:
        decide_finding(work, OFFICER, "STATE-HOURS-FL/3", FindingDecision.NEEDS_EVIDENCE, "  ")
    with pytest.raises(InvalidInput, match="at most"), uow.begin(OFFICER.actor) as work:
        decide_finding(work, OFFICER, "STATE-HOURS-FL/3", FindingDecision.REFUSE, "x" * 2_001)
    with uow.begin("test") as work:
        finding = work.session.get_one(Finding, "STATE-HOURS-FL/3")
        run = make.make_run(work.session, SequentialIds(9900), work.now, make.newest(work.session, finding.call_id))
        make.replace_screening(work.session, SequentialIds(9950), work.now, run)
    with pytest.raises(InvalidTransition), uow.begin(OFFICER.actor) as work:
        decide_finding(work, OFFICER, "STATE-HOURS-FL/3", FindingDecision.AGREE)


def test_rules_that_ever_spoke_are_named(uow: UnitOfWork, house: make.World) -> None:
    with uow.read() as session:
        assert load_rules_found(session) == ["CHAN-SPEECH-SMS", "DNC-NATIONAL", "STATE-HOURS-FL"]
