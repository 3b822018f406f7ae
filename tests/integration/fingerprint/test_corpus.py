"""On real callers, prompts and synthetic voices: copies are found among thousands of others, and nothing else is."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from app.audio.decode import decode
from app.audio.fingerprint import AudioPrint, find_landmarks, take_print
from app.audio.fingerprint_index import Segment, find_candidates
from app.audio.likeness import compare_prints
from app.audio.vad import find_speech
from app.settings import load_settings

pytestmark = [pytest.mark.corpus, pytest.mark.slow]
RATE_HZ = 16_000
OTHERS_SPEEDS = tuple(speed for speed in np.geomspace(0.75, 1.33, 34) if abs(speed - 1) > 0.02)


def of_speech(samples: np.ndarray) -> AudioPrint:
    return take_print(samples, find_speech(samples))


def sped(print_: AudioPrint, speed: float) -> AudioPrint:
    """The print as it would be had the recording been played faster: other audio with the statistics of speech."""
    frames = np.round(print_.frames / speed).astype(np.int64)
    bins = np.round((print_.bins + 26) * speed).astype(np.int64) - 26
    is_inside = (bins >= 0) & (bins <= 230) & (frames < 1 << 16)
    return AudioPrint(frames[is_inside].astype(np.uint16), bins[is_inside].astype(np.uint8), print_.speech_s / speed)


def spoil(samples: np.ndarray, noise: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Start later, lay cafe noise 15 dB below, halve the level, and go through GSM."""
    shifted = np.concatenate([np.zeros(int(random.integers(1_000, 9_000)), np.int16), samples]).astype(np.float64)
    behind = np.resize(noise[int(random.integers(0, noise.size // 2)) :], shifted.size).astype(np.float64)
    behind *= np.sqrt((shifted**2).mean() / (behind**2).mean() / 10**1.5)
    file = io.BytesIO()
    line = soxr.resample((shifted + behind) / 65_536, RATE_HZ, 8_000)
    soundfile.write(file, np.clip(line, -1, 1), 8_000, subtype="GSM610", format="WAV")
    file.seek(0)
    heard, _ = soundfile.read(file, dtype="float32")
    return (np.clip(soxr.resample(heard, 8_000, RATE_HZ), -1, 1) * 32_767).astype(np.int16)


def test_thirty_noisy_shifted_recoded_copies_are_found_among_ten_thousand_others(tmp_path: Path) -> None:
    corpus = load_settings().audio_corpus
    if not (corpus / "manifest.csv").exists():
        pytest.skip(f"the development audio is not at {corpus}; set EARSHOT_AUDIO_CORPUS")
    with (corpus / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["class"] in ("live_human", "recorded_prompt", "tts")]
    # One recording of each parent: its other variants are the same audio.
    roots = {row["parent"] or row["file"]: row["file"] for row in reversed(rows)}
    samples = {root: decode(corpus / file).samples[0] for root, file in sorted(roots.items())}
    prints = {root: of_speech(sound) for root, sound in samples.items()}
    long_enough = sorted(root for root, print_ in prints.items() if 2.5 <= print_.speech_s <= 30)
    random = np.random.default_rng(7)
    chosen = [long_enough[place] for place in random.choice(len(long_enough), 30, replace=False)]
    stored = [
        *prints.items(),
        *((f"{root} x{speed:.3f}", sped(p, speed)) for speed in OTHERS_SPEEDS for root, p in prints.items()),
    ]
    segment = Segment.build((no, find_landmarks(print_)) for no, (_, print_) in enumerate(stored))
    noise = decode(corpus / "noise" / "cafe.wav").samples[0]
    found, false = [], []
    for root in chosen:
        asked = of_speech(spoil(samples[root], noise, random))
        for candidate in find_candidates([segment], find_landmarks(asked)):
            name, print_ = stored[candidate.print_no]
            if compare_prints(asked, print_, candidate.offset_frames).is_same_audio:
                (found if name == root else false).append((root, name))
    assert len(stored) > 10_000
    missed = sorted({*chosen} - {root for root, _ in found})
    assert false == []
    assert len(found) >= 27, missed
