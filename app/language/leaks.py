"""Can a number still be heard in a redacted copy? The copy is transcribed again and the digits in it are counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.conversation import Word
from app.language.normalise import spoken_words
from app.language.numbers import find_digit_runs
from app.ports import Transcriber
from app.timeline import Span, merge

LEAST_DIGITS = 3
CONTEXT_S = 4.0
"""A recogniser needs the words around a number to read its rest."""

LONGEST_CLIP_S = 28.0
HOUSE_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Leak:
    """Digits that were still heard: on which channel, when and how many; never which."""

    channel: int
    span: Span
    length: int


def find_leaks(samples: Any, transcriber: Transcriber, spans: Sequence[Span]) -> tuple[Leak, ...]:
    """Transcribe a redacted copy around its spans and return the runs of three digits or more that reach into them.

    Parameters
    ----------
    samples
        int16 array of shape (channels, n) at 16 kHz: the redacted copy, not the original.
    spans
        Where numbers were spoken; a run that begins or ends within half a second of one counts.
    """
    from app.audio.pcm import as_float

    if not spans:
        return ()
    duration_s = samples.shape[1] / HOUSE_RATE_HZ
    around = merge(Span(max(0.0, s.start_s - CONTEXT_S), min(duration_s, s.end_s + CONTEXT_S)) for s in spans)
    clips = [piece for stretch in around for piece in _cut(stretch)]
    wide = [Span(max(0.0, span.start_s - 0.5), span.end_s + 0.5) for span in spans]
    leaks = []
    for channel in range(samples.shape[0]):
        segments = transcriber.transcribe(as_float(samples[channel]), clips)
        words = [word for segment in segments for word in segment.words]
        leaks += [leak for leak in _find_digits(words, channel) if any(leak.span.overlaps(span) for span in wide)]
    return tuple(leaks)


def _find_digits(words: Sequence[Word], channel: int) -> list[Leak]:
    said = [(spoken, word.span) for word in words for token in word.text.split() for spoken in spoken_words(token)]
    return [
        Leak(channel, Span(said[run.at[0]][1].start_s, max(said[at][1].end_s for at in run.at)), len(run.digits))
        for run in find_digit_runs([spoken for spoken, _ in said], least=LEAST_DIGITS)
    ]


def _cut(stretch: Span) -> list[Span]:
    pieces = []
    start_s = stretch.start_s
    while stretch.end_s - start_s > LONGEST_CLIP_S:
        pieces.append(Span(start_s, start_s + LONGEST_CLIP_S))
        start_s += LONGEST_CLIP_S - CONTEXT_S
    return [*pieces, Span(start_s, stretch.end_s)]
