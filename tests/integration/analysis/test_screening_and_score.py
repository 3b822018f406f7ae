"""What was heard is held against the phrase packs once, and the score is the sum of its parts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update

from app.bootstrap import Services, build_transcriber
from app.compliance.finding import FLAGGED
from app.compliance.packaged import load_judge
from app.compliance.replay import replay_call
from app.compliance.rule_set import RuleSet
from app.errors import InvalidTransition, NotFound
from app.models.analysis import UtteranceRow
from app.models.calls import CallLeg
from app.models.campaigns import CampaignVersion
from app.models.screening import CallScoreRow, CurrentScreening, Finding, KeywordHitRow, Screening
from app.ports import JobRequest
from app.vocabulary import EventKind, JobName, Outcome, QueueName, Severity, TransferType
from tests.fakes import ScriptedTranscriber
from tests.integration.analysis.conftest import AGENT, CALLER, VOICE, Desk, sound

A_NUMBER = "+12127365000"
"""A number that somebody may have; those kept for fiction are a finding of their own."""
IN_HOURS = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
"""A Wednesday morning in New York; the campaign is open."""

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def analyse(desk: Desk, content: bytes, **call: object) -> str:
    call_id = desk.send(content, **{"caller_number": A_NUMBER, "started_at": IN_HOURS, **call})
    desk.run_all()
    return call_id


def flags(desk: Desk) -> dict[str, Finding]:
    """Return the violations and questions by rule."""
    return {finding.rule: finding for finding in desk.load(Finding) if finding.outcome in FLAGGED}


def test_words_of_a_violation_pack_become_a_finding_with_its_evidence(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT))
    findings = flags(desk)
    assert set(findings) == {"CHAN-SPEECH-SMS"}
    finding = findings["CHAN-SPEECH-SMS"]
    assert finding.call_id == call_id
    # One clear phrase asks a person; worse by one step, as the source is declared as a search.
    assert (finding.outcome, finding.severity) == (Outcome.REVIEW, Severity.CRITICAL)
    assert "I got a text" in finding.evidence["hits"][0]["quote"]
    assert 3.9 < finding.start_s < finding.end_s < 7.0
    [current] = desk.load(CurrentScreening)
    assert (current.flag_count, current.top_severity) == (1, Severity.CRITICAL)


@only_sqlite
def test_words_that_nobody_should_rely_on_are_kept_and_give_no_finding(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    mumbled = tuple(replace(line, confidence=0.2) for line in CALLER)
    transcriber = ScriptedTranscriber([*mumbled, *AGENT])
    desk.use(monkeypatch, replace(desk.services, transcriber=transcriber))
    analyse(desk, sound(mumbled, AGENT))
    hits = [hit for hit in desk.load(KeywordHitRow) if hit.rule == "CHAN-SPEECH-SMS"]
    assert hits
    assert all(hit.is_low_trust for hit in hits)
    assert flags(desk) == {}
    assert [current.flag_count for current in desk.load(CurrentScreening)] == [0]


@only_sqlite
def test_words_of_a_channel_that_the_campaign_takes_give_no_finding(desk: Desk) -> None:
    with desk.uow.begin("test") as work:
        version = work.session.get_one(CampaignVersion, desk.world.version.id)
        version.channels = {"default": "deny", "allow": ["online.search_paid", "offline.sms"], "deny": []}
    analyse(desk, sound(CALLER, AGENT))
    assert "CHAN-SPEECH-SMS" in {hit.rule for hit in desk.load(KeywordHitRow)}
    assert flags(desk) == {}
    [screening] = desk.load(Screening)
    assert ["CHAN-SPEECH-SMS", "pass", "high"] in screening.outcomes


@only_sqlite
def test_evidence_that_is_missing_is_kept_and_counts_as_no_flag(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT), transfer_type=TransferType.COLD)
    with desk.uow.begin("test") as work:
        work.session.execute(delete(CallLeg).where(CallLeg.call_id == call_id))
        job = JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id)
        work.publish(EventKind.ANALYSIS_REQUESTED, ("call", call_id), jobs=(job,))
    desk.run_all()
    [current] = desk.load(CurrentScreening)
    found = {finding.rule: finding.outcome for finding in desk.load(Finding, screening_id=current.screening_id)}
    assert found["EVID-ORIGIN-LEG-MISSING"] is Outcome.NEEDS_EVIDENCE
    assert current.flag_count == sum(outcome is not Outcome.NEEDS_EVIDENCE for outcome in found.values())


def test_a_replay_gives_the_same_answer(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT))
    with desk.uow.read() as session:
        replay = replay_call(session, call_id, load_judge())
    assert replay.is_same
    assert (replay.outcomes, replay.versions) == ({}, {})


@only_sqlite
def test_a_replay_judges_the_facts_that_were_kept_and_says_which_versions_differ(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT))
    with desk.uow.begin("test") as work:  # what became of the campaign since is no matter
        version = work.session.get_one(CampaignVersion, desk.world.version.id)
        version.channels = {"default": "allow", "allow": [], "deny": []}
    judge = load_judge()
    fewer = tuple(rule for rule in judge.rules.rules if rule.id != "CHAN-SPEECH-SMS")
    with desk.uow.read() as session:
        assert replay_call(session, call_id, judge).is_same
        replay = replay_call(session, call_id, replace(judge, rules=RuleSet(fewer, "another")))
    assert dict(replay.outcomes) == {"CHAN-SPEECH-SMS": ("review (critical)", "absent")}
    assert dict(replay.versions) == {"rule_set": (judge.rules.version, "another")}
    assert replay.to_json()["same"] is False


@only_sqlite
def test_a_screening_made_before_facts_were_kept_cannot_be_replayed(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT))
    with desk.uow.begin("test") as work:
        work.session.execute(update(Screening).values(facts=None, outcomes=None))
    with desk.uow.read() as session, pytest.raises(InvalidTransition, match="before facts were kept"):
        replay_call(session, call_id, load_judge())
    with desk.uow.read() as session, pytest.raises(NotFound, match="no such call"):
        replay_call(session, "nobody", load_judge())


def test_screening_twice_is_one_screening(desk: Desk) -> None:
    call_id = analyse(desk, sound(CALLER, AGENT))
    with desk.uow.begin("user:1") as work:
        job = JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call_id)
        work.publish(EventKind.ANALYSIS_REQUESTED, ("call", call_id), jobs=(job,))
    assert len(desk.queue.requests) == 1
    desk.run_all()
    assert len(desk.load(Screening)) == len(desk.load(CallScoreRow)) == len(desk.load(CurrentScreening)) == 1
    assert len(flags(desk)) == 1
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
    [charged] = [part["points"] for part in score.parts if part["name"] == "findings"]
    weights = {Severity.LOW: 3, Severity.MEDIUM: 8, Severity.HIGH: 15, Severity.CRITICAL: 25}
    due = sum(
        weights[f.severity] * (1.0 if f.outcome is Outcome.VIOLATION else 0.5)
        for f in desk.load(Finding)
        if f.outcome in FLAGGED
    )
    assert charged == pytest.approx(-due, abs=1)
    assert due > 0
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
    assert flags(desk) == {}
    assert [current.call_id for current in desk.load(CurrentScreening)] == [call_id]
    [score] = desk.load(CallScoreRow)
    assert score.value == sum(part["points"] for part in score.parts)
