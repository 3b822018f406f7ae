"""How is a batch of windows decoded, and what is done with text that looks like a failure?

Windows are decoded together, which reads the decoder's weights once for several; those whose text looks like a failure are
decoded again by themselves. What the decoder says is put on the call's clock. Holding and loading the model is not done here
(:mod:`app.adapters.whisper`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.whisper_encoder import EncoderMemory
from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.segmentation import WINDOW_S
from app.audio.trust import MOST_COMPRESSION, is_improbable, is_looping
from app.audio.vote import plain_words
from app.conversation import Word
from app.ports import RecognisedSegment
from app.timeline import Span

LEAD_IN_S = 0.5
"""Silence put before each window: on 200 telephone sentences it lowers the word error rate by 0.5 points (13.6 to 13.0 %)."""

SECOND_TRIES: tuple[dict[str, int], ...] = ({}, {"no_repeat_ngram_size": 3})
"""How a window is decoded again: with timestamps, which often ends a loop, then so that no three tokens come twice. Whisper's
own second tries draw samples (Radford et al. 2022, section 4.5); CTranslate2 seeds them once a thread, so that the text would
depend on what that thread decoded before."""

TOKENS_PER_S = 10
LEAST_TOKENS = 10
MOST_TOKENS = 200
"""A decoding stops after as many tokens as the fastest speech has (5 words a second, below 2 tokens each), so that a loop ends
early; 200 leave room for hot words in the decoder's 448 positions."""

LEAST_RETRY_S = 8.0
"""A short window whose text is merely improbable is not tried again: its few words are shaded, which is enough."""

SHORT_ANSWERS_CLIPS = 4
"""In a window of this many clips the same words may well come again ("okay", "okay"): that is no loop."""


def decode_batch(
    engine: Any,
    samples: NDArray[np.float32],
    windows: Sequence[tuple[Span, ...]],
    *,
    beam_size: int,
    hot_words: str | None,
    memory: EncoderMemory,
) -> Iterator[RecognisedSegment]:
    """Return what is said in each window of one channel; ``engine`` is a faster-whisper model that ``memory`` watches."""
    from app.adapters.whisper_looks import VotingPipeline  # now, because it loads the recogniser's library

    sounds = [join_window(samples, window) for window in windows]
    ends = np.cumsum([len(sound) for sound in sounds]) / HOUSE_RATE_HZ
    starts = [0.0, *ends[:-1].tolist()]
    pipeline = VotingPipeline(engine, sounds, len(samples) / HOUSE_RATE_HZ)
    decoded, _ = pipeline.transcribe(
        np.concatenate(sounds),
        language="en",
        beam_size=beam_size,
        temperature=0.0,
        without_timestamps=True,
        word_timestamps=True,
        vad_filter=False,
        clip_timestamps=[{"start": start, "end": end} for start, end in zip(starts, ends.tolist(), strict=True)],
        batch_size=len(windows),
        max_new_tokens=_most_tokens(max(len(sound) for sound in sounds)),
        hotwords=hot_words,
    )
    segments = list(decoded)
    memory.keep_batch(sounds, windows, [lead_in_s(window) for window in windows])
    for window, start, sound, segment, agreement in zip(windows, starts, sounds, segments, pipeline.agreements, strict=True):
        read = _read(segment, window, start + lead_in_s(window))
        first_try = replace(read, words=doubt_words(read.words, agreement))
        if _is_doubtful(first_try, window):
            yield from _decode_again(engine, sound, window, first_try, beam_size=beam_size, hot_words=hot_words)
        else:
            yield first_try


def join_window(samples: NDArray[np.float32], window: Sequence[Span]) -> NDArray[np.float32]:
    """Return the sound of the window's clips (float32, shape (n,), 16 kHz), joined, after the silence that goes before them."""
    lead_in = np.zeros(round(lead_in_s(window) * HOUSE_RATE_HZ), dtype=np.float32)
    heard = [samples[round(span.start_s * HOUSE_RATE_HZ) : round(span.end_s * HOUSE_RATE_HZ)] for span in window]
    return np.concatenate([lead_in, *heard])


def _most_tokens(sample_count: int) -> int:
    return min(MOST_TOKENS, LEAST_TOKENS + TOKENS_PER_S * sample_count // HOUSE_RATE_HZ)


def lead_in_s(window: Sequence[Span]) -> float:
    """Return how much silence is put before a window: none where that would not fit into what Whisper hears at once."""
    return LEAD_IN_S if sum(span.duration_s for span in window) <= WINDOW_S - LEAD_IN_S else 0.0


def doubt_words(words: Sequence[Word], agreement: Sequence[float]) -> tuple[Word, ...]:
    """Return the words, less sure where the looks at them disagree; ``agreement`` is that of their plain words in order."""
    doubted, at = [], 0
    for word in words:
        count = len(plain_words(word.text))
        shared = min(agreement[at : at + count], default=1.0)
        doubted.append(replace(word, confidence=round(word.confidence * shared, 4)))
        at += count
    return tuple(doubted)


def _decode_again(
    engine: Any,
    sound: NDArray[np.float32],
    window: tuple[Span, ...],
    first_try: RecognisedSegment,
    *,
    beam_size: int,
    hot_words: str | None,
) -> Sequence[RecognisedSegment]:
    """Decode one window by itself until the text is no failure; if all are, the likeliest stays, a loop only beside loops."""
    tries: list[Sequence[RecognisedSegment]] = [[first_try]]
    for options in SECOND_TRIES:
        decoded, _ = engine.transcribe(
            sound,
            language="en",
            beam_size=beam_size,
            temperature=0.0,
            max_new_tokens=_most_tokens(len(sound)),
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,
            hotwords=hot_words,
            **options,
        )
        again = [_read(segment, window, lead_in_s(window)) for segment in decoded]
        if not any(is_looping(segment) or is_improbable(segment) for segment in again):
            return again
        tries.append(again)
    return max(tries, key=_rank)


def _rank(segments: Sequence[RecognisedSegment]) -> tuple[bool, float]:
    likely = float(np.mean([segment.mean_log_probability for segment in segments]))
    return not any(is_looping(segment) for segment in segments), likely


def _is_doubtful(segment: RecognisedSegment, window: Sequence[Span]) -> bool:
    seconds = sum(span.duration_s for span in window)
    if is_improbable(segment):
        return seconds >= LEAST_RETRY_S
    return is_looping(segment) and (len(window) < SHORT_ANSWERS_CLIPS or segment.compression_ratio > MOST_COMPRESSION)


def _read(segment: Any, window: Sequence[Span], offset_s: float) -> RecognisedSegment:
    """Return a decoded segment on the call's clock; ``offset_s`` is where the window starts on the decoder's clock."""
    words = tuple(
        Word(
            span=_on_call_clock(float(pieces[0].start) - offset_s, float(pieces[-1].end) - offset_s, window),
            text="".join(piece.word for piece in pieces).strip(),
            confidence=round(min(float(piece.probability) for piece in pieces), 4),
        )
        for pieces in _whole_words(segment.words or ())
        if any(letter.isalnum() for piece in pieces for letter in piece.word)
    )
    return RecognisedSegment(
        span=Span(words[0].span.start_s, max(word.span.end_s for word in words)) if words else window[0],
        text=segment.text.strip(),
        words=words,
        mean_log_probability=float(segment.avg_logprob),
        no_speech_probability=float(segment.no_speech_prob),
        compression_ratio=float(segment.compression_ratio),
    )


def _whole_words(pieces: Iterable[Any]) -> list[list[Any]]:
    """Group the decoder's pieces into words as they are written: "in" and "-house" are one word, as are "a" and ".m."."""
    words: list[list[Any]] = []
    for piece in pieces:
        if not piece.word.strip():
            continue
        if words and not piece.word.startswith(" "):
            words[-1].append(piece)
        else:
            words.append([piece])
    return words


def _on_call_clock(start_s: float, end_s: float, window: Sequence[Span]) -> Span:
    """Move a word from the packed window to the recording; it stays inside the clip in which its middle lies."""
    middle_s, before_s = (start_s + end_s) / 2, 0.0
    for clip in window:
        is_last = clip is window[-1]
        if middle_s < before_s + clip.duration_s or is_last:
            shift_s = clip.start_s - before_s
            start_s = min(max(start_s + shift_s, clip.start_s), clip.end_s)
            end_s = min(max(end_s + shift_s, start_s), clip.end_s)
            return Span(round(start_s, 3), round(end_s, 3))
        before_s += clip.duration_s
    raise AssertionError("a window holds at least one clip")
