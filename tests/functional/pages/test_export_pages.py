"""Reports in the browser: asked for, made by a worker, read on record, checked offline, deleted."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.models.events import Event
from app.reports.exports.verify import verify_bundle
from app.tasks import TaskProgress, end_task, start_task
from app.vocabulary import EventKind, TaskKind
from tests.functional.client import Page
from tests.functional.world import World
from workers.tasks import TASKS

PAGE = "/compliance/reports"
FORM = {"kind": "calls", "from": "2020-01-01", "to": "2020-01-31", "formats": ["csv", "xlsx", "pdf"]}


def fields(world: World, **more: object) -> dict[str, object]:
    day = world.clock.now().date().isoformat()
    return FORM | {"from": day, "to": day} | more


def ask(world: World, **more: object) -> str:
    page = world.signed_in("compliance").post(PAGE, fields(world, **more))
    return page.response.headers["Location"].rsplit("/", 1)[1]


def work_on(world: World, export_id: str) -> None:
    """Do what a worker does with the task."""
    with world.uow.begin("worker") as work:
        task = start_task(work, export_id)
    result = TASKS[TaskKind.EXPORT](world.services, task, TaskProgress(world.uow, world.clock, export_id))
    with world.uow.begin("worker") as work:
        end_task(work, export_id, result=result)


def events(world: World, kind: EventKind) -> list[Event]:
    with world.uow.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.seq)))


def save(page: Page, path: Path) -> Path:
    path.write_bytes(page.response.data)
    return path


def test_the_page_offers_every_report_in_words_and_says_how_to_check_one(world: World) -> None:
    page = world.signed_in("compliance").get(PAGE)
    kinds = {radio.get("value") for radio in page.all("input", name="kind")}
    assert kinds == {"consent", "scrub", "hours", "recording-consent", "tsr", "scorecard", "calls"}
    assert f"earshot verify REPORT.zip --key {world.services.signer.fingerprint}" in page.text
    assert "No report was made yet" in page.text


def test_a_report_is_made_read_and_holds_offline(world: World, tmp_path: Path) -> None:
    export = ask(world)
    officer = world.signed_in("compliance")
    assert "Waiting for a worker to begin" in officer.get(f"{PAGE}/{export}").text
    assert "Under way" in officer.get(PAGE).text
    work_on(world, export)
    page = officer.get(f"{PAGE}/{export}")
    assert "12 rows" in page.text
    bundle = officer.get(f"{PAGE}/{export}/file")
    assert bundle.response.headers["Content-Disposition"].startswith('attachment; filename="earshot-calls-')
    answer = verify_bundle(save(bundle, tmp_path / "calls.zip"), world.services.signer.fingerprint)
    assert (answer.problem, answer.is_pinned) == (None, True)
    assert answer.manifest["made_by"] == {
        "name": "Compliance",
        "role": "compliance",
        "actor": answer.manifest["made_by"]["actor"],
    }
    assert [event.payload["file"] for event in events(world, EventKind.EXPORT_READ)] == ["bundle"]
    (made,) = events(world, EventKind.EXPORT_MADE)
    assert (made.payload["rows"], made.payload["numbers"]) == (12, "masked")


@pytest.mark.parametrize(
    ("name", "starts"), [("report-calls.csv", b"\xef\xbb\xbfcall,"), ("report.pdf", b"%PDF"), ("report.xlsx", b"PK")]
)
def test_each_file_can_be_had_alone(world: World, name: str, starts: bytes) -> None:
    export = ask(world)
    work_on(world, export)
    page = world.signed_in("compliance").get(f"{PAGE}/{export}/file?name={name}")
    assert page.response.data.startswith(starts)
    assert len(page.response.data) == page.response.content_length
    assert events(world, EventKind.EXPORT_READ)[0].payload["file"] == name


@pytest.mark.parametrize("name", ["manifest.json", "../../etc/passwd", "nothing.csv"])
def test_a_file_that_is_not_offered_is_not_there(world: World, name: str) -> None:
    export = ask(world)
    work_on(world, export)
    world.signed_in("compliance").get(f"{PAGE}/{export}/file?name={name}", status=404)


def test_numbers_are_masked_unless_the_reason_is_given_and_then_it_is_on_record(world: World) -> None:
    officer = world.signed_in("compliance")
    masked = ask(world)
    work_on(world, masked)
    assert "555-0123" not in officer.get(f"{PAGE}/{masked}/file?name=report-calls.csv").response.text.replace("••• ", "")
    refused = officer.post(PAGE, fields(world, whole="yes", reason=" "), status=422)
    assert "say why numbers have to be shown whole" in refused.text
    assert "tick the box or leave it empty" in officer.post(PAGE, fields(world, reason="just so"), status=422).text
    whole = ask(world, whole="yes", reason="Subpoena 26-1234")
    work_on(world, whole)
    assert "+12125550123" in officer.get(f"{PAGE}/{whole}/file?name=report-calls.csv").response.text
    made = events(world, EventKind.EXPORT_MADE)[-1].payload
    assert (made["numbers"], made["reason"]) == ("whole", "Subpoena 26-1234")
    assert "Subpoena 26-1234" in officer.get(f"{PAGE}/{whole}").text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kind": ""}, "choose which report"),
        ({"kind": "secrets"}, "choose which report"),
        ({"from": "soon"}, "the first day: expected a day"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "expected its end after its beginning"),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "expected at most 400 days"),
        ({"state": "ZZ"}, "expected two letters"),
        ({"campaign": "nothing"}, "there is no campaign"),
        ({"formats": ["exe"]}, "expected some of csv, xlsx, pdf"),
    ],
)
def test_what_does_not_fit_is_told_and_what_was_typed_stays(world: World, more: dict[str, object], said: str) -> None:
    page = world.signed_in("compliance").post(PAGE, fields(world, **({"state": "FL"} | more)), status=422)
    assert said in page.text
    assert page.field("state") == more.get("state", "FL")
    assert page.field("from") == more.get("from", world.clock.now().date().isoformat())


def test_a_deleted_report_is_gone_and_that_it_was_made_stays(world: World) -> None:
    export = ask(world)
    work_on(world, export)
    officer = world.signed_in("compliance")
    officer.post(f"{PAGE}/{export}/delete", {})
    officer.get(f"{PAGE}/{export}/file", status=404)
    assert "Deleted" in officer.get(PAGE).text
    assert len(events(world, EventKind.EXPORT_DELETED)) == 1
    officer.post(f"{PAGE}/{export}/delete", {})
    assert len(events(world, EventKind.EXPORT_DELETED)) == 1


def test_a_report_that_is_being_made_is_stopped_before_it_is_deleted(world: World) -> None:
    export = ask(world)
    officer = world.signed_in("compliance")
    officer.post(f"{PAGE}/{export}/delete", {})
    assert "stop it first" in officer.get(PAGE).text


def test_a_second_attempt_keeps_what_it_made_not_what_the_first_left(world: World) -> None:
    export = ask(world)
    world.services.blobs.put(f"exports/{export}.zip", [b"half of an earlier attempt"])
    work_on(world, export)
    assert world.signed_in("compliance").get(f"{PAGE}/{export}/file").response.data.startswith(b"PK")


def test_a_failed_report_can_be_asked_for_again_as_it_was(world: World) -> None:
    export = ask(world, campaign="camp-acme", state="FL")
    with world.uow.begin("worker") as work:
        end_task(work, export, failure="The number lists are damaged.")
    officer = world.signed_in("compliance")
    page = officer.get(f"{PAGE}/{export}")
    assert "The number lists are damaged." in page.text
    again = officer.get(f"{PAGE}?again={export}")
    assert (again.field("campaign"), again.field("state")) == ("camp-acme", "FL")


@pytest.mark.parametrize("person", ["lead", "reviewer", "billing", "acme", "pam", "agency"])
def test_reports_are_for_officers_and_operators(world: World, person: str) -> None:
    export = ask(world)
    work_on(world, export)
    browser = world.signed_in(person)
    for path in (PAGE, f"{PAGE}/{export}", f"{PAGE}/{export}/file", f"{PAGE}/signing-key.pem"):
        browser.get(path, status=403)
    browser.post(PAGE, fields(world), status=403)
    browser.post(f"{PAGE}/{export}/delete", {}, status=403)
    assert PAGE not in browser.get("/calls").links


def test_the_public_key_can_be_had(world: World) -> None:
    page = world.signed_in("compliance").get(f"{PAGE}/signing-key.pem")
    assert page.response.text == world.services.signer.public_pem
