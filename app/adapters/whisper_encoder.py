"""Keeps what Whisper's encoder made of the windows just recognised, so that judging the voice encodes nothing twice.

CTranslate2 hands the encoder's output to the decoder and forgets it. :class:`EncoderMemory` stands between: it lets the output
pass, folds it into sums of a second each (:mod:`app.audio.voice.blocks`) and keeps those, under the hash of the window's sound.
Several threads may encode and keep at the same time; what was just encoded is noted for each by itself.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.segmentation import CLIP_S
from app.audio.voice.blocks import fold_encoder_output
from app.ports import EncoderBlock
from app.timeline import Span

SILENCE_AFTER_S = 2.0
"""Without silence at the end of what is encoded the decoder goes on talking: windows filled to the last half second had 27.5 %
errors where those with 2 s to spare had 18.2 % (tiny.en, composed telephone calls)."""

PART_FRAMES = min(3000, round((CLIP_S + SILENCE_AFTER_S) * 100))
"""What is encoded of a window of a longer channel, in frames of 10 ms; the encoder's time grows faster than the window."""

KEPT_WINDOWS = 400
"""About two hours of windows, 100 KB each: the channels of one long call."""


class EncoderMemory:
    """The blocks of the newest windows, found again by their sound."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, tuple[EncoderBlock, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._noted = threading.local()

    def encode_part(self, is_part: bool) -> None:
        """Say for this thread whether what it encodes next are windows of a longer channel, filled with clips of at most
        ``CLIP_S``.

        A recording that fits into one window is encoded in 30 s, as the weights were trained: time hardly counts there.
        """
        self._noted.frames = PART_FRAMES if is_part else None

    def watch(self, engine: Any) -> None:
        """Note the output of each encoding of a faster-whisper model from now on.

        On a processor the windows of a batch are encoded one by one: attention over four windows at once takes 216 MB (4 x 6
        heads x 1500 x 1500 floats with tiny.en), which leaves every cache and is slower, while decoding them together is
        faster. The decoder gets the same numbers either way.
        """
        encode = engine.encode

        def encode_and_note(features: Any) -> Any:
            frames = getattr(self._noted, "frames", None)
            if frames:
                features = fill_with_silence(features[..., :frames])
            features = np.ascontiguousarray(features)
            if engine.model.device != "cpu":
                output = encode(features)
                self._noted.output = np.array(output.to_device(_cpu()), dtype=np.float32)
                return output
            rows = features if features.ndim == 3 else features[np.newaxis]
            joined = np.concatenate([np.array(encode(row), dtype=np.float32) for row in rows])
            self._noted.output = joined
            return _storage(joined)

        engine.encode = encode_and_note

    def keep_batch(
        self, sounds: Sequence[NDArray[np.float32]], windows: Sequence[Sequence[Span]], lead_ins_s: Sequence[float]
    ) -> None:
        """Fold the output just noted, one row for each window; without one (nothing was encoded) nothing is kept."""
        output, self._noted.output = getattr(self._noted, "output", None), None
        if output is None or len(output) != len(windows):
            return
        for row, sound, window, lead_in_s in zip(output, sounds, windows, lead_ins_s, strict=True):
            heard = sound[round(lead_in_s * HOUSE_RATE_HZ) :]
            folded = fold_encoder_output(row, heard, window, lead_in_s)
            with self._lock:
                self._blocks[_key(sound, window)] = folded
                while len(self._blocks) > KEPT_WINDOWS:
                    self._blocks.popitem(last=False)

    def find(self, sound: NDArray[np.float32], window: Sequence[Span]) -> tuple[EncoderBlock, ...] | None:
        """Return the blocks of a window that was encoded, or None."""
        with self._lock:
            return self._blocks.get(_key(sound, window))


def fill_with_silence(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features (bands, frames), or one row of them for each window, with silence after the sound.

    faster-whisper pads features with zeros, which to the model is a steady noise; Whisper was trained on silence there, the
    least of the features. With it, joined telephone sentences have fewer invented words (see ``docs/speed.md``).
    """
    filled = features.copy()
    for window in filled if filled.ndim == 3 else [filled]:
        sounding = np.flatnonzero(window.any(axis=0))
        end = int(sounding[-1]) + 1 if len(sounding) else 0
        if end:
            window[:, end:] = window[:, :end].min()
    return filled


def _key(sound: NDArray[np.float32], window: Sequence[Span]) -> str:
    spans = ";".join(f"{span.start_s:.6f}-{span.end_s:.6f}" for span in window)
    return f"{hashlib.blake2b(np.ascontiguousarray(sound).data, digest_size=16).hexdigest()} {spans}"


def _storage(output: NDArray[np.float32]) -> Any:
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(output))


def _cpu() -> Any:
    import ctranslate2

    return ctranslate2.Device.cpu
