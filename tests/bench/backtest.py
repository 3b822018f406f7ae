"""How long does a back-test of ten thousand calls take, beside the edition in force? One table.

The calls are made of what people say on the sample calls, sixty to ninety utterances each with word times, put together anew
for every tenth call; they are screened by the edition in force and kept in a database of their own, as the house keeps them.
The peer judges the same calls one after another in one process, as a replay does.
"""

from __future__ import annotations

import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from app.adapters.database import open_database
from app.adapters.schema import migrate
from app.compliance.editions.document import EditionDocument, packaged_document
from app.compliance.engine import worth_telling
from app.compliance.facts_json import read_facts
from app.compliance.packaged import load_judge
from app.compliance.replay import replay_call
from app.compliance.service import shorten
from app.conversation import Utterance, Word
from app.learning.backtest_run import Window, Workforce, run_backtest
from app.models.analysis import AnalysisResult, AnalysisRun, UtteranceRow
from app.models.calls import Call, Recording
from app.models.screening import CurrentScreening, Finding, KeywordHitRow, Screening
from app.timeline import Span
from app.vocabulary import Disposition, RecordingState, Speaker
from tests.factories.screening import outbound

CALLS = 10_000
TALKS = 1_000
REPLAYED = 300
PROMISED_S = 60
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "sample_audio"


def run() -> str:
    """Measure and return the table as Markdown."""
    with tempfile.TemporaryDirectory() as folder, _filled(f"sqlite:///{folder}/calls.db") as engine:
        packaged = packaged_document()
        size_mb = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        words = _add_a_phrase(packaged)
        rows = [_measure("a phrase more in one pack; in force from the record", engine, packaged, words)]
        rows += [_measure("a severity changed; in force from the record", engine, packaged, _change_a_rule(packaged))]
        rows += [_measure("both sides judged anew", engine, words, _change_a_rule(words))]
        rows += [_measure("a phrase more, one process", engine, packaged, words, processes=1)]
        replay_s = _replay(engine)
    cores = len(os.sched_getaffinity(0))
    return "\n".join(
        [
            "## Back-test",
            "",
            f"{CALLS:,} calls with {TALKS:,} different transcripts of 60 to 90 utterances, {size_mb:,.0f} MB of SQLite; "
            f"{cores} cores, promised under {PROMISED_S} s.",
            "",
            "| | wall | processor time a call | flips |",
            "|---|---|---|---|",
            *(f"| {what} | {wall:.1f} s | {cpu_ms:.2f} ms | {flips:,} |" for what, wall, cpu_ms, flips in rows),
            f"| peer: replay, call by call in one process ({REPLAYED} calls, as {CALLS:,}) | "
            f"{replay_s * CALLS / REPLAYED:.1f} s | {1000 * replay_s / REPLAYED:.2f} ms | |",
        ]
    )


def _measure(
    what: str, engine: Engine, before: EditionDocument, after: EditionDocument, processes: int | None = None
) -> tuple[str, float, float, int]:
    url = engine.url.render_as_string(hide_password=False)
    started, cpu = time.perf_counter(), _cpu_s()
    with Session(engine) as session:
        result = run_backtest(
            session, before, after, Window.last(30, NOW), on_progress=lambda *_: None,
            workforce=Workforce(url, open_database, processes=processes),
        )  # fmt: skip
    assert result["calls"]["judged"] == CALLS
    return what, time.perf_counter() - started, 1000 * (_cpu_s() - cpu) / CALLS, result["flips_total"]


def _replay(engine: Engine) -> float:
    started = time.perf_counter()
    with Session(engine) as session:
        for number in range(REPLAYED):
            replay_call(session, f"call-{number:05d}")
    return time.perf_counter() - started


def _cpu_s() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _add_a_phrase(document: EditionDocument) -> EditionDocument:
    packs = [
        {**pack, "phrases": [*pack["phrases"], "i was on my phone"]} if pack["id"] == "PH-CHAN-SMS" else pack
        for pack in document.packs["packs"]
    ]
    return replace(document, packs={**document.packs, "packs": packs, "version": document.packs["version"] + 1})


def _change_a_rule(document: EditionDocument) -> EditionDocument:
    rows = tuple({**row, "severity": "low"} if row["id"] == "TCPA-PEWC" else row for row in document.rules)
    return replace(document, rules=rows)


@contextmanager
def _filled(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    migrate(engine)
    try:
        fill(engine, CALLS, TALKS)
        yield engine
    finally:
        engine.dispose()


def fill(engine: Engine, count: int, talks: int) -> None:
    """Store screened calls; every transcript is used by ``count // talks`` of them."""
    chance = random.Random(36)
    lines = read_lines()
    for first in range(0, count, count // talks):
        rows = _make_rows(make_talk(chance, lines), range(first, min(count, first + count // talks)), chance)
        with Session(engine) as session, session.begin():
            for table, values in rows.items():
                if values:
                    session.execute(insert(table), values)


def read_lines() -> list[list[tuple[Speaker, str]]]:
    """Return what is said on the sample calls, those with a conversation."""
    calls = yaml.safe_load((SAMPLES / "manifest.yaml").read_text("utf-8"))["calls"]
    spoken = [
        [(Speaker(line["party"]), line["text"]) for line in call["truth"]["timeline"]
         if line["party"] in ("caller", "agent") and line["text"]]
        for call in calls
    ]  # fmt: skip
    return [lines for lines in spoken if len(lines) > 5]


def make_talk(chance: random.Random, lines: list[list[tuple[Speaker, str]]]) -> tuple[Utterance, ...]:
    """Return sixty to ninety utterances from several sample calls, with word times."""
    wanted, said = chance.randint(60, 90), []
    while len(said) < wanted:
        said += chance.choice(lines)
    utterances, at_s = [], 0.5
    for speaker, text in said[:wanted]:
        words = []
        for token in text.split():
            words.append(Word(Span(round(at_s, 3), round(at_s + 0.3, 3)), token, round(chance.uniform(0.6, 1.0), 3)))
            at_s += 0.35
        span = Span(words[0].span.start_s, words[-1].span.end_s)
        utterances.append(Utterance(0 if speaker is Speaker.CALLER else 1, speaker, span, text, tuple(words)))
        at_s += 0.4
    return tuple(utterances)


def _make_rows(talk: tuple[Utterance, ...], numbers: range, chance: random.Random) -> dict[Any, list[dict[str, Any]]]:
    judge, end_s = load_judge(), talk[-1].span.end_s + 1.0
    made_at = NOW - timedelta(days=1)
    call_facts = {**outbound("+12125550123", (NOW - timedelta(days=2)).isoformat()), "duration_s": end_s, "recorded": True}
    judged = judge.judge(replace(read_facts(call_facts)[0], utterances=talk), recording_s=end_s, as_of=made_at)
    shared = {"versions": dict(judge.versions), "made_at": made_at}
    frozen = {"call": call_facts, "is_heard_elsewhere": False}
    told = worth_telling(judged.findings)
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (
            Call, Recording, AnalysisRun, AnalysisResult, UtteranceRow, Screening, CurrentScreening, Finding, KeywordHitRow
        )
    }  # fmt: skip
    for number in numbers:
        call, run, screening = f"call-{number:05d}", f"run-{number:05d}", f"scr-{number:05d}"
        started = NOW - timedelta(minutes=4 * number + 60)
        rows[Call].append(
            {
                "id": call, "sender": "bench", "external_id": call, "caller_number": "+12125550123", "started_at": started,
                "connected_s": end_s, "disposition": Disposition.COMPLETED, "revenue_minor": chance.randint(2000, 6000),
                "payout_minor": 1500, "currency": "USD", "tags": {}, "received_at": NOW,
            }
        )  # fmt: skip
        rows[Recording].append(
            {
                "id": f"rec-{number:05d}", "call_id": call, "state": RecordingState.STORED, "sha256": f"{number:064d}",
                "byte_count": 1, "filename": "call.wav", "blob_key": call, "received_at": NOW,
            }
        )  # fmt: skip
        rows[AnalysisRun].append(
            {
                "id": run, "call_id": call, "recording_id": f"rec-{number:05d}", "input_hash": "1", "pipeline_version": "1",
                "requested_at": NOW, "stage": "finished", "progress": 1.0, "finished_at": NOW,
            }
        )  # fmt: skip
        rows[AnalysisResult].append(
            {
                "run_id": run, "duration_s": end_s, "sample_rate_hz": 8000, "channels": 2, "channel_roles": ["caller", "agent"],
                "speech": [[], []], "turns": {}, "tones": [], "caller_voice": {"label": "unknown", "probabilities": None,
                "reasons": []}, "engine": {}, "notes": [], "peaks_blob_key": "p", "listening_blob_key": "l",
                "listening_media_type": "audio/wav", "made_at": NOW,
            }
        )  # fmt: skip
        rows[UtteranceRow] += [
            {
                "run_id": run, "seq": seq, "channel": u.channel, "speaker": u.speaker, "start_s": u.span.start_s,
                "end_s": u.span.end_s, "text": u.text,
                "words": [[w.span.start_s, w.span.end_s, w.text, w.confidence, 0] for w in u.words],
            }
            for seq, u in enumerate(talk)
        ]  # fmt: skip
        rows[Screening].append(
            {
                "id": screening, "call_id": call, "run_id": run, "input_hash": "1", "facts": frozen,
                "outcomes": shorten(judged.findings), **shared,
            }
        )  # fmt: skip
        rows[CurrentScreening].append({"call_id": call, "screening_id": screening, "flag_count": 0, "states": ""})
        rows[Finding] += [
            {
                "id": f"{screening}-{at}", "screening_id": screening, "call_id": call, "rule": f.rule, "outcome": f.outcome,
                "severity": f.severity, "reason": f.reason, "citations": list(f.citations), "evidence": f.evidence,
                "stake_least_minor": f.evidence.get("at_stake_minor", {}).get("least"),
                "stake_most_minor": f.evidence.get("at_stake_minor", {}).get("most"),
            }
            for at, f in enumerate(told)
        ]  # fmt: skip
        rows[KeywordHitRow] += [
            {
                "screening_id": screening, "seq": seq, "pack": h.pack, "rule": h.rule, "kind": h.kind, "severity": h.severity,
                "phrase": h.phrase, "speaker": h.speaker, "start_s": h.span.start_s, "end_s": h.span.end_s, "quote": h.quote,
                "confidence": h.confidence, "is_low_trust": h.low_trust, "match": h.match,
            }
            for seq, h in enumerate(judged.hits)
        ]  # fmt: skip
    return rows
