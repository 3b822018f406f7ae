"""Do the calls of one subject end where the money begins, far more often than others' do? Both sides of the billable second.

Two questions that look alike and accuse different people. Just *past* it: callers who stay exactly as long as they are paid to
stay, which is a source's doing. Just *before* it: an agent's side that hangs up before it must pay, an advertiser's. Each is a
share of the calls that came that far, compared with the same share of everybody else's calls: the exact chance of so large a
share, times the number of subjects looked at (Bonferroni), must be small, and the share itself a multiple of the others'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.compliance.patterns.chance import chance_of_at_least
from app.compliance.patterns.values import Durations, Pattern, Subject, SubjectKind, add_up
from app.compliance.rule_set import Rule

Counter = Callable[[Durations, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Compared:
    """One subject beside its peers: how many calls came so far, how many ended near, and how likely that is by chance."""

    row: Durations
    peers: Durations
    reached: int
    near: int
    peer_reached: int
    peer_near: int
    chance: float

    @property
    def share(self) -> float:
        return self.near / self.reached

    @property
    def peer_share(self) -> float:
        return self.peer_near / self.peer_reached


def find_cliffs(rows: Sequence[Durations], rule: Rule) -> tuple[Pattern, ...]:
    """Return the sources whose calls end just past the billable second, the clearest first."""
    return tuple(
        _tell(item, rule, f"reached the billable second, {item.near} ({item.share:.0%}) ended within", "of it")
        for item in _compare(rows, rule, Durations.count_past)
    )


def find_undercuts(rows: Sequence[Durations], rule: Rule) -> tuple[Pattern, ...]:
    """Return the advertisers whose calls are cut off just before the billable second, the clearest first."""
    return tuple(
        _tell(
            item,
            rule,
            f"came near the billable second or past it, {item.near} ({item.share:.0%}) ended in the last",
            "before it",
        )
        for item in _compare(rows, rule, Durations.count_before)
    )


def _compare(rows: Sequence[Durations], rule: Rule, count: Counter) -> list[_Compared]:
    params = rule.params
    near_s = int(params["near_s"])
    compared = []
    for row in rows:
        reached, near = count(row, near_s)
        others = [other for other in rows if other.subject.party_id != row.subject.party_id]
        if reached < params["least_calls"] or not others:
            continue
        peers = add_up(Subject(row.subject.kind, "", "all others", "", ""), others)
        peer_reached, peer_near = count(peers, near_s)
        if peer_reached < params["least_peer_calls"]:
            continue
        chance = chance_of_at_least(near, reached, near + peer_near, reached + peer_reached)
        compared.append(_Compared(row, peers, reached, near, peer_reached, peer_near, chance))
    tests = len(compared)
    clear = [
        item
        for item in compared
        if item.chance * tests <= params["most_chance"] and item.share >= params["least_ratio"] * item.peer_share
    ]
    return sorted(clear, key=lambda item: (item.chance, item.row.subject))


def _tell(item: _Compared, rule: Rule, came: str, where: str) -> Pattern:
    near_s = int(rule.params["near_s"])
    subject = item.row.subject
    whose = "sources" if subject.kind is SubjectKind.SOURCE else "advertisers"
    return Pattern(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        subject=subject,
        sentence=(
            f"Of {item.reached} calls of {subject} that {came} {near_s} s {where}; "
            f"of all other {whose} it is {item.peer_near} of {item.peer_reached} ({item.peer_share:.1%}). "
            f"{_say_chance(item.chance)}"
        ),
        evidence=_evidence(item, near_s),
        citations=rule.citations,
        durations=item.row,
        peers=item.peers,
    )


def _evidence(item: _Compared, near_s: int) -> dict[str, Any]:
    return {
        "near_s": near_s,
        "calls_that_came_so_far": item.reached,
        "calls_that_ended_near": item.near,
        "others_that_came_so_far": item.peer_reached,
        "others_that_ended_near": item.peer_near,
        "ratio": round(item.share / item.peer_share, 1) if item.peer_near else None,
        "chance": item.chance,
        "ended_by_caller_just_past": item.row.ended_by_caller,
        "ended_by_agent_just_before": item.row.cut_by_agent,
    }


def _say_chance(chance: float) -> str:
    if chance < 1e-9:
        return "Chance alone would give this less than once in a thousand million comparisons."
    return f"Chance alone would give this once in {_round_to_one_digit(1 / chance):,} comparisons."


def _round_to_one_digit(number: float) -> int:
    digits = len(str(int(number))) - 1
    return int(number // 10**digits * 10**digits)
