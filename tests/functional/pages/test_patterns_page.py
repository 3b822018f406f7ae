"""The page of patterns: who may open it, what it says, what it draws, and what a wrong window gets."""

from datetime import timedelta

import pytest

from app.models.calls import Call
from app.unit_of_work import Work
from app.vocabulary import Disposition, EndedBy
from tests.functional.world import World

PATH = "/compliance/patterns"
BILLABLE_S = 90  # of the world's ads


def add_calls(work: Work, publisher: str, past_s: list[float], *, days_ago: float = 1.0) -> None:
    for place, past in enumerate(past_s):
        work.session.add(
            Call(
                id=f"p-{publisher}-{days_ago}-{place}", sender="csv", external_id=f"p-{publisher}-{days_ago}-{place}",
                campaign_id="camp-acme", ad_id="ad-acme", ad_version_id="ad-acme-1", source_id=f"src-{publisher}",
                advertiser_id="acme", publisher_id=publisher, started_at=work.now - timedelta(days=days_ago, minutes=place),
                connected_s=BILLABLE_S + past, disposition=Disposition.COMPLETED, ended_by=EndedBy.CALLER, received_at=work.now,
            )
        )  # fmt: skip


@pytest.fixture
def cliff(world: World) -> World:
    """Pam's calls end just past the billable second; Quin's do not."""
    with world.uow.begin("test") as work:
        add_calls(work, "pam", [4.0] * 30 + [45.0] * 20)
        add_calls(work, "quin", [4.0] * 2 + [45.0] * 118)
    return world


@pytest.mark.parametrize("person", ["acme", "pam", "agency"])
def test_outside_parties_do_not_get_in(world: World, person: str) -> None:
    browser = world.signed_in(person)
    assert PATH not in browser.get("/").links
    browser.get(PATH, status=403)


@pytest.mark.parametrize("person", ["operator", "compliance", "lead", "reviewer", "billing"])
def test_people_of_the_network_find_it_in_the_side_bar(world: World, person: str) -> None:
    browser = world.signed_in(person)
    assert PATH in browser.get("/").links
    assert "No pattern in the last 30 days" in browser.get(PATH).text


def test_with_too_few_calls_the_page_says_how_many_it_needs(world: World) -> None:
    text = world.signed_in("compliance").get(PATH).text
    assert "compared from 40 calls of a source and 100 of all others" in text


def test_a_cliff_is_said_drawn_and_led_to_its_calls(cliff: World) -> None:
    page = cliff.signed_in("compliance").get(PATH)
    assert (
        "Of 50 calls of Pam source of Pam Company that reached the billable second, 30 (60%) ended within 10 s of it"
        in page.text
    )
    assert "of all other sources it is 2 of 120 (1.7%)" in page.text
    body = page.response.get_data(as_text=True)
    assert body.count('class="cliff-bar') == 24
    assert body.count("cliff-near") == 2
    assert "0 to 5 s past: 30 calls, 60.0%; others 1.7%" in body
    assert "style=" not in body.split("<main")[1]
    assert "/calls?source=src-pam" in page.links
    assert "/calls/p-pam-1.0-0" in page.links
    assert "/calls/p-pam-1.0-20" not in page.links  # 20 are named
    assert "campaign terms" in page.text


def test_a_shorter_window_looks_at_fewer_calls(world: World) -> None:
    with world.uow.begin("test") as work:
        add_calls(work, "pam", [4.0] * 30 + [45.0] * 20, days_ago=20.0)
        add_calls(work, "quin", [4.0] * 2 + [45.0] * 118, days_ago=20.0)
    browser = world.signed_in("billing")
    assert "No pattern in the last 7 days" in browser.get(f"{PATH}?days=7").text
    assert "30 (60%)" in browser.get(f"{PATH}?days=90").text


@pytest.mark.parametrize("typed", ["8", "0", "-7", "abc", "99999999999999999999", "<script>", "٧"])
def test_a_window_that_is_not_offered_is_refused_and_the_usual_one_shown(world: World, typed: str) -> None:
    page = world.signed_in("compliance").get(f"{PATH}?days={typed}", status=422)
    assert "Expected a window of 7, 30, 90 days, got" in page.text
    assert "No pattern in the last 30 days" in page.text


def test_names_are_written_as_text(cliff: World) -> None:
    from app.models.parties import Party

    with cliff.uow.begin("test") as work:
        work.session.get_one(Party, "pam").name = "<b>Pam</b>"
    body = cliff.signed_in("compliance").get(PATH).response.get_data(as_text=True)
    assert "<b>Pam</b>" not in body
    assert "&lt;b&gt;Pam&lt;/b&gt;" in body
