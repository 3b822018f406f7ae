"""What was heard is held against the phrase packs once, and the score is the sum of its parts."""

from dataclasses import replace

import pytest

from app.bootstrap import Services, build_transcriber
from app.models.analysis import UtteranceRow
from app.models.screening import CallScoreRow, CurrentScreening, Finding, KeywordHitRow, Screening
from app.ports import JobRequest
from app.vocabulary import EventKind, JobName, PackKind, QueueName, Severity
from tests.fakes import ScriptedTranscriber
from tests.integration.analysis.conftest import AGENT, CALLER, VOICE, Desk, sound

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def analyse(desk: Desk, content: bytes, **call: object) -> str:
    call_id = desk.send(content, **call)
    desk.run_all()
    return call_id


def test_words_of_a_violation_pack_become_a_finding_with_its_evidence(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT))
    [finding] = desk.load(Finding, call_id=call_id)
    assert finding.rule == "CHAN-SPEECH-SMS"
    assert finding.severity is Severity.HIGH
    assert "I got a text" in finding.evidence["hits"][0]["quote"]
    assert 3.9 < finding.start_s < finding.end_s < 7.0
    [current] = desk.load(CurrentScreening)
    assert (current.flag_count, current.top_severity) == (1, Severity.HIGH)


@only_sqlite
def test_words_that_nobody_should_rely_on_are_kept_and_give_no_finding(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mumbled = tuple(replace(line, confidence=0.2) for line in CALLER)
    transcriber = ScriptedTranscriber([*mumbled, *AGENT])
    desk.use(monkeypatch, replace(desk.services, transcriber=transcriber))
    analyse(desk, sound(mumbled, AGENT))
    hits = [hit for hit in desk.load(KeywordHitRow) if hit.rule == "CHAN-SPEECH-SMS"]
    assert hits
    assert all(hit.is_low_trust for hit in hits)
    assert desk.load(Finding) == []
    assert [current.flag_count for current in desk.load(CurrentScreening)] == [0]


@only_sqlite
def test_every_finding_rests_on_a_trusted_hit_of_a_violation_pack(desk: Desk) -> None:
    analyse(desk, sound(CALLER, AGENT))
    trusted = {hit.rule for hit in desk.load(KeywordHitRow) if hit.kind is PackKind.VIOLATION and not hit.is_low_trust}
    assert {finding.rule for finding in desk.load(Finding)} == trusted


def test_screening_twice_is_one_screening(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT))
    with desk.uow.begin("user:1") as work:
        job = JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id)
        work.publish(EventKind.ANALYSIS_REQUESTED, ("call", call_id), jobs=(job,))
    assert len(desk.queue.requests) == 1
    desk.run_all()
    assert len(desk.load(Screening)) == len(desk.load(CallScoreRow)) == len(desk.load(CurrentScreening)) == 1
    assert len(desk.load(Finding)) == 1
    assert desk.count(EventKind.CALL_SCREENED, call_id) == 1


@only_sqlite
def test_screening_a_call_that_was_never_heard_is_no_work(desk: Desk) -> None:
    call_id = desk.send(sound(CALLER, AGENT))
    desk.queue.requests.clear()
    with desk.uow.begin("user:1") as work:
        job = JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id)
        work.publish(EventKind.ANALYSIS_REQUESTED, ("call", call_id), jobs=(job,))
    desk.run(JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id))
    assert desk.load(Screening) == []


@only_sqlite
@pytest.mark.parametrize("connected_s", [29.0, 31.0])  # the ad of these tests bills from 30 s on
def test_the_score_is_the_sum_of_its_parts_and_knows_the_ads_terms(desk: Desk, connected_s: float) -> None:
    analyse(desk, sound(CALLER, AGENT), connected_s=connected_s)
    [score] = desk.load(CallScoreRow)
    assert score.value == sum(part["points"] for part in score.parts)
    assert all(part["why"] for part in score.parts)
    violations = [part["points"] for part in score.parts if "violation" in part["name"]]
    assert violations == [-15]  # one phrase of high severity
    billable = [part for part in score.parts if "30 s" in part["why"] or "billable" in part["why"]]
    assert [part["points"] > 0 for part in billable] == [connected_s > 30]


@pytest.mark.slow
@only_sqlite
def test_a_real_recording_is_heard_screened_and_scored_by_the_real_recogniser(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(desk.services.settings, asr_model="tiny.en")
    real: Services = replace(desk.services, settings=settings, transcriber=build_transcriber(settings))
    desk.use(monkeypatch, real)
    call_id = analyse(desk, VOICE.read_bytes(), name=VOICE.name)
    said = " ".join(line.text.lower() for line in desk.load(UtteranceRow))
    assert "this call may be recorded" in said
    assert "swimming pool" in said
    assert {line.speaker for line in desk.load(UtteranceRow)} == {"caller", "agent"}
    assert "PH-REC-NOTICE" in {hit.pack for hit in desk.load(KeywordHitRow)}
    assert desk.load(Finding, call_id=call_id) == []
    [score] = desk.load(CallScoreRow)
    assert score.value == sum(part["points"] for part in score.parts)
