"""The other views of a short window: slower, with the upper voice band lifted, and only where they fit into half a window."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.adapters.whisper_looks import is_short, view_differently
from app.audio.pcm import HOUSE_RATE_HZ


def tone(hz: float, seconds: float = 2.0) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * HOUSE_RATE_HZ)) / HOUSE_RATE_HZ).astype(np.float32)


def loudest_hz(sound: NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(sound))
    return float(np.fft.rfftfreq(len(sound), 1 / HOUSE_RATE_HZ)[spectrum.argmax()])


def gain_db(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    return float(20 * np.log10(np.std(after) / np.std(before)))


def test_the_slower_view_lasts_longer_and_is_as_much_deeper() -> None:
    slowed = view_differently(tone(1000))[0]
    assert len(slowed) / HOUSE_RATE_HZ == pytest.approx(2.0 / 0.95, abs=0.001)
    assert loudest_hz(slowed) == pytest.approx(950, abs=1)


@pytest.mark.parametrize(("hz", "expected_db"), [(400, 0.0), (1400, 0.0), (2450, 3.52), (3400, 6.02), (3900, 6.02)])
def test_the_lifted_view_raises_the_upper_voice_band_only(hz: float, expected_db: float) -> None:
    # 2450 Hz lies half way from 1500 to 3400 Hz: a gain of 1.5, 3.52 dB.
    lifted = view_differently(tone(hz))[1]
    assert len(lifted) == len(tone(hz))
    assert gain_db(tone(hz), lifted) == pytest.approx(expected_db, abs=0.1)


def test_only_what_fits_into_half_a_window_slowed_down_is_looked_at_again() -> None:
    assert is_short(tone(300, 14.24))
    assert not is_short(tone(300, 14.27))
