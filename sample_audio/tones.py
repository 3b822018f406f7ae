"""What does a telephone exchange sound like? Signals to the standard's frequencies, as float32 arrays.

Frequencies and cadences: ringback, busy, special information tones - Telcordia GR-506 / ITU-T E.180 (United States);
DTMF - ITU-T Q.23. Levels are those of a line, not of a test bench. The hold melody is written here, for this project.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RINGBACK_HZ = (440.0, 480.0)
RINGBACK_ON_S, RINGBACK_OFF_S = 2.0, 4.0
BUSY_HZ = (480.0, 620.0)
BUSY_ON_S, BUSY_OFF_S = 0.5, 0.5
BEEP_HZ = 1000.0
#: Intercept ("not in service"): frequency in Hz and length in s of the three rising tones.
SIT_INTERCEPT = ((913.8, 0.274), (1370.6, 0.274), (1776.7, 0.380))
_LOW, _HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0)
DTMF_HZ = {key: (_LOW[i // 3], _HIGH[i % 3]) for i, key in enumerate("123456789*0#")}
DTMF_ON_S, DTMF_OFF_S = 0.12, 0.13


@dataclass(frozen=True, slots=True)
class Burst:
    """One uninterrupted sound inside a longer signal: what it is and when, in seconds from the signal's start."""

    kind: str
    detail: str
    start_s: float
    end_s: float


def make_tone(frequencies_hz: tuple[float, ...], seconds: float, rate_hz: int, level_dbfs: float = -16.0) -> Samples:
    """Return equal sines whose sum has the RMS ``level_dbfs``, with 4 ms ramps against clicks."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    amplitude = 10 ** (level_dbfs / 20) * np.sqrt(2 / len(frequencies_hz))
    wave = amplitude * sum(np.sin(2 * np.pi * f * t) for f in frequencies_hz)
    return _ramp(np.asarray(wave), round(0.004 * rate_hz))


def make_ringback(seconds: float, rate_hz: int) -> tuple[Samples, list[Burst]]:
    """Return 440 + 480 Hz, two seconds on and four off."""
    return _make_cadence("ringback", "440+480", RINGBACK_HZ, (RINGBACK_ON_S, RINGBACK_OFF_S), seconds, rate_hz, -19.0)


def make_busy(seconds: float, rate_hz: int) -> tuple[Samples, list[Burst]]:
    """Return 480 + 620 Hz, half a second on and half a second off."""
    return _make_cadence("busy", "480+620", BUSY_HZ, (BUSY_ON_S, BUSY_OFF_S), seconds, rate_hz, -21.0)


def make_keys(keys: str, rate_hz: int, pause_s: float = DTMF_OFF_S) -> tuple[Samples, list[Burst]]:
    """Return the DTMF pairs of the keys pressed, ``pause_s`` apart."""
    parts, bursts, at = [], [], 0.0
    for key in keys:
        parts += [make_tone(DTMF_HZ[key], DTMF_ON_S, rate_hz, -12.0), np.zeros(round(pause_s * rate_hz), np.float32)]
        bursts.append(Burst("dtmf", key, at, at + DTMF_ON_S))
        at += DTMF_ON_S + pause_s
    return np.concatenate(parts), bursts


def make_beep(seconds: float, rate_hz: int) -> tuple[Samples, list[Burst]]:
    """Return the beep after a voicemail greeting."""
    return make_tone((BEEP_HZ,), seconds, rate_hz, -14.0), [Burst("beep", f"{BEEP_HZ:.0f}", 0.0, seconds)]


def make_intercept(rate_hz: int) -> tuple[Samples, list[Burst]]:
    """Return the three rising tones before "the number you have dialed is not in service"."""
    parts = [make_tone((f,), s, rate_hz, -16.0) for f, s in SIT_INTERCEPT]
    detail = "+".join(f"{f:g}" for f, _ in SIT_INTERCEPT)
    return np.concatenate(parts), [Burst("sit", detail, 0.0, sum(s for _, s in SIT_INTERCEPT))]


def make_hold_music(seconds: float, rate_hz: int, level_dbfs: float = -23.0) -> tuple[Samples, list[Burst]]:
    """Return a plain melody over broken chords (C, A minor, F, G), for as long as asked."""
    chords = ((261.63, 329.63, 392.0), (220.0, 261.63, 329.63), (174.61 * 2, 440.0, 523.25), (196.0 * 2, 493.88, 587.33))
    melody = (
        783.99,
        659.26,
        523.25,
        587.33,
        659.26,
        880.0,
        783.99,
        659.26,
        698.46,
        880.0,
        1046.5,
        880.0,
        783.99,
        587.33,
        493.88,
        587.33,
    )
    step_s = 0.32
    wave = np.zeros(round(seconds * rate_hz) + rate_hz)
    for i in range(int(seconds / step_s)):
        chord = chords[(i // 8) % 4]
        for pitch_hz, loud in ((chord[i % 3], 0.5), (melody[(i // 2) % 16], 1.0 if i % 2 == 0 else 0.0)):
            note = loud * _pluck(pitch_hz, 0.9, rate_hz)
            start = round(i * step_s * rate_hz)
            end = min(start + len(note), len(wave))
            wave[start:end] += note[: end - start]
    wave = wave[: round(seconds * rate_hz)]
    wave *= 10 ** (level_dbfs / 20) / np.sqrt(np.mean(wave**2))
    return _ramp(wave, round(0.15 * rate_hz)), [Burst("music", "hold melody", 0.0, seconds)]


def _pluck(pitch_hz: float, seconds: float, rate_hz: int) -> NDArray[np.float64]:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = sum(np.sin(2 * np.pi * pitch_hz * k * t) / k**1.5 * np.exp(-t * (3 + 2 * k)) for k in (1, 2, 3))
    return np.asarray(wave) * np.minimum(1.0, t / 0.008)


def _make_cadence(
    kind: str,
    detail: str,
    hz: tuple[float, ...],
    on_off_s: tuple[float, float],
    seconds: float,
    rate_hz: int,
    level_dbfs: float,
) -> tuple[Samples, list[Burst]]:
    wave = np.zeros(round(seconds * rate_hz), np.float32)
    bursts, at = [], 0.0
    while at < seconds:
        on_s = min(on_off_s[0], seconds - at)
        burst = make_tone(hz, on_s, rate_hz, level_dbfs)
        start = round(at * rate_hz)
        wave[start : start + len(burst)] = burst[: len(wave) - start]
        bursts.append(Burst(kind, detail, at, at + on_s))
        at += sum(on_off_s)
    return wave, bursts


def _ramp(wave: NDArray[np.float64], samples: int) -> Samples:
    wave = wave.copy()
    n = min(samples, len(wave) // 2)
    if n:
        wave[:n] *= np.linspace(0, 1, n)
        wave[-n:] *= np.linspace(1, 0, n)
    return wave.astype(np.float32)
