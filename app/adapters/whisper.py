"""Turns clips of speech into words with times: the Transcriber port on faster-whisper.

Clips are packed into 30 s windows and decoded in batches, which reads the decoder's weights once for several windows.
Windows whose text looks like a failure are decoded again by themselves, with Whisper's own fallbacks. The model is loaded
by the process that uses it, on first use: a model that was loaded before a fork hangs in the child.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.whisper_encoder import EncoderMemory
from app.adapters.whisper_weights import PACKAGED_MODEL, Weights, find_weights
from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.segmentation import WINDOW_S, pack_clips
from app.audio.trust import MOST_COMPRESSION, is_improbable, is_looping
from app.conversation import Word
from app.ports import EncoderBlock, RecognisedSegment, TranscriberIdentity
from app.timeline import Span

BATCH_WINDOWS = 4
"""Windows decoded together. Measured on one thread (tiny.en, int8, beam 5): 8 windows take 6.4 s one by one, 5.5 s in batches
of 4 and 6.3 s in one batch of 8, because the encoder's working set then leaves the cache."""

LEAD_IN_S = 0.5
"""Silence put before each window: on 200 telephone sentences it lowers the word error rate by 0.5 points (13.6 to 13.0 %)."""

FALLBACK_TEMPERATURES = [0.0, 0.4, 0.8]
"""The ladder of a second try: that of Radford et al. 2022, section 4.5, with every other step, and one sample on each, so that
a window that stays doubtful costs seconds and not a minute."""

TOKENS_PER_S = 10
LEAST_TOKENS = 10
MOST_TOKENS = 200
"""A decoding stops after as many tokens as the fastest speech has (5 words a second, below 2 tokens each), so that a loop ends
early; 200 leave room for hot words in the decoder's 448 positions."""

LEAST_RETRY_S = 8.0
"""A short window whose text is merely improbable is not tried again: its few words are shaded, which is enough."""

SHORT_ANSWERS_CLIPS = 4
"""In a window of this many clips the same words may well come again ("okay", "okay"): that is no loop."""


class WhisperTranscriber:
    """English recognition with CTranslate2 Whisper weights.

    Parameters
    ----------
    model
        A faster-whisper name or a folder with weights; ``tiny.en`` needs no download.
    device
        ``cpu``, ``cuda`` or ``auto``.
    compute_type
        CTranslate2's number format, such as ``int8``.
    beam_size
        Width of the search.
    threads
        Threads of one recogniser.
    """

    def __init__(
        self,
        model: str = "tiny.en",
        device: str = "cpu",
        compute_type: str = "int8",
        beam_size: int = 5,
        threads: int = 1,
    ) -> None:
        self._model_name = model
        self._device = device
        self._compute_type = compute_type
        self._beam_size = beam_size
        self._threads = threads
        self._weights: Weights | None = None
        self._engine: Any = None
        self._engine_pid = 0
        self._memory = EncoderMemory()
        # Voices are judged by the smallest model's encoder whichever model recognises: what judges them was trained on it.
        self._ear = self if model == PACKAGED_MODEL else WhisperTranscriber(PACKAGED_MODEL, device, compute_type, 1, threads)

    @property
    def identity(self) -> TranscriberIdentity:
        """Name the model and settings; reads the weights' hash, does not load them."""
        return TranscriberIdentity(
            model=self._model_name,
            sha256=self._find_weights().sha256,
            compute_type=self._compute_type,
            beam_size=self._beam_size,
            device=self._device,
        )

    def transcribe(
        self,
        samples: Any,
        clips: Sequence[Span],
        *,
        hot_words: str | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Sequence[RecognisedSegment]:
        """Recognise English in the clips of one channel (float32, shape (n,), 16 kHz); one segment per 30 s window or part."""
        windows = pack_clips(clips)
        recognised: list[RecognisedSegment] = []
        for first in range(0, len(windows), BATCH_WINDOWS):
            batch = windows[first : first + BATCH_WINDOWS]
            recognised.extend(self._decode_batch(samples, batch, hot_words))
            if on_progress:
                on_progress((first + len(batch)) / len(windows))
        return recognised

    @property
    def encoder_sha256(self) -> str:
        """Name the weights whose encoder judges voices."""
        return self._ear.identity.sha256

    def encode_blocks(self, samples: Any, clips: Sequence[Span]) -> Sequence[EncoderBlock]:
        """Return what the encoder made of each second of the clips; windows recognised just before are not encoded again."""
        blocks: list[EncoderBlock] = []
        for window in pack_clips(clips):
            blocks.extend(self._ear._encode_window(_join(samples, window), window))
        return blocks

    def _encode_window(self, sound: NDArray[np.float32], window: tuple[Span, ...]) -> Sequence[EncoderBlock]:
        kept = self._memory.find(sound, window)
        if kept is None:
            from faster_whisper.audio import pad_or_trim

            engine = self._load()
            engine.encode(pad_or_trim(engine.feature_extractor(sound)[..., :-1]))
            self._memory.keep_batch([sound], [window], [_lead_in_s(window)])
            kept = self._memory.find(sound, window)
        return kept or ()

    def _decode_batch(
        self, samples: NDArray[np.float32], windows: Sequence[tuple[Span, ...]], hot_words: str | None
    ) -> Iterable[RecognisedSegment]:
        from faster_whisper import BatchedInferencePipeline

        sounds = [_join(samples, window) for window in windows]
        ends = np.cumsum([len(sound) for sound in sounds]) / HOUSE_RATE_HZ
        starts = [0.0, *ends[:-1].tolist()]
        decoded, _ = BatchedInferencePipeline(self._load()).transcribe(
            np.concatenate(sounds),
            language="en",
            beam_size=self._beam_size,
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
        self._memory.keep_batch(sounds, windows, [_lead_in_s(window) for window in windows])
        for window, start, sound, segment in zip(windows, starts, sounds, segments, strict=True):
            lead_s = _lead_in_s(window)
            first_try = _read(segment, window, start + lead_s)
            if _is_doubtful(first_try, window):
                yield from self._decode_again(sound, window, first_try, hot_words)
            else:
                yield first_try

    def _decode_again(
        self, sound: NDArray[np.float32], window: tuple[Span, ...], first_try: RecognisedSegment, hot_words: str | None
    ) -> Sequence[RecognisedSegment]:
        """Decode one window by itself with temperature fallback; of the two tries the less doubtful one stays."""
        import ctranslate2

        ctranslate2.set_random_seed(0)  # sampling would otherwise give another text on each run
        decoded, _ = self._load().transcribe(
            sound,
            language="en",
            beam_size=self._beam_size,
            temperature=FALLBACK_TEMPERATURES,
            best_of=1,
            max_new_tokens=_most_tokens(len(sound)),
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,
            hotwords=hot_words,
        )
        again = [_read(segment, window, _lead_in_s(window)) for segment in decoded]
        if not any(is_looping(segment) or is_improbable(segment) for segment in again):
            return again
        mean = float(np.mean([segment.mean_log_probability for segment in again]))
        return again if mean > first_try.mean_log_probability else [first_try]

    def _find_weights(self) -> Weights:
        if self._weights is None:
            self._weights = find_weights(self._model_name)
        return self._weights

    def _load(self) -> Any:
        if self._engine is None or self._engine_pid != os.getpid():
            from faster_whisper import WhisperModel

            self._engine = WhisperModel(
                str(self._find_weights().folder),
                device=self._device,
                compute_type=self._compute_type,
                cpu_threads=self._threads,
            )
            self._memory.watch(self._engine)
            self._engine_pid = os.getpid()
        return self._engine


def _is_doubtful(segment: RecognisedSegment, window: Sequence[Span]) -> bool:
    seconds = sum(span.duration_s for span in window)
    if is_improbable(segment):
        return seconds >= LEAST_RETRY_S
    return is_looping(segment) and (len(window) < SHORT_ANSWERS_CLIPS or segment.compression_ratio > MOST_COMPRESSION)


def _join(samples: NDArray[np.float32], window: Sequence[Span]) -> NDArray[np.float32]:
    lead_in = np.zeros(round(_lead_in_s(window) * HOUSE_RATE_HZ), dtype=np.float32)
    heard = [samples[round(span.start_s * HOUSE_RATE_HZ) : round(span.end_s * HOUSE_RATE_HZ)] for span in window]
    return np.concatenate([lead_in, *heard])


def _most_tokens(sample_count: int) -> int:
    return min(MOST_TOKENS, LEAST_TOKENS + TOKENS_PER_S * sample_count // HOUSE_RATE_HZ)


def _lead_in_s(window: Sequence[Span]) -> float:
    return LEAD_IN_S if sum(span.duration_s for span in window) <= WINDOW_S - LEAD_IN_S else 0.0


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
