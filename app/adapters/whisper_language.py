"""Which language does Whisper hear? Multilingual weights name it window by window; English ones know no other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.adapters.whisper_decoding import join_window
from app.ports import HeardLanguage
from app.timeline import Span

MULTILINGUAL_TOKENS = 51865
"""English weights have 51,864 tokens, multilingual ones at least one more: that is how CTranslate2 tells them apart."""


def knows_languages(folder: Path) -> bool:
    """Tell whether the weights in a folder know more languages than English, without loading them."""
    listed = folder / "vocabulary.json"
    if listed.is_file():
        return len(json.loads(listed.read_text("utf-8"))) >= MULTILINGUAL_TOKENS
    plain = folder / "vocabulary.txt"
    return plain.is_file() and plain.read_bytes().count(b"\n") >= MULTILINGUAL_TOKENS


def detect_windows(engine: Any, samples: NDArray[np.float32], windows: Sequence[tuple[Span, ...]]) -> Sequence[HeardLanguage]:
    """Return the likeliest language of each window; ``engine`` is a faster-whisper model with multilingual weights."""
    from faster_whisper.audio import pad_or_trim

    found = []
    for window in windows:
        features = engine.feature_extractor(join_window(samples, window))[..., :-1]
        token, probability = engine.model.detect_language(engine.encode(pad_or_trim(features)))[0][0]
        found.append(HeardLanguage(window, token.strip("<|>"), float(probability)))
    return found
