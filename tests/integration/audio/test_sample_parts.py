"""The parts of the sample calls are those of their scripts; of composed calls, most joints of the timeline are found.

The words are those of the script or of the timeline, so that nothing here depends on a recogniser.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from app.audio.decode import decode
from app.audio.line_changes import find_line_changes
from app.audio.part_cuts import ChannelSound
from app.audio.parts import find_parts
from app.audio.speakers import estimate_speakers
from app.audio.tones import find_sounding, read_spectra
from app.audio.vad import find_speech, without
from app.audio.voice_pieces import measure_pieces
from app.conversation import CallPart, Word
from app.timeline import Span, merge, total_s
from app.vocabulary import ChannelRole, PartKind
from tests.composed_calls import SPOKEN, compose, list_sources

SAMPLES = Path("sample_audio")
CALLS = {call["id"]: call for call in yaml.safe_load((SAMPLES / "manifest.yaml").read_text(encoding="utf-8"))["calls"]}


@pytest.fixture(scope="module")
def corpus() -> Path:
    folder = Path(os.environ.get("EARSHOT_AUDIO_CORPUS", "../shared/audio"))
    if not (folder / "manifest.csv").exists():
        pytest.skip(f"no development audio in {folder}; set EARSHOT_AUDIO_CORPUS to its folder")
    return folder


def words_of(said: Sequence[tuple[float, float, str]]) -> tuple[Word, ...]:
    words: list[Word] = []
    for start_s, end_s, text in said:
        names = text.split()
        step_s = (end_s - start_s) / max(1, len(names))
        words += [Word(Span(start_s + n * step_s, start_s + (n + 1) * step_s), name, 0.9) for n, name in enumerate(names)]
    return tuple(words)


def hear_parts(
    samples: NDArray[np.int16], channel: int, role: ChannelRole, said: Sequence[tuple[float, float, str]]
) -> tuple[CallPart, ...]:
    spectra = read_spectra(samples, channel)
    sounding = find_sounding(samples, spectra.tones)
    speech = without(find_speech(samples), sounding)
    changes = find_line_changes(spectra.timbre, sounding)
    sound = ChannelSound(channel, role, samples.size / 16_000, speech, spectra.tones, changes, words_of(said))
    return find_parts(sound)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["air-voicemail", "medicare-ivr", "air-hold-music", "debt-cold-transfer", "auto-robocall"])
def test_menu_voicemail_and_hold_of_sample_calls_lie_where_the_script_says(name: str) -> None:
    call: dict[str, Any] = CALLS[name]
    parts = [
        part
        for channel, samples in enumerate(decode(SAMPLES / call["file"]).samples)
        for part in hear_parts(
            samples,
            channel,
            ChannelRole(call["channel_roles"][channel]),
            [(t["start_s"], t["end_s"], t["text"]) for t in call["truth"]["timeline"] if t["channel"] == channel],
        )
    ]
    for kind in (PartKind.IVR, PartKind.VOICEMAIL, PartKind.HOLD):
        found = merge((part.span for part in parts if part.kind is kind), gap_s=3.0)
        scripted = [(span["start_s"], span["end_s"]) for span in call["truth"]["spans"][kind.value]]
        assert len(found) == len(scripted), kind
        for span, (start_s, end_s) in zip(found, scripted, strict=True):
            assert (span.start_s, span.end_s) == pytest.approx((start_s, end_s), abs=1.0), kind


@pytest.mark.slow
@pytest.mark.corpus
def test_most_joints_of_composed_calls_are_found_within_half_a_second(corpus: Path) -> None:
    sources = list_sources(corpus)
    found = there = cuts = 0
    for seed in range(2_000, 2_006):
        samples, timeline = compose(corpus, sources, seed)
        said = [(piece.start_s, piece.end_s, "some words") for piece in timeline if piece.label in SPOKEN]
        edges = [part.span.start_s for part in hear_parts(samples, 0, ChannelRole.MIXED, said)[1:]]
        joints = [after.start_s for _, after in pairwise(timeline)]
        found += sum(any(abs(edge - joint) <= 0.5 for edge in edges) for joint in joints)
        there, cuts = there + len(joints), cuts + len(edges)
    assert found >= 0.75 * there
    assert cuts <= 2.5 * there


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.parametrize("name", ["swoz_MUL1423", "swoz_SNG1640", "aws_auto40_stereo"])
def test_the_parties_of_a_conversation_mixed_down_are_told_apart(corpus: Path, name: str) -> None:
    parties = decode(corpus / "live" / f"{name}.wav").samples
    mixed = np.clip(parties.astype(np.int32).sum(axis=0), -32_768, 32_767).astype(np.int16)
    speech = find_speech(mixed)
    voices = estimate_speakers(measure_pieces(read_spectra(mixed, 0).timbre, speech), speech)
    assert voices is not None
    alone = [without(find_speech(own), find_speech(other)) for own, other in (parties, parties[::-1])]
    shared_s = [
        [sum(said.overlap_s(span) for said in voices.spans_of(label) for span in own) for label in "AB"] for own in alone
    ]
    right_s = max(shared_s[0][0] + shared_s[1][1], shared_s[0][1] + shared_s[1][0])
    assert right_s >= 0.93 * sum(map(sum, shared_s))
    assert sum(map(sum, shared_s)) >= 0.7 * sum(map(total_s, alone))
