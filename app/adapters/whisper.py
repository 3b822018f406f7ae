"""Turns clips of speech into words with times: the Transcriber port on faster-whisper.

Clips are packed into 30 s windows and decoded in batches (:mod:`app.adapters.whisper_decoding`). The model is loaded by the
process that uses it, on first use: a model that was loaded before a fork hangs in the child.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.whisper_decoding import decode_batch, join_window, lead_in_s
from app.adapters.whisper_encoder import EncoderMemory
from app.adapters.whisper_weights import PACKAGED_MODEL, Weights, find_weights
from app.audio.segmentation import pack_clips
from app.ports import EncoderBlock, RecognisedSegment, TranscriberIdentity
from app.timeline import Span

BATCH_WINDOWS = 4
"""Windows decoded together. Measured on one thread (tiny.en, int8, beam 5): 8 windows take 6.4 s one by one, 5.5 s in batches
of 4 and 6.3 s in one batch of 8, because the encoder's working set then leaves the cache."""


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
            recognised.extend(
                decode_batch(self._load(), samples, batch, beam_size=self._beam_size, hot_words=hot_words, memory=self._memory)
            )
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
