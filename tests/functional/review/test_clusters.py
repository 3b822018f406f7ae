"""A reviewer hears a sample of a cluster, decides the rest with it, and takes it back; who may see what of it."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.tokens import issue_token
from app.models.reviews import Review
from app.vocabulary import Role
from tests.factories.clusters import join_cluster, make_cluster
from tests.functional.review.test_call_page import audit

DECIDERS = (Role.REVIEWER, Role.COMPLIANCE, Role.TEAM_LEAD, Role.OPERATOR)


def add_calls(house: Any, count: int, **call: Any) -> list[Any]:
    return [house.add_analysed_call(**({"caller_number": f"+1212555{1000 + n}"} | call)) for n in range(count)]


def cluster_of(house: Any, calls: list[Any]) -> str:
    return str(house.put(lambda session: make_cluster(session, house.ids, house.clock.now(), calls)))


def read(client: Any, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    audit(response.text)
    return str(response.text)


def follow(client: Any, path: str, **data: str) -> str:
    """Send a form and read the page that it leads to."""
    response = client.post(path, data=data)
    assert response.status_code == 303, path
    return read(client, response.location)


def decide(client: Any, call_id: str, verdict: str = "robocall", heard_s: str = "14.0") -> str:
    assert client.get(f"/calls/{call_id}/audio").status_code == 200
    return follow(client, f"/calls/{call_id}/review", verdict=verdict, heard_s=heard_s)


def open_sample(client: Any, cluster_id: str) -> tuple[str, list[str]]:
    page = follow(client, f"/clusters/{cluster_id}/checks")
    check_id = re.search(r"/checks/(\w+)/give-up", page)
    sample = page[page.index('class="sample"') :]
    assert check_id is not None
    return check_id[1], re.findall(r'href="/calls/(\w+)"', sample[: sample.index("</ol>")])


def test_a_reviewer_decides_a_cluster_with_a_sample_and_undoes_it(house: Any) -> None:
    calls = add_calls(house, 12)
    cluster_id = cluster_of(house, calls)
    client = house.sign_in()
    assert "The same audio in 11 other calls" in read(client, f"/calls/{calls[0].id}")
    assert "12 undecided" in read(client, "/clusters")
    page = read(client, f"/clusters/{cluster_id}")
    assert "Hear 9 of them, drawn at random" in page
    assert "$504.00" in page
    check_id, sample = open_sample(client, cluster_id)
    assert len(set(sample)) == 9
    for place, call_id in enumerate(sample):
        assert f"{place} of 9 are heard and decided" in read(client, f"/calls/{call_id}")
        decide(client, call_id)
    page = read(client, f"/clusters/{cluster_id}")
    assert "Apply “Robocall” to the other 3" in page
    assert "at most 1 of 12 calls" in page
    page = follow(client, f"/clusters/{cluster_id}/checks/{check_id}/apply")
    assert "Every call of this cluster is decided." in page
    assert page.count("with the cluster") == 3
    [rest, *_] = [call.id for call in calls if call.id not in sample]
    told = read(client, f"/calls/{rest}")
    assert "sample of 9 of 12 calls, seed" in told
    assert "with its cluster by" in told
    refused = client.post(f"/clusters/{cluster_id}/checks/{check_id}/undo", data={"reason": " "})
    assert refused.status_code == 422
    audit(refused.text)
    assert "say why" in refused.text
    page = follow(client, f"/clusters/{cluster_id}/checks/{check_id}/undo", reason="Two of them were people.")
    assert "Two of them were people." in page
    assert "3 calls are not decided. So few are all heard." in page
    assert "undone; with its cluster" in read(client, f"/calls/{rest}")
    assert house.put(lambda session: session.scalar(select(func.count()).select_from(Review))) == 12
    audited = read(house.sign_in(Role.COMPLIANCE), f"/audit?subject_type=cluster&subject_id={cluster_id}")
    for event in ("Cluster check opened", "Cluster decided", "Cluster undone"):
        assert event in audited


def test_a_call_of_the_sample_that_is_something_else_stops_the_decision(house: Any) -> None:
    cluster_id = cluster_of(house, add_calls(house, 12))
    client = house.sign_in()
    check_id, sample = open_sample(client, cluster_id)
    for call_id in sample[1:]:
        decide(client, call_id)
    decide(client, sample[0], "good")
    page = read(client, f"/clusters/{cluster_id}")
    assert "The sample holds different verdicts: good, robocall." in page
    assert "/apply" not in page
    page = follow(client, f"/clusters/{cluster_id}/checks/{check_id}/apply")
    assert "The rest cannot be decided with this sample." in page
    assert "The check has ended." in follow(client, f"/clusters/{cluster_id}/checks/{check_id}/give-up")


def test_a_verdict_without_listening_does_not_count(house: Any) -> None:
    cluster_id = cluster_of(house, add_calls(house, 2))
    client = house.sign_in()
    _, sample = open_sample(client, cluster_id)
    follow(client, f"/calls/{sample[0]}/review", verdict="robocall", heard_s="30")
    decide(client, sample[1], heard_s="2")
    page = read(client, f"/clusters/{cluster_id}")
    assert "Robocall, but 30 s of 10 s heard" not in page
    assert "Robocall, but not played" in page
    assert "Robocall, but 2.0 s of 10 s heard" in page


def test_the_second_reviewer_is_told_who_is_at_it(house: Any) -> None:
    cluster_id = cluster_of(house, add_calls(house, 2))
    open_sample(house.sign_in(), cluster_id)
    page = follow(house.sign_in(), f"/clusters/{cluster_id}/checks")
    assert "opened a sample check of this cluster at" in page
    assert "Give up this check" not in page
    assert "Give up this check" in read(house.sign_in(Role.TEAM_LEAD), f"/clusters/{cluster_id}")


def test_new_calls_wait_for_a_sample_of_their_own(house: Any) -> None:
    calls = add_calls(house, 2)
    cluster_id = cluster_of(house, calls)
    client = house.sign_in()
    check_id, sample = open_sample(client, cluster_id)
    for call_id in sample:
        decide(client, call_id)
    follow(client, f"/clusters/{cluster_id}/checks/{check_id}/apply")
    [new] = add_calls(house, 1, caller_number="+13055550199")
    house.put(lambda session: join_cluster(session, house.ids, house.clock.now(), cluster_id, new))
    page = read(client, f"/clusters/{cluster_id}")
    assert "1 call has joined since the decision, or are in doubt, and is not decided" not in page
    assert "1 call has joined since the decision or is in doubt" in page


@pytest.mark.parametrize("role", Role)
def test_clusters_are_for_those_who_decide(house: Any, role: Role) -> None:
    calls = add_calls(house, 2)
    cluster_id = cluster_of(house, calls)
    client = house.sign_in(role)
    wanted = 200 if role in DECIDERS else 403
    for path in ("/clusters", f"/clusters/{cluster_id}"):
        read(client, path, wanted)
    assert client.post(f"/clusters/{cluster_id}/checks").status_code == (303 if role in DECIDERS else 403)
    card = read(client, f"/calls/{calls[0].id}")
    assert "The same audio in 1 other call" in card
    assert (f"/clusters/{cluster_id}" in card) == (role in DECIDERS)


def test_outside_parties_read_of_their_own_calls_alone(house: Any) -> None:
    mine, mine_too = add_calls(house, 2)
    [theirs] = add_calls(
        house, 1, publisher_id=house.world.other_publisher.id, advertiser_id=house.world.other_advertiser.id,
        caller_number="+13055550198",
    )  # fmt: skip
    cluster_of(house, [mine, mine_too, theirs])
    for role in (Role.ADVERTISER, Role.PUBLISHER):
        card = read(house.sign_in(role), f"/calls/{mine.id}")
        assert "The same audio in 1 other call" in card
        assert mine_too.id in card
        assert "1001" in card
        assert not re.search(rf"{theirs.id}|0198|555.?1001|Other Seller|Bright Leads</|Cluster", card)
        alone = house.sign_in(role, house.world.other_publisher if role is Role.PUBLISHER else house.world.other_advertiser)
        assert "The same audio" not in read(alone, f"/calls/{theirs.id}")


def test_wrong_addresses_are_told_apart_from_nothing(house: Any) -> None:
    client = house.sign_in()
    assert "No audio was heard twice" in read(client, "/clusters")
    for path in ("/clusters/nothing", "/clusters/01ZZ"):
        read(client, path, 404)
    for path in ("/clusters/x/checks", "/clusters/x/checks/y/apply", "/clusters/x/checks/y/give-up"):
        assert client.post(path).status_code == 404
    read(client, "/clusters?after=yesterday", 422)
    read(client, "/clusters?after=-1.a", 422)


def test_the_list_goes_on_page_after_page(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.review.cluster_views.PAGE", 2)
    ids = {cluster_of(house, add_calls(house, 2)) for _ in range(5)}
    client, path, seen = house.sign_in(), "/clusters", []
    while path:
        page = read(client, path)
        seen += re.findall(r'class="row-name" href="/clusters/(\w+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older[1] if older else ""
    assert len(seen) == 5
    assert set(seen) == ids


def test_programs_read_and_decide_clusters_too(house: Any) -> None:
    mine, mine_too = add_calls(house, 2)
    [theirs] = add_calls(house, 1, publisher_id=house.world.other_publisher.id, advertiser_id=house.world.other_advertiser.id)
    cluster_id = cluster_of(house, [mine, mine_too, theirs])
    [lonely] = add_calls(house, 1)
    tokens = {}
    with house.uow.begin("test") as work:
        for role in (Role.REVIEWER, Role.BILLING, Role.PUBLISHER):
            party = house.world.publisher.id if role is Role.PUBLISHER else None
            tokens[role] = issue_token(work, name=role, role=role, party_id=party).token

    def ask(role: Role, method: str, path: str, **options: Any) -> Any:
        client = house.app.test_client()
        headers = {"Authorization": f"Bearer {tokens[role]}"}
        return super(type(client), client).open(f"/api/v1{path}", method=method, headers=headers, **options)

    found = ask(Role.REVIEWER, "GET", f"/calls/{mine.id}/same-audio").json
    assert (found["cluster"]["id"], found["cluster"]["call_count"]) == (cluster_id, 3)
    assert {call["call_id"] for call in found["calls"]} == {mine.id, mine_too.id, theirs.id}
    assert found["cluster"]["charged"] == [{"amount_minor": 12600, "currency": "USD"}]
    assert ask(Role.REVIEWER, "GET", f"/calls/{lonely.id}/same-audio").json["cluster"] is None
    own = ask(Role.PUBLISHER, "GET", f"/calls/{mine.id}/same-audio").json
    assert (own["cluster"]["call_count"], own["publishers"], own["cluster"]["charged"]) == (2, [], [])
    assert "555" not in str([call["caller"] for call in own["calls"]])
    assert ask(Role.PUBLISHER, "GET", f"/calls/{theirs.id}/same-audio").status_code == 404
    for role, path in ((Role.PUBLISHER, "/clusters"), (Role.BILLING, f"/clusters/{cluster_id}")):
        assert ask(role, "GET", path).status_code == 403
    [listed] = ask(Role.REVIEWER, "GET", "/clusters").json["items"]
    assert (listed["id"], listed["undecided"]) == (cluster_id, 3)
    assert ask(Role.REVIEWER, "GET", "/clusters?cursor=x").status_code == 422
    assert ask(Role.REVIEWER, "GET", "/clusters/none").status_code == 404
    opened = ask(Role.REVIEWER, "POST", f"/clusters/{cluster_id}/checks", json={})
    assert opened.status_code == 201
    [check] = opened.json["checks"]
    assert (check["sample_size"], check["outcome"], len(check["sample"])) == (3, None, 3)
    steps = f"/clusters/{cluster_id}/checks/{check['id']}"
    early = ask(Role.REVIEWER, "POST", f"{steps}/apply", json={})
    assert (early.status_code, early.json["error"]) == (409, "sample_not_ready")
    assert ask(Role.REVIEWER, "POST", f"{steps}/undo", json={"reason": ""}).status_code == 422
    assert ask(Role.REVIEWER, "POST", f"{steps}/undo", json={"reason": "no"}).status_code == 409
    ended = ask(Role.REVIEWER, "POST", f"{steps}/give-up", json={}).json
    assert ended["checks"][0]["outcome"] == "given_up"
