"""Makes every sample call again: ``python -m sample_audio.generate [--only ID] [--out DIR]``.

The same engine versions and the same scripts give the same samples; ``--history`` writes the earlier calls alone and
needs no speech engine.
"""

import argparse
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from sample_audio import codecs, manifest, scene, script
from sample_audio.history import make_history, write_history
from sample_audio.terms import World, load_world
from sample_audio.voices import INSTALL, describe_engines, find_missing

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, or 1 with a sentence on stderr saying what is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_audio.generate", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("--only", metavar="ID", action="append", help="make this call again, keep the others (may be repeated)")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=HERE, help="folder for calls/, manifest.yaml and history.csv"
    )
    parser.add_argument("--history", action="store_true", help="write history.csv and the money of the manifest; no audio")
    parser.add_argument("--jobs", type=int, default=1, help="calls made at the same time")
    options = parser.parse_args(arguments)
    try:
        scripts = _choose(script.load_scripts(), options.only)
        made = [] if options.history else _make_all(scripts, options.out, options.jobs)
    except (script.ScriptError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    _write_facts(made, options.out, load_world())
    return 0


def make_call(item: script.Script, out: Path) -> dict[str, Any]:
    """Play, write and measure one call; returns its manifest entry without the money."""
    messages = script.load_messages()
    played = scene.play(item, messages)
    codec = codecs.CODECS[item.codec]
    path = out / "calls" / f"{item.id}.{codec.suffix}"
    codecs.write_call(path, lay_out(played, item.layout), codec)
    return manifest.describe_call(item, played, codec, path, measure(path), load_world(), messages)


def lay_out(played: scene.Scene, layout: str) -> codecs.Frames:
    """Return samples x channels: both parties apart, mixed into one, or mixed and copied twice."""
    if layout == "stereo":
        return np.stack(played.channels, axis=1)
    mixed = (np.clip(0.9 * (played.channels[0] + played.channels[1]), -0.97, 0.97))[:, None]
    return mixed if layout == "mono" else np.repeat(mixed, 2, axis=1)


def measure(path: Path) -> tuple[float, int, int]:
    """Return duration in s, sample rate in Hz and channels as the file's reader sees them (soundfile; PyAV for M4A)."""
    if path.suffix == ".m4a":
        import av

        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            return float((container.duration or 0) / 1_000_000), stream.rate, stream.channels
    import soundfile as sf

    info = sf.info(str(path))
    return float(info.duration), int(info.samplerate), int(info.channels)


def _choose(scripts: list[script.Script], only: list[str] | None) -> list[script.Script]:
    known = {item.id for item in scripts}
    if only and (unknown := sorted(set(only) - known)):
        raise script.ScriptError(f"no script has the id {unknown}; known are {', '.join(sorted(known))}")
    return [item for item in scripts if not only or item.id in only]


def _make_all(scripts: list[script.Script], out: Path, jobs: int) -> list[dict[str, Any]]:
    voices = {party.voice for item in scripts for party in item.cast.values()}
    voices |= {message.voice for message in script.load_messages().values()}
    if missing := find_missing(voices):
        raise RuntimeError(f"speech engines missing: {', '.join(missing)}. {INSTALL}")
    (out / "calls").mkdir(parents=True, exist_ok=True)
    with get_context("spawn").Pool(jobs) as pool:
        made = []
        for entry in pool.starmap(make_call, [(item, out) for item in scripts], chunksize=1):
            print(f"{entry['id']}: {entry['duration_s']:.1f} s, {entry['bytes'] // 1000} kB, {entry['codec']}")
            made.append(entry)
    return made


def _write_facts(made: list[dict[str, Any]], out: Path, world: World) -> None:
    path = out / "manifest.yaml"
    fresh = {entry["id"] for entry in made}
    entries = [entry for entry in manifest.load_manifest(path) if entry["id"] not in fresh] + made
    known = {item.id: item for item in script.load_scripts()}
    entries = [entry for entry in entries if entry["id"] in known]
    taken = [item.call["caller_number"] for item in known.values()]
    taken += [row["number"] for part in ("tracking_numbers", "targets", "consents") for row in world.raw[part]]
    history = make_history(world, taken)
    write_history(history, out / "history.csv")
    manifest.add_money(entries, world, history)
    manifest.write_manifest(entries, describe_engines(), path)


if __name__ == "__main__":
    sys.exit(main())
