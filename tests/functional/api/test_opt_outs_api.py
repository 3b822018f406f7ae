"""Opt-outs by the API: recorded once, read with their state, answered by the parties that were told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.access.tokens import issue_token
from app.compliance.opt_outs.suppression import suppress_waiting
from app.vocabulary import Role
from tests.functional.world import World, make_world

BODY = {"number": "+12125550123", "way": "web_form", "received_at": "2026-11-20T12:00:00-05:00", "comment": "form 12"}
Ask = Callable[..., TestResponse]


@pytest.fixture
def world(sqlite_engine: Engine, tmp_path: Path) -> World:
    return make_world(sqlite_engine, tmp_path)


@pytest.fixture
def ask(world: World) -> Ask:
    """Send a request with the token of a role."""
    tokens = {}
    with world.uow.begin("test") as work:
        for name, role, party in (
            ("compliance", Role.COMPLIANCE, None), ("reviewer", Role.REVIEWER, None),
            ("acme", Role.ADVERTISER, "acme"), ("quin", Role.PUBLISHER, "quin"),
        ):  # fmt: skip
            tokens[name] = issue_token(work, name=f"program {name}", role=role, party_id=party).token

    def send(method: str, path: str, who: str = "compliance", **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {})) | {"Authorization": f"Bearer {tokens[who]}"}
        return world.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    return send


def test_a_request_is_recorded_once_by_its_key_and_read_back(world: World, ask: Ask) -> None:
    first = ask("POST", "/opt-outs", json=BODY, headers={"Idempotency-Key": "k1"})
    again = ask("POST", "/opt-outs", json=BODY, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert (first.json["state"], first.json["due_on"], first.json["scope"]) == ("recorded", "2026-12-07", "everybody")
    suppress_waiting(world.uow, world.services.number_lists)
    read = ask("GET", f"/opt-outs/{first.json['id']}").json
    assert read["state"] == "suppressed"
    assert len(read["notices"]) == 5
    listed = ask("GET", "/opt-outs?number=%2B12125550123&limit=1").json
    assert [item["id"] for item in listed["items"]] == [first.json["id"]]
    assert listed["next_cursor"] is None


def test_pages_of_requests_follow_each_other(ask: Ask) -> None:
    for n in range(3):
        ask("POST", "/opt-outs", json=BODY | {"number": f"+121255501{n:02d}", "received_at": f"2026-11-1{n}T12:00:00Z"})
    seen, cursor = [], ""
    while True:
        page = ask("GET", f"/opt-outs?limit=1{cursor}").json
        seen += [item["received_at"][:10] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["2026-11-10", "2026-11-11", "2026-11-12"]
    assert ask("GET", "/opt-outs?cursor=nonsense").status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "44 20 7946 0000"}, {"received_at": "2026-11-20T12:00:00"}, {"received_at": "2031-01-01T00:00:00Z"},
        {"way": "pigeon"}, {"scope": "seller"}, {"unknown": 1}, {"comment": "x" * 2001},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(ask: Ask, wrong: dict[str, Any]) -> None:
    assert ask("POST", "/opt-outs", json=BODY | wrong).status_code == 422
    assert ask("GET", "/opt-outs?state=all").json["items"] == []


def test_a_call_that_is_not_there_and_an_opt_out_that_is_not_there_are_told(ask: Ask) -> None:
    assert ask("POST", "/opt-outs", json=BODY | {"call_id": "nope"}).status_code == 404
    assert ask("GET", "/opt-outs/nope").status_code == 404
    assert ask("POST", "/opt-outs", json=BODY | {"call_id": "acme-clean"}).status_code == 201
    assert ask("POST", "/opt-outs", json=BODY | {"call_id": "acme-clean"}).status_code == 409


def test_parties_read_and_answer_their_own_notices(world: World, ask: Ask) -> None:
    ask("POST", "/opt-outs", json=BODY)
    suppress_waiting(world.uow, world.services.number_lists)
    [own] = ask("GET", "/notices?is_open=true", "acme").json["items"]
    assert (own["number"], own["party"], own["acknowledged_at"]) == ("+12125550123", "Acme Company", None)
    assert ask("POST", f"/notices/{own['id']}/acknowledgement", "quin", json={}).status_code == 404
    answered = ask("POST", f"/notices/{own['id']}/acknowledgement", "acme", json={})
    assert answered.status_code == 200
    assert answered.json["acknowledged_how"] == "api"
    assert ask("GET", "/notices?is_open=true", "acme").json["items"] == []


def test_only_officers_record_requests(ask: Ask) -> None:
    for who in ("reviewer", "acme"):
        assert ask("POST", "/opt-outs", who, json=BODY).status_code == 403
        assert ask("GET", "/opt-outs", who).status_code == 403


def test_the_state_of_a_number_shows_a_request_before_it_is_listed(ask: Ask) -> None:
    ask("POST", "/opt-outs", json=BODY)
    state = ask("GET", "/numbers/+12125550123/state").json
    assert state["outcome"] == "blocked"
    assert [each["is_listed"] for each in state["opt_outs"]] == [False]
