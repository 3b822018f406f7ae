"""``earshot language train``: learn to tell English from other languages by recognition's doubts. Needs no database."""

import argparse
import json
from pathlib import Path
from typing import Any

from app.adapters.stage_cache import FolderStageCache
from app.adapters.transcribers import build_transcriber
from app.cli.progress import ProgressLine
from app.settings import load_settings

MODEL = Path(__file__).parents[1] / "audio" / "data" / "language_model.json"


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "language",
        help="train the check that tells English from other languages",
        description="Trains the language check on recordings whose language is known, and tests it on languages left out.",
        epilog="example: earshot language train ../shared/audio/manifest.csv var/training-languages/manifest.csv",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    train = actions.add_parser(
        "train",
        help="fit the model, test it, write it",
        epilog="example: earshot language train english.csv others.csv --out model.json",
    )
    train.add_argument(
        "manifests", type=Path, nargs="+", metavar="MANIFEST.csv", help="columns file, language, speakers, channels, licence"
    )
    train.add_argument(
        "--out", type=Path, default=MODEL, metavar="MODEL.json", help="where the model goes (default: into the product)"
    )
    train.add_argument("--json", action="store_true", help="the figures as one JSON object instead of a table")
    train.set_defaults(run=run_train)


def run_train(given: argparse.Namespace) -> int:
    """Hear the recordings, fit the model, write it and print how well it does on what it did not hear."""
    from app.audio.language_model import write_language_model
    from app.learning.language_corpus import hear_passages, read_language_corpus
    from app.learning.language_training import render_training, train_language, training_to_json

    settings = load_settings()
    transcriber = build_transcriber(settings)
    passages = [passage for manifest in given.manifests for passage in read_language_corpus(manifest)]
    progress = ProgressLine("language train")
    cache = FolderStageCache(settings.data_dir / "stages")
    heard = hear_passages(passages, transcriber, cache=cache, on_progress=progress.update)
    progress.clear()
    trained = train_language(heard, asr_sha256=transcriber.identity.sha256)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(write_language_model(trained.model), "utf-8")
    if given.json:
        print(json.dumps(training_to_json(trained), ensure_ascii=False))
    else:
        print(render_training(trained))
        print(f"\nwrote {given.out}")
    return 0
