"""Keys, parts, same audio, covered numbers and language: how many are right, and how many are false?

Digits and copies are made by the functions of the tests that hold them, which are imported where they are used: a test module
that is imported here first would lose what pytest adds to its assertions.
"""

import csv
import io
import re
from collections.abc import Iterable
from contextlib import redirect_stdout

import numpy as np

from app.adapters.stage_cache import FolderStageCache
from app.adapters.transcribers import build_transcriber
from app.audio.decode import decode
from app.audio.fingerprint import find_landmarks
from app.audio.fingerprint_index import Segment, find_candidates
from app.audio.language_check import check_channel
from app.audio.language_model import load_language_model
from app.audio.likeness import compare_prints
from app.audio.tones import find_tones
from app.learning.language_corpus import hear_passages, read_language_corpus
from app.settings import load_settings
from app.vocabulary import ToneKind
from tests.bench import parts
from tests.bench.sections import section_text
from tests.bench.surroundings import find_corpus, one_core_settings
from tests.bench.table import Line, Row, Tell

DIGITS, LEAST_DIGITS_READ = 40, 38
COPIES, LEAST_COPIES_FOUND = 30, 27
ANSWER_WITHIN_MS = 100
"""Nobody who clicks notices less (Nielsen 1993, Usability Engineering, chapter 5)."""


def digits_in_speech(tell: Tell) -> Iterable[Line]:
    """Mix digits into live speech, as the test of the tone finder does, and count those read with their times."""
    from tests.unit.audio import test_tones as keys

    paths = sorted((find_corpus() / "live").glob("wuw_*.wav"))
    for at, (seconds, over_speech_db) in enumerate(((0.06, 10), (0.1, 6))):
        random = np.random.default_rng(DIGITS)
        right = wrong = 0
        for number in range(DIGITS):
            tell(f"{over_speech_db} dB", (at + number / DIGITS) / 2)
            speech = decode(paths[random.integers(len(paths))]).samples[0].astype(float)
            blocks = np.square(speech[: speech.size // 320 * 320].reshape(-1, 320)).mean(axis=1)
            talking_rms = np.sqrt(blocks[blocks > np.percentile(blocks, 95) / 100].mean())
            key = list(keys.KEYPAD)[random.integers(16)]
            start = int(random.uniform(0.2, speech.size / keys.RATE_HZ - 0.4) * keys.RATE_HZ)
            level = talking_rms * 10 ** (over_speech_db / 20)
            digit = keys.sound(*keys.KEYPAD[key], seconds=seconds, level=level)
            speech[start : start + digit.size] += digit
            start_s = start / keys.RATE_HZ
            tones = find_tones(np.clip(speech, -32768, 32767).astype(np.int16), 0)
            is_right = any(
                tone.detail == key
                and abs(tone.span.start_s - start_s) < 0.05
                and abs(tone.span.end_s - start_s - seconds) < 0.05
                for tone in tones
            )
            right += is_right
            wrong += len(tones) - is_right
        yield Line(
            f"Digits dialled over live speech, {1000 * seconds:.0f} ms, {over_speech_db} dB above it",
            f"{right} of {DIGITS} with their times; {wrong} false",
            f"at least {LEAST_DIGITS_READ} of {DIGITS}, none false",
            right >= LEAST_DIGITS_READ and wrong == 0,
            on=f"{len(paths)} real calls to draw from",
        )


def digits_nobody_dialled(tell: Tell) -> Iterable[Line]:
    """Look for tones on every recording of people."""
    from tests.unit.audio import test_tones as keys

    paths = sorted(path for path in (find_corpus() / "live").iterdir() if path.suffix in {".wav", ".flac", ".mp3"})
    found = []
    for number, path in enumerate(paths):
        tell(path.name, number / len(paths))
        found += keys.tones_of(path)
    digits = sum(tone.kind is ToneKind.DTMF for tone in found)
    measured = f"{digits}; {len(found) - digits} other tones"
    yield Line("Digits claimed where nobody dialled", measured, "none", digits == 0, on=f"{len(paths)} recordings of people")


def joints(tell: Tell) -> Iterable[Line]:
    """Cut composed calls into parts as ``python -m tests.bench.parts`` does."""
    tell("composed calls", 0.0)
    said = io.StringIO()
    with redirect_stdout(said):
        parts.main(find_corpus(), 12)
    for name, found, there, cuts in re.findall(r"^(.+): (\d+) of (\d+) joints .*; (\d+) cuts$", said.getvalue(), re.MULTILINE):
        is_own = name == "the set's own"
        yield Line(
            f"Joints of composed calls found within {parts.TOLERANCE_S} s, {name}",
            f"{found} of {there}; {cuts} cuts in all",
            "all" if is_own else "",
            found == there if is_own else None,
            on="6 calls with a timeline" if is_own else "12 calls of other orders and levels, drawn anew",
        )


def copies_among_others(tell: Tell) -> Iterable[Line]:
    """Ask for noisy, shifted, recoded copies among ten thousand others, as the test of the fingerprint does."""
    from tests.integration.fingerprint import test_corpus as copies

    corpus = find_corpus()
    with (corpus / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["class"] in ("live_human", "recorded_prompt", "tts")]
    roots = {row["parent"] or row["file"]: row["file"] for row in reversed(rows)}
    samples, prints = {}, {}
    for number, (root, name) in enumerate(sorted(roots.items())):
        tell("taking prints", 0.5 * number / len(roots))
        samples[root] = decode(corpus / name).samples[0]
        prints[root] = copies.of_speech(samples[root])
    long_enough = sorted(root for root, print_ in prints.items() if 2.5 <= print_.speech_s <= 30)
    random = np.random.default_rng(7)
    chosen = [long_enough[place] for place in random.choice(len(long_enough), COPIES, replace=False)]
    others = [
        (f"{root} x{speed:.3f}", copies.sped(print_, speed))
        for speed in copies.OTHERS_SPEEDS
        for root, print_ in prints.items()
    ]
    stored = [*prints.items(), *others]
    tell("building the index", 0.6)
    segment = Segment.build((no, find_landmarks(print_)) for no, (_, print_) in enumerate(stored))
    noise = decode(corpus / "noise" / "cafe.wav").samples[0]
    found = false = 0
    for number, root in enumerate(chosen):
        tell("asking", 0.8 + 0.2 * number / COPIES)
        asked = copies.of_speech(copies.spoil(samples[root], noise, random))
        for candidate in find_candidates([segment], find_landmarks(asked)):
            name, print_ = stored[candidate.print_no]
            if compare_prints(asked, print_, candidate.offset_frames).is_same_audio:
                found, false = found + (name == root), false + (name != root)
    yield Line(
        "Copies found: cafe noise 15 dB below, later start, half level, GSM",
        f"{found} of {COPIES}; {false} false",
        f"at least {LEAST_COPIES_FOUND} of {COPIES}, none false",
        found >= LEAST_COPIES_FOUND and false == 0,
        on=f"{len(stored):,} prints: {len(prints)} recordings, the others of them played faster or slower",
    )


def million(_: Tell) -> Iterable[Line]:
    """Read the answer times of a million simulated recordings off the section that measures them."""
    told = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", section_text("fingerprint"), re.MULTILINE))
    [size] = [value for name, value in told.items() if name.startswith("Simulated recordings")]
    median_ms = float(re.findall(r"median ([\d.]+) ms", told["Answer, files in memory"])[0])
    yield Line(
        "Answer from the index of recorded audio, files in memory",
        told["Answer, files in memory"],
        f"milliseconds: at most {ANSWER_WITHIN_MS} in the median",
        median_ms <= ANSWER_WITHIN_MS,
        spread=f"first asking: {told['Answer, first asking']}",
        on=f"{size} simulated recordings, {told['Index on disk']}",
    )


def languages(tell: Tell) -> Iterable[Line]:
    """Ask the model in force about every passage of the development audio."""
    settings, model = one_core_settings(), load_language_model()
    passages = read_language_corpus(find_corpus() / "manifest.csv")
    cache = FolderStageCache(load_settings().data_dir / "stages")
    heard = hear_passages(passages, build_transcriber(settings), cache=cache, on_progress=tell)
    for is_english in (True, False):
        judged = [check_channel(one.words, one.speech, model) for one in heard if (one.passage.language == "en") == is_english]
        foreign = sum(one.is_foreign for one in judged)
        unsure = sum(not one.is_foreign and bool(one.foreign or one.unsure) for one in judged)
        passed = len(judged) - foreign - unsure
        named = "English" if is_english else "Other languages"
        yield Line(
            f"{named}: said to be another language, unsure, taken for English",
            f"{foreign}, {unsure}, {passed} of {len(judged)} passages",
            "none said to be another language" if is_english else "none taken for English",
            foreign == 0 if is_english else passed == 0,
            on="joined to passages of at most 28 s; most of them taught the model (left out in turn: language-and-roles.md)",
        )


ROWS = (
    Row("listening.dtmf", "Digits dialled over live speech", "at least 38 of 40, none false", digits_in_speech),
    Row("listening.dtmf_false", "Digits claimed where nobody dialled", "none", digits_nobody_dialled),
    Row("listening.parts", "Joints of composed calls found within 0.5 s", "all of the set's own", joints),
    Row("listening.copies", "Copies found among 10,000 others", "at least 27 of 30, none false", copies_among_others),
    Row("listening.lookup", "Answer from the index of a million recordings", "milliseconds", million),
    Row("listening.language", "Other languages told from English", "none mistaken", languages),
)
