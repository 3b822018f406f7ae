"""Numbers by the API: scrub CSV or JSON, read what came of it, the state of one at a moment; who may, and what is refused."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from app.access.tokens import issue_token
from app.models.events import Event
from app.models.screening import Consent
from app.vocabulary import EventKind, Role
from tests.functional.world import World, make_world

FULL = "".join(f"212,555{last:04d}\n" for last in range(2000, 2200))
Ask = Callable[..., TestResponse]


@pytest.fixture
def world(sqlite_engine: Any, tmp_path: Any) -> World:
    """The application with a national list of 212."""
    made = make_world(sqlite_engine, tmp_path)
    form = {"kind": "national", "obtained_at": f"{made.clock.now() - timedelta(days=5):%Y-%m-%dT%H:%M}", "san": "4711"}
    made.signed_in("compliance").post("/compliance/lists", form | {"files": (io.BytesIO(FULL.encode()), "212.txt")})
    return made


@pytest.fixture
def ask(world: World) -> Ask:
    """Send a request with the token of a role."""
    tokens = {}
    with world.uow.begin("test") as work:
        for role, party in ((Role.COMPLIANCE, None), (Role.REVIEWER, None), (Role.ADVERTISER, "acme")):
            tokens[role] = issue_token(work, name=f"program {role}", role=role, party_id=party).token

    def send(method: str, path: str, role: Role = Role.COMPLIANCE, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {})) | {"Authorization": f"Bearer {tokens[role]}"}
        return world.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    return send


def count_scrubs(world: World) -> int:
    with world.uow.read() as session:
        return len(session.scalars(select(Event).where(Event.kind == EventKind.NUMBERS_SCRUBBED)).all())


def test_a_csv_file_is_scrubbed_and_its_report_can_be_read(ask: Ask) -> None:
    rows = [f"n{at},(212) 555-{2100 + at:04d}" for at in range(198)]
    body = "name,phone\n" + "\n".join([*rows, "secret,none", "y,12345"]) + "\n"
    answer = ask("POST", "/scrubs?column=phone&filename=leads.csv", data=body, content_type="text/csv")
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert made is not None
    assert [made[word] for word in ("rows", "blocked", "allowed", "unknown", "invalid")] == [200, 100, 98, 0, 2]
    assert made["performed_by"] == "program compliance"
    (version,) = made["lists"]
    assert (version["list"], version["age_days"], version["san"], version["numbers"]) == ("national", 5, "4711", 200)
    assert made["invalid_rows"][0].startswith("line 200: ")
    assert "secret" not in answer.text
    assert ask("GET", f"/scrubs/{made['id']}").json == made
    report = ask("GET", made["report_url"].removeprefix("/api/v1"))
    assert report.mimetype == "text/csv"
    assert len(report.text.splitlines()) == 201


def test_numbers_as_json_stay_one_row_each_whatever_is_in_them(ask: Ask) -> None:
    numbers = ["2125552000", "(212) 555-9999", '"', "a,b\nc;d|e", "", "\u0000", "=1+1"]
    answer = ask("POST", "/scrubs", json={"numbers": numbers})
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert made is not None
    assert [made[word] for word in ("rows", "blocked", "allowed", "invalid")] == [7, 1, 1, 5]


def test_the_same_key_scrubs_once(ask: Ask, world: World) -> None:
    options: dict[str, Any] = {"data": "2125552000\n", "content_type": "text/csv", "headers": {"Idempotency-Key": "k1"}}
    first, second = ask("POST", "/scrubs", **options), ask("POST", "/scrubs", **options)
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    assert count_scrubs(world) == 1
    assert ask("POST", "/scrubs", **options | {"data": "2125552001\n"}).status_code == 409


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b"", "content_type": "text/csv"}, 422),
        ({"data": b"\x89PNG\r\n\x1a\n" + bytes(99), "content_type": "text/csv"}, 422),
        ({"data": b"name,town\nAnn,Ohio\n", "content_type": "text/csv"}, 422),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b'{"numbers": ["2125552000"]}', "content_type": "text/plain"}, 422),
        ({"json": {"numbers": []}}, 422),
        ({"json": {"numbers": [2125552000]}}, 422),
        ({"json": {"numbers": ["2125552000"], "list": "x"}}, 422),
        ({"data": b"2125552000\n" * 1_900_000, "content_type": "text/csv"}, 413),
    ],
    ids=["empty", "picture", "numberless", "cut", "type", "none", "integer", "unknown field", "large"],
)
def test_what_cannot_be_scrubbed_is_refused_and_leaves_nothing(
    ask: Ask, world: World, options: dict[str, Any], status: int
) -> None:
    answer = ask("POST", "/scrubs", **options)
    assert answer.status_code == status, answer.text
    assert answer.json is not None
    assert set(answer.json) == {"error", "message", "details"}
    assert "Ann" not in answer.text
    assert "town" not in answer.text
    assert "/tmp" not in answer.text
    assert count_scrubs(world) == 0
    assert world.services.number_lists.store.list_scrubs(10) == []


def test_the_state_of_a_number_is_told_as_of_a_moment(ask: Ask, world: World) -> None:
    now = world.clock.now()
    with world.uow.begin("test") as work:
        work.session.add(
            Consent(
                id="c", external_id="c-1", number="+12125552000", seller="Acme", elements={}, given_at=now - timedelta(days=4),
                revoked_at=now - timedelta(days=1), recorded_at=now - timedelta(days=2),
            )
        )  # fmt: skip
    told = ask("GET", "/numbers/+12125552000/state").json
    assert told is not None
    assert (told["outcome"], told["check"], told["number"]) == ("blocked", "ok", "+12125552000")
    assert told["lists"][0]["age_days"] == 5
    assert told["consents"][0]["revoked_at"] is not None
    assert {place["zone"] for place in told["places"]} == {"America/New_York"}
    then = (now - timedelta(days=3)).isoformat()
    past = ask("GET", "/numbers/+12125552000/state", query_string={"at": then}).json
    assert past is not None
    assert past["lists"][0]["age_days"] == 2
    assert (past["consents"][0]["revoked_at"], past["consents"][0]["is_recorded_later"]) == (None, True)
    early = ask("GET", "/numbers/+12125552000/state", query_string={"at": (now - timedelta(days=9)).isoformat()}).json
    assert early is not None
    assert (early["outcome"], early["lists"], early["consents"]) == ("unknown", [], [])
    assert "0 scrubbed" in early["warnings"][0]


@pytest.mark.parametrize("at", ["2031-01-01T00:00:00Z", "soon", "2026-10-01T00:00:00"])
def test_a_moment_ahead_or_without_offset_is_refused(ask: Ask, at: str) -> None:
    assert ask("GET", "/numbers/+12125552000/state", query_string={"at": at}).status_code == 422


def test_the_request_log_leaves_numbers_out(ask: Ask) -> None:
    with capture_logs() as logs:
        ask("GET", "/numbers/+12125552000/state")
    assert [line["path"] for line in logs if line["event"] == "request"] == ["/api/v1/numbers/NUMBER/state"]
    assert "2125552000" not in str(logs)


def test_what_is_no_number_is_refused_and_not_repeated(ask: Ask) -> None:
    answer = ask("GET", "/numbers/777secret/state")
    assert answer.status_code == 422
    assert "777secret" not in answer.text


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ADVERTISER])
def test_other_roles_get_nothing(ask: Ask, world: World, role: Role) -> None:
    assert ask("POST", "/scrubs", role, json={"numbers": ["2125552000"]}).status_code == 403
    assert ask("GET", "/scrubs/20260101T000000-000000000000", role).status_code == 403
    assert ask("GET", "/numbers/+12125552000/state", role).status_code == 403
    assert count_scrubs(world) == 0


def test_a_scrub_that_does_not_exist_is_not_found(ask: Ask) -> None:
    for name in ("20260101T000000-000000000000", "x"):
        assert ask("GET", f"/scrubs/{name}").status_code == 404
        assert ask("GET", f"/scrubs/{name}/report").status_code == 404


def test_the_description_names_the_routes(world: World) -> None:
    spec = world.app.test_client().get("/api/v1/openapi.json").json
    assert spec is not None
    assert {"/api/v1/scrubs", "/api/v1/scrubs/{scrub_id}", "/api/v1/numbers/{number}/state"} <= set(spec["paths"])
    assert set(spec["paths"]["/api/v1/scrubs"]["post"]["requestBody"]["content"]) == {"text/csv", "application/json"}
