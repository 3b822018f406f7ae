"""What is one judgement on a voice made from? About eight seconds in which it speaks, and their figures.

A judgement on one second is a guess, one on a whole call hides that two voices spoke. A stretch gathers seconds in order until
there is enough speech; its figures are the mean and the deviation of the encoder's output and those of
:mod:`app.audio.features`. Length and level are in none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.features import SIGNAL_FEATURES, measure_voice
from app.audio.voice.blocks import join_sound
from app.audio.voice.frames import FRAME_S
from app.ports import EncoderBlock
from app.timeline import Span, merge

STRETCH_S = 8.0
"""Speech in one stretch: about that of the files the model learned from."""

LEAST_STRETCH_S = 1.0
"""Less speech than this is no ground for a judgement: the deviation of fifty frames is mostly chance."""

FEATURES_VERSION = "1"
"""Raise it when any figure may come out differently; models of another version are refused."""

GROUPS = ("timbre", "liveliness", "spectrum", "line", "pitch", "pauses")
"""What the figures speak of, in the order of a reason."""

_GROUP_OF_SIGNAL = {
    "flatness": "spectrum",
    "rolloff": "spectrum",
    "flux": "spectrum",
    "tilt": "spectrum",
    "floor": "line",
    "digital": "line",
    "pitch": "pitch",
    "voiced": "pitch",
    "periodicity": "pitch",
    "pause": "pauses",
    "level": "pauses",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some seconds of one voice and their figures; ``spans`` are the seconds in which it speaks."""

    spans: tuple[Span, ...]
    speech_s: float
    figures: NDArray[np.float64]


def gather_stretches(samples: NDArray[np.float32], blocks: Sequence[EncoderBlock]) -> tuple[Stretch, ...]:
    """Return the stretches of one voice in order of time; what is left at the end joins the last one.

    Parameters
    ----------
    samples
        float32 array of shape (n,), 16 kHz: the channel that the blocks were made from.
    """
    groups: list[list[EncoderBlock]] = []
    for block in blocks:
        if not groups or _speech_s(groups[-1]) >= STRETCH_S:
            groups.append([])
        groups[-1].append(block)
    if len(groups) > 1 and _speech_s(groups[-1]) < STRETCH_S / 2:
        rest = groups.pop()
        groups[-1] += rest
    return tuple(measure_stretch(samples, group) for group in groups if _speech_s(group) >= LEAST_STRETCH_S)


def measure_stretch(samples: NDArray[np.float32], blocks: Sequence[EncoderBlock]) -> Stretch:
    """Return one stretch made of all the blocks."""
    frames = sum(block.frames for block in blocks)
    mean = np.sum([block.total for block in blocks], axis=0) / frames
    variance = np.sum([block.squares for block in blocks], axis=0) / frames - mean**2
    deviation = np.log(np.sqrt(np.maximum(variance, 0.0)) + 1e-3)
    spans = merge((block.span for block in blocks), gap_s=1e-3)
    signal = measure_voice(join_sound(samples, spans))
    return Stretch(spans, round(frames * FRAME_S, 2), np.concatenate([mean, deviation, signal]))


def name_groups(encoder_width: int) -> tuple[str, ...]:
    """Return the group of each figure of a stretch."""
    signal = [_GROUP_OF_SIGNAL[name.split("_")[0]] for name in SIGNAL_FEATURES]
    return (*["timbre"] * encoder_width, *["liveliness"] * encoder_width, *signal)


def _speech_s(blocks: Iterable[EncoderBlock]) -> float:
    return sum(block.frames for block in blocks) * FRAME_S
