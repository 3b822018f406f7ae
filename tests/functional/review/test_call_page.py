"""A person opens a call: every state of it, every role, and the way from listening to a verdict."""

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import html5lib
import pytest
from sqlalchemy import select

from app.jobs import claim_job, finish_job
from app.models.analysis import AnalysisRun
from app.models.events import Event
from app.models.reviews import FindingVerdict, Review
from app.models.screening import Finding
from app.ports import JobRequest
from app.vocabulary import EventKind, JobName, QueueName, RecordingState, Role, Verdict
from tests.factories import calls as make

ROUTES = ("", "/screen.json", "/audio", "/peaks", "/progress")


class Outline(HTMLParser):
    """Collects what the audit of a page needs."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings = 0
        self.inline: list[str] = []
        self.fields: list[dict[str, str | None]] = []
        self.labels: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.headings += tag == "h1"
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        self.inline += ["script"] if tag == "script" and "src" not in found else []
        self.labels |= {found.get("for")} if tag == "label" else set()
        if tag in {"input", "select", "textarea"} and found.get("type") != "hidden":
            self.fields.append(found)


def audit(html: str) -> None:
    """Hold a page against the rules of all pages: it parses, one h1, unique ids, every field has a name, nothing inline."""
    html5lib.HTMLParser(strict=True).parse(html)
    outline = Outline()
    outline.feed(html)
    assert outline.headings == 1
    assert sorted(outline.ids) == sorted(set(outline.ids))
    assert outline.inline == []
    nameless = [f for f in outline.fields if not (f.get("aria-label") or f.get("id") in outline.labels or "data-volume" in f)]
    assert nameless == []


def page_of(client: Any, call: Any) -> str:
    response = client.get(f"/calls/{call.id}")
    assert response.status_code == 200
    audit(response.text)
    return str(response.text)


def test_an_analysed_call_shows_conversation_findings_score_and_form(house: Any) -> None:
    html = page_of(house.sign_in(), house.add_analysed_call())
    for part in (
        "(212) 555-0123",
        "Medicare Advantage, fall",
        "billable from 0:30 on",
        "Caller came by text message",
        "Caller asks not to be called again",
        "I got a text message",
        "Record the verdict",
        "Call score 62 of 100",
        "Live person",
        "Two-way speech",
        "tiny.en",
    ):
        assert part in html
    assert "data-player" in html


def test_a_mono_call_has_one_lane_and_says_that_parties_are_not_told_apart(house: Any) -> None:
    html = page_of(house.sign_in(), house.add_analysed_call(listening=make.conversation(channels=1), hits=()))
    assert "Both parties are on one channel" in html
    assert "wave-1" in html
    assert "No rule spoke up on this call." in html


def test_a_call_without_recording_can_still_be_reviewed(house: Any) -> None:
    html = page_of(house.sign_in(), house.add_call())
    assert "No recording has come in" in html
    assert "Record the verdict" in html
    assert "data-player" not in html


def test_a_call_of_a_campaign_that_does_not_record_says_so(house: Any) -> None:
    call = house.add_call()
    house.put(lambda s: make.make_recording(s, house.ids, house.clock.now(), call, state=RecordingState.NOT_ALLOWED))
    assert "Recording is off for this campaign" in page_of(house.sign_in(), call)


def test_a_call_with_withheld_number_and_nothing_known_still_shows(house: Any) -> None:
    bare = dict.fromkeys(("caller_number", "connected_s", "disposition", "ended_by", "revenue_minor", "payout_minor"))
    call = house.put(lambda s: make.make_call(s, house.ids, house.clock.now(), None, **bare))
    html = page_of(house.sign_in(), call)
    assert "Withheld number" in html
    assert "Not matched" in html


def add_run(house: Any, **changes: Any) -> Any:
    call = house.add_call()

    def build(session: Any) -> None:
        recording = make.make_recording(session, house.ids, house.clock.now(), call)
        make.make_run(session, house.ids, house.clock.now(), recording, **changes)

    house.put(build)
    return call


def test_a_failed_analysis_gives_its_reason_and_trying_again_waits(house: Any) -> None:
    call = add_run(house, failed_at=house.clock.now(), error_code="truncated", error_message="call.mp3: got 12.4 s")
    client = house.sign_in()
    html = page_of(client, call)
    assert "The recording was cut off on its way here." in html
    assert "call.mp3: got 12.4 s" in html
    assert client.post(f"/calls/{call.id}/analyze").status_code == 303
    assert "Waiting for a free worker" in page_of(client, call)
    assert len(house.queue.requests) == 1
    assert client.post(f"/calls/{call.id}/analyze").status_code == 303
    assert len(house.queue.requests) == 1


def screening_job(call_id: str) -> JobRequest:
    return JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id)


def test_progress_is_polled_until_the_result_is_there(house: Any) -> None:
    call = add_run(house, stage="transcript", progress=0.43)
    client = house.sign_in()
    html = page_of(client, call)
    assert "Writing the transcript" in html
    assert 'hx-trigger="every 1500ms"' in html
    running = client.get(f"/calls/{call.id}/progress")
    assert "43 %" in running.text
    assert "HX-Refresh" not in running.headers
    with house.uow.begin("worker") as work:
        run = work.session.scalars(select(AnalysisRun).where(AnalysisRun.call_id == call.id)).one()
        make.make_analysis(work.session, house.ids, work.now, make.newest(work.session, call.id), house.blobs, run=run)
        work.publish(EventKind.ANALYSIS_COMPLETED, ("call", call.id), {}, jobs=(screening_job(call.id),))
    screening = client.get(f"/calls/{call.id}/progress")
    assert "Holding the words against the rules" in screening.text
    assert "HX-Refresh" not in screening.headers
    with house.uow.begin("worker") as work:
        claim = claim_job(work.session, JobName.SCREEN_CALL, call.id, holder="w", now=work.now, lease=timedelta(seconds=30))
        assert claim is not None
        finish_job(work.session, claim, now=work.now)
    over = client.get(f"/calls/{call.id}/progress")
    assert "hx-get" not in over.text
    assert over.headers["HX-Refresh"] == "true"
    assert "its words have not been held against the rules" in page_of(client, call)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", [Role.ADVERTISER, Role.PUBLISHER])
def test_a_call_of_another_party_does_not_exist(house: Any, route: str, role: Role) -> None:
    call = house.add_analysed_call()
    stranger = house.world.other_advertiser if role is Role.ADVERTISER else house.world.other_publisher
    theirs, own = house.sign_in(role, stranger), house.sign_in(role)
    assert theirs.get(f"/calls/{call.id}{route}").status_code == 404
    assert own.get(f"/calls/{call.id}{route}").status_code == 200


@pytest.mark.parametrize("route", ROUTES)
def test_a_call_that_never_was_is_not_found_and_nobody_gets_in_without_signing_in(house: Any, route: str) -> None:
    call = house.add_analysed_call()
    assert house.sign_in().get(f"/calls/NOSUCHCALL{route}").status_code == 404
    away = house.app.test_client().get(f"/calls/{call.id}{route}")
    assert away.status_code == 302
    assert "/signin" in away.headers["Location"]


@pytest.mark.parametrize(
    ("role", "allowed"), [(role, role not in {Role.BILLING, Role.ADVERTISER, Role.PUBLISHER}) for role in Role]
)
def test_only_reviewing_roles_see_the_form_and_may_post(house: Any, role: Role, allowed: bool) -> None:
    call, client = house.add_analysed_call(), house.sign_in(role)
    assert ("Record the verdict" in page_of(client, call)) is allowed
    assert client.post(f"/calls/{call.id}/review", data={"verdict": "good"}).status_code == (303 if allowed else 403)
    assert client.post(f"/calls/{call.id}/analyze").status_code == (303 if allowed else 403)


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (Role.ADVERTISER, ["$30.00", "$12.00", "555-0123", "+12125550123", "Bright Leads"]),
        (Role.PUBLISHER, ["$42.00", "$12.00", "(212) 555-0123", "+12125550123", "(972) 555-0177", "+19725550177"]),
    ],
)
def test_the_other_sides_money_and_numbers_are_nowhere_in_what_is_sent(house: Any, role: Role, hidden: list[str]) -> None:
    call, client = house.add_analysed_call(), house.sign_in(role)
    sent = page_of(client, call) + client.get(f"/calls/{call.id}/screen.json").text
    assert [part for part in hidden if part in sent.replace("•••-0123", "")] == []


def test_a_verdict_with_decisions_is_recorded_and_shown(house: Any) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    with house.uow.read() as session:
        first, second = session.scalars(select(Finding.id).where(Finding.call_id == call.id).order_by(Finding.rule))
    data = {
        "verdict": "channel_violation",
        "notes": "Came by text.",
        "heard_s": "41.5",
        f"decision_{first}": "agree",
        f"reason_{first}": "",
        f"decision_{second}": "needs_evidence",
        f"reason_{second}": "is the number on the list?",
    }
    response = client.post(f"/calls/{call.id}/review", data=data, follow_redirects=True)
    assert response.status_code == 200
    assert "Your verdict is recorded." in response.text
    assert "Forbidden channel" in response.text
    assert "Agreed by Dana Whitfield" in response.text
    assert "Needs evidence by Dana Whitfield: is the number on the list?" in response.text
    with house.uow.read() as session:
        review = session.scalars(select(Review)).one()
        votes = session.scalars(select(FindingVerdict)).all()
    assert (review.verdict, review.notes, review.heard_s) == (Verdict.CHANNEL_VIOLATION, "Came by text.", 41.5)
    assert len(votes) == 2


def test_a_form_that_does_not_fit_keeps_what_was_typed(house: Any) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    with house.uow.read() as session:
        first = session.scalars(select(Finding.id).where(Finding.call_id == call.id)).first()
    data = {"verdict": "robocall", "notes": "A <long> note", f"decision_{first}": "refuse", f"reason_{first}": ""}
    response = client.post(f"/calls/{call.id}/review", data=data)
    assert response.status_code == 422
    audit(response.text)
    assert "A &lt;long&gt; note" in response.text
    assert "say why" in response.text
    assert 'value="robocall" required checked' in response.text
    assert 'value="refuse" checked' in response.text
    empty = client.post(f"/calls/{call.id}/review", data={"notes": "kept"})
    assert empty.status_code == 422
    assert "choose a verdict" in empty.text
    assert "kept" in empty.text
    with house.uow.read() as session:
        assert session.scalars(select(Review)).all() == []


def test_another_partys_call_cannot_be_reviewed_by_guessing_its_id(house: Any) -> None:
    client = house.sign_in()
    assert client.post("/calls/NOSUCHCALL/review", data={"verdict": "good"}).status_code == 404
    assert client.post("/calls/NOSUCHCALL/analyze").status_code == 404


def test_the_players_data_is_packed_and_asked_for_once(house: Any) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    first = client.get(f"/calls/{call.id}/screen.json", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    plain = client.get(f"/calls/{call.id}/screen.json").get_json()
    assert plain["duration_s"] == 76.0
    assert [lane["label"] for lane in plain["lanes"]] == ["Caller", "Agent"]
    assert len(plain["utterances"]) == 12
    again = client.get(f"/calls/{call.id}/screen.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_hearing_a_call_is_in_the_audit_trail_once_an_hour(house: Any) -> None:
    call, client = house.add_analysed_call(), house.sign_in()
    for _ in range(3):
        client.get(f"/calls/{call.id}/audio", headers={"Range": "bytes=0-99"}).close()
    house.clock.advance(minutes=61)
    client.get(f"/calls/{call.id}/audio").close()
    client.head(f"/calls/{call.id}/audio").close()
    with house.uow.read() as session:
        heard = session.scalars(select(Event).where(Event.kind == EventKind.RECORDING_HEARD)).all()
    assert len(heard) == 2
    assert heard[1].at - heard[0].at == timedelta(minutes=61)
