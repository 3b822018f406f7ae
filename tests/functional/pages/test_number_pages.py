"""Number lists in the browser: load, refuse, withdraw, scrub and look up; who may, and what is put on record."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.models.calls import CallLeg
from app.models.events import Event
from app.models.numbers import NumberListVersion
from app.models.screening import Consent
from app.vocabulary import EventKind, LegDirection
from tests.functional.client import Page
from tests.functional.world import World, make_world

LISTS, SCRUBS, NUMBERS = "/compliance/lists", "/compliance/scrubs", "/compliance/numbers"
FULL = "".join(f"212,555{last:04d}\n" for last in range(2000, 2200)) + "305,4561234\n"


def obtained(world: World, days_ago: int) -> str:
    return f"{world.clock.now() - timedelta(days=days_ago):%Y-%m-%dT%H:%M}"


def send(world: World, text: str | bytes, *, status: int = 303, days_ago: int = 1, name: str = "212.txt", **typed: str) -> Page:
    data: dict[str, Any] = {"kind": "national", "obtained_at": obtained(world, days_ago), "san": "4711"} | typed
    data["files"] = (io.BytesIO(text.encode() if isinstance(text, str) else text), name)
    return world.signed_in("compliance").post(LISTS, data, status=status)


def scrub(world: World, text: str | bytes, *, status: int = 303, column: str = "", name: str = "leads.csv") -> Page:
    data = {"column": column, "file": (io.BytesIO(text.encode() if isinstance(text, str) else text), name)}
    return world.signed_in("compliance").post(SCRUBS, data, status=status)


def events(world: World, kind: EventKind) -> list[Event]:
    with world.uow.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind)))


@pytest.mark.parametrize("person", ["reviewer", "lead", "billing", "acme", "pam"])
@pytest.mark.parametrize("path", [LISTS, SCRUBS, NUMBERS])
def test_only_officers_and_operators_get_in(world: World, person: str, path: str) -> None:
    browser = world.signed_in(person)
    assert path not in browser.get("/").links
    browser.get(path, status=403)
    browser.post(path, {"number": "2125552000"}, status=403)


@pytest.mark.parametrize("path", [LISTS, SCRUBS, NUMBERS, f"{LISTS}/v/withdraw"])
def test_a_form_without_its_token_changes_nothing(world: World, path: str) -> None:
    world.signed_in("compliance").post(path, {"number": "2125552000"}, token=False, status=400)
    assert events(world, EventKind.NUMBER_LOOKED_UP) == []


def test_with_nothing_loaded_the_pages_say_0_scrubbed(world: World) -> None:
    assert "0 scrubbed: no list is loaded" in world.signed_in("compliance").get(LISTS).text
    path = scrub(world, "phone\n2125552000\n").response.location
    assert path is not None
    page = world.signed_in("compliance").get(path)
    assert "0 scrubbed" in page.text
    assert "1 Unknown" in page.text


def test_a_loaded_list_is_shown_with_its_clock_and_recorded_with_its_sender(world: World) -> None:
    send(world, FULL)
    page = world.signed_in("compliance").get(LISTS)
    assert "201" in page.text
    assert "4711" in page.text
    assert "2 fresh" in page.text
    assert "fresh, good for 30 more days" in page.text
    assert "National registry 2 area codes" in page.text
    with world.uow.read() as session:
        version = session.scalars(select(NumberListVersion)).one()
    assert (version.loaded_by, version.count, version.area_codes) == ("Compliance", 201, [212, 305])
    (event,) = events(world, EventKind.NUMBER_LIST_LOADED)
    assert event.actor.startswith("user:")
    send(world, FULL)
    assert len(events(world, EventKind.NUMBER_LIST_LOADED)) == 1


@pytest.mark.parametrize(("days_ago", "said"), [(23, "2 fresh"), (24, "2 due"), (31, "2 due"), (32, "2 stale")])
def test_the_clock_of_31_days_turns_on_the_day(world: World, days_ago: int, said: str) -> None:
    send(world, FULL, days_ago=days_ago)
    assert said in world.signed_in("compliance").get(LISTS).text


@pytest.mark.parametrize(
    ("text", "typed", "said"),
    [
        (b"", {}, "the file is empty"),
        (b"<html><body>Sign in</body></html>", {}, "212.txt"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), {}, "212.txt"),
        (b"\x1f\x8b" + bytes(400), {}, "got gzip"),
        ("212,5552000,A,2026-11-20\n212,5552001,D,2026-11-20\n", {}, "the change list does not apply"),
        (FULL, {"area_codes": "305"}, "212"),
        (FULL, {"area_codes": "1x"}, "expected three digits each"),
        (FULL, {"kind": "state"}, "expected which state"),
        (FULL, {"kind": "phonebook"}, "expected national"),
        (FULL, {"obtained_at": "yesterday"}, "obtained at"),
        (FULL, {"obtained_at": "2031-01-01T00:00"}, "not in the future"),
        (FULL, {"source": "Seller"}, "litigators only"),
        (FULL + "no number at all\n" * 50, {}, "line 202"),
    ],
    ids=[
        "empty",
        "page",
        "picture",
        "gzip",
        "changes",
        "areas",
        "codes",
        "state",
        "kind",
        "moment",
        "ahead",
        "source",
        "garbage",
    ],
)
def test_a_refused_list_keeps_the_form_and_says_why(world: World, text: str | bytes, typed: dict[str, str], said: str) -> None:
    page = send(world, text, status=422, **typed)
    assert "Nothing was loaded." in page.text
    assert said in page.text
    assert "/tmp" not in page.text
    assert page.field("san") == "4711"
    assert page.field("obtained_at") == typed.get("obtained_at", obtained(world, 1))
    with world.uow.read() as session:
        assert session.scalars(select(NumberListVersion)).all() == []


def test_rows_that_were_left_out_can_be_downloaded(world: World) -> None:
    send(world, FULL + "=cmd|' /C calc'!A0\n")
    browser = world.signed_in("compliance")
    (link,) = [link for link in browser.get(LISTS).links if link.endswith("garbage.csv")]
    answer = browser.get(link).response
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "202" in answer.text
    browser.get(f"{LISTS}/national-x/garbage.csv", status=404)


def test_a_withdrawn_version_is_out_of_force_and_the_reason_is_kept(world: World) -> None:
    send(world, FULL)
    browser = world.signed_in("compliance")
    (version,) = world.services.number_lists.store.versions()
    browser.post(f"{LISTS}/{version.id}/withdraw", {"why": "  "})
    assert events(world, EventKind.NUMBER_LIST_WITHDRAWN) == []
    world.clock.advance(minutes=1)
    browser.post(f"{LISTS}/{version.id}/withdraw", {"why": "file of <another> account"})
    page = browser.get(LISTS)
    assert "file of <another> account" in page.text
    assert "0 scrubbed" in page.text
    (event,) = events(world, EventKind.NUMBER_LIST_WITHDRAWN)
    assert event.payload == {"why": "file of <another> account"}
    assert event.actor.startswith("user:")
    browser.post(f"{LISTS}/{version.id}/withdraw", {"why": "again"})
    assert "was withdrawn" in browser.get(LISTS).text
    browser.post(f"{LISTS}/no-such/withdraw", {"why": "x"}, status=404)


def test_a_file_with_1_percent_of_garbage_is_scrubbed_and_kept_in_the_history(world: World) -> None:
    send(world, FULL)
    rows = [f"n{at},(212) 555-{2100 + at:04d}" for at in range(198)]
    text = "name,phone\n" + "\n".join([*rows, "x,none", "y,12345"]) + "\n"
    path = scrub(world, text).response.location
    browser = world.signed_in("operator")
    assert path is not None
    page = browser.get(path)
    for said in ("100 Blocked", "98 Allowed", "0 Unknown", "2 No number", "200 rows", "line 200", "4711"):
        assert said in page.text
    report = browser.get(f"{path}/report.csv").response
    assert report.headers["Content-Disposition"].startswith("attachment")
    lines = report.text.splitlines()
    assert len(lines) == 201
    assert lines[1].startswith("n0,(212) 555-2100,2,+12125552100,yes,listed")
    assert "leads.csv" in browser.get(SCRUBS).text
    assert "Compliance" in browser.get(SCRUBS).text
    (event,) = events(world, EventKind.NUMBERS_SCRUBBED)
    assert (event.payload["rows"], event.payload["blocked"], event.payload["invalid"]) == (200, 100, 2)
    assert len(events(world, EventKind.SCRUB_REPORT_READ)) == 1


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        (b"", "", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), "", "got a binary file"),
        (b"name,town\nAnn,Ohio\nBob,Iowa\n", "", "no column with telephone numbers"),
        (b"name,phone\nAnn,2125552000\n", "fax", "there is no column"),
    ],
    ids=["empty", "picture", "numberless", "column"],
)
def test_a_file_that_cannot_be_scrubbed_is_refused_with_the_reason(world: World, text: bytes, column: str, said: str) -> None:
    page = scrub(world, text, column=column, status=422)
    assert said in page.text
    assert "/tmp" not in page.text
    assert page.field("column") == column
    assert world.services.number_lists.store.list_scrubs(10) == []


@pytest.mark.parametrize("name", ["..", ".hidden", "\u00e9" * 190 + ".csv", "../../etc/passwd", "a\x00b.csv", "<b>.csv"])
def test_no_file_name_leads_anywhere(world: World, name: str) -> None:
    path = scrub(world, "phone\n2125552000\n", name=name).response.location
    assert path is not None
    world.signed_in("compliance").get(path)


def test_too_large_a_file_is_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    world = make_world(sqlite_engine, tmp_path, max_upload_mb=1)
    browser = world.signed_in("compliance")
    # Written by hand: the test client would leave a temporary file open for a body of this size.
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    typed = {"csrf_token": browser.form_token(), "kind": "national", "obtained_at": obtained(world, 1)}
    head = "".join(f"--x\r\n{part.format(name, value)}" for name, value in typed.items())
    for path, name in ((SCRUBS, "file"), (LISTS, "files")):
        body = head + f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="l.csv"\r\n\r\n'
        body += "2125552000\n" * 91_000 + "\r\n--x--\r\n"
        answer = browser.http.post(path, data=body.encode(), content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 422
        assert "expected at most 1 MB" in answer.text
    answer = browser.http.post(
        LISTS, headers={"Content-Length": str(2_000_000_000), "Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code in {400, 413}
    assert world.services.number_lists.store.versions() == []


def test_a_scrub_that_does_not_exist_is_not_found(world: World) -> None:
    for path in ("20260101T000000-000000000000", "x", "..%2f..%2fsecret"):
        world.signed_in("compliance").get(f"{SCRUBS}/{path}", status=404)


def test_the_state_of_a_number_is_told_as_of_the_moment(world: World) -> None:
    now = world.clock.now()
    send(world, FULL, days_ago=20)
    with world.uow.begin("test") as work:
        for name, days, revoked in (("c-old", 15, 3), ("c-new", 2, None)):
            at = now - timedelta(days=days)
            gone = None if revoked is None else now - timedelta(days=revoked)
            work.session.add(
                Consent(
                    id=name, external_id=name, number="+12125552000", seller="Acme", elements={}, given_at=at, revoked_at=gone,
                    recorded_at=at,
                )
            )  # fmt: skip
        work.session.add(
            CallLeg(
                call_id="acme-clean", seq=7, direction=LegDirection.PLACED_TO_CONSUMER, to_number="+12125552000",
                started_at=now - timedelta(days=1),
            )
        )  # fmt: skip
    browser = world.signed_in("compliance")
    today = browser.post(NUMBERS, {"number": "(212) 555-2000", "at": ""}, status=200)
    for said in (
        "Blocked",
        "on the list national",
        "c-old",
        "c-new",
        "(212) 555-2000",
        "NY, America/New_York",
        "08:00 to 21:00",
    ):
        assert said in today.text
    assert "/calls/acme-clean" in today.links
    ten = browser.post(NUMBERS, {"number": "2125552000", "at": obtained(world, 10)}, status=200)
    assert "c-old" in ten.text
    assert "c-new" not in ten.text
    assert "/calls/acme-clean" not in ten.links
    before = browser.post(NUMBERS, {"number": "2125552000", "at": obtained(world, 30)}, status=200)
    assert "0 scrubbed" in before.text
    assert "No consent was on record" in before.text
    asked = events(world, EventKind.NUMBER_LOOKED_UP)
    assert len(asked) == 3
    assert all("2125552000" not in str(event.payload) + event.subject_id for event in asked)


@pytest.mark.parametrize(
    ("number", "at"), [("12", ""), ("", ""), ("+442079460000", ""), ("2125552000", "soon"), ("2125552000", "2031-01-01")]
)
def test_what_is_no_number_or_moment_is_said_to_be(world: World, number: str, at: str) -> None:
    page = world.signed_in("compliance").post(NUMBERS, {"number": number, "at": at}, status=422)
    assert page.field("number") == number
    assert events(world, EventKind.NUMBER_LOOKED_UP) == []
