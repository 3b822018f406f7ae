"""Words that ask not to be called put the number on the internal list, whatever is killed, and everybody is told once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import app.compliance.opt_outs.suppression as suppression
from app.access.identity import Identity
from app.compliance.call_facts import load_call_facts
from app.compliance.number_state import look_up_number
from app.compliance.opt_outs.clock import state_of
from app.compliance.opt_outs.completion import hash_proof
from app.compliance.opt_outs.notices import acknowledge, find_open_ids, list_notices, note_read
from app.compliance.opt_outs.service import judge_by_finding, judge_request, record_request
from app.compliance.opt_outs.suppression import suppress_waiting
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.consumers import OptOut, OptOutNotice
from app.models.events import Event
from app.models.numbers import NumberListVersion
from app.models.parties import AgencyClient, Party
from app.models.screening import Consent, Finding
from app.ports import JobRequest
from app.review.service import FindingChoice, ReviewInput, record_review
from app.vocabulary import (
    EventKind,
    FindingDecision,
    JobName,
    ListKind,
    OptOutScope,
    OptOutState,
    OptOutWay,
    Outcome,
    PartyKind,
    QueueName,
    Role,
    Verdict,
)
from tests.fakes import ScriptedTranscriber, ScriptLine
from tests.integration.analysis.conftest import AGENT, Desk, sound

NUMBER = "+12127365000"
MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
CLEAR = (ScriptLine(4.0, "Please take me off your list right now."), ScriptLine(9.0, "Stop calling me."))
SOFT = (ScriptLine(4.0, "I am not interested in any of that."), ScriptLine(9.0, "Not interested thank you."))
OFFICER = Identity("user:officer", "Olga", Role.COMPLIANCE, None)

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def call_with(desk: Desk, monkeypatch: pytest.MonkeyPatch, lines: tuple[ScriptLine, ...], **call: Any) -> str:
    """Take in a call on which the caller says the lines, and let all follow from it but putting numbers on the list."""
    desk.use(monkeypatch, replace(desk.services, transcriber=ScriptedTranscriber([*lines, *AGENT])))
    call_id = desk.send(sound(lines, AGENT), **{"caller_number": NUMBER, "started_at": MONDAY, **call})
    desk.queue.run_all(lambda request: None if request.job is JobName.SUPPRESS_NUMBER else desk.run(request))
    return call_id


def suppress(desk: Desk) -> None:
    """Do what the workers do about waiting requests, and what follows."""
    for row in desk.load(OptOut):
        desk.run(JobRequest(QueueName.LIGHT, JobName.SUPPRESS_NUMBER, row.id))
    desk.uow.relay()
    desk.run_all()


def record(desk: Desk, number: str = NUMBER, **more: Any) -> str:
    told = {"way": OptOutWay.EMAIL, "scope": OptOutScope.EVERYBODY, "received_at": MONDAY, **more}
    with desk.uow.begin("user:officer") as work:
        return record_request(work, number=number, **told)


def internal_versions(desk: Desk) -> list[NumberListVersion]:
    return desk.load(NumberListVersion, kind=ListKind.INTERNAL)


def test_a_plain_request_is_on_the_list_with_its_moment_and_its_clock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = call_with(desk, monkeypatch, CLEAR)
    [row] = desk.load(OptOut)
    assert (row.call_id, row.number, row.way, row.is_request) == (call_id, NUMBER, OptOutWay.SPOKEN, 1)
    assert (row.scope, row.seller, row.judged_by) == (OptOutScope.SELLER, "Meridian Health", "system")
    assert timedelta(seconds=3) < row.received_at - MONDAY < timedelta(seconds=7)
    # Thanksgiving, 26 November 2026, is no business day.
    assert row.due_on == date(2026, 12, 1)
    assert "take me off your list" in row.quote.lower()
    assert state_of(row) is OptOutState.RECORDED
    suppress(desk)
    [row], [version] = desk.load(OptOut), internal_versions(desk)
    assert (state_of(row), row.list_version) == (OptOutState.SUPPRESSED, version.id)
    assert version.count == 1
    facts = desk.services.number_lists.dnc_facts(NUMBER, desk.clock.now())
    assert facts["internal"] == {"requested_at": row.received_at.isoformat()}
    kinds = {EventKind.OPT_OUT_RECORDED, EventKind.OPT_OUT_JUDGED, EventKind.OPT_OUT_SUPPRESSED, EventKind.OPT_OUT_NOTICE_MADE}
    assert all(desk.count(kind, row.id) == 1 for kind in kinds)


@only_sqlite
def test_screening_again_makes_no_second_request_and_sees_that_it_was_entered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = call_with(desk, monkeypatch, CLEAR)
    before = [finding.outcome for finding in desk.load(Finding, rule="DNC-INTERNAL-CAPTURE")]
    assert before == [Outcome.VIOLATION]  # heard a week after the call: nobody had entered it
    suppress(desk)
    with desk.uow.read() as session:
        facts = load_call_facts(session, call_id, lists=desk.services.number_lists)
    [row] = desk.load(OptOut)
    assert facts["dnc"]["internal"]["requested_at"] == row.received_at.isoformat()
    assert len(desk.load(OptOut)) == len(internal_versions(desk)) == 1
    assert desk.count(EventKind.CALL_SCREENED, call_id) == 2  # again, as the request is entered now


@only_sqlite
def test_softer_words_wait_until_a_person_says_what_they_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call_with(desk, monkeypatch, SOFT)
    [row] = desk.load(OptOut)
    assert (state_of(row), row.is_request) == (OptOutState.TO_CONFIRM, None)
    suppress(desk)
    assert internal_versions(desk) == []
    with desk.uow.begin("user:officer") as work, pytest.raises(InvalidInput, match="reason"):
        judge_request(work, row.id, is_request=False)
    with desk.uow.begin("user:officer") as work:
        judge_request(work, row.id, is_request=False, why="He speaks of the upgrade only")
    assert state_of(desk.load(OptOut)[0]) is OptOutState.NOT_ONE
    with desk.uow.begin("user:lead") as work:
        judge_request(work, row.id, is_request=True)
    suppress(desk)
    [row] = desk.load(OptOut)
    assert (state_of(row), row.judged_by) == (OptOutState.SUPPRESSED, "user:lead")
    with desk.uow.begin("user:officer") as work, pytest.raises(InvalidTransition, match="judged already"):
        judge_request(work, row.id, is_request=False, why="Changed my mind")


@only_sqlite
def test_what_is_decided_of_the_finding_counts_for_the_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = call_with(desk, monkeypatch, SOFT)
    for decision, rule, expected in (
        (FindingDecision.AGREE, "HOURS-TCPA", None),
        (FindingDecision.NEEDS_EVIDENCE, "DNC-INTERNAL-CAPTURE", None),
        (FindingDecision.REFUSE, "DNC-INTERNAL-CAPTURE", 0),
        (FindingDecision.AGREE, "DNC-INTERNAL-CAPTURE", 1),
    ):
        with desk.uow.begin("user:officer") as work:
            judge_by_finding(work, call_id, rule, decision, "heard it")
        assert desk.load(OptOut)[0].is_request == expected


@only_sqlite
def test_a_review_that_agrees_with_the_finding_makes_it_a_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = call_with(desk, monkeypatch, SOFT)
    [finding] = desk.load(Finding, rule="DNC-INTERNAL-CAPTURE")
    choice = FindingChoice(FindingDecision.AGREE)
    with desk.uow.begin(OFFICER.actor) as work:
        record_review(work, OFFICER, call_id, ReviewInput(Verdict.LAW_VIOLATION, findings={finding.id: choice}))
    [row] = desk.load(OptOut)
    assert (row.is_request, row.judged_by) == (1, OFFICER.actor)


@only_sqlite
def test_nobody_who_asks_is_no_request_and_a_withheld_number_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call_with(desk, monkeypatch, (ScriptLine(4.0, "I would like a quote for my car please."),))
    call_with(desk, monkeypatch, CLEAR, caller_number=None)
    assert desk.load(OptOut) == []


def test_a_number_counts_from_the_first_second_before_any_list_has_it(desk: Desk) -> None:
    record(desk)
    with desk.uow.begin("test") as work:
        call_id = make_later_call(desk, work, MONDAY + timedelta(days=1))
        earlier = make_later_call(desk, work, MONDAY - timedelta(days=1))
    with desk.uow.read() as session:
        facts = load_call_facts(session, call_id, lists=desk.services.number_lists)
        assert facts["dnc"]["internal"]["requested_at"] == MONDAY.isoformat()
        assert load_call_facts(session, call_id)["dnc"]["internal"]["requested_at"] == MONDAY.isoformat()
        assert "internal" not in load_call_facts(session, earlier, lists=desk.services.number_lists).get("dnc", {})
    found = look_up_number(desk.uow, desk.services.number_lists, OFFICER, NUMBER, desk.clock.now())
    assert found.state.outcome == "blocked"
    assert [each.received_at for each in found.opt_outs] == [MONDAY]
    before = look_up_number(desk.uow, desk.services.number_lists, OFFICER, NUMBER, MONDAY - timedelta(days=1))
    assert (before.state.outcome, before.opt_outs) == ("unknown", ())


def make_later_call(desk: Desk, work: Any, started_at: datetime) -> str:
    from tests.factories.calls import make_call

    return make_call(work.session, work.ids, work.now, desk.world, caller_number=NUMBER, started_at=started_at).id


def test_all_waiting_requests_go_on_the_list_as_one_version(desk: Desk) -> None:
    numbers = [f"+1212736{n:04d}" for n in range(5000, 5012)]
    for number in numbers:
        record(desk, number)
    record(desk, numbers[0], received_at=MONDAY + timedelta(hours=1))  # asks again
    suppress(desk)
    [version] = internal_versions(desk)
    assert version.count == len(numbers)
    assert {row.list_version for row in desk.load(OptOut)} == {version.id}
    assert suppress_waiting(desk.uow, desk.services.number_lists) == 0


@pytest.mark.parametrize("dies_at", ["after the version", "between two requests"])
@only_sqlite
def test_a_worker_that_is_killed_leaves_nothing_doubled(desk: Desk, monkeypatch: pytest.MonkeyPatch, dies_at: str) -> None:
    for number in (NUMBER, "+12127365001"):
        record(desk, number)
    real = suppression.record_suppression
    done: list[str] = []

    def dying(work: Any, opt_out_id: str, version_id: str) -> None:
        if dies_at == "after the version" or done:
            raise SystemExit
        done.append(opt_out_id)
        real(work, opt_out_id, version_id)

    monkeypatch.setattr(suppression, "record_suppression", dying)
    with pytest.raises(SystemExit):
        suppress_waiting(desk.uow, desk.services.number_lists)
    monkeypatch.setattr(suppression, "record_suppression", real)
    record(desk, "+12127365002")  # comes in meanwhile
    assert suppress_waiting(desk.uow, desk.services.number_lists) == 3 - len(done)
    first, second = sorted(internal_versions(desk), key=lambda version: version.count, reverse=True)
    assert (first.count, second.count) == (2, 1)
    assert all(row.suppressed_at for row in desk.load(OptOut))
    assert len({(n.opt_out_id, n.party_id) for n in desk.load(OptOutNotice)}) == len(desk.load(OptOutNotice))


def test_consents_of_the_seller_end_and_those_of_others_stay(desk: Desk) -> None:
    with desk.uow.begin("test") as work:
        work.session.get_one(Party, desk.world.advertiser.id).brands = ["Meridian Plus"]
        given = {"acme": "Meridian Health", "brand": "MERIDIAN PLUS", "none": None, "other": "Other Buyer"}
        for name, seller in given.items():
            at = MONDAY - timedelta(days=3)
            work.session.add(
                Consent(id=name, external_id=name, number=NUMBER, seller=seller, elements={}, given_at=at, recorded_at=at)
            )
        late = MONDAY + timedelta(days=2)
        work.session.add(Consent(id="later", external_id="later", number=NUMBER, elements={}, given_at=late, recorded_at=late))
    record(desk, scope=OptOutScope.SELLER, seller="meridian health")
    suppress(desk)
    revoked = {row.id for row in desk.load(Consent) if row.revoked_at == MONDAY}
    assert revoked == {"acme", "brand", "none"}
    record(desk, scope=OptOutScope.EVERYBODY, received_at=MONDAY + timedelta(hours=2))
    suppress(desk)
    assert {row.id for row in desk.load(Consent) if row.revoked_at is None} == {"later"}


def test_every_party_that_touched_the_number_is_told_and_the_last_answer_closes_the_request(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = desk.world
    with desk.uow.begin("test") as work:
        work.session.add(
            Party(id="agency", external_id="agency", kind=PartyKind.AGENCY, name="Agency", brands=[], created_at=MONDAY)
        )
        work.session.flush()
        work.session.add(AgencyClient(agency_id="agency", advertiser_id=world.advertiser.id))
        make_later_call(desk, work, MONDAY - timedelta(days=400))
        make_later_call(desk, work, MONDAY - timedelta(days=6 * 366))
    call_with(desk, monkeypatch, CLEAR)
    suppress(desk)
    notices = {row.party_id: row for row in desk.load(OptOutNotice)}
    assert {party: notice.call_count for party, notice in notices.items()} == {
        world.advertiser.id: 2, world.publisher.id: 2, "agency": 2,
    }  # fmt: skip
    publisher = Identity("user:pub", "Pam", Role.PUBLISHER, frozenset({world.publisher.id}))
    stranger = Identity("user:other", "Quin", Role.PUBLISHER, frozenset({world.other_publisher.id}))
    with desk.uow.read() as session:
        assert list_notices(session, stranger) == ()
        [own] = list_notices(session, publisher)
        assert own.number == NUMBER
    with desk.uow.begin(stranger.actor) as work, pytest.raises(NotFound):
        acknowledge(work, stranger, [own.id], how="page")
    for _ in range(2):
        with desk.uow.begin(publisher.actor) as work:
            note_read(work, publisher, [own.id])
            acknowledge(work, publisher, [own.id], how="page")
    [row] = desk.load(OptOut)
    assert desk.count(EventKind.OPT_OUT_NOTICE_ACKNOWLEDGED, row.id) == desk.count(EventKind.OPT_OUT_NOTICE_READ, row.id) == 1
    assert state_of(row) is OptOutState.SUPPRESSED
    with desk.uow.begin(OFFICER.actor) as work:
        assert acknowledge(work, OFFICER, find_open_ids(work.session, OFFICER), how="by telephone, Ms Chen") == 2
    [row] = desk.load(OptOut)
    assert state_of(row) is OptOutState.COMPLETE
    assert row.proof is not None
    assert row.proof_sha256 == hash_proof(row.proof)
    assert len(row.proof["notices"]) == 3
    with desk.uow.read() as session:
        told = session.scalars(select(Event).where(Event.kind == EventKind.OPT_OUT_COMPLETED)).one()
        hashes = {event.seq: event.hash for event in session.scalars(select(Event))}
    assert told.payload == {"proof_sha256": row.proof_sha256}
    assert all(hashes[event["seq"]] == event["hash"] for event in row.proof["events"])
    [version] = internal_versions(desk)
    assert row.proof["suppression"]["list_sha256"] == version.sha256
    assert "off your list" not in str(row.proof)


@only_sqlite
def test_a_number_that_nobody_touched_is_done_once_it_is_listed(desk: Desk) -> None:
    record(desk, "+12127369999")
    suppress(desk)
    assert state_of(desk.load(OptOut)[0]) is OptOutState.COMPLETE


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "0800 123"}, "number"),
        ({"received_at": datetime(2027, 1, 1, tzinfo=UTC)}, "received_at"),
        ({"received_at": datetime(1985, 1, 1, tzinfo=UTC)}, "received_at"),
        ({"scope": OptOutScope.SELLER}, "seller"),
        ({"comment": "x" * 2001}, "comment"),
    ],
)
@only_sqlite
def test_what_cannot_be_a_request_is_refused_with_its_field(desk: Desk, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        record(desk, **changes)
    assert refused.value.details["field"] == field
    assert desk.load(OptOut) == []
