"""Reads recordings and measures them for the tests, with FFmpeg and plain Fourier analysis, not the generator's code."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parents[3] / "sample_audio"
RATE_HZ = 8000
Samples = NDArray[np.float32]


@cache
def decode(file: str) -> Samples:
    """Return the samples (frames x channels) at 8 kHz."""
    import av

    with av.open(str(FOLDER / file)) as container:
        stream = container.streams.audio[0]
        channels = stream.channels
        resampler = av.AudioResampler(format="flt", layout="stereo" if channels == 2 else "mono", rate=RATE_HZ)
        blocks = [out.to_ndarray() for frame in container.decode(stream) for out in resampler.resample(frame)]
        blocks += [out.to_ndarray() for out in resampler.resample(None)]
    return np.concatenate(blocks, axis=1).reshape(-1, channels)


def level_dbfs(samples: Samples) -> float:
    """Return the RMS level in dB of full scale."""
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-12))


def mask_of(spans: Sequence[Mapping[str, Any]], length: int, *, margin_s: float) -> NDArray[np.bool_]:
    """Return which samples lie in one of the spans, each widened by ``margin_s``."""
    mask = np.zeros(length, bool)
    for span in spans:
        mask[max(0, round((span["start_s"] - margin_s) * RATE_HZ)) : round((span["end_s"] + margin_s) * RATE_HZ)] = True
    return mask


def peak_hz(samples: Samples, count: int) -> list[float]:
    """Return the ``count`` strongest frequencies at least 30 Hz apart, in Hz, ascending, by a zero-padded Fourier transform."""
    size = 1 << 16
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    found: list[float] = []
    for _ in range(count):
        best = float(hz[int(np.argmax(power))])
        found.append(best)
        power[np.abs(hz - best) < 30] = 0
    return sorted(found)
