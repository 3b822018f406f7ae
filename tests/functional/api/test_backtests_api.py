"""Back-tests by the API: ask, wait, read; the same key asks once; who may, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.access.tokens import issue_token
from app.tasks import list_tasks
from app.vocabulary import JobName, Role, TaskKind
from tests.factories.backtests import POSTCARD, add_screened_calls
from tests.functional.pages.test_backtest_pages import draft_with
from tests.functional.world import World, make_world
from workers.jobs import _run_task, run_job

Ask = Callable[..., TestResponse]


@pytest.fixture
def world(sqlite_engine: Engine, tmp_path: Any) -> World:
    return make_world(sqlite_engine, tmp_path)


@pytest.fixture
def ask(world: World) -> Ask:
    tokens = {}
    with world.uow.begin("test") as work:
        for role, party in ((Role.COMPLIANCE, None), (Role.REVIEWER, None), (Role.ADVERTISER, "acme"), (Role.PUBLISHER, "pam")):
            tokens[role] = issue_token(work, name=f"program {role}", role=role, party_id=party).token

    def send(method: str, path: str, role: Role = Role.COMPLIANCE, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {})) | {"Authorization": f"Bearer {tokens[role]}"}
        return world.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    return send


def test_a_draft_is_tried_and_the_answer_read(world: World, ask: Ask) -> None:
    (postcard,) = add_screened_calls(world.uow, world.services.blobs, [POSTCARD])
    draft = draft_with(world, "purple postcard")
    asked = ask("POST", "/backtests", json={"draft_id": draft, "days": 7})
    assert asked.status_code == 202, asked.text
    made = asked.get_json()
    assert (made["state"], made["result"], made["days"], made["draft_id"]) == ("waiting", None, 7, draft)
    run_job(world.services, JobName.RUN_TASK, made["id"], _run_task)
    read = ask("GET", f"/backtests/{made['id']}").get_json()
    assert (read["state"], read["failure"]) == ("done", None)
    result = read["result"]
    assert [(f["call_id"], f["kind"]) for f in result["flips"]] == [(postcard, "newly_flagged")]
    assert result["headline"].startswith("Of 1 call ")
    assert result["after"]["sha256"] == read["sha256"]
    assert result["rules"][0].keys() >= {"rule", "newly_flagged", "right_after", "doubtful"}


def test_the_same_key_asks_once(world: World, ask: Ask) -> None:
    draft = draft_with(world, "purple postcard")
    sent = [ask("POST", "/backtests", json={"draft_id": draft}, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert len({answer.get_json()["id"] for answer in sent}) == 1
    with world.uow.read() as session:
        assert len(list_tasks(session, TaskKind.BACKTEST)) == 1


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ADVERTISER, Role.PUBLISHER])
def test_others_may_not(ask: Ask, role: Role) -> None:
    assert ask("POST", "/backtests", role, json={"draft_id": "x"}).status_code == 403
    assert ask("GET", "/backtests/x", role).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"draft_id": "a", "edition_id": "b"}, 422),
        ({"draft_id": "a", "days": 0}, 422),
        ({"draft_id": "a", "days": "7"}, 422),
        ({"draft_id": "a", "days": 400}, 422),
        ({"draft_id": "a", "limit": 0}, 422),
        ({"draft_id": "a", "more": 1}, 422),
        ({"draft_id": "nobody"}, 404),
        ({"edition_id": "nobody"}, 404),
    ],
)
def test_what_does_not_fit_is_refused(ask: Ask, body: dict[str, Any], status: int) -> None:
    answer = ask("POST", "/backtests", json=body)
    assert answer.status_code == status, answer.text
    assert answer.get_json()["error"]


def test_what_is_not_there_is_not_found(ask: Ask) -> None:
    assert ask("GET", "/backtests/none").status_code == 404


def test_both_routes_are_described(world: World) -> None:
    spec = world.app.test_client().get("/api/v1/openapi.json").get_json()
    post, get = spec["paths"]["/api/v1/backtests"]["post"], spec["paths"]["/api/v1/backtests/{backtest_id}"]["get"]
    assert {"202", "401", "403", "404", "409", "422", "429"} <= post["responses"].keys()
    assert {"200", "401", "403", "404"} <= get["responses"].keys()
