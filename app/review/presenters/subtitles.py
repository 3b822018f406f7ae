"""What was said, as subtitles? A WebVTT file (W3C) of a call whose numbers are masked already, for any player."""

from collections.abc import Iterator, Sequence
from html import escape

from app.conversation import Listening, Utterance, Word
from app.review import wording
from app.vocabulary import Speaker

LONGEST_CUE_CHARS = 84
"""Two lines of 42 characters, which is what subtitles for reading along usually have at most."""

SHORTEST_CUE_S = 0.3


def build_subtitles(listening: Listening) -> str:
    """Return the file: one cue for each stretch of words, with the speaker as its voice, in order of time."""
    cues = sorted(cue for utterance in listening.utterances for cue in _cut(utterance))
    blocks = [f"{_stamp(start)} --> {_stamp(end)}\n<v {who}>{escape(text, quote=False)}" for start, end, who, text in cues]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _cut(utterance: Utterance) -> Iterator[tuple[float, float, str, str]]:
    """Cut an utterance between words into cues of two lines at most; without word times it is one cue."""
    who = wording.SPEAKER_WORDS[utterance.speaker]
    if utterance.speaker is Speaker.UNKNOWN and utterance.estimated_speaker:
        who = f"{who} {utterance.estimated_speaker}"
    words = [word for word in utterance.words if word.text.strip()]
    if not words:
        if text := " ".join(utterance.text.split()):
            yield utterance.span.start_s, _end(utterance.span.start_s, utterance.span.end_s), who, text
        return
    cue: list[Word] = []
    for word in words:
        if cue and len(_join([*cue, word])) > LONGEST_CUE_CHARS:
            yield _timed(cue, who)
            cue = []
        cue.append(word)
    yield _timed(cue, who)


def _timed(words: Sequence[Word], who: str) -> tuple[float, float, str, str]:
    start_s = words[0].span.start_s
    return start_s, _end(start_s, max(word.span.end_s for word in words)), who, _join(words)


def _join(words: Sequence[Word]) -> str:
    return " ".join(word.text.strip() for word in words)


def _end(start_s: float, end_s: float) -> float:
    """Return when a cue ends: later than it starts, as the format asks."""
    return max(end_s, start_s + SHORTEST_CUE_S)


def _stamp(seconds: float) -> str:
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"
