"""``earshot voice``: train the model that judges callers' voices, or test it on recordings. Needs no database and no queue."""

import argparse
import json
from pathlib import Path
from typing import Any

from app.cli.progress import ProgressLine
from app.errors import InvalidInput
from app.ports import VoiceEncoder
from app.settings import load_settings

PACKAGE = Path(__file__).parents[1]
MODEL = PACKAGE / "audio" / "data" / "voice_model.json"
CARD = PACKAGE.parent / "docs" / "voice-model-card.md"


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "voice",
        help="train or test what tells live callers from recordings and synthetic voices",
        description="Trains or tests the model of callers' voices on recordings that a manifest lists.",
        epilog="example: earshot voice evaluate ../shared/audio/manifest.csv --json",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    train = actions.add_parser(
        "train",
        help="fit the model and write it with its card",
        epilog="example: earshot voice train ../shared/audio/manifest.csv --more var/training-voices/manifest.csv",
    )
    train.add_argument(
        "--out", type=Path, default=MODEL, metavar="MODEL.json", help="where the model goes (default: into the product)"
    )
    train.add_argument("--card", type=Path, default=CARD, metavar="CARD.md", help="where its card goes (default: %(default)s)")
    test = actions.add_parser(
        "evaluate",
        help="measure the model with each engine and speaker left out",
        epilog="example: earshot voice evaluate ../shared/audio/manifest.csv --json",
    )
    test.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    for action in (train, test):
        action.add_argument(
            "manifest", type=Path, metavar="MANIFEST.csv", help="the recordings, with class, speakers and licence"
        )
        action.add_argument("--more", type=Path, metavar="MANIFEST.csv", help="further machine voices to learn from")
    train.set_defaults(run=run_train)
    test.set_defaults(run=run_evaluate)


def run_train(given: argparse.Namespace) -> int:
    """Fit the model, write it and its card."""
    from app.audio.voice.model import write_voice_model
    from app.learning.voice_card import render_card
    from app.learning.voice_tables import render_evaluation
    from app.learning.voice_training import train_voice

    progress = ProgressLine("voice train")
    trained = train_voice(
        given.manifest, _build_encoder(), more=given.more, cache_dir=_cache_dir(), on_progress=progress.update
    )
    progress.clear()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(write_voice_model(trained.model), "utf-8")
    given.card.parent.mkdir(parents=True, exist_ok=True)
    given.card.write_text(render_card(trained.model, trained.evaluation, trained.left_out), "utf-8")
    print(render_evaluation(trained.evaluation))
    print(f"\nwrote {given.out} and {given.card}")
    return 0


def run_evaluate(given: argparse.Namespace) -> int:
    """Measure and print."""
    from app.audio.voice.model import load_voice_model
    from app.learning.voice_tables import render_evaluation
    from app.learning.voice_training import evaluate_voice

    progress = ProgressLine("voice evaluate")
    evaluation, left_out = evaluate_voice(
        given.manifest,
        _build_encoder(),
        load_voice_model(),
        more=given.more,
        cache_dir=_cache_dir(),
        on_progress=progress.update,
    )
    progress.clear()
    if given.json:
        print(
            json.dumps(
                {"manifest": str(given.manifest), **evaluation.as_json(), "left_out": list(left_out)}, ensure_ascii=False
            )
        )
    else:
        print(render_evaluation(evaluation))
        print(f"{len(left_out)} lines of the manifest were left out" + (f", such as {left_out[0]}" if left_out else ""))
    return 0


def _build_encoder() -> VoiceEncoder:
    from app.adapters.transcribers import build_transcriber

    transcriber = build_transcriber(load_settings())
    if not isinstance(transcriber, VoiceEncoder):
        raise InvalidInput(f"{transcriber.identity.model}: expected a recogniser whose encoder can be read")
    return transcriber


def _cache_dir() -> Path:
    return load_settings().data_dir / "voice-figures"
