"""What the tables know of a call becomes the facts that the rules read; what they do not know stays unknown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event

from app.compliance.call_facts import load_call_facts, load_facts
from app.errors import ListDamaged
from app.models.calls import CallLeg
from app.models.campaigns import TrackingNumber
from app.models.numbers import NumberListVersion
from app.models.screening import Consent
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import Channel, LegDirection, ListKind, Purpose, TransferType
from tests.factories.calls import World, make_call, make_world

AT = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
NUMBER, TRACKING = "+12127365000", "+18335550100"
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Lists:
    """Lists that say the same of every number, and note what they were asked."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self.answer, self.asked = answer, []  # type: tuple[dict[str, Any] | None, list[Any]]

    def dnc_facts(self, e164: str, at: datetime, scrubbed_at: datetime | None = None) -> dict[str, Any]:
        self.asked.append((e164, at))
        if self.answer is None:
            raise ListDamaged("the list is damaged")
        return self.answer


@pytest.fixture
def work(uow: UnitOfWork) -> Iterator[Work]:
    with uow.begin("test") as work:
        yield work


@pytest.fixture
def world(work: Work) -> World:
    return make_world(work.session, work.ids, work.now)


def call(work: Work, world: World, **changes: Any) -> str:
    return make_call(work.session, work.ids, work.now, world, **{"caller_number": NUMBER, "started_at": AT, **changes}).id


def test_terms_legs_and_names_come_from_the_tables(work: Work, world: World) -> None:
    facts = load_facts(work.session, call(work, world, transfer_type=TransferType.NONE))
    assert (facts.seller, facts.advertiser, facts.vertical) == ("Meridian Health", "Meridian Health", "medicare")
    assert facts.purpose is Purpose.TELEMARKETING
    assert facts.declared_channel == Channel.SEARCH_PAID  # of the source, as the row says nothing
    assert facts.campaign.channels.allow == ("online.search_paid",)
    assert (facts.campaign.billable_s, facts.campaign.dedupe_window_days, facts.duration_s) == (30, 30, 76.0)
    assert facts.campaign.hours is not None
    assert (facts.consumer.zip, facts.consumer.stated_state) == ("10001", "NY")
    # The network's own connection from the tracking number to the buyer is no hand-over.
    assert [(leg.direction, leg.started_at) for leg in facts.legs] == [(LegDirection.CONSUMER_PLACED, AT)]
    assert facts.consents == facts.attempts_24h == facts.prior_calls == ()
    assert facts.dnc.national is None
    assert not facts.dnc.is_internal_known
    assert facts.is_made_up is None


def test_a_start_that_was_assumed_is_unknown(work: Work, world: World) -> None:
    tags = {"started_at_assumed": "date of the file"}
    call_id = call(work, world, transfer_type=TransferType.NONE, tags=tags)
    work.session.execute(delete(CallLeg))
    facts = load_facts(work.session, call_id)
    assert [(leg.from_number, leg.to_number, leg.started_at) for leg in facts.legs] == [(NUMBER, TRACKING, None)]


def test_nothing_is_inferred_of_a_call_without_legs_that_may_have_been_handed_over(work: Work, world: World) -> None:
    calls = [call(work, world, transfer_type=kind) for kind in (None, TransferType.COLD)]
    work.session.execute(delete(CallLeg))
    assert [load_facts(work.session, call_id).legs for call_id in calls] == [(), ()]


def test_earlier_calls_and_attempts_are_those_of_the_number(work: Work, world: World) -> None:
    for days, number in ((1, NUMBER), (30, NUMBER), (61, NUMBER), (-1, NUMBER), (2, "+12127365001")):
        call(work, world, started_at=AT - timedelta(days=days), caller_number=number)
    recent = call(work, world, started_at=AT - timedelta(hours=3))
    placed = CallLeg(
        call_id=recent, seq=5, direction=LegDirection.PLACED_TO_CONSUMER, from_number=TRACKING, to_number=NUMBER,
        started_at=AT - timedelta(hours=3), facts={},
    )  # fmt: skip
    work.session.add(placed)
    work.session.flush()
    facts = load_facts(work.session, call(work, world))
    assert [AT - prior.at for prior in facts.prior_calls] == [timedelta(hours=3), timedelta(days=1), timedelta(days=30)]
    assert {prior.advertiser for prior in facts.prior_calls} == {"Meridian Health"}
    assert [(attempt.at, attempt.number) for attempt in facts.attempts_24h] == [(AT - timedelta(hours=3), TRACKING)]


def test_a_consent_names_the_seller_of_its_record(work: Work, world: World) -> None:
    elements = {"written": True, "names_seller": True, "number": True}
    work.session.add(
        Consent(
            id="C1", external_id="c1", number=NUMBER, seller="Somebody Else LLC", elements=elements,
            certificate={"kind": "trustedform", "phone_match": True}, given_at=AT - timedelta(days=3), recorded_at=AT,
        )
    )  # fmt: skip
    work.session.flush()
    [consent] = load_facts(work.session, call(work, world)).consents
    assert consent.elements["names_seller"] == "Somebody Else LLC"
    assert consent.given_at == AT - timedelta(days=3)
    assert consent.certificate is not None
    assert consent.certificate.phone_match is True


def test_the_channel_of_the_tracking_number_is_that_of_its_use_at_the_time(work: Work, world: World) -> None:
    uses = ((AT - timedelta(days=400), AT - timedelta(days=200)), (AT - timedelta(days=60), None))
    for begins, ends in uses:
        work.session.add(
            TrackingNumber(
                id=work.new_id(), number=TRACKING, source_id=world.source.id, campaign_id=world.campaign.id,
                assigned_from=begins, assigned_to=ends, is_toll_free=True, is_vanity=False,
            )
        )  # fmt: skip
    work.session.flush()
    facts = load_facts(work.session, call(work, world))
    assert facts.tracking_number_channel == Channel.SEARCH_PAID
    assert facts.tracking_number is not None
    assert facts.tracking_number.previous_use_ended_at == AT - timedelta(days=200)


def test_lists_are_asked_as_of_the_start_and_no_list_of_requests_is_no_answer(work: Work, world: World) -> None:
    lists = Lists({"national": {"listed": True, "obtained_at": AT.isoformat()}, "internal": {"requested_at": None}})
    call_id = call(work, world)
    facts = load_facts(work.session, call_id, lists=lists)
    assert lists.asked == [(NUMBER, AT)]
    assert facts.dnc.national is not None
    assert facts.dnc.national.is_listed is True
    assert not facts.dnc.is_internal_known
    work.session.add(
        NumberListVersion(
            id="internal-1", kind=ListKind.INTERNAL, obtained_at=AT, loaded_at=AT, loaded_by="x", is_change=False, count=1,
            sha256="0" * 64, garbage_count=0,
        )
    )  # fmt: skip
    work.session.flush()
    known = load_facts(work.session, call_id, lists=lists)
    assert known.dnc.is_internal_known
    assert known.dnc.internal_requested_at is None


def test_a_damaged_list_says_nothing(work: Work, world: World) -> None:
    assert "dnc" not in load_call_facts(work.session, call(work, world), lists=Lists(None))


@only_sqlite
def test_the_number_of_queries_does_not_grow_with_the_calls(work: Work, world: World, engine: Engine) -> None:
    counts = []
    for _ in range(2):
        call_id = call(work, world)
        for hours in range(1, 6):
            call(work, world, started_at=AT - timedelta(hours=hours))
        counts.append(_count_statements(engine, work, call_id))
    assert counts[0] == counts[1] <= 8


def _count_statements(engine: Engine, work: Work, call_id: str) -> int:
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    load_call_facts(work.session, call_id, lists=Lists({}))
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)
