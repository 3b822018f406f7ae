"""Lists that run out are told on every page of officers, on the trail once for each warning, in metrics and in a calendar."""

import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.models.calls import Call
from app.models.events import Event
from app.tasks import get_task
from app.vocabulary import EventKind, JobName, TaskKind
from app.web.calendar_file import CalendarDay, write_calendar
from tests.fakes import DEFAULT_MOMENT
from tests.functional.world import World
from workers.jobs import _run_task, run_job
from workers.schedule import warn_of_running_out

LISTS = "/compliance/lists"
PAGES = ("/", LISTS, "/compliance/scrubs", "/compliance/numbers")


def load(world: World, text: str = "212,5552000\n646,5552000\n", *, days_ago: int = 1, **typed: str) -> None:
    obtained = f"{world.clock.now() - timedelta(days=days_ago):%Y-%m-%dT%H:%M}"
    data = {"kind": "national", "san": "4711", "obtained_at": obtained} | typed
    world.signed_in("compliance").post(LISTS, data | {"files": (io.BytesIO(text.encode()), "l.txt")}, status=303)


def warnings(world: World) -> list[tuple[str, int]]:
    with world.uow.read() as session:
        found = session.scalars(select(Event).where(Event.kind == EventKind.NUMBER_LIST_RUNS_OUT).order_by(Event.seq))
        return [(event.payload["list"], event.payload["level"]) for event in found]


@pytest.mark.parametrize("path", PAGES)
def test_with_nothing_loaded_every_page_of_officers_says_0_scrubbed(world: World, path: str) -> None:
    assert "0 scrubbed: no list is loaded" in world.signed_in("compliance").get(path).text


def test_with_sold_lists_alone_the_national_registry_is_missed(world: World) -> None:
    load(world, kind="litigator")
    assert "0 scrubbed against the national registry" in world.signed_in("operator").get("/").text


@pytest.mark.parametrize("person", ["reviewer", "billing", "acme", "pam"])
def test_others_are_not_told(world: World, person: str) -> None:
    assert "0 scrubbed" not in world.signed_in(person).get("/").text


@pytest.mark.parametrize(
    ("days_ago", "said"),
    [
        (29, "Area codes 212, 646: the national list runs out on 25 Nov, 2 days left"),
        (30, "Area codes 212, 646: the national list runs out on 24 Nov, 1 day left"),
        (31, "Area codes 212, 646: the national list runs out on 23 Nov, today is the last day"),
        (32, "Area codes 212, 646: the national list ran out on 22 Nov, 1 day ago, and clears no number"),
    ],
)
@pytest.mark.parametrize("path", PAGES)
def test_what_runs_out_is_told_with_where_when_and_the_calls(world: World, path: str, days_ago: int, said: str) -> None:
    load(world, days_ago=days_ago)
    text = world.signed_in("compliance").get(path).text
    assert said in text
    assert f"{said}; 2 calls a day come from there" in text  # twelve calls of a week, all from 212


def test_a_fresh_list_says_nothing(world: World) -> None:
    load(world, days_ago=20)
    assert world.signed_in("compliance").get("/").all("p", data_list_alarm="") == []


def test_each_warning_is_put_on_the_trail_once(world: World) -> None:
    load(world, days_ago=20)
    expected: list[tuple[str, int]] = []
    for days_left, level in (
        (11, None),
        (8, None),
        (7, 7),
        (6, None),
        (4, None),
        (3, 3),
        (2, None),
        (1, 1),
        (0, 0),
        (-1, -1),
        (-2, None),
    ):
        world.clock.set(DEFAULT_MOMENT + timedelta(days=11 - days_left))
        warn_of_running_out(world.services)
        warn_of_running_out(world.services)
        expected += [("national", level)] if level is not None else []
        assert warnings(world) == expected, days_left


def test_a_newer_list_silences_the_warnings(world: World) -> None:
    load(world, days_ago=30)
    load(world, "212,5552001\n646,5552001\n", days_ago=1)
    warn_of_running_out(world.services)
    assert warnings(world) == []
    assert "runs out" not in world.signed_in("compliance").get("/").text


def test_the_days_left_are_measured_for_the_list_that_runs_out_first(world: World) -> None:
    load(world, days_ago=10)
    load(world, "305,5552000\n", days_ago=28)
    load(world, "904,5552000\n", days_ago=80, kind="state", state="FL", san="")
    text = world.visitor().http.get("/metrics").text
    assert 'earshot_dnc_days_left{list="national"} 3.0' in text
    assert 'earshot_dnc_days_left{list="state:FL"} 12.0' in text
    assert "earshot_dnc_damaged 0.0" in text


def test_a_damaged_list_is_told_and_breaks_no_page(world: World) -> None:
    load(world)
    store = world.services.number_lists.store
    (version,) = store.versions()
    (store.root / version.id / "manifest.json").write_text("{}")
    store.__init__(store.root.parent)  # type: ignore[misc]
    assert "is damaged" in world.signed_in("compliance").get("/").text
    assert "earshot_dnc_damaged 1.0" in world.visitor().http.get("/metrics").text


def test_the_last_days_come_as_a_calendar(world: World) -> None:
    load(world, days_ago=1)
    answer = world.signed_in("compliance").get(f"{LISTS}/calendar.ics").response
    assert answer.mimetype == "text/calendar"
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    assert "DTSTART;VALUE=DATE:20261223" in lines
    assert "SUMMARY:Last day of the national list for area codes 212\\, 646" in lines
    assert (lines[0], lines[-2], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    world.signed_in("reviewer").get(f"{LISTS}/calendar.ics", status=403)


def test_calendar_lines_are_short_and_cut_no_letter() -> None:
    text = write_calendar([CalendarDay("u", date(2026, 12, 3), "ü" * 200, "a;b,c\\d\ne")], DEFAULT_MOMENT, "n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "DESCRIPTION:a\\;b\\,c\\\\d\\ne" in text
    unfolded = text.replace("\r\n ", "")
    assert f"SUMMARY:{'ü' * 200}" in unfolded
    assert "DTEND;VALUE=DATE:20261204" in unfolded
    assert re.search(r"DTSTAMP:\d{8}T\d{6}Z\r\n", unfolded)


def test_calls_are_screened_again_from_the_page_of_lists(world: World) -> None:
    load(world, days_ago=3)
    browser = world.signed_in("compliance")
    page = browser.get(LISTS)
    assert page.field("days") == "4"
    assert page.field("reason") == "National registry of 20 Nov 2026 was loaded"
    path = browser.post("/compliance/screenings", {"days": "4", "reason": "late list"}, status=303).response.location
    assert path is not None
    assert "Waiting for a worker" in browser.get(path).text
    world.clock.advance(minutes=1)
    run_job(world.services, JobName.RUN_TASK, path.rpartition("/")[2], _run_task)
    done = browser.get(path)
    assert "Of 4 calls 4 got a new screening; 0 are as they were." in done.text
    assert "late list" in done.text
    with world.uow.read() as session:
        assert get_task(session, path.rpartition("/")[2], TaskKind.SCREEN_AGAIN).result is not None


@pytest.mark.parametrize(("days", "reason"), [("0", "x"), ("400", "x"), ("soon", "x"), ("7", " ")])
def test_a_wrong_form_keeps_what_was_typed(world: World, days: str, reason: str) -> None:
    browser = world.signed_in("compliance")
    path = browser.post("/compliance/screenings", {"days": days, "reason": reason}, status=303).response.location
    assert path is not None
    page = browser.get(path)
    assert "Nothing was asked for" in page.text
    assert page.field("days") == days


def test_only_officers_screen_again(world: World) -> None:
    world.signed_in("reviewer").post("/compliance/screenings", {"days": "7", "reason": "x"}, status=403)


def test_calls_of_the_week_only_are_counted(world: World) -> None:
    with world.uow.begin("test") as work:
        for call in work.session.scalars(select(Call)):
            call.started_at -= timedelta(days=8)
    load(world, days_ago=29)
    assert "calls a day" not in world.signed_in("compliance").get("/").text
