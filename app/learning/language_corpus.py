"""Which recordings teach and test the language check, and what does the recogniser make of them?

One line of a manifest is one file in one language. Short files of one speaker are joined to passages, because a few words tell
no language. The recogniser hears each passage as it would hear a call; what it heard is kept, so that fitting again is quick.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.audio.asr import recognise_channel
from app.audio.decode import decode
from app.audio.listening_json import word_from_json, word_to_json
from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.pipeline import PIPELINE_VERSION
from app.audio.vad import find_speech
from app.conversation import Word
from app.errors import InvalidInput
from app.learning.voice_corpus import FORBIDS_COMMERCE, NO_LICENCE
from app.ports import StageCache, Transcriber
from app.timeline import Span

REQUIRED_COLUMNS = ("file", "language", "speakers", "channels", "duration_s", "licence")
SPOKEN_CLASSES = frozenset({"", "live_human", "tts", "recorded_prompt"})
PASSAGE_S = 28.0
PAUSE_S = 0.5
CORPUS_VERSION = 1


@dataclass(frozen=True, slots=True)
class Passage:
    """Half a minute of one speaker, or one channel of a conversation."""

    language: str
    speaker: str
    files: tuple[Path, ...]
    channel: int
    may_train: bool


@dataclass(frozen=True, slots=True)
class HeardPassage:
    """What the recogniser and the voice detector made of a passage."""

    passage: Passage
    words: tuple[Word, ...]
    speech: tuple[Span, ...]
    sha256: str


def read_language_corpus(manifest: Path) -> tuple[Passage, ...]:
    """Return the passages of a manifest, in its order.

    Raises
    ------
    InvalidInput
        If the manifest cannot be read, lacks a column, or names a file that is not there.
    """
    try:
        rows = list(csv.DictReader(manifest.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{manifest}: expected a CSV file that lists recordings with their language: {error}") from None
    missing = [name for name in REQUIRED_COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InvalidInput(f"{manifest}: expected the columns {', '.join(REQUIRED_COLUMNS)}; {', '.join(missing)} missing")
    rows = [row for row in rows if row.get("class", "") in SPOKEN_CLASSES]
    lost = [row["file"] for row in rows if not (manifest.parent / row["file"]).is_file()]
    if lost:
        raise InvalidInput(f"{manifest}: {len(lost)} files are not there, such as {lost[0]}; expected them beside the manifest")
    passages: list[Passage] = []
    of_speaker: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        if row["channels"] != "1" or row.get("subclass") == "conversation":
            passages += [_passage([row], manifest.parent, channel) for channel in range(int(row["channels"]))]
        else:
            alike = (row["language"], row.get("class", ""), row["speakers"], row.get("variant", ""))
            of_speaker.setdefault(alike, []).append(row)
    for same in of_speaker.values():
        passages += [_passage(joined, manifest.parent, 0) for joined in _join(same)]
    return tuple(passages)


def hear_passages(
    passages: Sequence[Passage],
    transcriber: Transcriber,
    *,
    cache: StageCache | None = None,
    on_progress: Callable[[str, float], None] | None = None,
) -> tuple[HeardPassage, ...]:
    """Return what is heard in each passage; what was heard before with the same recogniser is taken from the cache."""
    heard = []
    for at, passage in enumerate(passages):
        if on_progress:
            on_progress("listening", at / len(passages))
        heard.append(_hear(passage, transcriber, cache))
    return tuple(heard)


def cache_key(sha256: str, transcriber: Transcriber) -> str:
    """Return the name under which what was heard is kept: another pipeline may hear other words with the same weights."""
    made_of = {"version": CORPUS_VERSION, "pipeline": PIPELINE_VERSION, "sound": sha256, "asr": transcriber.identity.as_json()}
    return "language-" + hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def load_sound(passage: Passage) -> np.ndarray:
    """Return the passage's sound: int16 of shape (n,), 16 kHz, a pause after each file."""
    pause = np.zeros(round(PAUSE_S * HOUSE_RATE_HZ), np.int16)
    parts: list[np.ndarray] = []
    for file in passage.files:
        samples = decode(file).samples
        parts += [samples[min(passage.channel, len(samples) - 1)], pause]
    return np.concatenate(parts)


def _hear(passage: Passage, transcriber: Transcriber, cache: StageCache | None) -> HeardPassage:
    sound = load_sound(passage)
    sha256 = hashlib.sha256(sound.tobytes()).hexdigest()
    speech = find_speech(sound)
    kept = cache.load(cache_key(sha256, transcriber)) if cache else None
    if kept is None:
        words = recognise_channel(sound, transcriber, speech)
        kept = {"words": [word_to_json(word) for word in words]}
        if cache:
            cache.store(cache_key(sha256, transcriber), kept)
    return HeardPassage(passage, tuple(word_from_json(word) for word in kept["words"]), tuple(speech), sha256)


def _passage(rows: Sequence[dict[str, str]], folder: Path, channel: int) -> Passage:
    licences = {row["licence"].strip() for row in rows}
    return Passage(
        language=rows[0]["language"],
        speaker=rows[0]["speakers"],
        files=tuple(folder / row["file"] for row in rows),
        channel=channel,
        may_train=not any(licence.lower() in NO_LICENCE or FORBIDS_COMMERCE.search(licence) for licence in licences),
    )


def _join(rows: Sequence[dict[str, str]]) -> list[list[dict[str, str]]]:
    joined: list[list[dict[str, str]]] = []
    filled_s = 0.0
    for row in rows:
        if joined and filled_s + float(row["duration_s"]) <= PASSAGE_S:
            joined[-1].append(row)
            filled_s += float(row["duration_s"])
        else:
            joined.append([row])
            filled_s = float(row["duration_s"])
    return joined
