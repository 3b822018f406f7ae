"""Publishers' scorecards: what officers compare, and what a publisher sees of itself."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.adapters.database import open_database
from tests.factories.screened_calls import keep_call
from tests.factories.screening import outbound
from tests.functional.world import World, make_world

NY = "+12122345678"


@pytest.fixture
def world(sqlite_url: str, tmp_path: Path) -> Iterator[World]:
    engine: Engine = open_database(sqlite_url)
    made = make_world(engine, tmp_path)
    with made.uow.begin("cli") as work:
        for at, publisher in enumerate(("pam", "pam", "quin")):
            when = work.now.replace(hour=10, minute=0) - timedelta(days=at + 1)
            facts = outbound(NY, when.isoformat())
            keep_call(work, f"early-{at}", facts, started_at=when, publisher_id=publisher, source_id=f"src-{publisher}")
    yield made
    engine.dispose()


def test_an_officer_compares_publishers_and_opens_one(world: World) -> None:
    browser = world.signed_in("compliance")
    page = browser.get("/compliance/scorecards")
    assert {"/compliance/scorecards/pam", "/compliance/scorecards/quin"} <= page.links
    card = browser.get("/compliance/scorecards/pam")
    assert "Scorecard of Pam Company" in card.text
    assert "TCPA-HOURS" in card.text
    assert "Week of" in card.text
    assert "Too few to tell" in card.text


def test_the_period_can_be_chosen_and_nonsense_is_the_usual_one(world: World) -> None:
    browser = world.signed_in("compliance")
    for asked in ("7", "28", "91", "364", "x", "-3", "99999"):
        assert browser.get(f"/compliance/scorecards/pam?days={asked}").status == 200


def test_a_publisher_sees_itself_alone_and_an_advertiser_nothing(world: World) -> None:
    pam = world.signed_in("pam")
    assert "Quin Company" not in pam.get("/compliance/scorecards").text
    assert pam.get("/compliance/scorecards/pam").status == 200
    assert pam.get("/compliance/scorecards/quin", status=404).status == 404
    assert world.signed_in("acme").get("/compliance/scorecards", status=403).status == 403
