"""Frames, blocks, stretches and figures of a voice, on made sounds."""

import numpy as np
import pytest

from app.audio.features import SIGNAL_FEATURES, measure_voice
from app.audio.voice.blocks import fold_encoder_output
from app.audio.voice.frames import mark_speech_frames
from app.audio.voice.stretches import gather_stretches, measure_stretch, name_groups
from app.ports import EncoderBlock
from app.timeline import Span

RATE = 16_000


def buzz(seconds: float, *, hz: float = 120.0, jitter: float = 0.0, seed: int = 0) -> np.ndarray:
    """A harmonic sound in the telephone band, with syllables; ``jitter`` makes its pitch unsteady (in semitones)."""
    rng = np.random.default_rng(seed)
    steps = np.repeat(rng.normal(0, jitter, int(seconds * 50) + 1), RATE // 50)[: int(seconds * RATE)]
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (steps / 12)) / RATE
    sound = sum(np.sin(n * phase) / n for n in range(1, 20))
    return (0.1 * sound).astype(np.float32)


def hiss(seconds: float, level: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE)).astype(np.float32)


def figure(sound: np.ndarray, name: str) -> float:
    return float(measure_voice(sound)[SIGNAL_FEATURES.index(name)])


QUIET = np.zeros(RATE * 2 // 5, dtype=np.float32)
TALK = np.concatenate([buzz(1.0), QUIET, buzz(1.0, hz=140), QUIET[: RATE // 5], buzz(1.0)]) + hiss(3.6, 1e-3)


def test_speech_frames_are_the_loud_ones() -> None:
    sound = np.concatenate([hiss(1.0, 1e-3), buzz(1.0), hiss(1.0, 1e-3)])
    marks = mark_speech_frames(sound)
    assert len(marks) == 150
    assert marks[50:100].all()
    assert not marks[:49].any()
    assert not marks[101:].any()


def test_silence_has_no_speech_frames() -> None:
    assert not mark_speech_frames(np.zeros(RATE, dtype=np.float32)).any()
    assert len(mark_speech_frames(np.zeros(10, dtype=np.float32))) == 0


@pytest.mark.parametrize("gain", [0.05, 3.0])
def test_figures_do_not_move_with_the_level(gain: float) -> None:
    assert measure_voice(TALK * np.float32(gain)) == pytest.approx(measure_voice(TALK), rel=1e-3, abs=2e-3)


def test_figures_do_not_move_with_what_stands_before_and_after() -> None:
    padded = np.concatenate([hiss(1.0, 1e-3, 5), TALK, hiss(1.5, 1e-3, 6)])
    assert measure_voice(padded) == pytest.approx(measure_voice(TALK), rel=0.05, abs=0.1)


def test_an_unsteady_pitch_has_more_jitter() -> None:
    assert figure(buzz(2.0, jitter=0.5), "pitch_jitter_semitones") > 2 * figure(buzz(2.0), "pitch_jitter_semitones") + 0.05


def test_pauses_of_digital_silence_are_seen() -> None:
    silent = np.concatenate([buzz(1.0), np.zeros(RATE // 2, dtype=np.float32), buzz(1.0)])
    assert figure(silent, "digital_silence_share") > 0.8
    assert figure(TALK, "digital_silence_share") == 0.0
    assert figure(silent, "floor_depth_db") > figure(TALK, "floor_depth_db")


def test_a_sound_too_short_to_tell_anything_has_neutral_figures() -> None:
    assert not measure_voice(np.zeros(100, dtype=np.float32)).any()


def test_blocks_sum_the_encoder_over_speech_alone() -> None:
    # 2 s of clip after half a second of lead-in: speech in the second second only.
    sound = np.concatenate([hiss(1.0, 1e-4), buzz(1.0)])
    output = np.zeros((1500, 2), dtype=np.float32)
    output[25 + 50 : 25 + 100] = (2.0, -1.0)
    blocks = fold_encoder_output(output, sound, (Span(10.0, 12.0),), 0.5)
    (block,) = blocks
    assert block.span == Span(11.0, 12.0)
    assert block.frames == pytest.approx(50, abs=1)
    assert block.total / block.frames == pytest.approx([2.0, -1.0])
    assert block.squares / block.frames == pytest.approx([4.0, 1.0])


def test_blocks_of_joined_clips_lie_where_the_clips_lie() -> None:
    sound = buzz(2.0)
    blocks = fold_encoder_output(np.ones((1500, 1), np.float32), sound, (Span(3.0, 4.0), Span(50.0, 51.0)), 0.0)
    assert [block.span for block in blocks] == [Span(3.0, 4.0), Span(50.0, 51.0)]


def block(start_s: float, value: float, frames: int = 50) -> EncoderBlock:
    return EncoderBlock(Span(start_s, start_s + 1), frames, np.full(3, value * frames), np.full(3, value * value * frames))


def test_a_stretch_has_mean_and_deviation_of_its_blocks() -> None:
    stretch = measure_stretch(buzz(2.0), [block(0, 1.0), block(1, 3.0)])
    assert stretch.figures[:3] == pytest.approx([2.0] * 3)  # mean of 1 and 3
    assert stretch.figures[3:6] == pytest.approx(np.log([1.001] * 3))  # deviation 1
    assert stretch.speech_s == 2.0
    assert stretch.spans == (Span(0, 2),)
    assert len(stretch.figures) == len(name_groups(3))


@pytest.mark.parametrize(
    ("seconds", "stretches"), [(0, []), (1, [1.0]), (8, [8.0]), (11, [11.0]), (13, [8.0, 5.0]), (20, [8.0, 12.0])]
)
def test_stretches_hold_eight_seconds_and_a_short_rest_joins_the_last(seconds: int, stretches: list[float]) -> None:
    blocks = [block(at, 1.0) for at in range(seconds)]
    expected = [8.0, 8.0, 4.0] if seconds == 20 else stretches
    assert [stretch.speech_s for stretch in gather_stretches(buzz(max(seconds, 1)), blocks)] == expected


def test_less_than_a_second_of_speech_makes_no_stretch() -> None:
    assert gather_stretches(buzz(1.0), [block(0, 1.0, frames=49)]) == ()
