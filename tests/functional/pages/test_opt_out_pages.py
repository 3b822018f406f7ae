"""Opt-outs and notices in the browser: record, judge, tell, prove; own notices only, whole numbers, nothing lost on errors."""

import csv
import hashlib
import io
import json

import pytest
from sqlalchemy import select

from app.compliance.opt_outs.suppression import suppress_waiting
from app.models.consumers import OptOut, OptOutNotice
from app.models.events import Event
from app.vocabulary import EventKind
from tests.functional.client import Browser
from tests.functional.world import World

NUMBER = "+12125550123"
"""The caller of every call of the world: acme bought half of them from pam, bravo half from quin."""
FORM = {
    "number": "(212) 555-0123", "way": "email", "scope": "everybody", "received_at": "2026-11-20T12:00", "seller": "",
    "comment": "Letter 4711",
}  # fmt: skip


@pytest.fixture
def officer(world: World) -> Browser:
    return world.signed_in("compliance")


def record(world: World, officer: Browser, **changes: str) -> str:
    officer.post("/compliance/opt-outs", FORM | changes)
    with world.uow.read() as session:
        return session.scalars(select(OptOut.id).order_by(OptOut.id.desc())).first() or ""


def load_row(world: World, opt_out_id: str) -> OptOut:
    with world.uow.read() as session:
        return session.get_one(OptOut, opt_out_id)


def test_a_request_is_recorded_listed_told_and_proved(world: World, officer: Browser) -> None:
    opt_out_id = record(world, officer)
    page = officer.get("/compliance/opt-outs")
    assert "(212) 555-0123" in page.text
    assert "business days left" in page.text
    suppress_waiting(world.uow, world.services.number_lists)
    page = officer.get(f"/compliance/opt-outs/{opt_out_id}")
    assert {"Acme Company", "Agency Company", "Bravo Company", "Pam Company", "Quin Company"} <= {
        (row[0].text or "") for row in page.all("tr") if len(row) and row[0].tag == "td"
    }
    officer.get(f"/compliance/opt-outs/{opt_out_id}/proof", status=404)
    for person in ("acme", "bravo", "agency", "pam"):
        world.signed_in(person).post("/notices/acknowledge", {"which": "all"})
    with world.uow.read() as session:
        [waiting] = session.scalars(select(OptOutNotice).where(OptOutNotice.acknowledged_at.is_(None)))
    where = f"/compliance/opt-outs/{opt_out_id}/acknowledge"
    page = officer.post(where, {"notice_id": waiting.id, "how": " "}, status=422)
    assert "expected how the party said" in page.text
    officer.post(where, {"notice_id": waiting.id, "how": "Mr Quin by telephone"})
    row = load_row(world, opt_out_id)
    assert row.completed_at is not None
    content = officer.http.get(f"/compliance/opt-outs/{opt_out_id}/proof.json").data
    assert hashlib.sha256(content).hexdigest() == row.proof_sha256
    assert len(json.loads(content)["notices"]) == 5
    shown = officer.get(f"/compliance/opt-outs/{opt_out_id}/proof").text
    assert row.proof_sha256 in shown
    assert "Mr Quin by telephone" in shown
    assert "Complete" in officer.get("/compliance/opt-outs?state=complete").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "12"}, "telephone number"),
        ({"received_at": "yesterday"}, "when it was asked"),
        ({"received_at": "2031-01-01T00:00"}, "not in the future"),
        ({"scope": "seller"}, "expected the seller"),
        ({"way": "pigeon"}, "expected one of"),
    ],
)
def test_what_was_typed_stays_when_a_form_is_refused(
    world: World, officer: Browser, changes: dict[str, str], said: str
) -> None:
    page = officer.post("/compliance/opt-outs", FORM | changes, status=422)
    assert said in page.text
    assert page.field("comment") == "Letter 4711"
    assert page.field("number") == changes.get("number", FORM["number"]) or page.all("input", id="number")
    with world.uow.read() as session:
        assert session.scalars(select(OptOut)).all() == []


def test_a_number_is_found_by_a_form_and_never_stands_in_an_address(world: World, officer: Browser) -> None:
    opt_out_id = record(world, officer)
    page = officer.post("/compliance/opt-outs/find", {"number": "212 555 0123"}, status=200)
    assert f"/compliance/opt-outs/{opt_out_id}" in page.links
    assert f"/compliance/opt-outs/{opt_out_id}" not in officer.post(
        "/compliance/opt-outs/find", {"number": "212 555 0199"}, status=200
    ).links  # fmt: skip
    officer.post("/compliance/opt-outs/find", {"number": "<b>"}, status=422)


def test_what_is_no_request_needs_a_reason_and_can_be_taken_back_until_it_is_listed(world: World, officer: Browser) -> None:
    opt_out_id = record(world, officer)
    where = f"/compliance/opt-outs/{opt_out_id}/judge"
    assert "expected the reason" in officer.post(where, {"answer": "none"}, status=422).text
    officer.post(where, {"answer": "none", "why": "It was about another number"})
    assert suppress_waiting(world.uow, world.services.number_lists) == 0
    officer.post(where, {"answer": "request"})
    assert suppress_waiting(world.uow, world.services.number_lists) == 1
    assert "judged already" in officer.post(where, {"answer": "none", "why": "No"}, status=422).text


def test_a_party_sees_its_own_notices_with_whole_numbers_and_that_is_kept(world: World, officer: Browser) -> None:
    with world.uow.begin("test") as work:
        from app.models.calls import Call

        for call in work.session.scalars(select(Call).where(Call.advertiser_id == "bravo")):
            call.caller_number = "+12125550199"
    record(world, officer)
    suppress_waiting(world.uow, world.services.number_lists)
    acme, quin = world.signed_in("acme"), world.signed_in("quin")
    assert "(212) 555-0123" in acme.get("/notices").text
    assert "(212) 555-0123" not in quin.get("/notices").text
    rows = list(csv.DictReader(io.StringIO(acme.http.get("/notices/numbers.csv").text)))
    assert [row["number"] for row in rows] == ["12125550123"]
    assert list(csv.DictReader(io.StringIO(quin.http.get("/notices/numbers.csv").text))) == []
    with world.uow.read() as session:
        own = {row.party_id: row for row in session.scalars(select(OptOutNotice))}
        read = session.scalars(select(Event).where(Event.kind == EventKind.OPT_OUT_NOTICE_READ)).all()
        downloads = session.scalars(select(Event).where(Event.kind == EventKind.EXPORT_READ)).all()
    assert set(own) == {"acme", "agency", "pam"}
    assert own["acme"].read_at is not None
    assert own["pam"].read_at is None
    assert [event.payload["party"] for event in read] == ["acme"]
    assert len(downloads) == 2
    # Another party's notice is no notice.
    quin.post("/notices/acknowledge", {"notice_id": own["acme"].id}, status=404)
    acme.post("/notices/acknowledge", {"notice_id": own["acme"].id})
    assert "Nothing waits" in acme.get("/notices").text
    assert "Knows" in acme.get("/notices?all=1").text


def test_hostile_words_stay_words(world: World, officer: Browser) -> None:
    opt_out_id = record(world, officer, comment="<script>alert(1)</script>", scope="seller", seller="=cmd|' /C calc'!A0")
    page = officer.get(f"/compliance/opt-outs/{opt_out_id}")
    assert "<script>alert(1)</script>" in page.text
    suppress_waiting(world.uow, world.services.number_lists)
    assert "'=cmd" in world.signed_in("acme").http.get("/notices/numbers.csv").text


def test_state_of_a_number_shows_who_asked(world: World, officer: Browser) -> None:
    record(world, officer)
    page = officer.post("/compliance/numbers", {"number": NUMBER, "at": ""}, status=200)
    assert "Asked not to be called" in page.text
    assert "Blocked" in page.text
