"""Which sounds of a recording would be recognised in another recording of the same audio?

The print of a channel is the set of its spectral peaks: the points in time and frequency that are louder than everything
around them. Noise and codecs take some of them away, but move few. Pairs of neighbouring peaks are landmarks, numbers by which
an index finds recordings that share audio (A. Wang, "An Industrial-Strength Audio Search Algorithm", ISMIR 2003). Only speech
is printed: ringback, tones and music on hold are common to a network and would link calls that have nothing in common.
Nothing here compares or stores; docs/same-audio.md has the measurements that the numbers below come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.spectrum import Framing, power_spectra
from app.timeline import Span

PRINT_VERSION = 1
"""Raise it whenever the same audio may give another print: prints of two versions are not compared."""

FRAMING = Framing(width=2048, hop=256, fft=2048)
"""128 ms every 16 ms. Twice as long as musical fingerprints use: harmonics of a voice are 80 to 250 Hz apart, and with 64 ms
frames half as many landmarks survived GSM. The short hop is what makes the print indifferent to where the recording starts."""

LOWEST_HZ, HIGHEST_HZ = 200.0, 2_000.0
"""Up to 3.4 kHz gave more landmarks of clean audio and not one more through GSM, which codes little above 2 kHz."""

NEAR_FRAMES, NEAR_BINS = 8, 12
"""A peak is louder than everything within 128 ms and 94 Hz: about 13 of them in a second of speech."""

FLOOR_DB = 40.0
"""Peaks this far below the loud frames of the channel (95th percentile) are line noise."""

LONGEST_S = 900.0
"""What is played again and again is short; a print covers the first quarter of an hour, so that a frame fits 16 bits."""

FAN_OUT = 3
MOST_FRAMES_APART = 100
MOST_BINS_APART = 63
FRAMES_PER_STEP = 2
"""Each peak is paired with the next three within 1.6 s and 490 Hz; their distance in time is counted in steps of 32 ms."""

LANDMARK_BITS = 21
KEPT_BITS = 19
_SPREAD = 0x9E375
"""Odd, so that multiplying by it modulo 2^21 permutes the landmarks; those that fall into the lowest quarter are kept. Two
recordings of the same audio keep the same quarter."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioPrint:
    """The peaks of a channel, in order of time: ``frames`` (uint16, 16 ms each) and ``bins`` (uint8, 7.8 Hz from 203 Hz up).

    ``speech_s`` is how much speech was printed.
    """

    frames: NDArray[np.uint16]
    bins: NDArray[np.uint8]
    speech_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Pairs of peaks as numbers below 2^19 (uint32), with the frame (uint16) of each pair's first peak."""

    hashes: NDArray[np.uint32]
    frames: NDArray[np.uint16]


def take_print(samples: NDArray[np.int16], speech: Iterable[Span]) -> AudioPrint:
    """Return the print of the speech of one channel, int16 samples of shape (n,) at 16 kHz."""
    spans = [Span(span.start_s, min(span.end_s, LONGEST_S)) for span in speech if span.start_s < LONGEST_S]
    blocks = list(power_spectra(samples[: int(LONGEST_S * HOUSE_RATE_HZ)], FRAMING))
    if not blocks or not spans:
        return AudioPrint(np.zeros(0, np.uint16), np.zeros(0, np.uint8), 0.0)
    band = FRAMING.bins(LOWEST_HZ, HIGHEST_HZ)
    level_db = 10 * np.log10(np.concatenate([block[:, band] for block in blocks]) + np.float32(1e-12))
    is_speech = np.zeros(level_db.shape[0], dtype=bool)
    for span in spans:
        is_speech[_frame_at(span.start_s) : _frame_at(span.end_s)] = True
    if not is_speech.any():
        return AudioPrint(np.zeros(0, np.uint16), np.zeros(0, np.uint8), 0.0)
    loud_db = float(np.percentile(level_db[is_speech].max(axis=1), 95))
    is_peak = (level_db >= _highest_near(level_db)) & (level_db > loud_db - FLOOR_DB) & is_speech[:, None]
    frames, bins = np.nonzero(is_peak)
    return AudioPrint(frames.astype(np.uint16), bins.astype(np.uint8), round(sum(span.duration_s for span in spans), 3))


def find_landmarks(print_: AudioPrint) -> Landmarks:
    """Return the landmarks of a print, a quarter of all pairs."""
    frames, bins = print_.frames.astype(np.int64), print_.bins.astype(np.int64)
    left = np.full(frames.size, FAN_OUT)
    hashes, firsts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in range(1, frames.size):
        apart, rise = frames[step:] - frames[:-step], bins[step:] - bins[:-step]
        if apart.min() > MOST_FRAMES_APART:
            break
        is_pair = (apart >= FRAMES_PER_STEP) & (apart <= MOST_FRAMES_APART)
        at = np.flatnonzero(is_pair & (np.abs(rise) <= MOST_BINS_APART) & (left[:-step] > 0))
        left[at] -= 1
        steps = apart[at] // FRAMES_PER_STEP
        hashes.append((bins[at] << 13) | ((rise[at] + MOST_BINS_APART) << 6) | steps)
        firsts.append(frames[at])
        if not (left[: frames.size - step] > 0).any():
            break
    spread = (np.concatenate(hashes) * _SPREAD) & ((1 << LANDMARK_BITS) - 1)
    is_kept = spread < 1 << KEPT_BITS
    return Landmarks(spread[is_kept].astype(np.uint32), np.concatenate(firsts)[is_kept].astype(np.uint16))


def encode_print(print_: AudioPrint) -> bytes:
    """Return the peaks as bytes: frames as little-endian uint16, then bins; three bytes a peak."""
    return print_.frames.astype("<u2").tobytes() + print_.bins.tobytes()


def decode_print(content: bytes, speech_s: float) -> AudioPrint:
    """Return the print that :func:`encode_print` wrote.

    Raises
    ------
    ValueError
        If the length is not a multiple of three bytes.
    """
    count, rest = divmod(len(content), 3)
    if rest:
        raise ValueError(f"expected three bytes a peak, got {len(content)} bytes; the stored print is damaged")
    frames = np.frombuffer(content, "<u2", count).astype(np.uint16)
    return AudioPrint(frames, np.frombuffer(content, np.uint8, count, offset=2 * count), speech_s)


def frames_to_s(frames: float) -> float:
    """Return a number of frames in seconds."""
    return frames * FRAMING.hop_s


def _frame_at(at_s: float) -> int:
    return max(0, round((at_s - FRAMING.width / 2 / HOUSE_RATE_HZ) / FRAMING.hop_s))


def _highest_near(level_db: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the highest level within the neighbourhood of each point (frames, bins)."""
    return _running_max(_running_max(level_db, NEAR_FRAMES).T, NEAR_BINS).T


def _running_max(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the maximum over ``reach`` rows before and after each row, by doubling the window: log2(reach) passes."""
    width = 2 * reach + 1
    padded = np.pad(values, ((reach, reach), (0, 0)), constant_values=-np.inf)
    covered = 1
    while 2 * covered <= width:
        padded = np.maximum(padded[:-covered], padded[covered:])
        covered *= 2
    rest = width - covered
    highest: NDArray[np.float32] = np.maximum(padded[: padded.shape[0] - rest], padded[rest:])
    return highest
