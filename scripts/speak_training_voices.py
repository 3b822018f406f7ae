"""Speaks sentences of a corpus with the speech engines on this machine: more machine voices for ``earshot voice train --more``.

The same sentences that people say in the corpus are said by machines, so that the model learns voices and not texts. Writes WAV
files of 16 kHz and a manifest with the corpus's columns. The same corpus and engine versions give the same sentences.

    python scripts/speak_training_voices.py ../shared/audio/manifest.csv var/training-voices
"""

import csv
import random
import sys
from pathlib import Path

import numpy as np
import soundfile as sf

sys.path.insert(0, str(Path(__file__).parents[1]))

from sample_audio.tones import Samples
from sample_audio.voices import SPEECH_RATE_HZ, VOICES, Studio, find_missing

NAMES = ("joe", "joe_young", "joe_old", "joe_woman", "slt", "slt_bright", "rms", "rms_light", "awb", "kal", "hts", "hts_deep")
NAMES += ("ked", "espeak_woman", "espeak_man")
READ_PER_VOICE, READ_PER_NEURAL_VOICE, CALLED_PER_VOICE = 6, 8, 4
LICENCES = {
    "piper": "GPL-3.0 engine, voice en_US-joe (see the package)",
    "flite": "BSD-like",
    "festival": "BSD-like",
    "espeak-ng": "GPL-3.0",
}
COLUMNS = ("file", "class", "speakers", "duration_s", "sample_rate", "channels", "reference_transcript", "source", "licence")
COLUMNS += ("subclass", "variant", "parent", "language", "reference_quality", "notes")
SEED = 5
TRACKS = 3


def main(manifest: Path, out: Path) -> None:
    """Write the voices of every engine that is installed."""
    with manifest.open(encoding="utf-8", newline="") as lines:
        live = [row for row in csv.DictReader(lines) if row["class"] == "live_human" and row["channels"] == "1"]
    read = _sentences(live, "read", least=20)
    called = _sentences(live, "prompted_call", least=25)
    out.mkdir(parents=True, exist_ok=True)
    rng, studio, rows = random.Random(SEED), Studio(SEED), []  # noqa: S311 - draws sentences, guards nothing
    for name in NAMES:
        voice = VOICES[name]
        count = READ_PER_NEURAL_VOICE if voice.engine == "piper" else READ_PER_VOICE
        texts = rng.sample(read, min(count, len(read))) + rng.sample(called, min(CALLED_PER_VOICE, len(called)))
        if find_missing({name}):
            sys.stderr.write(f"left out {name}: {voice.engine} is not installed\n")
            continue
        said = []
        for at, text in enumerate(texts):
            wave = studio.speak(name, text.capitalize() if text.isupper() else text)
            said.append(wave)
            rows.append(_write(out, f"{name}_{at:02d}.wav", wave, voice.engine, name, text))
        # Turns of a call, with the quiet in which the other party would talk: people are heard in such calls too.
        for track in range(TRACKS):
            rows.append(_write(out, f"{name}_turns{track}.wav", _with_pauses(said[track::TRACKS], rng), voice.engine, name, ""))
    with (out / "manifest.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    sys.stdout.write(f"{len(rows)} files in {out}\n")


def _write(out: Path, file: str, wave: Samples, engine: str, name: str, text: str) -> dict[str, str]:
    sf.write(out / file, wave, SPEECH_RATE_HZ)
    row = dict.fromkeys(COLUMNS, "")
    row |= {"file": file, "class": "tts", "speakers": f"{engine.replace('espeak-ng', 'espeak')}:{name}"}
    row |= {"duration_s": f"{len(wave) / SPEECH_RATE_HZ:.2f}", "sample_rate": str(SPEECH_RATE_HZ), "channels": "1"}
    row |= {"reference_transcript": text, "subclass": "same_sentence" if text else "turns", "source": f"spoken with {engine}"}
    return row | {"licence": LICENCES[engine], "variant": "clean", "language": "en", "reference_quality": "script"}


def _with_pauses(waves: list[Samples], rng: random.Random) -> Samples:
    parts = [part for wave in waves for part in (wave, np.zeros(round(rng.uniform(1.0, 5.0) * SPEECH_RATE_HZ), np.float32))]
    return np.concatenate(parts[:-1]).astype(np.float32)


def _sentences(rows: list[dict[str, str]], subclass: str, *, least: int) -> list[str]:
    return sorted(
        {
            row["reference_transcript"]
            for row in rows
            if row["subclass"] == subclass and len(row["reference_transcript"]) > least
        }
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("expected: speak_training_voices.py MANIFEST.csv OUT_FOLDER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
