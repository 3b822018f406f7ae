"""Consents in the tables of either database: on record once, never changed, taken back for good; who is screened again."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.compliance.call_facts import load_facts
from app.compliance.consent_records.look_up import ask_vendor
from app.compliance.consent_records.record import ConsentRecord, RecordRefused, read_record
from app.compliance.consent_records.service import (
    ASKED,
    GIVEN,
    MOST_SCREENED_AGAIN,
    Revocation,
    find_calls_to_screen_again,
    keep_answer,
    read_bytes,
    record_alone,
    record_consent,
    revoke_consent,
    revoke_consents,
)
from app.compliance.consents import read_consents
from app.errors import Conflict, InvalidInput, NotFound
from app.models.analysis import AnalysisRun
from app.models.calls import CallLeg, Recording
from app.models.consumers import CertificateAnswer
from app.models.events import Event
from app.models.screening import Consent, CurrentScreening, Screening
from app.ports import VendorAnswer
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import EventKind, LegDirection, OptOutScope, OptOutWay, RecordingState
from tests.factories.calls import World, make_call, make_world
from tests.fakes import ScriptedCertificateVendor

NUMBER, OURS = "+12127365000", "+18335550100"
GIVEN_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CERTIFICATE = "0123456789abcdef0123456789abcdef01234567"
EVERYBODY, SELLER = OptOutScope.EVERYBODY, OptOutScope.SELLER
MATCH = json.dumps({"outcome": "success", "match_lead": {"result": {"phone_match": True}}}).encode()


@pytest.fixture
def work(uow: UnitOfWork) -> Iterator[Work]:
    with uow.begin("user:officer") as work:
        yield work


@pytest.fixture
def world(work: Work) -> World:
    return make_world(work.session, work.ids, work.now)


def record(**changes: Any) -> ConsentRecord:
    cells = {
        "external_id": "c1", "number": NUMBER, "given_at": GIVEN_AT.isoformat(), "seller": "Meridian Health",
        "text": "I agree.",
        "written": True, "signed": True, "names_seller": True, "automated_calls": True, "names_number": True,
        "conspicuous": True, "not_condition": True, "certificate": f"https://cert.trustedform.com/{CERTIFICATE}",
    }  # fmt: skip
    return read_record(cells | changes)


def revocation(day: int, scope: OptOutScope = SELLER, **more: Any) -> Revocation:
    return Revocation(datetime(2026, 11, day, 12, 0, tzinfo=UTC), scope, OptOutWay.SPOKEN, **more)


def screened_call(work: Work, world: World, *, is_outbound: bool = False, **changes: Any) -> str:
    """Add a call with a screening in force; an outbound one has its origin leg placed to the consumer."""
    ends = {"caller_number": OURS, "dialed_number": NUMBER} if is_outbound else {"caller_number": NUMBER}
    call = make_call(work.session, work.ids, work.now, world, **{"started_at": GIVEN_AT + timedelta(days=1), **ends, **changes})
    if is_outbound:
        leg = work.session.get_one(CallLeg, (call.id, 0))
        leg.direction, leg.from_number, leg.to_number = LegDirection.PLACED_TO_CONSUMER, OURS, NUMBER
    run, screening, recording = work.new_id(), work.new_id(), work.new_id()
    work.session.add(
        Recording(
            id=recording, call_id=call.id, state=RecordingState.STORED, sha256=recording.ljust(64, "0"), byte_count=1,
            filename="a.wav", blob_key=f"recordings/{recording}", received_at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(
        AnalysisRun(
            id=run, call_id=call.id, recording_id=recording, input_hash=run, pipeline_version="1", requested_at=work.now,
            finished_at=work.now, stage="done", progress=1.0,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.add(Screening(id=screening, call_id=call.id, run_id=run, input_hash="1", versions={}, made_at=work.now))
    work.session.flush()
    work.session.add(CurrentScreening(call_id=call.id, screening_id=screening, flag_count=0))
    work.session.flush()
    return call.id


def events(work: Work, kind: EventKind) -> list[Event]:
    return list(work.session.scalars(select(Event).where(Event.kind == kind).order_by(Event.seq)))


def test_the_same_content_is_on_record_once_and_other_content_conflicts(work: Work) -> None:
    first = record_consent(work, record())
    again = record_consent(work, record(number="(212) 736-5000"))
    assert (first.is_new, again.is_new, again.id) == (True, False, first.id)
    with pytest.raises(Conflict, match="new id"):
        record_consent(work, record(text="I agree!"))
    row = work.session.get_one(Consent, first.id)
    assert (row.text_sha256, row.recorded_by) == (hashlib.sha256(b"I agree.").hexdigest(), "user:officer")
    assert len(events(work, EventKind.CONSENT_RECORDED)) == 1


def test_two_senders_of_one_id_at_the_same_moment_get_one_record(uow: UnitOfWork) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: record_alone(uow, f"token:{number}", record()), range(8)))
    assert len({each.id for each in made}) == 1
    assert sum(each.is_new for each in made) == 1


def test_an_answer_that_joined_the_certificate_does_not_make_the_same_consent_another(work: Work) -> None:
    first = record_consent(work, record())
    keep_answer(work, first.id, MATCH, how=GIVEN)
    assert not record_consent(work, record()).is_new


def test_an_unknown_source_or_a_moment_ahead_is_refused(work: Work) -> None:
    for changes in ({"source": "nobody"}, {"given_at": (work.now + timedelta(hours=1)).isoformat()}):
        with pytest.raises(RecordRefused) as refused:
            record_consent(work, record(**changes))
        assert refused.value.misfits[0].field == next(iter(changes))


def test_a_consent_proves_itself_for_a_later_call_of_its_seller(work: Work, world: World) -> None:
    made = record_consent(work, record())
    keep_answer(work, made.id, MATCH, how=GIVEN)
    facts = load_facts(work.session, screened_call(work, world))
    [reading] = read_consents(facts, number=NUMBER, at=GIVEN_AT + timedelta(days=1))
    assert reading.is_full
    assert reading.evidence()["id"] == "c1"
    before = read_consents(facts, number=NUMBER, at=GIVEN_AT - timedelta(seconds=4))
    assert before[0].failed == ("E9",)


def test_the_consumer_of_an_outbound_call_is_the_one_who_was_called(work: Work, world: World) -> None:
    record_consent(work, record())
    outbound = screened_call(work, world, is_outbound=True)
    later = screened_call(work, world, is_outbound=True, started_at=GIVEN_AT + timedelta(days=1, hours=2))
    facts = load_facts(work.session, later)
    assert [consent.id for consent in facts.consents] == ["c1"]
    assert [prior.at for prior in facts.prior_calls] == [GIVEN_AT + timedelta(days=1)]
    assert [attempt.at for attempt in facts.attempts_24h] == [GIVEN_AT + timedelta(days=1)]
    assert find_calls_to_screen_again(work.session, [NUMBER], GIVEN_AT, work.now) == [later, outbound]


def test_only_later_screened_calls_of_the_number_are_screened_again(work: Work, world: World) -> None:
    later = screened_call(work, world)
    screened_call(work, world, started_at=GIVEN_AT - timedelta(seconds=1))
    screened_call(work, world, caller_number="+12127365001")
    make_call(work.session, work.ids, work.now, world, caller_number=NUMBER, started_at=GIVEN_AT + timedelta(days=1))
    assert record_consent(work, record()).screened_again == 1
    assert find_calls_to_screen_again(work.session, [NUMBER], GIVEN_AT, work.now) == [later]
    assert find_calls_to_screen_again(work.session, [NUMBER], GIVEN_AT, work.now + timedelta(days=60)) == []
    assert MOST_SCREENED_AGAIN == 200


def test_a_revocation_of_one_seller_reaches_its_consents_and_those_that_name_nobody(work: Work) -> None:
    names = {"a": "Meridian Health", "b": "MERIDIAN HEALTH", "c": "Other LLC", "d": None}
    ids = {name: record_consent(work, record(external_id=name, seller=seller)).id for name, seller in names.items()}
    later = record_consent(work, record(external_id="e", given_at="2026-11-22T10:00:00Z")).id
    other = record_consent(work, record(external_id="f", number="+12127365001")).id
    changed = revoke_consent(work, ids["a"], revocation(21, told_by="Jane", comment="said so"))
    assert set(changed) == {ids["a"], ids["b"], ids["d"]}
    row = work.session.get_one(Consent, ids["a"])
    assert (row.revoked_at, row.revocation_recorded_at) == (revocation(21).at, work.now)
    assert row.revocation is not None
    assert (row.revocation["scope"], row.revocation["way"], row.revocation["told_by"]) == ("seller", "spoken", "Jane")
    everybody = revoke_consents(work, NUMBER, revocation(21, EVERYBODY, opt_out_id="o1"), seller=None)
    assert set(everybody) == set(ids.values())
    assert work.session.get_one(Consent, later).revoked_at is work.session.get_one(Consent, other).revoked_at is None
    assert "said so" not in str([event.payload for event in events(work, EventKind.CONSENT_REVOKED)])


def test_of_two_revocations_the_earlier_day_counts_and_the_wider_reach(work: Work) -> None:
    made = record_consent(work, record())
    row = work.session.get_one(Consent, made.id)
    assert revoke_consent(work, made.id, revocation(22)) == (made.id,)
    assert revoke_consent(work, made.id, revocation(23)) == ()
    assert revoke_consent(work, made.id, revocation(22)) == ()
    assert revoke_consent(work, made.id, revocation(23, EVERYBODY)) == (made.id,)
    assert (row.revoked_at, row.revocation and row.revocation["scope"]) == (revocation(22).at, "everybody")
    assert revoke_consent(work, made.id, revocation(21)) == (made.id,)
    assert (row.revoked_at, row.revocation and row.revocation["scope"]) == (revocation(21).at, "everybody")
    assert len(events(work, EventKind.CONSENT_REVOKED)) == 3


def test_no_revocation_before_the_consent_or_ahead(work: Work) -> None:
    made = record_consent(work, record())
    with pytest.raises(InvalidInput, match="after the consent was given"):
        revoke_consent(work, made.id, revocation(19))
    with pytest.raises(InvalidInput, match="in the future"):
        revoke_consent(work, made.id, revocation(29))
    with pytest.raises(NotFound):
        revoke_consent(work, "nothing", revocation(21))
    assert revoke_consents(work, NUMBER, revocation(19, EVERYBODY), seller=None) == ()


def test_a_revocation_is_a_fact_of_calls_after_it(work: Work, world: World) -> None:
    made = record_consent(work, record())
    revoke_consent(work, made.id, revocation(20, EVERYBODY))
    [consent] = load_facts(work.session, screened_call(work, world)).consents
    assert (consent.revoked_at, consent.revocation_scope) == (revocation(20).at, "all")


@pytest.mark.parametrize("content", [MATCH, b'{"a": "\\u0000"}', '{"grüße": 1}'.encode()])
def test_an_answer_is_kept_to_the_byte_with_its_hash(work: Work, content: bytes) -> None:
    made = record_consent(work, record())
    kept = keep_answer(work, made.id, content, how=GIVEN)
    row = work.session.get_one(CertificateAnswer, kept.id)
    assert read_bytes(row) == content
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert not keep_answer(work, made.id, content, how=GIVEN).is_new


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe\x00", b"[]"])
def test_whatever_a_vendor_answers_is_kept_and_what_is_no_answer_proves_nothing(work: Work, content: bytes) -> None:
    made = record_consent(work, record())
    before = dict(work.session.get_one(Consent, made.id).certificate or {})
    kept = keep_answer(work, made.id, content, how=ASKED, status=502)
    assert read_bytes(work.session.get_one(CertificateAnswer, kept.id)) == content
    assert kept.reading.problem is not None
    assert work.session.get_one(Consent, made.id).certificate == before


def test_a_refusing_status_changes_nothing_however_good_its_words(work: Work) -> None:
    made = record_consent(work, record())
    assert keep_answer(work, made.id, MATCH, how=ASKED, status=402).changed == ()
    assert keep_answer(work, made.id, MATCH, how=ASKED, status=200).changed == ("answer", "phone_match")


def test_the_vendor_is_asked_outside_of_any_transaction(uow: UnitOfWork, engine: Engine) -> None:
    vendor = ScriptedCertificateVendor("trustedform", VendorAnswer(200, MATCH))
    with uow.begin("test") as work:
        made = record_consent(work, record())
    kept = ask_vendor(uow, {"trustedform": vendor}, "user:officer", made.id, is_kept=True)
    assert kept.changed == ("answer", "phone_match")
    assert [question.reference for question in vendor.questions] == ["c1"]
    with pytest.raises(InvalidInput, match="EARSHOT_TRUSTEDFORM_API_KEY"):
        ask_vendor(uow, {}, "user:officer", made.id, is_kept=True)
    with uow.read() as session:
        [row] = session.scalars(select(CertificateAnswer))
    assert (row.how, row.status, row.asked_by) == ("asked", 200, "user:officer")
