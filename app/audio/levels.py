"""How loud is a channel, and is its signal intact?

Levels are measured on frames, in decibels below full scale (dBFS, RMS against a full-scale square wave: 0 dBFS is the largest
RMS that int16 can hold). The noise floor and the level of active speech say more about a line than a peak does. Nothing here
decides what is speech; spans of speech are handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import FULL_SCALE, HOUSE_RATE_HZ
from app.timeline import Span

LEVEL_FRAME_S = 0.02
"""One frame of every level track: 20 ms, the packet length of telephone codecs."""

LEAST_DBFS = -100.0
"""Level given to digital silence; the quantisation noise of 16 bit lies at -101 dBFS."""

DIGITAL_SILENCE_PEAK = 8
"""A frame whose samples stay within this is digital silence: the smallest step of G.711 A-law is 16 of 32768 (G.711, table 1a),
of mu-law 8, so a line that carries any signal exceeds it."""

NOISE_FLOOR_PERCENTILE = 10.0
"""The noise floor is the level that 10 % of the frames with a signal stay below: each party pauses for more than that."""

BLOCK_FRAMES = 3_000
"""One minute is measured at a time."""

CLIPPED_AT = 32_000
"""Samples from here on count as clipped: mu-law, A-law and MP3 encoders cap near, not at, full scale (mu-law at 32124)."""


@dataclass(frozen=True, slots=True)
class ChannelLevel:
    """How loud one channel is.

    ``speech_dbfs`` is None where nobody speaks, ``noise_floor_dbfs`` is None on a channel of digital silence. The shares are of
    all samples (clipped) and of all frames (digital silence), 0 to 1.
    """

    speech_dbfs: float | None
    noise_floor_dbfs: float | None
    peak_dbfs: float
    clipped_share: float
    silent_share: float


def measure_level(samples: NDArray[np.int16], speech: Sequence[Span]) -> ChannelLevel:
    """Measure one channel.

    Parameters
    ----------
    samples
        int16 array of shape (n,), 16 kHz.
    speech
        Where somebody speaks on this channel.
    """
    if samples.size == 0:
        return ChannelLevel(None, None, LEAST_DBFS, 0.0, 0.0)
    frames = measure_frames(samples)
    audible = ~find_digital_silence(samples)
    floor = find_noise_floor_dbfs(frames, audible)
    in_speech = _mark(speech, len(frames)) & audible
    speech_dbfs = float(10 * np.log10(np.mean(10 ** (frames[in_speech] / 10)))) if in_speech.any() else None
    peak = int(np.max(np.abs(samples.astype(np.int32))))
    return ChannelLevel(
        speech_dbfs=speech_dbfs,
        noise_floor_dbfs=floor,
        peak_dbfs=float(20 * np.log10(peak / FULL_SCALE)) if peak else LEAST_DBFS,
        clipped_share=float(np.mean(np.abs(samples.astype(np.int32)) >= CLIPPED_AT)),
        silent_share=float(1.0 - np.mean(audible)),
    )


def measure_frames(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the level of each 20 ms frame in dBFS, shape (ceil(n / 320),); a short last frame counts as a frame."""
    blocks = [np.square(block.astype(np.float64) / FULL_SCALE).mean(axis=1) for block in _frame_blocks(samples)]
    power = np.concatenate(blocks) if blocks else np.zeros(0)
    levels: NDArray[np.float64] = np.maximum(10 * np.log10(np.maximum(power, 1e-12)), LEAST_DBFS)
    return levels


def find_digital_silence(samples: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Say for each 20 ms frame whether it carries no signal at all, shape (ceil(n / 320),)."""
    blocks = [np.abs(block.astype(np.int32)).max(axis=1) <= DIGITAL_SILENCE_PEAK for block in _frame_blocks(samples)]
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.bool_)


def find_noise_floor_dbfs(frames: NDArray[np.float64], audible: NDArray[np.bool_]) -> float | None:
    """Return the level of the line when nobody speaks, in dBFS; None when no frame carries a signal."""
    heard = frames[audible]
    return float(np.percentile(heard, NOISE_FLOOR_PERCENTILE)) if heard.size else None


def _frame_blocks(samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Yield the samples as blocks of frames, shape (at most BLOCK_FRAMES, 320); the last frame is filled with its last sample.

    Float copies of hours of sound would take gigabytes; those of one block take a few megabytes.
    """
    size = round(LEVEL_FRAME_S * HOUSE_RATE_HZ)
    for first in range(0, len(samples), BLOCK_FRAMES * size):
        part = samples[first : first + BLOCK_FRAMES * size]
        missing = -len(part) % size
        yield (np.pad(part, (0, missing), mode="edge") if missing else part).reshape(-1, size)


def _mark(spans: Sequence[Span], frame_count: int) -> NDArray[np.bool_]:
    marks = np.zeros(frame_count, dtype=np.bool_)
    for span in spans:
        marks[round(span.start_s / LEVEL_FRAME_S) : round(span.end_s / LEVEL_FRAME_S)] = True
    return marks
