"""How well is speech heard? Word error rate over recordings with references, beside bare faster-whisper if wanted.

Texts are compared after Whisper's English normaliser, which makes spelling, numbers and contractions equal and drops
fillers. Each recording is heard by itself, as in service. References of recogniser origin ("silver") are left out: a rate
against another machine's guess says nothing.
"""

import csv
import resource
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import AudioUnreadable, InvalidInput
from app.language.word_errors import WordErrors, count_errors
from app.ports import Transcriber

REQUIRED = ("file", "reference_transcript")
# What a reference may be to be trusted; a manifest without the column is trusted as a whole.
TRUSTED = ("", "human", "script", "mixed")
NAMED_SPEAKERS = 5
Hear = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Item:
    """One recording to be heard, with what was said on it."""

    path: Path
    reference: str
    group: str
    speaker: str


@dataclass(slots=True)
class Tally:
    """Errors and times of one recogniser over all recordings, by group and by speaker."""

    errors: WordErrors = field(default_factory=WordErrors)
    groups: dict[str, WordErrors] = field(default_factory=dict)
    speakers: dict[str, WordErrors] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, item: Item, errors: WordErrors, seconds: float) -> None:
        """Count one recording."""
        self.errors += errors
        self.groups[item.group] = self.groups.get(item.group, WordErrors()) + errors
        if item.speaker:
            self.speakers[item.speaker] = self.speakers.get(item.speaker, WordErrors()) + errors
        self.seconds += seconds


def load_items(manifest: Path) -> list[Item]:
    """Read a manifest; recordings lie beside it.

    Raises
    ------
    InvalidInput
        If it cannot be read, lacks a column, or has no recording with a trusted reference.
    """
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                raise InvalidInput(f"{manifest}: expected the columns {', '.join(REQUIRED)}, missing: {', '.join(missing)}")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{manifest}: expected a CSV manifest: {error}") from None
    items = [_item(manifest.parent, row) for row in rows if _is_trusted(row)]
    if not items:
        raise InvalidInput(
            f"{manifest}: expected at least one English recording with a reference transcript typed or read by people"
        )
    return items


def evaluate(
    items: Iterable[Item], hearers: Mapping[str, Hear], *, on_progress: Callable[[str, float], None] | None = None
) -> dict[str, Any]:
    """Hear every recording with every recogniser, one after the other, and return the figures as JSON-able values."""
    from whisper_normalizer.english import EnglishTextNormalizer

    normalise = EnglishTextNormalizer()
    wanted = list(items)
    tallies = {name: Tally() for name in hearers}
    failed: list[dict[str, str]] = []
    audio_s = 0.0
    for number, item in enumerate(wanted):
        if on_progress:
            on_progress(item.path.name, number / len(wanted))
        try:
            heard = {name: _timed(hear, item.path) for name, hear in hearers.items()}
            audio_s += _duration_s(item.path)
        except (AudioUnreadable, OSError) as error:
            failed.append({"file": str(item.path), "message": str(error)})
            continue
        reference = normalise(item.reference).split()
        for name, (text, seconds) in heard.items():
            tallies[name].add(item, count_errors(reference, normalise(text).split()), seconds)
    return {
        "recordings": len(wanted) - len(failed),
        "audio_s": round(audio_s, 1),
        "failed": failed,
        "recognisers": {name: _figures(tally, audio_s) for name, tally in tallies.items()},
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def pipeline_hearer(transcriber: Transcriber) -> Hear:
    """Return the way Earshot hears: its whole pipeline."""
    from app.audio.decode import decode
    from app.audio.pipeline import listen

    def hear(path: Path) -> str:
        return " ".join(utterance.text for utterance in listen(decode(path), transcriber).utterances)

    return hear


def render_evaluation(figures: Mapping[str, Any]) -> str:
    """Return the figures as text."""
    lines = [
        f"{figures['recordings']} recordings, {figures['audio_s']:.0f} s of audio, {len(figures['failed'])} unreadable, "
        f"peak memory {figures['peak_memory_mb']} MB",
        "",
        f"{'':44} {'WER':>7} {'lost':>7} {'put in':>7} {'replaced':>8} {'x real time':>12}",
    ]
    for name, of in figures["recognisers"].items():
        speed = f"{1 / of['real_time_factor']:11.1f}x" if of["real_time_factor"] else f"{'-':>12}"
        lines.append(f"{name:44} {_rates(of)} {speed}")
        lines += [f"  {group:42} {_rates(errors)}" for group, errors in of["groups"].items()]
        worst = ", ".join(f"{s['speaker']} {s['wer']:.0%} (lost {s['deletions']:.0%})" for s in of["worst_speakers"])
        lines.append(f"  worst speakers: {worst or 'none named'}; most words lost by one: {of['most_deleted']:.0%}")
    lines += [f"unreadable: {item['message']}" for item in figures["failed"]]
    return "\n".join(lines)


def _is_trusted(row: Mapping[str, str]) -> bool:
    is_english = (row.get("language") or "en").startswith("en")
    return bool(row["reference_transcript"].strip()) and is_english and (row.get("reference_quality") or "") in TRUSTED


def _item(folder: Path, row: Mapping[str, str]) -> Item:
    parts = [row.get(name) or "" for name in ("class", "subclass", "variant")]
    return Item(folder / row["file"], row["reference_transcript"], " / ".join(filter(None, parts)), row.get("speakers") or "")


def _timed(hear: Hear, path: Path) -> tuple[str, float]:
    started = time.perf_counter()
    return hear(path), time.perf_counter() - started


def _duration_s(path: Path) -> float:
    import av

    with av.open(str(path)) as container:
        return float(container.duration or 0) / av.time_base


def _figures(tally: Tally, audio_s: float) -> dict[str, Any]:
    by_rate = sorted(tally.speakers.items(), key=lambda entry: -(entry[1].rate or 0.0))
    return {
        **_counts(tally.errors),
        "real_time_factor": round(tally.seconds / audio_s, 4) if audio_s else None,
        "seconds": round(tally.seconds, 2),
        "groups": {group: _counts(errors) for group, errors in sorted(tally.groups.items())},
        "worst_speakers": [
            {"speaker": speaker, "wer": errors.rate, "deletions": errors.deletion_rate, "words": errors.words}
            for speaker, errors in by_rate[:NAMED_SPEAKERS]
        ],
        "most_deleted": max((errors.deletion_rate or 0.0 for errors in tally.speakers.values()), default=0.0),
    }


def _counts(errors: WordErrors) -> dict[str, Any]:
    return {
        "wer": errors.rate,
        "deletions": errors.deletion_rate,
        "insertions": errors.insertions / errors.words if errors.words else None,
        "substitutions": errors.substitutions / errors.words if errors.words else None,
        "words": errors.words,
    }


def _rates(of: Mapping[str, Any]) -> str:
    texts = [f"{of[name]:7.1%}" if of[name] is not None else f"{'-':>7}" for name in ("wer", "deletions", "insertions")]
    return " ".join([*texts, f"{of['substitutions']:8.1%}" if of["substitutions"] is not None else f"{'-':>8}"])
