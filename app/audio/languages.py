"""Which language is spoken on each channel? Takes the check that the recogniser allows.

A multilingual recogniser names the language of each window itself. An English one cannot; for the weights that the model was
trained with, its doubts tell (:mod:`app.audio.language_check`). With any other English weights nothing is checked, and the
analysis says so by having no language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.audio.language_check import ChannelLanguage, check_channel
from app.audio.language_model import load_language_model
from app.audio.listening_json import span_to_json, spans_from_json
from app.conversation import Word
from app.ports import HeardLanguage, LanguageDetector, Transcriber
from app.timeline import Span, intersect, merge, total_s

SURE = 0.7
"""A window whose language is given less chance than this is unsure."""

LEAST_WINDOW_S = 3.0
"""Less speech than this tells no language; the window is left to its neighbours."""

ENGLISH = "en"


def choose_check(transcriber: Transcriber) -> str | None:
    """Return what checks the language with this recogniser, in words for the record; None where nothing can."""
    if isinstance(transcriber, LanguageDetector) and transcriber.names_languages:
        return f"language detection of {transcriber.identity.model}"
    model = load_language_model()
    identity = transcriber.identity
    return f"doubts of {identity.model}, {model.version}" if identity.sha256 == model.asr_sha256 else None


def check_by_doubt(words: Sequence[Word], speech: Sequence[Span]) -> ChannelLanguage:
    """Return what the recogniser's doubts tell of a channel."""
    return check_channel(words, speech, load_language_model())


def check_by_detection(windows: Sequence[HeardLanguage], speech: Sequence[Span]) -> ChannelLanguage:
    """Return what a multilingual recogniser's windows tell of a channel."""
    foreign, unsure, seconds = [], [], {ENGLISH: 0.0}
    unsure_s = 0.0
    for window in windows:
        spoken = intersect(window.clips, speech)
        spoken_s = total_s(spoken)
        if spoken_s < LEAST_WINDOW_S:
            continue
        whole = Span(spoken[0].start_s, spoken[-1].end_s)
        if window.probability < SURE:
            unsure.append(whole)
            unsure_s += spoken_s
            continue
        seconds[window.code] = seconds.get(window.code, 0.0) + spoken_s
        if window.code != ENGLISH:
            foreign.append(whole)
    heard_s = sum(seconds.values()) + unsure_s
    if not heard_s:
        return ChannelLanguage()
    foreign_s = sum(seconds.values()) - seconds[ENGLISH]
    other = max((code for code in seconds if code != ENGLISH), key=lambda code: seconds[code], default=None)
    return ChannelLanguage(
        foreign=merge(foreign),
        unsure=merge(unsure),
        speech_s=heard_s,
        foreign_s=foreign_s,
        unsure_s=unsure_s,
        chance=(foreign_s + unsure_s / 2) / heard_s,
        code=other,
    )


def windows_to_json(windows: Sequence[HeardLanguage]) -> list[dict[str, Any]]:
    """Return detected languages as JSON-able values."""
    return [
        {"clips": [span_to_json(clip) for clip in one.clips], "code": one.code, "probability": round(one.probability, 4)}
        for one in windows
    ]


def windows_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[HeardLanguage, ...]:
    """Return the detected languages that were written."""
    return tuple(HeardLanguage(spans_from_json(one["clips"]), one["code"], one["probability"]) for one in data)
