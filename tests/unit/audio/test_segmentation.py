"""What goes to the recogniser and where it is cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.segmentation import CLIP_S, pack_clips, plan_clips
from app.timeline import Span, gaps, total_s

RATE = 16_000


def noise(seconds: float, rms: float, seed: int = 0) -> np.ndarray:
    return np.round(np.random.default_rng(seed).normal(0, rms, round(seconds * RATE))).astype(np.int16)


def line_with(bursts: list[tuple[float, float]], seconds: float, line_rms: float = 20) -> np.ndarray:
    """Line noise with louder sound in the given stretches."""
    line = noise(seconds, line_rms)
    for start_s, end_s in bursts:
        at = slice(round(start_s * RATE), round(end_s * RATE))
        line[at] += noise(end_s - start_s + 1, 2000, seed=1)[: line[at].size]
    return line


def test_a_short_call_is_one_clip() -> None:
    assert plan_clips(line_with([(0.0, 12.0)], 12.0)) == (Span(0.0, 12.0),)


def test_digital_silence_is_not_recognised() -> None:
    assert plan_clips(np.zeros(40 * RATE, dtype=np.int16)) == ()


def test_long_quiet_is_left_out_but_for_its_edges() -> None:
    (first, second) = plan_clips(line_with([(0.0, 5.0), (15.0, 20.0)], 20.0))
    assert first.start_s == 0.0
    assert 5.7 <= first.end_s <= 5.9
    assert 14.1 <= second.start_s <= 14.3
    assert second.end_s == 20.0


def test_a_faint_voice_is_heard_while_it_is_above_the_line() -> None:
    loud_then_faint = line_with([(0.0, 4.0)], 20.0)
    loud_then_faint[10 * RATE : 12 * RATE] += noise(2, 60, seed=3)
    assert total_s(plan_clips(loud_then_faint)) >= 6.0
    assert any(clip.start_s <= 10 and clip.end_s >= 12 for clip in plan_clips(loud_then_faint))


def test_signalling_is_left_out() -> None:
    (clip,) = plan_clips(line_with([(0.0, 20.0)], 20.0), [Span(0.0, 6.0)])
    assert clip == Span(6.0, 20.0)


def test_speech_that_goes_on_is_cut_in_its_pause() -> None:
    call = line_with([(0.0, 20.0), (20.6, 40.0)], 40.0)
    (first, second) = plan_clips(call)
    assert 20.0 < first.end_s < 20.6
    assert second.start_s == first.end_s


def test_speech_without_any_pause_is_cut_all_the_same() -> None:
    clips = plan_clips(line_with([(0.0, 100.0)], 100.0))
    assert all(clip.duration_s <= CLIP_S for clip in clips)
    assert total_s(clips) == pytest.approx(100.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 110), st.floats(0.3, 30)), max_size=6))
def test_everything_loud_is_covered_by_clips_that_fit(bursts: list[tuple[float, float]]) -> None:
    loud = [(start, min(start + length, 120.0)) for start, length in bursts]
    clips = plan_clips(line_with(loud, 120.0))
    assert all(clip.duration_s <= CLIP_S + 1e-6 for clip in clips)
    assert all(left.end_s <= right.start_s + 1e-9 for left, right in pairwise(clips))
    for start, end in loud:
        assert total_s(gaps(clips, Span(start, end))) <= 0.05


def test_short_clips_share_a_window_in_order() -> None:
    clips = [Span(0, 10), Span(20, 28), Span(40, 50), Span(60, 85)]
    assert pack_clips(clips) == ((clips[0], clips[1]), (clips[2],), (clips[3],))


def test_a_clip_longer_than_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 30\.0 s, got 31\.000 s from 5\.000 s on"):
        pack_clips([Span(5, 36)])
