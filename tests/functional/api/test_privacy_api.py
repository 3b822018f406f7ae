"""Privacy requests by the API: recorded once with their clocks, listed by what is due."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.access.tokens import issue_token
from app.vocabulary import Role
from tests.functional.world import World, make_world

BODY = {"kind": "delete", "number": "212-555-0123", "way": "web_form", "received_at": "2026-11-20T12:00:00-05:00"}
Ask = Callable[..., TestResponse]


@pytest.fixture
def world(sqlite_engine: Engine, tmp_path: Path) -> World:
    return make_world(sqlite_engine, tmp_path)


@pytest.fixture
def ask(world: World) -> Ask:
    """Send a request with the token of a role."""
    with world.uow.begin("test") as work:
        tokens = {
            role: issue_token(work, name=f"program {role}", role=role, party_id=None).token
            for role in (Role.COMPLIANCE, Role.REVIEWER)
        }

    def send(method: str, path: str, role: Role = Role.COMPLIANCE, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {})) | {"Authorization": f"Bearer {tokens[role]}"}
        return world.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    return send


def test_a_request_is_recorded_once_with_its_clocks(ask: Ask) -> None:
    first = ask("POST", "/privacy-requests", json=BODY, headers={"Idempotency-Key": "k"})
    again = ask("POST", "/privacy-requests", json=BODY, headers={"Idempotency-Key": "k"})
    assert (first.status_code, first.json) == (201, again.json)
    assert first.json is not None
    told = {name: first.json[name] for name in ("number", "state", "acknowledge_by", "answer_by")}
    assert told == {
        "number": "+12125550123", "state": "received", "acknowledge_by": "2026-12-07", "answer_by": "2027-01-04",
    }  # fmt: skip
    assert ask("GET", f"/privacy-requests/{first.json['id']}").json == first.json
    assert ask("GET", "/privacy-requests/nope").status_code == 404


def test_requests_are_listed_page_by_page(ask: Ask) -> None:
    for day in ("12", "10", "11"):
        ask("POST", "/privacy-requests", json=BODY | {"received_at": f"2026-11-{day}T12:00:00Z"})
    first = ask("GET", "/privacy-requests?limit=2").json
    assert first is not None
    second = ask("GET", f"/privacy-requests?limit=2&cursor={first['next_cursor']}").json
    assert second is not None
    assert [item["received_at"][8:10] for item in first["items"] + second["items"]] == ["10", "11", "12"]
    assert second["next_cursor"] is None
    assert ask("GET", "/privacy-requests?state=done").json == {"items": [], "next_cursor": None}
    assert ask("GET", "/privacy-requests?cursor=x").status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "forget"}, {"number": "12"}, {"way": "spoken"}, {"received_at": "2031-01-01T00:00:00Z"}, {"more": 1}],
)
def test_what_does_not_fit_is_refused(ask: Ask, wrong: dict[str, Any]) -> None:
    assert ask("POST", "/privacy-requests", json=BODY | wrong).status_code == 422


def test_only_officers_may(ask: Ask) -> None:
    assert ask("POST", "/privacy-requests", Role.REVIEWER, json=BODY).status_code == 403
    assert ask("GET", "/privacy-requests", Role.REVIEWER).status_code == 403
