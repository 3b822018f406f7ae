"""The review queues: what waits, who has it, and what happens when two reach for one call."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from app.access.identity import Identity
from app.adapters.database import open_database
from app.errors import Conflict, InvalidInput, NotFound
from app.models.reviews import QueueEntry
from app.models.users import User
from app.review.queue.claims import (
    CLAIM,
    Filters,
    assign_call,
    claim_call,
    claim_next,
    find_claim,
    give_back,
    skip_call,
)
from app.review.queue.entries import fill_queues, refresh_entries
from app.review.queue.order import SamplingPolicy
from app.review.service import ReviewInput, record_review
from app.vocabulary import QueueReason, ReviewQueue, Role, Verdict
from tests.factories.screened_calls import keep_call
from tests.factories.screening import outbound
from tests.functional.world import World, make_world

NY = "+12122345678"
POLICY = SamplingPolicy(percent=0, first_of_source=0)
LAW = ReviewQueue.COMPLIANCE


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """Three calls placed too early: two of pam, the second with more money; one of quin."""
    world = make_world(engine, tmp_path)
    with world.uow.begin("worker") as work:
        when = work.now.replace(hour=10, minute=0) - timedelta(days=1)
        for call_id, publisher, revenue in (("early", "pam", 0), ("dear", "pam", 500_000), ("other", "quin", 0)):
            keep_call(
                work, call_id, outbound(NY, when.isoformat()), started_at=when, publisher_id=publisher,
                source_id=f"src-{publisher}", revenue_minor=revenue,
            )  # fmt: skip
        refresh_entries(work, ["early", "dear", "other"], POLICY)
    return world


def person(world: World, name: str) -> Identity:
    with world.uow.read() as session:
        user_id = session.scalar(select(User.id).where(User.email == f"{name}@example.com"))
    return Identity(f"user:{user_id}", name.title(), Role.REVIEWER, None)


def take(world: World, who: Identity, **options: object) -> str | None:
    with world.uow.begin(who.actor) as work:
        return claim_next(work, who, LAW, POLICY, **options)  # type: ignore[arg-type]


def waiting(world: World) -> set[str]:
    with world.uow.read() as session:
        return set(session.scalars(select(QueueEntry.call_id)))


def test_the_dearest_call_is_heard_first_and_the_same_person_gets_it_again(world: World) -> None:
    me = person(world, "reviewer")
    assert take(world, me) == "dear"
    assert take(world, me) == "dear"
    assert take(world, me, after="dear") in {"early", "other"}


def test_another_person_gets_another_call_and_is_told_who_has_the_first(world: World) -> None:
    me, lead = person(world, "reviewer"), person(world, "lead")
    take(world, me)
    assert take(world, lead) != "dear"
    with pytest.raises(Conflict, match="Reviewer is reviewing this call since"), world.uow.begin(lead.actor) as work:
        claim_call(work, lead, "dear")


def test_a_lost_browser_gives_the_call_back(world: World) -> None:
    me, lead = person(world, "reviewer"), person(world, "lead")
    take(world, me)
    world.clock.advance(seconds=CLAIM.total_seconds() - 1)
    with world.uow.begin(me.actor) as work:
        claim_call(work, me, "dear")
    world.clock.advance(seconds=CLAIM.total_seconds() - 1)
    with world.uow.read() as session:
        assert find_claim(session, "dear", world.clock.now()) is not None
    world.clock.advance(seconds=2)
    with world.uow.read() as session:
        assert find_claim(session, "dear", world.clock.now()) is None
    assert take(world, lead) == "dear"


def test_a_verdict_takes_the_call_out_and_a_doubt_leaves_it_in(world: World) -> None:
    me = person(world, "reviewer")
    for call_id, verdict in (("dear", Verdict.LAW_VIOLATION), ("early", Verdict.UNDECIDED)):
        with world.uow.begin(me.actor) as work:
            record_review(work, me, call_id, ReviewInput(verdict))
    assert waiting(world) == {"early", "other"}


def test_a_call_that_was_passed_over_is_offered_to_others_only(world: World) -> None:
    me, lead = person(world, "reviewer"), person(world, "lead")
    take(world, me)
    with world.uow.begin(me.actor) as work:
        skip_call(work, me, "dear", "the caller is my neighbour")
    assert take(world, me) != "dear"
    assert take(world, lead) == "dear"
    with pytest.raises(InvalidInput, match="say why"), world.uow.begin(me.actor) as work:
        skip_call(work, me, "early", "  ")


def test_a_call_given_to_one_person_is_offered_to_nobody_else(world: World) -> None:
    me, lead = person(world, "reviewer"), person(world, "lead")
    take(world, me)
    with world.uow.begin(lead.actor) as work:
        assign_call(work, "dear", lead.actor.partition(":")[2])
    assert take(world, me) != "dear"
    with pytest.raises(Conflict, match="given to Lead"), world.uow.begin(me.actor) as work:
        claim_call(work, me, "dear")
    assert take(world, lead) == "dear"
    with pytest.raises(NotFound), world.uow.begin(lead.actor) as work:
        assign_call(work, "dear", "nobody")


def test_nobody_collects_calls(world: World) -> None:
    me = person(world, "reviewer")
    seen = [take(world, me)]
    for _ in range(2):
        seen.append(take(world, me, after=seen[-1]))
    assert len(set(seen)) == 2 or len(set(seen)) == 3
    with world.uow.begin(me.actor) as work:
        for call_id in ("dear", "early", "other"):
            claim_call(work, me, call_id)
    with pytest.raises(Conflict, match="you hold 3 calls"), world.uow.begin(me.actor) as work:
        claim_next(work, me, ReviewQueue.QUALITY, POLICY)
    with world.uow.begin(me.actor) as work:
        give_back(work, me, "early")
        assert claim_next(work, me, ReviewQueue.QUALITY, POLICY) is None


def test_filters_narrow_what_is_offered(world: World) -> None:
    assert take(world, person(world, "reviewer"), filters=Filters(source_id="src-quin")) == "other"
    assert take(world, person(world, "lead"), filters=Filters(source_id="src-none")) is None


def test_clean_calls_wait_only_as_the_sample_says(world: World) -> None:
    with world.uow.begin("worker") as work:
        refresh_entries(work, ["acme-clean", "bravo-clean"], SamplingPolicy(percent=0, first_of_source=10))
        assert work.session.get(QueueEntry, "acme-clean") is None  # it has a verdict
    with world.uow.begin("worker") as work:
        entries = work.session.scalars(select(QueueEntry)).all()
        assert {entry.why for entry in entries} == {QueueReason.FLAGGED}


def test_calls_screened_before_there_were_queues_are_put_in(world: World) -> None:
    with world.uow.begin("worker") as work:
        work.session.query(QueueEntry).delete()
    after: str | None = ""
    while after is not None:
        with world.uow.begin("worker") as work:
            after = fill_queues(work, POLICY, after=after, limit=2)
    assert {"early", "dear", "other", "acme-flagged", "bravo-flagged"} == waiting(world)


def test_of_many_at_once_each_gets_a_call_of_their_own(world: World) -> None:
    with world.uow.begin("worker") as work:
        when = work.now.replace(hour=10, minute=0) - timedelta(days=2)
        for n in range(12):
            keep_call(work, f"many-{n}", outbound(NY, when.isoformat()), started_at=when)
        refresh_entries(work, [f"many-{n}" for n in range(12)], POLICY)
    people = [Identity(f"user:r{n}", f"R{n}", Role.REVIEWER, None) for n in range(8)]
    got: list[str | None] = []
    barrier = threading.Barrier(len(people))

    def reach(who: Identity) -> None:
        barrier.wait()
        got.append(take(world, who))

    threads = [threading.Thread(target=reach, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in got
    assert len(set(got)) == len(people)
    with world.uow.read() as session:
        held = session.scalar(select(func.count()).select_from(QueueEntry).where(QueueEntry.claimed_by.is_not(None)))
    assert held == len(people)
