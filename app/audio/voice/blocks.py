"""What did the recogniser's encoder make of each second of a channel?

A block holds sums over the frames of about a second in which somebody speaks, so that the mean and the deviation over any
longer stretch follow without keeping the encoder's output itself (2 MB for each 30 s).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.voice.frames import FRAME_S, mark_speech_frames
from app.ports import EncoderBlock
from app.timeline import Span

BLOCK_S = 1.0
"""Short enough to tell the parties of a mono call apart, long enough that a call is a few hundred blocks."""


def fold_encoder_output(
    output: NDArray[np.float32], sound: NDArray[np.float32], window: Sequence[Span], lead_in_s: float
) -> tuple[EncoderBlock, ...]:
    """Return the blocks of one window; seconds in which nobody speaks give none.

    Parameters
    ----------
    output
        float32 array of shape (1500, d): the encoder's output for one window.
    sound
        float32 array of shape (n,), 16 kHz: the window's clips joined, with nothing before them.
    window
        Where the clips lie in the recording.
    lead_in_s
        How much silence stood before the clips when they were encoded.
    """
    marks = mark_speech_frames(sound)
    lead_in = round(lead_in_s / FRAME_S)
    marks = marks[: len(output) - lead_in]
    blocks = []
    before_s = 0.0
    for clip in window:
        for at in range(int(np.ceil(clip.duration_s / BLOCK_S - 1e-6))):
            span = Span(clip.start_s + at * BLOCK_S, min(clip.start_s + (at + 1) * BLOCK_S, clip.end_s))
            first = round((before_s + at * BLOCK_S) / FRAME_S)
            spoken = first + np.flatnonzero(marks[first : first + round(span.duration_s / FRAME_S)])
            if len(spoken):
                heard = output[lead_in + spoken].astype(np.float64)
                blocks.append(EncoderBlock(span, len(spoken), heard.sum(axis=0), (heard**2).sum(axis=0)))
        before_s += clip.duration_s
    return tuple(blocks)


def join_sound(samples: NDArray[np.float32], spans: Sequence[Span]) -> NDArray[np.float32]:
    """Return the samples of the spans one after the other; empty without spans."""
    parts = [samples[round(span.start_s * HOUSE_RATE_HZ) : round(span.end_s * HOUSE_RATE_HZ)] for span in spans]
    return np.concatenate(parts) if parts else samples[:0]
