"""Findings by the API: who sees which, pages that join, decisions, and judging again."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.access.tokens import issue_token
from app.models.reviews import FindingVerdict
from app.models.screening import Finding
from app.vocabulary import Outcome, Role, Severity
from tests.functional.world import World, make_world

Ask = Callable[..., TestResponse]


@pytest.fixture
def world(sqlite_engine: Any, tmp_path: Any) -> World:
    """The application, with more findings on one call."""
    made = make_world(sqlite_engine, tmp_path)
    with made.uow.begin("test") as work:
        first = work.session.scalars(select(Finding).where(Finding.call_id == "acme-flagged")).one()
        for number, stake in ((1, 50_000), (2, 150_000), (3, None)):
            work.session.add(
                Finding(
                    id=f"more-{number}", screening_id=first.screening_id, call_id=first.call_id, rule=f"TCPA-MORE-{number}",
                    outcome=Outcome.REVIEW, severity=Severity.LOW, reason="Heard: “four one one one”.", citations=["law"],
                    evidence={"hits": [{"quote": "card four one one one", "speaker": "caller", "start_s": 1, "end_s": 2}]},
                    stake_least_minor=stake, stake_most_minor=stake,
                )
            )  # fmt: skip
    return made


@pytest.fixture
def ask(world: World) -> Ask:
    """Send a request with the token of a role."""
    tokens = {}
    with world.uow.begin("test") as work:
        for role, party in ((Role.COMPLIANCE, None), (Role.BILLING, None), (Role.ADVERTISER, "acme"), (Role.PUBLISHER, "quin")):
            tokens[role] = issue_token(work, name=f"program {role}", role=role, party_id=party).token

    def send(method: str, path: str, role: Role = Role.COMPLIANCE, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {})) | {"Authorization": f"Bearer {tokens[role]}"}
        return world.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)

    return send


def read(answer: TestResponse) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def test_pages_join_without_gaps_in_either_order(ask: Ask) -> None:
    for order in ("money", "newest"):
        whole = [item["id"] for item in read(ask("GET", f"/findings?order={order}"))["items"]]
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = read(ask("GET", f"/findings?order={order}&limit=1" + (f"&cursor={cursor}" if cursor else "")))
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert seen == whole
    assert len(whole) == len(set(whole)) >= 4


def test_the_most_money_comes_first(ask: Ask) -> None:
    items = read(ask("GET", "/findings?family=TCPA"))["items"]
    assert [item["stake_most_minor"] for item in items] == [150_000, 50_000, None]
    assert [item["id"] for item in read(ask("GET", "/findings?least_stake_minor=50001"))["items"]] == ["more-2"]


def test_an_outside_party_sees_its_own_findings_with_numbers_masked(ask: Ask) -> None:
    own = read(ask("GET", "/findings", Role.ADVERTISER))["items"]
    assert {item["call_id"] for item in own} == {"acme-flagged"}
    assert all(item["publisher"] is None for item in own)
    assert not any("four" in (item["quote"] or "") + item["reason"] for item in own if item["id"].startswith("more"))
    whole = read(ask("GET", "/findings"))["items"]
    other = next(item["id"] for item in whole if item["call_id"] != "acme-flagged")
    assert ask("GET", f"/findings/{other}", Role.ADVERTISER).status_code == 404
    assert ask("POST", "/findings/more-1/decision", Role.ADVERTISER, json={"decision": "agree"}).status_code == 403


def test_a_finding_is_read_with_what_stands_behind_it(ask: Ask) -> None:
    told = read(ask("GET", "/findings/more-1"))
    assert (told["rule"], told["is_in_force"], told["decisions"], told["decision"]) == ("TCPA-MORE-1", True, [], None)
    assert told["evidence"]["hits"][0]["quote"] == "card four one one one"
    assert ask("GET", "/findings/nobody").status_code == 404


def test_a_decision_sent_twice_under_one_key_is_recorded_once(ask: Ask, world: World) -> None:
    sent = {"json": {"decision": "refuse", "reason": "a joke"}, "headers": {"Idempotency-Key": "k1"}}
    first, again = (ask("POST", "/findings/more-1/decision", **sent) for _ in range(2))
    assert first.status_code == 201
    assert first.json == again.json
    with world.uow.read() as session:
        assert len(session.scalars(select(FindingVerdict)).all()) == 1
    told = read(ask("GET", "/findings/more-1"))
    assert told["decision"] == "refuse"
    assert told["decisions"][0]["decided_by"] == "program compliance"
    assert [item["id"] for item in read(ask("GET", "/findings?decision=refuse"))["items"]] == ["more-1"]


def test_what_does_not_fit_is_refused(ask: Ask) -> None:
    assert ask("POST", "/findings/more-1/decision", json={"decision": "refuse"}).status_code == 422
    assert ask("POST", "/findings/more-1/decision", json={"decision": "perhaps"}).status_code == 422
    assert ask("POST", "/findings/more-1/decision", Role.BILLING, json={"decision": "agree"}).status_code == 403
    for query in ("cursor=x", "severity=enormous", "least_stake_minor=-1", "state=Florida", "unknown=1", "limit=0"):
        assert ask("GET", f"/findings?{query}").status_code == 422, query


def test_what_was_screened_without_facts_is_not_judged_again(ask: Ask) -> None:
    answer = ask("POST", "/findings/more-1/replay", json={})
    assert answer.status_code == 409
    assert "before facts were kept" in answer.text


def test_the_routes_are_described(world: World) -> None:
    paths = world.app.test_client().get("/api/v1/openapi.json").json["paths"]  # type: ignore[index]
    for path, method in (("/findings", "get"), ("/findings/{finding_id}", "get"), ("/findings/{finding_id}/decision", "post"),
                         ("/findings/{finding_id}/replay", "post")):  # fmt: skip
        assert {"401", "403", "422"} <= set(paths[f"/api/v1{path}"][method]["responses"])
