"""What sounds on a channel that is not speech?

Keys, ringing, busy, network announcements, beeps and music on hold, each found by its own module from two shared sets of
spectra. Here they are brought together: what one finder explains is not reported again by another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.audio.call_progress import ProgressFrames, find_busy, find_ringback, find_rings
from app.audio.dtmf import DtmfFrames, find_dtmf
from app.audio.music import MusicMeter, find_music
from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.single_tones import SingleToneFrames, find_beeps, find_sit, find_steady_tones
from app.audio.spectrum import LONG, SHORT, power_spectra
from app.audio.timbre import TimbreTrack
from app.conversation import Tone
from app.timeline import Span
from app.vocabulary import ToneKind

_LAST_NOTE_S = 0.75
"""A steady tone this close to music is its first or last note."""

_AROUND_RINGING_S = 0.25
"""Two long frames: the first and the last ring are then judged with what lies beside them."""

_TUNE_WINDOW_S = 5.0
_TUNE_PITCHES = 3
"""Beeps of this many different pitches within five seconds are a melody."""


@dataclass(frozen=True, slots=True, eq=False)
class ChannelSpectra:
    """What the spectra of a channel give: its tones, and how it sounds from moment to moment."""

    tones: tuple[Tone, ...]
    timbre: TimbreTrack


def find_tones(samples: NDArray[np.int16], channel: int) -> tuple[Tone, ...]:
    """Return the tones and music in int16 samples of shape (n,) at 16 kHz, sorted by time."""
    return read_spectra(samples, channel).tones


def read_spectra(samples: NDArray[np.int16], channel: int) -> ChannelSpectra:
    """Return tones and timbre of int16 samples of shape (n,) at 16 kHz, from one pass over two sets of spectra.

    Spans of DTMF, beeps and SIT are within 50 ms of the sound's own, those of ringing and busy within 100 ms, those of music
    within 0.5 s where it starts and stops clearly. Ringing includes its pauses. A sound shorter than 40 ms is not heard.
    """
    short = [
        (DtmfFrames.of(power), SingleToneFrames.of(power), TimbreTrack.of(power)) for power in power_spectra(samples, SHORT)
    ]
    timbre = TimbreTrack.joined([block[2] for block in short])
    if not short:
        return ChannelSpectra((), timbre)
    dtmf = find_dtmf(DtmfFrames.joined([block[0] for block in short]), channel)
    steady = find_steady_tones(SingleToneFrames.joined([block[1] for block in short]))
    meter = MusicMeter()
    rings = []
    for power in power_spectra(samples, LONG):
        rings.append(ProgressFrames.of(power))
        meter.add(power)
    ringback: tuple[Tone, ...] = ()
    busy: tuple[Tone, ...] = ()
    music: tuple[Tone, ...] = ()
    sit = find_sit(steady, channel)
    if rings:
        progress = ProgressFrames.joined(rings)
        ringback, busy = find_ringback(progress, channel), find_busy(progress, channel)
        signals = tuple(tone.span for tone in (*ringback, *busy, *sit, *dtmf)) + tuple(tone.span for tone in steady)
        music = find_music(meter.read(), channel, signals)
    notes = tuple(Span(max(0.0, tone.span.start_s - _LAST_NOTE_S), tone.span.end_s + _LAST_NOTE_S) for tone in music)
    explained = tuple(tone.span for tone in (*ringback, *busy, *sit, *dtmf)) + notes
    beeps = _without_tunes(tuple(beep for beep in find_beeps(steady, channel) if not _touches(beep.span, explained)))
    tones = sorted((*dtmf, *ringback, *busy, *sit, *beeps, *music), key=lambda tone: (tone.span, tone.kind))
    return ChannelSpectra(tuple(tones), timbre)


def find_sounding(samples: NDArray[np.int16], tones: Sequence[Tone]) -> tuple[Span, ...]:
    """Return where the tones found in these samples really sound: of a ringing its rings alone, as people talk between them."""
    sounding: list[Span] = []
    for tone in tones:
        rings = _rings_of(samples, tone.span) if tone.kind is ToneKind.RINGBACK else ()
        sounding += rings or [tone.span]
    return tuple(sorted(sounding))


def _rings_of(samples: NDArray[np.int16], ringing: Span) -> list[Span]:
    first = max(0, round((ringing.start_s - _AROUND_RINGING_S) * HOUSE_RATE_HZ))
    last = round((ringing.end_s + _AROUND_RINGING_S) * HOUSE_RATE_HZ)
    blocks = [ProgressFrames.of(power) for power in power_spectra(samples[first:last], LONG)]
    rings = find_rings(ProgressFrames.joined(blocks)) if blocks else ()
    return [Span(ring.start_s + first / HOUSE_RATE_HZ, ring.end_s + first / HOUSE_RATE_HZ) for ring in rings]


def _touches(span: Span, others: tuple[Span, ...]) -> bool:
    return any(span.overlaps(other) for other in others)


def _without_tunes(beeps: tuple[Tone, ...]) -> tuple[Tone, ...]:
    kept = []
    for beep in beeps:
        near = [other for other in beeps if abs(other.span.start_s - beep.span.start_s) <= _TUNE_WINDOW_S]
        pitches = Counter(round(12 * np.log2(float(other.detail) / 440)) for other in near)
        if len(pitches) < _TUNE_PITCHES:
            kept.append(beep)
    return tuple(kept)
