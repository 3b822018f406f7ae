"""Which recordings teach and test the voice model? Reads the manifest of a corpus of voices.

One line is one file of one voice. What may be learned from is decided here: a licence is needed, and none that forbids
commercial use; what may not be learned from may still be tested on.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.errors import InvalidInput

REQUIRED_COLUMNS = ("file", "class", "speakers", "reference_transcript", "licence", "variant", "channels")

LIVE, RECORDED, SYNTHETIC, NOISE = "live", "recorded", "synthetic", "noise"
TRUTH_OF_CLASS = {"live_human": LIVE, "recorded_prompt": RECORDED, "tts": SYNTHETIC, "noise": NOISE}

CLASSIC_ENGINES = frozenset({"espeak", "espeak-ng", "festival", "flite", "mbrola", "rhvoice", "pico", "svox"})
"""Formant, diphone, unit-selection and statistical parametric engines; every other one counts as neural."""

FORBIDS_COMMERCE = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
NO_LICENCE = frozenset({"", "none", "unknown", "unlicensed"})

PART_S, MOST_PARTS = 24.0, 6
"""A conversation of live people is heard in parts that fill the encoder's window, from the start of each channel."""


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """One file of one voice, or a part of a conversation of live people.

    ``source`` is the engine of a machine, the speaker of a recording, ``live`` for people.
    """

    path: Path
    name: str
    truth: str
    source: str
    speaker: str
    variant: str
    subclass: str
    text: str
    may_train: bool
    channel: int = 0
    start_s: float = 0.0

    @property
    def is_wide(self) -> bool:
        """Tell whether it was not yet sent over a telephone line."""
        return self.variant == "clean"


@dataclass(frozen=True, slots=True)
class VoiceCorpus:
    """The voices and the background noises of a manifest, and what was left out and why."""

    voices: tuple[VoiceFile, ...]
    noises: tuple[VoiceFile, ...]
    left_out: tuple[str, ...]
    manifest_sha256: str


def read_voice_corpus(manifest: Path, *, must_have_both: bool = True) -> VoiceCorpus:
    """Return the files of a manifest that hold one voice each.

    ``must_have_both`` asks for people and machines, without which nothing can be learned or tested.

    Raises
    ------
    InvalidInput
        If the manifest cannot be read, lacks a column, names no live person or no machine, or nothing at all.
    """
    try:
        content = manifest.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{manifest}: expected a CSV file that lists voices: {error}") from None
    missing = [name for name in REQUIRED_COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InvalidInput(f"{manifest}: expected the columns {', '.join(REQUIRED_COLUMNS)}; {', '.join(missing)} missing")
    voices: list[VoiceFile] = []
    noises: list[VoiceFile] = []
    left_out: list[str] = []
    for row in rows:
        why_not = _why_not(row, manifest.parent)
        if why_not:
            left_out.append(f"{row['file']}: {why_not}")
        else:
            (noises if TRUTH_OF_CLASS[row["class"]] == NOISE else voices).extend(_read_row(row, manifest.parent))
    for truths, what in (({LIVE}, "live people (class live_human)"), ({RECORDED, SYNTHETIC}, "recorded_prompt or tts")):
        if must_have_both and not any(voice.truth in truths for voice in voices):
            raise InvalidInput(f"{manifest}: expected files of {what}, there are none that can be read")
    return VoiceCorpus(tuple(voices), tuple(noises), tuple(left_out), hashlib.sha256(content).hexdigest())


def list_sources(voices: Iterable[VoiceFile]) -> tuple[str, ...]:
    """Return the machines' engines and the recorded speakers, sorted."""
    return tuple(sorted({voice.source for voice in voices if voice.truth != LIVE}))


def hash_training_data(voices: Sequence[VoiceFile]) -> str:
    """Return one hash over the content of the files, in the order of their names."""
    digest = hashlib.sha256()
    for voice in sorted(voices, key=lambda voice: voice.name):
        digest.update(voice.name.encode() + b"\0" + hashlib.sha256(voice.path.read_bytes()).digest())
    return digest.hexdigest()


def normalise_text(text: str) -> str:
    """Return a sentence without case, punctuation and spacing, so that the same sentence is found in two rows."""
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


def _why_not(row: dict[str, str], folder: Path) -> str | None:
    if row["class"] not in TRUTH_OF_CLASS:
        return f"class {row['class']} is not one voice"
    if row["channels"].strip() != "1" and not _is_conversation(row):
        return "more than one voice"
    if not (folder / row["file"]).is_file():
        return "there is no such file"
    return None


def _is_conversation(row: dict[str, str]) -> bool:
    """Tell whether several people talk and all of them live: any part of it is then a live voice."""
    return TRUTH_OF_CLASS[row["class"]] == LIVE and (row.get("subclass") == "conversation" or row["channels"].strip() != "1")


def _read_row(row: dict[str, str], folder: Path) -> list[VoiceFile]:
    truth, speaker = TRUTH_OF_CLASS[row["class"]], row["speakers"].strip()
    licence = row["licence"].strip()
    whole = VoiceFile(
        path=folder / row["file"],
        name=row["file"],
        truth=truth,
        source=LIVE if truth == LIVE else (speaker.split(":")[0].strip().lower() or truth),
        speaker=speaker or row["file"],
        variant=row["variant"].strip() or "native",
        subclass=row.get("subclass", ""),
        text=row["reference_transcript"].strip(),
        may_train=licence.lower() not in NO_LICENCE and not FORBIDS_COMMERCE.search(licence),
    )
    if truth != LIVE or not _is_conversation(row):
        return [whole]
    parts = max(1, min(MOST_PARTS, int(float(row.get("duration_s") or PART_S) // PART_S)))
    return [
        replace(whole, name=f"{whole.name}#{channel}@{part * PART_S:.0f}", text="", channel=channel, start_s=part * PART_S)
        for channel in range(int(row["channels"]))
        for part in range(parts)
    ]
