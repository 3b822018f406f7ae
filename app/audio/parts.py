"""Which parts does a channel consist of: ringing, a menu, hold, voicemail, speech, silence?

Tones and music say where signalling and hold are; what lies between them is speech or silence, cut where the line or the voice
changes. Whether a stretch of speech is a system's is read from its words and from what stands beside it. The parts of a
channel follow one another without gap, from the first second to the last. Pure; a caller's own channel never holds a menu.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.audio.line_changes import BEFORE_ONSET_S
from app.audio.part_cuts import ChannelSound, cut_speech, stretch_music
from app.audio.part_names import RING_PAUSE_S, name_parts
from app.conversation import CallPart
from app.timeline import Span, gaps, intersect, merge
from app.vocabulary import ChannelRole, PartKind, ToneKind

LEAST_SILENCE_S = 2.0
"""Shorter pauses belong to the part before them; as for dead air."""

KEYS_PAUSE_S = 2.0
"""Keys this close are one entry: menus wait for the next key for three seconds or so."""

NOT_PARTIES = frozenset(
    {PartKind.RINGING, PartKind.NETWORK, PartKind.IVR, PartKind.VOICEMAIL, PartKind.HOLD, PartKind.BEEP, PartKind.KEYS}
)
"""Parts that a system or the line fills; they are no dead air."""

SPEAKS_FOR_SYSTEM = frozenset({PartKind.IVR, PartKind.VOICEMAIL, PartKind.HOLD})
"""Parts whose speech is a system's; while it rings a caller may well speak, and that is theirs."""

_KIND_OF_TONE = {
    ToneKind.RINGBACK: PartKind.RINGING,
    ToneKind.BUSY: PartKind.NETWORK,
    ToneKind.SIT: PartKind.NETWORK,
    ToneKind.DTMF: PartKind.KEYS,
    ToneKind.BEEP: PartKind.BEEP,
    ToneKind.MUSIC: PartKind.HOLD,
}


def find_parts(sound: ChannelSound) -> tuple[CallPart, ...]:
    """Return the parts of one channel in order of time; together they cover it."""
    if sound.duration_s <= 0:
        return ()
    signals = _join_signals(sound)
    taken = [part.span for part in signals]
    talk = [
        CallPart(sound.channel, PartKind.SPEECH, piece)
        for hole in gaps(taken, Span(0.0, sound.duration_s))
        for span in merge(intersect(sound.speech, [hole]), gap_s=LEAST_SILENCE_S)
        for piece in cut_speech(span, sound)
    ]
    found = sorted([*signals, *talk], key=lambda part: part.span)
    return _fill(_join_speech(name_parts(stretch_music(found, sound), sound), sound), sound)


def select_parties(speech: Sequence[Span], parts: Sequence[CallPart], channel: int) -> tuple[Span, ...]:
    """Return the speech of one channel that is a party's own, without menus, greetings and announcements."""
    others = [part.span for part in parts if part.channel == channel and part.kind in SPEAKS_FOR_SYSTEM]
    return tuple(hole for span in merge(speech) for hole in gaps(others, span))


def list_filled(parts: Sequence[CallPart]) -> tuple[Span, ...]:
    """Return the time that a known sound other than the parties' speech fills; it is no dead air."""
    return merge(part.span for part in parts if part.kind in NOT_PARTIES)


def _join_signals(sound: ChannelSound) -> list[CallPart]:
    parts: list[CallPart] = []
    for tone in sorted(sound.tones, key=lambda tone: tone.span):
        kind = _KIND_OF_TONE[tone.kind]
        detail = {PartKind.HOLD: "music", PartKind.NETWORK: tone.kind.value, PartKind.KEYS: tone.detail}.get(kind, "")
        span = Span(tone.span.start_s, min(tone.span.end_s, sound.duration_s))
        if parts and span.start_s < parts[-1].span.end_s:  # tones of two kinds at once: the earlier one names the time
            span = Span(parts[-1].span.end_s, max(parts[-1].span.end_s, span.end_s))
        if span.duration_s <= 0:
            continue
        last = parts[-1] if parts else None
        is_entry = last and last.kind is kind is PartKind.KEYS and span.start_s - last.span.end_s <= KEYS_PAUSE_S
        if last and is_entry and not intersect(sound.speech, [Span(last.span.end_s, span.start_s)]):
            parts[-1] = replace(last, span=Span(last.span.start_s, span.end_s), detail=last.detail + detail)
        else:
            parts.append(CallPart(sound.channel, kind, span, detail))
    return parts


def _join_speech(parts: Sequence[CallPart], sound: ChannelSound) -> list[CallPart]:
    """Return the parts with a party's own channel in one piece: cuts in it say who follows whom only on a shared line."""
    if sound.role is ChannelRole.MIXED:
        return list(parts)
    joined: list[CallPart] = []
    for part in parts:
        last = joined[-1] if joined else None
        touches = last is not None and part.span.start_s - last.span.end_s < LEAST_SILENCE_S
        if last and touches and last.kind is part.kind is PartKind.SPEECH:
            joined[-1] = replace(last, span=Span(last.span.start_s, part.span.end_s))
        else:
            joined.append(part)
    return joined


def _fill(parts: Sequence[CallPart], sound: ChannelSound) -> tuple[CallPart, ...]:
    """Return the parts with the time between them shared out: short pauses to what comes before, long ones are silence."""
    filled: list[CallPart] = []
    end_s = 0.0
    for part in parts:
        gap_s = part.span.start_s - end_s
        lead_s = 0.0 if part.kind not in (PartKind.SPEECH, PartKind.IVR, PartKind.VOICEMAIL) else min(BEFORE_ONSET_S, gap_s)
        start_s = part.span.start_s - lead_s
        last = filled[-1] if filled else None
        longest_s = RING_PAUSE_S if last and last.kind is PartKind.RINGING else LEAST_SILENCE_S
        if gap_s >= longest_s:
            filled.append(CallPart(sound.channel, PartKind.SILENCE, Span(end_s, start_s)))
        elif last is None:
            start_s = 0.0
        elif start_s > end_s:
            filled[-1] = replace(last, span=Span(last.span.start_s, start_s))
        filled.append(replace(part, span=Span(start_s, part.span.end_s)))
        end_s = part.span.end_s
    rest_s = sound.duration_s - end_s
    if rest_s >= LEAST_SILENCE_S or not filled:
        filled.append(CallPart(sound.channel, PartKind.SILENCE, Span(end_s, sound.duration_s)))
    elif rest_s > 0:
        filled[-1] = replace(filled[-1], span=Span(filled[-1].span.start_s, sound.duration_s))
    return tuple(filled)
