"""Where does a ringing sound, and where can somebody talk between its rings?"""

import numpy as np
import pytest

from app.audio.tones import find_sounding, find_tones
from app.vocabulary import ToneKind

RATE_HZ = 16_000


def ringing(first_s: float, rings: int, *, total_s: float) -> np.ndarray:
    """440 + 480 Hz, two seconds on and four off, on a faint line noise."""
    moments = np.arange(int(total_s * RATE_HZ)) / RATE_HZ
    ring = 0.1 * (np.sin(2 * np.pi * 440 * moments) + np.sin(2 * np.pi * 480 * moments))
    is_on = (moments >= first_s) & ((moments - first_s) % 6.0 < 2.0) & (moments < first_s + 6.0 * rings)
    noise = np.random.default_rng(3).normal(0, 0.0005, moments.size)
    return np.round(32767 * (ring * is_on + noise)).astype(np.int16)


@pytest.mark.parametrize("first_s", [0.5, 0.0])
def test_a_ringing_sounds_only_during_its_rings(first_s: float) -> None:
    samples = ringing(first_s, 3, total_s=16.0)
    tones = find_tones(samples, 0)
    assert [tone.kind for tone in tones] == [ToneKind.RINGBACK]
    starts = [first_s, first_s + 6, first_s + 12]
    found = find_sounding(samples, tones)
    assert [span.start_s for span in found] == pytest.approx(starts, abs=0.1)
    assert [span.end_s for span in found] == pytest.approx([start + 2 for start in starts], abs=0.1)
