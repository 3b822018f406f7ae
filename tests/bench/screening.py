"""What does it take to hold a call against all rules, from its facts? One table.

The calls are the sample calls' scripts as transcripts, with the facts of an outbound sales call, and the same facts without a
word. The peer is ours without what rules share: each rule is asked by itself, and finds phrases, numbers and the place of the
called party anew, as a script per rule would. No other tool that holds calls against these rules could be put beside it.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from app.compliance.facts import Facts
from app.compliance.facts_json import parse_facts
from app.compliance.reference import load_reference
from app.compliance.rule_set import load_rule_set
from app.language.matching import compile_packs
from app.language.packs import load_packs
from app.reports.screen import Screener
from tests.factories.screening import outbound

SAMPLES = Path(__file__).parents[2] / "sample_audio"
ROUNDS = 3


def run() -> str:
    """Measure and return the table as Markdown."""
    started = time.process_time()
    screener = Screener(load_rule_set(), compile_packs(load_packs()), load_reference(), tells_all=True)
    reading_ms = 1000 * (time.process_time() - started)
    spoken = read_calls()
    silent = [replace(facts, utterances=()) for facts in spoken]
    alone = [
        replace(screener, rules=replace(screener.rules, rules=tuple(row for row in screener.rules.rules if row.id == rule)))
        for rule in sorted({row.id for row in screener.rules.rules})
    ]
    words = statistics.median(sum(len(one.text.split()) for one in facts.utterances) for facts in spoken)
    told = statistics.median(len(screener.screen(facts)["findings"]) for facts in spoken)
    rows = [
        ("Reading rules, phrase packs and tables, once", f"{reading_ms:.0f} ms"),
        ("Facts alone", say_ms([screener], silent)),
        (f"Facts and transcript (median {words:.0f} words)", say_ms([screener], spoken)),
        (f"The peer, facts alone: {len(alone)} rules one by one, nothing shared", say_ms(alone, silent)),
        ("The peer, facts and transcript", say_ms(alone, spoken)),
    ]
    lines = [
        "## Screening a call from its facts",
        "",
        f"{len(spoken)} calls, {told:.0f} findings each with those that pass; the least of {ROUNDS} rounds for each call, "
        "processor time.",
        "",
        "| | median and slowest call |",
        "|---|---|",
        *(f"| {what} | {cost} |" for what, cost in rows),
    ]
    return "\n".join(lines)


def read_calls() -> list[Facts]:
    """Return the scripts of the sample calls in which somebody speaks, as facts of outbound sales calls."""
    calls = yaml.safe_load((SAMPLES / "manifest.yaml").read_text("utf-8"))["calls"]
    read = []
    for call in calls:
        said = [
            {"speaker": line["party"], "start_s": line["start_s"], "end_s": line["end_s"], "text": line["text"]}
            for line in call["truth"]["timeline"]
            if line["party"] in ("caller", "agent") and line["text"]
        ]
        if said:
            placed = outbound("+12125550123", "2026-11-18T15:00:00Z")
            read.append(parse_facts({**placed, "call_id": call["id"], "utterances": said}))
    return read


def say_ms(screeners: Sequence[Screener], calls: Sequence[Facts]) -> str:
    """Return the median and the slowest call, each call's cost being the least of the rounds."""
    costs = [min(_ms(screeners, facts) for _ in range(ROUNDS)) for facts in calls]
    return f"{statistics.median(costs):.2f} ms, slowest {max(costs):.2f} ms"


def _ms(screeners: Sequence[Screener], facts: Facts) -> float:
    started = time.process_time()
    for screener in screeners:
        screener.screen(facts)
    return 1000 * (time.process_time() - started)
