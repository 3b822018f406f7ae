"""Is that English? Says which stretches of a channel do not sound like it, so that garbled words are not taken for speech.

An English recogniser writes English whatever it hears; on another language it doubts its words, writes few of them and repeats
itself. Four figures of that, measured over stretches of about 12 s of speech, give the odds that a stretch is not English: a
small logistic regression whose weights are read from a file. Which language it is instead, this check cannot tell.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.audio.language_model import LanguageModel
from app.conversation import Language, Word
from app.timeline import Span, merge, total_s
from app.vocabulary import ChannelRole

STRETCH_S = 12.0
"""Speech in a stretch: about 30 words of English, enough for a mean, and a tenth of a short call."""

LEAST_STRETCH_S = 6.0
"""What is left at the end of a channel is judged by itself when it is at least this long, else with the stretch before it."""

LEAST_JUDGED_S = 4.0
"""A party that speaks for less says "hello" and "no": nothing is said of its language."""

LEAST_CLAIMED_S = 10.0
"""With less speech than this on the channel, what does not sound like English is called unsure: room and line noise that was
taken for speech looks the same, and seldom lasts longer."""

LEAST_WORDS = 3
"""Fewer words in a stretch give no figures. Another language often gets none, but so does noise that was taken for speech:
the stretch is unsure, unless it stands beside one that is not English."""

DOUBTFUL_BELOW = 0.4
LEAST_CONFIDENCE = 0.02
ENGLISH_WORDS_PER_S = 2.5
"""Words in a second of detected speech, less than which counts as words missing; English on the phone has 2 to 4."""

NEIGHBOUR = 0.25
"""A stretch takes this much of the odds of the one before and the one after: people seldom change the language for ten
seconds."""

MOSTLY = 0.5
"""A party speaks mostly another language when this share of its speech is not English."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a channel that is judged as one: its speech, and the words heard there."""

    speech: tuple[Span, ...]
    words: tuple[Word, ...]

    @property
    def speech_s(self) -> float:
        """Seconds of speech."""
        return total_s(self.speech)

    @property
    def span(self) -> Span:
        """From the first to the last of its speech."""
        return Span(self.speech[0].start_s, self.speech[-1].end_s)


@dataclass(frozen=True, slots=True)
class ChannelLanguage:
    """What was found on one channel: spans that are not English, spans that may not be, and how much of the speech that is.

    ``chance`` is that of another language (0 to 1) over the whole channel, None where there was too little to judge.
    """

    foreign: tuple[Span, ...] = ()
    unsure: tuple[Span, ...] = ()
    speech_s: float = 0.0
    foreign_s: float = 0.0
    unsure_s: float = 0.0
    chance: float | None = None
    code: str | None = None

    @property
    def is_foreign(self) -> bool:
        """Tell whether the party speaks mostly another language."""
        return self.foreign_s > 0 and self.foreign_s >= MOSTLY * self.speech_s


def check_channel(words: Sequence[Word], speech: Sequence[Span], model: LanguageModel) -> ChannelLanguage:
    """Return which parts of a channel are not English.

    Parameters
    ----------
    words
        What was recognised there, in order of time.
    speech
        Where the voice detector hears somebody.
    """
    stretches = gather_stretches(words, speech)
    if sum(stretch.speech_s for stretch in stretches) < LEAST_JUDGED_S:
        return ChannelLanguage()
    odds = _with_neighbours([_judge(stretch, model) for stretch in stretches])
    foreign = [at for at, value in enumerate(odds) if value is not None and value >= model.foreign_above]
    wordless = [at for at, value in enumerate(odds) if value is None]
    foreign += [at for at in wordless if {at - 1, at + 1} & set(foreign)]
    unsure = [
        at for at, value in enumerate(odds) if at not in foreign and (value is None or value >= model.unsure_above)
    ]  # fmt: skip
    if sum(stretch.speech_s for stretch in stretches) < LEAST_CLAIMED_S:
        foreign, unsure = [], sorted({*foreign, *unsure})
    known = [value for value in odds if value is not None]
    return ChannelLanguage(
        foreign=merge((stretches[at].span for at in foreign), gap_s=STRETCH_S),
        unsure=merge((stretches[at].span for at in unsure), gap_s=STRETCH_S),
        speech_s=sum(stretch.speech_s for stretch in stretches),
        foreign_s=sum(stretches[at].speech_s for at in foreign),
        unsure_s=sum(stretches[at].speech_s for at in unsure),
        chance=1 / (1 + math.exp(-sum(known) / len(known))) if known else None,
    )


def gather_stretches(words: Sequence[Word], speech: Sequence[Span]) -> tuple[Stretch, ...]:
    """Return a channel in stretches of :data:`STRETCH_S` of speech, each with the words that lie in it or up to the next."""
    parts: list[list[Span]] = [[]]
    for span in speech:
        start_s = span.start_s
        while start_s < span.end_s - 1e-6:
            end_s = min(span.end_s, start_s + STRETCH_S - total_s(parts[-1]))
            parts[-1].append(Span(start_s, end_s))
            start_s = end_s
            if total_s(parts[-1]) >= STRETCH_S - 1e-6:
                parts.append([])
    if len(parts) > 1 and total_s(parts[-1]) < LEAST_STRETCH_S:
        rest = parts.pop()
        parts[-1] += rest
    if not parts[0]:
        return ()
    middles = [(word.span.start_s + word.span.end_s) / 2 for word in words]
    edges = [0, *(bisect_left(middles, part[0].start_s) for part in parts[1:]), len(words)]
    return tuple(
        Stretch(tuple(part), tuple(words[first:last])) for part, first, last in zip(parts, edges, edges[1:], strict=False)
    )


def measure_stretch(stretch: Stretch) -> tuple[float, ...] | None:
    """Return the figures of a stretch, named by :data:`FIGURES`; None where there are too few words.

    They are the mean of -log(word probability), the share of words below 0.4, the share of the expected words that is missing,
    and the share of word pairs that were there before.
    """
    if len(stretch.words) < LEAST_WORDS:
        return None
    confidences = [max(word.confidence, LEAST_CONFIDENCE) for word in stretch.words]
    plain = [re.sub(r"\W", "", word.text).lower() for word in stretch.words]
    pairs = list(pairwise(plain))
    return (
        sum(-math.log(confidence) for confidence in confidences) / len(confidences),
        sum(confidence < DOUBTFUL_BELOW for confidence in confidences) / len(confidences),
        max(0.0, 1.0 - len(plain) / (ENGLISH_WORDS_PER_S * stretch.speech_s)),
        1.0 - len(set(pairs)) / len(pairs),
    )


def mark_foreign(words: Sequence[Word], channel: ChannelLanguage) -> tuple[Word, ...]:
    """Return the words with those that may be of another language marked as of low trust."""
    doubted = (*channel.foreign, *channel.unsure)
    return tuple(replace(word, low_trust=True) if any(span.overlaps(word.span) for span in doubted) else word for word in words)


def conclude(channels: Sequence[ChannelLanguage], checked_by: str) -> Language | None:
    """Return the language of a call: English, or not (with the name where it is known); None where too little was said."""
    heard = [channel for channel in channels if channel.chance is not None or channel.unsure or channel.foreign]
    if not heard:
        return None
    foreign = [channel for channel in heard if channel.is_foreign]
    if foreign:
        worst = max(foreign, key=lambda channel: channel.foreign_s)
        return Language(worst.code, round(worst.chance or 0.5, 2), checked_by)
    chance = max((channel.chance for channel in heard if channel.chance is not None), default=0.5)
    mostly_unsure = any(channel.foreign_s + channel.unsure_s >= MOSTLY * channel.speech_s for channel in heard)
    return Language(None if mostly_unsure else "en", round(chance if mostly_unsure else 1 - chance, 2), checked_by)


def explain_language(channels: Sequence[ChannelLanguage], roles: Sequence[ChannelRole]) -> tuple[str, ...]:
    """Return the notes on what is not English, or may not be."""
    notes = []
    for at, (channel, role) in enumerate(zip(channels, roles, strict=True)):
        who = WHO.get(role, f"Channel {at + 1}")
        sounds = f"sounds like {name_language(channel.code)}" if channel.code else "does not sound like English"
        if channel.is_foreign:
            notes.append(f"{who} speaks mostly another language: {_say(channel.foreign)} {sounds}; {NOT_TRUSTED}.")
        elif channel.foreign:
            notes.append(f"{who}: {_say(channel.foreign)} {sounds}; {NOT_TRUSTED}.")
        if channel.unsure:
            notes.append(f"{who}: {_say(channel.unsure)} may be another language, or too noisy to tell.")
    return tuple(notes)


WHO = {
    ChannelRole.CALLER: "The caller",
    ChannelRole.AGENT: "The agent",
    ChannelRole.MIXED: "A party of the call",
}
NOT_TRUSTED = "the words written there are not to be trusted"


def name_language(code: str) -> str:
    """Return the English name of a language, or its code where it is a rare one."""
    return NAMES.get(code, f"the language {code}")


NAMES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fa": "Persian", "fr": "French", "he": "Hebrew", "hi": "Hindi", "ht": "Haitian Creole", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "km": "Khmer", "ko": "Korean", "ne": "Nepali",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "so": "Somali", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "vi": "Vietnamese", "yue": "Cantonese", "zh": "Chinese",
}  # fmt: skip


def _judge(stretch: Stretch, model: LanguageModel) -> float | None:
    figures = measure_stretch(stretch)
    return None if figures is None else model.log_odds(figures)


def _with_neighbours(odds: Sequence[float | None]) -> list[float | None]:
    padded = [None, *odds, None]
    return [
        None if own is None else own + NEIGHBOUR * ((before or 0.0) + (after or 0.0))
        for before, own, after in zip(padded, odds, padded[2:], strict=False)
    ]


def _say(spans: Sequence[Span]) -> str:
    return ", ".join(f"{_clock(span.start_s)}-{_clock(span.end_s)}" for span in spans)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
