"""A program asks for a report, follows it, and gets a bundle that holds."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.compliance.registry.service import NumberLists
from app.models.tasks import Task
from app.reports.exports.service import run_export
from app.reports.exports.signing import Signer
from app.reports.exports.verify import verify_bundle
from app.tasks import end_task, start_task
from tests.fakes import FrozenClock
from tests.functional.api.conftest import Api

SIGNER = Signer.from_seed(b"\2" * 32)
BODY = {"report": "calls", "first_day": "2026-11-23", "last_day": "2026-11-23", "formats": ["csv"]}


def work_on(api: Api, export_id: str, folder: Path) -> None:
    house = api.house
    with house.uow.begin("worker") as work:
        task = start_task(work, export_id)
    lists, now = NumberLists(folder, FrozenClock()), datetime(2026, 11, 24, tzinfo=UTC)
    result = run_export(house.uow, house.blobs, lists, SIGNER, now, task, lambda *told: None)
    with house.uow.begin("worker") as work:
        end_task(work, export_id, result=result)


def test_a_report_is_asked_for_followed_and_holds(api: Api, tmp_path: Path) -> None:
    api.send(caller="+12125550123")
    asked = api.ask("POST", "/exports", json=BODY)
    assert (asked.status_code, asked.json["state"], asked.json["url"]) == (201, "waiting", None)
    path = f"/exports/{asked.json['id']}"
    assert api.ask("GET", f"{path}/file").status_code == 404
    work_on(api, asked.json["id"], tmp_path)
    done = api.ask("GET", path).json
    assert (done["state"], done["rows"], done["numbers"], done["fingerprint"]) == ("done", 1, "masked", SIGNER.fingerprint)
    assert [file["name"] for file in done["files"]] == ["report-calls.csv"]
    bundle = api.ask("GET", f"{path}/file")
    assert (bundle.status_code, bundle.mimetype, len(bundle.data)) == (200, "application/zip", done["byte_count"])
    (tmp_path / "b.zip").write_bytes(bundle.data)
    assert verify_bundle(tmp_path / "b.zip", SIGNER.fingerprint).holds
    rows = api.ask("GET", f"{path}/file?name=report-calls.csv")
    assert "0123" in rows.text
    assert "+12125550123" not in rows.text
    assert [item["id"] for item in api.ask("GET", "/exports").json["items"]] == [asked.json["id"]]


def test_the_same_request_with_its_key_is_one_report(api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = api.ask("POST", "/exports", json=BODY, headers=headers)
    again = api.ask("POST", "/exports", json=BODY, headers=headers)
    assert (first.status_code, again.status_code, first.json) == (201, 201, again.json)
    assert api.house.count(Task) == 1
    other = api.ask("POST", "/exports", json=BODY | {"report": "consent"}, headers=headers)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"report": "secrets"}, "report"),
        ({"first_day": "soon"}, "first_day"),
        ({"first_day": "2026-11-24"}, "end after its beginning"),
        ({"last_day": "2028-11-23"}, "at most 400 days"),
        ({"state": "ZZ"}, "two letters"),
        ({"campaign": "NOBODY"}, "campaign"),
        ({"publisher": "NOBODY"}, "publisher"),
        ({"number": "+12125550123"}, "number"),
        ({"formats": ["exe"]}, "formats"),
        ({"whole_numbers_reason": "x" * 501}, "whole_numbers_reason"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(api: Api, more: dict[str, Any], field: str) -> None:
    answer = api.ask("POST", "/exports", json=BODY | more)
    assert (answer.status_code, answer.json["error"]) == (422, "invalid_input")
    assert field in answer.text
    assert api.house.count(Task) == 0


def test_filters_are_named_as_the_senders_name_them(api: Api) -> None:
    asked = api.ask("POST", "/exports", json=BODY | {"campaign": "CAMP-REC", "publisher": "PUB", "advertiser": "ADV"})
    assert asked.status_code == 201
    (task,) = api.house.load(Task)
    assert (task.params["campaign_id"], task.params["publisher_id"], task.params["advertiser_id"]) == ("rec", "pub", "adv")


@pytest.mark.parametrize("role", ["reviewer", "publisher", "advertiser"])
def test_reports_are_for_officers_and_operators(api: Api, role: str) -> None:
    asked = api.ask("POST", "/exports", json=BODY).json["id"]
    assert api.ask("POST", "/exports", json=BODY, role=role).status_code == 403
    for path in ("/exports", f"/exports/{asked}", f"/exports/{asked}/file"):
        assert api.ask("GET", path, role=role).status_code == 403
    assert api.ask("GET", "/exports", role=None).status_code == 401


def test_a_report_that_is_not_there_is_not_found(api: Api) -> None:
    assert api.ask("GET", "/exports/nothing").status_code == 404
    assert api.ask("GET", "/exports/nothing/file").status_code == 404
