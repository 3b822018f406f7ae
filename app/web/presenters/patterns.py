"""How are patterns over many calls shown? A sentence, its counts, some of the calls, and for durations a drawing.

The drawing is made here, as numbers: the template writes rectangles and lines, and the browser needs no script for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.compliance.patterns.rules import get_pattern_rule
from app.compliance.patterns.values import BUCKET_S, BUCKETS_EACH_SIDE, Durations, Pattern, SubjectKind

WINDOWS = (7, 30, 90)
USUAL_DAYS = 30
LONGEST_TYPED = 20

BAR, GAP, HEIGHT, TOP = 20, 3, 120, 10
"""The drawing's own units; it is scaled to the width of the page."""
WIDTH = 2 * BUCKETS_EACH_SIDE * (BAR + GAP)


@dataclass(frozen=True, slots=True)
class BarView:
    """One step of five seconds: the subject's share as a bar, the others' as a mark, both of their calls within a minute."""

    x: int
    y: float
    height: float
    mark_y: float
    is_near: bool
    label: str


@dataclass(frozen=True, slots=True)
class DrawingView:
    """A histogram with the billable second in its middle."""

    bars: tuple[BarView, ...]
    width: int
    height: int
    base_y: int
    middle_x: int
    bar: int
    label: str
    calls: int
    peer_calls: int


@dataclass(frozen=True, slots=True)
class CallLink:
    """One of the calls."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class PatternView:
    """One pattern, ready to print."""

    anchor: str
    rule: str
    title: str
    law: str
    severity: str
    subject: str
    kind: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    calls: tuple[CallLink, ...]
    calls_url: str
    citations: str
    drawing: DrawingView | None


@dataclass(frozen=True, slots=True)
class WindowView:
    """A window that can be chosen."""

    days: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PatternsPage:
    """What the calls of a window say together."""

    days: int
    windows: tuple[WindowView, ...]
    patterns: tuple[PatternView, ...]
    problem: str
    needs: str


def choose_window(typed: str) -> tuple[int, str]:
    """Return the window that was asked for, and what is wrong with it; the usual one where nothing was."""
    if not typed:
        return USUAL_DAYS, ""
    if typed.isascii() and typed.isdigit() and len(typed) <= 3 and int(typed) in WINDOWS:
        return int(typed), ""
    wanted = ", ".join(map(str, WINDOWS))
    return USUAL_DAYS, f"Expected a window of {wanted} days, got “{typed[:LONGEST_TYPED]}”. Shown are {USUAL_DAYS} days."


def present_patterns(patterns: Sequence[Pattern], days: int, problem: str) -> PatternsPage:
    """Return the page of the patterns of a window."""
    params = get_pattern_rule("FRAUD-DURATION-CLIFF").params
    return PatternsPage(
        days=days,
        windows=tuple(WindowView(each, f"/compliance/patterns?days={each}", each == days) for each in WINDOWS),
        patterns=tuple(_present(pattern, f"pattern-{number}") for number, pattern in enumerate(patterns, start=1)),
        problem=problem,
        needs=(
            f"Durations are compared from {params['least_calls']} calls of a source and {params['least_peer_calls']} of all "
            "others that reached the billable second; with fewer, nothing is said of them."
        ),
    )


def _present(pattern: Pattern, anchor: str) -> PatternView:
    subject = pattern.subject
    is_source = subject is not None and subject.kind is SubjectKind.SOURCE
    return PatternView(
        anchor=anchor,
        rule=pattern.rule,
        title=pattern.title,
        law=get_pattern_rule(pattern.rule).law,
        severity=str(pattern.severity),
        subject=str(subject) if subject else "No source known here",
        kind=str(subject.kind).capitalize() if subject else "Source",
        sentence=pattern.sentence,
        facts=tuple(_say_facts(pattern.evidence)),
        calls=tuple(CallLink(call_id, f"/calls/{call_id}") for call_id in pattern.call_ids),
        calls_url=f"/calls?source={subject.id}" if subject and is_source else "",
        citations="; ".join(pattern.citations),
        drawing=_draw(pattern.durations, pattern.peers, pattern.rule) if pattern.durations and pattern.peers else None,
    )


def _say_facts(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    if "near_s" in evidence:
        return [
            ("Times as often as others", f"{evidence['ratio']:g}" if evidence["ratio"] is not None else "others never"),
            ("Chance of it, if dealt out blindly", f"{evidence['chance']:.1e}"),
            ("Just past it, the caller hung up", f"{evidence['ended_by_caller_just_past']:,}"),
            ("Just before it, the agent’s side hung up", f"{evidence['ended_by_agent_just_before']:,}"),
        ]
    if "rules" in evidence:
        return [(rule, f"{count:,}") for rule, count in evidence["rules"].items()]
    if "certificate" in evidence:
        return [(name, f"{evidence[name.lower()]:,}") for name in ("Numbers", "Buyers", "Consents")]
    return []


def _draw(own: Durations, peers: Durations, rule: str) -> DrawingView:
    """Return the histogram of both sides; heights are shares of all calls that ended within a minute of the billable second."""
    counts, others = own.before + own.past, peers.before + peers.past
    total, peer_total = max(sum(counts), 1), max(sum(others), 1)
    shares, marks = [count / total for count in counts], [count / peer_total for count in others]
    scale = (HEIGHT - TOP) / max(*shares, *marks, 1e-9)
    near_s = int(get_pattern_rule(rule).params["near_s"])
    is_past = rule == "FRAUD-DURATION-CLIFF"
    bars = []
    for place, (count, share, mark) in enumerate(zip(counts, shares, marks, strict=True)):
        from_s = (place - BUCKETS_EACH_SIDE) * BUCKET_S
        is_near = 0 <= from_s < near_s if is_past else -near_s <= from_s < 0
        label = f"{_say_when(from_s)}: {count:,} calls, {share:.1%}; others {mark:.1%}"
        height = round(share * scale, 1)
        x = place * (BAR + GAP)
        bars.append(BarView(x, round(HEIGHT - height, 1), height, round(HEIGHT - mark * scale, 1), is_near, label))
    pile = sum(count for count, bar in zip(counts, bars, strict=True) if bar.is_near)
    side = "past" if is_past else "before"
    said = f"Calls by when they ended, a minute on each side of the billable second: {pile:,} of {total:,} just {side} it"
    middle_x = BUCKETS_EACH_SIDE * (BAR + GAP) - 2
    return DrawingView(
        tuple(bars), WIDTH, HEIGHT + 24, HEIGHT, middle_x, BAR, said, sum(counts), sum(others)
    )  # fmt: skip


def _say_when(from_s: int) -> str:
    if from_s < 0:
        return f"{-from_s} to {-from_s - BUCKET_S} s before"
    return f"{from_s} to {from_s + BUCKET_S} s past"
