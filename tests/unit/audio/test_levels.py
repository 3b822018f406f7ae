"""Levels of signals whose level follows from a formula."""

from __future__ import annotations

import numpy as np
import pytest

from app.audio.levels import LEAST_DBFS, measure_frames, measure_level
from app.timeline import Span

RATE = 16_000


def sine(seconds: float, amplitude: float) -> np.ndarray:
    return np.round(amplitude * np.sin(2 * np.pi * 500 * np.arange(round(seconds * RATE)) / RATE)).astype(np.int16)


def noise(seconds: float, rms: float, seed: int = 0) -> np.ndarray:
    return np.round(np.random.default_rng(seed).normal(0, rms, round(seconds * RATE))).astype(np.int16)


@pytest.mark.parametrize("amplitude", [100, 3276.8, 32767])
def test_a_sine_lies_three_decibels_below_its_peak(amplitude: float) -> None:
    expected = 20 * np.log10(amplitude / 32768) - 10 * np.log10(2)
    assert measure_frames(sine(1.0, amplitude)) == pytest.approx(expected, abs=0.05)


def test_speech_and_noise_are_measured_apart() -> None:
    line = noise(10, 32.768)  # 1/1000 of full scale: -60 dBFS
    line[3 * RATE : 5 * RATE] += noise(2, 3276.8, seed=1)  # -20 dBFS
    level = measure_level(line, [Span(3, 5)])
    assert level.noise_floor_dbfs == pytest.approx(-60, abs=1)
    assert level.speech_dbfs == pytest.approx(-20, abs=0.2)
    assert level.silent_share == 0
    assert level.clipped_share == 0


def test_digital_silence_has_no_noise_floor() -> None:
    level = measure_level(np.zeros(RATE, dtype=np.int16), [])
    assert (level.noise_floor_dbfs, level.speech_dbfs, level.silent_share) == (None, None, 1.0)
    assert level.peak_dbfs == LEAST_DBFS


def test_the_share_of_digital_silence_is_that_of_time() -> None:
    line = np.concatenate([np.zeros(3 * RATE, dtype=np.int16), noise(1, 300)])
    assert measure_level(line, []).silent_share == pytest.approx(0.75)


def test_clipped_samples_are_counted() -> None:
    line = noise(1, 300)
    line[:1600] = 32767
    line[1600:3200] = -32768
    assert measure_level(line, []).clipped_share == pytest.approx(0.2)


def test_no_samples_are_no_error() -> None:
    assert measure_level(np.zeros(0, dtype=np.int16), []).silent_share == 0.0
