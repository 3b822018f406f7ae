"""What would this voice sound like over another telephone line? Seeded line simulations for training and testing voices.

A model that hears people over one kind of line and machines over another learns the lines. So every voice is sent over the same
kinds of line, with everything that differs between two lines of a kind drawn by chance: band edges, the handset's colouring,
level, noise and losses. The same samples and seed give the same line.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LINE_RATE_HZ = 8000
LINES = ("clean", "line", "noise", "loss", "gsm")
"""The kinds of line: a good one, line noise, a room behind the voice, lost packets, and a mobile leg (GSM full rate)."""

PASS_LOW_HZ, PASS_HIGH_HZ = (150.0, 350.0), (3200.0, 3700.0)
"""Where the band's edges are drawn from; ITU-T G.712 names 300 and 3,400 Hz, real lines scatter around them."""

SLOPE_HZ = 80.0

SNR_DB = {"line": (22.0, 35.0), "noise": (10.0, 20.0), "loss": (28.0, 45.0), "gsm": (25.0, 45.0)}
"""Signal-to-noise ratios of each kind of line: those of the development set's variants, widened."""

PACKET_S = 0.02
LOSS_SHARE = 0.03
LONGEST_BURST = 3

Wave = NDArray[np.float64]


def simulate_line(wave: Wave, kind: str, seed: int, noises: Sequence[Wave] = ()) -> Wave:
    """Return the voice as the far end of a telephone line hears it.

    Parameters
    ----------
    wave
        float64 array of shape (n,), 8 kHz, range -1 to 1.
    kind
        One of :data:`LINES`.
    seed
        What the chance parts are drawn from.
    noises
        Recorded backgrounds at 8 kHz, used for half of the lines; the others get coloured noise.

    Raises
    ------
    ValueError
        If the kind is not known, or there is no sound.
    """
    if kind not in LINES:
        raise ValueError(f"expected a line of {', '.join(LINES)}, got {kind!r}")
    if not len(wave) or not np.any(wave):
        raise ValueError("expected a voice to send over the line, got silence")
    rng = np.random.default_rng(seed)
    heard = _limit_band(wave, rng.uniform(*PASS_LOW_HZ), rng.uniform(*PASS_HIGH_HZ))
    heard = _set_level(heard, rng.uniform(-30.0, -14.0))
    if kind in SNR_DB:
        heard = _set_level(_colour(heard, rng), -20.0)
        snr_db = rng.uniform(*SNR_DB[kind])
        heard = heard + _draw_noise(len(heard), rng, noises) * 10 ** ((-20.0 - snr_db) / 20)
        heard = heard * 10 ** (rng.uniform(-8.0, 6.0) / 20)
    if kind == "gsm":
        heard = _through_codec(heard, "GSM610")
    heard = _through_codec(heard, "ULAW")
    return _lose_packets(heard, rng) if kind == "loss" else heard


def _limit_band(wave: Wave, low_hz: float, high_hz: float) -> Wave:
    hz = np.fft.rfftfreq(len(wave), 1 / LINE_RATE_HZ)
    rise = np.clip((hz - (low_hz - SLOPE_HZ)) / SLOPE_HZ, 0, 1)
    fall = np.clip((high_hz + SLOPE_HZ - hz) / SLOPE_HZ, 0, 1)
    return np.fft.irfft(np.fft.rfft(wave) * np.sin(np.pi / 2 * rise * fall) ** 2, len(wave))


def _colour(wave: Wave, rng: np.random.Generator) -> Wave:
    """Tilt the spectrum by at most 3 dB an octave and put three bumps of at most 4 dB on it, as handsets do."""
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(wave), 1 / LINE_RATE_HZ), 100.0) / 1000.0)
    gain_db = rng.uniform(-3.0, 3.0) * octaves
    for _ in range(3):
        height_db, centre = rng.uniform(-4.0, 4.0), rng.uniform(-1.5, 1.7)
        gain_db = gain_db + height_db * np.exp(-0.5 * ((octaves - centre) / 0.4) ** 2)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (gain_db / 20), len(wave))


def _set_level(wave: Wave, level_dbfs: float) -> Wave:
    """Scale so that the RMS of the frames within 25 dB of the loudest is ``level_dbfs``."""
    frame = round(PACKET_S * LINE_RATE_HZ)
    count = max(1, len(wave) // frame)
    power = np.mean(wave[: count * frame].reshape(count, -1) ** 2, axis=1)
    active = power[power >= power.max() * 10**-2.5]
    return np.asarray(wave * (10 ** (level_dbfs / 20) / np.sqrt(active.mean() + 1e-15)))


def _draw_noise(count: int, rng: np.random.Generator, noises: Sequence[Wave]) -> Wave:
    if noises and rng.random() < 0.5:
        source = noises[int(rng.integers(len(noises)))]
        noise: Wave = np.resize(np.roll(source, -int(rng.integers(len(source)))), count)
    else:
        hz = np.maximum(np.fft.rfftfreq(count, 1 / LINE_RATE_HZ), 50.0)
        noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * hz ** -rng.uniform(0.0, 1.0), count)
    return np.asarray(noise / np.sqrt(np.mean(noise**2) + 1e-15))


def _through_codec(wave: Wave, codec: str) -> Wave:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(wave, -1.0, 1.0), LINE_RATE_HZ, format="WAV", subtype=codec)
    buffer.seek(0)
    heard, _ = soundfile.read(buffer, dtype="float64")
    return np.pad(heard, (0, max(0, len(wave) - len(heard))))[: len(wave)]


def _lose_packets(wave: Wave, rng: np.random.Generator) -> Wave:
    """Put silence in the place of about 3 % of the 20 ms packets, in bursts of one to three."""
    heard, size = wave.copy(), round(PACKET_S * LINE_RATE_HZ)
    at = 0
    while at * size < len(heard):
        burst = 1
        if rng.random() < LOSS_SHARE / ((1 + LONGEST_BURST) / 2):
            burst = int(rng.integers(1, LONGEST_BURST + 1))
            heard[at * size : (at + burst) * size] = 0.0
        at += burst
    return heard
