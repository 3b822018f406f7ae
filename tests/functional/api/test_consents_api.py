"""Consents by the API: put on record once, listed, read with their proof, taken back; who may, and what is refused."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.access.tokens import issue_token
from app.models.screening import Consent
from app.vocabulary import Role
from tests.functional.world import World, make_world

Ask = Callable[..., TestResponse]
TEXT = "I agree that Acme may call me."
BODY: dict[str, Any] = {
    "external_id": "lead-1", "number": "+12125550123", "given_at": "2026-11-20T10:00:00Z", "seller": "Acme", "text": TEXT,
    "written": True, "signed": True, "names_seller": True, "automated_calls": True, "names_number": True, "conspicuous": True,
    "not_condition": True, "act": "signature", "channels": ["call"], "source": "x-src-pam",
    "certificate": "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567",
}  # fmt: skip
MATCH = {"outcome": "success", "match_lead": {"result": {"phone_match": True}}}


@pytest.fixture
def world(sqlite_engine: Any, tmp_path: Any) -> World:
    return make_world(sqlite_engine, tmp_path)


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


def test_a_consent_is_put_on_record_once(ask: Ask, world: World) -> None:
    first = ask("POST", "/consents", json=BODY)
    assert first.status_code == 201, first.text
    assert first.json is not None
    assert first.json["text_sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    again = ask("POST", "/consents", json=BODY)
    assert (again.status_code, again.json) == (200, first.json | {"is_new": False, "screened_again": 0})
    other = ask("POST", "/consents", json=BODY | {"text": "other words"})
    assert (other.status_code, other.json and other.json["error"]) == (409, "consent_differs")
    with world.uow.read() as session:
        [consent] = session.scalars(select(Consent))
    assert (consent.source_id, consent.recorded_by) == ("src-pam", consent.recorded_by)


def test_the_idempotency_key_gives_the_same_answer(ask: Ask) -> None:
    first = ask("POST", "/consents", json=BODY, headers={"Idempotency-Key": "k"})
    again = ask("POST", "/consents", json=BODY, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "12"}, "number"),
        ({"given_at": "2026-11-20T10:00:00"}, "given_at"),
        ({"given_at": "2027-11-20T10:00:00Z"}, "given_at"),
        ({"written": "yes"}, "written"),
        ({"act": "nod"}, "act"),
        ({"source": "nobody"}, "source"),
        ({"certificate": "two words"}, "certificate"),
        ({"unknown": 1}, "unknown"),
        ({"page_url": "javascript:alert(1)"}, "page_url"),
        ({"text": "\x00"}, "text"),
    ],
)
def test_a_body_that_does_not_fit_names_the_field_and_repeats_nothing(ask: Ask, changes: dict[str, Any], field: str) -> None:
    answer = ask("POST", "/consents", json=BODY | changes)
    assert answer.status_code == 422
    assert answer.json is not None
    assert field in [problem["field"].partition(".")[0] for problem in answer.json["details"]["problems"]]
    assert "12125550123" not in answer.text
    assert "nobody" not in answer.text


def test_consents_are_listed_page_by_page_and_by_what_they_prove(ask: Ask) -> None:
    for number in range(5):
        body = BODY | {
            "external_id": f"lead-{number}",
            "number": f"+1212555012{number}",
            "given_at": f"2026-11-2{number % 2}T10:00:00Z",
        }
        assert ask("POST", "/consents", json=body).status_code == 201
    seen, cursor = [], ""
    while cursor is not None:
        page = ask("GET", f"/consents?limit=2{f'&cursor={cursor}' if cursor else ''}").json
        assert page is not None
        seen += [item["external_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == [f"lead-{number}" for number in range(5)]
    one = ask("GET", "/consents?number=%2B12125550123&lacks=E11&standing=unproved&seller=acm").json
    assert one is not None
    assert [item["external_id"] for item in one["items"]] == ["lead-3"]
    assert ask("GET", "/consents?standing=full").json == {"items": [], "next_cursor": None, "is_cut": False}
    for query in ("number=1", "cursor=x", "lacks=E12", "limit=0", "sort=up"):
        assert ask("GET", f"/consents?{query}").status_code == 422, query


def test_a_consent_is_read_with_its_proof_and_the_calls_since(ask: Ask, world: World) -> None:
    given = (world.clock.now() - timedelta(hours=3, minutes=30)).isoformat()
    made = ask("POST", "/consents", json=BODY | {"given_at": given}).json
    assert made is not None
    kept = ask("POST", f"/consents/{made['id']}/certificate-answer", json={"answer": MATCH})
    assert kept.status_code == 200, kept.text
    assert kept.json is not None
    assert kept.json["changed"] == ["answer", "phone_match"]
    found = ask("GET", f"/consents/{made['id']}").json
    assert found is not None
    assert set(found["elements"].values()) == {True}
    assert found["standing"] == "full"
    assert found["shown"]["text"] == TEXT
    assert found["answers"][0]["sha256"] == kept.json["sha256"]
    # Calls at 14:00, 13:00 and 12:00 of both networks come after 11:30.
    assert len(found["calls"]) == 6
    assert ask("GET", "/consents/nothing").status_code == 404


def test_a_revocation_reaches_the_consents_of_its_scope(ask: Ask) -> None:
    ids = []
    for number, seller in enumerate(("Acme", "ACME ", "Bravo")):
        made = ask("POST", "/consents", json=BODY | {"external_id": f"lead-{number}", "seller": seller}).json
        assert made is not None
        ids.append(made["id"])
    body = {"revoked_at": "2026-11-21T10:00:00Z", "scope": "seller", "way": "web_form"}
    first = ask("POST", f"/consents/{ids[0]}/revocation", json=body)
    assert first.status_code == 200, first.text
    assert first.json is not None
    assert sorted(first.json["changed"]) == sorted(ids[:2])
    everybody = ask(
        "POST", f"/consents/{ids[0]}/revocation", json=body | {"scope": "everybody", "revoked_at": "2026-11-22T10:00:00Z"}
    )
    assert everybody.json is not None
    assert sorted(everybody.json["changed"]) == sorted(ids)  # two reach further now, the third is revoked by it
    assert everybody.json["revoked_at"].startswith("2026-11-21")
    early = ask("POST", f"/consents/{ids[0]}/revocation", json=body | {"revoked_at": "2026-11-19T10:00:00Z"})
    assert early.status_code == 422


def test_an_answer_without_a_certificate_or_in_two_forms_is_refused(ask: Ask) -> None:
    made = ask("POST", "/consents", json={name: value for name, value in BODY.items() if name != "certificate"}).json
    assert made is not None
    path = f"/consents/{made['id']}/certificate-answer"
    assert "has none" in ask("POST", path, json={"answer": MATCH}).text
    assert ask("POST", path, json={}).status_code == 422
    assert ask("POST", path, json={"answer": MATCH, "text": "{}"}).status_code == 422


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ADVERTISER])
def test_roles_without_the_permission_get_403(ask: Ask, role: Role) -> None:
    assert ask("POST", "/consents", role, json=BODY).status_code == 403
    assert ask("GET", "/consents", role).status_code == 403
    assert ask("GET", "/consents/x", role).status_code == 403
    assert ask("POST", "/consents/x/revocation", role, json={}).status_code == 403


def test_the_routes_are_described(world: World) -> None:
    paths = world.app.test_client().get("/api/v1/openapi.json").json["paths"]  # type: ignore[index]
    assert {"/api/v1/consents", "/api/v1/consents/{consent_id}/revocation"} <= set(paths)
    assert set(paths["/api/v1/consents"]["post"]["responses"]) >= {"201", "200", "401", "403", "409", "422", "429"}
