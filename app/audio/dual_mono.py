"""Do both channels of a recording carry the same signal?

Some recorders copy a mixed call to both channels; treating the copies as two parties would invent talk-over and double the
transcription. The same signal means: one factor for the whole recording turns the second channel into the first in every
second of it. Leakage between real parties fails that, because whoever speaks is louder on the own channel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ

LARGEST_GAIN = 4.0
"""12 dB. A copy is made at about the same level; 20 dB down on the other channel is leakage in a call with one speaker."""

RESIDUAL_RATIO = 10 ** (-9 / 10)
"""Share of a second's energy that may differ. Measured on a minute of telephone speech, second channel at 0.7 of the first,
worst of the seconds: mu-law -29 dB, MP3 at 64 kbit/s -19 dB, at 16 kbit/s -11 dB. Two parties that leak into each other at a
third of their level leave -2 dB wherever one speaks alone (by formula: factor 0.6 against 1 or 1/3)."""

QUIET_RATIO = 10 ** (-35 / 10)
"""Codec noise in pauses: a difference this far below the recording's mean energy decides nothing."""

RESIDUAL_LSB = 2.5
"""Root mean square difference, in 16-bit steps, that rounding twice can leave."""

SILENT_PEAK = 12
"""Largest sample of a digitally silent channel: A-law has no zero and idles at 8, plus the overshoot of resampling."""

_SHARE_OF_SECONDS = 0.98


def is_dual_mono(samples: NDArray[np.int16]) -> bool:
    """Say whether an int16 recording of shape (2, n) is one signal on two channels, up to gain, rounding and codec noise."""
    seconds = -(-samples.shape[1] // HOUSE_RATE_HZ)
    sums = np.zeros((seconds, 3))
    for second in range(seconds):
        left, right = samples[:, second * HOUSE_RATE_HZ : (second + 1) * HOUSE_RATE_HZ].astype(np.float32)
        sums[second] = left @ left, right @ right, left @ right
    left_energy, right_energy, product = sums.sum(axis=0)
    if left_energy == 0 or right_energy == 0 or product == 0:
        return False
    gain = product / right_energy
    if not 1 / LARGEST_GAIN <= abs(gain) <= LARGEST_GAIN:
        return False
    residual = sums[:, 0] - 2 * gain * sums[:, 2] + gain * gain * sums[:, 1]
    least = max(RESIDUAL_LSB**2 * max(1.0, gain * gain) * HOUSE_RATE_HZ, QUIET_RATIO * left_energy / seconds)
    allowed = np.maximum(RESIDUAL_RATIO * sums[:, 0], least)
    return bool(np.mean(residual <= allowed) >= _SHARE_OF_SECONDS)


def silent_channels(samples: NDArray[np.int16]) -> tuple[int, ...]:
    """Return the indexes of the channels that hold digital silence from start to end."""
    return tuple(
        index
        for index, row in enumerate(samples)
        if row.size and int(row.max()) <= SILENT_PEAK and int(row.min()) >= -SILENT_PEAK
    )
