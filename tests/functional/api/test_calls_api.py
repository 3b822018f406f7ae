"""A program sends calls and recordings, reads what became of them, and is told clearly what does not fit."""

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.access.guard import find_mark
from app.models.calls import Call, IntakeRejection, Recording
from app.models.events import Job
from app.models.reviews import Review
from app.vocabulary import RecordingState
from app.web.api import BASE
from tests.functional.api.conftest import Api
from tests.integration.intake.house import wav

MakeApi = Callable[..., Api]
CALLER = "+12125550123"


def error_of(response: Any) -> tuple[int, str]:
    assert set(response.json) == {"error", "message", "details"}
    return response.status_code, response.json["error"]


def test_a_call_is_sent_once_and_known_after_that(api: Api) -> None:
    first = api.send(caller=CALLER, tracking_number="+18335550101", transfer_type="none", tags={"agent": "7"})
    again = api.send(caller=CALLER, tracking_number="+18335550101", transfer_type="none", tags={"agent": "7"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == {"id": first.json["id"], "external_id": "c1", "sender": "api", "is_new": True, "changed": []}
    assert again.json == first.json | {"is_new": False}
    call = api.ask("GET", f"/calls/{first.json['id']}").json
    assert (call["campaign"], call["source"], call["advertiser"], call["publisher"]) == ("CAMP-REC", "SRC", "ADV", "PUB")
    assert (call["caller"], call["transfer_type"], call["tags"]) == (CALLER, "none", {"agent": "7"})
    assert (call["started_at"], call["analysis_state"]) == ("2026-11-23T13:00:00Z", "no_recording")


def test_a_correction_names_what_it_changed(api: Api) -> None:
    api.send()
    assert api.send(revenue_minor=1250, state="FL").json["changed"] == ["consumer_state", "revenue_minor"]


@pytest.mark.parametrize(
    "cells",
    [
        {"started_at": "2026-11-23T13:00:00"},
        {"started_at": "yesterday"},
        {"revenue_minor": True},
        {"revenue_minor": "12"},
        {"surprise": 1},
        {"disposition": "exploded"},
        {"external_id": ""},
        {"external_id": 7},
        {"legs": [{"direction": "sideways", "started_at": "2026-11-23T13:00:00Z"}]},
        {"tags": {"a": "\x00"}},
        {"caller": "bob"},
        {"zip": "secret"},
    ],
)
def test_what_does_not_fit_is_told_by_field_and_never_repeated(api: Api, cells: dict[str, Any]) -> None:
    response = api.send(**cells)
    assert response.status_code == 422
    assert any(problem["expected"] for problem in response.json["details"]["problems"])
    assert not any(word in response.text for word in ("yesterday", "exploded", "sideways", "bob", "secret", "pydantic"))
    assert api.house.count(Call) == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 100_000, b'{"external_id": NaN}', b'{"a":1}{"b":2}', b'{"external_id": "\\ud800"}'],
)
def test_a_body_that_is_no_json_is_a_bad_request(api: Api, body: bytes) -> None:
    response = api.ask("POST", "/calls", data=body, content_type="application/json")
    assert error_of(response) == (400, "bad_request")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"', b"{}"])
def test_json_that_is_no_call_is_refused(api: Api, body: bytes) -> None:
    assert api.ask("POST", "/calls", data=body, content_type="application/json").status_code == 422


def test_a_call_of_an_unknown_campaign_is_refused_and_kept_for_replay(api: Api) -> None:
    response = api.send(campaign="NOPE")
    assert error_of(response) == (422, "unknown_reference")
    assert "NOPE" not in response.text
    (kept,) = api.house.load(IntakeRejection)
    assert kept.row["cells"]["campaign"] == "NOPE"


def test_without_a_token_or_permission_nothing_is_done(api: Api) -> None:
    body = {"external_id": "c1", "started_at": "2026-11-23T13:00:00Z"}
    response = api.ask("POST", "/calls", role=None, json=body)
    assert error_of(response) == (401, "sign_in_needed")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    for role in ("reviewer", "advertiser", "publisher"):
        assert error_of(api.ask("POST", "/calls", role=role, json=body)) == (403, "forbidden")
    assert api.house.count(Call) == 0


def test_a_recording_is_stored_as_sent_and_known_after_that(api: Api) -> None:
    call_id = api.send().json["id"]
    path = f"/calls/{call_id}/recording?filename=a.wav&channel_roles=caller,agent"
    first = api.ask("PUT", path, data=wav(), content_type="audio/wav")
    again = api.ask("PUT", path, data=wav(), content_type="application/octet-stream")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["sha256"] == hashlib.sha256(wav()).hexdigest()
    assert again.json == first.json | {"is_new": False}
    (recording,) = api.house.load(Recording)
    assert (recording.filename, recording.channel_roles) == ("a.wav", ["caller", "agent"])
    assert api.house.count(Job) == 1
    analysis = api.ask("GET", f"/calls/{call_id}/analysis").json
    assert (analysis["state"], analysis["progress"], analysis["error"]) == ("waiting", 0.0, None)


def test_a_recording_of_a_campaign_that_does_not_record_is_counted_and_not_kept(api: Api) -> None:
    call_id = api.send(campaign="CAMP-OFF").json["id"]
    response = api.ask("PUT", f"/calls/{call_id}/recording", data=wav(), content_type="audio/wav")
    assert (response.status_code, response.json["state"]) == (201, str(RecordingState.NOT_ALLOWED))
    assert list(api.house.blobs.keys()) == []


@pytest.mark.parametrize(
    ("content", "media", "code"),
    [
        (b"", "audio/wav", "empty_file"),
        (b"a text that was renamed", "audio/wav", "not_audio"),
        (wav(100), "audio/wav", "too_large"),
        (b'{"url": "http://example.com/a.wav"}', "application/json", "address_not_allowed"),
        (b'{"url": "https://10.0.0.1/a.wav"}', "application/json", "address_inside"),
        (b'{"url": "https://me:secret@example.com/a.wav"}', "application/json", "bad_address"),
        (b'{"address": "https://example.com/a.wav"}', "application/json", "invalid_input"),
        (b"x=1", "application/x-www-form-urlencoded", "unsupported_media_type"),
    ],
)
def test_what_is_no_recording_is_refused(api: Api, content: bytes, media: str, code: str) -> None:
    call_id = api.send().json["id"]
    response = api.ask("PUT", f"/calls/{call_id}/recording?filename=secret.wav", data=content, content_type=media)
    assert error_of(response) == (422, code)
    assert "secret" not in response.text
    assert api.house.count(Recording) == 0


def test_a_body_beyond_the_servers_limit_is_refused(api: Api) -> None:
    call_id = api.send().json["id"]
    response = api.ask("PUT", f"/calls/{call_id}/recording", data=bytes(3_000_000), content_type="audio/wav")
    assert error_of(response) in ((413, "too_large"), (422, "too_large"))


def test_a_full_store_is_told_and_the_recording_can_be_sent_again(api: Api) -> None:
    call_id = api.send().json["id"]
    api.house.blobs._room_bytes = 10
    assert error_of(api.ask("PUT", f"/calls/{call_id}/recording", data=wav(), content_type="audio/wav")) == (
        507,
        "storage_full",
    )
    api.house.blobs._room_bytes = None
    assert api.ask("PUT", f"/calls/{call_id}/recording", data=wav(), content_type="audio/wav").status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", {}),
        ("GET", "/analysis", {}),
        ("GET", "/findings", {}),
        ("PUT", "/recording", {"data": wav(), "content_type": "audio/wav"}),
        ("POST", "/review", {"json": {"verdict": "good"}}),
    ],
)
def test_a_call_that_does_not_exist_is_not_found(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    assert error_of(api.ask(method, f"/calls/01NOBODY{path}", **body)) == (404, "not_found")


def test_each_party_sees_its_own_calls_and_not_the_other_sides_money(api: Api) -> None:
    mine = api.send(
        caller=CALLER, tracking_number="+18335550101", revenue_minor=4000, payout_minor=3000, tags={"n": CALLER}
    ).json["id"]
    other = api.send(external_id="c2").json["id"]
    seen = {role: api.ask("GET", f"/calls/{mine}", role=role).json for role in ("operator", "advertiser", "publisher")}
    assert {role: (call["revenue_minor"], call["payout_minor"]) for role, call in seen.items()} == {
        "operator": (4000, 3000),
        "advertiser": (4000, None),
        "publisher": (None, 3000),
    }
    for role in ("advertiser", "publisher"):
        assert seen[role]["caller"].endswith("0123")
        assert "212555" not in json.dumps(seen[role])
        assert [call["id"] for call in api.ask("GET", "/calls", role=role).json["items"]] == [mine]
        for path in ("", "/analysis", "/findings"):
            assert error_of(api.ask("GET", f"/calls/{other}{path}", role=role)) == (404, "not_found")


def test_calls_are_paged_newest_first_and_each_once(api: Api) -> None:
    for number in range(7):
        api.send(external_id=f"c{number}", started_at=f"2026-11-23T13:00:0{number // 2}Z")
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = api.ask("GET", f"/calls?limit=3{cursor}").json
        seen += [call["external_id"] for call in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]
    assert page["next_cursor"] is None


def test_calls_are_filtered(api: Api) -> None:
    api.send(external_id="a", tracking_number="+18335550101")
    api.send(external_id="b", sender="ringba", started_at="2026-11-24T13:00:00Z")

    def find(query: str) -> list[str]:
        return [call["external_id"] for call in api.ask("GET", f"/calls?{query}").json["items"]]

    assert find("campaign=CAMP-REC") == find("source=SRC") == find("sender=api") == ["a"]
    assert find("external_id=b") == find("started_from=2026-11-24T00:00:00Z") == ["b"]
    assert find("started_to=2026-11-24T13:00:00Z") == ["a"]
    assert find("flagged=true") == []
    assert find("flagged=false") == ["b", "a"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=zzz", "cursor=1.'--", "surprise=1", "started_from=2026-11-24"]
)
def test_a_query_that_does_not_fit_is_refused(api: Api, query: str) -> None:
    assert api.ask("GET", f"/calls?{query}").status_code == 422


def test_the_same_key_gets_the_same_answer_and_the_work_is_done_once(api: Api) -> None:
    call_id = api.send().json["id"]
    key = {"Idempotency-Key": "k1"}
    first, again = (api.ask("POST", f"/calls/{call_id}/review", json={"verdict": "good"}, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert api.house.count(Review) == 1


def test_the_same_key_with_another_body_is_a_conflict(api: Api) -> None:
    body = {"external_id": "c1", "started_at": "2026-11-23T13:00:00Z"}
    api.ask("POST", "/calls", json=body, headers={"Idempotency-Key": "k1"})
    response = api.ask("POST", "/calls", json=body | {"external_id": "c2"}, headers={"Idempotency-Key": "k1"})
    assert error_of(response) == (409, "idempotency_key_reused")
    assert api.house.count(Call) == 1


def test_a_refused_request_can_be_mended_under_its_key(api: Api) -> None:
    body = {"external_id": "c1", "started_at": "2026-11-23T13:00:00Z"}
    key = {"Idempotency-Key": "k1"}
    assert api.ask("POST", "/calls", json=body | {"zip": "x"}, headers=key).status_code == 422
    assert api.ask("POST", "/calls", json=body, headers=key).status_code == 201


def test_two_copies_at_once_do_the_work_once(api: Api) -> None:
    from concurrent.futures import ThreadPoolExecutor

    call_id = api.send().json["id"]
    headers = {"Idempotency-Key": "k1", "Authorization": f"Bearer {api.tokens['operator']}"}

    def send(_: int) -> int:
        path = f"{BASE}/calls/{call_id}/review"
        return api.app.test_client().post(path, json={"verdict": "good"}, headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(send, range(6)))
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert api.house.count(Review) == 1


def test_a_key_belongs_to_its_token(api: Api) -> None:
    call_id = api.send().json["id"]
    for role in ("operator", "reviewer"):
        answer = api.ask(
            "POST", f"/calls/{call_id}/review", role=role, json={"verdict": "good"}, headers={"Idempotency-Key": "k"}
        )
        assert "Idempotent-Replayed" not in answer.headers
    assert api.house.count(Review) == 2


def test_a_review_that_does_not_fit_is_refused(api: Api) -> None:
    call_id = api.send().json["id"]
    assert api.ask("POST", f"/calls/{call_id}/review", json={"verdict": "splendid"}).status_code == 422
    unknown = {"verdict": "good", "findings": {"f": {"decision": "agree"}}}
    assert api.ask("POST", f"/calls/{call_id}/review", json=unknown).status_code == 422
    assert api.house.count(Review) == 0


def test_who_asks_too_often_is_told_when_to_come_back(make_api: MakeApi) -> None:
    api = make_api(rate_limit_per_minute=3)
    statuses = [api.ask("GET", "/calls").status_code for _ in range(3)]
    refused = api.ask("GET", "/calls")
    assert statuses == [200, 200, 200]
    assert error_of(refused) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert api.ask("GET", "/calls", role="advertiser").status_code == 200


def test_every_route_names_its_permission_and_is_described_with_its_errors(api: Api) -> None:
    spec = api.app.spec
    routes = [rule for rule in api.app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert len(routes) == 22
    for rule in routes:
        assert find_mark(api.app.view_functions[rule.endpoint]) is not None
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            operation = spec["paths"][path][method.lower()]
            assert {"400", "401", "403", "422", "429", "500"} <= set(operation["responses"])
            assert operation["security"] == [{"token": []}]
            if "{" in path:
                assert "404" in operation["responses"]
            if method == "POST":
                assert "409" in operation["responses"]
                assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
            if method in ("POST", "PUT"):
                assert operation["requestBody"]["content"]
    assert spec["openapi"].startswith("3.1")
    assert not [path for path in spec["paths"] if not path.startswith(BASE)]


def test_files_from_the_browser_become_calls_and_a_bad_one_stops_none(api: Api, browser: FlaskClient) -> None:
    def post() -> Any:
        files = [(io.BytesIO(wav(1)), "a.wav"), (io.BytesIO(b"a text"), "b.wav"), (io.BytesIO(wav(2)), "c.wav")]
        form = {"files": files, "caller": "(212) 555-0123", "campaign": "CAMP-REC"}
        return browser.post("/upload", data=form, headers={"Accept": "application/json"})

    first = post()
    assert first.status_code == 200
    assert [(file["filename"], file["is_new"], (file["error"] or {}).get("code")) for file in first.json["files"]] == [
        ("a.wav", True, None),
        ("b.wav", False, "not_audio"),
        ("c.wav", True, None),
    ]
    calls = api.house.load(Call)
    assert {(call.sender, call.caller_number, call.campaign_id) for call in calls} == {("upload", CALLER, "rec")}
    assert all(call.tags == {"started_at_assumed": "time of the upload"} for call in calls)
    before = api.house.counts()
    again = post()
    assert [file["call_id"] for file in again.json["files"]] == [file["call_id"] for file in first.json["files"]]
    assert api.house.counts() == before


def test_an_upload_without_javascript_ends_on_the_list(api: Api, browser: FlaskClient) -> None:
    response = browser.post("/upload", data={"files": (io.BytesIO(wav(1)), "a.wav")}, headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["Location"]) == (303, "/intake")


def test_an_upload_of_a_campaign_that_does_not_record_keeps_no_audio(api: Api, browser: FlaskClient) -> None:
    form = {"files": (io.BytesIO(wav(1)), "a.wav"), "campaign": "CAMP-OFF"}
    response = browser.post("/upload", data=form, headers={"Accept": "application/json"})
    assert response.json["files"][0]["state"] == "not_allowed"
    assert list(api.house.blobs.keys()) == []


def test_the_description_is_whole(api: Api) -> None:
    """Every reference leads somewhere, and every schema is one (JSON Schema 2020-12, which OpenAPI 3.1 uses)."""
    from jsonschema import Draft202012Validator

    spec = api.client.get(f"{BASE}/openapi.json", headers={"Authorization": f"Bearer {api.tokens['operator']}"}).json
    spec = spec if "paths" in spec else api.app.spec
    schemas = spec["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)

    def find_references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(find_references, value.values()))
        return set().union(*map(find_references, value)) if isinstance(value, list) else set()

    assert find_references(spec) <= {f"#/components/schemas/{name}" for name in schemas}


def test_answers_fit_their_description(api: Api) -> None:
    from jsonschema import Draft202012Validator

    spec = api.app.spec
    call_id = api.send(caller=CALLER, tracking_number="+18335550101").json["id"]
    for path in ("/calls", "/calls/{call_id}", "/calls/{call_id}/analysis", "/calls/{call_id}/findings"):
        answer = spec["paths"][BASE + path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator(answer | {"components": spec["components"]})
        validator.validate(api.ask("GET", path.format(call_id=call_id)).json)
