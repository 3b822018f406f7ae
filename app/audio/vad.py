"""Where on one channel does somebody speak?

WebRTC's detector votes on each 20 ms frame; a frame below the channel's own noise floor plus a margin is never speech, whatever
it says. Votes are then smoothed: short pauses inside a phrase are closed, clicks are dropped, edges are widened a little.
Tones are not told from speech here: the caller subtracts them with :func:`without`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.levels import LEVEL_FRAME_S, find_digital_silence, find_noise_floor_dbfs, measure_frames
from app.audio.pcm import HOUSE_RATE_HZ
from app.timeline import Span, clip, gaps, merge, total_s

WORD_REACH_S = 1.0
"""How far from a word speech is taken for that of the word: word times err, and people draw breath."""

LEAST_NOISE_S, LEAST_NOISE_SHARE = 4.0, 0.5


@dataclass(frozen=True, slots=True)
class VadOptions:
    """How votes become spans; defaults measured on hand-marked telephone speech, see ``docs/audio.md``.

    ``aggressiveness`` is WebRTC's mode (0 lets most through, 3 least). ``margin_db`` above the noise floor and ``least_dbfs``
    make the energy gate. A pause shorter than ``bridge_s`` is part of the speech around it (phoneticians split inter-pausal
    units at 0.18 to 0.2 s, Heldner & Edlund 2010); speech shorter than ``least_speech_s`` is a click; ``edge_s`` is added on
    both sides for the soft consonants that votes miss.
    """

    aggressiveness: int = 3
    margin_db: float = 7.0
    least_dbfs: float = -60.0
    bridge_s: float = 0.3
    least_speech_s: float = 0.12
    edge_s: float = 0.1


def find_speech(samples: NDArray[np.int16], options: VadOptions | None = None) -> tuple[Span, ...]:
    """Return the spans in which somebody speaks, sorted and disjoint.

    Parameters
    ----------
    samples
        int16 array of shape (n,), one channel, 16 kHz.
    """
    options = options or VadOptions()
    duration_s = len(samples) / HOUSE_RATE_HZ
    if not len(samples):
        return ()
    votes = _vote(samples, options.aggressiveness) & _is_above_floor(samples, options)
    spoken = merge(_spans_of(votes), gap_s=options.bridge_s)
    kept = [
        Span(max(0.0, span.start_s - options.edge_s), span.end_s + options.edge_s)
        for span in spoken
        if span.duration_s >= options.least_speech_s
    ]
    return clip(merge(kept), Span(0.0, duration_s))


def drop_wordless(speech: Sequence[Span], words: Sequence[Span]) -> tuple[Span, ...]:
    """Return the speech without long stretches in which no word was heard: a café's or a street's noise.

    A stretch is given up only where the detector heard at least ``LEAST_NOISE_S`` in it, most of the time, and the recogniser,
    which looks twice at speech without words, not one word. A listener's "mhm" stays.
    """
    if not speech:
        return ()
    around = [Span(max(0.0, word.start_s - WORD_REACH_S), word.end_s + WORD_REACH_S) for word in words]
    whole = Span(0.0, max(span.end_s for span in speech))
    noise = []
    for hole in gaps(around, whole):
        heard_s = total_s(clip(speech, hole))
        if heard_s >= max(LEAST_NOISE_S, LEAST_NOISE_SHARE * hole.duration_s):
            noise.append(hole)
    return without(speech, noise) if noise else tuple(speech)


def without(spans: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """Return what ``spans`` cover and ``others`` do not."""
    return tuple(hole for span in merge(spans) for hole in gaps(others, span))


def _vote(samples: NDArray[np.int16], aggressiveness: int) -> NDArray[np.bool_]:
    import webrtcvad

    detector = webrtcvad.Vad(aggressiveness)
    size = round(LEVEL_FRAME_S * HOUSE_RATE_HZ)
    step = size * 2
    # A view, because copies of hours of sound would take gigabytes; a short last frame is filled with silence.
    data = np.ascontiguousarray(samples, dtype="<i2").view(np.uint8).data
    frames = (bytes(data[at : at + step]).ljust(step, b"\0") for at in range(0, len(data), step))
    return np.fromiter((detector.is_speech(frame, HOUSE_RATE_HZ) for frame in frames), dtype=np.bool_)


def _is_above_floor(samples: NDArray[np.int16], options: VadOptions) -> NDArray[np.bool_]:
    frames = measure_frames(samples)
    floor = find_noise_floor_dbfs(frames, ~find_digital_silence(samples))
    if floor is None:
        return np.zeros(len(frames), dtype=np.bool_)
    above: NDArray[np.bool_] = frames >= max(floor + options.margin_db, options.least_dbfs)
    return above


def _spans_of(votes: NDArray[np.bool_]) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], votes, [False])).astype(np.int8)))
    return [
        Span(float(start) * LEVEL_FRAME_S, float(end) * LEVEL_FRAME_S)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]
