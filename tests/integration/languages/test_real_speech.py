"""Roles and language on recordings of people, recognised as a call is."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.adapters.whisper import WhisperTranscriber
from app.audio.decode import decode
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


def test_spanish_prompts_are_not_taken_for_english(whisper: WhisperTranscriber) -> None:
    files = sorted((CORPUS / "prompts").glob("es_*.wav"))
    decoded = [decode(file) for file in files]
    sound = np.concatenate([one.samples for one in decoded], axis=1)
    heard = listen(replace(decoded[0], samples=sound, notes=()), whisper)
    assert heard.language is not None
    assert heard.language.code is None
    words = [word for utterance in heard.utterances for word in utterance.words]
    assert sum(word.low_trust for word in words) >= 0.9 * len(words)
    assert any("English" in note or "another language" in note for note in heard.notes)
