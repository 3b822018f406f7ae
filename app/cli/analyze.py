"""``earshot analyze``: what is on these recordings? Needs no database and no queue.

As many recordings are in work at a time as there are threads for recognition; the answers come in the order of the input.
"""

import argparse
import functools
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.adapters.stage_cache import FolderStageCache
from app.adapters.transcribers import build_transcriber, load_meanwhile
from app.audio.hot_words import join_hot_words
from app.cli.progress import ProgressOfOne
from app.compliance.facts import Facts
from app.compliance.facts_json import parse_facts
from app.compliance.judge import Judge
from app.compliance.packaged import load_judge
from app.errors import EarshotError, InvalidInput, NotFound
from app.ports import StageCache, Transcriber
from app.reports.analyze import analyze_file, error_to_json, render_report, report_to_json
from app.settings import load_settings
from app.vocabulary import ChannelRole

SOME_FAILED = 3


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "analyze",
        help="listen to recordings and say what is on them",
        description="Listens to recordings: who spoke when, what was said, phrases, score. Needs no database and no queue.",
        epilog="example: earshot analyze call.wav --json",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a recording, or a folder of them")
    parser.add_argument("--meta", type=Path, metavar="FACTS.json", help="the call's facts: they join the screening")
    parser.add_argument("--json", action="store_true", help="one JSON object per line, in input order")
    parser.add_argument("--fast", action="store_true", help="reuse what was recognised before, from DATA_DIR")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Analyse every path; a file that cannot be read is told and the rest goes on."""
    settings = load_settings()
    told = _load_told(given.meta) if given.meta else _Told()
    transcriber = build_transcriber(settings)
    load_meanwhile(transcriber)
    judge = load_judge()
    cache = FolderStageCache(settings.data_dir / "stages") if given.fast else None
    bench = _Bench(transcriber, judge, cache, told, settings.max_recording_hours, given.json)
    threads = settings.command_asr_threads
    paths = _expand(given.paths)
    shown = ProgressOfOne([path.name for path in paths])
    pool = ThreadPoolExecutor(threads, thread_name_prefix="file")
    try:
        futures = [
            pool.submit(bench.analyze, path, threads=threads, on_progress=functools.partial(shown.update, at))
            for at, path in enumerate(paths)
        ]
        return SOME_FAILED if _print_in_order(futures, shown) else 0
    except KeyboardInterrupt:
        # Native code that recognises minutes of sound cannot be interrupted, and nothing has to be saved.
        shown.clear()
        sys.stdout.flush()
        os._exit(130)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _print_in_order(futures: "list[Future[tuple[str, bool]]]", shown: ProgressOfOne) -> int:
    """Print each answer as soon as those before it are printed; return how many files failed."""
    failed = 0
    for future in futures:
        answer, is_analysed = future.result()
        shown.clear()
        print(answer, flush=True)
        shown.go_on()
        failed += not is_analysed
    return failed


@dataclass(frozen=True, slots=True)
class _Told:
    """What the sender says of a call: its facts, names that are likely to be said, what each channel carries."""

    facts: Facts | None = None
    hot_words: str | None = None
    channel_roles: tuple[ChannelRole, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every recording is analysed with."""

    transcriber: Transcriber
    judge: Judge
    cache: StageCache | None
    told: _Told
    max_hours: float
    as_json: bool

    def analyze(self, path: Path, *, threads: int, on_progress: Callable[[str, float], None]) -> tuple[str, bool]:
        """Return what is told of a recording, and whether it could be analysed."""
        try:
            if not path.is_file():
                raise NotFound(f"{path}: expected a recording, there is no such file", code="no_such_file")
            report = analyze_file(
                path,
                transcriber=self.transcriber,
                judge=self.judge,
                cache=self.cache,
                max_hours=self.max_hours,
                facts=self.told.facts,
                hot_words=self.told.hot_words,
                channel_roles=self.told.channel_roles,
                threads=threads,
                on_progress=on_progress,
            )
        except EarshotError as error:
            told = json.dumps(error_to_json(path, error), ensure_ascii=False)
            return told if self.as_json else f"{path}\n  could not be read: {error.message}\n", False
        return json.dumps(report_to_json(report), ensure_ascii=False) if self.as_json else render_report(report) + "\n", True


def _expand(paths: list[Path]) -> list[Path]:
    """Return files as given, and the files of folders sorted by name; hidden ones are left out."""
    expanded: list[Path] = []
    for path in paths:
        if path.is_dir():
            expanded += sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        else:
            expanded.append(path)
    return expanded


def _load_told(path: Path) -> _Told:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path}: expected a JSON file with the call's facts: {error}") from None
    if not isinstance(data, dict):
        raise InvalidInput(f"{path}: expected a JSON object with the call's facts, got a {type(data).__name__}")
    campaign = data.get("campaign") or {}
    if not isinstance(campaign, dict):
        raise InvalidInput(f"{path}: expected an object under campaign, got a {type(campaign).__name__}")
    facts = parse_facts(data, item=str(path))
    names = [*_read_texts(path, "campaign.hot_words", campaign.get("hot_words"))]
    seller = data.get("seller")
    if seller is not None and not isinstance(seller, str):
        raise InvalidInput(f"{path}: expected the seller's name under seller, got {seller!r}")
    names += [seller] if seller else []
    return _Told(facts, join_hot_words(names), _read_roles(path, data.get("channel_roles")))


def _read_texts(path: Path, name: str, value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidInput(f"{path}: expected a list of texts under {name}, got {value!r}")
    return value


def _read_roles(path: Path, value: object) -> tuple[ChannelRole, ...] | None:
    roles = _read_texts(path, "channel_roles", value)
    known = [role.value for role in ChannelRole]
    if any(role not in known for role in roles):
        raise InvalidInput(f"{path}: expected a list of {', '.join(known)} under channel_roles, got {value!r}")
    return tuple(ChannelRole(role) for role in roles) or None
