"""Who gets in where: permissions of every route, reach of outside parties, form tokens, headers, sign-in."""

import re
from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule

from app.access.guard import PUBLIC, find_mark
from app.access.permissions import ROLE_PERMISSIONS, Permission
from tests.functional.client import CSP
from tests.functional.world import PASSWORD, PEOPLE, World

OUTSIDE = ("acme", "agency", "pam")
# What may not appear on any page of acme, its agency or its publisher: the other side of the network.
OTHER_SIDE = re.compile(r"bravo|quin", re.IGNORECASE)


def routes(world: World) -> Iterator[tuple[Rule, Permission | str | None]]:
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule, find_mark(world.app.view_functions[rule.endpoint])


def fill(rule: Rule, **values: str) -> str:
    """Return an address of the rule, with another party's ids where it wants ids."""
    defaults = {"call_id": "bravo-flagged", "job_id": "j", "rejection_id": "rej-1", "token_id": "t", "user_id": "u"}
    path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda match: (defaults | values).get(match[1], "x"), path)


def test_every_route_names_its_permission(world: World) -> None:
    unguarded = [rule.rule for rule, mark in routes(world) if mark != PUBLIC and not isinstance(mark, Permission)]
    assert unguarded == []


def test_only_these_routes_are_open_to_everybody(world: World) -> None:
    opened = {rule.rule for rule, mark in routes(world) if mark == PUBLIC}
    assert opened == {"/signin", "/signout", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"}


def test_a_route_that_names_no_permission_is_refused(world: World) -> None:
    world.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    world.signed_in("operator").get("/forgotten", status=403)


@pytest.mark.parametrize("person", PEOPLE)
def test_a_page_opens_exactly_for_the_roles_that_hold_its_permission(world: World, person: str) -> None:
    browser, held = world.signed_in(person), ROLE_PERMISSIONS[PEOPLE[person][0]]
    for rule, mark in routes(world):
        if (
            "GET" not in (rule.methods or ())
            or rule.arguments
            or not isinstance(mark, Permission)
            or rule.rule.startswith("/api/")
        ):
            continue
        browser.get(rule.rule, status=200 if mark in held else 403)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_side_bar_leads_only_to_pages_that_open(world: World, person: str) -> None:
    browser = world.signed_in(person)
    links = {link for link in browser.get("/").links if link.startswith("/")}
    assert "/calls" in links
    for link in sorted(links):
        browser.get(link)


@pytest.mark.parametrize("person", OUTSIDE)
def test_another_partys_ids_lead_nowhere_and_show_nothing(world: World, person: str) -> None:
    browser = world.signed_in(person)
    for rule, mark in routes(world):
        if "GET" not in (rule.methods or ()) or rule.rule.startswith("/api/") or mark == PUBLIC:
            continue
        response = browser.http.get(fill(rule))
        wanted = {404} if "call_id" in rule.arguments else {200, 403, 404}
        assert response.status_code in wanted, rule.rule
        assert response.status_code != 200 or not OTHER_SIDE.search(response.text), rule.rule


@pytest.mark.parametrize("person", OUTSIDE)
@pytest.mark.parametrize(
    "query", ["", "?q=gift", "?campaign=camp-bravo", "?source=src-quin", "?flags=any", "?rule=INCENTIVE", "?state=failed"]
)
def test_no_filter_widens_what_an_outside_party_sees(world: World, person: str, query: str) -> None:
    page = world.signed_in(person).get(f"/calls{query}")
    assert not OTHER_SIDE.search(re.sub(r"[?&](campaign|source)=[\w-]+|(Campaign|Source): [\w-]+", "", page.text))


def test_live_news_leave_out_another_partys_calls(world: World) -> None:
    page = world.signed_in("acme").get("/calls/live?calls=acme-running,bravo-running")
    assert "state-acme-running" in page.response.text
    assert "bravo" not in page.response.text


def test_an_agency_sees_the_calls_of_the_advertisers_it_manages(world: World) -> None:
    page = world.signed_in("agency").get("/calls")
    assert "/calls/acme-flagged" in page.links


def test_outside_parties_see_the_last_four_digits_of_callers_only(world: World) -> None:
    assert "(212) 555-0123" in world.signed_in("reviewer").get("/calls").text
    for person in OUTSIDE:
        text = world.signed_in(person).get("/calls").text
        assert "0123" in text
        assert "555" not in text


@pytest.mark.parametrize("person", ["operator", "acme"])
def test_a_form_without_its_token_is_refused(world: World, person: str) -> None:
    browser = world.signed_in(person)
    for rule, mark in routes(world):
        if "POST" not in (rule.methods or ()) or rule.rule.startswith("/api/"):
            continue
        held = mark == PUBLIC or mark in ROLE_PERMISSIONS[PEOPLE[person][0]]
        browser.post(fill(rule), {}, token=False, status=400 if held else 403)


def test_htmx_may_send_the_token_in_a_header(world: World) -> None:
    browser = world.signed_in("operator")
    page = browser.post("/signout", {}, token=False, headers={"X-CSRFToken": browser.form_token()})
    assert page.response.location == "/signin"


def test_every_answer_carries_the_policy_and_is_not_kept(world: World) -> None:
    for path in ("/signin", "/healthz", "/api/v1/calls", "/nowhere"):
        headers = world.visitor().http.get(path).headers
        assert headers["Content-Security-Policy"] == CSP
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_for_a_year_under_their_version_only(world: World) -> None:
    browser = world.visitor()
    found = re.search(r'"(/static/css/tokens\.css\?v=\w{10})"', browser.get("/signin").response.text)
    assert found
    with browser.http.get(found[1]) as current, browser.http.get("/static/css/tokens.css?v=0000000000") as unknown:
        assert "immutable" in current.headers["Cache-Control"]
        assert unknown.headers["Cache-Control"] == "no-cache"


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(world: World) -> None:
    browser = world.visitor()
    sent = browser.get("/calls?q=gift", status=302).response.location
    assert sent == "/signin?next=/calls?q%3Dgift"
    assert browser.get(sent).field("next") == "/calls?q=gift"
    page = browser.post("/signin", {"email": "acme@example.com", "password": PASSWORD, "next": "/calls?q=gift"})
    assert page.response.location == "/calls?q=gift"


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:x", "\\\\evil"]
)
def test_sign_in_never_leads_to_another_site(world: World, target: str) -> None:
    fields = {"email": "acme@example.com", "password": PASSWORD, "next": target}
    assert world.visitor().post("/signin", fields).response.location == "/"


def test_a_polled_fragment_sends_the_whole_page_to_sign_in(world: World) -> None:
    page = world.visitor().get("/calls/live", status=401, headers={"HX-Request": "true"})
    assert page.response.headers["HX-Redirect"] == "/signin"


def test_the_api_takes_no_cookies(world: World) -> None:
    response = world.signed_in("operator").http.get("/api/v1/calls")
    assert response.status_code == 401
    assert response.json is not None
    assert response.json["error"] == "sign_in_needed"


def test_refused_sign_in_keeps_the_address_and_never_the_password(world: World) -> None:
    page = world.visitor().sign_in("acme@example.com", "wrong password!", status=401)
    assert page.field("email") == "acme@example.com"
    assert page.field("password") == ""


def test_a_stranger_and_a_wrong_password_are_told_the_same(world: World) -> None:
    known = world.visitor().sign_in("acme@example.com", "wrong password!", status=401)
    stranger = world.visitor().sign_in("nobody@example.com", "wrong password!", status=401)
    assert known.text == stranger.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    cookie = world.visitor().sign_in("acme@example.com", PASSWORD).response.headers.getlist("Set-Cookie")
    session = next(line for line in cookie if line.startswith("earshot_session="))
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session


def test_signing_out_ends_the_session_on_the_server(world: World) -> None:
    browser = world.signed_in("acme")
    cookie = browser.http.get_cookie("earshot_session")
    assert cookie
    browser.post("/signout")
    browser.http.set_cookie("earshot_session", cookie.value)
    browser.get("/calls", status=302)


def test_a_session_ends_after_long_without_use_and_lasts_with_use(world: World) -> None:
    browser = world.signed_in("acme")
    for _ in range(3):
        world.clock.advance(hours=11)
        browser.get("/calls")
    world.clock.advance(hours=13)
    browser.get("/calls", status=302)


def test_metrics_are_for_this_machine_or_an_operators_token(world: World) -> None:
    http = world.visitor().http
    assert "earshot_jobs" in http.get("/metrics").text
    assert http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
    assert http.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 401


def test_ready_says_which_part_is_not(world: World) -> None:
    http = world.visitor().http
    assert http.get("/readyz").json == {"status": "ok", "checks": {"database": "ok", "queue": "ok", "blobs": "ok"}}
    world.queue.is_reachable = False
    answer = http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "checks": {"database": "ok", "queue": "failed", "blobs": "ok"}}
    assert http.get("/healthz").status_code == 200
