"""Back-tests over a real database: what flips, what is taken from the record, who judges, and a worker that dies."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

import app.learning.backtest_calls as backtest_calls
import app.learning.backtest_run as backtest_run
from app.adapters.database import open_database
from app.adapters.process_death import die_with_parent
from app.audio.records import load_listening
from app.compliance.editions.document import EditionDocument, packaged_document
from app.compliance.editions.drafts import change_pack, draft_document, open_draft, publish_draft
from app.compliance.packaged import load_judge
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.learning.backtest import CallCounts
from app.learning.backtest_calls import _load_past_calls
from app.learning.backtest_run import Window, Workforce, run_backtest
from app.learning.backtest_service import ask_backtest, flips_key
from app.learning.backtest_words import say_headline, say_warnings
from app.models.base import canonical_json
from app.models.reviews import FindingVerdict, Review
from app.models.screening import CurrentScreening, Finding, Screening
from app.tasks import TaskStopped, ask_to_stop, get_task
from app.unit_of_work import UnitOfWork
from app.vocabulary import FindingDecision, JobName, TaskState, Verdict
from tests.factories.backtests import PLAIN, POSTCARD, TEXTED, add_screened_calls, with_phrase, with_rule, without_phrases
from tests.fakes import FrozenClock, MemoryBlobStore
from tests.functional.world import World
from tests.functional.world import make_world as make_house
from workers.jobs import _run_task, run_job

SMS = "CHAN-SPEECH-SMS"
PHRASE = "purple postcard"


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore()


def try_out(uow: UnitOfWork, after: EditionDocument, clock: FrozenClock, days: int = 30, **options: Any) -> dict[str, Any]:
    before, limit = options.pop("before", packaged_document()), options.pop("limit", None)
    options.setdefault("on_progress", lambda *_: None)
    with uow.read() as session:
        return run_backtest(session, before, after, Window.last(days, clock.now(), limit), **options)


def test_what_is_in_force_beside_itself_changes_nothing(uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore) -> None:
    add_screened_calls(uow, blobs, [TEXTED, POSTCARD, PLAIN])
    result = try_out(uow, packaged_document(), clock)
    assert (result["flips_total"], result["phrases_total"], result["differences"]) == (0, 0, [])
    assert (result["calls"]["judged"], result["calls"]["from_record"]) == (3, 3)
    assert say_headline(result) == "Nothing would change on 3 calls."


def test_a_new_phrase_flags_the_call_on_which_it_is_said(uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore) -> None:
    _, postcard, _ = add_screened_calls(uow, blobs, [TEXTED, POSTCARD, PLAIN])
    result = try_out(uow, with_phrase(packaged_document(), PHRASE), clock)
    (flip,) = result["flips"]
    assert (flip["call_id"], flip["rule"], flip["kind"], flip["quote"]) == (postcard, SMS, "newly_flagged", PHRASE)
    assert (flip["before"]["outcome"], flip["after"]["outcome"]) == ("pass", "review")
    assert 8.0 <= flip["start_s"] < flip["end_s"] <= 12.0
    rule = next(row for row in result["rules"] if row["rule"] == SMS)
    assert (rule["review_before"], rule["review_after"], rule["newly_flagged"]) == (1, 2, 1)
    (phrase,) = result["phrases"]
    assert (phrase["pack"], phrase["change"], phrase["call_id"]) == ("PH-CHAN-SMS", "added", postcard)
    assert [d["subject"] for d in result["differences"]] == ["PH-CHAN-SMS"]


def test_a_phrase_that_is_gone_frees_its_call(uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore) -> None:
    texted, *_ = add_screened_calls(uow, blobs, [TEXTED, PLAIN])
    said = next(row for row in try_out(uow, with_rule(SMS, status="repealed"), clock)["flips"] if row["call_id"] == texted)
    assert said["kind"] == "no_longer_flagged"
    assert said["quote"].lower().startswith("i got a text")
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    texts = [p if isinstance(p, str) else p["say"] for p in pack["phrases"]]
    result = try_out(uow, without_phrases(packaged_document(), *(t for t in texts if "text" in t)), clock)
    assert [(f["call_id"], f["kind"]) for f in result["flips"] if f["rule"] == SMS] == [(texted, "no_longer_flagged")]
    assert {p["change"] for p in result["phrases"]} == {"removed"}


def test_judging_anew_gives_what_the_record_says(uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore) -> None:
    """The side in force is asked again where another edition made the screening; the answer is the same."""
    add_screened_calls(uow, blobs, [TEXTED, POSTCARD, PLAIN])
    draft, other = with_phrase(packaged_document(), PHRASE), with_rule("QUAL-MISDIAL", severity="medium")
    anew = try_out(uow, with_rule("QUAL-MISDIAL", draft, severity="medium"), clock, before=other)
    kept = try_out(uow, draft, clock)
    assert (kept["calls"]["from_record"], anew["calls"]["from_record"], anew["calls"]["judged_anew"]) == (2, 0, 3)
    assert [(f["call_id"], f["rule"]) for f in anew["flips"]] == [(f["call_id"], f["rule"]) for f in kept["flips"]]


def test_what_a_newer_release_says_is_not_taken_for_the_draft(
    uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore
) -> None:
    texted, *_ = add_screened_calls(uow, blobs, [TEXTED, PLAIN])
    with uow.begin("system") as work:
        screening = work.session.scalars(select(Screening).where(Screening.call_id == texted)).one()
        screening.outcomes = [[r, "pass" if r == SMS else o, s] for r, o, s in screening.outcomes or []]
    result = try_out(uow, with_rule("TCPA-PEWC", title="Another title"), clock)
    assert (result["flips_total"], result["calls"]["record_differs"]) == (0, 1)
    assert any("work of the release" in warning for warning in say_warnings(result))


@pytest.mark.parametrize("words", ["quote please", "hello there", "insurance", "post card"])
def test_calls_on_which_the_same_is_heard_need_no_second_judgement(
    uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """What is spared changes nothing: the answer is that of judging every call by both sides."""
    add_screened_calls(uow, blobs, [TEXTED, POSTCARD, PLAIN])
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    texts = [p if isinstance(p, str) else p["say"] for p in pack["phrases"]]
    drafts = (with_phrase(packaged_document(), words), without_phrases(packaged_document(), *texts[:3]))
    spared = [try_out(uow, draft, clock) for draft in drafts]
    monkeypatch.setattr(backtest_calls, "is_wording_alone", lambda before, after: False)
    whole = [try_out(uow, draft, clock) for draft in drafts]
    for few, all_ in zip(spared, whole, strict=True):
        assert (few["flips"], few["phrases"], few["rules"]) == (all_["flips"], all_["phrases"], all_["rules"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"phrases": ["i got a text", "you sent a text"]}, True),
        ({"negators": ["nope"]}, True),
        ({"kind": "context"}, False),
        ({"severity": "low"}, False),
        ({"speaker": "any"}, False),
        ({"statement": False}, False),
        ({"phrases": [{"say": "i got a text", "decisive": True}]}, False),
    ],
)
def test_only_another_wording_spares_a_judgement(changes: dict[str, object], expected: bool) -> None:
    document = packaged_document()
    packs = [{**pack, **changes} if pack["id"] == "PH-CHAN-SMS" else pack for pack in document.packs["packs"]]
    changed = replace(document, packs={**document.packs, "packs": packs})
    assert backtest_calls.is_wording_alone(document, changed) is expected
    assert backtest_calls.is_wording_alone(document, with_rule("TCPA-PEWC", title="Another")) is False


def test_a_pack_that_must_be_said_is_always_judged() -> None:
    document = packaged_document()
    packs = [
        {**pack, "phrases": [*pack["phrases"], "this is taped"]} if pack["id"] == "PH-REC-NOTICE" else pack
        for pack in document.packs["packs"]
    ]
    assert backtest_calls.is_wording_alone(document, replace(document, packs={**document.packs, "packs": packs})) is False


def test_calls_outside_the_window_and_behind_the_limit_are_left_out(
    uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore
) -> None:
    ids = add_screened_calls(uow, blobs, [POSTCARD] * 4, ages_h=(1, 50, 30, 24 * 40))
    with uow.begin("system") as work:
        work.session.execute(update(Screening).where(Screening.call_id == ids[1]).values(facts=None))
    draft = with_phrase(packaged_document(), PHRASE)
    result = try_out(uow, draft, clock)
    assert [f["call_id"] for f in result["flips"]] == [ids[0], ids[2]]
    assert (result["in_window"], result["calls"]["judged"], result["calls"]["without_facts"]) == (3, 2, 1)
    newest = try_out(uow, draft, clock, limit=1)
    assert ([f["call_id"] for f in newest["flips"]], newest["left_out_by_limit"]) == ([ids[0]], 2)
    with uow.begin("system") as work:
        work.session.execute(CurrentScreening.__table__.delete().where(CurrentScreening.call_id == ids[0]))
    assert try_out(uow, draft, clock, days=1)["not_screened"] == 1


def test_money_and_what_people_decided_are_joined(uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore) -> None:
    texted, postcard, _ = add_screened_calls(uow, blobs, [TEXTED, POSTCARD, PLAIN])
    with uow.begin("user:r") as work:
        finding = work.session.scalars(select(Finding).where(Finding.call_id == texted, Finding.rule == SMS)).one()
        work.session.add(
            FindingVerdict(
                id=work.new_id(), finding_id=finding.id, call_id=texted, rule=SMS, decision=FindingDecision.AGREE, reason="",
                decided_by="user:r", decided_at=work.now,
            )
        )  # fmt: skip
        work.session.add(
            Review(id=work.new_id(), call_id=postcard, reviewer_id="r", verdict=Verdict.GOOD, notes="", decided_at=work.now)
        )
    added = try_out(uow, with_phrase(packaged_document(), PHRASE), clock)
    rule = next(row for row in added["rules"] if row["rule"] == SMS)
    assert (rule["right_before"], rule["right_after"], rule["missed_after"], rule["doubtful"]) == (1, 1, 0, 1)
    assert added["money"][0]["with_new_flags_revenue"] == 4200
    assert any("Likely false alarms: 1 new flag" in warning for warning in say_warnings(added))
    gone = try_out(uow, with_rule(SMS, status="repealed"), clock)
    rule = next(row for row in gone["rules"] if row["rule"] == SMS)
    assert (rule["right_before"], rule["right_after"], rule["missed_after"]) == (1, 0, 1)


def test_a_call_is_loaded_with_all_that_judging_needs(uow: UnitOfWork, blobs: MemoryBlobStore) -> None:
    """The short way of loading gives the answers of the long way, word for word."""
    ids = add_screened_calls(uow, blobs, [TEXTED, POSTCARD, PLAIN])
    judge = load_judge()
    with uow.read() as session:
        for past in _load_past_calls(session, ids, CallCounts()):
            run_id = session.scalars(select(Screening.run_id).where(Screening.call_id == past.call.id)).one()
            whole = load_listening(session, run_id)
            assert past.listening.utterances == whole.utterances
            short = judge.judge(
                past.facts, tones=past.listening.tones, recording_s=past.listening.duration_s, as_of=past.made_at
            )
            long = judge.judge(past.facts, tones=whole.tones, recording_s=whole.duration_s, as_of=past.made_at)
            assert short == long
            assert (
                judge.judge(past.facts, tones=whole.tones, recording_s=whole.duration_s, as_of=past.made_at, heard=short)
                == long
            )


def test_several_processes_give_the_answer_of_one(
    uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_screened_calls(uow, blobs, [TEXTED, POSTCARD, PLAIN, POSTCARD, TEXTED], ages_h=(5, 4, 3, 2, 1))
    monkeypatch.setattr(backtest_run, "CALLS_AT_ONCE", 2)
    monkeypatch.setattr(backtest_run, "CALLS_WORTH_PROCESSES", 1)
    draft = with_phrase(packaged_document(), PHRASE)
    seen: list[tuple[int, int | None]] = []
    alone, together = io.StringIO(), io.StringIO()
    one = try_out(uow, draft, clock, flips_to=alone)
    workforce = Workforce(database_url, open_database, begin=die_with_parent, processes=2)
    many = try_out(
        uow,
        draft,
        clock,
        workforce=workforce,
        flips_to=together,
        on_progress=lambda done, total, note: seen.append((done, total)),
    )
    assert canonical_json(many) == canonical_json(one)
    assert together.getvalue() == alone.getvalue()
    assert seen == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_stopping_ends_it_at_the_next_part(
    uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_screened_calls(uow, blobs, [PLAIN] * 3)
    monkeypatch.setattr(backtest_run, "CALLS_AT_ONCE", 1)

    def stop(done: int, total: int | None, note: str) -> None:
        if done == 1:
            raise TaskStopped("enough")

    with pytest.raises(TaskStopped):
        try_out(uow, packaged_document(), clock, on_progress=stop)


def test_more_parts_than_one_are_each_judged_once(
    uow: UnitOfWork, clock: FrozenClock, blobs: MemoryBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also calls that began in the same moment."""
    monkeypatch.setattr(backtest_run, "CALLS_AT_ONCE", 2)
    add_screened_calls(uow, blobs, [POSTCARD] * 5, ages_h=(2, 2, 2, 2, 1))
    result = try_out(uow, with_phrase(packaged_document(), PHRASE), clock)
    assert (result["calls"]["judged"], len({f["call_id"] for f in result["flips"]})) == (5, 5)


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> World:
    return make_house(engine, tmp_path)


def begin_draft(house: World, phrase: str = PHRASE) -> str:
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    with house.uow.begin("user:o") as work:
        draft = open_draft(work, "Postcards")
        change_pack(work, draft, {**pack, "phrases": [*pack["phrases"], phrase]})
    return draft


def run_task(house: World, task_id: str) -> None:
    run_job(house.services, JobName.RUN_TASK, task_id, _run_task)


def test_a_back_test_is_asked_for_done_by_a_worker_and_kept_with_its_file(house: World) -> None:
    (postcard,) = add_screened_calls(house.uow, house.services.blobs, [POSTCARD])
    draft = begin_draft(house)
    with house.uow.begin("user:o") as work:
        task_id = ask_backtest(work, draft_id=draft, days=7)
        sha256 = draft_document(work.session, draft).sha256
    run_task(house, task_id)
    with house.uow.read() as session:
        task = get_task(session, task_id)
    assert (task.state, task.failure) == (TaskState.DONE, None)
    assert (task.params["draft_id"], task.params["sha256"], task.params["days"]) == (draft, sha256, 7)
    assert task.result is not None
    assert task.result["after"]["sha256"] == sha256
    assert [f["call_id"] for f in task.result["flips"]] == [postcard]
    rows = list(csv.DictReader(io.StringIO(b"".join(house.services.blobs.open_range(flips_key(task_id))).decode())))
    assert [(r["call_id"], r["rule"], r["before"], r["after"], r["quote"]) for r in rows] == [
        (postcard, SMS, "pass", "review", PHRASE)
    ]


def test_a_killed_worker_leaves_the_same_answer_to_the_next(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt dies after its file was stored, before its end was; calls come in meanwhile."""
    add_screened_calls(house.uow, house.services.blobs, [POSTCARD, TEXTED])
    with house.uow.begin("user:o") as work:
        task_id = ask_backtest(work, draft_id=_draft_in(work), days=7)
    whole = MemoryBlobStore.put

    class Killed(BaseException):
        """What no job boundary catches."""

    def die(self: MemoryBlobStore, key: str, chunks: Any) -> Any:
        whole(self, key, [b"half of the"])
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(MemoryBlobStore, "put", die)
        with pytest.raises(Killed):
            run_task(house, task_id)
    house.clock.advance(minutes=10)
    run_task(house, task_id)
    with house.uow.read() as session:
        task = get_task(session, task_id)
    assert task.result is not None
    assert (task.state, task.result["calls"]["judged"], task.result["flips_total"]) == (TaskState.DONE, 2, 1)
    assert b"".join(house.services.blobs.open_range(flips_key(task_id))).startswith(b"call_id,")


def _draft_in(work: Any) -> str:
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    draft = open_draft(work, "Postcards")
    change_pack(work, draft, {**pack, "phrases": [*pack["phrases"], PHRASE]})
    return draft


def test_a_draft_that_was_changed_meanwhile_is_not_judged(house: World) -> None:
    draft = begin_draft(house)
    with house.uow.begin("user:o") as work:
        task_id = ask_backtest(work, draft_id=draft)
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    with house.uow.begin("user:o") as work:
        change_pack(work, draft, {**pack, "phrases": [*pack["phrases"], "another word"]})
    run_task(house, task_id)
    with house.uow.read() as session:
        task = get_task(session, task_id)
    assert (task.state, "was changed after" in (task.failure or "")) == (TaskState.FAILED, True)


def test_what_was_in_force_when_it_was_asked_for_is_compared_with(house: World) -> None:
    """Publishing the draft meanwhile does not make the back-test compare it with itself."""
    add_screened_calls(house.uow, house.services.blobs, [POSTCARD])
    draft = begin_draft(house)
    with house.uow.begin("user:o") as work:
        task_id = ask_backtest(work, draft_id=draft)
    with house.uow.begin("user:o") as work:
        publish_draft(work, draft, "in a hurry")
    run_task(house, task_id)
    with house.uow.read() as session:
        task = get_task(session, task_id)
    assert task.result is not None
    assert task.result["flips_total"] == 1


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"draft_id": "none"}, NotFound),
        ({"edition_id": "none"}, NotFound),
        ({}, InvalidInput),
        ({"draft_id": "a", "edition_id": "b"}, InvalidInput),
        ({"draft_id": "a", "days": 0}, InvalidInput),
        ({"draft_id": "a", "days": 366}, InvalidInput),
        ({"draft_id": "a", "limit": 0}, InvalidInput),
    ],
)
def test_what_cannot_be_tried_is_refused_at_the_door(uow: UnitOfWork, asked: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error), uow.begin("user:o") as work:
        ask_backtest(work, **asked)


def test_a_stopped_task_leaves_no_result_and_no_file(house: World) -> None:
    add_screened_calls(house.uow, house.services.blobs, [PLAIN])
    draft = begin_draft(house)
    with house.uow.begin("user:o") as work:
        task_id = ask_backtest(work, draft_id=draft)
        ask_to_stop(work, task_id)
    run_task(house, task_id)
    with house.uow.read() as session:
        assert get_task(session, task_id).state is TaskState.STOPPED
    assert house.services.blobs.stat(flips_key(task_id)) is None
    with pytest.raises(InvalidTransition), house.uow.begin("user:o") as work:
        ask_to_stop(work, task_id)
