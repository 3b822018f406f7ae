"""What does the player need to draw and to play a call? One JSON object, times in seconds to the millisecond.

Words are lists ``[start, end, text, flags, hit]`` so that a two-hour call stays small: flags 1 = doubtful, hit = index into
``hits`` or -1.
"""

from collections.abc import Iterable
from typing import Any

from app.conversation import CallPart, KeywordHit, Listening, Utterance
from app.review import wording
from app.review.presenters.findings import FindingView
from app.review.presenters.transcript import describe_hit, find_hit
from app.review.screen import CallScreen
from app.timeline import Span
from app.vocabulary import ChannelRole, PackKind, PartKind, ToneKind

# The outline is offered at these reductions of the finest (50 buckets a second): 20 ms, 160 ms, 1.28 s a bucket.
PEAK_REDUCTIONS = (1, 8, 64)
PEAKS_PER_SECOND = 50
LOW_TRUST = 1
LABELLED_PARTS = frozenset({PartKind.RINGING, PartKind.NETWORK, PartKind.IVR, PartKind.VOICEMAIL, PartKind.HOLD})


def build_player(screen: CallScreen, findings: Iterable[FindingView], *, can_listen: bool) -> dict[str, Any]:
    """Return everything the player needs, sound and outline excepted; ``marks`` are sorted by time."""
    if screen.heard is None:
        return {"duration_s": 0, "can_listen": False, "lanes": [], "utterances": [], "marks": [], "hits": [], "peaks": []}
    listening = screen.heard.listening
    hits = screen.screened.hits if screen.screened else ()
    return {
        "duration_s": round(listening.duration_s, 3),
        "can_listen": can_listen,
        "lanes": [{"side": _side(role), "label": _lane_label(role, n)} for n, role in enumerate(listening.channel_roles)],
        "peaks": [
            {"level": level, "bucket_s": factor / PEAKS_PER_SECOND, "count": _bucket_count(listening.duration_s, factor)}
            for level, factor in enumerate(PEAK_REDUCTIONS)
        ],
        "speech": [_spans(spans) for spans in listening.speech],
        "dead_air": _spans(listening.turns.dead_air),
        "overlap": _spans(listening.turns.overlap),
        "tones": [
            {"lane": tone.channel, "kind": str(tone.kind), "start_s": _ms(tone.span.start_s), "end_s": _ms(tone.span.end_s)}
            for tone in listening.tones
        ],
        "parts": [
            {"lane": part.channel, "label": wording.PART_WORDS[part.kind], "start_s": _ms(start_s), "end_s": _ms(end_s)}
            for part, start_s, end_s in _join_parts(listening.parts)
        ],
        "hits": [{"kind": str(hit.kind), "label": describe_hit(hit)} for hit in hits],
        "utterances": [_utterance(utterance, hits) for utterance in listening.utterances],
        "marks": _marks(screen, listening, findings),
    }


def _marks(screen: CallScreen, listening: Listening, findings: Iterable[FindingView]) -> list[dict[str, Any]]:
    marks = []
    covered: set[tuple[float, float]] = set()
    for finding in findings:
        spans = [(quote.start_s, quote.end_s, quote.side, quote.text) for quote in finding.quotes]
        for start_s, end_s, side, text in spans or _own_span(screen, finding.id):
            covered.add((start_s, end_s))
            label = f"{finding.severity_label}: {finding.title}"
            marks.append(_mark("finding", finding.severity, label, text, start_s, end_s, side, finding.id))
    for hit in screen.screened.hits if screen.screened else ():
        span = (hit.span.start_s, hit.span.end_s)
        if hit.kind is PackKind.VIOLATION and span in covered:
            continue
        label = wording.KIND_WORDS[hit.kind] + (" (doubtful words)" if hit.low_trust else "")
        marks.append(_mark("keyword", str(hit.kind), label, hit.quote, *span, str(hit.speaker), ""))
    for tone in listening.tones:
        label = wording.TONE_WORDS[tone.kind]
        detail = tone.detail if tone.kind is ToneKind.DTMF else ""
        side = _side(listening.channel_roles[tone.channel])
        marks.append(_mark("tone", str(tone.kind), label, detail, tone.span.start_s, tone.span.end_s, side, ""))
    for part, start_s, end_s in _join_parts(listening.parts):
        if part.kind in (PartKind.IVR, PartKind.VOICEMAIL):  # the other labelled parts have tones, which are marks already
            side = _side(listening.channel_roles[part.channel])
            marks.append(_mark("tone", str(part.kind), wording.PART_WORDS[part.kind], "", start_s, end_s, side, ""))
    return sorted(marks, key=lambda mark: (mark["start_s"], mark["end_s"]))


def _join_parts(parts: Iterable[CallPart]) -> list[tuple[CallPart, float, float]]:
    """Return the parts that a lane names, with start and end; prompts that follow one another are one menu."""
    joined: list[tuple[CallPart, float, float]] = []
    before = None
    for part in parts:
        if part.kind in LABELLED_PARTS:
            if before is not None and (before.channel, before.kind) == (part.channel, part.kind):
                joined[-1] = (joined[-1][0], joined[-1][1], part.span.end_s)
            else:
                joined.append((part, part.span.start_s, part.span.end_s))
        before = part
    return joined


def _mark(
    kind: str, look: str, label: str, text: str, start_s: float, end_s: float, side: str, finding_id: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "look": look,
        "label": label,
        "text": text,
        "start_s": _ms(start_s),
        "end_s": _ms(end_s),
        "side": side,
        "finding": finding_id,
    }


def _own_span(screen: CallScreen, finding_id: str) -> list[tuple[float, float, str, str]]:
    found = screen.screened.findings if screen.screened else ()
    return [(f.span.start_s, f.span.end_s, "unknown", "") for f in found if f.id == finding_id and f.span is not None]


def _utterance(utterance: Utterance, hits: tuple[KeywordHit, ...]) -> dict[str, Any]:
    near = [(index, hit) for index, hit in enumerate(hits) if hit.span.overlaps(utterance.span)]
    numbers, values = [index for index, _ in near], [hit for _, hit in near]
    words: list[list[Any]] = []
    for word in utterance.words:
        hit = find_hit(word, utterance.speaker, values) if values else None
        flags = LOW_TRUST if word.low_trust else 0
        place = -1 if hit is None else numbers[hit]
        # Times of words are stored to the millisecond; rounding tens of thousands of them again would be felt.
        words.append([word.span.start_s, word.span.end_s, word.text.strip(), flags, place])
    return {"start_s": _ms(utterance.span.start_s), "end_s": _ms(utterance.span.end_s), "words": words}


def _lane_label(role: ChannelRole, number: int) -> str:
    label = wording.LANE_WORDS[role]
    return f"{label} {number + 1}" if role is ChannelRole.UNKNOWN else label


def _side(role: ChannelRole) -> str:
    return str(role) if role in (ChannelRole.CALLER, ChannelRole.AGENT) else "unknown"


def _bucket_count(duration_s: float, factor: int) -> int:
    finest = -(-round(duration_s * 1000) * PEAKS_PER_SECOND // 1000)
    return -(-finest // factor)


def _spans(spans: Iterable[Span]) -> list[list[float]]:
    return [[_ms(span.start_s), _ms(span.end_s)] for span in spans]


def _ms(seconds: float) -> float:
    return round(seconds, 3)
