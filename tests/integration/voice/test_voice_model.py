"""The model that comes with the product, on real recordings and on the sample calls."""

import csv
import json
import os
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from app.adapters.whisper import WhisperTranscriber
from app.audio.decode import decode
from app.audio.pcm import as_float
from app.audio.pipeline import listen
from app.audio.segmentation import plan_clips
from app.audio.voice.model import load_voice_model
from app.cli import main
from app.learning.voice_auc import find_auc
from app.learning.voice_corpus import read_voice_corpus
from app.learning.voice_figures import measure_whole
from app.learning.voice_held_out import SPEAKER_FOLDS, head_name
from app.vocabulary import VoiceLabel

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("EARSHOT_AUDIO_CORPUS", ROOT / "../shared/audio"))
CALLS = ROOT / "sample_audio" / "calls"

needs_corpus = pytest.mark.skipif(
    not (CORPUS / "manifest.csv").is_file(), reason="EARSHOT_AUDIO_CORPUS names no folder with the development audio"
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whisper() -> WhisperTranscriber:
    return WhisperTranscriber("tiny.en", beam_size=1)


def test_the_model_was_made_for_the_encoder_in_use(whisper: WhisperTranscriber) -> None:
    assert load_voice_model().encoder_sha256 == whisper.encoder_sha256


def test_the_card_is_that_of_the_model_and_every_goal_on_it_is_met() -> None:
    model, card = load_voice_model(), (ROOT / "docs" / "voice-model-card.md").read_text()
    assert model.version in card
    assert model.training["data_sha256"] in card
    assert all(f"| {source} | " in card for source in model.training["sources"])
    assert "not met" not in card


def test_what_was_recognised_is_not_encoded_again(whisper: WhisperTranscriber) -> None:
    decoded = decode(CALLS / "plumbing-short.flac")
    sound, clips = as_float(decoded.samples[0]), plan_clips(decoded.samples[0])
    whisper.transcribe(sound, clips)
    encoded = []
    engine = whisper._load()
    encode = engine.encode
    engine.encode = lambda features: encoded.append(1) or encode(features)
    try:
        shared = whisper.encode_blocks(sound, clips)
    finally:
        engine.encode = encode
    assert encoded == []
    fresh = WhisperTranscriber("tiny.en", beam_size=1).encode_blocks(sound, clips)
    assert [block.span for block in shared] == [block.span for block in fresh]
    assert all(a.total / a.frames == pytest.approx(b.total / b.frames, abs=0.05) for a, b in zip(shared, fresh, strict=True))


def test_the_sample_robocall_is_found_and_explained(whisper: WhisperTranscriber) -> None:
    voice = listen(decode(CALLS / "auto-robocall.wav"), whisper).caller_voice
    assert voice.label in (VoiceLabel.SYNTHETIC, VoiceLabel.RECORDED)
    codes = {reason.code for reason in voice.reasons}
    assert {"menu_wording", "no_reaction"} <= codes
    assert "converses" not in codes


def test_a_sample_call_that_is_a_conversation_is_no_message(whisper: WhisperTranscriber) -> None:
    voice = listen(decode(CALLS / "auto-wrong-state.mp3"), whisper).caller_voice
    codes = {reason.code for reason in voice.reasons}
    assert "converses" in codes
    assert not codes & {"monologue", "no_reaction", "menu_wording"}


@pytest.mark.corpus
@needs_corpus
def test_the_model_keeps_what_its_card_says_of_live_callers_and_flite(whisper: WhisperTranscriber) -> None:
    """Forty real calls and the flite files over their own lines: people are not refused, machines are told apart."""
    model = load_voice_model()
    voices = read_voice_corpus(CORPUS / "manifest.csv").voices
    # People of the group of speakers that this head was fitted without.
    called = [voice for voice in voices if voice.subclass == "prompted_call"]
    live = [voice for voice in called if zlib.crc32(voice.speaker.encode()) % SPEAKER_FOLDS == 0][:40]
    flite = [voice for voice in voices if voice.source == "flite" and voice.variant.startswith("tel_")][::2]
    head = model.without[head_name("flite", 0)]

    def odds(files: list, weigher: object) -> list[float]:  # type: ignore[type-arg]
        found = []
        for voice in files:
            figures = model.standardise(measure_whole(decode(voice.path).samples[0], whisper))
            found.append(weigher.log_odds(figures))  # type: ignore[attr-defined]
        return found

    people = odds(live, head)
    assert sum(odd > model.not_live_above for odd in people) <= 0.03 * len(people)
    card = (ROOT / "docs" / "voice-model-card.md").read_text()
    low = float(re.search(r"\| flite \| classic \| \d+ \| [\d.]+ \(([\d.]+)-", card)[1])  # type: ignore[index]
    assert find_auc(np.array(odds(flite, head)), np.array(people)) >= low - 0.02


@pytest.mark.corpus
@needs_corpus
def test_evaluate_measures_recordings_that_a_manifest_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_DATA_DIR", str(tmp_path / "data"))
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    live = [row for row in rows if row["subclass"] == "read" and row["variant"] == "tel_gsm"][:4]
    machines = [row for row in rows if row["class"] == "tts" and row["variant"] == "tel_gsm" and "espeak" in row["speakers"]]
    for at, row in enumerate([*live, *machines]):
        row["file"] = str(CORPUS.resolve() / row["file"])
        row["speakers"] = row["speakers"].replace("librispeech", f"other{at}")
    manifest = tmp_path / "other.csv"
    with manifest.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows([*live, *machines])
    assert main(["voice", "evaluate", str(manifest), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["live"]["rows"] == 4
    (espeak,) = told["sources"]
    assert (espeak["source"], espeak["rows"], espeak["kind"]) == ("espeak", len(machines), "classic")
    assert espeak["auc"] > 0.7
    assert told["model_version"] == load_voice_model().version


def test_evaluate_refuses_what_is_no_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voice", "evaluate", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
