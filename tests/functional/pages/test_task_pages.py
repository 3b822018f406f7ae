"""How long work is shown: it asks for news of itself while it goes on, can be stopped, and stops asking when it is over."""

import pytest

from app.tasks import TaskProgress, ask_for, end_task, get_task, start_task
from app.vocabulary import TaskKind, TaskState
from tests.functional.world import World


def ask(world: World, kind: TaskKind = TaskKind.LOAD_LIST) -> str:
    with world.uow.begin("user:compliance") as work:
        return ask_for(work, kind, "Load 212.txt", {})


def test_waiting_work_says_so_and_asks_for_news_every_second(world: World) -> None:
    task = ask(world)
    page = world.signed_in("compliance").get(f"/tasks/{task}")
    assert "Waiting for a worker to begin" in page.text
    part = page.all("div", id=f"task-{task}")[0]
    assert (part.get("data-hx-trigger"), part.get("data-hx-get")) == ("every 1s", f"/tasks/{task}/live")


def test_progress_is_a_bar_a_note_and_an_announcement_of_quarters(world: World) -> None:
    task = ask(world)
    with world.uow.begin("worker") as work:
        start_task(work, task)
    TaskProgress(world.uow, world.clock, task)(430, 1000, "212.txt")
    page = world.signed_in("compliance").get(f"/tasks/{task}/live")
    assert page.all("progress")[0].get("value") == "43"
    assert "212.txt, 43 %" in page.text
    assert page.all("p", role="status")[0].text == "Load 212.txt: 25 percent done"


def test_without_a_known_end_the_bar_has_no_value(world: World) -> None:
    task = ask(world)
    with world.uow.begin("worker") as work:
        start_task(work, task)
    TaskProgress(world.uow, world.clock, task)(430, None, "reading")
    assert world.signed_in("compliance").get(f"/tasks/{task}/live").all("progress")[0].get("value") is None


def test_what_is_over_asks_no_more_and_has_the_page_loaded_anew(world: World) -> None:
    task = ask(world)
    with world.uow.begin("worker") as work:
        end_task(work, task, failure="212.txt: expected a list of numbers")
    browser = world.signed_in("compliance")
    live = browser.get(f"/tasks/{task}/live")
    assert "HX-Refresh" not in live.response.headers  # the end is told first
    part = live.all("div", id=f"task-{task}")[0]
    assert part.get("data-hx-trigger") == "load delay:1200ms"
    assert "expected a list of numbers" in str(live.all("p", role="status")[0].text)
    reload = part.get("data-hx-get")
    assert reload
    assert browser.get(reload).response.headers["HX-Refresh"] == "true"
    assert browser.get(f"/tasks/{task}").all("div", id=f"task-{task}")[0].get("data-hx-get") is None


def test_stopping_is_asked_once_and_shown(world: World) -> None:
    task = ask(world)
    browser = world.signed_in("compliance")
    page = browser.post(f"/tasks/{task}/stop", {}, headers={"HX-Request": "true"}, status=200)
    assert "Stopping" in page.text
    assert page.all("button") == []
    with world.uow.begin("worker") as work:
        end_task(work, task)
        assert get_task(work.session, task).state is TaskState.STOPPED
    browser.post(f"/tasks/{task}/stop", {}, status=303)
    assert "Stopped before the end" in browser.get(f"/tasks/{task}").text


@pytest.mark.parametrize("person", ["reviewer", "billing", "acme", "pam"])
def test_work_of_officers_is_not_there_for_others(world: World, person: str) -> None:
    task = ask(world)
    for path in (f"/tasks/{task}", f"/tasks/{task}/live"):
        world.signed_in(person).get(path, status=404)
    world.signed_in(person).post(f"/tasks/{task}/stop", {}, status=404)
