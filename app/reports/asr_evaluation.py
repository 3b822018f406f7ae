"""How well is speech heard? Word error rate over recordings with references, beside bare faster-whisper if wanted.

Texts are compared after Whisper's English normaliser, which makes spelling, numbers and contractions equal and drops
fillers. Each recording is heard by itself, as in service. Rates of several recognisers are over the same recordings: one
that any of them could not read counts for none.
"""

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import AudioUnreadable
from app.language.word_errors import WordErrors, count_errors
from app.ports import Transcriber
from app.reports.asr_manifest import Item, Manifest

NAMED_SPEAKERS = 5
Hear = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one recogniser wrote for a recording, and how long that took."""

    text: str
    seconds: float


@dataclass(slots=True)
class Sum:
    """Errors and times over several recordings."""

    errors: WordErrors = field(default_factory=WordErrors)
    recordings: int = 0
    audio_s: float = 0.0
    seconds: float = 0.0

    def add(self, errors: WordErrors, audio_s: float, seconds: float) -> None:
        """Count one recording."""
        self.errors += errors
        self.recordings += 1
        self.audio_s += audio_s
        self.seconds += seconds


def evaluate(
    manifest: Manifest, hearers: Mapping[str, Hear], *, on_progress: Callable[[str, float], None] | None = None
) -> dict[str, Any]:
    """Hear every recording with one recogniser after the other and return the figures as JSON-able values."""
    items, peaks_mb = manifest.items, {}
    heard: dict[str, list[Heard | str]] = {}
    for at, (name, hear) in enumerate(hearers.items()):
        heard[name] = []
        for number, item in enumerate(items):
            if on_progress:
                on_progress(f"{item.path.name} ({name})", (at + number / len(items)) / len(hearers))
            heard[name].append(_hear(hear, item.path))
        peaks_mb[name] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    failures = [
        [f"{name}: {texts[at]}" for name, texts in heard.items() if isinstance(texts[at], str)] for at in range(len(items))
    ]
    lasts_s = [0.0 if failure else _duration_s(item.path) for item, failure in zip(items, failures, strict=True)]
    return {
        "recordings": failures.count([]),
        "audio_s": round(sum(lasts_s), 1),
        "left_out": dict(manifest.left_out),
        "unread_columns": list(manifest.unread_columns),
        "failed": [
            {"file": str(item.path), "message": "; ".join(failure)}
            for item, failure in zip(items, failures, strict=True)
            if failure
        ],
        "recognisers": {
            name: {**_figures(items, texts, failures, lasts_s), "peak_memory_mb": peaks_mb[name]}
            for name, texts in heard.items()
        },
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
    left_out = ", ".join(f"{count} {reason}" for reason, count in figures["left_out"].items())
    lines = [
        f"{figures['recordings']} recordings, {figures['audio_s']:.0f} s of audio, {len(figures['failed'])} unreadable"
        + (f"; left out: {left_out}" if left_out else ""),
        "",
        f"{'':44} {'WER':>7} {'lost':>7} {'put in':>7} {'replaced':>8} {'words':>7} {'x real time':>12} {'peak MB':>8}",
    ]
    for name, of in figures["recognisers"].items():
        lines.append(f"{name:44} {_rates(of)} {_speed(of)} {of['peak_memory_mb']:8}")
        lines += [f"  {group:42} {_rates(errors)} {_speed(errors)}" for group, errors in of["groups"].items()]
        worst = ", ".join(f"{s['speaker']} {s['wer']:.0%} (lost {s['deletions']:.0%})" for s in of["worst_speakers"])
        most = of["most_deleted_speaker"]
        lines.append(f"  worst speakers: {worst or 'none named'}")
        if most:
            lines.append(
                f"  most words lost by one speaker: {most['speaker']} {most['deletions']:.0%} of {most['words']} words"
            )
    lines += [f"unreadable: {item['message']}" for item in figures["failed"]]
    if figures["unread_columns"]:
        lines.append(f"columns not read: {', '.join(figures['unread_columns'])}")
    return "\n".join(lines)


def _hear(hear: Hear, path: Path) -> Heard | str:
    """Return what was heard, or the message why it cannot be."""
    started = time.perf_counter()
    try:
        return Heard(hear(path), time.perf_counter() - started)
    except AudioUnreadable as error:
        return error.message
    except OSError as error:
        return f"{path}: {error}"


def _duration_s(path: Path) -> float:
    from app.audio.decode import decode

    return decode(path).duration_s


def _figures(
    items: Sequence[Item], heard: Sequence[Heard | str], failures: Sequence[Sequence[str]], lasts_s: Sequence[float]
) -> dict[str, Any]:
    from whisper_normalizer.english import EnglishTextNormalizer

    normalise = EnglishTextNormalizer()
    whole, groups, speakers = Sum(), dict[str, Sum](), dict[str, Sum]()
    for item, text, failure, audio_s in zip(items, heard, failures, lasts_s, strict=True):
        if failure or isinstance(text, str):
            continue
        errors = count_errors(normalise(item.reference).split(), normalise(text.text).split())
        for total in (whole, groups.setdefault(item.group, Sum()), speakers.setdefault(item.speaker, Sum())):
            total.add(errors, audio_s, text.seconds)
    speakers.pop("", None)
    named = [_speaker(name, total.errors) for name, total in speakers.items() if total.errors.words]
    return {
        **_counts(whole),
        "groups": {group: _counts(total) for group, total in sorted(groups.items())},
        "worst_speakers": sorted(named, key=lambda one: -one["wer"])[:NAMED_SPEAKERS],
        "most_deleted_speaker": max(named, key=lambda one: one["deletions"], default=None),
    }


def _speaker(name: str, errors: WordErrors) -> dict[str, Any]:
    return {"speaker": name, "wer": errors.rate, "deletions": errors.deletion_rate, "words": errors.words}


def _counts(total: Sum) -> dict[str, Any]:
    errors = total.errors
    return {
        "wer": errors.rate,
        "deletions": errors.deletion_rate,
        "insertions": errors.insertions / errors.words if errors.words else None,
        "substitutions": errors.substitutions / errors.words if errors.words else None,
        "words": errors.words,
        "recordings": total.recordings,
        "seconds": round(total.seconds, 2),
        "real_time_factor": round(total.seconds / total.audio_s, 4) if total.audio_s else None,
    }


def _rates(of: Mapping[str, Any]) -> str:
    widths = {"wer": 7, "deletions": 7, "insertions": 7, "substitutions": 8}
    texts = [f"{of[name]:{width}.1%}" if of[name] is not None else f"{'-':>{width}}" for name, width in widths.items()]
    return " ".join([*texts, f"{of['words']:7}"])


def _speed(of: Mapping[str, Any]) -> str:
    return f"{1 / of['real_time_factor']:11.1f}x" if of["real_time_factor"] else f"{'-':>12}"
