"""Consents in the browser: record, find, prove, take back; files of them; certificates and their vendors' answers."""

import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.models.consumers import CertificateAnswer
from app.models.events import Event, Job
from app.models.screening import Consent, Screening
from app.ports import VendorAnswer
from app.tasks import TaskProgress, end_task, start_task
from app.vocabulary import EventKind, JobName
from tests.fakes import ScriptedCertificateVendor
from tests.functional.world import World
from workers.tasks import TASKS

URL = "/compliance/consents"
CERTIFICATE = "0123456789abcdef0123456789abcdef01234567"
TEXT = "By clicking I agree that Acme Insurance LLC may call me at this number by automated means.\nNo condition of purchase."
FULL = {
    "external_id": "lead-1", "number": "(212) 555-0123", "seller": "Acme Insurance LLC", "given_at": "2026-11-20T10:00",
    "person": "Jane Doe", "text": TEXT, "page_url": "https://quotes.example.com/auto", "act": "checkbox",
    "channels": ["call", "automated_call"], "written": "yes", "signed": "yes", "names_seller": "yes", "automated_calls": "yes",
    "names_number": "yes", "conspicuous": "yes", "discloses_calls": "yes", "not_condition": "yes",
    "certificate": f"https://cert.trustedform.com/{CERTIFICATE}", "certificate_phone_match": "yes",
    "certificate_retained_at": "2026-11-20T10:05",
}  # fmt: skip


def record(world: World, person: str = "compliance", **changes: Any) -> str:
    """Record a consent by the form; return the address of its page."""
    answer = world.signed_in(person).post(f"{URL}/new", FULL | changes)
    return answer.response.headers["Location"]


def events(world: World, kind: EventKind) -> list[Event]:
    with world.uow.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.seq)))


def run_import(world: World, task_id: str) -> None:
    """Do what the worker does with the task."""
    with world.uow.begin("worker") as work:
        task = start_task(work, task_id)
    result = TASKS[task.kind](world.services, task, TaskProgress(world.uow, world.clock, task_id))
    with world.uow.begin("worker") as work:
        end_task(work, task_id, result=result)


def test_a_recorded_consent_shows_its_elements_and_the_hash_of_its_text(world: World) -> None:
    page = world.signed_in("compliance").get(record(world))
    assert page.text.count("E11") == 1
    assert "Hash holds" in page.text
    assert hashlib.sha256(TEXT.encode()).hexdigest() in page.text
    assert hashlib.sha256(b"+12125550123").hexdigest() in page.text
    assert "Full" in page.text
    assert "(212) 555-0123" in page.text
    assert "checkbox" in page.text
    [event] = events(world, EventKind.CONSENT_RECORDED)
    assert "2125550123" not in str(event.payload)


def test_calls_since_tell_whether_their_screening_knew_the_consent(world: World) -> None:
    page_url = record(world, given_at="2026-11-23T11:00")
    with world.uow.begin("test") as work:
        knowing = work.session.get_one(Screening, "scr-acme-flagged")
        knowing.facts = {"call": {"consents": [{"id": "lead-1"}]}}
        knowing.outcomes = [
            ["TCPA-PEWC", "needs_evidence", "critical"], ["CONSENT-CERT", "not_applicable", "high"],
            ["QUAL-GEO", "pass", "low"],
        ]  # fmt: skip
        work.session.get_one(Screening, "scr-acme-clean").facts = {"call": {"consents": [{"id": "other"}]}}
        work.session.get_one(Screening, "scr-bravo-clean").facts = {"call": {}}
    page = world.signed_in("compliance").get(page_url)
    assert "TCPA-PEWC: Needs evidence" in page.text
    assert "CONSENT-CERT" not in page.text
    assert "QUAL-GEO" not in page.text
    assert page.text.count("screened without this consent") == 2
    assert page.text.count("does not tell which consents it knew") == 1
    assert page.text.count("not screened yet") == 4


def test_browsers_line_breaks_do_not_change_the_hash(world: World) -> None:
    record(world, text=TEXT.replace("\n", "\r\n"))
    with world.uow.read() as session:
        consent = session.scalars(select(Consent)).one()
    assert consent.text_sha256 == hashlib.sha256(TEXT.encode()).hexdigest()


def test_what_does_not_fit_is_named_and_what_was_typed_stays(world: World) -> None:
    typed = FULL | {"number": "555", "given_at": "soon", "seller": "<b>Acme</b>", "page_url": "nowhere"}
    page = world.signed_in("compliance").post(f"{URL}/new", typed, status=422)
    assert "3 fields do not fit" in page.text
    assert page.field("seller") == "<b>Acme</b>"
    assert (page.field("text") or "").strip() == TEXT
    assert page.field("act") == "checkbox"
    assert [e.get("id") for e in page.all("input", name="channels") if e.get("checked") is not None] == [
        "channel-call", "channel-automated_call",
    ]  # fmt: skip
    with world.uow.read() as session:
        assert session.scalars(select(Consent)).all() == []


def test_the_same_consent_again_changes_nothing_and_another_under_its_id_is_refused(world: World) -> None:
    first = record(world)
    assert record(world) == first
    page = world.signed_in("compliance").post(f"{URL}/new", FULL | {"seller": "Bravo LLC"}, status=422)
    assert "send a correction under a new id" in page.text
    assert len(events(world, EventKind.CONSENT_RECORDED)) == 1


def test_a_consent_of_the_future_is_refused(world: World) -> None:
    later = f"{world.clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    page = world.signed_in("compliance").post(f"{URL}/new", FULL | {"given_at": later}, status=422)
    assert "a moment that has passed" in page.text


def test_a_recorded_consent_has_the_numbers_later_screened_calls_screened_again(world: World) -> None:
    record(world, given_at="2026-11-23T11:00")
    with world.uow.read() as session:
        asked = set(session.scalars(select(Job.subject_id).where(Job.name == JobName.SCREEN_CALL)))
    # Of the calls at 14:00, 13:00, ... those with a screening; the number called them all.
    assert asked == {"acme-flagged", "acme-clean", "bravo-flagged", "bravo-clean"}
    assert events(world, EventKind.CONSENT_RECORDED)[0].payload["screened_again"] == 4


def test_consents_are_found_by_number_seller_and_what_they_prove(world: World) -> None:
    record(world)
    record(world, external_id="lead-2", number="2125550199", seller="Bravo LLC", names_seller="partners")
    record(world, external_id="lead-3", number="2125550188", not_condition="", certificate_retained_at="")
    browser = world.signed_in("compliance")

    def found(query: str) -> set[str]:
        text = browser.get(f"{URL}?{query}").text
        return {name for name in ("lead-1", "lead-2", "lead-3") if name in text}

    assert found("") == {"lead-1", "lead-2", "lead-3"}
    assert found("standing=full") == {"lead-1"}
    assert found("standing=lacking") == {"lead-2"}
    assert found("standing=unproved") == {"lead-3"}
    assert found("lacks=E8") == {"lead-3"}
    assert found("seller=bravo") == {"lead-2"}
    assert found("certificate=kept") == {"lead-1", "lead-2"}
    assert found("certificate=undated") == {"lead-3"}
    assert found("standing=nonsense&lacks=E99&after=x") == {"lead-1", "lead-2", "lead-3"}
    by_number = browser.post(f"{URL}/find", {"number": "212 555 0199"}, status=200)
    assert "lead-2" in by_number.text
    assert "lead-1" not in by_number.text
    assert "North American telephone number" in browser.post(f"{URL}/find", {"number": "12"}, status=422).text


def test_a_certificate_about_to_be_lost_is_told(world: World) -> None:
    soon = f"{world.clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    page = world.signed_in("compliance").get(record(world, certificate_retained_at="", certificate_expires_at=soon))
    assert "Lost within 3 days" in page.text
    world.clock.advance(days=3)
    browser = world.signed_in("compliance")
    assert "lead-1" in browser.get(f"{URL}?certificate=lost").text
    assert "lead-1" not in browser.get(f"{URL}?certificate=expiring").text


def test_a_list_is_read_page_by_page(world: World) -> None:
    with world.uow.begin("test") as work:
        for number in range(120):
            work.session.add(
                Consent(
                    id=f"c{number:03d}", external_id=f"ext-{number:03d}", number="+12125550100", seller="A", elements={},
                    given_at=world.clock.now() - timedelta(hours=number // 2), recorded_at=world.clock.now(),
                )
            )  # fmt: skip
    browser, seen, path = world.signed_in("compliance"), [], URL
    while path:
        page = browser.get(path)
        seen += [line.text for line in page.all("span") if (line.text or "").startswith("ext-")]
        path = next((link.get("href") or "" for link in page.all("a", rel="next")), "")
    assert sorted(seen) == [f"ext-{number:03d}" for number in range(120)]
    assert len(seen) == 120


def test_a_revocation_is_shown_and_the_earlier_day_counts(world: World) -> None:
    page_url, browser = record(world), world.signed_in("compliance")
    form = {"scope": "everybody", "way": "email", "told_by": "Jane Doe"}
    browser.post(f"{page_url}/revocation", form | {"revoked_at": "2026-11-22T12:00"})
    page = browser.get(page_url)
    assert "Revoked" in page.text
    assert "Jane Doe" in page.text
    browser.post(f"{page_url}/revocation", form | {"revoked_at": "2026-11-23T12:00", "way": "letter"})
    assert "the earlier day stays" in browser.get(page_url).text
    browser.post(f"{page_url}/revocation", form | {"revoked_at": "2026-11-21T12:00"})
    with world.uow.read() as session:
        consent = session.scalars(select(Consent)).one()
    assert f"{consent.revoked_at:%Y-%m-%d}" == "2026-11-21"
    assert len(events(world, EventKind.CONSENT_REVOKED)) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"revoked_at": "2026-11-19T12:00"}, "after the consent was given"),
        ({"revoked_at": "2026-12-19T12:00"}, "in the future"),
        ({"revoked_at": "yesterday"}, "moment"),
        ({"way": "smoke"}, "how it came"),
        ({"scope": "nobody"}, "for whom"),
    ],
)
def test_a_revocation_that_does_not_fit_is_refused_and_keeps_what_was_typed(
    world: World, changes: dict[str, str], said: str
) -> None:
    page_url = record(world)
    form = {"revoked_at": "2026-11-22T12:00", "scope": "seller", "way": "email", "comment": "by mail"} | changes
    page = world.signed_in("compliance").post(f"{page_url}/revocation", form, status=422)
    assert said in page.text
    assert page.field("comment") == "by mail"


def test_a_vendors_answer_that_is_handed_in_is_kept_whole_and_joined(world: World) -> None:
    page_url, browser = record(world, certificate_phone_match="", certificate_retained_at=""), world.signed_in("compliance")
    answer = {
        "outcome": "success",
        "match_lead": {"phone": "2125550123", "result": {"phone_match": True, "success": True}},
        "retain": {"results": {"expires_at": "2031-11-20T10:00:00Z", "previously_retained": False}},
        "insights": {"properties": {"bot_detected": False, "seconds_on_page": 42, "page_url": "https://quotes.example.com/a"}},
    }
    content = json.dumps(answer, indent=1).encode()
    browser.post(f"{page_url}/answer", {"answer": "", "file": (io.BytesIO(content), "answer.json")})
    page = browser.get(page_url)
    assert "Full" in page.text
    assert "Kept by the vendor" in page.text
    assert "42 s" in page.text
    assert hashlib.sha256(content).hexdigest() in page.text
    [link] = [link for link in page.links if link.endswith(".json")]
    kept = browser.http.get(link)
    assert kept.data == content
    browser.post(f"{page_url}/answer", {"answer": "", "file": (io.BytesIO(content), "answer.json")})
    assert "nothing changed" in browser.get(page_url).text
    with world.uow.read() as session:
        assert len(session.scalars(select(CertificateAnswer)).all()) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [("", "paste it"), ("<xml/>", "as JSON"), ("[1]", "JSON object"), ('{"a":NaN}', "as JSON"), ("{" * 500, "as JSON"),
     ('{"a":' * 50 + "1" + "}" * 50, "nested too deeply"), ('{"a":"\\ud800"}', "as JSON"),
     ('{"a":"' + "x" * 300_000 + '"}', "256 kB")],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(world: World, answer: str, said: str) -> None:
    page = world.signed_in("compliance").post(f"{record(world)}/answer", {"answer": answer}, status=422)
    assert said in page.text
    assert events(world, EventKind.CERTIFICATE_ASKED) == []


def test_the_page_names_the_setting_that_is_missing_to_ask_the_vendor(world: World) -> None:
    page_url, browser = record(world), world.signed_in("compliance")
    assert "EARSHOT_TRUSTEDFORM_API_KEY" in browser.get(page_url).text
    assert "EARSHOT_TRUSTEDFORM_API_KEY" in browser.post(f"{page_url}/ask", status=422).text


def test_a_vendor_is_asked_and_its_answer_joined(world: World) -> None:
    answer = {"outcome": "success", "match_lead": {"result": {"phone_match": False}}}
    vendor = ScriptedCertificateVendor("trustedform", VendorAnswer(200, json.dumps(answer).encode()))
    world.services.certificate_vendors["trustedform"] = vendor
    page_url, browser = record(world), world.signed_in("compliance")
    browser.post(f"{page_url}/ask", {"keep": "1"})
    assert "Something missing" in browser.get(page_url).text
    [question] = vendor.questions
    assert (question.number, question.seller, question.is_kept) == ("+12125550123", "Acme Insurance LLC", True)
    vendor.is_reachable = False
    assert "gave no answer" in browser.post(f"{page_url}/ask", status=502).text


def test_a_look_alike_host_is_kept_as_evidence_and_never_asked(world: World) -> None:
    vendor = ScriptedCertificateVendor("trustedform", VendorAnswer(200, b"{}"))
    world.services.certificate_vendors["trustedform"] = vendor
    forged = f"https://cert.trustedform.com.evil.example/{CERTIFICATE}"
    page_url, browser = record(world, certificate=forged), world.signed_in("compliance")
    assert "cert.trustedform.com.evil.example" in browser.get(page_url).text
    page = browser.post(f"{page_url}/ask", {"keep": "1"}, status=422)
    assert "nobody was asked" in page.text
    assert vendor.questions == []


def test_a_file_is_taken_in_row_by_row_and_again_changes_nothing(world: World) -> None:
    rows = [
        "Consent ID,Phone,Consented At,Seller,Consent Text,Signed,TrustedForm_Cert_URL",
        f'f1,(212) 555-0150,2026-11-20T10:00:00Z,Acme,"I agree, Acme may call.",yes,https://cert.trustedform.com/{CERTIFICATE}',
        "f2,call me,2026-11-20T10:00:00Z,Acme,text,yes,",
        "f3,2125550151,20 November,Acme,text,maybe,",
        "f4,2125550152,2026-11-20T10:00:00-05:00,Acme,text,no,",
        "f5,2125550152,2026-11-20T10:00:00Z,Acme",
    ]
    browser = world.signed_in("compliance")

    def send() -> Any:
        body = {"file": (io.BytesIO("\n".join(rows).encode()), "leads of monday.csv")}
        location = browser.post(f"{URL}/import", body).response.headers["Location"]
        assert "Waiting" in browser.get(location).text
        run_import(world, location.rpartition("/")[2])
        return browser.get(location)

    page = send()
    counts = [element.text for element in page.all("dd")][:4]
    assert counts == ["5", "2", "0", "3"]
    assert "North American number" in page.text
    [link] = [link for link in page.links if link.endswith("refused.csv")]
    refused = browser.http.get(link).text.splitlines()
    assert refused[0] == "line,external_id,field,expected,got"
    assert [line.split(",")[:3] for line in refused[1:]] == [
        ["3", "f2", "number"], ["4", "f3", "given_at"], ["4", "f3", "signed"], ["6", "", "row"],
    ]  # fmt: skip
    again = [element.text for element in send().all("dd")][:4]
    assert again == ["5", "0", "2", "3"]
    assert "lead" not in browser.get(URL).text
    assert {"f1", "f4"} <= set(browser.get(URL).text.split())


def test_a_file_that_is_none_of_consents_is_told_as_such(world: World) -> None:
    browser = world.signed_in("compliance")
    assert "expected a file" in browser.post(f"{URL}/import", {}, status=422).text
    empty = browser.post(f"{URL}/import", {"file": (io.BytesIO(b""), "x.csv")}, status=422)
    assert "empty file" in empty.text
    body = {"file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv")}
    task_id = browser.post(f"{URL}/import", body).response.headers["Location"].rpartition("/")[2]
    with pytest.raises(Exception, match="expected columns for external_id"):
        run_import(world, task_id)


@pytest.mark.parametrize("person", ["reviewer", "lead", "billing", "acme", "pam"])
def test_only_officers_and_operators_see_consents(world: World, person: str) -> None:
    page_url = record(world)
    browser = world.signed_in(person)
    for path in (URL, page_url, f"{URL}/new", f"{URL}/import"):
        browser.get(path, status=403)
    browser.post(f"{page_url}/revocation", {}, status=403)
    assert "Consents" not in {(link.text or "") for link in browser.get("/calls").all("span")}


def test_what_is_not_there_is_not_found(world: World) -> None:
    browser = world.signed_in("compliance")
    for path in (f"{URL}/nothing", f"{URL}/nothing/answers/x.json", f"{URL}/import/nothing"):
        browser.get(path, status=404)
    browser.post(f"{URL}/nothing/revocation", {"revoked_at": "2026-11-22T12:00", "scope": "seller", "way": "email"}, status=404)
    browser.post(f"{URL}/nothing/answer", {"answer": '{"a": 1}'}, status=404)
    browser.post(f"{URL}/nothing/ask", {}, status=404)
