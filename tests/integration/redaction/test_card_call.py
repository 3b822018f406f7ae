"""The sample call with a card number, heard by the real recogniser: no digit is left in text, report or sound."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.audio.decode import decode
from app.audio.pipeline import listen
from app.audio.redaction import bleep, widen
from app.bootstrap import build_transcriber
from app.compliance.packaged import load_judge
from app.conversation import Listening, Redaction
from app.language.leaks import find_leaks
from app.language.matching import compile_packs
from app.language.packs import load_packs
from app.language.redact_text import MASK, redact
from app.ports import Transcriber
from app.reports.analyze import analyze_file, report_to_json
from app.review.presenters.subtitles import build_subtitles
from app.settings import Settings
from app.timeline import Span
from app.vocabulary import ChannelRole

pytestmark = pytest.mark.slow
SAMPLES = Path(__file__).parents[3] / "sample_audio"
CARD_CALL = SAMPLES / "calls" / "plumbing-card-read.ogg"


@dataclass(frozen=True)
class Heard:
    samples: np.ndarray
    listening: Listening
    redaction: Redaction
    transcriber: Transcriber
    truth: tuple[Span, ...]


@pytest.fixture(scope="module")
def heard() -> Heard:
    transcriber = build_transcriber(Settings())
    decoded = decode(CARD_CALL)
    listening = listen(decoded, transcriber, channel_roles=(ChannelRole.CALLER, ChannelRole.AGENT))
    packs = compile_packs(load_packs())
    redaction = redact(listening.utterances, listening.tones, packs, duration_s=listening.duration_s)
    [call] = [c for c in yaml.safe_load((SAMPLES / "manifest.yaml").read_text())["calls"] if c["id"] == "plumbing-card-read"]
    truth = tuple(Span(item["start_s"], item["end_s"]) for item in call["truth"]["sensitive"])
    return Heard(decoded.samples, listening, redaction, transcriber, truth)


def test_card_expiry_and_code_are_found_where_the_truth_has_them(heard: Heard) -> None:
    assert len(heard.truth) == 3
    covered = widen(heard.redaction.spans, heard.listening.duration_s)
    for true in heard.truth:
        # The truth names the sentence, "my card number is" included; the digits end with it.
        assert any(span.overlaps(true) and span.end_s >= true.end_s for span in covered)


def test_no_digit_is_left_in_what_was_said_there(heard: Heard) -> None:
    before = [w.text for u in heard.listening.utterances for w in u.words if any(w.span.overlaps(s) for s in heard.truth)]
    after = [w.text for u in heard.redaction.utterances for w in u.words if any(w.span.overlaps(s) for s in heard.truth)]
    assert len(re.findall(r"\d", " ".join(before))) >= 15
    assert not re.search(r"\d", " ".join(after))
    assert MASK in after
    texts = [u.text for u in heard.redaction.utterances if any(u.span.overlaps(s) for s in heard.truth)]
    assert not re.search(r"\d", " ".join(texts))
    assert "787" in " ".join(u.text for u in heard.redaction.utterances)


def test_the_covered_copy_gives_no_digits_away_and_the_leak_test_would_hear_them(heard: Heard) -> None:
    assert find_leaks(heard.samples, heard.transcriber, heard.redaction.spans) != ()
    for with_tone in (True, False):
        covered = bleep(heard.samples, heard.redaction.spans, with_tone=with_tone)
        assert find_leaks(covered, heard.transcriber, heard.redaction.spans) == ()


def test_subtitles_of_the_call_hold_no_digit_where_it_was_said(heard: Heard) -> None:
    told = build_subtitles(replace(heard.listening, utterances=heard.redaction.utterances))
    said = " ".join(line for line in told.splitlines() if line.startswith("<v "))
    assert MASK in said
    assert not re.search(r"\b1{3,}\b|\b4 ?111|\b737\b", said)
    assert "787" in said


def test_every_sample_call_in_which_a_number_is_given_is_walked() -> None:
    """When a sample call with another number is added, this module has to hear it too."""
    calls = yaml.safe_load((SAMPLES / "manifest.yaml").read_text())["calls"]
    assert [call["id"] for call in calls if call["truth"]["sensitive"]] == ["plumbing-card-read"]


def test_a_report_of_the_call_holds_no_digit_of_the_card(heard: Heard) -> None:
    report = analyze_file(CARD_CALL, transcriber=heard.transcriber, judge=load_judge())
    data = report_to_json(report)
    said = [w["text"] for u in data["utterances"] for w in u["words"]]
    quotes = [keyword["quote"] for keyword in data["keywords"]] + [finding["reason"] for finding in data["findings"]]
    quotes += [hit["quote"] for finding in data["findings"] for hit in finding["evidence"].get("hits", ())]
    assert "737" not in " ".join([*said, *quotes])
    assert not re.search(r"\b1{3,}\b|\b4 111", " ".join([*said, *quotes, *(u["text"] for u in data["utterances"])]))
