"""What the pages show and do: calls and their filters, live progress, jobs, intake, people, the audit trail."""

import re

import pytest

from app.jobs import claim_job, fail_attempt
from app.vocabulary import JobName
from tests.functional.client import Page
from tests.functional.world import World, add_call


def listed(page: Page) -> list[str]:
    """The ids of the calls on the page, in order."""
    return [link.get("href", "").removeprefix("/calls/") for link in page.all("a") if (link.get("class") or "") == "row-link"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=gift+card", ["acme-flagged", "bravo-flagged"]),
        ("?q=%22gift+card%22&campaign=camp-bravo", ["bravo-flagged"]),
        ("?q=%22card+gift%22", []),
        ("?q=promises", ["acme-flagged", "bravo-flagged"]),
        ("?campaign=camp-acme&state=failed", ["acme-failed"]),
        ("?campaign=camp-acme&state=running", ["acme-running"]),
        ("?campaign=camp-acme&state=waiting", ["acme-waiting"]),
        ("?campaign=camp-acme&state=no_recording", ["acme-silent"]),
        ("?campaign=camp-acme&state=analysed", ["acme-flagged", "acme-clean"]),
        ("?source=src-quin&flags=any", ["bravo-flagged"]),
        ("?source=src-quin&flags=none", ["bravo-clean"]),
        ("?severity=high", ["acme-flagged", "bravo-flagged"]),
        ("?severity=critical", []),
        ("?rule=INCENTIVE&campaign=camp-acme", ["acme-flagged"]),
        ("?recording=no", ["acme-silent", "bravo-silent"]),
        ("?verdict=good", ["acme-clean", "bravo-clean"]),
        ("?campaign=camp-acme&verdict=none&flags=any", ["acme-flagged"]),
        ("?disposition=busy", []),
        ("?from=2026-11-24", []),
        ("?to=2026-11-22", []),
    ],
)
def test_a_filter_lists_exactly_the_calls_that_fit(world: World, query: str, found: list[str]) -> None:
    # Calls of the two campaigns begin at the same moments, so their order among each other is by id, largest first.
    page = world.signed_in("reviewer").get(f"/calls{query}")
    assert sorted(listed(page)) == sorted(found)


@pytest.mark.parametrize(
    "typed",
    ['"', '""', "*", "AND", "NOT", "gift AND", "(", "a:b", "NEAR(", "-", "^x", "'; DROP TABLE call", "\u0000", "gift*", "{x}"],
)
def test_nothing_that_is_typed_breaks_the_search(world: World, typed: str) -> None:
    page = world.signed_in("reviewer").get("/calls", query_string={"q": typed})
    assert page.status == 200


def test_the_words_found_are_marked_in_their_sentence(world: World) -> None:
    page = world.signed_in("acme").get("/calls?q=gift+card")
    assert [mark.text for mark in page.all("mark")] == ["gift", "card"]
    assert "promised me a gift card for calling" in page.text


def test_what_people_said_is_shown_as_text(world: World) -> None:
    from app.models.analysis import TranscriptDocument

    with world.uow.begin("cli") as work:
        document = work.session.query(TranscriptDocument).filter_by(call_id="acme-flagged").one()
        document.text = "he said <script>alert(1)</script> zebra"
    page = world.signed_in("acme").get("/calls?q=zebra")
    assert "<script>alert(1)</script>" in page.text


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("from=monday", "Expected a day such as 2026-11-23, got 'monday'."),
        ("from=2026-11-23&to=2026-11-20", "The last day, 2026-11-20, lies before the first, 2026-11-23."),
        ("severity=huge", "Expected one of info, low, medium, high, critical, got 'huge'."),
    ],
)
def test_a_filter_that_does_not_fit_says_so_and_keeps_what_was_typed(world: World, query: str, problem: str) -> None:
    page = world.signed_in("reviewer").get(f"/calls?q=gift&{query}")
    assert problem in page.text
    assert page.field("q") == "gift"


def test_pages_follow_one_another_without_gap_or_repeat(world: World) -> None:
    with world.uow.begin("cli") as work:
        for number in range(120):
            # Many calls begin at the same moment, so that only the id tells them apart.
            add_call(work, f"many-{number:03}", "acme", "pam", hours_ago=100 + number // 40, state="silent")
    browser = world.signed_in("reviewer")
    page, seen = browser.get("/calls?campaign=camp-acme"), []
    for _ in range(4):
        seen += listed(page)
        older = [a.get("href", "") for a in page.all("a", rel="next")]
        if not older:
            break
        page = browser.get(f"/calls{older[0]}")
    assert len(seen) == len(set(seen)) == 126
    assert seen[-1] == "many-080"
    back = listed(page)
    for _ in range(4):
        newer = [a.get("href", "") for a in page.all("a", rel="prev")]
        if not newer:
            break
        page = browser.get(f"/calls{newer[0]}")
        back = listed(page) + back
    assert back == seen


def test_a_chip_takes_its_filter_away(world: World) -> None:
    page = world.signed_in("reviewer").get("/calls?q=gift&campaign=camp-acme")
    chips = {re.sub(r"\s+", " ", "".join(a.itertext())): a.get("href") for a in page.all("a", **{"class": "chip"})}
    assert chips == {
        "Words: gift , remove this filter": "?campaign=camp-acme",
        "Campaign: Acme campaign , remove this filter": "?q=gift",
    }


def test_the_list_asks_for_news_until_every_analysis_is_done(world: World) -> None:
    browser = world.signed_in("reviewer")
    poll = browser.get("/calls?campaign=camp-acme").all("div", id="calls-poll")[0]
    assert poll.get("data-hx-get") == "/calls/live?calls=acme-running,acme-waiting"
    assert "40 %" in browser.get("/calls/live?calls=acme-running").text
    done = browser.get("/calls/live?calls=acme-clean")
    assert done.all("div", id="calls-poll")[0].get("data-hx-get") is None


def test_a_failed_analysis_shows_its_reason_in_the_list(world: World) -> None:
    assert "this is a text file, not a recording" in world.signed_in("reviewer").get("/calls?state=failed").text


def test_the_overview_counts_what_is_there(world: World) -> None:
    page = world.signed_in("operator").get("/")
    tiles = {
        "".join(s[1].itertext()): "".join(s[0].itertext()) for s in ([*a.iter("span")] for a in page.all("a")) if len(s) == 2
    }
    assert tiles["Calls in the last 7 days"] == "12"
    assert (tiles["Analysed"], tiles["Waiting"], tiles["Running"], tiles["Failed"]) == ("4", "2", "2", "2")
    own = world.signed_in("acme").get("/")
    assert "Background work" not in own.text
    assert "1 flagged and not reviewed yet" in own.text


def test_a_failed_job_shows_its_reason_and_can_be_tried_again(world: World) -> None:
    from datetime import timedelta

    with world.uow.begin("worker") as work:
        subject = "rec-acme-waiting"
        claim = claim_job(
            work.session, JobName.ANALYZE_RECORDING, subject, holder="w1", now=work.now, lease=timedelta(seconds=30)
        )
        assert claim
        fail_attempt(work.session, claim, "the decoder stopped", now=work.now, max_attempts=1)
    world.queue.requests.clear()
    browser = world.signed_in("operator")
    page = browser.get("/admin/workers")
    assert "the decoder stopped" in page.text
    action = next(form.get("action", "") for form in page.all("form") if "/replay" in form.get("action", ""))
    browser.post(action)
    assert [request.subject_id for request in world.queue.requests] == [subject]
    assert "The job is on its way again." in browser.get("/admin/workers").text
    browser.post(action)
    assert "has not failed" in browser.get("/admin/workers").text


def test_an_unreachable_queue_is_said_and_hides_no_job(world: World) -> None:
    world.queue.is_reachable = False
    text = world.signed_in("operator").get("/admin/workers").text
    assert "The queue server does not answer" in text
    assert "ext-acme-waiting" in text


def test_a_refused_row_is_listed_with_its_reason_and_can_be_dismissed(world: World) -> None:
    browser = world.signed_in("lead")
    assert "started_at: expected a moment, got 'yesterday'" in browser.get("/intake").text
    browser.post("/intake/rejections/rej-1/dismiss", {"reason": " "})
    assert "expected a reason of 1 to 500 characters" in browser.get("/intake").text
    browser.post("/intake/rejections/rej-1/dismiss", {"reason": "sent by mistake"})
    assert "Everything was taken in" in browser.get("/intake").text
    assert "dismissed: sent by mistake" in browser.get("/intake?show=all").text


def test_a_user_form_that_does_not_fit_keeps_what_was_typed(world: World) -> None:
    browser = world.signed_in("operator")
    typed = {
        "email": "new@example.com",
        "name": "New One",
        "role": "publisher",
        "party_id": "acme",
        "password": "long enough pw",
    }
    page = browser.post("/admin/users", typed, status=422)
    assert "The role publisher needs a party of kind publisher or exchange, got Acme Company (advertiser)." in page.text
    assert [page.field(name) for name in ("email", "name", "role", "party_id")] == [*typed.values()][:4]
    assert page.field("password") == ""
    browser.post("/admin/users", typed | {"party_id": "pam"})
    assert world.visitor().sign_in("new@example.com", "long enough pw").status == 303


def test_disabling_a_user_ends_the_sessions_at_once(world: World) -> None:
    acme, operator = world.signed_in("acme"), world.signed_in("operator")
    page = operator.get("/admin/users")
    row = next(row for row in page.all("tr") if "acme@example.com" in "".join(row.itertext()))
    action = next(form.get("action", "") for form in row.iter("form"))
    operator.post(action)
    acme.get("/calls", status=302)
    world.visitor().sign_in("acme@example.com", "correct horse battery", status=401)


def test_the_last_operator_cannot_be_disabled(world: World) -> None:
    browser = world.signed_in("operator")
    row = next(row for row in browser.get("/admin/users").all("tr") if "operator@example.com" in "".join(row.itertext()))
    browser.post(next(form.get("action", "") for form in row.iter("form")))
    assert "is the last operator" in browser.get("/admin/users").text


def test_a_token_is_shown_once_works_and_stops_when_revoked(world: World) -> None:
    browser = world.signed_in("operator")
    page = browser.post("/admin/tokens", {"name": "dialer", "role": "publisher", "party_id": "pam"}, status=201)
    token = page.all("input", id="issued")[0].get("value", "")
    headers = {"Authorization": f"Bearer {token}"}
    answer = world.visitor().http.get("/api/v1/calls", headers=headers)
    assert answer.status_code == 200
    assert "bravo" not in answer.text
    listing = browser.get("/admin/tokens")
    assert token not in listing.response.text
    browser.post(next(f.get("action", "") for f in listing.all("form") if "/revoke" in f.get("action", "")))
    assert world.visitor().http.get("/api/v1/calls", headers=headers).status_code == 401


def test_the_audit_trail_names_who_did_what_and_checks_its_chain(world: World) -> None:
    browser = world.signed_in("compliance")
    page = browser.get("/audit?kind=access.signed_in&check=1")
    assert "Signed in" in page.text
    assert "Compliance" in page.text
    assert "the trail is whole and unaltered" in page.text


def test_settings_show_no_secret(world: World) -> None:
    page = world.signed_in("operator").get("/admin/settings")
    assert "EARSHOT_SESSION_HOURS" in page.text


def test_campaigns_and_sources_show_the_terms_in_force(world: World) -> None:
    text = world.signed_in("acme").get("/campaigns").text
    assert "$35.00 from 1:30 connected" in text
    assert "FL, GA" in text
    assert "(833) 555-0100" in world.signed_in("pam").get("/sources").text
