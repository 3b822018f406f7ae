"""``earshot asr evaluate``: how well is speech heard?"""

import argparse
import json
from pathlib import Path
from typing import Any

from app.adapters.transcribers import build_transcriber
from app.adapters.whisper_weights import find_weights
from app.cli.progress import ProgressLine
from app.errors import AudioUnreadable
from app.reports.asr_evaluation import Hear, evaluate, pipeline_hearer, render_evaluation
from app.reports.asr_manifest import load_manifest
from app.settings import Settings, load_settings

SOME_FAILED = 3


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "asr", help="measure speech recognition", epilog="example: earshot asr evaluate manifest.csv"
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    one = kinds.add_parser(
        "evaluate",
        help="word error rate over recordings with references",
        epilog="example: earshot asr evaluate manifest.csv --group prompted_call --peer",
    )
    one.add_argument(
        "manifest",
        type=Path,
        metavar="MANIFEST.csv",
        help="columns file, reference_transcript; also read: class, subclass, variant, speakers, language, reference_quality",
    )
    one.add_argument("--json", action="store_true", help="the figures as JSON")
    one.add_argument("--group", metavar="TEXT", help="only recordings whose class, subclass or variant holds this text")
    one.add_argument("--limit", type=_positive, metavar="N", help="only the first N of them")
    one.add_argument("--peer", action="store_true", help="also hear them with bare faster-whisper, same weights, beam 5")
    one.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Evaluate and print the figures; 3 when some recordings could not be read."""
    settings = load_settings()
    manifest = load_manifest(given.manifest, group=given.group, limit=given.limit)
    hearers: dict[str, Hear] = {"Earshot": pipeline_hearer(build_transcriber(settings))}
    if given.peer:
        hearers["faster-whisper sequential, beam 5"] = _bare_hearer(settings)
    progress = ProgressLine("evaluate")
    figures = evaluate(manifest, hearers, on_progress=progress.update)
    progress.clear()
    print(json.dumps(figures, indent=1) if given.json else render_evaluation(figures))
    return SOME_FAILED if figures["failed"] else 0


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)


def _bare_hearer(settings: Settings) -> Hear:
    engines: list[Any] = []

    def hear(path: Path) -> str:
        from faster_whisper import WhisperModel

        if not engines:  # on first use, so that its memory does not count for the recogniser before it
            engines.append(
                WhisperModel(
                    str(find_weights(settings.asr_model).folder),
                    device=settings.asr_device,
                    compute_type=settings.asr_compute_type,
                    cpu_threads=settings.asr_threads,
                )
            )
        try:
            segments, _ = engines[0].transcribe(str(path), beam_size=5, language="en")
            return " ".join(segment.text for segment in segments)
        except (ValueError, IndexError) as error:  # how it fails on sound that it cannot decode
            raise AudioUnreadable(f"{path}: faster-whisper cannot read it: {error}") from None

    return hear
