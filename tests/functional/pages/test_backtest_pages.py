"""Back-tests in the browser: asked for with a form, watched, read, downloaded; who may, and what is refused."""

from typing import Any

import pytest

from app.compliance.editions.document import packaged_document
from app.compliance.editions.drafts import change_pack, open_draft
from app.models.reviews import Review
from app.tasks import get_task
from app.vocabulary import JobName, TaskState, Verdict
from tests.factories.backtests import PLAIN, POSTCARD, TEXTED, add_screened_calls
from tests.functional.world import World
from workers.jobs import _run_task, run_job

BACKTESTS = "/compliance/backtests"


def draft_with(world: World, *phrases: str, title: str = "Postcards") -> str:
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    with world.uow.begin("user:o") as work:
        draft = open_draft(work, title)
        change_pack(work, draft, {**pack, "phrases": [*pack["phrases"], *phrases]})
    return draft


def ask(world: World, draft: str, **typed: str) -> str:
    answer = world.signed_in("compliance").post(BACKTESTS, {"tried": f"draft:{draft}", "days": "7", "limit": ""} | typed)
    return answer.response.headers["Location"].rpartition("/")[2]


def do(world: World, task_id: str) -> None:
    run_job(world.services, JobName.RUN_TASK, task_id, _run_task)


@pytest.mark.parametrize("person", ["reviewer", "lead", "billing", "acme", "pam"])
@pytest.mark.parametrize("path", ["", "/new", "/x", "/x/flips.csv"])
def test_only_officers_and_operators_get_in(world: World, person: str, path: str) -> None:
    browser = world.signed_in(person)
    assert BACKTESTS not in browser.get("/").links
    browser.get(BACKTESTS + path, status=403)
    browser.post(BACKTESTS, {"tried": "draft:x", "days": "7"}, status=403)


def test_a_draft_is_tried_watched_and_read(world: World) -> None:
    texted, postcard, _ = add_screened_calls(world.uow, world.services.blobs, [TEXTED, POSTCARD, PLAIN])
    with world.uow.begin("user:r") as work:
        work.session.add(
            Review(id=work.new_id(), call_id=postcard, reviewer_id="r", verdict=Verdict.GOOD, notes="", decided_at=work.now)
        )
    draft = draft_with(world, "purple postcard")
    browser = world.signed_in("compliance")
    form = browser.get(f"{BACKTESTS}/new?draft={draft}")
    assert form.field("tried") == f"draft:{draft}"
    task_id = ask(world, draft)
    waiting = browser.get(f"{BACKTESTS}/{task_id}")
    assert "Waiting for a worker" in waiting.text
    assert "Postcards" in browser.get(BACKTESTS).text
    do(world, task_id)
    page = browser.get(f"{BACKTESTS}/{task_id}")
    assert "would be newly flagged" in page.text
    assert "purple postcard" in page.text
    assert "Likely false alarms: 1 new flag" in page.text
    assert "1 on good calls" in page.text
    assert any(link.startswith(f"/calls/{postcard}#t=") for link in page.links)
    assert not any(link.startswith(f"/calls/{texted}#t=") for link in page.links)
    assert "Of " in browser.get(BACKTESTS).text
    file = browser.get(f"{BACKTESTS}/{task_id}/flips.csv").response
    assert file.text.splitlines()[0].startswith("call_id,external_id,started_at,rule,change")
    assert postcard in file.text
    assert file.headers["Content-Disposition"] == f'attachment; filename="backtest-{task_id}.csv"'


def test_a_draft_that_changes_nothing_on_the_calls_says_so(world: World) -> None:
    add_screened_calls(world.uow, world.services.blobs, [PLAIN])
    task_id = ask(world, draft_with(world, "words that nobody says here"))
    do(world, task_id)
    page = world.signed_in("compliance").get(f"{BACKTESTS}/{task_id}")
    assert "Nothing would change on" in page.text
    assert "No rule says anything else" in page.text


def test_a_draft_changed_later_is_told_on_the_answer(world: World) -> None:
    add_screened_calls(world.uow, world.services.blobs, [PLAIN])
    draft = draft_with(world, "purple postcard")
    task_id = ask(world, draft)
    do(world, task_id)
    browser = world.signed_in("compliance")
    assert "was changed after this back-test" not in browser.get(f"{BACKTESTS}/{task_id}").text
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    with world.uow.begin("user:o") as work:
        change_pack(work, draft, {**pack, "phrases": [*pack["phrases"], "green postcard"]})
    assert "was changed after this back-test" in browser.get(f"{BACKTESTS}/{task_id}").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"days": "0"}, "expected 1 to 365"),
        ({"days": "366"}, "expected 1 to 365"),
        ({"days": "a week"}, "expected a whole number"),
        ({"days": ""}, "expected a whole number"),
        ({"limit": "-1"}, "expected a whole number"),
        ({"tried": ""}, "choose what to try"),
        ({"tried": "draft:gone"}, "is not there any more"),
        ({"tried": "file:x"}, "choose what to try"),
    ],
)
def test_what_does_not_fit_is_told_and_what_was_typed_is_kept(world: World, typed: dict[str, str], said: str) -> None:
    draft = draft_with(world, "purple postcard")
    form: dict[str, Any] = {"tried": f"draft:{draft}", "days": "14", "limit": "100"} | typed
    page = world.signed_in("compliance").post(BACKTESTS, form, status=422)
    assert said in page.text
    assert (page.field("days"), page.field("limit")) == (form["days"], form["limit"])


def test_what_people_wrote_is_shown_as_text(world: World) -> None:
    line = (POSTCARD[1][0], 8.0, "Hi, there was a purple postcard <script>alert(1)</script> in my mailbox.")
    add_screened_calls(world.uow, world.services.blobs, [(POSTCARD[0], line, POSTCARD[2])])
    task_id = ask(world, draft_with(world, "purple postcard", title="<b>Bold</b> title"))
    do(world, task_id)
    html = world.signed_in("compliance").get(f"{BACKTESTS}/{task_id}").response.text
    assert "<b>Bold" not in html
    assert "<script>alert" not in html


def test_it_can_be_stopped_and_then_has_no_file(world: World) -> None:
    add_screened_calls(world.uow, world.services.blobs, [PLAIN])
    task_id = ask(world, draft_with(world, "purple postcard"))
    browser = world.signed_in("compliance")
    browser.post(f"/tasks/{task_id}/stop")
    do(world, task_id)
    with world.uow.read() as session:
        assert get_task(session, task_id).state is TaskState.STOPPED
    assert "Stopped before the end" in browser.get(f"{BACKTESTS}/{task_id}").text
    browser.get(f"{BACKTESTS}/{task_id}/flips.csv", status=404)
    browser.get(f"{BACKTESTS}/nothing", status=404)
