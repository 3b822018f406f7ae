"""How does a voice sound, apart from what it says, how loud it is and how long it lasts?

Figures of a few seconds of one channel: the shape of the spectrum, the line behind the voice, pitch and pauses. None of them
moves with the level of the recording, and the silence before the first and after the last sound is not looked at: both belong
to who cut the file. They are weak alone (near chance on neural voices never heard before) and stand beside the encoder's
statistics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.voice.frames import FRAME_S, frame_levels_db, mark_speech_frames

SIGNAL_FEATURES = (
    "flatness_mean",
    "flatness_deviation",
    "rolloff_mean",
    "rolloff_deviation",
    "flux_mean",
    "flux_deviation",
    "tilt_mean",
    "tilt_deviation",
    "floor_depth_db",
    "floor_change_db",
    "digital_silence_share",
    "pitch_range_semitones",
    "pitch_jitter_semitones",
    "voiced_share",
    "periodicity_mean",
    "periodicity_deviation",
    "pause_share",
    "pause_regularity",
    "level_deviation_db",
)
"""Names and order of the figures; a model file names those it was trained with."""

WINDOW = 512
"""32 ms at 16 kHz: the usual window of speech analysis, two to six periods of a voice."""

BAND_HZ = (300.0, 3400.0)
"""The telephone band (ITU-T G.712): outside it a wide-band recording would be told from a telephone call, not a voice from
another."""

ROLLOFF_SHARE = 0.85
"""Share of the energy below the roll-off frequency, as in Tzanetakis & Cook 2002."""

PITCH_HZ = (60.0, 400.0)
"""Range of adult speech."""

LEAST_PERIODICITY = 0.5
"""A frame whose normalised autocorrelation peak is lower counts as unvoiced (Boersma 1993 uses 0.45)."""

LEAST_PAUSE_S = 0.1
"""Shorter gaps are stop consonants."""


def measure_voice(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the figures of :data:`SIGNAL_FEATURES` for one stretch of one channel.

    Parameters
    ----------
    samples
        float32 array of shape (n,), 16 kHz, range -1 to 1.

    Returns
    -------
    Array of shape (len(SIGNAL_FEATURES),); figures that the stretch cannot tell (a pitch range without a voiced frame) are 0.
    """
    sound = _trim(samples)
    if len(sound) < WINDOW * 2:
        return np.zeros(len(SIGNAL_FEATURES))
    levels = frame_levels_db(sound)
    is_speech = mark_speech_frames(sound)
    hop = round(FRAME_S * HOUSE_RATE_HZ)
    frames = _frames(sound, hop, len(levels))
    spectra = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
    values = {
        **_spectrum(spectra, is_speech),
        **_line(levels, is_speech, frames),
        **_pitch(frames, is_speech),
        **_pauses(is_speech),
        "level_deviation_db": float(np.std(levels[is_speech])) if is_speech.any() else 0.0,
    }
    return np.array([values[name] for name in SIGNAL_FEATURES])


def _trim(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    marks = np.flatnonzero(mark_speech_frames(samples))
    hop = round(FRAME_S * HOUSE_RATE_HZ)
    return samples[marks[0] * hop : (marks[-1] + 1) * hop] if len(marks) else samples[:0]


def _frames(sound: NDArray[np.float32], hop: int, count: int) -> NDArray[np.float64]:
    padded = np.pad(sound, (0, WINDOW)).astype(np.float64)
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::hop][:count]


def _spectrum(spectra: NDArray[np.float64], is_speech: NDArray[np.bool_]) -> dict[str, float]:
    hz = np.fft.rfftfreq(WINDOW, 1 / HOUSE_RATE_HZ)
    inside = (hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1])
    power = spectra[is_speech][:, inside] + 1e-12
    logs = np.log(power)
    flatness = logs.mean(axis=1) - np.log(power.mean(axis=1))
    shares = np.cumsum(power, axis=1) / power.sum(axis=1, keepdims=True)
    rolloff = np.log2(hz[inside][np.argmax(shares >= ROLLOFF_SHARE, axis=1)] / 1000.0)
    octaves = np.log2(hz[inside] / 1000.0)
    tilt = (logs - logs.mean(axis=1, keepdims=True)) @ (octaves - octaves.mean()) / np.sum((octaves - octaves.mean()) ** 2)
    whitened = logs - logs.mean(axis=1, keepdims=True)
    flux = np.sqrt(np.mean(np.diff(whitened, axis=0) ** 2, axis=1)) if len(whitened) > 1 else np.zeros(1)
    return {
        f"{name}_{kind}": float(figure(series))
        for name, series in (("flatness", flatness), ("rolloff", rolloff), ("tilt", tilt), ("flux", flux))
        for kind, figure in (("mean", np.mean), ("deviation", np.std))
    }


def _line(levels: NDArray[np.float64], is_speech: NDArray[np.bool_], frames: NDArray[np.float64]) -> dict[str, float]:
    """How far the line lies below the voice (at most 60 dB), how much it changes, how often it is digitally silent."""
    quiet = levels[~is_speech]
    if len(quiet) < 5:
        return {"floor_depth_db": 0.0, "floor_change_db": 0.0, "digital_silence_share": 0.0}
    voice_db = float(np.median(levels[is_speech]))
    depth = np.clip(voice_db - quiet, 0.0, 60.0)
    silent = np.ptp(frames[~is_speech], axis=1) < 2**-14
    return {
        "floor_depth_db": float(np.median(depth)),
        "floor_change_db": float(np.std(depth)),
        "digital_silence_share": float(np.mean(silent)),
    }


def _pitch(frames: NDArray[np.float64], is_speech: NDArray[np.bool_]) -> dict[str, float]:
    heard = frames[is_speech]
    spectrum = np.fft.rfft(heard - heard.mean(axis=1, keepdims=True), 2 * WINDOW, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :WINDOW]
    window = 1.0 - np.arange(WINDOW) / WINDOW
    normal = correlation / np.maximum(correlation[:, :1], 1e-12) / np.maximum(window, 0.2)
    first, last = round(HOUSE_RATE_HZ / PITCH_HZ[1]), round(HOUSE_RATE_HZ / PITCH_HZ[0])
    lags = first + np.argmax(normal[:, first:last], axis=1)
    peaks = normal[np.arange(len(normal)), lags]
    voiced = peaks >= LEAST_PERIODICITY
    semitones = 12 * np.log2(HOUSE_RATE_HZ / lags / 100.0)
    both = voiced[1:] & voiced[:-1]
    steps = np.abs(np.diff(semitones))[both]
    steps = steps[steps < 6.0]  # a jump of half an octave is an error of the search, not a voice
    some = semitones[voiced]
    return {
        "pitch_range_semitones": float(np.subtract(*np.percentile(some, (75, 25)))) if len(some) else 0.0,
        "pitch_jitter_semitones": float(np.mean(steps)) if len(steps) else 0.0,
        "voiced_share": float(np.mean(voiced)),
        "periodicity_mean": float(np.mean(np.clip(peaks, 0, 1))),
        "periodicity_deviation": float(np.std(np.clip(peaks, 0, 1))),
    }


def _pauses(is_speech: NDArray[np.bool_]) -> dict[str, float]:
    edges = np.flatnonzero(np.diff(is_speech.astype(np.int8)))
    lengths: Sequence[int] = [end - start for start, end in zip(edges[::2], edges[1::2], strict=False)]
    pauses = np.array([length * FRAME_S for length in lengths if length * FRAME_S >= LEAST_PAUSE_S])
    spread = float(np.std(np.log(pauses))) if len(pauses) >= 3 else 0.0
    return {"pause_share": float(np.mean(~is_speech)), "pause_regularity": spread}
