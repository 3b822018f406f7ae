"""The review queue in the browser: take, hold, give back, pass over, and go from verdict to the next call."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from app.models.reviews import QueueEntry, Review
from app.review.queue.entries import refresh_entries
from app.review.queue.order import SamplingPolicy
from tests.factories.screened_calls import keep_call
from tests.factories.screening import outbound
from tests.functional.client import Browser, Page
from tests.functional.world import World, make_world

NY = "+12122345678"
POLICY = SamplingPolicy(percent=0, first_of_source=0)


@pytest.fixture
def world(sqlite_engine: Engine, tmp_path: Path) -> World:
    """Two calls placed too early; the second has more money on it."""
    world = make_world(sqlite_engine, tmp_path)
    with world.uow.begin("worker") as work:
        when = work.now.replace(hour=10, minute=0) - timedelta(days=1)
        for call_id, revenue in (("early", 0), ("dear", 500_000)):
            facts = outbound(NY, when.isoformat())
            keep_call(work, call_id, facts, started_at=when, publisher_id="pam", revenue_minor=revenue, caller_number=NY)
        refresh_entries(work, ["early", "dear"], POLICY)
    return world


def take(browser: Browser) -> str:
    return str(browser.post("/queue/next", {"queue": "compliance"}).response.headers["Location"])


def test_the_queue_says_what_comes_next_and_why(world: World) -> None:
    page = world.signed_in("reviewer").get("/queue")
    assert "Next for you in “Compliance”" in page.text
    assert "at stake: " in page.text
    assert page.text.index("(212) 234-5678") > 0


def test_a_reviewer_goes_from_verdict_to_the_next_call_until_nothing_waits(world: World) -> None:
    browser = world.signed_in("reviewer")
    assert take(browser) == "/calls/dear"
    page = browser.get("/calls/dear")
    assert "You have this call" in page.text
    verdict = {"verdict": "law_violation", "heard_s": "4", "next_in": "compliance"}
    assert browser.post("/calls/dear/review", verdict).response.headers["Location"] == "/calls/early"
    assert browser.post("/calls/early/review", verdict).response.headers["Location"] == "/queue?queue=compliance"
    assert "Nothing more waits for you" in browser.get("/queue?queue=compliance").text
    with world.uow.read() as session:
        assert set(session.scalars(select(Review.call_id))) >= {"dear", "early"}
        assert set(session.scalars(select(QueueEntry.call_id))) == set()


def test_of_two_browsers_one_gets_the_call_and_the_other_is_told(world: World) -> None:
    first, second = world.signed_in("reviewer"), world.signed_in("lead")
    take(first)
    assert take(second) == "/calls/early"
    assert "Reviewer is reviewing this call" in second.get("/calls/dear").text
    second.post("/queue/dear/claim")
    assert "Not taken: Reviewer is reviewing this call" in second.get("/calls/dear").text
    renewed: Page = second.post("/queue/dear/claim", status=200, headers={"HX-Request": "true"})
    assert "Reviewer is reviewing" in renewed.response.get_data(as_text=True)


def test_a_call_is_given_back_or_passed_over_with_a_reason(world: World) -> None:
    browser, lead = world.signed_in("reviewer"), world.signed_in("lead")
    take(browser)
    browser.post("/queue/dear/give-back")
    assert take(lead) == "/calls/dear"
    lead.post("/queue/dear/give-back")
    take(browser)
    browser.post("/queue/dear/skip", {"reason": " ", "queue": "compliance"})
    assert "say why you pass it over" in browser.get("/calls/dear").text
    moved = browser.post("/queue/dear/skip", {"reason": "I know the caller", "queue": "compliance"})
    assert moved.response.headers["Location"] == "/calls/early"


def test_a_lead_gives_a_call_to_one_person_and_a_reviewer_may_not(world: World) -> None:
    lead, browser = world.signed_in("lead"), world.signed_in("reviewer")
    page = lead.get("/calls/dear")
    people = {option.text: option.get("value") for option in page.all("option")}
    lead.post("/queue/dear/assign", {"person": people["Lead"]})
    assert take(browser) == "/calls/early"
    browser.post("/queue/dear/assign", {"person": ""}, status=403)
    lead.post("/queue/dear/assign", {"person": ""})
    lead.post("/queue/dear/assign", {"person": "nobody"}, status=404)


def test_people_outside_have_no_queue(world: World) -> None:
    for person in ("acme", "pam", "billing"):
        browser = world.signed_in(person)
        browser.get("/queue", status=403)
        browser.post("/queue/next", {"queue": "compliance"}, status=403)


def test_nonsense_in_the_address_shows_the_first_queue(world: World) -> None:
    page = world.signed_in("reviewer").get("/queue?queue=nonsense&campaign=none&source=" + "x" * 500)
    assert "Nothing waits here" in page.text
