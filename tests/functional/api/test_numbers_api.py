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
from app.vocabulary import EventKind, JobName, Role
from tests.functional.world import World, make_world
from workers.jobs import _run_task, run_job

FULL = "".join(f"212,555{last:04d}\n" for last in range(2000, 2200))
Ask = Callable[..., TestResponse]


@pytest.fixture
def world(sqlite_engine: Any, tmp_path: Any) -> World:
    """The application with a national list of 212."""
    made = make_world(sqlite_engine, tmp_path, max_upload_mb=3)
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
        ({"data": b"2125552000\n" * 280_000, "content_type": "text/csv"}, 413),
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


def test_a_large_file_is_worked_on_as_a_task(ask: Ask, world: World) -> None:
    body = "phone\n" + "2125552000\n2125559999\n" * 100_000
    options: dict[str, Any] = {"data": body, "content_type": "text/csv", "headers": {"Idempotency-Key": "big"}}
    answer = ask("POST", "/scrubs?filename=leads.csv", **options)
    assert answer.status_code == 202, answer.text
    asked = answer.json
    assert asked is not None
    assert (asked["kind"], asked["state"], answer.headers["Location"]) == ("scrub", "waiting", asked["url"])
    again = ask("POST", "/scrubs?filename=leads.csv", **options)
    assert (again.status_code, again.json) == (202, asked)
    run_job(world.services, JobName.RUN_TASK, asked["id"], _run_task)
    done = ask("GET", asked["url"].removeprefix("/api/v1")).json
    assert done is not None
    assert (done["state"], done["result"]["rows"], done["result"]["blocked"]) == ("done", 200_000, 100_000)
    read = ask("GET", f"/scrubs/{done['result']['scrub']}").json
    assert read is not None
    assert (read["rows"], read["performed_by"]) == (200_000, "program compliance")
    assert ask("GET", f"/tasks/{asked['id']}", Role.REVIEWER).status_code == 404
    assert ask("GET", "/tasks/x").status_code == 404


def load(ask: Ask, world: World, data: bytes, role: Role = Role.COMPLIANCE, **query: str) -> TestResponse:
    asked = {"list": "national", "obtained_at": world.clock.now().isoformat(), "filename": "305.txt", "san": "1-2"} | query
    return ask("POST", "/lists", role, query_string=asked, data=data, content_type="application/octet-stream")


def test_a_list_is_loaded_by_the_api_at_once_or_as_a_task(ask: Ask, world: World) -> None:
    small = load(ask, world, b"3052345678\n3052345679\nno number\n" + b"3055550000\n" * 200)
    assert small.status_code == 201, small.text
    assert small.json is not None
    assert (small.json["numbers"], small.json["area_codes"], small.json["rows_left_out"]) == (3, [305], 1)
    assert (small.json["loaded_by"], small.json["is_new"], small.json["san"]) == ("program compliance", True, "1-2")
    large = load(ask, world, b"".join(b"%d\n" % number for number in range(3_055_000_000, 3_055_200_000)), filename="big.txt")
    assert large.status_code == 202, large.text
    assert large.json is not None
    run_job(world.services, JobName.RUN_TASK, large.json["id"], _run_task)
    done = ask("GET", f"/tasks/{large.json['id']}").json
    assert done is not None
    assert (done["state"], done["result"]["numbers"], done["result"]["is_new"]) == ("done", 200_000, True)


@pytest.mark.parametrize(
    ("data", "query", "said"),
    [
        (b"", {}, "the file is empty"),
        (b"3055550000\n", {"obtained_at": "2031-01-01T00:00:00Z"}, "not in the future"),
        (b"3055550000\n", {"obtained_at": "soon"}, "obtained_at"),
        (b"3055550000\n", {"san": "47 11; drop"}, "SAN"),
        (b"3055550000\n", {"list": "state:XX"}, "two letters"),
        (b"3055550000\n", {"list": "phonebook"}, "expected national"),
        (b"3055550000\n", {"area_codes": "1x"}, "three digits"),
        (b"name,town\nAnn,Ohio\n", {}, "expected a list of numbers"),
    ],
    ids=["empty", "ahead", "moment", "san", "state", "kind", "areas", "numberless"],
)
def test_a_list_that_cannot_be_loaded_is_refused_with_the_reason(
    ask: Ask, world: World, data: bytes, query: dict[str, str], said: str
) -> None:
    before = world.services.number_lists.store.versions()
    answer = load(ask, world, data, **query)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert world.services.number_lists.store.versions() == before


def test_other_roles_load_no_list(ask: Ask, world: World) -> None:
    assert load(ask, world, b"3055550000\n", Role.REVIEWER).status_code == 403
    assert ask("GET", "/lists/freshness", Role.ADVERTISER).status_code == 403


def test_the_clocks_of_the_lists_are_told(ask: Ask, world: World) -> None:
    told = ask("GET", "/lists/freshness").json
    assert told is not None
    assert (told["is_anything_loaded"], told["is_national_loaded"]) == (True, True)
    (clock,) = told["clocks"]
    assert (clock["list"], clock["area_codes"], clock["days_left"], clock["state"]) == ("national", ["212"], 26, "fresh")
    assert clock["last_day"] == "2026-12-19"


def test_the_description_names_the_routes(world: World) -> None:
    spec = world.app.test_client().get("/api/v1/openapi.json").json
    assert spec is not None
    assert {"/api/v1/scrubs", "/api/v1/scrubs/{scrub_id}", "/api/v1/numbers/{number}/state", "/api/v1/lists"} <= set(
        spec["paths"]
    )
    assert set(spec["paths"]["/api/v1/scrubs"]["post"]["requestBody"]["content"]) == {"text/csv", "application/json"}
