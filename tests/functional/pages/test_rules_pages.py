"""Rules, phrases, editions and drafts in the browser: read, try, draft, publish, go back; who may, and what is refused."""

import copy
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.compliance.editions.document import EditionDocument, packaged_document
from app.compliance.editions.drafts import list_drafts
from app.compliance.editions.judges import judge_in_force
from app.compliance.editions.second_look import take_second_look
from app.compliance.editions.service import keep_edition, keep_packaged, list_publications, publish_edition
from app.models.events import Event
from app.models.reviews import FindingVerdict
from app.models.screening import Finding, KeywordHitRow
from app.models.tasks import Task
from app.tasks import end_task
from app.vocabulary import EventKind, FindingDecision, Outcome, PackKind, Severity, Speaker, TaskKind
from tests.functional.client import Browser, Page
from tests.functional.world import World

RULES, PACKS, EDITIONS, DRAFTS = (f"/compliance/{name}" for name in ("rules", "packs", "editions", "drafts"))
PACK, RULE = "PH-CHAN-SMS", "FRAUD-REPEAT"


def officer(world: World) -> Browser:
    return world.signed_in("compliance")


def begin(browser: Browser, title: str = "Text wording") -> str:
    place = browser.post(DRAFTS, {"title": title}).response.location
    assert place is not None
    return place


def form_of(page: Page, action: str) -> dict[str, Any]:
    """Return what a form would send if nobody changed anything."""
    (form,) = [form for form in page.all("form") if form.get("action") == action]
    fields: dict[str, Any] = {}
    for element in form.iter():
        name = element.get("name")
        if name and name != "csrf_token" and element.tag in {"input", "select", "textarea"}:
            if element.get("type") == "checkbox" and element.get("checked") is None:
                continue
            fields[name] = page.field(name) if element.get("type") != "checkbox" else element.get("value")
    return fields


def add_phrase(browser: Browser, draft: str, phrase: str, *, status: int = 303, pack: str = PACK) -> Page:
    path = f"{draft}/packs/{pack}"
    fields = form_of(browser.get(path), path)
    return browser.post(path, fields | {"phrases": f"{fields['phrases']}\n{phrase}"}, status=status)


def publish(browser: Browser, draft: str, reason: str = "heard on calls of June", *, status: int = 303) -> Page:
    return browser.post(f"{draft}/publish", {"reason": reason}, status=status)


def phrases_in_force(world: World, pack: str = PACK) -> set[str]:
    with world.uow.read() as session:
        return {phrase.say for phrase in judge_in_force(session).packs.source.get(pack).phrases}


def events(world: World, kind: EventKind) -> list[Event]:
    with world.uow.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind)))


@pytest.mark.parametrize("person", ["billing", "acme", "pam"])
def test_who_does_not_review_sees_no_rules(world: World, person: str) -> None:
    browser = world.signed_in(person)
    assert RULES not in browser.get("/").links
    for path in (RULES, f"{RULES}/{RULE}", PACKS, f"{PACKS}/{PACK}", EDITIONS):
        browser.get(path, status=403)
    browser.post(f"{PACKS}/try", {"text": "i got a text"}, status=403)


@pytest.mark.parametrize("person", ["reviewer", "lead"])
def test_reviewers_read_rules_but_change_none(world: World, person: str) -> None:
    browser = world.signed_in(person)
    assert {RULES, PACKS} <= browser.get("/").links
    assert DRAFTS not in browser.get(RULES).links
    assert "draft" not in browser.get(f"{RULES}/{RULE}").text
    draft = begin(officer(world))
    for path in (DRAFTS, draft, f"{draft}/new-pack", f"{draft}/packs/{PACK}", f"{draft}/rules/{RULE}@1"):
        browser.get(path, status=403)
    steps = ("", "/publish", "/discard", "/undo", "/take-out", "/bring-up-to-date", "/new-pack", f"/packs/{PACK}")
    for step in steps:
        browser.post(f"{draft}{step}", {"reason": "x", "title": "x"}, status=405 if step == "" else 403)
    browser.post(f"{EDITIONS}/any/roll-back", {"reason": "x"}, status=403)
    browser.post(f"{EDITIONS}/draft-from-release", status=403)


@pytest.mark.parametrize("path", [DRAFTS, f"{DRAFTS}/x/publish", f"{EDITIONS}/x/roll-back", f"{PACKS}/try"])
def test_a_form_without_its_token_changes_nothing(world: World, path: str) -> None:
    officer(world).post(path, {"title": "x", "reason": "x", "text": "x"}, token=False, status=400)
    assert events(world, EventKind.DRAFT_OPENED) == []


def test_all_rules_are_listed_by_family_and_found_by_words(world: World) -> None:
    browser = officer(world)
    page = browser.get(RULES)
    shipped = {row["id"] for row in packaged_document().rules}
    assert {f"{RULES}/{rule}" for rule in shipped} <= page.links
    assert f"{len(shipped)} of {len(shipped)} rules" in page.text
    found = browser.get(f"{RULES}?q=64.1200(c)(1)&severity=high")
    assert f"{RULES}/TCPA-HOURS" in found.links
    assert f"{RULES}/{RULE}" not in found.links
    assert found.field("q") == "64.1200(c)(1)"
    stayed = browser.get(f"{RULES}?status=stayed")
    assert [link for link in stayed.links if link.startswith(f"{RULES}/")] == [f"{RULES}/TCPA-REVOKE-ALL"]
    assert "No rule fits" in browser.get(f"{RULES}?q=zzzz&authority=nobody&severity=%00").text


def test_a_rule_shows_its_law_dated_rows_parameters_and_phrases(world: World) -> None:
    browser = officer(world)
    page = browser.get(f"{RULES}/TCPA-REVOKE-ALL")
    assert "47 CFR 64.1200(a)(10)" in page.text
    assert "from 2027-01-31" in page.text
    assert "2025-04-11 to 2027-01-30" in page.text
    assert page.text.count("holds today") == 1
    assert "Business days allowed to act on the request 10" in page.text
    assert "/compliance?rule=TCPA-REVOKE-ALL" in page.links
    listens = browser.get(f"{RULES}/TSR-DISCLOSE-OUTBOUND")
    assert {f"{PACKS}/PH-ID-CALLER", f"{PACKS}/PH-ID-PURPOSE"} <= listens.links
    browser.get(f"{RULES}/NO-SUCH-RULE", status=404)


def test_findings_and_what_people_said_of_them_are_counted_of_the_last_30_days(world: World) -> None:
    with world.uow.begin("test") as work:
        for call, rule in (("acme-clean", "STATE-HOURS-FL"), ("bravo-clean", "STATE-HOURS-GA")):
            work.session.add(
                Finding(
                    id=f"f-{call}", screening_id=f"scr-{call}", call_id=call, rule=rule, outcome=Outcome.REVIEW,
                    severity=Severity.HIGH, reason="r", citations=[], evidence={}, start_s=None, end_s=None,
                )
            )  # fmt: skip
            work.session.flush()
        for at, decision in enumerate((FindingDecision.REFUSE, FindingDecision.AGREE)):
            work.session.add(
                FindingVerdict(
                    id=f"v{at}", finding_id="f-acme-clean", call_id="acme-clean", rule="STATE-HOURS-FL", review_id=None,
                    decision=decision, reason="", decided_by="u", decided_at=work.now + timedelta(minutes=at),
                )
            )  # fmt: skip
    page = officer(world).get(f"{RULES}/STATE-HOURS")
    assert "0 violation, 2 review, 0 evidence missing" in page.text
    assert "1 of 1 agreed" in page.text
    world.clock.advance(days=40)
    assert "0 violation, 0 review" in officer(world).get(f"{RULES}/STATE-HOURS").text


def test_a_pack_shows_its_phrases_with_marks_in_words_and_its_hits(world: World) -> None:
    with world.uow.begin("test") as work:
        for seq, kind in enumerate((PackKind.VIOLATION, PackKind.CONTEXT)):
            work.session.add(
                KeywordHitRow(
                    screening_id="scr-acme-flagged", seq=seq, pack=PACK, rule="CHAN-SPEECH-SMS", kind=kind,
                    severity=Severity.HIGH,
                    phrase="i got a text", speaker=Speaker.CALLER, start_s=1.0, end_s=2.0, quote="i got a text", confidence=1.0,
                    is_low_trust=False, match="exact",
                )
            )  # fmt: skip
    browser = officer(world)
    page = browser.get(f"{PACKS}/{PACK}")
    assert "i got a text" in page.text
    assert "2 hits on 1 calls, 1 of them only noted" in page.text
    assert "Turned round by" in page.text
    parts = browser.get(f"{PACKS}/PH-TPMO-DISCLAIMER")
    assert "Part 2: one of these must be said" in parts.text
    assert "never alone: noted, but no finding rests on it" in parts.text
    assert f"{PACKS}/PH-DNC-REQUEST" in browser.get(f"{PACKS}?q=take me off").links
    assert "No pack fits" in browser.get(f"{PACKS}?q=zzzzz").text
    browser.get(f"{PACKS}/PH-NEVER", status=404)


def test_a_sentence_is_tried_with_its_words_marked(world: World) -> None:
    browser = world.signed_in("reviewer")
    typed = {"speaker": "caller", "text": "hello i got a text <b> from you"}
    page = browser.post(f"{PACKS}/try", typed, status=200)
    assert f"{PACKS}/{PACK}" in page.links
    assert "i got a text" in [mark.text for mark in page.all("mark")]
    assert page.field("text") == typed["text"]
    quiet = browser.post(f"{PACKS}/{PACK}/try", {"speaker": "agent", "text": "i like soup"}, status=200)
    assert "No pack speaks up" in quiet.text
    agreed = browser.post(
        f"{PACKS}/try", {"speaker": "agent", "text": "did you get a text from us?", "answer": "yeah"}, status=200
    )
    assert "word for word" in agreed.text
    for text in ("", "word " * 500):
        refused = browser.post(f"{PACKS}/try", {"speaker": "nobody", "text": text}, status=422)
        assert refused.all("p", id="try-problem")


def test_a_draft_is_written_published_seen_in_the_history_and_taken_back(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    assert "It changes nothing yet" in browser.get(draft).text
    add_phrase(browser, draft, "your text blast reached me | decisive")
    page = browser.get(draft)
    assert "your text blast reached me | decisive" in page.text
    assert "1 phrase added" in page.text
    assert f"/compliance/backtests/new?draft={draft.rpartition('/')[2]}" in page.links
    assert "your text blast reached me" not in phrases_in_force(world)
    assert "are judged by it" in browser.get(publish(browser, draft).response.location or "").text
    assert "your text blast reached me" in phrases_in_force(world)
    history = browser.get(f"{PACKS}/{PACK}").text
    assert "by Compliance: heard on calls of June" in history
    assert "The first edition on record" in history
    assert "it became edition 2" in browser.get(draft).text
    with world.uow.read() as session:
        first = list_publications(session)[-1].edition.id
    refused = browser.post(f"{EDITIONS}/{first}/roll-back", {"reason": " "}, status=422)
    assert "say why" in refused.text
    browser.post(f"{EDITIONS}/{first}/roll-back", {"reason": "too many hits"})
    assert "your text blast reached me" not in phrases_in_force(world)
    page = browser.get(EDITIONS)
    assert "too many hits" in page.text
    assert "Going back" in page.text
    assert [event.actor[:5] for event in events(world, EventKind.EDITION_ROLLED_BACK)] == ["user:"]


def test_two_editions_are_compared_side_by_side(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    add_phrase(browser, draft, "your text blast reached me")
    publish(browser, draft)
    with world.uow.read() as session:
        after, before = (said.edition.id for said in list_publications(session))
    page = browser.get(f"{EDITIONS}/compare?from={before}&to={after}")
    assert "Added: your text blast reached me" in page.text
    assert "Removed: your text blast reached me" in browser.get(f"{EDITIONS}/compare?from={after}&to={before}").text
    assert "The two say the same" in browser.get(f"{EDITIONS}/compare?from={after}&to={after}").text
    browser.get(f"{EDITIONS}/compare?from=x&to={after}", status=404)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("(a+)+$", "regular expressions are not read"),
        ("(((((((((a|b)|c)|d)", "expected alternatives"),
        ("* * * *", "a word at both ends"),
        ("hello | loudly", "marks among never alone"),
        ("a" * 400, "at most 160 letters"),
        ("(a|b)(a|b)(a|b)(a|b)(a|b)(a|b) x", "at most 32 wordings"),
    ],
)
def test_a_phrase_that_does_not_fit_is_refused_and_what_was_typed_is_kept(world: World, phrase: str, said: str) -> None:
    browser = officer(world)
    draft = begin(browser)
    page = add_phrase(browser, draft, phrase, status=422)
    assert said in page.text
    assert (page.field("phrases") or "").endswith(phrase)
    assert "It changes nothing yet" in browser.get(draft).text


def test_a_pack_form_sent_unchanged_changes_nothing_and_written_back_undoes(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    for pack in ("PH-TPMO-DISCLAIMER", "PH-REC-NOTICE", "PH-SENS-PAN"):
        path = f"{draft}/packs/{pack}"
        browser.post(path, form_of(browser.get(path), path))
    assert "It changes nothing yet" in browser.get(draft).text
    path = f"{draft}/packs/{PACK}"
    untouched = form_of(browser.get(path), path)
    add_phrase(browser, draft, "your text blast reached me")
    assert "It changes nothing yet" not in browser.get(draft).text
    browser.post(path, untouched)
    assert "It changes nothing yet" in browser.get(draft).text


def test_a_new_pack_is_added_and_one_is_taken_out_and_put_back(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    fields = form_of(browser.get(f"{draft}/new-pack"), f"{draft}/new-pack")
    fields |= {"id": "ph-own-raffle", "rule": "CHAN-SPEECH-INCENTIVE", "phrases": "you won our raffle"}
    page = browser.post(f"{draft}/new-pack", fields | {"id": PACK}, status=422)
    assert "choose another id" in page.text
    assert page.field("phrases") == "you won our raffle"
    browser.post(f"{draft}/new-pack", fields)
    browser.post(f"{draft}/take-out", {"part": "pack", "subject": PACK})
    page = browser.get(draft)
    assert "PH-OWN-RAFFLE new" in page.text
    assert f"{PACK} gone" in page.text
    browser.post(f"{draft}/undo", {"part": "pack", "subject": PACK})
    assert f"{PACK} gone" not in browser.get(draft).text
    browser.post(f"{draft}/undo", {"part": "pack", "subject": "PH-NEVER"})
    browser.post(f"{draft}/undo", {"part": "pony", "subject": "PH-NEVER"}, status=422)
    publish(browser, draft)
    assert phrases_in_force(world, "PH-OWN-RAFFLE") == {"you won our raffle"}


def test_a_rule_is_edited_by_fields_and_what_does_not_fit_is_named(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    path = f"{draft}/rules/{RULE}@1"
    fields = form_of(browser.get(path), path)
    assert fields["param-days"] == "7"
    browser.post(path, fields)
    assert "It changes nothing yet" in browser.get(draft).text
    for field, typed, said in (
        ("param-days", "a week", "expected a whole number"),
        ("param-most_calls", "0", "from 1"),
        ("effective_from", "soon", "expected a day"),
        ("severity", "awful", "awful"),
        ("citations", " ", "at least one"),
        ("stake_least", "ten", "US dollars"),
    ):
        page = browser.post(path, fields | {field: typed}, status=422)
        assert said in page.text, field
        assert page.field("title") == fields["title"]
        if field != "severity":
            assert (page.field(field) or "").strip() == typed.strip()
    browser.post(path, fields | {"severity": "low", "param-days": "14", "param-most_calls": "9"})
    page = browser.get(draft)
    assert "Days in which calls from one number are counted 7 14" in page.text
    publish(browser, draft)
    with world.uow.read() as session:
        rule = judge_in_force(session).rules.find(RULE)
    assert rule is not None
    assert (rule.severity, rule.params["days"], rule.params["most_calls"]) == (Severity.LOW, 14, 9)
    assert "severity" in browser.get(f"{RULES}/{RULE}").text


def test_a_table_of_a_rule_is_edited_as_yaml_with_clear_errors(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    path = f"{draft}/rules/STATE-HOURS@1"
    fields = form_of(browser.get(path), path)
    for typed, said in (
        ("UT: {express_consent: true", "line 1"),
        ("a: &x [*x]", "plain values"),
        ("UT: {express_consent: perhaps}", "true or false"),
        ("[" * 5000, "expected YAML or JSON"),
        ("Utah: {express_consent: true}", "two capital letters"),
    ):
        page = browser.post(path, fields | {"param-exempt": typed}, status=422)
        assert said in page.text, typed[:30]
    browser.post(path, fields | {"param-exempt": '{"UT": {"express_consent": false}}'})
    assert "{express_consent: false}" in browser.get(draft).text


def test_a_later_version_holds_from_its_day_and_keeps_the_one_before(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    path = f"{draft}/rules/TCPA-HOURS@1/later"
    fields = form_of(browser.get(path), path)
    refused = browser.post(path, fields | {"effective_from": "2003-01-01"}, status=422)
    assert "a day after 2003-08-25" in refused.text
    browser.post(path, fields | {"effective_from": "2027-03-01", "severity": "critical"})
    publish(browser, draft)
    page = browser.get(f"{RULES}/TCPA-HOURS")
    assert "from 2027-03-01" in page.text
    assert "changes on 2027-03-01" in page.text
    assert page.text.count("holds today") == 1
    browser.get(f"{draft}/rules/NO@1", status=404)


def test_examples_are_kept_fail_visibly_and_stop_a_publication(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    path = f"{draft}/packs/{PACK}"
    wrong = browser.post(f"{path}/examples", {"kind": "must_fire", "speaker": "caller", "text": ""}, status=422)
    assert wrong.all("p", id="example-problem")
    kept = {"kind": "must_fire", "speaker": "caller", "text": "well your text blast reached me on Monday"}
    browser.post(f"{path}/examples", kept)
    assert "Fails" in browser.get(path).text
    rule = f"{draft}/rules/{RULE}@1"
    browser.post(rule, form_of(browser.get(rule), rule) | {"severity": "low"})
    page = browser.get(draft)
    assert "1 of 1 examples fail" in page.text
    (button,) = [button for button in page.all("button") if "Publish" in "".join(button.itertext())]
    assert button.get("disabled") is not None
    refused = publish(browser, draft, "please", status=422)
    assert "1 of 1 examples fail" in refused.text
    assert refused.field("reason") == "please"
    add_phrase(browser, draft, "your text blast reached me")
    assert "all 1 examples hold" in browser.get(draft).text
    publish(browser, draft)
    page = browser.get(f"{PACKS}/{PACK}")
    assert kept["text"] in page.text
    second = begin(browser, "second")
    (drop,) = [f for f in browser.get(f"{second}/packs/{PACK}").all("form") if (f.get("action") or "").endswith("/drop")]
    browser.post(drop.get("action") or "")
    assert kept["text"] not in browser.get(f"{PACKS}/{PACK}").text
    browser.post(drop.get("action") or "", status=404)


def test_an_author_is_warned_until_the_draft_was_back_tested_as_it_is(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    add_phrase(browser, draft, "your text blast reached me")
    warning = "nobody saw yet what it does to past calls"
    page = browser.get(draft)
    assert warning in page.text
    assert warning not in world.signed_in("operator").get(draft).text
    draft_id = draft.rpartition("/")[2]
    with world.uow.begin("worker") as work:
        look = _sha_of(world, draft_id)
        work.session.add(
            Task(
                id="t1", kind=TaskKind.BACKTEST, title="b", params={"draft_id": draft_id, "sha256": look, "days": 30},
                asked_by="u", asked_at=work.now, note="", done=0,
            )
        )  # fmt: skip
        work.session.flush()
    assert warning in browser.get(draft).text
    with world.uow.begin("worker") as work:
        end_task(work, "t1", result={})
    page = browser.get(draft)
    assert warning not in page.text
    assert "/compliance/backtests/t1" in page.links
    add_phrase(browser, draft, "another one of those texts")
    page = browser.get(draft)
    assert warning in page.text
    assert "changed since" in page.text
    publish(browser, draft)


def _sha_of(world: World, draft_id: str) -> str:
    with world.uow.read() as session:
        return take_second_look(session, draft_id).sha256


def test_a_draft_on_an_older_edition_is_brought_up_to_date(world: World) -> None:
    browser = officer(world)
    mine, other = begin(browser, "mine"), begin(browser, "other")
    add_phrase(browser, mine, "your text blast reached me")
    add_phrase(browser, other, "your texts keep coming")
    publish(browser, other)
    assert "Bring it up to date" in browser.get(mine).text
    refused = publish(browser, mine, status=422)
    assert "another edition came into force" in refused.text
    browser.post(f"{mine}/bring-up-to-date")
    assert "Bring it up to date" not in browser.get(mine).text
    publish(browser, mine)


def test_a_draft_given_up_stays_on_record_and_changes_no_more(world: World) -> None:
    browser = officer(world)
    draft = begin(browser)
    browser.post(f"{draft}/discard")
    assert "Discarded" in browser.get(draft).text
    browser.post(f"{draft}/discard")
    browser.get(f"{DRAFTS}/nothing", status=404)
    browser.post(f"{DRAFTS}/nothing/discard", status=404)
    browser.post(DRAFTS, {"title": " "}, status=422)
    assert browser.post(DRAFTS, {"title": "x" * 300}, status=422).field("title") == "x" * 201
    with world.uow.read() as session:
        assert [draft.title for draft in list_drafts(session)] == ["Text wording"]


def test_what_a_newer_release_ships_is_offered_as_a_draft(world: World) -> None:
    """An older release is in force with one own change; this release has a pack that both changed, and another."""
    old = copy.deepcopy(packaged_document().to_json())
    for pack in old["packs"]["packs"]:
        if pack["id"] in {PACK, "PH-CHAN-EMAIL"}:
            pack["phrases"] = pack["phrases"][1:]
    ours = copy.deepcopy(old)
    next(pack for pack in ours["packs"]["packs"] if pack["id"] == PACK)["phrases"].append("your text blast reached me")
    with world.uow.begin("system") as work:
        first = keep_edition(
            work, EditionDocument(tuple(old["rules"]), old["packs"]), "Rules of release 0.0.9", release="0.0.9"
        )
        own = keep_edition(work, EditionDocument(tuple(ours["rules"]), ours["packs"]), "Ours", base_id=first)
        publish_edition(work, own, "ours")
        keep_packaged(work)
    browser = officer(world)
    assert "differ from what is in force" in browser.get(RULES).text
    page = browser.get(EDITIONS)
    assert "ships other rules" in page.text
    assert "PH-CHAN-EMAIL" in page.text
    place = browser.post(f"{EDITIONS}/draft-from-release").response.location
    assert place is not None
    draft = browser.get(place)
    assert f"left as in force: {PACK}" in draft.text
    assert "PH-CHAN-EMAIL" in draft.text
    publish(browser, place)
    assert "your text blast reached me" in phrases_in_force(world)
    assert "i got an email" in phrases_in_force(world, "PH-CHAN-EMAIL")
    page = browser.get(EDITIONS)
    (form,) = [f for f in page.all("form") if re.search(r"/publish$", f.get("action") or "")]
    browser.post(form.get("action") or "", {"reason": "as it ships"})
    with world.uow.read() as session:
        assert list_publications(session)[0].edition.sha256 == packaged_document().sha256
    assert "ships other rules" not in browser.get(EDITIONS).text
