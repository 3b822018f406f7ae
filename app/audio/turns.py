"""How did the parties share the time of a call?

Pure interval arithmetic on spans of speech, one set per channel. The first party is the caller, everybody else the answering
side. On a mono recording the parties cannot be told apart, and everything that needs to know who spoke is None.

Definitions (gaps between turns: Heldner & Edlund 2010, J. Phonetics 38, "Pauses, gaps and overlaps in conversations"):

* dead air - at least 2 s in which nobody speaks and no known sound (ringback, music on hold) fills the line;
* overlap - both parties speak;
* two-way speech - time within which both parties take part and which is not dead air. A party takes part from its first to its
  last word, save where it is silent for more than 15 s: then it is listening to a monologue, a recording or music;
* response latency - median gap from the caller's last word to the start of the answer; answers that begin before the caller has
  finished have no gap and do not count;
* interruption - a party starts while the other has been and goes on speaking, and keeps talking for longer than a listener's
  "mhm" lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from app.conversation import Turns
from app.timeline import Span, clip, gaps, intersect, merge, total_s
from app.vocabulary import ChannelRole

DEAD_AIR_S = 2.0
"""Twice the "standard maximum" silence of about one second that talk tolerates (Jefferson 1989)."""

TAKES_PART_PAUSE_S = 15.0
"""ASSUMPTION: a listener who says nothing for longer takes no part; half the time a recorded pitch usually lasts."""

TURN_PAUSE_S = 0.5
"""Pauses up to this stay inside a turn; within-speaker pauses have their mode near 0.2 s and rarely exceed this."""

BACKCHANNEL_S = 1.0
"""Utterances up to this are listener's signals, not turns (Edlund, Heldner & Pelce 2009, "very short utterances")."""

LEAST_OVERLAP_S = 0.3
"""Shorter overlaps happen at any change of turn, when the end of a turn is foreseen."""


def compute_turns(
    speech: Sequence[Sequence[Span]],
    duration_s: float,
    *,
    channel_roles: Sequence[ChannelRole] | None = None,
    filled: Sequence[Span] = (),
) -> Turns:
    """Return who spoke how long, and how the parties met.

    Parameters
    ----------
    speech
        Spans of speech, one set per channel.
    duration_s
        Length of the recording in seconds.
    channel_roles
        What each channel carries; without it the first channel is the caller.
    filled
        Time that a known sound other than speech fills; it is not dead air.
    """
    whole = Span(0.0, duration_s)
    channels = [clip(merge(spans), whole) for spans in speech]
    anybody = merge(span for spans in channels for span in spans)
    dead_air = tuple(hole for hole in gaps(merge([*anybody, *filled]), whole) if hole.duration_s >= DEAD_AIR_S)
    shared = {
        "talk_s": tuple(_round(total_s(spans)) for spans in channels),
        "dead_air_s": _round(total_s(dead_air)),
        "longest_dead_air_s": _round(max((hole.duration_s for hole in dead_air), default=0.0)),
        "first_word_s": tuple(_round(spans[0].start_s) if spans else None for spans in channels),
        "dead_air": dead_air,
    }
    parties = _split_parties(channels, channel_roles)
    if parties is None:
        return Turns(**shared)  # type: ignore[arg-type]
    caller, callee = parties
    overlap = intersect(caller, callee)
    return Turns(
        **shared,  # type: ignore[arg-type]
        overlap_s=_round(total_s(overlap)),
        overlap=overlap,
        two_way_speech_s=_round(total_s(find_two_way(caller, callee, dead_air))),
        response_latency_s=find_response_latency_s(caller, callee),
        interruptions=count_interruptions(caller, callee) + count_interruptions(callee, caller),
    )


def find_two_way(left: Sequence[Span], right: Sequence[Span], dead_air: Sequence[Span] = ()) -> tuple[Span, ...]:
    """Return the stretches in which both parties take part, without dead air."""
    both = intersect(merge(left, gap_s=TAKES_PART_PAUSE_S), merge(right, gap_s=TAKES_PART_PAUSE_S))
    return tuple(part for span in both for part in gaps(dead_air, span))


def find_response_latency_s(caller: Sequence[Span], callee: Sequence[Span]) -> float | None:
    """Return the median gap in seconds before the callee's answers; None when there are none."""
    asked, answers = merge(caller), merge(callee, gap_s=TURN_PAUSE_S)
    latencies = []
    for before, answer in zip((None, *answers), answers, strict=False):
        last_asked = max((span.end_s for span in asked if span.start_s < answer.start_s), default=None)
        spoke_since = before is not None and last_asked is not None and before.end_s >= last_asked
        if last_asked is not None and last_asked <= answer.start_s and not spoke_since:
            latencies.append(answer.start_s - last_asked)
    return _round(median(latencies)) if latencies else None


def count_interruptions(speaking: Sequence[Span], interrupting: Sequence[Span]) -> int:
    """Return how often the second party breaks into a turn of the first."""
    turns = merge(speaking, gap_s=TURN_PAUSE_S)
    count = 0
    for intrusion in merge(interrupting, gap_s=TURN_PAUSE_S):
        broken = next((turn for turn in turns if turn.start_s < intrusion.start_s < turn.end_s), None)
        if broken and intrusion.duration_s > BACKCHANNEL_S and broken.overlap_s(intrusion) >= LEAST_OVERLAP_S:
            count += 1
    return count


def _split_parties(
    channels: Sequence[tuple[Span, ...]], roles: Sequence[ChannelRole] | None
) -> tuple[tuple[Span, ...], tuple[Span, ...]] | None:
    if len(channels) < 2:
        return None
    is_caller = [role is ChannelRole.CALLER for role in roles] if roles else [False] * len(channels)
    if not any(is_caller) or all(is_caller):
        is_caller = [at == 0 for at in range(len(channels))]
    caller = merge(span for spans, yes in zip(channels, is_caller, strict=True) if yes for span in spans)
    callee = merge(span for spans, yes in zip(channels, is_caller, strict=True) if not yes for span in spans)
    return caller, callee


def _round(seconds: float) -> float:
    return round(seconds, 3)
