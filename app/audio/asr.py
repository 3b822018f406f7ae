"""What did each party say, and when?

Each channel is recognised by itself; words are put on the ground that somebody spoke there (:mod:`app.audio.trust`), and the
parties' words are then merged by time into utterances. The recogniser is behind the Transcriber port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import as_float
from app.audio.segmentation import plan_clips
from app.audio.trust import drop_invented, mark_low_trust
from app.conversation import Utterance, Word
from app.ports import RecognisedSegment, Transcriber
from app.timeline import Span
from app.vocabulary import ChannelRole, Speaker

UTTERANCE_PAUSE_S = 0.6
"""A pause of this length ends an utterance: longer than nearly all pauses inside a phrase (see :mod:`app.audio.turns`)."""

SENTENCE_PAUSE_S = 0.2
"""After a full stop or question mark this much is enough."""

LONGEST_UTTERANCE_S = 30.0
"""A line of transcript that lasts longer is cut at its next word, so that a page can show where one is."""

LONGEST_WORD_S = 2.0
"""Alignment stretches a word over the pause beside it; a word that lasts longer than this is pulled back to the speech."""


def recognise_channel(
    samples: NDArray[np.int16],
    transcriber: Transcriber,
    speech: Sequence[Span],
    *,
    not_speech: Sequence[Span] = (),
    hot_words: str | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[Word, ...]:
    """Return the words of one channel in order of time, doubtful ones marked.

    Parameters
    ----------
    samples
        int16 array of shape (n,), 16 kHz.
    speech
        Where the voice detector hears somebody on this channel.
    not_speech
        Signalling and music, which are not sent to the recogniser.
    hot_words
        Names and phrases that are likely to be said.
    """
    clips = plan_clips(samples, not_speech)
    if not clips:
        return ()
    segments = transcriber.transcribe(as_float(samples), clips, hot_words=hot_words, on_progress=on_progress)
    return settle_words(segments, speech)


def settle_words(segments: Iterable[RecognisedSegment], speech: Sequence[Span]) -> tuple[Word, ...]:
    """Return the words in order, pulled to where somebody spoke, the invented ones dropped and the doubtful ones marked."""
    words = sorted((word for segment in segments for word in segment.words), key=lambda word: word.span)
    settled = [replace(word, span=_pull_to_speech(word.span, speech)) for word in words]
    return mark_low_trust(drop_invented(_in_sequence(settled), speech), speech)


def merge_utterances(channels: Sequence[Sequence[Word]], roles: Sequence[ChannelRole]) -> tuple[Utterance, ...]:
    """Return the utterances of all channels by time; one ends at a pause, or where another party has spoken in between."""
    every = sorted(
        ((word, channel) for channel, words in enumerate(channels) for word in words), key=lambda pair: (pair[0].span, pair[1])
    )
    groups: list[tuple[int, list[Word]]] = []
    newest: dict[int, int] = {}
    for word, channel in every:
        at = newest.get(channel)
        if at is not None and _goes_on(groups[at][1], word, was_answered=at != len(groups) - 1):
            groups[at][1].append(word)
        else:
            newest[channel] = len(groups)
            groups.append((channel, [word]))
    return tuple(
        Utterance(
            channel=channel,
            speaker=speaker_of(roles[channel]),
            span=Span(words[0].span.start_s, max(word.span.end_s for word in words)),
            text=" ".join(word.text for word in words),
            words=tuple(words),
        )
        for channel, words in groups
    )


def speaker_of(role: ChannelRole) -> Speaker:
    """Return who speaks on a channel; nobody can be named on a mixed one."""
    return {ChannelRole.CALLER: Speaker.CALLER, ChannelRole.AGENT: Speaker.AGENT}.get(role, Speaker.UNKNOWN)


def _goes_on(words: Sequence[Word], word: Word, *, was_answered: bool) -> bool:
    pause_s = word.span.start_s - words[-1].span.end_s
    ends_sentence = words[-1].text.endswith((".", "?", "!"))
    allowed_s = SENTENCE_PAUSE_S if ends_sentence or was_answered else UTTERANCE_PAUSE_S
    return pause_s < allowed_s and word.span.end_s - words[0].span.start_s <= LONGEST_UTTERANCE_S


def _pull_to_speech(span: Span, speech: Sequence[Span]) -> Span:
    """Return the span without the silence at its edges, when part of it lies in speech."""
    touched = [part for part in speech if part.overlaps(span)]
    if not touched:
        return span
    start_s = max(span.start_s, touched[0].start_s) if len(touched) == 1 or span.duration_s > LONGEST_WORD_S else span.start_s
    end_s = min(span.end_s, touched[-1].end_s)
    return Span(start_s, end_s) if start_s < end_s else span


def _in_sequence(words: Sequence[Word]) -> list[Word]:
    """Return the words with ends that do not reach past the next word's start; starts stay in order."""
    ordered = sorted(words, key=lambda word: word.span)
    for at, (word, following) in enumerate(pairwise(list(ordered))):
        if word.span.end_s > following.span.start_s:
            ordered[at] = replace(word, span=Span(word.span.start_s, following.span.start_s))
    return ordered
