"""A call is recorded once, with everything as it was in force when it began."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from app.adapters.ids import UlidSource
from app.errors import InvalidInput
from app.intake.call_rows import parse_call_row
from app.intake.service import Envelope, RecordedCall, deliver_recording, record_call
from app.models.analysis import AnalysisRun
from app.models.calls import Call, CallLeg, Recording
from app.models.events import Event, Job
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, JobName, RecordingState
from tests.fakes import FrozenClock, ListQueue
from tests.integration.intake.house import SPRING, House, open_house, wav

Cells = Callable[..., dict[str, Any]]


@pytest.fixture
def house(engine: Engine) -> House:
    """The house on SQLite and on PostgreSQL."""
    return open_house(engine)


def record(house: House, cells: dict[str, Any]) -> RecordedCall:
    with house.uow.begin("test") as work:
        return record_call(work, parse_call_row(cells, where="row", sender="csv"))


def test_a_call_gets_what_its_tracking_number_told_when_it_began(house: House, row: Cells) -> None:
    record(house, row(external_id="june", started_at="2026-06-30T23:59:59Z", tracking_number="8335550100"))
    record(house, row(external_id="july", started_at="2026-07-01T00:00:00Z", tracking_number="8335550100"))
    july, june = sorted(house.load(Call), key=lambda call: call.external_id)
    assert (june.campaign_id, june.campaign_version_id, june.source_id, june.publisher_id) == ("rec", "rec-v1", "src", "pub")
    assert (july.campaign_id, july.campaign_version_id) == ("off", "off-v1")
    assert june.advertiser_id == july.advertiser_id == "adv"


def test_the_only_ad_of_a_campaign_is_taken_and_of_several_none(house: House, row: Cells) -> None:
    record(house, row(external_id="one", campaign="CAMP-REC"))
    record(house, row(external_id="two", campaign="CAMP-OFF"))
    one, two = sorted(house.load(Call), key=lambda call: call.external_id)
    assert (one.ad_id, one.ad_version_id) == ("a1", "a1-v2")
    assert (two.ad_id, two.ad_version_id) == (None, None)


def test_a_call_to_a_number_of_nobody_is_recorded_all_the_same(house: House, row: Cells) -> None:
    record(house, row(tracking_number="+18005550199"))
    (call,) = house.load(Call)
    assert (call.campaign_id, call.source_id, call.advertiser_id, call.dialed_number) == (None, None, None, "+18005550199")


def test_a_row_that_names_what_is_not_on_record_is_refused_with_everything_unknown(house: House, row: Cells) -> None:
    with pytest.raises(InvalidInput) as caught:
        record(house, row(campaign="NOPE", ad="NADA", source="NIL"))
    assert caught.value.code == "unknown_reference"
    assert [problem["field"] for problem in caught.value.details["problems"]] == ["campaign", "ad", "source"]
    assert house.count(Call) == 0


def test_an_ad_of_another_campaign_is_refused(house: House, row: Cells) -> None:
    with pytest.raises(InvalidInput, match="an ad of the campaign CAMP-OFF"):
        record(house, row(campaign="CAMP-OFF", ad="AD-A1"))


def test_the_same_row_again_changes_nothing_and_is_no_event(house: House, row: Cells) -> None:
    legs = [{"direction": "consumer_placed", "from": "+12125550123", "started_at": "2026-11-23T13:00:00Z"}]
    first = record(house, row(revenue="12.50", legs=legs, note="x"))
    before = house.counts()
    second = record(house, row(revenue="12.50", legs=legs, note="x"))
    assert (first.is_new, second.is_new, second.changed) == (True, False, ())
    assert second.call_id == first.call_id
    assert house.counts() == before


def test_the_same_id_of_another_sender_is_another_call(house: House, row: Cells) -> None:
    record(house, row())
    record(house, row(sender="ringba"))
    assert house.count(Call) == 2


def test_a_later_row_adds_and_corrects_and_leaves_the_rest(house: House, row: Cells) -> None:
    first = record(house, row(revenue="12.50", zip="32501", note="kept"))
    second = record(house, {"id": "c1", "started_at": "2026-11-23T13:00:00Z", "revenue": "0", "payout": "3", "extra": "added"})
    assert second == RecordedCall(first.call_id, is_new=False, changed=("payout_minor", "revenue_minor", "tags"))
    (call,) = house.load(Call)
    assert (call.revenue_minor, call.payout_minor, call.consumer_zip, call.caller_number) == (0, 300, "32501", "+12125550123")
    assert call.tags == {"note": "kept", "extra": "added"}
    (event,) = house.load(Event, kind=EventKind.CALL_CHANGED)
    assert event.payload["values"] == {"payout_minor": [None, 300], "revenue_minor": [1250, 0]}


def test_the_audit_trail_never_holds_where_a_consumer_is_or_the_number(house: House, row: Cells) -> None:
    record(house, row(zip="32501"))
    record(house, row(zip="10001", caller="+13055550188", note="12125550123"))
    text = "".join(str(event.payload) for event in house.load(Event))
    assert not any(secret in text for secret in ("2125550123", "3055550188", "32501", "10001"))


def test_other_legs_replace_the_legs(house: House, row: Cells) -> None:
    leg = {"direction": "consumer_placed", "started_at": "2026-11-23T13:00:00Z"}
    record(house, row(legs=[leg, leg | {"seq": 7}]))
    assert record(house, row(legs=[leg | {"verstat": "TN-Validation-Passed-A"}])).changed == ("legs",)
    (kept,) = house.load(CallLeg)
    assert kept.facts == {"verstat": "TN-Validation-Passed-A"}


def test_a_changed_call_that_was_heard_is_screened_again(house: House, row: Cells) -> None:
    call_id = record(house, row()).call_id
    record(house, row(state="FL"))
    assert house.count(Job) == 0
    with house.uow.begin("test") as work:
        work.session.add(
            Recording(
                id="r",
                call_id=call_id,
                state=RecordingState.STORED,
                sha256="0",
                byte_count=1,
                filename="f",
                blob_key="k",
                received_at=SPRING,
            )
        )
        work.session.flush()
        work.session.add(
            AnalysisRun(
                id="run",
                call_id=call_id,
                recording_id="r",
                input_hash="h",
                pipeline_version="1",
                requested_at=SPRING,
                finished_at=SPRING,
            )
        )
    record(house, row(state="GA"))
    (job,) = house.load(Job)
    assert (job.name, job.subject_id) == (JobName.SCREEN_CALL, call_id)


def test_a_correction_that_ends_a_call_before_its_start_is_refused(house: House, row: Cells) -> None:
    record(house, row(ended_at="2026-11-23T13:01:00Z"))
    with pytest.raises(InvalidInput, match="send both times together"):
        record(house, {"id": "c1", "started_at": "2026-11-23T13:30:00Z"})


def test_a_call_whose_audio_is_kept_does_not_move_to_a_campaign_that_forbids_it(house: House, row: Cells) -> None:
    call_id = record(house, row()).call_id
    with house.uow.begin("test") as work:
        work.session.add(
            Recording(
                id="r",
                call_id=call_id,
                state=RecordingState.STORED,
                sha256="0",
                byte_count=1,
                filename="f",
                blob_key="k",
                received_at=SPRING,
            )
        )
    with pytest.raises(InvalidInput) as caught:
        record(house, row(campaign="CAMP-OFF"))
    assert caught.value.code == "audio_kept_already"


def test_moving_to_another_campaign_takes_its_versions_and_no_ad_of_the_old_one(house: House, row: Cells) -> None:
    record(house, row())
    record(house, row(campaign="CAMP-OFF"))
    (call,) = house.load(Call)
    assert (call.campaign_version_id, call.ad_id, call.ad_version_id) == ("off-v1", None, None)


def test_the_same_call_sent_by_many_at_once_is_recorded_once(house: House, row: Cells) -> None:
    clock = FrozenClock()
    house.uow = UnitOfWork(house.engine, clock, UlidSource(clock), ListQueue())
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: record(house, row()), range(6)))
    assert [answer.is_new for answer in answers].count(True) == 1
    assert len({answer.call_id for answer in answers}) == 1
    assert house.count(Call) == 1


def test_the_same_recording_sent_by_many_at_once_is_recorded_once(house: House, row: Cells) -> None:
    clock = FrozenClock()
    house.uow = UnitOfWork(house.engine, clock, UlidSource(clock), ListQueue())
    call_id = record(house, row()).call_id

    def send(_: int) -> bool:
        envelope = Envelope("test", "api", "a.wav")
        return deliver_recording(house.uow, house.blobs, envelope, call_id, io.BytesIO(wav()), "a.wav").is_new

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(send, range(6))) == 1
    assert (house.count(Recording), house.count(Job)) == (1, 1)
