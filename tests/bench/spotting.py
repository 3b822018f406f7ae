"""How long does a megabyte of transcript take against all phrase packs? One table.

The transcript is put together from what people say in the tests, and from the handbook's own prose cut into utterances, so that
one utterance in thirty holds a phrase, as on a talkative call. Nothing is remembered between what is timed but what a worker
remembers too: the words of the language, and in the row of later passes the written words of this transcript.

The peers find the same words and nothing else: one compiled pattern of all phrases, as `re` runs it, and an automaton over
letters (pyahocorasick). They know no sound, no misspelling, no negation, no question, no speaker and no times.
"""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import ahocorasick

from app.conversation import Utterance
from app.language.matching import PackSet, compile_packs
from app.language.packs import load_packs
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import Speaker
from tests.unit.language.spoken import read_spoken

BYTES = 1_000_000
ROUNDS = 7
PROMISED_MS = 100
DOCS = Path(__file__).parents[2] / "docs"


def run() -> str:
    """Measure and return the table as Markdown."""
    compile_s = _least_s(lambda: compile_packs(load_packs()), rounds=3)
    packs = compile_packs(load_packs())
    said = make_transcript(packs)
    end_s = said[-1].span.end_s
    text = "\n".join(utterance.text.lower() for utterance in said)
    first_s = _least_s(lambda: spot(said, packs, duration_s=end_s), rounds=1)
    later_s = _least_s(lambda: spot(said, packs, duration_s=end_s), rounds=ROUNDS)
    hits = len(spot(said, packs, duration_s=end_s))
    phrases = _plain_phrases(packs)
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(phrases, key=len, reverse=True))) + r")\b")
    automaton = ahocorasick.Automaton()
    for phrase in phrases:
        automaton.add_word(phrase, phrase)
    automaton.make_automaton()
    pattern_s = _least_s(lambda: pattern.findall(text), rounds=2)
    letters_s = _least_s(lambda: list(automaton.iter(text)), rounds=ROUNDS)
    rows = [
        ("Reading and compiling the packs, once", f"{1000 * compile_s:.0f} ms", ""),
        ("First pass over the transcript", f"{1000 * first_s:.0f} ms", f"{hits} hits"),
        (f"Later passes (promised: under {PROMISED_MS} ms)", f"{1000 * later_s:.0f} ms", f"{hits} hits"),
        ("Peer: one compiled pattern", f"{1000 * pattern_s:.0f} ms", f"{len(pattern.findall(text))} places"),
        ("Peer: automaton over letters", f"{1000 * letters_s:.0f} ms", f"{len(list(automaton.iter(text)))} places"),
    ]
    return "\n".join(
        [
            "## Phrase packs",
            "",
            f"{len(packs.source.packs)} packs, {len(packs.entries)} phrases; {len(said)} utterances of two parties, "
            f"{sum(len(u.text.encode()) + 1 for u in said):,} bytes; processor time on one core, the least of {ROUNDS} rounds "
            f"(compiled pattern: of 2). Yardstick: {1000 * _yardstick_s():.0f} ms for a million turns of an empty loop.",
            "",
            "| | CPU time | found |",
            "|---|---|---|",
            *(f"| {what} | {cost} | {found} |" for what, cost, found in rows),
        ]
    )


def make_transcript(packs: PackSet) -> list[Utterance]:
    """Return a megabyte of speech of two parties, one utterance in thirty from the tests' sentences."""
    chance = random.Random(20)
    spoken = [text for item in read_spoken(packs.source) for _, text in item.lines]
    prose = " ".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md")))
    words = re.findall(r"[A-Za-z0-9$%',.?-]+", prose)
    said: list[Utterance] = []
    count, at_s = 0, 0.0
    while count < BYTES:
        start = chance.randrange(len(words) - 30)
        line = chance.choice(spoken) if chance.random() < 1 / 30 else " ".join(words[start : start + chance.randint(4, 30)])
        channel = chance.randrange(2)
        end_s = at_s + len(line) / 15
        said.append(Utterance(channel, (Speaker.CALLER, Speaker.AGENT)[channel], Span(at_s, end_s), line))
        count += len(line.encode()) + 1
        at_s = end_s + 0.4
    return said


def _plain_phrases(packs: PackSet) -> list[str]:
    phrases = {phrase.say for pack in packs.source.packs for phrase in pack.phrases}
    return sorted(phrase for phrase in phrases if not set("*{(") & set(phrase))


def _least_s(work: Callable[[], object], *, rounds: int) -> float:
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return least


def _yardstick_s() -> float:
    def work() -> None:
        for _ in range(1_000_000):
            pass

    return _least_s(work, rounds=5)
