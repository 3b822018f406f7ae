"""A consumer's request to delete destroys sound and words for good, keeps what the law asks for, and waits for what it must."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import app.compliance.privacy.service as privacy
from app.access.identity import Identity
from app.adapters.blobs_local import LocalBlobStore
from app.adapters.encryption import KeyRing
from app.audio.service import request_analysis
from app.compliance.editions.judges import judge_in_force
from app.compliance.opt_outs.service import record_request
from app.compliance.opt_outs.suppression import suppress_waiting
from app.compliance.privacy.erasure import plan_erasure
from app.compliance.privacy.holds import list_holds, place_hold, release_hold
from app.compliance.privacy.service import (
    acknowledge_receipt,
    change_kind,
    erase_for_request,
    extend_clock,
    finish_request,
    record_privacy_request,
    refuse_request,
    verify_requester,
)
from app.compliance.privacy.traces import ERASED, Words
from app.compliance.replay import replay_call
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.analysis import AnalysisResult, TranscriptDocument, UtteranceRow
from app.models.base import Base
from app.models.billing import Charge
from app.models.calls import Call, Recording
from app.models.consumers import Erasure, OptOut, PrivacyRequest
from app.models.disputes import Dispute
from app.models.events import Event
from app.models.reviews import Review
from app.models.screening import Consent, Finding, KeywordHitRow, Screening
from app.outbox import find_chain_break
from app.review.queries import load_call_screen
from app.scoring.service import screen_and_score
from app.vocabulary import (
    DisputeReason,
    DisputeState,
    EventKind,
    HoldSubject,
    OptOutScope,
    OptOutWay,
    PrivacyKind,
    PrivacyState,
    RecordingState,
    Role,
    Verdict,
)
from tests.fakes import ScriptedTranscriber, ScriptLine
from tests.integration.analysis.conftest import AGENT, Desk, sound

NUMBER = "+12127365000"
MONDAY = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
SECRET = "zanzibar"
LINES = (
    ScriptLine(4.0, f"My sister in {SECRET} says hi."), ScriptLine(9.5, "Please take me off your list."),
    ScriptLine(14.0, "And delete my information."),
)  # fmt: skip
OFFICER = Identity("user:officer", "Olga", Role.COMPLIANCE, None)

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def house(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk with its blobs on disk, encrypted, and a consumer who says what nobody else may read later."""
    blobs = LocalBlobStore(tmp_path / "data" / "blobs", KeyRing(bytes(32)))
    desk.use(monkeypatch, replace(desk.services, blobs=blobs, transcriber=ScriptedTranscriber([*LINES, *AGENT])))
    return desk


def take_in(house: Desk, **call: Any) -> str:
    call_id = house.send(sound(LINES, AGENT, seconds=20.0), **{"caller_number": NUMBER, "started_at": MONDAY, **call})
    house.run_all()
    return call_id


def ask_to_delete(house: Desk, *, is_verified: bool = True) -> str:
    with house.uow.begin(OFFICER.actor) as work:
        request_id = record_privacy_request(
            work, kind=PrivacyKind.DELETE, number=NUMBER, way="email", received_at=MONDAY, name="C. Consumer"
        )
        if is_verified:
            verify_requester(work, request_id, how="called back on the number")
    return request_id


def erase(house: Desk, request_id: str) -> privacy.Decided:
    s = house.services
    return erase_for_request(s.uow, s.blobs, s.stage_cache, OFFICER.actor, request_id)


def row_of(house: Desk, request_id: str) -> PrivacyRequest:
    with house.uow.read() as session:
        return session.get_one(PrivacyRequest, request_id)


def everything_stored(house: Desk) -> Iterator[str]:
    """Yield every text in every table, the search index's included."""
    with house.uow.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                yield " ".join(map(str, row))


def files_with(folder: Path, word: str) -> list[str]:
    """Return the files below a folder that hold a word, compressed ones opened."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            content += gzip.decompress(content) if path.suffix == ".gz" else b""
            if word.encode() in content.lower():
                found.append(path.name)
    return found


def test_9_33_a_verified_request_shreds_sound_and_words_and_keeps_the_stub(house: Desk, tmp_path: Path) -> None:
    call_id = take_in(house)
    with house.uow.begin("user:r") as work:
        screening = work.session.scalars(select(Screening)).first()
        assert screening is not None
        work.session.add(
            Review(
                id="R", call_id=call_id, screening_id=screening.id, reviewer_id="u", verdict=Verdict.GOOD,
                notes=f"She speaks of her sister in {SECRET}", decided_at=work.now,
            )
        )  # fmt: skip
    suppress_waiting(house.uow, house.services.number_lists)
    house.uow.relay()
    house.run_all()
    assert any(SECRET in text.lower() for text in everything_stored(house))
    assert files_with(tmp_path, SECRET)
    sha256 = house.recording(call_id).sha256
    request_id = ask_to_delete(house)
    decided = erase(house, request_id)
    assert (decided.erased, decided.waiting, decided.state) == (1, 0, PrivacyState.DONE)
    # Nothing that was said is left: no row, no blob, no file.
    for said in (SECRET, "off your list", "delete my information"):
        assert [text[:300] for text in everything_stored(house) if said in text.lower()] == [], said
    assert list(house.services.blobs.keys()) == []
    assert files_with(tmp_path, SECRET) == []
    assert [
        row for table in (UtteranceRow, AnalysisResult, TranscriptDocument, KeywordHitRow) for row in house.load(table)
    ] == []
    # The compliance record is: hashes, times, numbers, outcomes; the do-not-call entry and the number's request too.
    [stub] = house.load(Erasure)
    assert [each["sha256"] for each in stub.kept["recordings"]] == [sha256]
    assert (stub.kept["call"]["caller_number"], stub.request_id) == (NUMBER, request_id)
    assert stub.blob_count >= 3
    [call] = house.load(Call)
    assert (call.caller_number, call.started_at, call.disposition) == (NUMBER, MONDAY, "completed")
    assert {finding.rule for finding in house.load(Finding)} >= {"PRIV-REQUEST-CAPTURE"}
    assert all(screening.facts and screening.outcomes for screening in house.load(Screening))
    facts = house.services.number_lists.dnc_facts(NUMBER, house.clock.now())
    assert facts["internal"]["requested_at"]
    assert house.load(OptOut)[0].suppressed_at is not None
    assert house.count(EventKind.CALL_ERASED, call_id) == 1
    with house.uow.read() as session:
        assert find_chain_break(iter(session.scalars(select(Event).order_by(Event.seq)).all())) is None


@only_sqlite
def test_9_33_an_open_dispute_defers_with_reason_and_date(house: Desk) -> None:
    call_id, other = take_in(house), take_in(house, started_at=MONDAY + timedelta(hours=1))
    with house.uow.begin("test") as work:
        work.session.add(
            Charge(id="C", call_id=call_id, revenue_minor=1, payout_minor=1, currency="USD", terms=[], made_at=MONDAY)
        )
        work.session.flush()
        work.session.add(
            Dispute(
                id="D", charge_id="C", reason=DisputeReason.ROBOCALL, state=DisputeState.UNDER_REVIEW, comment="", spans=[],
                filed_by="u", filed_at=MONDAY,
            )
        )  # fmt: skip
    request_id = ask_to_delete(house)
    decided = erase(house, request_id)
    assert (decided.erased, decided.waiting, decided.state) == (1, 1, PrivacyState.DEFERRED)
    row = row_of(house, request_id)
    assert (row.deferred_until, row.deferred_why) == (date(2026, 12, 23), "open dispute (robocall), filed 2026-11-16")
    assert row.outcome is not None
    assert {each["call_id"]: each["is_erased"] for each in row.outcome["calls"]} == {call_id: False, other: True}
    # Both calls hold the same bytes: they stay for the one that is contested.
    assert house.services.blobs.stat(house.recording(call_id).blob_key or "") is not None
    assert house.load(UtteranceRow)
    with house.uow.begin("test") as work:
        dispute = work.session.get_one(Dispute, "D")
        dispute.state, dispute.decided_at = DisputeState.REFUSED, work.now
    decided = erase(house, request_id)
    assert (decided.erased, decided.waiting, decided.state) == (1, 0, PrivacyState.DONE)
    assert list(house.services.blobs.keys()) == []


@pytest.mark.parametrize(
    ("kind", "subject"),
    [(HoldSubject.CALL, "call"), (HoldSubject.NUMBER, "(212) 736-5000"), (HoldSubject.PARTY, "bright-leads")],
)
@only_sqlite
def test_a_legal_hold_keeps_a_call_until_its_day_or_until_it_is_released(house: Desk, kind: HoldSubject, subject: str) -> None:
    call_id = take_in(house)
    until = house.clock.now().date() + timedelta(days=5)
    with house.uow.begin(OFFICER.actor) as work:
        subject = call_id if kind is HoldSubject.CALL else subject
        place_hold(work, kind, subject, reason="Smith v. Acme", until=until)
        endless = place_hold(work, kind, subject, reason="FCC inquiry")
    request_id = ask_to_delete(house)
    assert erase(house, request_id).waiting == 1
    row = row_of(house, request_id)
    assert row.deferred_why == "legal hold: FCC inquiry; legal hold: Smith v. Acme"
    assert house.load(UtteranceRow)
    with house.uow.begin(OFFICER.actor) as work:
        release_hold(work, endless, why="the inquiry was closed")
    erase(house, request_id)
    assert row_of(house, request_id).deferred_until == until + timedelta(days=1)
    house.clock.advance(days=6)
    assert erase(house, request_id).state is PrivacyState.DONE
    with house.uow.read() as session:
        assert [hold.released_why for hold in list_holds(session, with_released=True)].count(None) == 1
    with house.uow.begin(OFFICER.actor) as work, pytest.raises(InvalidTransition, match="released already"):
        release_hold(work, endless, why="again")


@only_sqlite
def test_bytes_that_another_callers_call_has_too_stay_for_it(house: Desk) -> None:
    own, other = take_in(house), take_in(house, caller_number="+12127365999")
    assert house.recording(own).sha256 == house.recording(other).sha256
    request_id = ask_to_delete(house)
    with house.uow.read() as session:
        assert [plan.shared_with for plan in plan_erasure(session, NUMBER, date(2026, 11, 23))] == [1]
    assert erase(house, request_id).state is PrivacyState.DONE
    assert house.services.blobs.stat(house.recording(other).blob_key or "") is not None
    assert house.recording(own).blob_key is None
    with house.uow.read() as session:
        screen = load_call_screen(session, OFFICER, other)
        assert screen.heard is not None
        assert house.services.blobs.stat(screen.heard.listening_blob_key) is not None
    [stub] = house.load(Erasure)
    assert stub.kept["recordings"][0]["other_calls_keep_it"] == 1


@only_sqlite
def test_a_process_that_is_killed_goes_on_where_it_was(house: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [take_in(house, started_at=MONDAY + timedelta(hours=n)) for n in range(3)]
    request_id = ask_to_delete(house)
    real, left = privacy.erase_call, [1]

    def dying(*args: Any, **options: Any) -> bool:
        if not left:
            raise SystemExit
        left.pop()
        return real(*args, **options)

    monkeypatch.setattr(privacy, "erase_call", dying)
    with pytest.raises(SystemExit):
        erase(house, request_id)
    assert len(house.load(Erasure)) == 1
    monkeypatch.setattr(privacy, "erase_call", real)
    assert erase(house, request_id).erased == 2
    assert {row.call_id for row in house.load(Erasure)} == set(calls)
    assert sum(house.count(EventKind.CALL_ERASED, call_id) for call_id in calls) == 3
    with pytest.raises(InvalidTransition, match="ended"):
        erase(house, request_id)


@only_sqlite
def test_blobs_go_before_the_rows_so_that_none_is_left_behind(house: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(house)
    request_id = ask_to_delete(house)
    real = LocalBlobStore.delete
    seen: list[str] = []

    def dying(store: LocalBlobStore, key: str) -> None:
        real(store, key)
        seen.append(key)
        if len(seen) == 2:
            raise SystemExit

    monkeypatch.setattr(LocalBlobStore, "delete", dying)
    with pytest.raises(SystemExit):
        erase(house, request_id)
    assert house.load(Erasure) == []
    monkeypatch.setattr(LocalBlobStore, "delete", real)
    assert erase(house, request_id).state is PrivacyState.DONE
    assert list(house.services.blobs.keys()) == []


@only_sqlite
def test_an_erased_call_is_neither_screened_nor_heard_nor_replayed_nor_filled_again(house: Desk) -> None:
    call_id = take_in(house)
    erase(house, ask_to_delete(house))
    with house.uow.begin("test") as work:
        screen_and_score(work, call_id, judge=judge_in_force(work.session), lists=house.services.number_lists)
        with pytest.raises(NotFound):
            request_analysis(work, call_id)
    with house.uow.read() as session, pytest.raises(InvalidTransition, match="erased on request"):
        replay_call(session, call_id)
    # The sender sends the same recording again, and another one: neither is kept.
    from app.intake.recordings import store_recording

    for content in (sound(LINES, AGENT, seconds=20.0), sound(AGENT, LINES, seconds=20.0)):
        path = house.services.settings.data_dir / "again.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        with house.uow.begin("test") as work:
            stored = store_recording(work, house.services.blobs, call_id, path, "again.wav")
        assert stored.state is RecordingState.NOT_ALLOWED
    house.run_all()
    assert list(house.services.blobs.keys()) == []
    assert house.load(UtteranceRow) == []
    with house.uow.read() as session:
        screen = load_call_screen(session, OFFICER, call_id)
    assert screen.erased_at is not None
    assert screen.heard is None


@only_sqlite
def test_nothing_is_erased_unverified_or_for_another_kind(house: Desk) -> None:
    take_in(house)
    with pytest.raises(InvalidTransition, match="verify first"):
        erase(house, ask_to_delete(house, is_verified=False))
    with house.uow.begin(OFFICER.actor) as work:
        known = record_privacy_request(work, kind=PrivacyKind.KNOW, number=NUMBER, way="letter", received_at=MONDAY)
        verify_requester(work, known, how="copy of a bill")
    with pytest.raises(InvalidTransition, match="does not ask"):
        erase(house, known)
    assert house.load(Erasure) == []
    with house.uow.begin(OFFICER.actor) as work:
        finish_request(work, known, done="sent the bundle by letter")
    assert row_of(house, known).state is PrivacyState.DONE


@only_sqlite
def test_words_on_a_call_open_a_request_with_its_clocks(house: Desk) -> None:
    call_id = take_in(house)
    [row] = house.load(PrivacyRequest)
    assert (row.call_id, row.number, row.kind, row.way, row.state) == (
        call_id, NUMBER, PrivacyKind.DELETE, "spoken", PrivacyState.RECEIVED,
    )  # fmt: skip
    # Ten business days without Thanksgiving, and 45 calendar days.
    assert (row.acknowledge_by, row.answer_by) == (date(2026, 12, 1), date(2026, 12, 31))
    with house.uow.begin(OFFICER.actor) as work:
        acknowledge_receipt(work, row.id)
        change_kind(work, row.id, PrivacyKind.KNOW)
        extend_clock(work, row.id, why="many calls")
    row = row_of(house, row.id)
    assert (row.answer_by, row.kind) == (date(2027, 2, 14), PrivacyKind.KNOW)
    with house.uow.begin(OFFICER.actor) as work:
        with pytest.raises(InvalidTransition, match="once"):
            extend_clock(work, row.id, why="still more")
        with pytest.raises(InvalidInput, match="reason"):
            refuse_request(work, row.id, why=" ")
        refuse_request(work, row.id, why="could not be verified")
    assert row_of(house, row.id).state is PrivacyState.REFUSED


@only_sqlite
def test_the_networks_own_number_is_no_consumers(house: Desk) -> None:
    from app.models.campaigns import TrackingNumber

    with house.uow.begin("test") as work:
        work.session.add(
            TrackingNumber(
                id="T", number="+18335550100", source_id=house.world.source.id, campaign_id=house.world.campaign.id,
                assigned_from=MONDAY, assigned_to=None, is_toll_free=True, is_vanity=False,
            )
        )  # fmt: skip
    with house.uow.begin("test") as work, pytest.raises(InvalidInput, match="own tracking numbers"):
        record_privacy_request(work, kind=PrivacyKind.DELETE, number="833 555 0100", way="email", received_at=MONDAY)


def test_traces_of_words_are_found_in_sentences_and_nowhere_else() -> None:
    words = Words(["I live in Zanzibar with my sister", "Yes."])
    assert words.clean("She says she will LIVE in zanzibar, soon") == ERASED
    assert words.clean("The caller says yes to the offer") == "The caller says yes to the offer"
    assert words.clean("Heard once: \u201cmy sister\u201d.") == f"Heard once: {ERASED}."
    assert words.strip({"hits": [{"quote": "x", "start_s": 1.0, "pack": "PH"}], "note": "live in Zanzibar"}) == {
        "hits": [{"start_s": 1.0, "pack": "PH"}], "note": ERASED,
    }  # fmt: skip


def test_consents_and_requests_stay_as_proof(house: Desk) -> None:
    with house.uow.begin("test") as work:
        at = MONDAY - timedelta(days=3)
        work.session.add(Consent(id="c", external_id="c", number=NUMBER, elements={}, given_at=at, recorded_at=at))
        record_request(work, number=NUMBER, way=OptOutWay.EMAIL, scope=OptOutScope.EVERYBODY, received_at=MONDAY)
    assert erase(house, ask_to_delete(house)).state is PrivacyState.DONE
    assert [consent.id for consent in house.load(Consent)] == ["c"]
    assert len(house.load(OptOut)) == 1
    assert house.load(Recording) == []
