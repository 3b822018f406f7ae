"""Large lists and files of numbers go on in the background: progress, wrong ones, killed workers, and nothing left behind."""

import errno
import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.passwords import Passwords
from app.compliance import number_files
from app.compliance.number_uploads import SCRATCH, UPLOADS
from app.compliance.registry.store import ListStore
from app.models.events import Event
from app.models.numbers import NumberListVersion
from app.tasks import TaskView, ask_to_stop, get_task
from app.vocabulary import EventKind, JobName, TaskState
from app.web.factory import create_app
from tests.fakes import MemoryBlobStore
from tests.functional.client import Page
from tests.functional.world import FAST, World
from workers.jobs import _run_task, run_job
from workers.schedule import sweep_uploads

LISTS, SCRUBS = "/compliance/lists", "/compliance/scrubs"


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_files, "AT_ONCE_BYTES", 10)


def flat(count: int, area: int = 212) -> bytes:
    return b"".join(b"%d,%d\n" % (area, 5_550_000 + at) for at in range(count))


def send(world: World, content: bytes, *, name: str = "212.txt", status: int = 303, **typed: str) -> Page:
    data: dict[str, Any] = {"kind": "national", "san": "4711", "obtained_at": f"{world.clock.now():%Y-%m-%dT%H:%M}"} | typed
    return world.signed_in("compliance").post(LISTS, data | {"files": (io.BytesIO(content), name)}, status=status)


def scrub(world: World, text: str, *, column: str = "") -> Page:
    data = {"column": column, "file": (io.BytesIO(text.encode()), "leads.csv")}
    return world.signed_in("compliance").post(SCRUBS, data, status=303)


def task_of(page: Page) -> str:
    assert page.response.location is not None
    assert page.response.location.startswith("/tasks/")
    return page.response.location.removeprefix("/tasks/")


def do(world: World, task_id: str) -> TaskView:
    run_job(world.services, JobName.RUN_TASK, task_id, _run_task)
    return see(world, task_id)


def see(world: World, task_id: str) -> TaskView:
    with world.uow.read() as session:
        return get_task(session, task_id)


def left_behind(world: World) -> list[str]:
    folder = world.services.settings.data_dir / SCRATCH
    return [*world.services.blobs.keys(f"{UPLOADS}/"), *(path.name for path in folder.glob("*"))]


def events(world: World, kind: EventKind) -> list[Event]:
    with world.uow.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind)))


def test_a_large_list_is_loaded_in_the_background_and_told_on_the_page_of_lists(world: World) -> None:
    task_id = task_of(send(world, flat(3000) + b"no number\n"))
    browser = world.signed_in("compliance")
    assert "Load 212.txt as the list national" in browser.get(LISTS).text
    assert world.services.number_lists.store.versions() == []
    done = do(world, task_id)
    assert (done.state, done.failure) == (TaskState.DONE, None)
    assert done.result is not None
    assert (done.result["numbers"], done.result["left_out"], done.result["is_new"]) == (3000, 1, True)
    led = browser.get(f"/tasks/{task_id}", status=303).response.location
    assert led == f"{LISTS}/loaded/{task_id}"
    assert browser.get(led, status=303).response.location == LISTS
    page = browser.get(LISTS)
    assert "Loaded: National registry, 3,000 numbers; 1 rows" in page.text
    (version,) = world.services.number_lists.store.versions()
    assert (version.loaded_by, version.san) == ("Compliance", "4711")
    (event,) = events(world, EventKind.NUMBER_LIST_LOADED)
    assert event.actor.startswith("user:")
    assert left_behind(world) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.html", b"<html><body>Sign in</body></html>", "a web page"),
        ("list.gz", b"\x1f\x8b" + bytes(40), "got gzip"),
        ("table.csv", b"name,phone\nAnn,2125550000\n", "got a table with further columns"),
        ("change.txt", b"212,5550000,A,2026-11-20\n", "no full version of the list national is loaded; load a full list first"),
        ("bomb.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><list><n>2125550000</n></list>', "document type declaration"),
        ("garbage.txt", flat(100) + b"none\n" * 10, "10 of 110 rows (9.1%)"),
        ("cut.zip", b"PK\x03\x04" + bytes(40), "cut off or damaged"),
    ],
    ids=["page", "gzip", "table", "change", "entities", "garbage", "cut"],
)
def test_a_list_in_the_wrong_shape_fails_with_words_and_keeps_what_was_typed(
    world: World, name: str, content: bytes, said: str
) -> None:
    task_id = task_of(send(world, content, name=name, area_codes="212"))
    done = do(world, task_id)
    assert done.state is TaskState.FAILED
    assert said in str(done.failure)
    assert "/tmp" not in str(done.failure)
    assert str(world.services.settings.data_dir) not in str(done.failure)
    browser = world.signed_in("compliance")
    page = browser.get(f"/tasks/{task_id}")
    assert said in page.text
    (again,) = [link for link in page.links if "again=" in link]
    form = browser.get(again)
    assert (form.field("san"), form.field("area_codes"), form.field("kind")) == ("4711", "212", "national")
    assert form.field("obtained_at") == f"{world.clock.now():%Y-%m-%dT%H:%M}"
    assert left_behind(world) == []
    assert world.services.number_lists.store.versions() == []


def zipped(members: Mapping[str, bytes], level: int = 6) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_an_archive_with_two_lists_is_one_version_of_both(world: World) -> None:
    content = zipped({"212.txt": flat(50), "305.txt": flat(60, 305)})
    done = do(world, task_of(send(world, content, name="both.zip")))
    assert done.result is not None
    assert done.result["numbers"] == 110
    (version,) = world.services.number_lists.store.versions()
    assert version.area_codes == (212, 305)


def test_an_archive_with_a_full_and_a_change_list_is_refused(world: World) -> None:
    content = zipped({"a.txt": flat(50), "b.txt": b"212,5550000,A,2026-11-20\n" * 3})
    done = do(world, task_of(send(world, content, name="mixed.zip")))
    assert "full lists and change lists cannot be loaded as one version" in str(done.failure)


def test_an_archive_that_unpacks_without_end_is_refused(world: World) -> None:
    done = do(world, task_of(send(world, zipped({"n.txt": b"0" * 6_000_000}, 9), name="bomb.zip")))
    assert "a list of numbers packs at most 200 times smaller" in str(done.failure)


def test_a_change_list_of_an_area_code_that_is_not_loaded_names_it(world: World) -> None:
    do(world, task_of(send(world, flat(500))))
    world.clock.advance(days=1)
    done = do(world, task_of(send(world, b"305,5550000,A,2026-11-23\n" * 3, name="change.txt")))
    assert "no version of the list national covers area code 305; load a full list of it first" in str(done.failure)


def test_a_change_list_for_another_version_says_which_and_why(world: World) -> None:
    do(world, task_of(send(world, flat(500))))
    (base,) = world.services.number_lists.store.versions()
    world.clock.advance(days=1)
    rows = b"".join(b"212,%d,A,2026-11-23\n" % (5_550_000 + at) for at in range(100))
    done = do(world, task_of(send(world, rows, name="change.txt")))
    assert f"does not apply to the list it would change ({base.id}): 100 of 100 changes" in str(done.failure)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"obtained_at": "2031-01-01T00:00"}, "not in the future"),
        ({"san": "SAN 47/11"}, "expected the subscription account number"),
        ({"san": "none"}, "at least one digit"),
        ({"area_codes": "21"}, "three digits"),
        ({"kind": "state"}, "which state"),
    ],
)
def test_what_was_typed_wrong_is_told_at_once_without_a_task(world: World, typed: dict[str, str], said: str) -> None:
    page = send(world, flat(100), status=422, **typed)
    assert said in page.text
    assert events(world, EventKind.TASK_ASKED) == []
    assert left_behind(world) == []


def test_an_empty_file_is_told_at_once(world: World) -> None:
    assert "the file is empty" in send(world, b"", status=422).text


class Killed(BaseException):
    """A worker that is gone: nothing after it runs."""


def test_a_worker_killed_after_the_version_was_put_in_place_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = task_of(send(world, flat(400)))

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(number_files, "mirror_versions", die)
        with pytest.raises(Killed):
            do(world, task_id)
    assert len(world.services.number_lists.store.versions()) == 1
    assert not see(world, task_id).is_over
    assert list(world.services.blobs.keys(f"{UPLOADS}/")) != []
    world.clock.advance(minutes=5)
    done = do(world, task_id)
    assert done.result is not None
    assert (done.result["is_new"], done.result["numbers"]) == (True, 400)
    with world.uow.read() as session:
        assert len(session.scalars(select(NumberListVersion)).all()) == 1
    assert len(events(world, EventKind.NUMBER_LIST_LOADED)) == 1
    assert left_behind(world) == []


def test_a_worker_killed_while_a_file_was_scrubbed_leaves_one_scrub(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    do(world, task_of(send(world, flat(400))))
    task_id = task_of(scrub(world, "phone\n" + "".join(f"212555{at:04d}\n" for at in range(300, 500))))

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(number_files, "_record_scrub", die)
        with pytest.raises(Killed):
            do(world, task_id)
    world.clock.advance(minutes=5)
    done = do(world, task_id)
    assert done.result is not None
    assert (done.result["rows"], done.result["blocked"], done.result["allowed"]) == (200, 100, 100)
    assert [name for name, _ in world.services.number_lists.store.list_scrubs(9)] == [done.result["scrub"]]
    assert len(events(world, EventKind.NUMBERS_SCRUBBED)) == 1
    browser = world.signed_in("compliance")
    led = browser.get(f"/tasks/{task_id}", status=303).response.location
    assert led == f"{SCRUBS}/{done.result['scrub']}"
    assert "100 Blocked" in browser.get(led).text
    assert left_behind(world) == []


def test_a_scrub_with_1_percent_of_garbage_does_the_rest_and_gives_the_garbage_back(world: World) -> None:
    do(world, task_of(send(world, flat(400))))
    rows = [f"n{at},212555{at:04d}" for at in range(990)] + [f"odd {at},none" for at in range(10)]
    done = do(world, task_of(scrub(world, "name,phone\n" + "\n".join(rows) + "\n")))
    assert done.result is not None
    assert (done.result["rows"], done.result["invalid"]) == (1000, 10)
    browser = world.signed_in("compliance")
    page = browser.get(f"{SCRUBS}/{done.result['scrub']}")
    (link,) = [link for link in page.links if link.endswith("garbage.csv")]
    lines = browser.get(link).response.text.splitlines()
    assert lines[0] == "line,reason,row"
    assert lines[1] == '992,it holds no telephone number,"odd 0,none"'
    assert len(lines) == 11


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("name,town\nAnn,Ohio\nBob,Iowa\n", "", "no column with telephone numbers"),
        ("name,phone\nAnn,2125552000\n", "fax", "there is no column 'fax'; the columns are name, phone"),
    ],
)
def test_a_file_that_cannot_be_scrubbed_keeps_what_was_typed(world: World, text: str, column: str, said: str) -> None:
    task_id = task_of(scrub(world, text, column=column))
    assert said in str(do(world, task_id).failure)
    browser = world.signed_in("compliance")
    (again,) = [link for link in browser.get(f"/tasks/{task_id}").links if "again=" in link]
    assert browser.get(again).field("column") == column


def test_a_load_can_be_stopped_and_leaves_nothing(world: World) -> None:
    task_id = task_of(send(world, flat(3000)))
    with world.uow.begin("user:x") as work:
        ask_to_stop(work, task_id)
    assert do(world, task_id).state is TaskState.STOPPED
    assert world.services.number_lists.store.versions() == []
    assert left_behind(world) == []


def test_without_room_nothing_is_kept_and_the_sender_is_told(world: World) -> None:
    object.__setattr__(world.services, "blobs", MemoryBlobStore(room_bytes=100))
    full = create_app(world.services, passwords=Passwords(FAST))
    full.testing = True
    without_room = World(full, world.uow, world.clock, world.queue, world.services)
    page = send(without_room, flat(3000), status=422)
    assert "no room" in page.text
    assert page.field("san") == "4711"
    assert left_behind(world) == []
    assert events(world, EventKind.TASK_ASKED) == []


@pytest.mark.parametrize("what", ["list", "scrub"])
def test_a_full_disk_under_the_worker_ends_the_task_with_words(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ListStore, "put_in_place", refuse)
    monkeypatch.setattr("app.compliance.registry.scrub.os.fsync", refuse)
    done = do(world, task_of(send(world, flat(3000)) if what == "list" else scrub(world, "phone\n2125550000\n")))
    assert done.state is TaskState.FAILED
    assert "No space left on device" in str(done.failure)
    assert str(world.services.settings.data_dir / SCRATCH) not in str(done.failure)
    assert left_behind(world) == []
    assert world.services.number_lists.store.versions() == []
    assert world.services.number_lists.store.list_scrubs(9) == []


def test_what_a_killed_worker_left_is_swept_and_what_waits_is_not(world: World) -> None:
    task_id = task_of(send(world, flat(100)))
    (awaited,) = world.services.blobs.keys(f"{UPLOADS}/")
    orphan = f"{UPLOADS}/20261101T000000-abcdef/0"
    world.services.blobs.put(orphan, [b"x"])
    fresh = f"{UPLOADS}/{world.clock.now() - timedelta(minutes=5):%Y%m%dT%H%M%S}-abcdef/0"
    world.services.blobs.put(fresh, [b"x"])
    scratch = world.services.settings.data_dir / SCRATCH
    (scratch / "01GONE").mkdir(parents=True)
    (scratch / task_id).mkdir()
    world.clock.advance(minutes=30)
    sweep_uploads(world.services)
    assert left_behind(world) == [*sorted([awaited, fresh]), task_id]
