"""Reviews, what was heard, and asking again, on a real database."""

from typing import Any

import pytest
from sqlalchemy import select

from app.access.identity import Identity
from app.audio.service import analysis_job
from app.errors import InvalidInput, NotFound
from app.jobs import claim_job, fail_attempt
from app.models.events import Event, Job
from app.models.reviews import FindingVerdict, Review
from app.models.screening import Finding
from app.review.queries import find_standing, load_call_screen
from app.review.service import FindingChoice, ReviewInput, record_heard, record_review, request_again
from app.unit_of_work import UnitOfWork
from app.vocabulary import AnalysisState, EventKind, FindingDecision, JobName, RecordingState, Role, Verdict
from tests.factories import calls as make
from tests.fakes import FrozenClock, ListQueue, MemoryBlobStore, SequentialIds

DANA = Identity("user:DANA", "Dana", Role.REVIEWER, None)
IDS = SequentialIds(5000)


@pytest.fixture
def call(sqlite_uow: UnitOfWork) -> Any:
    """A call that was heard and screened, with two findings."""
    with sqlite_uow.begin("test") as work:
        world = make.make_world(work.session, IDS, work.now)
        call = make.make_call(work.session, IDS, work.now, world)
        recording = make.make_recording(work.session, IDS, work.now, call)
        run = make.make_analysis(work.session, IDS, work.now, recording, MemoryBlobStore())
        make.make_screening(work.session, IDS, work.now, run, hits=make.usual_hits())
        return call


def finding_ids(uow: UnitOfWork, call_id: str) -> list[str]:
    with uow.read() as session:
        return list(session.scalars(select(Finding.id).where(Finding.call_id == call_id).order_by(Finding.rule)))


def events(uow: UnitOfWork, kind: EventKind) -> list[Event]:
    with uow.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind)))


def test_a_review_is_kept_with_its_votes_and_told_to_the_audit_trail(sqlite_uow: UnitOfWork, call: Any) -> None:
    first, second = finding_ids(sqlite_uow, call.id)
    given = ReviewInput(
        Verdict.CHANNEL_VIOLATION,
        " Came by text. ",
        {first: FindingChoice(FindingDecision.AGREE), second: FindingChoice(FindingDecision.REFUSE, " no request ")},
        41.5,
    )
    with sqlite_uow.begin(DANA.actor) as work:
        review_id = record_review(work, DANA, call.id, given)
    with sqlite_uow.read() as session:
        review = session.get_one(Review, review_id)
        votes = {vote.finding_id: (vote.decision, vote.reason) for vote in session.scalars(select(FindingVerdict))}
    assert (review.verdict, review.notes, review.heard_s, review.reviewer_id) == (
        Verdict.CHANNEL_VIOLATION,
        "Came by text.",
        41.5,
        "DANA",
    )
    assert votes == {first: (FindingDecision.AGREE, ""), second: (FindingDecision.REFUSE, "no request")}
    told = events(sqlite_uow, EventKind.REVIEW_DECIDED)
    assert [(event.actor, event.subject_id, event.payload["verdict"]) for event in told] == [
        ("user:DANA", call.id, "channel_violation")
    ]


def test_a_second_review_stands_beside_the_first_and_is_in_force(sqlite_uow: UnitOfWork, call: Any, clock: FrozenClock) -> None:
    for verdict in (Verdict.GOOD, Verdict.ROBOCALL):
        with sqlite_uow.begin(DANA.actor) as work:
            record_review(work, DANA, call.id, ReviewInput(verdict))
        clock.advance(minutes=1)
    with sqlite_uow.read() as session:
        screen = load_call_screen(session, DANA, call.id)
    assert [review.verdict for review in screen.reviews] == [Verdict.ROBOCALL, Verdict.GOOD]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (ReviewInput(Verdict.GOOD, "x" * 10_001), "notes"),
        (ReviewInput(Verdict.GOOD, heard_s=-1), "heard_s"),
        (ReviewInput(Verdict.GOOD, heard_s=float("nan")), "heard_s"),
        (ReviewInput(Verdict.GOOD, findings={"F": FindingChoice(FindingDecision.REFUSE, "  ")}), "finding_F"),
        (ReviewInput(Verdict.GOOD, findings={"F": FindingChoice(FindingDecision.NEEDS_EVIDENCE)}), "finding_F"),
        (ReviewInput(Verdict.GOOD, findings={"F": FindingChoice(FindingDecision.AGREE, "x" * 2001)}), "finding_F"),
        (ReviewInput(Verdict.GOOD, findings={"F": FindingChoice(FindingDecision.AGREE)}), "finding_F"),
    ],
)
def test_what_does_not_fit_names_its_field_and_nothing_is_kept(
    sqlite_uow: UnitOfWork, call: Any, given: ReviewInput, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught, sqlite_uow.begin(DANA.actor) as work:
        record_review(work, DANA, call.id, given)
    assert caught.value.details["field"] == field
    with sqlite_uow.read() as session:
        assert session.scalars(select(Review)).all() == []


def test_a_finding_of_an_earlier_screening_is_no_longer_decided(sqlite_uow: UnitOfWork, call: Any) -> None:
    old = finding_ids(sqlite_uow, call.id)[0]
    with sqlite_uow.begin("worker") as work:
        recording = make.newest(work.session, call.id)
        run = make.make_analysis(work.session, IDS, work.now, recording, MemoryBlobStore())
        make.replace_screening(work.session, IDS, work.now, run, hits=make.usual_hits())
    with pytest.raises(InvalidInput, match="screened again"), sqlite_uow.begin(DANA.actor) as work:
        record_review(work, DANA, call.id, ReviewInput(Verdict.GOOD, findings={old: FindingChoice(FindingDecision.AGREE)}))


def test_listening_is_noted_once_an_hour_for_each_person(sqlite_uow: UnitOfWork, call: Any, clock: FrozenClock) -> None:
    def hear(actor: str) -> bool:
        with sqlite_uow.begin(actor) as work:
            return record_heard(work, call.id)

    assert [hear("user:A"), hear("user:A"), hear("user:B")] == [True, False, True]
    clock.advance(minutes=59)
    assert not hear("user:A")
    clock.advance(minutes=1)
    assert hear("user:A")
    assert len(events(sqlite_uow, EventKind.RECORDING_HEARD)) == 3


def test_a_job_that_failed_for_good_is_opened_again_and_the_call_waits(
    sqlite_uow: UnitOfWork, queue: ListQueue, clock: FrozenClock
) -> None:
    from datetime import timedelta

    with sqlite_uow.begin("test") as work:
        call = make.make_call(work.session, IDS, work.now)
        recording = make.make_recording(work.session, IDS, work.now, call)
        make.make_run(work.session, IDS, work.now, recording, stage="failed", failed_at=work.now, error_code="worker_died")
        work.publish(EventKind.RECORDING_STORED, ("call", call.id), {}, jobs=(analysis_job(recording.id),))
    with sqlite_uow.begin("worker") as work:
        claim = claim_job(
            work.session, JobName.ANALYZE_RECORDING, recording.id, holder="w", now=work.now, lease=timedelta(seconds=30)
        )
        assert claim is not None
        assert fail_attempt(work.session, claim, "killed", now=work.now, max_attempts=1)
    queue.requests.clear()
    with sqlite_uow.read() as session:
        assert find_standing(session, call.id).state is AnalysisState.FAILED
    with sqlite_uow.begin(DANA.actor) as work:
        request_again(work, call.id)
    with sqlite_uow.read() as session:
        assert find_standing(session, call.id).state is AnalysisState.WAITING
        jobs = session.scalars(select(Job).where(Job.subject_id == recording.id)).all()
    assert [(job.failed_at, job.done_at) for job in jobs] == [(None, None)]
    assert [request.subject_id for request in queue.requests] == [recording.id]
    assert len(events(sqlite_uow, EventKind.ANALYSIS_REQUESTED)) == 1


@pytest.mark.parametrize("state", [None, RecordingState.NOT_ALLOWED])
def test_nothing_can_be_analysed_where_no_audio_is_kept(sqlite_uow: UnitOfWork, state: RecordingState | None) -> None:
    with sqlite_uow.begin("test") as work:
        call = make.make_call(work.session, IDS, work.now)
        if state is not None:
            make.make_recording(work.session, IDS, work.now, call, state=state)
    with pytest.raises(NotFound), sqlite_uow.begin(DANA.actor) as work:
        request_again(work, call.id)
