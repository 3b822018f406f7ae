"""A program names an address instead of sending a recording, and follows what becomes of it."""

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.models.calls import RecordingFetch
from app.models.events import Job
from app.vocabulary import JobName, QueueName
from app.web.api import BASE
from tests.functional.api.conftest import Api

MakeApi = Callable[..., Api]
ADDRESS = "https://recordings.example.com/a.wav?sig=geheim"


def put(api: Api, call_id: str, body: Any, query: str = "", **options: Any) -> Any:
    return api.ask("PUT", f"/calls/{call_id}/recording{query}", json=body, **options)


def test_an_address_is_accepted_and_where_the_fetch_stands_can_be_read(api: Api) -> None:
    call_id = api.send().json["id"]
    first = put(api, call_id, {"url": ADDRESS}, "?filename=b.wav&channel_roles=caller,agent")
    again = put(api, call_id, {"url": ADDRESS})
    assert (first.status_code, again.status_code, again.json) == (202, 202, first.json)
    assert (first.json["state"], first.json["recording_id"], first.json["error"]) == ("waiting", None, None)
    seen = api.client.get(first.headers["Location"], headers={"Authorization": f"Bearer {api.tokens['operator']}"})
    assert (seen.status_code, seen.json) == (200, first.json)
    assert "geheim" not in first.text + seen.text
    (fetch,) = api.house.load(RecordingFetch)
    assert (fetch.filename, fetch.channel_roles, fetch.address) == (
        "b.wav",
        ["caller", "agent"],
        "https://recordings.example.com:443/a.wav",
    )
    (job,) = api.house.load(Job)
    assert (job.name, job.queue, job.subject_id) == (JobName.FETCH_RECORDING, QueueName.INTAKE, fetch.id)


def test_a_fetch_is_found_under_its_own_call_only_and_by_senders_only(api: Api) -> None:
    call_id = api.send(tracking_number="+18335550101").json["id"]
    other = api.send(external_id="c2").json["id"]
    fetch_id = put(api, call_id, {"url": ADDRESS}).json["id"]
    assert api.ask("GET", f"/calls/{other}/recording/fetches/{fetch_id}").status_code == 404
    assert api.ask("GET", f"/calls/{call_id}/recording/fetches/nothing").status_code == 404
    for role in ("publisher", "advertiser"):
        assert api.ask("GET", f"/calls/{call_id}/recording/fetches/{fetch_id}", role=role).status_code == 403
        assert put(api, call_id, {"url": ADDRESS}, role=role).status_code == 403


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"url": NaN}'])
def test_a_body_that_is_no_json_is_a_bad_request(api: Api, body: bytes) -> None:
    call_id = api.send().json["id"]
    response = api.ask("PUT", f"/calls/{call_id}/recording", data=body, content_type="application/json")
    assert (response.status_code, response.json["error"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "body", [[], {}, {"url": 1}, {"url": ""}, {"url": ADDRESS, "more": 1}, {"url": "https://" + "a" * 2000}]
)
def test_json_that_names_no_address_is_refused(api: Api, body: Any) -> None:
    call_id = api.send().json["id"]
    assert put(api, call_id, body).status_code == 422
    assert api.house.count(RecordingFetch) == 0


def test_a_body_that_is_too_long_is_refused(api: Api) -> None:
    call_id = api.send().json["id"]
    assert put(api, call_id, {"url": "https://" + "a" * 200_000}).status_code == 413


def test_a_call_that_does_not_exist_is_not_found(api: Api) -> None:
    assert put(api, "01NOBODY", {"url": ADDRESS}).status_code == 404


def test_the_description_tells_of_addresses_and_answers_fit_it(api: Api) -> None:
    spec = api.app.spec
    sending = spec["paths"][f"{BASE}/calls/{{call_id}}/recording"]["put"]
    call_id = api.send().json["id"]
    body = {"url": ADDRESS}
    Draft202012Validator(sending["requestBody"]["content"]["application/json"]["schema"]).validate(body)
    answer = put(api, call_id, body)
    described = sending["responses"]["202"]["content"]["application/json"]["schema"]
    Draft202012Validator(described | {"components": spec["components"]}).validate(answer.json)
    reading = spec["paths"][f"{BASE}/calls/{{call_id}}/recording/fetches/{{fetch_id}}"]["get"]
    assert described == reading["responses"]["200"]["content"]["application/json"]["schema"]
