"""Turns clips of speech into words with times: the Transcriber port on faster-whisper.

Clips are packed into 30 s windows and decoded in batches (:mod:`app.adapters.whisper_decoding`), several at the same time where
there are threads for them. How windows are put into batches does not depend on the number of threads, so neither do the words.
The model is loaded by the process that uses it, on first use: a model that was loaded before a fork hangs in the child.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import platform
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.whisper_decoding import decode_batch, join_window, lead_in_s
from app.adapters.whisper_encoder import EncoderMemory
from app.adapters.whisper_language import detect_windows, knows_languages
from app.adapters.whisper_weights import PACKAGED_MODEL, Weights, find_weights
from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.segmentation import CLIP_S, pack_clips
from app.errors import EarshotError
from app.ports import EncoderBlock, HeardLanguage, RecognisedSegment, TranscriberIdentity
from app.timeline import Span

CPU_BATCH_WINDOWS = 5
"""Most windows decoded together on a processor, about two minutes. Measured on one thread with windows of 30 s (tiny.en,
int8, beam 5, encoding left out): 0.48 s a window in batches of two, 0.40 in batches of four, 0.41 in batches of eight."""

GPU_BATCH_WINDOWS = 16
"""The size in faster-whisper's own example. Not measured here; a larger card takes more, see ``docs/configuration.md``."""

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
"""Numbers of glibc's malloc.h."""


class WhisperTranscriber:
    """English recognition with CTranslate2 Whisper weights; any number of threads may ask it at the same time.

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
        Batches decoded at the same time, each by one core. On a GPU the batch is what fills it, and this has no effect.
    batch_windows
        Most windows decoded together; 0 takes what suits the device.
    """

    def __init__(
        self,
        model: str = "tiny.en",
        device: str = "cpu",
        compute_type: str = "int8",
        beam_size: int = 5,
        threads: int = 1,
        batch_windows: int = 0,
    ) -> None:
        self._model_name = model
        self._device = device
        self._compute_type = compute_type
        self._beam_size = beam_size
        self._threads = threads
        self._batch_windows = batch_windows
        self._weights: Weights | None = None
        self._engine: Any = None
        self._engine_pid = 0
        self._loading = threading.Lock()
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
        engine = self._load()
        batches = share_out(pack_clips(clips), self._batch_windows or default_batch_windows(engine.model.device))

        def decode(batch: Sequence[tuple[Span, ...]]) -> list[RecognisedSegment]:
            self._memory.encode_part(is_part(samples, batch))
            try:
                return list(
                    decode_batch(engine, samples, batch, beam_size=self._beam_size, hot_words=hot_words, memory=self._memory)
                )
            except (RuntimeError, ValueError) as error:
                raise _undecodable(batch, error) from error

        recognised: list[RecognisedSegment] = []
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="decode")
        try:
            futures = [pool.submit(decode, batch) for batch in batches]
            for at, future in enumerate(futures, start=1):
                recognised.extend(future.result())
                if on_progress:
                    on_progress(at / len(batches))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after a failure or Ctrl-C what has not begun is not begun any more
        return recognised

    @property
    def names_languages(self) -> bool:
        """Tell whether the weights know more than English; loads nothing."""
        return knows_languages(self._find_weights().folder)

    def detect_languages(self, samples: Any, clips: Sequence[Span]) -> Sequence[HeardLanguage]:
        """Return the likeliest language of each window of the clips."""
        return detect_windows(self._load(), samples, pack_clips(clips))

    @property
    def encoder_sha256(self) -> str:
        """Name the weights whose encoder judges voices."""
        return self._ear.identity.sha256

    def encode_blocks(self, samples: Any, clips: Sequence[Span]) -> Sequence[EncoderBlock]:
        """Return what the encoder made of each second of the clips; windows recognised just before are not encoded again."""
        blocks: list[EncoderBlock] = []
        for window in pack_clips(clips):
            self._ear._memory.encode_part(is_part(samples, [window]))
            blocks.extend(self._ear._encode_window(join_window(samples, window), window))
        return blocks

    def _encode_window(self, sound: NDArray[np.float32], window: tuple[Span, ...]) -> Sequence[EncoderBlock]:
        kept = self._memory.find(sound, window)
        if kept is None:
            from faster_whisper.audio import pad_or_trim

            engine = self._load()
            engine.encode(pad_or_trim(engine.feature_extractor(sound)[..., :-1]))
            self._memory.keep_batch([sound], [window], [lead_in_s(window)])
            kept = self._memory.find(sound, window)
        return kept or ()

    def _find_weights(self) -> Weights:
        if self._weights is None:
            self._weights = find_weights(self._model_name)
        return self._weights

    def load(self) -> None:
        """Load the weights now, in the calling thread, so that they are at hand when the first recording is decoded."""
        self._load()

    def _load(self) -> Any:
        with self._loading:
            if self._engine is None or self._engine_pid != os.getpid():
                from faster_whisper import WhisperModel

                if self._device != "cuda":
                    keep_freed_memory()
                # One core for each batch and several batches at a time: the steps of a decoder are too small to be shared out.
                engine = WhisperModel(
                    str(self._find_weights().folder),
                    device=self._device,
                    compute_type=self._compute_type,
                    cpu_threads=1,
                    num_workers=self._threads,
                )
                self._memory.watch(engine)
                self._engine, self._engine_pid = engine, os.getpid()
        return self._engine


def keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next window, where it is glibc.

    Each window takes and frees buffers of tens of megabytes; glibc maps each anew and the kernel fills it with zeros. Without
    mapping (``mallopt(3)``: M_MMAP_MAX 0, and no trimming) a call of 278 s took 13.2 s of one core instead of 14.8, and 65 MB
    more memory.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for name, value in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 2**26)):
            libc.mallopt(name, value)


def default_batch_windows(device: str) -> int:
    """Return how many windows are decoded together on ``cpu`` or ``cuda``."""
    return GPU_BATCH_WINDOWS if device == "cuda" else CPU_BATCH_WINDOWS


def is_part(samples: Any, windows: Sequence[Sequence[Span]]) -> bool:
    """Say whether the windows are parts of a longer channel, none filled with more than ``CLIP_S``."""
    longest_s = max(sum(span.duration_s for span in window) for window in windows)
    return len(samples) > CLIP_S * HOUSE_RATE_HZ and longest_s <= CLIP_S + 1e-6


def share_out(windows: Sequence[tuple[Span, ...]], most: int) -> list[Sequence[tuple[Span, ...]]]:
    """Return the windows in order, in an even number of batches of nearly the same size, at most ``most`` in each.

    Even and alike, so that two cores have done their halves at the same time; a single window is one batch.
    """
    count = min(len(windows), 2 * -(-len(windows) // (2 * most)))
    edges = [round(at * len(windows) / count) for at in range(count + 1)] if count else []
    return [windows[start:end] for start, end in itertools.pairwise(edges)]


def _undecodable(batch: Sequence[tuple[Span, ...]], error: Exception) -> EarshotError:
    start_s, end_s = batch[0][0].start_s, batch[-1][-1].end_s
    return EarshotError(
        f"The recogniser failed between {start_s:.1f} s and {end_s:.1f} s ({error}); "
        "try again, and with EARSHOT_ASR_MODEL=tiny.en and the default EARSHOT_ASR_COMPUTE_TYPE if it stays.",
        code="recognition_failed",
    )
