"""The sample calls, heard by the real pipeline, tell what their manifest says is true of them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.bootstrap import build_transcriber
from app.compliance.judge import Judge
from app.compliance.packaged import load_judge
from app.ports import Transcriber
from app.reports.analyze import CallReport, analyze_file
from app.settings import Settings
from app.timeline import Span

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[3] / "sample_audio"
# One of each: FLAC, mu-law, 16 bit, 8 bit and GSM WAV, AAC, MP3, Opus, one recording copied to both channels; busy, SIT, keys,
# ringback, beep, music; a misdial, a refusal to be recorded, a text message that the campaign forbids, long silences.
IDS = (
    "plumbing-short",
    "air-busy-retry",
    "air-no-answer",
    "plumbing-misdial",
    "air-voicemail",
    "debt-recording-refused",
    "plumbing-texted",
    "debt-too-small",
    "air-hold-music",
)
TRUTH = {call["id"]: call for call in yaml.safe_load((SAMPLES / "manifest.yaml").read_text())["calls"]}


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return build_transcriber(Settings())


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge()


@pytest.fixture(scope="module", params=IDS)
def heard(request: pytest.FixtureRequest, transcriber: Transcriber, judge: Judge) -> tuple[dict[str, Any], CallReport]:
    call = TRUTH[request.param]
    return call, analyze_file(SAMPLES / call["file"], transcriber=transcriber, judge=judge)


def test_its_shape_is_that_of_the_file(heard: tuple[dict[str, Any], CallReport]) -> None:
    call, report = heard
    listening = report.listening
    assert listening.duration_s == pytest.approx(call["duration_s"], abs=0.1)  # encoders pad to whole frames
    roles = ("caller", "agent") if call["layout"] == "stereo" else ("mixed",)
    assert listening.channel_roles == roles
    assert listening.channels == len(roles)
    assert listening.sha256 == call["sha256"]


def test_the_packs_whose_words_are_said_fire_and_the_others_do_not(heard: tuple[dict[str, Any], CallReport]) -> None:
    call, report = heard
    fired = {hit.pack for hit in report.hits if not hit.low_trust}
    said = " / ".join(utterance.text for utterance in report.listening.utterances)
    assert set(call["truth"]["must_fire"]) - fired == set(), said
    assert set(call["truth"]["must_not_fire"]) & {hit.pack for hit in report.hits} == set(), said


def test_talk_time_is_that_of_the_lines_spoken(heard: tuple[dict[str, Any], CallReport]) -> None:
    call, report = heard
    spoken = [0.0] * report.listening.channels
    systems = {name for name, who in call["speakers"].items() if who["played_role"] == "recorded_message" and name != "caller"}
    for line in call["truth"]["timeline"]:
        if line["party"] in systems:
            continue  # menus, greetings and announcements are no talk of the parties
        spoken[line["channel"] if len(spoken) > 1 else 0] += line["end_s"] - line["start_s"]
    for found_s, true_s in zip(report.listening.turns.talk_s, spoken, strict=True):
        assert found_s == pytest.approx(true_s, rel=0.15, abs=0.5)


def test_speech_lies_where_lines_are_spoken(heard: tuple[dict[str, Any], CallReport]) -> None:
    call, report = heard
    lines = [Span(line["start_s"] - 0.3, line["end_s"] + 0.3) for line in call["truth"]["timeline"]]
    for utterance in report.listening.utterances:
        assert any(line.overlaps(utterance.span) for line in lines), utterance.text


def test_every_tone_is_found_on_its_channel(heard: tuple[dict[str, Any], CallReport]) -> None:
    call, report = heard
    is_mono = report.listening.channels == 1
    for true in call["truth"]["tones"]:
        span = Span(true["start_s"], true["end_s"])
        same = [
            tone
            for tone in report.listening.tones
            if tone.kind == true["kind"] and (is_mono or tone.channel == true["channel"]) and tone.span.overlaps(span)
        ]
        assert same, f"{true['kind']} {true['detail']} at {true['start_s']} s"
        if true["kind"] == "dtmf":
            assert true["detail"] in {tone.detail for tone in same}


def test_no_tone_is_found_where_there_is_none(heard: tuple[dict[str, Any], CallReport]) -> None:
    call, report = heard
    kinds = {tone["kind"] for tone in call["truth"]["tones"]}
    assert {str(tone.kind) for tone in report.listening.tones} == kinds


def test_what_is_said_between_two_rings_is_heard(transcriber: Transcriber, judge: Judge) -> None:
    report = analyze_file(SAMPLES / TRUTH["air-no-answer"]["file"], transcriber=transcriber, judge=judge)
    assert any("pick up the phone" in utterance.text.lower() for utterance in report.listening.utterances)
