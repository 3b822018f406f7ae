"""What every recogniser keeps to, the scripted one of the tests included."""

from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from app.audio.decode import decode
from app.audio.pcm import as_float
from app.ports import Transcriber
from app.timeline import Span
from tests.fakes import ScriptedTranscriber, ScriptLine

SAMPLES = Path(__file__).parents[3] / "sample_audio"
AGENT = 1
# Three lines of the agent with the caller's pauses between them, and the caller's part of the call left out.
CLIPS = (Span(0.5, 7.0), Span(11.0, 16.0), Span(19.0, 24.2))


@pytest.fixture(scope="module")
def call() -> dict[str, Any]:
    calls = yaml.safe_load((SAMPLES / "manifest.yaml").read_text())["calls"]
    return next(call for call in calls if call["id"] == "plumbing-short")


@pytest.fixture(scope="module")
def samples(call: dict[str, Any]) -> np.ndarray:
    return as_float(decode(SAMPLES / call["file"]).samples[AGENT])


@pytest.fixture(scope="module", params=["scripted", pytest.param("whisper", marks=pytest.mark.slow)])
def transcriber(request: pytest.FixtureRequest, call: dict[str, Any]) -> Transcriber:
    if request.param == "scripted":
        said = [line for line in call["truth"]["timeline"] if line["channel"] == AGENT]
        return ScriptedTranscriber([ScriptLine(line["start_s"], line["text"]) for line in said])
    from app.adapters.whisper import WhisperTranscriber

    return WhisperTranscriber("tiny.en", beam_size=1)


def words_of(transcriber: Transcriber, samples: np.ndarray, clips: tuple[Span, ...], **options: Any) -> list[Any]:
    return [word for segment in transcriber.transcribe(samples, clips, **options) for word in segment.words]


def test_the_identity_names_model_and_weights_and_stays(transcriber: Transcriber) -> None:
    named = transcriber.identity
    assert named == transcriber.identity
    assert all(astuple(named))
    assert len(named.sha256) == 64
    assert named.as_json()["model"] == named.model


def test_without_clips_nothing_is_heard(transcriber: Transcriber, samples: np.ndarray) -> None:
    assert list(transcriber.transcribe(samples, ())) == []


def test_silence_has_no_words_that_anybody_could_rely_on(transcriber: Transcriber) -> None:
    silence = np.zeros(16_000 * 5, dtype=np.float32)
    segments = transcriber.transcribe(silence, (Span(0.0, 5.0),))
    assert all(segment.no_speech_probability > 0.5 or not segment.words for segment in segments)


def test_words_lie_inside_their_clips_in_order_of_time(transcriber: Transcriber, samples: np.ndarray) -> None:
    words = words_of(transcriber, samples, CLIPS)
    assert len(words) > 25
    assert all(any(clip.start_s <= word.span.start_s <= word.span.end_s <= clip.end_s for clip in CLIPS) for word in words)
    assert [word.span.start_s for word in words] == sorted(word.span.start_s for word in words)
    assert all(0 <= word.confidence <= 1 and word.text == word.text.strip() and word.text for word in words)


def test_nothing_outside_the_clips_is_heard(transcriber: Transcriber, samples: np.ndarray) -> None:
    heard = " ".join(word.text.lower() for word in words_of(transcriber, samples, CLIPS[:1]))
    assert "recorded" in heard
    assert "pools" not in heard


def test_the_same_sound_gives_the_same_words(transcriber: Transcriber, samples: np.ndarray) -> None:
    assert words_of(transcriber, samples, CLIPS) == words_of(transcriber, samples, CLIPS)


def test_progress_only_grows_and_ends_with_all(transcriber: Transcriber, samples: np.ndarray) -> None:
    told: list[float] = []
    words_of(transcriber, samples, CLIPS, hot_words="Brightwater Plumbing", on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert told[0] > 0.0
