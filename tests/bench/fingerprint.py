"""How quickly is the same audio found, in how many recordings, and at what cost? One table.

Finding is measured on real audio: copies of sample calls' callers with noise, another start and a codec, among the others. Size
and speed are measured on simulated recordings, because a million real ones are not at hand: each has as many landmarks as 25
seconds of a caller's speech give, half of them drawn from real prints, so that the common ones are very common. An
answer's time includes reading the files and counting votes, not the comparison of at most 24 prints afterwards.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from app.audio.fingerprint import KEPT_BITS, AudioPrint, Landmarks, find_landmarks, take_print
from app.audio.fingerprint_index import Segment, find_candidates, open_segment, write_segment
from app.audio.likeness import compare_prints
from app.audio.vad import find_speech

ROOT = Path(__file__).parents[2]
RECORDINGS = int(os.environ.get("BENCH_PRINTS", "1000000"))
FILES = 16
MARKS_EACH = 400
"""25 s of speech at 16 landmarks a second; what a caller says in a call of a minute."""

QUERIES = 40


def run() -> str:
    """Measure and return the table as Markdown."""
    prints, print_ms = real_prints()
    found, wrong, tried = find_copies(prints)
    lines = [
        "## The same audio in other calls",
        "",
        "| | |",
        "|---|---|",
        f"| Copies found (10 dB noise, other start, mu-law) among {len(prints)} callers | {found} of {tried}, {wrong} false |",
        f"| Printing a minute of a channel | {print_ms:.0f} ms |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        lines += simulate(Path(folder), prints)
    return "\n".join(lines)


def real_prints() -> tuple[list[tuple[str, np.ndarray, AudioPrint]], float]:
    """Return the callers of the sample calls with their prints, and the milliseconds that a minute took."""
    from app.audio.decode import decode

    prints, spent_s, audio_s = [], 0.0, 0.0
    for path in sorted((ROOT / "sample_audio" / "calls").iterdir()):
        samples = decode(path).samples[0]
        speech = find_speech(samples)
        started = time.perf_counter()
        print_ = take_print(samples, speech)
        find_landmarks(print_)
        spent_s += time.perf_counter() - started
        audio_s += samples.size / 16_000
        if print_.speech_s >= 5:
            prints.append((path.name, samples, print_))
    return prints, 1000 * spent_s / audio_s * 60


def find_copies(prints: list[tuple[str, np.ndarray, AudioPrint]]) -> tuple[int, int, int]:
    """Return how many noisy, cut and coded copies were found, how many false ones, and how many were tried."""
    segment = Segment.build((no, find_landmarks(print_)) for no, (_, _, print_) in enumerate(prints))
    random = np.random.default_rng(1)
    found = wrong = 0
    for no, (name, samples, _) in enumerate(prints):
        copy = spoil(samples[int(random.integers(1, 40_000)) :], random)
        asked = take_print(copy, find_speech(copy))
        for candidate in find_candidates([segment], find_landmarks(asked)):
            other_name, _, other = prints[candidate.print_no]
            if compare_prints(asked, other, candidate.offset_frames).is_same_audio:
                found += candidate.print_no == no
                # Two sample calls play one message.
                is_one_message = name.startswith("auto-robocall") and other_name.startswith("auto-robocall")
                wrong += candidate.print_no != no and not is_one_message
    return found, wrong, len(prints)


def spoil(samples: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a copy with noise 10 dB below the loud parts, at half the level, through mu-law with 8 bits."""
    loud = samples[np.abs(samples) > 300].astype(float)
    level = np.sqrt((loud**2).mean() / 10)
    x = np.clip((samples + level * random.standard_normal(samples.size)) / 65_536, -1, 1)
    coded = np.round(np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256) * 127) / 127
    return (np.sign(coded) * ((256 ** np.abs(coded) - 1) / 255) * 32_767).astype(np.int16)


def simulate(folder: Path, prints: list[tuple[str, np.ndarray, AudioPrint]]) -> list[str]:
    """Fill an index with simulated recordings and return the rows about its size and speed."""
    random = np.random.default_rng(2)
    # Half of a simulated recording's landmarks are those of 35 real callers, each thousands of times over: a hard case.
    real = np.concatenate([find_landmarks(print_).hashes for _, _, print_ in prints])
    started = time.perf_counter()
    asked: list[tuple[int, Landmarks]] = []
    byte_count = 0
    each = RECORDINGS // FILES
    for number in range(FILES):
        hashes = real[random.integers(0, real.size, each * MARKS_EACH)]
        is_free = random.random(hashes.size) < 0.5
        hashes = np.where(is_free, near(hashes, random), hashes).astype(np.uint32)
        frames = random.integers(0, 3_750, hashes.size).astype(np.uint16)
        owners = np.repeat(np.arange(each, dtype=np.uint32), MARKS_EACH)
        order = np.argsort(hashes, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(hashes, minlength=1 << KEPT_BITS))]).astype(np.uint32)
        nos = np.arange(number * each, (number + 1) * each, dtype=np.uint32)
        path = folder / f"{number:02d}.prints"
        write_segment(path, Segment(nos, starts, owners[order], frames[order]), first_id="a", last_id="b")
        byte_count += path.stat().st_size
        for place in range(0, each, max(1, each * FILES // QUERIES)):
            mine = slice(place * MARKS_EACH, (place + 1) * MARKS_EACH)
            asked.append((number * each + place, Landmarks(hashes[mine], frames[mine])))
    build_s = time.perf_counter() - started
    started = time.perf_counter()
    segments = [open_segment(path)[0] for path in sorted(folder.iterdir())]
    open_ms = 1000 * (time.perf_counter() - started)
    whole = [ask(segments, no, marks) for no, marks in asked]
    # A copy of which a quarter of the landmarks is left, the others being of other sound.
    spoiled = [ask(segments, no, spoil_marks(marks, random, real)) for no, marks in asked]
    first_ms, again_ms = np.array([ms for ms, _ in whole]), np.array([ms for ms, _ in spoiled])
    return [
        f"| Simulated recordings, {MARKS_EACH} landmarks each, in {FILES} files | {each * FILES:,} |",
        f"| Index on disk | {byte_count / 1e9:.2f} GB, {byte_count / (each * FILES):.0f} bytes a recording |",
        f"| Building and writing it | {build_s:.0f} s |",
        f"| Opening it | {open_ms:.1f} ms |",
        f"| Answer, first asking | median {np.median(first_ms):.1f} ms, slowest of {len(whole)} {first_ms.max():.1f} ms |",
        f"| Answer, files in memory | median {np.median(again_ms):.1f} ms, slowest {again_ms.max():.1f} ms |",
        f"| Right recording proposed: whole, a quarter left | {share(whole)}, {share(spoiled)} |",
    ]


def near(hashes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return other landmarks, spread over all numbers."""
    return random.integers(0, 1 << KEPT_BITS, hashes.size)


def spoil_marks(marks: Landmarks, random: np.random.Generator, real: np.ndarray) -> Landmarks:
    """Return the landmarks with three of four replaced by those of other sound."""
    is_kept = random.random(marks.hashes.size) < 0.25
    return Landmarks(np.where(is_kept, marks.hashes, random.choice(real, marks.hashes.size)).astype(np.uint32), marks.frames)


def ask(segments: list[Segment], no: int, marks: Landmarks) -> tuple[float, bool]:
    """Return the milliseconds of one answer and whether it proposes the right recording."""
    started = time.perf_counter()
    found = find_candidates(segments, marks)
    return 1000 * (time.perf_counter() - started), any(candidate.print_no == no for candidate in found)


def share(answers: list[tuple[float, bool]]) -> str:
    """Return how many answers were right."""
    return f"{sum(is_right for _, is_right in answers)} of {len(answers)}"
