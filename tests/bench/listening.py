"""How long does a whole analysis take, next to bare faster-whisper on the same recordings?

Bare faster-whisper is its own transcribe(), as a user would write it in ten lines, on as many threads as it takes by itself:
sequential with nothing set at all, which on a processor is float32 (one round, because it takes minutes); sequential with int8
set, as ours, and beam 5 or 1; and batched with its own speech filter. Ours is ``earshot analyze`` as typed: decoding, speech
and tones, recognition of each party apart, turns, phrases, score. Start-up and loading of the weights are counted on both
sides. Rounds are interleaved; the least is reported, because noise only adds.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.settings import load_settings

ROOT = Path(__file__).parents[2]
ROUNDS = 3
OURS = "Earshot, whole analysis"
NOTHING_SET = "faster-whisper sequential, WhisperModel(path) with nothing set"
PEERS = {
    NOTHING_SET: ["nothing-set", "5"],
    "faster-whisper sequential, beam 5, int8 set": ["sequential", "5"],
    "faster-whisper sequential, beam 1, int8 set": ["sequential", "1"],
    "faster-whisper batched, beam 1, int8 set, own speech filter": ["batched", "1"],
}


def run() -> str:
    """Measure and return the tables as Markdown."""
    files, where = choose_files()
    groups = {"mono": [path for path in files if channels(path) == 1], "stereo": [path for path in files if channels(path) > 1]}
    lines = [f"## Listening: whole conversations ({where}), each way with its default threads, start-up included"]
    for name, group in groups.items():
        lines += compare(name, group) if group else []
    one, two = workers_rate(files, 1), workers_rate(files * 2, 2)
    lines += [
        "",
        f"Audio seconds per second, whole analysis: one worker {one:.1f}, two workers {two:.1f} ({two / one:.2f} x).",
    ]
    return "\n".join(lines)


def compare(kind: str, files: list[Path]) -> list[str]:
    """Return the table of one kind of recordings; a stereo recording has two parties to hear, which bare whisper mixes."""
    audio_s = sum(duration_s(path) for path in files)
    ways = {OURS: [], **PEERS}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, arguments in ways.items():
            if is_in_round(name, number):
                seconds[name].append(timed(arguments, files))
    least = {name: min(times) for name, times in seconds.items()}
    lines = [
        "",
        f"{len(files)} {kind} recordings, {audio_s:.0f} s",
        "",
        "| | seconds (least of 3) | spread | audio s per s | Earshot is |",
        "|---|---|---|---|---|",
    ]
    for name, best in least.items():
        ratio = "" if name == OURS else f"{best / least[OURS]:.2f} x as fast"
        spread = f"{min(seconds[name]):.1f}-{max(seconds[name]):.1f}"
        lines.append(f"| {name} | {best:.1f} | {spread} | {audio_s / best:.1f} | {ratio} |")
    return lines


def is_in_round(name: str, number: int) -> bool:
    """Say whether a way is timed in this round: what takes minutes is timed in the first one only."""
    return number == 0 or name != NOTHING_SET


def choose_files() -> tuple[list[Path], str]:
    """Return whole conversations: real ones where the development audio is at hand, else the sample calls."""
    corpus = load_settings().audio_corpus / "live"
    real = [corpus / name for name in ("aws_auto0_mono.wav", "aws_auto40_stereo.wav") if (corpus / name).exists()]
    if real:
        return real, "real calls, mono and stereo"
    return sorted((ROOT / "sample_audio" / "calls").glob("*.wav"))[:6], "sample calls"


def duration_s(path: Path) -> float:
    """Return the length of a recording in seconds."""
    import soundfile

    return float(soundfile.info(path).duration)


def channels(path: Path) -> int:
    """Return the number of channels of a recording."""
    import soundfile

    return int(soundfile.info(path).channels)


def timed(arguments: list[str], files: list[Path]) -> float:
    """Run one way over the files in a fresh process and return the wall-clock seconds; no arguments are ``earshot analyze``."""
    if arguments:
        command = [sys.executable, "-m", "tests.bench.listen_once", *arguments, *map(str, files)]
    else:
        command = [sys.executable, "-m", "app.cli", "analyze", "--json", *map(str, files)]
    started = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - started


def workers_rate(files: list[Path], workers: int) -> float:
    """Return audio seconds per second when so many processes share the files; loading is not counted."""
    shares = [files[n::workers] for n in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        spans = list(pool.map(_listen_share, shares))
    wall_s = max(end for _, end in spans) - min(start for start, _ in spans)
    return sum(duration_s(path) for path in files) / wall_s


def _listen_share(files: list[Path]) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.bench.listen_once", "ours-loaded", *map(str, files)]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    times = json.loads(answer.splitlines()[-1])
    return times["started"], times["ended"]
