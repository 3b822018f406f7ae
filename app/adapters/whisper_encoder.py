"""Keeps what Whisper's encoder made of the windows just recognised, so that judging the voice encodes nothing twice.

CTranslate2 hands the encoder's output to the decoder and forgets it. :class:`EncoderMemory` stands between: it lets the output
pass, folds it into sums of a second each (:mod:`app.audio.voice.blocks`) and keeps those, under the hash of the window's sound.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.voice.blocks import fold_encoder_output
from app.ports import EncoderBlock
from app.timeline import Span

KEPT_WINDOWS = 256
"""About two hours of windows, 100 KB each: the channels of one long call."""


class EncoderMemory:
    """The blocks of the newest windows, found again by their sound."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, tuple[EncoderBlock, ...]] = OrderedDict()
        self._output: NDArray[np.float32] | None = None

    def watch(self, engine: Any) -> None:
        """Note the output of each encoding of a faster-whisper model from now on."""
        encode = engine.encode

        def encode_and_note(features: Any) -> Any:
            output = encode(features)
            self._output = np.array(output if output.device == "cpu" else output.to_device(_cpu()), dtype=np.float32)
            return output

        engine.encode = encode_and_note

    def keep_batch(
        self, sounds: Sequence[NDArray[np.float32]], windows: Sequence[Sequence[Span]], lead_ins_s: Sequence[float]
    ) -> None:
        """Fold the output just noted, one row for each window; without one (nothing was encoded) nothing is kept."""
        output, self._output = self._output, None
        if output is None or len(output) != len(windows):
            return
        for row, sound, window, lead_in_s in zip(output, sounds, windows, lead_ins_s, strict=True):
            heard = sound[round(lead_in_s * HOUSE_RATE_HZ) :]
            self._blocks[_key(sound, window)] = fold_encoder_output(row, heard, window, lead_in_s)
        while len(self._blocks) > KEPT_WINDOWS:
            self._blocks.popitem(last=False)

    def find(self, sound: NDArray[np.float32], window: Sequence[Span]) -> tuple[EncoderBlock, ...] | None:
        """Return the blocks of a window that was encoded, or None."""
        return self._blocks.get(_key(sound, window))


def _key(sound: NDArray[np.float32], window: Sequence[Span]) -> str:
    spans = ";".join(f"{span.start_s:.6f}-{span.end_s:.6f}" for span in window)
    return f"{hashlib.blake2b(np.ascontiguousarray(sound).data, digest_size=16).hexdigest()} {spans}"


def _cpu() -> Any:
    import ctranslate2

    return ctranslate2.Device.cpu
