"""Are spoken numbers covered? Digits that are left in text, report, subtitles and sound of the sample calls that hold one."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import yaml

from app.adapters.transcribers import build_transcriber
from app.audio.decode import decode
from app.audio.pipeline import listen
from app.audio.redaction import bleep
from app.compliance.judge import Judge
from app.compliance.reference import load_reference
from app.compliance.rule_set import load_rule_set
from app.language.leaks import find_leaks
from app.language.matching import compile_packs
from app.language.packs import load_packs
from app.language.redact_text import redact
from app.reports.analyze import analyze_file, report_to_json
from app.review.presenters.subtitles import build_subtitles
from app.timeline import Span
from app.vocabulary import ChannelRole
from tests.bench.surroundings import one_core_settings
from tests.bench.table import Line, Row, Tell

SAMPLES = Path(__file__).parents[2] / "sample_audio"


def covered_numbers(tell: Tell) -> Iterable[Line]:
    """Hear each sample call with a number, cover it, and look for digits again."""
    calls = yaml.safe_load((SAMPLES / "manifest.yaml").read_text("utf-8"))["calls"]
    calls = [call for call in calls if call["truth"]["sensitive"]]
    transcriber, packs = build_transcriber(one_core_settings()), compile_packs(load_packs())
    judge = Judge(load_rule_set(), packs, load_reference())
    before = in_text = in_report = in_subtitles = runs_before = runs_left = spans = 0
    for number, call in enumerate(calls):
        tell(call["id"], number / len(calls))
        path = SAMPLES / call["file"]
        decoded = decode(path)
        roles = tuple(ChannelRole(role) for role in call["channel_roles"])
        heard = listen(decoded, transcriber, channel_roles=roles)
        covered = redact(heard.utterances, heard.tones, packs, duration_s=heard.duration_s)
        truth = [Span(item["start_s"], item["end_s"]) for item in call["truth"]["sensitive"]]
        spans += len(truth)
        there = [word for one in heard.utterances for word in one.words if any(word.span.overlaps(span) for span in truth)]
        left = [word for one in covered.utterances for word in one.words if any(word.span.overlaps(span) for span in truth)]
        before, in_text = before + _digits(w.text for w in there), in_text + _digits(w.text for w in left)
        report = report_to_json(analyze_file(path, transcriber=transcriber, judge=judge))
        said = [word for one in report["utterances"] for word in one["words"]]
        in_report += _digits(w["text"] for w in said if any(Span(w["start_s"], w["end_s"]).overlaps(s) for s in truth))
        touched = tuple(one for one in covered.utterances if any(one.span.overlaps(span) for span in truth))
        told = build_subtitles(replace(heard, utterances=touched)).splitlines()
        in_subtitles += _digits(line for line in told if line.startswith("<v "))
        runs_before += len(find_leaks(decoded.samples, transcriber, covered.spans))
        for with_tone in (True, False):
            copy = bleep(decoded.samples, covered.spans, with_tone=with_tone)
            runs_left += len(find_leaks(copy, transcriber, covered.spans))
    on = f"{len(calls)} of the sample calls, {spans} numbers"
    yield Line(
        "Digits left of spoken numbers: transcript, report, subtitles",
        f"{in_text}, {in_report}, {in_subtitles} of {before}",
        "none",
        in_text + in_report + in_subtitles == 0 < before,
        on=on,
    )
    yield Line(
        "Runs of three digits or more heard again in the covered sound, tone and silence together",
        f"{runs_left} ({runs_before} in the recording itself)",
        "none",
        runs_left == 0 < runs_before,
        on=on,
    )


def _digits(texts: Iterable[str]) -> int:
    return sum(len(re.findall(r"\d", text)) for text in texts)


ROWS = (Row("listening.redaction", "Digits left of spoken numbers", "none", covered_numbers),)
