"""A recorded voice alone is no robocall; the same audio from another number makes it one, for the calls before it too."""

import threading
from typing import Any

import pytest
from sqlalchemy import select

from app.compliance.packaged import load_judge
from app.compliance.service import screen_call
from app.conversation import CallerVoice, VoiceReason
from app.models.calls import Recording
from app.models.events import Event, Job
from app.models.screening import CurrentScreening, Finding
from app.vocabulary import EventKind, JobName, VoiceLabel
from tests.factories import calls as make
from tests.fakes import MemoryBlobStore
from tests.integration.fingerprint.conftest import Shelf, caller_print

PITCH, PITCH_AGAIN = "auto-robocall.wav", "auto-robocall-again.wav"
ONE, OTHER, THIRD = "+12125550101", "+12125550102", "+12125550103"
SOUND = VoiceReason("sound_line", "The quiet behind the voice: closer to recordings and synthetic voices", 2.0)
RECORDED = CallerVoice(VoiceLabel.RECORDED, {"live": 0.1, "recorded": 0.8, "synthetic": 0.1}, (SOUND,))


ON_VOICE = ("FRAUD-ROBOCALL", "TCPA-AI-VOICE")


def add(shelf: Shelf, number: str | None, name: str = PITCH, *, is_mixed: bool = False, voice: CallerVoice = RECORDED) -> str:
    """Take in a call, hear and print it, and do what waits; return its id."""
    call_id, recording_id = shelf.add_call(caller_number=number)
    with shelf.uow.begin("worker") as work:
        recording = work.session.get_one(Recording, recording_id)
        make.make_analysis(
            work.session, work.ids, work.now, recording, MemoryBlobStore(), make.conversation(voice=voice),
            sound=make.long_sound(76),
        )  # fmt: skip
    shelf.print(caller_print(name), call_id, recording_id, is_mixed=is_mixed)
    screen(shelf, call_id)
    for waiting in asked(shelf):
        screen(shelf, waiting)
    return call_id


def screen(shelf: Shelf, call_id: str) -> None:
    with shelf.uow.begin("worker") as work:
        screen_call(work, call_id, judge=load_judge())


def asked(shelf: Shelf) -> list[str]:
    """The calls that were to be screened again, which are done with this."""
    with shelf.uow.begin("worker") as work:
        jobs = work.session.scalars(select(Job).where(Job.name == JobName.SCREEN_CALL, Job.done_at.is_(None))).all()
        for job in jobs:
            job.done_at = work.now
        return [job.subject_id for job in jobs]


def rules(shelf: Shelf, call_id: str) -> list[str]:
    current = (
        select(Finding)
        .join(CurrentScreening, CurrentScreening.screening_id == Finding.screening_id)
        .where(CurrentScreening.call_id == call_id)
    )
    found = shelf.read(lambda session: session.scalars(current.where(Finding.rule.in_(ON_VOICE))).all())
    return [finding.rule for finding in found]


def test_a_call_becomes_a_robocall_when_its_audio_comes_again_from_another_number(shelf: Shelf) -> None:
    first = add(shelf, ONE)
    assert rules(shelf, first) == []
    second = add(shelf, OTHER, PITCH_AGAIN, is_mixed=True)
    assert rules(shelf, first) == rules(shelf, second) == ["FRAUD-ROBOCALL"]
    finding = shelf.read(
        lambda session: session.scalars(select(Finding).where(Finding.call_id == first, Finding.rule == "FRAUD-ROBOCALL")).one()
    )
    assert finding.reason == (
        "A recorded voice and a message, not a talk: the same audio was heard in a call from another number."
    )
    assert [reason["code"] for reason in finding.evidence["reasons"]] == ["sound_line", "same_audio"]
    grown = shelf.read(lambda session: session.scalars(select(Event).where(Event.kind == EventKind.CLUSTER_GREW)).one())
    assert grown.payload == {"call_id": second, "screened_again": 1}


def test_a_cluster_that_is_known_to_reach_two_numbers_screens_nothing_again(shelf: Shelf) -> None:
    for number in (ONE, OTHER, OTHER):
        add(shelf, number)
    before = shelf.read(lambda session: len(session.scalars(select(Event)).all()))
    last = add(shelf, THIRD)
    assert rules(shelf, last) == ["FRAUD-ROBOCALL"]
    kinds = shelf.read(lambda session: [event.kind for event in session.scalars(select(Event).offset(before))])
    assert EventKind.CLUSTER_GREW not in kinds


@pytest.mark.parametrize("number", [ONE, None])
def test_calls_of_one_number_wait_for_another_together(shelf: Shelf, number: str | None) -> None:
    calls = [add(shelf, number) for _ in range(3)]
    assert [rules(shelf, call) for call in calls] == [[], [], []]
    add(shelf, OTHER)
    assert [rules(shelf, call) for call in calls] == [["FRAUD-ROBOCALL"]] * 3


def test_two_mixed_channels_may_share_our_announcement(shelf: Shelf) -> None:
    one, other = (add(shelf, number, is_mixed=True) for number in (ONE, OTHER))
    assert rules(shelf, one) == rules(shelf, other) == []
    alone = add(shelf, THIRD)
    assert [rules(shelf, call) for call in (one, other, alone)] == [["FRAUD-ROBOCALL"]] * 3


def test_the_same_audio_makes_no_live_or_conversing_voice_a_robocall(shelf: Shelf) -> None:
    talks = VoiceReason("converses", "Answers 5 of 5 turns of the other party", -0.4)
    live = add(shelf, ONE, voice=CallerVoice(VoiceLabel.LIVE, None, (SOUND,)))
    answers = add(shelf, OTHER, voice=CallerVoice(VoiceLabel.SYNTHETIC, None, (SOUND, talks)))
    assert rules(shelf, live) == []
    assert rules(shelf, answers) == ["TCPA-AI-VOICE"]


def test_a_call_screened_while_its_copy_is_recorded_learns_of_it(shelf: Shelf) -> None:
    """Whoever comes second waits for the first: the screening sees the copy, or the copy asks for another screening."""
    first = add(shelf, ONE)
    call_id, recording_id = shelf.add_call(caller_number=OTHER)
    steps: list[Any] = [
        lambda: shelf.print(caller_print(PITCH_AGAIN), call_id, recording_id, is_mixed=True),
        lambda: screen(shelf, first),
    ]
    threads = [threading.Thread(target=step) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for waiting in asked(shelf):
        screen(shelf, waiting)
    assert rules(shelf, first) == ["FRAUD-ROBOCALL"]
