"""The board of findings and the page of one: what people of each role see, decide and take away."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.models.events import Event
from app.models.reviews import FindingVerdict
from app.models.screening import Finding, Screening
from app.vocabulary import EventKind
from tests.functional.world import World


def flagged(world: World) -> list[Finding]:
    with world.uow.read() as session:
        return list(session.scalars(select(Finding).order_by(Finding.id)))


@pytest.fixture
def finding(world: World) -> Finding:
    """The first finding of the world, with money at stake."""
    with world.uow.begin("test") as work:
        found = work.session.scalars(select(Finding).order_by(Finding.id)).first()
        assert found is not None
        found.rule, found.stake_least_minor, found.stake_most_minor = "CHAN-SPEECH-INCENTIVE", 50_000, 150_000
        found.evidence = {
            "hits": [{"speaker": "caller", "quote": "=gift card for my card 4 1 1 1", "start_s": 1.0, "end_s": 3.0}],
            "entry_due": "2026-11-25T01:06:35-05:00",
            "unheard_of": {"inner": True},
            "rule": {"version": 1, "rule_set": "abc"},
        }
    return found


def test_the_board_lists_open_findings_with_their_money(world: World, finding: Finding) -> None:
    page = world.signed_in("compliance").get("/compliance")
    assert "$500.00 to $1,500.00" in page.text
    assert f"/compliance/findings/{finding.id}" in page.links
    assert [link.get("aria-current") for link in page.all("a", href="/compliance")] == ["page"]


def test_a_page_below_compliance_does_not_light_the_board(world: World) -> None:
    page = world.signed_in("compliance").get("/compliance/lists")
    assert [link.get("aria-current") for link in page.all("a", href="/compliance")] == [None]
    assert [link.get("aria-current") for link in page.all("a", href="/compliance/lists")][:1] == ["page"]


def test_filters_narrow_and_what_does_not_fit_is_named(world: World, finding: Finding) -> None:
    browser = world.signed_in("compliance")
    address = f"/compliance/findings/{finding.id}"

    def has(query: str) -> bool:
        return any(link.startswith(address) for link in browser.get(f"/compliance?{query}").links)

    for fits in ("rule=CHAN-SPEECH-INCENTIVE", "family=CHAN", "outcome=violation", "severity=high", "authority=contract",
                 "least=1500", "age=0-1", "decision=any", "order=newest"):  # fmt: skip
        assert has(fits), fits
    for other in ("rule=TCPA-HOURS", "family=TCPA", "outcome=review", "severity=low", "authority=statute", "least=1501",
                  "age=over-30", "decision=decided", "decision=agree", "state=FL", "publisher=nobody"):  # fmt: skip
        assert not has(other), other
    page = browser.get("/compliance?severity=enormous&least=much&from=2026-99-99", status=422)
    assert "Expected one of" in page.text
    assert page.field("least") == "much"
    assert browser.get("/compliance?rule=%25&after=1~x", status=422).status == 422


def test_a_finding_shows_rule_law_evidence_and_the_span_to_hear(world: World, finding: Finding) -> None:
    page = world.signed_in("compliance").get(f"/compliance/findings/{finding.id}")
    for said in ("The caller was promised a gift card.", "Wed 25 Nov 2026, 01:06:35 (UTC-05:00; 06:06:35 UTC)", "Unheard of",
                 "Inner: yes", "campaign channel policy" if finding.citations else "The rule", "not legal advice"):  # fmt: skip
        assert said in page.text, said
    (player,) = page.all("audio")
    assert player.get("src") == f"/calls/{finding.call_id}/audio#t=0.00,4.50"
    assert player.get("preload") == "none", "a page that is only looked at is no listening"


def test_agreeing_is_recorded_told_and_closes_the_finding(world: World, finding: Finding) -> None:
    browser = world.signed_in("reviewer")
    address = f"/compliance/findings/{finding.id}"
    browser.post(f"{address}/decision", {"decision": "agree", "reason": "", "then": "stay"})
    with world.uow.read() as session:
        (verdict,) = session.scalars(select(FindingVerdict)).all()
        assert (verdict.review_id, verdict.call_id, str(verdict.decision)) == (None, finding.call_id, "agree")
        told = session.scalars(select(Event).where(Event.kind == EventKind.FINDING_DECIDED)).one()
        assert told.subject_id == finding.id
    assert "Agreed" in browser.get(address).text
    assert "Agreed by Reviewer" in browser.get(f"/calls/{finding.call_id}").text
    assert not any(link.startswith(address) for link in browser.get("/compliance?family=CHAN").links)
    assert any(link.startswith(address) for link in browser.get("/compliance?decision=agree").links)


def test_a_refusal_without_reason_is_refused_and_keeps_what_was_chosen(world: World, finding: Finding) -> None:
    browser = world.signed_in("reviewer")
    page = browser.post(f"/compliance/findings/{finding.id}/decision", {"decision": "refuse", "reason": " "}, status=422)
    assert "say why" in page.text
    (chosen,) = page.all("input", id="decision-refuse")
    assert chosen.get("checked") is not None
    long = browser.post(f"/compliance/findings/{finding.id}/decision", {"decision": "refuse", "reason": "x" * 2001}, status=422)
    assert long.field("reason") == "x" * 2001
    browser.post(f"/compliance/findings/{finding.id}/decision", {"decision": "perhaps"}, status=422)


def test_deciding_goes_on_to_the_next_open_finding_of_the_list(world: World, finding: Finding) -> None:
    browser = world.signed_in("reviewer")
    others = [found for found in flagged(world) if found.id != finding.id]
    answer = browser.post(f"/compliance/findings/{finding.id}/decision?family=CHAN", {"decision": "agree", "then": "next"})
    assert answer.response.headers["Location"] == "/compliance?family=CHAN"
    assert others, "the world has more than one finding"
    answer = browser.post(f"/compliance/findings/{others[0].id}/decision", {"decision": "agree", "then": "next"})
    assert answer.response.headers["Location"].startswith(("/compliance/findings/", "/compliance"))


def test_outside_parties_see_findings_of_their_own_calls_without_who_else_took_part(world: World, finding: Finding) -> None:
    own = [party for party in ("acme", "bravo") if any(
        link.startswith("/compliance/findings/") for link in world.signed_in(party).get("/compliance").links)]  # fmt: skip
    assert own
    with world.uow.read() as session:
        owner = session.scalars(select(Finding).where(Finding.id == finding.id)).one().call_id
    seen = 0
    for person in ("acme", "bravo", "pam", "quin"):
        browser = world.signed_in(person)
        board = browser.get("/compliance")
        assert "By publisher" not in board.text
        assert "Pam Company" not in board.text
        listed = any(link.startswith(f"/compliance/findings/{finding.id}") for link in board.links)
        page = browser.get(f"/compliance/findings/{finding.id}", status=200 if listed else 404)
        seen += listed
        if listed:
            assert "Facts of the call as judged" not in page.text
            assert "4 1 1 1" not in board.text
            browser.post(f"/compliance/findings/{finding.id}/decision", {"decision": "agree"}, status=403)
            browser.post(f"/compliance/findings/{finding.id}/replay", status=403)
        assert owner
    assert seen == 2, "one advertiser and one publisher"


def test_the_list_is_downloaded_without_formulas_and_that_is_noted(world: World, finding: Finding) -> None:
    browser = world.signed_in("compliance")
    answer = browser.http.get("/compliance/findings.csv?family=CHAN")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["finding"] for row in rows] == [finding.id]
    assert rows[0]["quote"].startswith("'=gift")
    assert rows[0]["stake_most_usd"] == "1500.00"
    with world.uow.read() as session:
        told = session.scalars(select(Event).where(Event.kind == EventKind.EXPORT_READ)).one()
        assert told.payload["filters"] == {"family": "CHAN"}
    browser.get("/compliance/findings.csv?severity=enormous", status=422)


def test_a_screening_without_facts_cannot_be_judged_again_and_says_so(world: World, finding: Finding) -> None:
    browser = world.signed_in("compliance")
    page = browser.get(f"/compliance/findings/{finding.id}")
    assert "older than the keeping of facts" in page.text
    refused = browser.post(f"/compliance/findings/{finding.id}/replay", status=422)
    assert "before facts were kept" in refused.text


def test_replay_shows_what_differs_and_is_noted(world: World, finding: Finding) -> None:
    from app.compliance.packaged import load_judge

    with world.uow.begin("test") as work:
        screening = work.session.get_one(Screening, finding.screening_id)
        screening.versions = dict(load_judge().versions)
        screening.facts = {"call": {"call_id": "x"}, "is_heard_elsewhere": False}
        screening.outcomes = [["TCPA-HOURS", "violation", "high"]]
    browser = world.signed_in("compliance")
    page = browser.post(f"/compliance/findings/{finding.id}/replay", status=200)
    assert "violation (high)" in page.text
    assert "It is the very edition that made it." in page.text
    with world.uow.read() as session:
        told = session.scalars(select(Event).where(Event.kind == EventKind.CALL_REPLAYED)).one()
        assert told.subject_id == finding.call_id
        assert told.payload["same"] is False


def test_a_finding_of_a_screening_that_was_replaced_is_shown_as_such_and_not_decided(world: World, finding: Finding) -> None:
    from app.models.screening import CurrentScreening

    with world.uow.begin("test") as work:
        old = work.session.get_one(Screening, finding.screening_id)
        work.session.add(
            Screening(
                id="newer", call_id=old.call_id, run_id=old.run_id, input_hash="2", versions={},
                made_at=work.now + timedelta(minutes=1),
            )
        )  # fmt: skip
        work.session.flush()
        work.session.get_one(CurrentScreening, old.call_id).screening_id = "newer"
    browser = world.signed_in("compliance")
    assert "screened again since" in browser.get(f"/compliance/findings/{finding.id}").text
    browser.post(f"/compliance/findings/{finding.id}/decision", {"decision": "agree"}, status=422)


def test_nothing_is_found_under_an_id_that_is_not_there(world: World) -> None:
    world.signed_in("compliance").get("/compliance/findings/nobody", status=404)
