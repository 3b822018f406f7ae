"""Which 20 ms of a sound hold a voice? The level decides, against the sound's own quietest and loudest parts.

The frame is that of Whisper's encoder (Radford et al. 2022, section 2.2: 1,500 positions in 30 s), so that a mark here names a
column of its output.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ

FRAME_S = 0.02

DEEPEST_DB = 30.0
"""A frame this far below the loudest is not counted as voice: the dynamic range of a telephone talker's syllables is about
this."""

FLOOR_SHARE = 0.35
"""Nor is one in the lowest third between the quietest and the loudest frames, where noise and voice cannot be told apart."""


def frame_levels_db(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the power of each whole 20 ms frame in dB relative to full scale; shape (n // 320,)."""
    size = round(FRAME_S * HOUSE_RATE_HZ)
    count = len(sound) // size
    power = np.mean(sound[: count * size].reshape(count, size).astype(np.float64) ** 2, axis=1)
    return np.asarray(10 * np.log10(power + 1e-12))


def mark_speech_frames(sound: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which 20 ms frames hold a voice; none in silence.

    Parameters
    ----------
    sound
        float32 array of shape (n,), 16 kHz.
    """
    levels = frame_levels_db(sound)
    if not len(levels):
        return np.zeros(0, dtype=np.bool_)
    floor, loudest = np.percentile(levels, (10, 95))
    if loudest <= -90.0:
        return np.zeros(len(levels), dtype=np.bool_)
    return np.asarray(levels >= max(loudest - DEEPEST_DB, floor + FLOOR_SHARE * (loudest - floor)))
