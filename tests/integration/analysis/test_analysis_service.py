"""A recording is heard once, whatever happens meanwhile; what could not be heard says why and can be asked for again."""

import pytest
from sqlalchemy import select

import app.audio.pipeline
from app.audio.service import Analyst
from app.audio.state import analysis_state, load_standing
from app.errors import Conflict, NotFound
from app.jobs import claim_job
from app.models.analysis import AnalysisResult, AnalysisRun, TranscriptDocument, UtteranceRow
from app.models.calls import Call
from app.models.events import Job
from app.models.screening import CurrentScreening, Screening
from app.vocabulary import AnalysisState, EventKind, JobName
from app.web.call_list.search import matching_calls, parse_search
from tests.fakes import ScriptedTranscriber, ScriptLine
from tests.integration.analysis.conftest import AGENT, CALLER, Desk, sound

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COMPLETED, FAILED = EventKind.ANALYSIS_COMPLETED, EventKind.ANALYSIS_FAILED


class Killed(BaseException):
    """The process ends here: nothing that catches errors sees it."""


def standing(desk: Desk, call_id: str):  # type: ignore[no-untyped-def]
    with desk.uow.read() as session:
        return load_standing(session, call_id)


def listed(desk: Desk, state: AnalysisState) -> list[str]:
    """The calls that a list filtered by the state shows."""
    with desk.uow.read() as session:
        return list(session.scalars(select(Call.id).where(analysis_state() == str(state)).order_by(Call.id)))


def test_a_recording_becomes_words_by_speaker_with_their_times(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    assert listed(desk, AnalysisState.WAITING) == [call_id]
    desk.run_all()
    assert listed(desk, AnalysisState.ANALYSED) == [call_id]
    lines = desk.load(UtteranceRow)
    assert [(line.speaker, line.channel, line.text) for line in lines] == [
        ("agent", 1, AGENT[0].text),
        ("caller", 0, CALLER[0].text),
        ("agent", 1, AGENT[1].text),
        ("caller", 0, CALLER[1].text),
    ]
    assert all(abs(line.start_s - said.start_s) < 0.2 for line, said in zip(lines, (AGENT[0], CALLER[0]), strict=False))
    result = desk.load(AnalysisResult)[0]
    assert (result.duration_s, result.channels, result.channel_roles) == (13.0, 2, ["caller", "agent"])
    assert desk.services.blobs.stat(result.peaks_blob_key) is not None
    assert desk.services.blobs.stat(result.listening_blob_key) is not None
    assert desk.load(Job, done_at=None) == []


def test_the_same_recording_in_two_calls_is_recognised_once(desk: Desk) -> None:
    first, second = desk.send(sound(CALLER, AGENT)), desk.send(sound(CALLER, AGENT), "other name.wav")
    desk.run(desk.queue.requests.pop(0))
    heard = len(desk.transcriber.heard)
    assert heard >= 2
    desk.run_all()
    assert len(desk.transcriber.heard) == heard
    assert listed(desk, AnalysisState.ANALYSED) == [first, second]
    texts = [[line.text for line in desk.load(UtteranceRow, run_id=run.id)] for run in desk.load(AnalysisRun)]
    assert texts[0] == texts[1]


def test_the_same_input_and_version_is_no_new_run(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    desk.run_all()
    heard, made = len(desk.transcriber.heard), desk.load(AnalysisResult)[0].made_at
    desk.clock.advance(hours=1)
    desk.ask_again(call_id)
    desk.run_all()
    assert len(desk.load(AnalysisRun)) == 1
    assert [result.made_at for result in desk.load(AnalysisResult)] == [made]
    assert len(desk.transcriber.heard) == heard
    assert desk.count(COMPLETED, call_id) == 1
    assert desk.load(Job, done_at=None) == []


def test_what_cannot_be_heard_is_listed_with_its_code_and_starts_over_on_request(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.change_settings(monkeypatch, max_recording_hours=10 / 3600)
    call_id = desk.send(sound(CALLER, AGENT), "long call.wav")
    desk.run_all()
    failed = standing(desk, call_id)
    assert (failed.state, failed.error_code) == (AnalysisState.FAILED, "too_long")
    assert failed.error_message.startswith("long call.wav")
    assert listed(desk, AnalysisState.FAILED) == [call_id]
    assert desk.count(FAILED, call_id) == 1

    desk.change_settings(monkeypatch, max_recording_hours=1.0)
    desk.ask_again(call_id)
    assert standing(desk, call_id).state is AnalysisState.WAITING
    desk.run_all()
    assert standing(desk, call_id).state is AnalysisState.ANALYSED
    assert len(desk.load(AnalysisRun)) == 1


def test_a_cause_that_is_not_mended_fails_again_and_is_told_again(desk: Desk) -> None:
    call_id = desk.send(sound((), (), seconds=0.1))
    for times in (1, 2):
        desk.run_all()
        assert standing(desk, call_id).error_code == "too_short"
        assert desk.count(FAILED, call_id) == times
        desk.ask_again(call_id)
    assert len(desk.load(AnalysisRun)) == 1


def test_another_pipeline_version_makes_a_new_run_and_the_old_one_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    desk.run_all()
    [old] = desk.load(AnalysisRun)
    heard = len(desk.transcriber.heard)
    desk.clock.advance(days=1)
    monkeypatch.setattr(app.audio.pipeline, "PIPELINE_VERSION", "next")
    desk.ask_again(call_id)
    desk.run_all()
    runs = desk.load(AnalysisRun)
    assert [run.pipeline_version for run in runs] == [old.pipeline_version, "next"]
    assert len(desk.transcriber.heard) == 2 * heard
    assert desk.load(AnalysisResult, run_id=old.id) != []
    assert desk.load(UtteranceRow, run_id=old.id) != []
    assert standing(desk, call_id).run_id == runs[1].id
    assert [document.run_id for document in desk.load(TranscriptDocument)] == [runs[1].id]
    screenings = desk.load(Screening)
    assert [screening.run_id for screening in screenings] == [old.id, runs[1].id]
    assert [current.screening_id for current in desk.load(CurrentScreening)] == [screenings[1].id]


@only_sqlite
def test_a_failed_run_asked_for_again_under_another_version_leaves_no_run_waiting_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = desk.send(sound((), (), seconds=0.1))
    desk.run_all()
    monkeypatch.setattr(app.audio.pipeline, "PIPELINE_VERSION", "next")
    desk.ask_again(call_id)
    desk.run_all()
    [run] = desk.load(AnalysisRun)
    assert (run.pipeline_version, run.error_code) == ("next", "too_short")
    assert desk.count(FAILED, call_id) == 2


@only_sqlite
def test_asking_again_touches_no_run_but_the_newest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.change_settings(monkeypatch, max_recording_hours=10 / 3600)
    call_id = desk.send(sound(CALLER, AGENT))
    desk.run_all()
    desk.clock.advance(days=1)
    with desk.uow.begin("test") as work:
        [failed] = work.session.scalars(select(AnalysisRun))
        newer = AnalysisRun(
            id=work.new_id(),
            call_id=call_id,
            recording_id=failed.recording_id,
            input_hash="f" * 64,
            pipeline_version="next",
            requested_at=work.now,
            finished_at=work.now,
        )
        work.session.add(newer)
    desk.ask_again(call_id)
    assert [run.failed_at is not None for run in desk.load(AnalysisRun)] == [True, False]


def test_a_worker_that_lost_its_claim_records_nothing_and_the_others_result_stands_once(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    recording_id = desk.recording(call_id).id
    with desk.uow.begin("worker") as work:
        name, lease = JobName.ANALYZE_RECORDING, desk.clock.now() - desk.clock.now()
        slow = claim_job(work.session, name, recording_id, holder="slow", now=work.now, lease=lease)
    assert slow is not None
    script = ScriptedTranscriber([ScriptLine(4.0, "what the slow worker heard")])
    s = desk.services
    analyst = Analyst(s.uow, s.blobs, script, s.stage_cache, s.clock, s.settings, redactor=s.redact)

    def meanwhile(count: int) -> None:
        if count == 0:
            desk.lose_the_worker()
            desk.run_all()

    script.before_hearing = meanwhile
    with pytest.raises(Conflict) as lost:
        analyst.analyze(slow, keep_alive=lambda: None)
    assert lost.value.code == "claim_lost"
    assert len(desk.load(AnalysisResult)) == 1
    assert CALLER[0].text in [line.text for line in desk.load(UtteranceRow)]
    assert "slow" not in " ".join(line.text for line in desk.load(UtteranceRow))
    assert desk.count(COMPLETED, call_id) == 1
    assert standing(desk, call_id).state is AnalysisState.ANALYSED


def test_a_worker_killed_between_the_channels_is_followed_by_one_that_hears_only_the_rest(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    heard = desk.transcriber.heard

    def kill_at_the_second_channel(count: int) -> None:
        if len(set(heard)) == 1 and count == len(heard) and not is_first_channel_still_on():
            raise Killed

    def is_first_channel_still_on() -> bool:
        return not list((desk.services.settings.data_dir.parent / "stages").glob("*/words-*"))

    desk.transcriber.before_hearing = kill_at_the_second_channel
    with pytest.raises(Killed):
        desk.run_all()
    first_channel = list(heard)
    assert len(set(first_channel)) == 1
    assert standing(desk, call_id).state is AnalysisState.RUNNING
    assert desk.load(AnalysisResult) == []

    desk.transcriber.before_hearing = lambda count: None
    desk.lose_the_worker()
    desk.run_all()
    assert not set(first_channel) & set(heard[len(first_channel) :])
    assert [line.text for line in desk.load(UtteranceRow)] == [AGENT[0].text, CALLER[0].text, AGENT[1].text, CALLER[1].text]
    assert desk.load(Job, name=JobName.ANALYZE_RECORDING)[0].attempts == 2
    assert desk.count(COMPLETED, call_id) == 1


@only_sqlite
def test_a_worker_that_dies_every_time_leaves_a_visible_failure_that_starts_over_on_request(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))

    def die(count: int) -> None:
        raise Killed

    desk.transcriber.before_hearing = die
    for _ in range(desk.services.settings.job_attempts):
        with pytest.raises(Killed):
            desk.run_all()
        desk.lose_the_worker()
    assert desk.queue.requests == []
    failed = standing(desk, call_id)
    assert (failed.state, failed.error_code) == (AnalysisState.FAILED, "worker_lost")

    desk.transcriber.before_hearing = lambda count: None
    desk.ask_again(call_id)
    desk.run_all()
    assert standing(desk, call_id).state is AnalysisState.ANALYSED


@only_sqlite
def test_an_unexpected_error_is_tried_again_and_then_shown(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))

    def break_down(count: int) -> None:
        raise RuntimeError("the model file is gone")

    desk.transcriber.before_hearing = break_down
    for _ in range(desk.services.settings.job_attempts):
        desk.run_all()
        desk.clock.advance(hours=1)
        desk.uow.relay()
    failed = standing(desk, call_id)
    assert (failed.state, failed.error_code) == (AnalysisState.FAILED, "internal_error")
    assert "the model file is gone" in failed.error_message
    assert desk.queue.requests == []


@only_sqlite
def test_stored_bytes_that_changed_are_a_visible_failure_and_leave_no_file_behind(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    key = desk.recording(call_id).blob_key
    desk.services.blobs.delete(key)
    desk.services.blobs.put(key, [sound(AGENT, CALLER)])
    desk.run_all()
    failed = standing(desk, call_id)
    assert (failed.state, failed.error_code) == (AnalysisState.FAILED, "stored_bytes_changed")
    assert list((desk.services.settings.data_dir / "tmp").iterdir()) == []


@only_sqlite
def test_a_recording_whose_bytes_are_gone_says_so_at_once(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT), "lost.wav")
    desk.services.blobs.delete(desk.recording(call_id).blob_key)
    desk.run_all()
    failed = standing(desk, call_id)
    assert (failed.state, failed.error_code) == (AnalysisState.FAILED, "stored_bytes_missing")
    assert "lost.wav" in failed.error_message
    assert list((desk.services.settings.data_dir / "tmp").iterdir()) == []


@only_sqlite
def test_a_call_without_audio_cannot_be_analysed(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.ask_again("nobody")


def test_the_words_of_an_analysed_call_are_found(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    desk.run_all()
    with desk.uow.read() as session:
        found = {
            typed: list(session.scalars(matching_calls(session, parse_search(typed))))
            for typed in ('"text message"', "recorded plan", '"message text"', "elephant")
        }
    assert found == {'"text message"': [call_id], "recorded plan": [call_id], '"message text"': [], "elephant": []}
