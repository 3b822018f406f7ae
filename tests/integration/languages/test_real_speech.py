"""Roles and language on recordings of people, recognised as a call is."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.adapters.whisper import WhisperTranscriber
from app.audio.decode import DecodedAudio, decode
from app.audio.language_check import STRETCH_S
from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.pipeline import listen
from app.vocabulary import ChannelRole

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("EARSHOT_AUDIO_CORPUS", ROOT / "../shared/audio"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CORPUS / "manifest.csv").is_file(), reason="EARSHOT_AUDIO_CORPUS names no folder with the development audio"
    ),
]


@pytest.fixture(scope="module")
def whisper() -> WhisperTranscriber:
    return WhisperTranscriber("tiny.en", beam_size=1)


@pytest.mark.parametrize("swapped", [False, True])
def test_the_agent_of_a_real_call_is_found_on_either_channel(whisper: WhisperTranscriber, swapped: bool) -> None:
    decoded = decode(CORPUS / "live" / "swoz_SNG1640.wav")
    samples = np.ascontiguousarray(decoded.samples[::-1]) if swapped else decoded.samples
    heard = listen(replace(decoded, samples=samples), whisper)
    expected = (ChannelRole.CALLER, ChannelRole.AGENT)
    assert heard.channel_roles == (expected[::-1] if swapped else expected)
    assert any(note.startswith("Channel roles were guessed from what was said") for note in heard.notes)
    assert heard.language is not None
    assert heard.language.code == "en"


def _spanish() -> tuple[list[DecodedAudio], np.ndarray]:
    """Telephone prompts in Spanish, one after the other: 52 s."""
    decoded = [decode(file) for file in sorted((CORPUS / "prompts").glob("es_*.wav"))]
    return decoded, np.concatenate([one.samples for one in decoded], axis=1)


def test_spanish_prompts_are_not_taken_for_english(whisper: WhisperTranscriber) -> None:
    decoded, sound = _spanish()
    heard = listen(replace(decoded[0], samples=sound, notes=()), whisper)
    assert heard.language is not None
    assert heard.language.code is None
    words = [word for utterance in heard.utterances for word in utterance.words]
    assert sum(word.low_trust for word in words) >= 0.9 * len(words)
    assert any("English" in note or "another language" in note for note in heard.notes)


@pytest.mark.parametrize("spanish_first", [False, True])
def test_a_party_that_changes_the_language_is_told_with_the_times(whisper: WhisperTranscriber, spanish_first: bool) -> None:
    english = decode(CORPUS / "prompts" / "allison_demo-instruct.wav")
    parts = [english.samples, _spanish()[1]][:: -1 if spanish_first else 1]
    seam_s = parts[0].shape[1] / HOUSE_RATE_HZ
    sound = np.concatenate(parts, axis=1)
    line = np.random.default_rng(0).normal(0, 5, sound.shape).round().astype(np.int16)
    both = replace(english, samples=np.concatenate([sound, line]), source_channels=2, notes=())
    heard = listen(both, whisper, channel_roles=(ChannelRole.CALLER, ChannelRole.AGENT))
    [note] = [note for note in heard.notes if "does not sound like English" in note]
    assert note.startswith("The caller")
    words = [word for utterance in heard.utterances for word in utterance.words]
    first = [word.low_trust for word in words if word.span.end_s < seam_s - STRETCH_S]
    second = [word.low_trust for word in words if word.span.start_s > seam_s + STRETCH_S]
    foreign, own = (first, second) if spanish_first else (second, first)
    assert np.mean(foreign) >= 0.8
    assert np.mean(own) <= 0.1
