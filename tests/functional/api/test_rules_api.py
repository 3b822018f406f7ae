"""Rules by the API: read what is in force, draft, publish, go back; who may, and what is refused with which answer."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.access.tokens import issue_token
from app.compliance.editions.document import packaged_document
from app.compliance.editions.drafts import add_example
from app.compliance.editions.judges import judge_in_force
from app.vocabulary import ExampleKind, Role, Severity, Speaker
from tests.functional.world import World, make_world

PACK, RULE = "PH-CHAN-SMS", "FRAUD-REPEAT@1"
Ask = Callable[..., TestResponse]


@pytest.fixture
def world(sqlite_engine: Engine, tmp_path: Any) -> World:
    """The application with calls."""
    return make_world(sqlite_engine, tmp_path)


@pytest.fixture
def ask(world: World) -> Ask:
    """Send a request with the token of a role."""
    tokens = {}
    with world.uow.begin("test") as work:
        for role, party in ((Role.COMPLIANCE, None), (Role.REVIEWER, None), (Role.BILLING, None), (Role.PUBLISHER, "pam")):
            tokens[role] = issue_token(work, name=f"program {role}", role=role, party_id=party).token

    def send(method: str, path: str, role: Role = Role.COMPLIANCE, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {})) | {"Authorization": f"Bearer {tokens[role]}"}
        return world.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    return send


def read(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:600]
    body = answer.json
    assert isinstance(body, dict)
    return body


def a_pack(*more: Any) -> dict[str, Any]:
    pack = copy.deepcopy(dict(next(pack for pack in packaged_document().packs["packs"] if pack["id"] == PACK)))
    del pack["id"]
    return pack | {"phrases": [*pack["phrases"], *more]}


def a_rule(**fields: Any) -> dict[str, Any]:
    row = copy.deepcopy(dict(next(row for row in packaged_document().rules if f"{row['id']}@{row['version']}" == RULE)))
    return {name: value for name, value in (row | fields).items() if name not in {"id", "version"}}


def begin(ask: Ask) -> str:
    return str(read(ask("POST", "/drafts", json={"title": "Text wording"}), 201)["id"])


def test_rules_and_packs_in_force_are_read(ask: Ask) -> None:
    rules = read(ask("GET", "/rules", Role.REVIEWER))["items"]
    assert {rule["id"] for rule in rules} == {row["id"] for row in packaged_document().rules}
    rule = read(ask("GET", "/rules/TCPA-REVOKE-ALL"))
    assert [(row["version"], row["standing"]) for row in rule["rows"]] == [(2, "coming"), (1, "stayed")]
    assert rule["holds"]["subject"] == "TCPA-REVOKE-ALL@1"
    assert rule["counts"]["violation"] == 0
    packs = read(ask("GET", "/packs"))["items"]
    assert len(packs) == len(packaged_document().packs["packs"])
    pack = read(ask("GET", f"/packs/{PACK}"))
    assert pack["content"] == {"id": PACK, **a_pack()}
    assert (pack["hits"], pack["examples"]) == (0, [])
    for path in ("/rules/NO", "/packs/NO", "/drafts/NO"):
        assert read(ask("GET", path), 404)["error"] == "not_found"


def test_a_draft_is_made_checked_published_and_taken_back(ask: Ask, world: World) -> None:
    draft = begin(ask)
    phrase = {"say": "your text blast reached me", "decisive": True}
    made = read(ask("PUT", f"/drafts/{draft}/packs/{PACK}", json=a_pack(phrase)))
    assert [(d["part"], d["subject"], d["fields"]) for d in made["changes"]] == [("pack", PACK, ["phrases"])]
    assert made["changes"][0]["after"]["phrases"][-1] == phrase
    assert made["is_ready"] is True
    made = read(ask("PUT", f"/drafts/{draft}/rules/{RULE}", json=a_rule(severity="low")))
    assert [d["fields"] for d in made["changes"]] == [["severity"], ["phrases"]]
    assert read(ask("GET", "/drafts"))["items"][0]["id"] == draft
    key = {"headers": {"Idempotency-Key": "publish-1"}, "json": {"reason": "heard in June"}}
    published = read(ask("POST", f"/drafts/{draft}/publish", **key))
    assert (published["state"], published["is_ready"]) == ("published", False)
    assert ask("POST", f"/drafts/{draft}/publish", **key).headers["Idempotent-Replayed"] == "true"
    editions = read(ask("GET", "/editions", Role.REVIEWER))["items"]
    newest = editions[0]
    assert (newest["number"], newest["reason"], newest["is_in_force"]) == (2, "heard in June", True)
    assert editions[0]["edition_id"] == published["edition_id"]
    with world.uow.read() as session:
        rule = judge_in_force(session).rules.find("FRAUD-REPEAT")
    assert rule is not None
    assert rule.severity is Severity.LOW
    back = read(ask("POST", f"/editions/{editions[1]['edition_id']}/roll-back", json={"reason": "too many"}))["items"]
    assert (back[0]["number"], back[0]["is_roll_back"]) == (1, True)
    assert read(ask("POST", f"/editions/{editions[1]['edition_id']}/roll-back", json={"reason": "x"}), 409)
    assert read(ask("POST", "/editions/nothing/roll-back", json={"reason": "x"}), 404)


def test_what_is_read_and_sent_back_changes_nothing(ask: Ask) -> None:
    draft = begin(ask)
    for pack in ("PH-TPMO-DISCLAIMER", "PH-REC-NOTICE", "PH-SENS-PAN", "PH-CHAN-TRANSFER-WARM-AGENT", "PH-DNC-REQUEST"):
        content = read(ask("GET", f"/packs/{pack}"))["content"]
        del content["id"]
        assert read(ask("PUT", f"/drafts/{draft}/packs/{pack}", json=content))["changes"] == [], pack
    for row in packaged_document().rules:
        sent = {name: value for name, value in row.items() if name not in {"id", "version"}}
        if isinstance(sent["citations"], list) and sent.get("params"):
            made = read(ask("PUT", f"/drafts/{draft}/rules/{row['id']}@{row['version']}", json=sent))
            assert made["changes"] == [], row["id"]
            break


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (f"packs/{PACK}", lambda: a_pack("(a+)+$"), "regular expressions are not read"),
        (f"packs/{PACK}", lambda: a_pack() | {"kind": "insult"}, "kind"),
        (f"packs/{PACK}", lambda: a_pack() | {"colour": "red"}, "colour"),
        (f"packs/{PACK}", lambda: a_pack({"say": "hello", "loud": True}), "phrases"),
        ("packs/sms", a_pack, "PH-OWN-RAFFLE"),
        (f"rules/{RULE}", lambda: a_rule(severity="awful"), "severity"),
        (f"rules/{RULE}", lambda: a_rule(function="nothing"), "no function"),
        (f"rules/{RULE}", lambda: a_rule(params={"days": "x", "most_calls": 5}), "days: expected a whole number"),
        (f"rules/{RULE}", lambda: a_rule(effective_from="soon"), "effective_from"),
        ("rules/FRAUD-REPEAT", a_rule, "TCPA-HOURS@1"),
        ("rules/fraud@1", a_rule, "TCPA-HOURS@1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_the_draft_stays_as_it_was(
    ask: Ask, path: str, body: Callable[[], dict[str, Any]], said: str
) -> None:
    draft = begin(ask)
    refused = read(ask("PUT", f"/drafts/{draft}/{path}", json=body()), 422)
    assert set(refused) == {"error", "message", "details"}
    assert said in refused["message"]
    assert read(ask("GET", f"/drafts/{draft}"))["changes"] == []


def test_a_body_nested_without_end_is_refused(ask: Ask) -> None:
    draft = begin(ask)
    options: dict[str, Any] = {"data": b'{"a":' * 50_000, "content_type": "application/json"}
    assert ask("PUT", f"/drafts/{draft}/rules/{RULE}", **options).status_code == 400
    deep: Any = 1
    for _ in range(60):
        deep = [deep]
    assert ask("PUT", f"/drafts/{draft}/rules/{RULE}", json=a_rule(params={"days": deep, "most_calls": 1})).status_code == 422


def test_a_failing_example_and_an_empty_draft_are_not_published(ask: Ask, world: World) -> None:
    draft = begin(ask)
    refused = read(ask("POST", f"/drafts/{draft}/publish", json={"reason": "x"}), 422)
    assert "changes nothing" in refused["message"]
    with world.uow.begin("user:o") as work:
        add_example(work, PACK, ExampleKind.MUST_FIRE, Speaker.CALLER, "your text blast reached me")
    read(ask("PUT", f"/drafts/{draft}/rules/{RULE}", json=a_rule(severity="low")))
    made = read(ask("GET", f"/drafts/{draft}"))
    assert [(e["pack"], e["holds"]) for e in made["failing"]] == [(PACK, False)]
    assert "1 of 1 examples fail" in read(ask("POST", f"/drafts/{draft}/publish", json={"reason": "x"}), 422)["message"]
    assert read(ask("POST", f"/drafts/{draft}/publish", json={"reason": ""}), 422)


def test_a_draft_behind_what_is_in_force_is_a_conflict(ask: Ask) -> None:
    mine, other = begin(ask), begin(ask)
    for draft in (mine, other):
        read(ask("PUT", f"/drafts/{draft}/packs/{PACK}", json=a_pack(f"text {draft[-1]} reached me".lower())))
    read(ask("POST", f"/drafts/{other}/publish", json={"reason": "first"}))
    assert read(ask("POST", f"/drafts/{mine}/publish", json={"reason": "second"}), 409)["error"] == "base_changed"
    assert read(ask("PUT", f"/drafts/{other}/packs/{PACK}", json=a_pack("one more")), 409)


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.BILLING, Role.REVIEWER])
def test_only_officers_and_operators_change_rules_and_outsiders_see_none(ask: Ask, role: Role) -> None:
    draft = begin(ask)
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/drafts", {"title": "x"}),
        ("PUT", f"/drafts/{draft}/packs/{PACK}", a_pack()),
        ("PUT", f"/drafts/{draft}/rules/{RULE}", a_rule()),
        ("POST", f"/drafts/{draft}/publish", {"reason": "x"}),
        ("POST", "/editions/x/roll-back", {"reason": "x"}),
    ]
    for method, path, body in changes:
        assert ask(method, path, role, json=body).status_code == 403, path
    for path in ("/drafts", f"/drafts/{draft}"):
        assert ask("GET", path, role).status_code == 403
    for path in ("/rules", "/rules/TCPA-HOURS", "/packs", f"/packs/{PACK}", "/editions"):
        assert ask("GET", path, role).status_code == (200 if role is Role.REVIEWER else 403), path


def test_every_route_is_described(world: World) -> None:
    spec = world.app.test_client().get("/api/v1/openapi.json").json
    assert spec is not None
    paths = spec["paths"]
    described = {
        f"{method} {path.removeprefix('/api/v1')}"
        for path, methods in paths.items()
        for method, route in methods.items()
        if route.get("summary") and "403" in route["responses"]
    }
    assert {
        "get /rules", "get /rules/{rule_id}", "get /packs", "get /packs/{pack_id}", "get /editions", "post /drafts",
        "get /drafts", "get /drafts/{draft_id}", "put /drafts/{draft_id}/packs/{pack_id}",
        "put /drafts/{draft_id}/rules/{subject}", "post /drafts/{draft_id}/publish", "post /editions/{edition_id}/roll-back",
    } <= described  # fmt: skip
