"""What does a telephone line do to a voice? Band limit, level, noise and the codec of a mobile leg.

Everything is seeded: the same samples and seed give the same line. The band is the 300-3400 Hz of ITU-T G.712; noise and levels
are set in dBFS so that a quiet caller stays quiet on the recording.
"""

import io

import numpy as np
from numpy.typing import NDArray

from sample_audio.tones import Samples

RATE_HZ = 8000
PASS_HZ = (300.0, 3400.0)
SLOPE_HZ = 80.0


def limit_band(wave: Samples, rate_hz: int = RATE_HZ) -> Samples:
    """Keep 300 to 3400 Hz, with raised-cosine edges 80 Hz wide."""
    if not len(wave):
        return wave
    spectrum = np.fft.rfft(wave.astype(np.float64))
    f = np.fft.rfftfreq(len(wave), 1 / rate_hz)
    rise = np.clip((f - (PASS_HZ[0] - SLOPE_HZ)) / SLOPE_HZ, 0, 1)
    fall = np.clip(((PASS_HZ[1] + SLOPE_HZ) - f) / SLOPE_HZ, 0, 1)
    gain = np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2
    return np.fft.irfft(spectrum * gain, len(wave)).astype(np.float32)


def set_speech_level(wave: Samples, level_dbfs: float, rate_hz: int = RATE_HZ) -> Samples:
    """Scale so that the RMS over the frames with speech (within 25 dB of the loudest) is ``level_dbfs``."""
    frame = rate_hz // 50
    n = len(wave) // frame
    if n == 0:
        return wave
    power = np.mean(wave[: n * frame].reshape(n, frame).astype(np.float64) ** 2, axis=1)
    active = power[power > power.max() * 10**-2.5]
    rms = float(np.sqrt(active.mean())) if power.max() > 0 else 1.0
    return (wave * (10 ** (level_dbfs / 20) / rms)).astype(np.float32)


def add_line_noise(wave: Samples, noise_dbfs: float, rng: np.random.Generator) -> Samples:
    """Add hiss that falls with frequency, and a breath of 60 Hz harmonics, at ``noise_dbfs`` RMS in the telephone band."""
    n = len(wave)
    f = np.fft.rfftfreq(n, 1 / RATE_HZ)
    shape = 1 / np.sqrt(1 + (f / 900.0) ** 2)
    hiss = limit_band(np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n).astype(np.float32))
    t = np.arange(n) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 60 * k * t + rng.uniform(0, 6.28)) / k for k in (6, 8, 10))
    noise = hiss / np.sqrt(np.mean(hiss**2)) + 0.15 * np.asarray(hum) / np.sqrt(np.mean(np.asarray(hum) ** 2))
    noise = noise / np.sqrt(np.mean(noise**2)) * 10 ** (noise_dbfs / 20)
    return (wave + noise).astype(np.float32)


def pass_mobile(wave: Samples) -> Samples:
    """Send the samples through GSM full rate (ETSI EN 300 961), as a call from an old mobile network is."""
    import soundfile as sf

    buffer = io.BytesIO()
    sf.write(buffer, np.clip(wave, -1, 1), RATE_HZ, format="WAV", subtype="GSM610")
    buffer.seek(0)
    heard, _ = sf.read(buffer, dtype="float32")
    return _fit(heard, len(wave))


def limit_peaks(wave: Samples, ceiling: float = 0.92) -> Samples:
    """Bend samples above 70 % of full scale softly below ``ceiling``; quieter ones stay as they are."""
    knee = 0.7
    over = np.abs(wave) > knee
    bent = knee + (ceiling - knee) * np.tanh((np.abs(wave) - knee) / (ceiling - knee))
    return np.where(over, np.sign(wave) * bent, wave).astype(np.float32)


def _fit(wave: NDArray[np.float32], n: int) -> Samples:
    return np.pad(wave, (0, max(0, n - len(wave))))[:n].astype(np.float32)
