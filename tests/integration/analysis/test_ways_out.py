"""Every way in which a transcript leaves the house, walked with a call in which a card was read aloud and keyed in."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask

from app.access.sessions import open_session
from app.access.tokens import issue_token
from app.language.redact_text import MASK
from app.models.calls import Call
from app.models.users import User
from app.vocabulary import Role
from app.web.factory import create_app
from app.web.identify import COOKIE
from tests.fakes import ScriptedTranscriber, ScriptLine
from tests.integration.analysis.conftest import Desk, sound

CALLER = (
    ScriptLine(3.0, "my card number is 4111 1111 1111 1111 okay"),
    ScriptLine(9.0, "it expires in 09 of 29"),
    ScriptLine(14.0, "the code on the back is seven three seven"),
)
AGENT = (ScriptLine(0.5, "what is the card number"), ScriptLine(12.6, "and the security code"))
GIVEN = re.compile(r"4111|1111|\b737\b|seven|three|\b09\b|\b29\b")
GIVEN_OUT = re.compile(r"4111|1111|seven three|\b737\b|\b09 of\b|\bof 29\b")
NUMBER_SEARCH = "/calls?q=4111"  # the page writes back what was searched for
PAGES = (
    "/calls/{id}",
    "/calls/{id}/screen.json",
    "/calls/{id}/progress",
    "/calls/{id}/subtitles.vtt",
    "/calls/live?calls={id}",
    "/calls",
    "/",
)
SEARCHES = ("/calls?q=card", "/calls?q=expires", "/calls?q=code", NUMBER_SEARCH, '/calls?q="card number is"')
API = ("", "/analysis", "/findings", "/subtitles", "/same-audio")


class House:
    """The desk's application, with a browser and a token for a role."""

    def __init__(self, desk: Desk, call_id: str) -> None:
        self.desk, self.call_id = desk, call_id
        self.app: APIFlask = create_app(desk.services)

    def ways(self, role: Role) -> Iterator[tuple[str, str]]:
        """Every answer that the role can get about the call, as (address, text)."""
        cookie, token = self._let_in(role)
        client = self.app.test_client()
        client.set_cookie(COOKIE, cookie)
        for path in (*PAGES, *SEARCHES):
            yield path, client.get(path.format(id=self.call_id)).get_data(as_text=True)
        program = self.app.test_client()
        for path in ("/api/v1/calls", *(f"/api/v1/calls/{{id}}{part}" for part in API)):
            answer = program.get(path.format(id=self.call_id), headers={"Authorization": f"Bearer {token}"})
            yield path, answer.get_data(as_text=True)

    def _let_in(self, role: Role) -> tuple[str, str]:
        with self.desk.uow.begin("test") as work:
            call = work.session.get_one(Call, self.call_id)
            party = {Role.PUBLISHER: call.publisher_id, Role.ADVERTISER: call.advertiser_id}.get(role)
            user = User(
                id=work.new_id(), email=f"{role}@x.test", name=role, role=role, party_id=party, password_hash="x",
                created_at=work.now,
            )  # fmt: skip
            work.session.add(user)
            work.session.flush()
            lasts = self.desk.services.settings.session_hours
            cookie = open_session(
                work, user, lasts=timedelta(hours=lasts), user_agent="test", address="127.0.0.1", replaces=None
            )
            return cookie, issue_token(work, name=role, role=role, party_id=party).token


@pytest.fixture
def house(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> House:
    desk.use(monkeypatch, replace(desk.services, transcriber=ScriptedTranscriber([*CALLER, *AGENT])))
    call_id = desk.send(sound(CALLER, AGENT, seconds=20.0))
    desk.run_all()
    return House(desk, call_id)


def words_of(text: str) -> str:
    """What of an answer is words: without tags, and without the ids, hashes, times and versions that hold digits."""
    if text.startswith("{"):
        return " ".join(_texts(json.loads(text)))
    text = re.sub(r"\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}", " ", text)
    return re.sub(r"<[^>]*>", " ", text)


def _texts(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, key)
    elif isinstance(value, list):
        # The player's words are [start, end, text, flags, hit].
        for inner in value:
            yield from _texts(inner, name)
    elif isinstance(value, str) and name not in {"id", "call_id", "sha256", "started_at", "screened_at", "received_at"}:
        yield value


@pytest.mark.parametrize("role", [Role.ADVERTISER, Role.PUBLISHER])
def test_no_way_out_holds_a_digit_for_outside_parties(house: House, role: Role) -> None:
    told = 0
    for path, text in house.ways(role):
        said = words_of(text)
        assert path == NUMBER_SEARCH or not GIVEN_OUT.search(said), path
        told += "card number is" in said
        if "/subtitles" in path or "/analysis" in path or "screen.json" in path:
            assert MASK in said, path
    assert told >= 6


def test_a_file_of_subtitles_holds_no_digit_whoever_asks(house: House) -> None:
    for path, text in house.ways(Role.OPERATOR):
        if "/subtitles" in path:
            assert "my card number is" in text
            assert not GIVEN.search(words_of(text)), path


def test_search_finds_and_shows_no_digit_whoever_asks(house: House) -> None:
    found = dict(house.ways(Role.REVIEWER))
    assert "my card number is" in re.sub(r"<[^>]*>", "", found["/calls?q=card"])
    assert house.call_id in found["/calls?q=card"]
    assert house.call_id not in found[NUMBER_SEARCH]
    for path in SEARCHES:
        assert not re.search(r"1111", words_of(found[path])), path


def test_nothing_is_told_before_the_call_is_screened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.use(monkeypatch, replace(desk.services, transcriber=ScriptedTranscriber([*CALLER, *AGENT])))
    call_id = desk.send(sound(CALLER, AGENT, seconds=20.0))
    desk.run(desk.queue.requests.pop(0))
    house = House(desk, call_id)
    found = dict(house.ways(Role.ADVERTISER))
    assert '"error":"not_found"' in found["/api/v1/calls/{id}/subtitles"].replace(" ", "")
    assert not any("card number is" in words_of(text) for path, text in found.items() if "?q=" not in path)
