"""Real weights on real telephone calls: words, times, nobody lost, nothing invented."""

from __future__ import annotations

import csv
import os
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from app.adapters.whisper import WhisperTranscriber
from app.audio.asr import recognise_channel
from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.vad import find_speech
from app.conversation import Word
from app.timeline import Span

pytestmark = pytest.mark.slow

CORPUS = Path(os.environ.get("EARSHOT_AUDIO_CORPUS", "../shared/audio"))
needs_corpus = pytest.mark.skipif(
    not (CORPUS / "manifest.csv").is_file(), reason="EARSHOT_AUDIO_CORPUS names no folder with the development audio"
)


@pytest.fixture(scope="module")
def transcriber() -> WhisperTranscriber:
    return WhisperTranscriber("tiny.en", beam_size=5)


@lru_cache
def load(file: str) -> np.ndarray:
    """One channel of a file of the corpus, read by another decoder than ours."""
    from faster_whisper import decode_audio

    sound = decode_audio(str(CORPUS / file), sampling_rate=HOUSE_RATE_HZ)
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)


def hear(transcriber: WhisperTranscriber, samples: np.ndarray) -> tuple[Word, ...]:
    return recognise_channel(samples, transcriber, find_speech(samples))


def plain(words: tuple[Word, ...]) -> str:
    return re.sub(r"[^a-z ]", "", " ".join(word.text for word in words).lower())


def test_silence_and_line_noise_have_no_words(transcriber: WhisperTranscriber) -> None:
    noise = np.round(np.random.default_rng(0).normal(0, 30, 20 * HOUSE_RATE_HZ)).astype(np.int16)
    assert hear(transcriber, np.zeros(20 * HOUSE_RATE_HZ, dtype=np.int16)) == ()
    assert hear(transcriber, noise) == ()


@pytest.mark.corpus
@needs_corpus
def test_keywords_lie_where_a_person_marked_them(transcriber: WhisperTranscriber) -> None:
    with (CORPUS / "refs/wuw_keywords.csv").open(newline="") as table:
        marked = [row for row in csv.DictReader(table) if row["keyword"] == "Operator"][:12]
    late_s = []
    for row in marked:
        words = hear(transcriber, load(row["file"]))
        found = [word for word in words if "operator" in plain((word,))]
        if found:
            late_s.append(min((word.span.start_s - float(row["start_s"]) for word in found), key=abs))
    assert len(late_s) >= 8
    assert np.median(np.abs(late_s)) <= 0.2


@pytest.mark.corpus
@needs_corpus
def test_every_caller_of_a_call_with_long_pauses_is_heard_at_the_right_time(transcriber: WhisperTranscriber) -> None:
    callers = ["live/wuw_00080_006.wav", "live/wuw_00051_006.wav", "live/wuw_00012_010.wav", "live/wuw_00270_006.wav"]
    line = np.round(np.random.default_rng(0).normal(0, 5, 7 * HOUSE_RATE_HZ)).astype(np.int16)
    starts_s, parts, at_s = [], [], 0.0
    for caller in callers:
        starts_s.append(at_s)
        parts += [load(caller), line]
        at_s += len(load(caller)) / HOUSE_RATE_HZ + 7.0
    words = hear(transcriber, np.concatenate(parts))
    for caller, start_s, needle in zip(callers, starts_s, ("personal", "marty", "mars", "speak"), strict=True):
        own = Span(start_s, start_s + len(load(caller)) / HOUSE_RATE_HZ)
        assert needle in plain(tuple(word for word in words if own.overlaps(word.span))), caller


@pytest.mark.corpus
@needs_corpus
def test_progress_and_identity_name_the_work_done(transcriber: WhisperTranscriber) -> None:
    from app.audio.pcm import as_float

    told: list[float] = []
    sound = np.concatenate([load(f"live/wuw_{name}.wav") for name in ("00080_006", "00051_006", "00270_006")])
    clips = [Span(0, 15.5), Span(15.5, 22)]
    first = transcriber.transcribe(as_float(sound), clips, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert first == transcriber.transcribe(as_float(sound), clips)
    assert transcriber.identity.as_json()["beam_size"] == 5


@pytest.mark.corpus
@needs_corpus
def test_hold_music_and_noise_have_no_trusted_word(transcriber: WhisperTranscriber) -> None:
    from app.audio.decode import decode
    from app.audio.pipeline import listen

    for file in ("music/macroform-the_simplicity_0.wav", "noise/phone_line.wav", "noise/cafe.wav"):
        heard = listen(decode(CORPUS / file), transcriber)
        assert [word.text for line in heard.utterances for word in line.words if not word.low_trust] == [], file


@pytest.mark.corpus
@needs_corpus
def test_what_the_looks_at_a_short_call_agree_on_is_surer_than_what_they_do_not(transcriber: WhisperTranscriber) -> None:
    # The speaker says "Startrek flew in the Voyager", which comes out as anything but the last words.
    words = hear(transcriber, load("live/wuw_00017_010.wav"))
    assert plain(words).endswith("in the voyager")
    sure = [word.confidence for word in words[-2:]]
    assert min(sure) > max(word.confidence for word in words[:2])
