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

from app.audio.pcm import HOUSE_RATE_HZ, FloatView
from app.audio.segmentation import CLIP_S, plan_clips
from app.audio.trust import MOST_COMPRESSION, drop_invented, is_improbable, mark_low_trust
from app.conversation import Utterance, Word
from app.ports import Transcriber
from app.timeline import Span, clip, gaps, intersect, merge, total_s
from app.vocabulary import ChannelRole, Speaker

UTTERANCE_PAUSE_S = 0.6
"""A pause of this length ends an utterance: longer than nearly all pauses inside a phrase (see :mod:`app.audio.turns`)."""

SENTENCE_PAUSE_S = 0.2
"""After a full stop or question mark this much is enough."""

LONGEST_UTTERANCE_S = 30.0
"""A line of transcript that lasts longer is cut at its next word, so that a page can show where one is."""

LEAST_MISSED_S = 0.5
"""Speech of this length without a word is worth a second look; shorter ones are breaths, laughs and the edges of words. The
second look takes deletions on composed telephone calls from 4.4 to 2.5 %."""

MISSED_GAP_S = 1.0
MISSED_EDGE_S = 0.5
COVERED_EDGE_S = 0.25
"""Word times are this uncertain (half of all starts lie within 0.1 s of the hand-marked ones, nine tenths within 0.35 s)."""

MOST_NO_SPEECH = 0.6
"""Above this Whisper itself doubts that anybody speaks (Radford et al. 2022, section 4.5)."""

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
    sound = FloatView(samples)
    segments = transcriber.transcribe(sound, clips, hot_words=hot_words, on_progress=on_progress)
    words = [word for segment in segments for word in segment.words]
    missed = find_missed(words, clip(speech, Span(0.0, len(samples) / HOUSE_RATE_HZ)), clips)
    if missed:
        words += _recognise_missed(sound, transcriber, missed, hot_words)
    return settle_words(words, speech)


def find_missed(words: Sequence[Word], speech: Sequence[Span], clips: Sequence[Span]) -> tuple[Span, ...]:
    """Return the stretches of speech for which no word was written although they were sent to the recogniser."""
    covered = merge(Span(max(0.0, word.span.start_s - COVERED_EDGE_S), word.span.end_s + COVERED_EDGE_S) for word in words)
    silent = [hole for span in intersect(speech, clips) for hole in gaps(covered, span)]
    return tuple(span for span in merge(silent, gap_s=MISSED_GAP_S) if total_s(intersect(silent, [span])) >= LEAST_MISSED_S)


def settle_words(words: Iterable[Word], speech: Sequence[Span]) -> tuple[Word, ...]:
    """Return the words in order, pulled to where somebody spoke, the invented ones dropped and the doubtful ones marked."""
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


def _recognise_missed(sound: FloatView, transcriber: Transcriber, missed: Sequence[Span], hot_words: str | None) -> list[Word]:
    """Recognise what the first pass left out; words beside it, which that pass has, and failures are not taken."""
    end_s = len(sound) / HOUSE_RATE_HZ
    clips = [_with_edges(part, end_s) for span in missed for part in _split(span)]
    found = []
    for segment in transcriber.transcribe(sound, clips, hot_words=hot_words):
        # Many short answers in one window ("okay", "okay") may repeat each other; only the compression tells a loop here.
        is_loop = segment.compression_ratio > MOST_COMPRESSION
        if not (is_loop or is_improbable(segment) or segment.no_speech_probability >= MOST_NO_SPEECH):
            found += [word for word in segment.words if _lies_in(word, missed)]
    return found


def _with_edges(span: Span, end_s: float) -> Span:
    return Span(max(0.0, span.start_s - MISSED_EDGE_S), min(end_s, span.end_s + MISSED_EDGE_S))


def _split(span: Span) -> list[Span]:
    parts = int(span.duration_s // (CLIP_S - 2 * MISSED_EDGE_S)) + 1
    step_s = span.duration_s / parts
    return [Span(span.start_s + at * step_s, span.start_s + (at + 1) * step_s) for at in range(parts)]


def _lies_in(word: Word, spans: Sequence[Span]) -> bool:
    middle_s = (word.span.start_s + word.span.end_s) / 2
    return any(span.start_s - COVERED_EDGE_S <= middle_s <= span.end_s + COVERED_EDGE_S for span in spans)


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
