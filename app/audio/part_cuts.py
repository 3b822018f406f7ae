"""Where is the speech of a channel cut, and where does music beside it really begin?

What is known of one channel before its parts are named, and the two cuts that need no names. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.audio.line_changes import LineChange
from app.conversation import CallPart, Tone, Word
from app.timeline import Span, clip, total_s
from app.vocabulary import ChannelRole, PartKind

LEAST_PROBABILITY = 0.1
"""A pause that changes line or voice with this probability parts the speech. On composed calls of other voices it finds 84 to
91 of 100 joints, and one cut in two is another pause."""

LEAST_PART_S = 0.8
LEAST_FADE_S, LONGEST_FADE_S = 0.6, 2.5
"""How long sound without a word goes on before music that fades in is found; word times err by less than the first."""

LEAST_FADE_SHARE = 0.6
_WORD_EDGE_S = 0.25


@dataclass(frozen=True, slots=True)
class ChannelSound:
    """What is known of one channel before its parts are named; ``changes`` are pauses in which line or voice may change."""

    channel: int
    role: ChannelRole
    duration_s: float
    speech: tuple[Span, ...]
    tones: tuple[Tone, ...]
    changes: tuple[LineChange, ...]
    words: tuple[Word, ...]


def cut_speech(span: Span, sound: ChannelSound, least_probability: float = LEAST_PROBABILITY) -> list[Span]:
    """Return a stretch of speech, parted where the line or the voice changes."""
    edges = [span.start_s]
    for change in sound.changes:
        is_inside = edges[-1] + LEAST_PART_S <= change.at_s <= span.end_s - LEAST_PART_S
        if is_inside and change.probability >= least_probability:
            edges.append(change.at_s)
    return [Span(start_s, end_s) for start_s, end_s in pairwise([*edges, span.end_s])]


def stretch_music(parts: Sequence[CallPart], sound: ChannelSound) -> list[CallPart]:
    """Let hold reach over the sound beside it in which no word was heard: music that fades in or out sounds like speech."""
    stretched = list(parts)
    for at, part in enumerate(parts):
        if part.kind is not PartKind.HOLD or part.detail != "music":
            continue
        if at > 0 and parts[at - 1].kind is PartKind.SPEECH:
            talk = stretched[at - 1]
            last_word_s = max((end_s for end_s in _word_ends(talk.span, sound.words)), default=talk.span.start_s)
            wait_s = part.span.start_s - last_word_s
            sounds_s = total_s(clip(sound.speech, Span(last_word_s, max(last_word_s, part.span.start_s))))
            if LEAST_FADE_S <= wait_s <= LONGEST_FADE_S and sounds_s >= LEAST_FADE_SHARE * wait_s:
                first_s = min(last_word_s + _WORD_EDGE_S * (last_word_s > talk.span.start_s), part.span.start_s)
                stretched[at] = replace(stretched[at], span=Span(first_s, part.span.end_s))
                stretched[at - 1] = replace(talk, span=Span(talk.span.start_s, first_s))
    return [part for part in stretched if part.span.duration_s > 0]


def _word_ends(span: Span, words: Sequence[Word]) -> list[float]:
    return [word.span.end_s for word in words if word.span.overlaps(span)]
