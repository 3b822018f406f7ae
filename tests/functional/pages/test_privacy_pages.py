"""Privacy requests and legal holds in the browser: plan before erasing, nothing lost on errors, erased calls still open."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

import tests.functional.world as worlds
from app.models.analysis import TranscriptDocument
from app.models.calls import Call
from app.models.consumers import Erasure, LegalHold, PrivacyRequest
from app.models.events import Event
from app.models.screening import Finding
from app.vocabulary import EventKind
from tests.functional.client import Browser
from tests.functional.world import World, make_world

FORM = {
    "number": "(212) 555-0123", "kind": "delete", "way": "email", "received_at": "2026-11-20T12:00", "name": "C. Consumer",
    "contact": "c@example.com",
}  # fmt: skip


class NoStages:
    """A stage cache that keeps nothing and counts what it is asked to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def load(self, key: str) -> Mapping[str, Any] | None:
        return None

    def store(self, key: str, value: Mapping[str, Any]) -> None:
        raise AssertionError("no page stores a stage")

    def forget(self, key: str) -> None:
        self.forgotten.append(key)


@pytest.fixture
def world(sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    real = worlds.create_app
    monkeypatch.setattr(worlds, "create_app", lambda s, **more: real(replace(s, stage_cache=NoStages()), **more))
    return make_world(sqlite_engine, tmp_path)


@pytest.fixture
def officer(world: World) -> Browser:
    return world.signed_in("compliance")


def record(world: World, officer: Browser, **changes: str) -> str:
    officer.post("/compliance/privacy", FORM | changes)
    with world.uow.read() as session:
        return session.scalars(select(PrivacyRequest.id).order_by(PrivacyRequest.id.desc())).first() or ""


def verified(world: World, officer: Browser, **changes: str) -> str:
    request_id = record(world, officer, **changes)
    officer.post(f"/compliance/privacy/{request_id}/verify", {"text": "called back"})
    return request_id


def test_a_request_goes_from_receipt_to_erasure_with_its_plan(world: World, officer: Browser) -> None:
    request_id = record(world, officer)
    where = f"/compliance/privacy/{request_id}"
    page = officer.get(where)
    assert "12 of 12 calls can be erased now" in page.text
    assert "It can be erased once the asker is verified" in page.text
    officer.post(f"{where}/acknowledge")
    assert "expected how the asker was verified" in officer.post(f"{where}/verify", {"text": " "}, status=422).text
    assert "verify first" in officer.post(f"{where}/erase", {"is_sure": "1"}, status=422).text
    officer.post(f"{where}/verify", {"text": "called back on the number"})
    assert "Tick that you have read" in officer.post(f"{where}/erase", status=422).text
    officer.post(f"{where}/erase", {"is_sure": "1"})
    page = officer.get(where)
    assert "What was erased" in page.text
    with world.uow.read() as session:
        assert len(session.scalars(select(Erasure)).all()) == 12
        assert session.scalars(select(TranscriptDocument)).all() == []
        assert session.get_one(Call, "acme-flagged").caller_number == "+12125550123"
        finding = session.get_one(Finding, "find-acme-flagged")
        erased = session.scalars(select(Event).where(Event.kind == EventKind.CALL_ERASED)).all()
    # That the rule was broken stays; the reason repeats what was said, and goes.
    assert (finding.rule, finding.outcome, finding.reason) == ("INCENTIVE", "violation", "[erased on request]")
    assert len(erased) == 12


def test_pages_and_api_of_an_erased_call_say_so_and_nothing_breaks(world: World, officer: Browser) -> None:
    request_id = verified(world, officer)
    officer.post(f"/compliance/privacy/{request_id}/erase", {"is_sure": "1"})
    for person in ("compliance", "acme", "pam", "operator"):
        browser = world.signed_in(person)
        page = browser.get("/calls/acme-flagged")
        assert "Erased on request" in page.text
        assert "gift card for calling" not in page.text
        browser.get("/calls/acme-flagged/audio", status=404)
        browser.get("/calls/acme-flagged/peaks", status=404)
        browser.get("/calls/acme-flagged/subtitles.vtt", status=404)
        browser.get("/calls/acme-flagged/progress")
        browser.get("/calls")
        browser.get("/")
        found = browser.get("/calls?words=gift+card")
        assert "ext-acme-flagged" not in found.text or "gift card for" not in found.text
    officer.get("/compliance/privacy?state=done")
    officer.post("/calls/acme-flagged/analyze", status=404)


def test_what_is_held_waits_and_says_why(world: World, officer: Browser) -> None:
    officer.post("/compliance/holds", {"kind": "party", "subject": "x-acme", "reason": "Smith v. Acme", "until": ""})
    request_id = verified(world, officer)
    where = f"/compliance/privacy/{request_id}"
    assert "6 must wait" in officer.get(where).text
    officer.post(f"{where}/erase", {"is_sure": "1"})
    page = officer.get("/compliance/privacy?state=deferred")
    assert "legal hold: Smith v. Acme" in page.text
    with world.uow.read() as session:
        hold = session.scalars(select(LegalHold.id)).one()
    officer.post(f"/compliance/holds/{hold}/release", {"why": ""})
    assert "Acme Company" in officer.get("/compliance/holds").text
    officer.post(f"/compliance/holds/{hold}/release", {"why": "settled"})
    assert "No hold is in force" in officer.get("/compliance/holds").text
    assert "settled" in officer.get("/compliance/holds?all=1").text
    officer.post(f"{where}/erase", {"is_sure": "1"})
    assert "Done" in officer.get(where).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "12"}, "telephone number"),
        ({"number": "833 555 0100"}, "own tracking numbers"),
        ({"kind": "forget"}, "expected one of"),
        ({"way": "pigeon"}, "expected one of"),
        ({"received_at": "soon"}, "when it came"),
        ({"received_at": "2031-01-01T00:00"}, "not in the future"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(world: World, officer: Browser, changes: dict[str, str], said: str) -> None:
    page = officer.post("/compliance/privacy", FORM | changes, status=422)
    assert said in page.text
    assert page.field("contact") == "c@example.com"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "call", "subject": "nope"}, "there is no call"),
        ({"kind": "number", "subject": "x"}, "telephone number"),
        ({"reason": ""}, "reason of the hold"),
        ({"until": "2020-01-01"}, "has not passed"),
        ({"until": "tomorrow"}, "expected a day"),
        ({"kind": "planet"}, "expected one of"),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(officer: Browser, changes: dict[str, str], said: str) -> None:
    form = {"kind": "number", "subject": "2125550123", "reason": "court order", "until": ""} | changes
    page = officer.post("/compliance/holds", form, status=422)
    assert said in page.text
    assert page.field("subject") == form["subject"]


def test_who_asks_to_know_gets_one_bundle_and_its_reading_is_kept(world: World, officer: Browser) -> None:
    request_id = record(world, officer, kind="know")
    where = f"/compliance/privacy/{request_id}"
    officer.get(f"{where}/data.json", status=409)
    officer.post(f"{where}/verify", {"text": "letter with code"})
    told = json.loads(officer.http.get(f"{where}/data.json").data)
    assert told["number"] == "+12125550123"
    assert len(told["calls"]) == 12
    assert "revenue" not in json.dumps(told)
    assert {each["id"] for each in told["privacy_requests"]} == {request_id}
    officer.post(f"{where}/finish", {"text": "sent by post"})
    assert "sent by post" in officer.get(where).text
    with world.uow.read() as session:
        [event] = session.scalars(select(Event).where(Event.kind == EventKind.EXPORT_READ))
    assert event.subject_id == request_id


def test_the_time_is_extended_once_and_refusals_have_reasons(world: World, officer: Browser) -> None:
    request_id = record(world, officer)
    where = f"/compliance/privacy/{request_id}"
    officer.post(f"{where}/kind", {"text": "correct"})
    officer.post(f"{where}/extend", {"text": "we have to ask the publisher"})
    assert "18 Feb 2027" in officer.get(where).text
    assert "it can be once" in officer.post(f"{where}/extend", {"text": "again"}, status=422).text
    officer.post(f"{where}/refuse", {"text": "could not be verified"})
    assert "could not be verified" in officer.get(where).text


def test_only_officers_open_them(world: World) -> None:
    for person in ("reviewer", "billing", "acme", "pam"):
        browser = world.signed_in(person)
        browser.get("/compliance/privacy", status=403)
        browser.get("/compliance/holds", status=403)
        browser.post("/compliance/privacy", FORM, status=403)
