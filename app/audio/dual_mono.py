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

RESIDUAL_RATIO = 10 ** (-18 / 10)
"""Share of energy that may differ: G.711 quantising alone leaves -36 dB, low-rate MP3 or Opus -20 to -30 dB (measured on
telephone speech at 24 to 64 kbit/s); two parties leave more than -3 dB wherever the other one speaks."""

RESIDUAL_LSB = 2.5
"""Root mean square difference, in 16-bit steps, that rounding twice can leave."""

SILENT_PEAK = 8
"""Largest sample of a digitally silent channel: A-law has no zero and idles at 8."""

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
    allowed = np.maximum(RESIDUAL_RATIO * sums[:, 0], RESIDUAL_LSB**2 * max(1.0, gain * gain) * HOUSE_RATE_HZ)
    return bool(np.mean(residual <= allowed) >= _SHARE_OF_SECONDS)


def silent_channels(samples: NDArray[np.int16]) -> tuple[int, ...]:
    """Return the indexes of the channels that hold digital silence from start to end."""
    return tuple(
        index
        for index, row in enumerate(samples)
        if row.size and int(row.max()) <= SILENT_PEAK and int(row.min()) >= -SILENT_PEAK
    )
