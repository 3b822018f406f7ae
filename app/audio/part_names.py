"""Which stretches of speech are a system's own: a menu, a greeting, an announcement in the music?

By their words (:mod:`app.audio.system_words`) and by what stands beside them: a beep, keys, ringing, hold. A message that
calls people is a party's speech, even where it names a key to press. Pure; a caller's own channel never holds a menu.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.audio.part_cuts import ChannelSound, cut_speech
from app.audio.system_words import find_system, is_message
from app.conversation import CallPart, Word
from app.timeline import Span
from app.vocabulary import ChannelRole, PartKind, ToneKind

LEAST_PROMPT_PROBABILITY = 0.02
"""Menus are pieced together from prompts of one voice, so that inside them nearly every longer pause is a joint."""

NEAR_S = 3.0
"""What lies within this stands beside a part: a greeting before its beep, an announcement before the music goes on."""

RING_PAUSE_S = 4.6
"""The pause after the last ring belongs to the ringing, up to where somebody answers."""

LONGEST_PROMPT_S, LONGEST_ANNOUNCEMENT_S = 15.0, 8.0
"""What stands between two parts of a system and lasts longer is talk."""

LONGEST_GREETING_S = 45.0

_SYSTEM = frozenset({PartKind.IVR, PartKind.KEYS, PartKind.HOLD, PartKind.RINGING, PartKind.NETWORK})


def name_parts(parts: Sequence[CallPart], sound: ChannelSound) -> list[CallPart]:
    """Say of each stretch of speech whether a system speaks: by its words, and by what stands before and after it."""
    if sound.role is ChannelRole.CALLER:
        return list(parts)
    named: list[CallPart] = []
    said_so_far = ""
    for at, part in enumerate(parts):
        if part.kind is not PartKind.SPEECH:
            said_so_far = ""
            named.append(part)
            continue
        text = _text(part.span, sound.words)
        said_so_far = f"{said_so_far} {text}"
        system = None if is_message(said_so_far) else find_system(text)
        before, after = _beside(parts, at, -1), _beside(parts, at, +1)
        is_sit = at > 0 and parts[at - 1].detail == ToneKind.SIT
        kind, detail = _judge(system, before, after, part, is_sit=is_sit)
        pieces = [part.span] if kind is PartKind.SPEECH else cut_speech(part.span, sound, LEAST_PROMPT_PROBABILITY)
        named += [replace(part, kind=kind, detail=detail, span=piece) for piece in pieces]
        if is_sit and len(pieces) > 1 and after is None and not find_system(_text(pieces[-1], sound.words)):
            # What is said after an announcement of the network, in other words than its own, is the caller's comment on it.
            named[-1] = replace(named[-1], kind=PartKind.SPEECH, detail="")
    return _spread(named)


def _judge(
    system: str | None, before: PartKind | None, after: PartKind | None, part: CallPart, *, is_sit: bool
) -> tuple[PartKind, str]:
    is_short = part.span.duration_s <= LONGEST_GREETING_S
    is_answer = before is PartKind.RINGING or part.span.start_s <= NEAR_S
    if system == "queue" and PartKind.HOLD in (before, after):
        return PartKind.HOLD, "announcement"
    if is_short and after is PartKind.BEEP and (system or before is PartKind.RINGING):
        return PartKind.VOICEMAIL, "greeting"
    if system == "voicemail" and is_short:
        return (PartKind.VOICEMAIL, "greeting") if is_answer else (PartKind.SPEECH, "")
    if system or (is_sit and is_short):
        return PartKind.IVR, system or "announcement"
    return PartKind.SPEECH, ""


def _spread(parts: Sequence[CallPart]) -> list[CallPart]:
    """Name what stands between the parts of a system a part of it: prompts without telling words, announcements in music."""
    spread = list(parts)
    for at, part in enumerate(parts):
        before, after = _beside(spread, at, -1), _beside(spread, at, +1)
        if part.kind is not PartKind.SPEECH or before not in _SYSTEM or after not in _SYSTEM:
            continue
        is_in_hold = before is after is PartKind.HOLD
        is_in_menu = any(other.kind is PartKind.IVR for other in [*spread[:at], *spread[at + 1 : at + 2]])
        if is_in_hold and part.span.duration_s <= LONGEST_ANNOUNCEMENT_S:
            spread[at] = replace(part, kind=PartKind.HOLD, detail="announcement")
        elif is_in_menu and not is_in_hold and part.span.duration_s <= LONGEST_PROMPT_S:
            spread[at] = replace(part, kind=PartKind.IVR, detail="menu")
    return spread


def _beside(parts: Sequence[CallPart], at: int, step: int) -> PartKind | None:
    """Return the kind of the part that stands near on one side."""
    if not 0 <= at + step < len(parts):
        return None
    other = parts[at + step]
    distance_s = max(parts[at].span.start_s - other.span.end_s, other.span.start_s - parts[at].span.end_s)
    reach_s = RING_PAUSE_S if other.kind is PartKind.RINGING else NEAR_S
    return other.kind if distance_s <= reach_s else None


def _text(span: Span, words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words if span.start_s <= (word.span.start_s + word.span.end_s) / 2 < span.end_s)
