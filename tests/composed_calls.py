"""Calls composed of the development audio, with a known timeline: ringing, prompts, people, synthetic voices, music, keys.

The set has a few composed calls of its own; these have other orders, other levels and other parts, and as many as are wanted.
A call is 8 kHz mu-law, as they are; parts follow each other without a pause of their own.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.audio.decode import decode

RATE_HZ = 16_000
KEYPAD = {
    key: (low, high)
    for low, row in zip((697, 770, 852, 941), ("123", "456", "789", "*0#"), strict=True)
    for high, key in zip((1209, 1336, 1477), row, strict=True)
}
SPOKEN = ("live_human", "recorded_prompt", "tts")
_LONGEST_S = 30.5


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of the timeline: from where to where, what it is, and the file it was taken from."""

    start_s: float
    end_s: float
    label: str
    parent: str = ""


def list_sources(corpus: Path, *, half: int | None = None) -> dict[str, list[tuple[str, str]]]:
    """Return (file, voice) by label; with ``half`` only every other voice, so that the other half stays unheard."""
    sources: dict[str, list[tuple[str, str]]] = {label: [] for label in (*SPOKEN, "music")}
    with (corpus / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            voice = _voice_of(row)
            if voice is None or row["variant"] == "clean" or float(row["duration_s"]) > _LONGEST_S:
                continue
            if half is None or row["class"] == "music" or zlib.crc32(voice.encode()) % 2 == half:
                sources[row["class"]].append((row["file"], voice))
    return sources


def compose(corpus: Path, sources: Mapping[str, Sequence[tuple[str, str]]], seed: int) -> tuple[NDArray[np.int16], list[Piece]]:
    """Return the int16 samples of a call at 16 kHz and its timeline; the same seed gives the same call."""
    rng = np.random.default_rng(seed)
    parts: list[NDArray[np.float64]] = []
    timeline: list[Piece] = []

    def add(wave: NDArray[np.float64], label: str, parent: str = "") -> None:
        start_s = timeline[-1].end_s if timeline else 0.0
        parts.append(wave * 10 ** (rng.uniform(-6, 3) / 20))
        timeline.append(Piece(start_s, start_s + wave.size / RATE_HZ, label, parent))

    if rng.random() < 0.5:
        ring = np.concatenate([_tone((440, 480), 2.0, 1_500), np.zeros(4 * RATE_HZ)])
        add(np.tile(ring, rng.integers(1, 3))[: -int(rng.uniform(0.2, 4.0) * RATE_HZ)], "ringback")
    voice = ""
    for _ in range(int(rng.integers(4, 8))):
        label = rng.choice([*SPOKEN, "music", "dtmf", "beep", "silence"], p=[0.36, 0.2, 0.2, 0.1, 0.06, 0.05, 0.03])
        if label not in SPOKEN and timeline and timeline[-1].label.startswith(label):
            continue
        if label in SPOKEN:
            file, voice = _pick(rng, [source for source in sources[label] if source[1] != voice])
            add(_load(corpus / file), label, file)
        elif label == "music":
            file, _ = _pick(rng, sources["music"])
            start = int(rng.uniform(0, 13) * RATE_HZ)
            add(_load(corpus / file)[start : start + int(rng.uniform(8, 16) * RATE_HZ)], label, file)
        elif label == "dtmf":
            key, pause = str(rng.integers(0, 10)), np.zeros(int(0.35 * RATE_HZ))
            add(np.concatenate([pause, _tone(KEYPAD[key], rng.uniform(0.08, 0.2), 3_000), pause]), f"dtmf_{key}")
        elif label == "beep":
            pause = np.zeros(int(0.2 * RATE_HZ))
            add(np.concatenate([pause, _tone((rng.choice([440, 1_000, 1_400]),), rng.uniform(0.25, 0.7), 5_000), pause]), label)
        else:
            add(rng.normal(0, 4, int(rng.uniform(3, 6) * RATE_HZ)), label)
    return _pass_telephone(np.concatenate(parts) + rng.normal(0, 1, sum(part.size for part in parts))), timeline


def _voice_of(row: Mapping[str, str]) -> str | None:
    name = Path(row["file"]).stem
    if row["class"] == "live_human":
        family, _, rest = name.partition("_")
        return f"{family} {rest.split('_')[0].split('-')[0]}" if family in ("wuw", "lt", "ls") else None
    if row["class"] == "tts":
        return " ".join(name.split("_")[:2])
    return name if row["class"] in ("recorded_prompt", "music") else None


def _pick(rng: np.random.Generator, sources: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return sources[int(rng.integers(len(sources)))]


@lru_cache(maxsize=512)
def _load(path: Path) -> NDArray[np.float64]:
    return decode(path).samples[0].astype(np.float64)


def _tone(frequencies_hz: Sequence[float], seconds: float, level: float) -> NDArray[np.float64]:
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return level * np.sum([np.sin(2 * np.pi * hz * time_s) for hz in frequencies_hz], axis=0)


def _pass_telephone(wave: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return the samples after 8 kHz and mu-law (ITU-T G.711, by its continuous formula)."""
    import soxr

    narrow = np.clip(soxr.resample(wave / 32_768, RATE_HZ, 8_000), -1, 1)
    steps = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256) * 127) / 127
    heard = np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255
    return np.clip(soxr.resample(heard, 8_000, RATE_HZ) * 32_768, -32_768, 32_767).astype(np.int16)
