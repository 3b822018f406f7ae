"""Gathers speech in many languages for ``earshot language train``: recordings from Debian packages, and what espeak-ng speaks.

The recordings are prompts of telephone systems and the dialogues of games, read by people, in packages under free licences.
Short ones are joined to clips of about 25 s, sent over simulated telephone lines and written with a manifest. The same packages
and the same espeak-ng give the same clips.

    apt-get download asterisk-core-sounds-es-wav ... && for p in *.deb; do dpkg -x $p unpacked; done
    python scripts/gather_languages.py unpacked var/training-languages
"""

import csv
import io
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.learning.telephone_lines import LINE_RATE_HZ, LINES, Wave, simulate_line

CLIP_S, LEAST_PROMPT_S, PAUSE_S = 25.0, 1.2, 0.45
SEED = 11
NO_SPEECH = frozenset({"tt-monkeys"})
"""Recordings among the prompts in which nobody speaks. The clip that holds one is left out, and the others stay the same."""

ESPEAK_VARIANTS = ("m3", "f2")

SOURCES = (
    # language, speaker, licence, clips, package, files under usr/share
    ("en", "asterisk:en", "CC BY-SA 3.0", 12, "asterisk-core-sounds-en-wav", "asterisk/sounds/*/**/*.wav"),
    ("es", "asterisk:es", "CC BY-SA 3.0", 8, "asterisk-core-sounds-es-wav", "asterisk/sounds/*/**/*.wav"),
    ("es", "asterisk:es-co", "GPL", 6, "asterisk-prompt-es-co", "asterisk/sounds/es/**/*.gsm"),
    ("fr", "asterisk:fr", "CC BY-SA 3.0", 8, "asterisk-core-sounds-fr-wav", "asterisk/sounds/*/**/*.wav"),
    ("fr", "asterisk:fr-armelle", "GPL-2.0-or-later", 6, "asterisk-prompt-fr-armelle", "asterisk/sounds/fr/**/*.gsm"),
    ("it", "asterisk:it", "CC BY-SA 3.0", 8, "asterisk-core-sounds-it-wav", "asterisk/sounds/*/**/*.wav"),
    ("it", "asterisk:it-menardi", "CC BY-SA 3.0", 6, "asterisk-prompt-it-menardi-wav", "asterisk/sounds/*/**/*.wav"),
    ("ru", "asterisk:ru", "CC BY-SA 3.0", 8, "asterisk-core-sounds-ru-wav", "asterisk/sounds/*/**/*.wav"),
    ("ru", "festvox:ru", "GPL", 8, "festvox-ru", "festival/voices/russian/*/wav/*.wav"),
    ("cs", "fillets:cs", "GPL-2.0", 10, "fillets-ng-data-cs", "games/fillets-ng/sound/*/cs/*.ogg"),
    ("nl", "fillets:nl", "GPL-2.0", 10, "fillets-ng-data-nl", "games/fillets-ng/sound/*/nl/*.ogg"),
)


def main(unpacked: Path, out: Path) -> None:
    """Write the clips of every package that is unpacked, what espeak-ng speaks, and the manifest."""
    out.mkdir(parents=True, exist_ok=True)
    rng, rows = random.Random(SEED), []  # noqa: S311 - draws prompts, guards nothing
    for language, speaker, licence, count, package, pattern in SOURCES:
        files = sorted((unpacked / package / "usr/share").glob(pattern))
        if not files:
            sys.stderr.write(f"left out {speaker}: expected the package {package} unpacked under {unpacked}\n")
            continue
        rng.shuffle(files)
        for at, wave in enumerate(_join(files, count)):
            if wave is None:
                continue
            rows.append(_write(out, f"{speaker.replace(':', '_')}_{at:02d}.wav", wave, language, speaker, licence))
    sentences = yaml.safe_load(Path(__file__).with_name("language_sentences.yaml").read_text("utf-8"))
    for voice, text in sentences.items():
        language = "zh" if voice in ("cmn", "yue") else voice[:2]
        for variant in ESPEAK_VARIANTS:
            wave = _speak(f"{voice}+{variant}", text)
            name = f"espeak_{voice}_{variant}.wav"
            rows.append(_write(out, name, wave, language, f"espeak:{voice}", "GPL-3.0 engine"))
    with (out / "manifest.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, ("file", "language", "speakers", "duration_s", "channels", "licence"))
        writer.writeheader()
        writer.writerows(rows)
    sys.stdout.write(f"{len(rows)} clips, {sum(row['duration_s'] for row in rows) / 60:.0f} minutes\n")


def _join(files: list[Path], count: int) -> list[Wave | None]:
    """Return clips of whole prompts with pauses between, None for one that is left out; prompts of a mere word are left out."""
    clips: list[Wave | None] = []
    parts: list[Wave] = []
    is_speech = True
    pause = np.zeros(round(PAUSE_S * LINE_RATE_HZ))
    for file in files:
        wave = _read(file)
        if len(wave) < LEAST_PROMPT_S * LINE_RATE_HZ or not np.any(wave):
            continue
        parts += [wave, pause]
        is_speech = is_speech and file.stem not in NO_SPEECH
        if sum(map(len, parts)) >= CLIP_S * LINE_RATE_HZ:
            clips.append(np.concatenate(parts) if is_speech else None)
            parts, is_speech = [], True
        if len(clips) == count:
            break
    return clips


def _read(file: Path) -> Wave:
    if file.suffix == ".gsm":  # raw frames without a header, which libsndfile reads only when told so
        wave, rate = sf.read(file, dtype="float64", format="RAW", subtype="GSM610", samplerate=LINE_RATE_HZ, channels=1)
    else:
        wave, rate = sf.read(file, dtype="float64")
    mono = wave.mean(axis=1) if wave.ndim > 1 else wave
    return np.asarray(mono if rate == LINE_RATE_HZ else soxr.resample(mono, rate, LINE_RATE_HZ))


def _speak(voice: str, text: str) -> Wave:
    command = ["espeak-ng", "-v", voice, "-s", "150", "--stdout"]
    made = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True)  # noqa: S603
    return _read_bytes(made.stdout)


def _read_bytes(content: bytes) -> Wave:
    # Written to a pipe, the header names no length: the bytes after it are the sound.
    sound = io.BytesIO(content[44:])
    wave, rate = sf.read(sound, dtype="float64", format="RAW", subtype="PCM_16", samplerate=22050, channels=1)
    return np.asarray(soxr.resample(wave, rate, LINE_RATE_HZ))


def _write(out: Path, name: str, wave: Wave, language: str, speaker: str, licence: str) -> dict[str, object]:
    seed = int.from_bytes(name.encode()[-4:] + name.encode()[:3]) % 2**31 + sum(name.encode())
    heard = simulate_line(wave, LINES[seed % len(LINES)], seed)
    sf.write(out / name, np.clip(heard, -1, 1), LINE_RATE_HZ, subtype="ULAW")
    row = {"file": name, "language": language, "speakers": speaker, "duration_s": round(len(heard) / LINE_RATE_HZ, 2)}
    return {**row, "channels": 1, "licence": licence}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
