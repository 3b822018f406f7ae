"""How does a recording sound whose numbers nobody may hear? Tones in their place, on all channels.

All channels, because what one party says is faintly on the other's channel, through the telephone's earpiece or the room. The
spans come from word times, which are imprecise: each is widened before it is covered. What was there is gone from the copy, not
mixed with a tone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.playback import encode_listening_copy
from app.timeline import Span, merge

MARGIN_BEFORE_S, MARGIN_AFTER_S = 0.6, 0.8
"""Against the sample call whose truth is known, tiny.en ended the card number 0.47 s early (docs/redaction.md)."""

JOIN_WITHIN_S = 1.5
"""Numbers are read in groups; a pause shorter than this between two covered stretches is covered too."""

TONE_HZ = 1_000.0
TONE_LEVEL = 0.05
"""-29 dBFS: heard, and not louder than speech."""

FADE_S = 0.010


def widen(spans: Iterable[Span], duration_s: float) -> tuple[Span, ...]:
    """Return what is covered for the spans of spoken numbers: with their margins, joined over short pauses."""
    wide = [Span(max(0.0, span.start_s - MARGIN_BEFORE_S), min(duration_s, span.end_s + MARGIN_AFTER_S)) for span in spans]
    return merge(wide, gap_s=JOIN_WITHIN_S)


def bleep(samples: NDArray[np.int16], spans: Iterable[Span], *, with_tone: bool = True) -> NDArray[np.int16]:
    """Return a copy of int16 samples (channels, n) at 16 kHz with a 1 kHz tone, or silence, in the widened spans.

    The recording fades out and in over 10 ms outside the widened spans; inside them nothing of it is left.
    """
    covered = samples.copy()
    count = samples.shape[1]
    fade = round(FADE_S * HOUSE_RATE_HZ)
    ramp = np.linspace(1.0, 0.0, fade, dtype=np.float32)
    for span in widen(spans, count / HOUSE_RATE_HZ):
        first, last = int(span.start_s * HOUSE_RATE_HZ), min(count, int(np.ceil(span.end_s * HOUSE_RATE_HZ)))
        before, after = max(0, first - fade), min(count, last + fade)
        covered[:, before:first] = (covered[:, before:first] * ramp[fade - (first - before) :]).astype(np.int16)
        covered[:, last:after] = (covered[:, last:after] * ramp[::-1][: after - last]).astype(np.int16)
        covered[:, first:last] = _tone(last - first) if with_tone else 0
    return covered


def encode_redacted_copy(samples: NDArray[np.int16], spans: Iterable[Span]) -> Iterator[bytes]:
    """Yield the bytes of the listening copy with the spans covered, in the format of the whole one."""
    yield from encode_listening_copy(bleep(samples, spans))


def _tone(count: int) -> NDArray[np.int16]:
    tone = np.sin(2 * np.pi * TONE_HZ / HOUSE_RATE_HZ * np.arange(count, dtype=np.float64)) * (TONE_LEVEL * 32_767)
    fade = min(round(FADE_S * HOUSE_RATE_HZ), count // 2)
    if fade:
        ramp = np.linspace(0.0, 1.0, fade)
        tone[:fade] *= ramp
        tone[-fade:] *= ramp[::-1]
    sound: NDArray[np.int16] = tone.astype(np.int16)
    return sound
