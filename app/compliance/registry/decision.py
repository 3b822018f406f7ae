"""May these numbers be called, as far as the lists go? One rule over the answers of all lists; pure.

On any list: blocked. Else unknown when the national registry, or a loaded list of the number's own state, cannot say. Else
allowed: on none of the lists that were loaded, and the national registry spoke. A state that keeps a list of its own which is
not loaded is noted beside the outcome and does not change it: Earshot cannot know which subscriptions a network needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.compliance.registry.number_set import PIECE, Numbers
from app.compliance.registry.snapshot import LISTED, UNKNOWN, Answers, ListSnapshot, Snapshot, state_of
from app.compliance.registry.versions import LONGEST_AGE_DAYS
from app.vocabulary import ListKind, ScrubOutcome

ALLOWED, BLOCKED, OPEN, INVALID = 0, 1, 2, 3
_OUTCOME_OF_BITS = np.array([ALLOWED, BLOCKED, OPEN, BLOCKED], dtype=np.uint8)
OUTCOMES = (ScrubOutcome.ALLOWED, ScrubOutcome.BLOCKED, ScrubOutcome.UNKNOWN, ScrubOutcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome for each number and the answers it rests on, in the order of the snapshot's lists."""

    numbers: Numbers
    outcomes: NDArray[np.uint8]
    answers: tuple[Answers, ...]


def judge(snapshot: Snapshot, numbers: Numbers) -> Judged:
    """Return the outcome for each number (int64 array of shape (n,); 0 stands for what is no number). Raises ListDamaged."""
    pieces = [_judge_piece(snapshot, numbers[start : start + PIECE]) for start in range(0, max(numbers.size, 1), PIECE)]
    if len(pieces) == 1:
        return pieces[0]
    answers = tuple(_join([piece.answers[at] for piece in pieces]) for at in range(len(snapshot.lists)))
    return Judged(numbers, np.concatenate([piece.outcomes for piece in pieces]), answers)


def _judge_piece(snapshot: Snapshot, numbers: Numbers) -> Judged:
    area = numbers // 10_000_000
    answers = tuple(each.answer_within(numbers, area) for each in snapshot.lists)
    # Two bits for each number: LISTED where some list has it, UNKNOWN where a list that matters cannot say.
    bits = np.full(numbers.shape, 0 if snapshot.find(ListKind.NATIONAL) else UNKNOWN, dtype=np.uint8)
    for each, answer in zip(snapshot.lists, answers, strict=True):
        if each.name.kind is ListKind.NATIONAL:
            bits |= answer.codes
        elif each.name.kind is ListKind.STATE:
            bits |= answer.codes & _weights_of(each.name.state).take(area, mode="clip")
        else:
            bits |= answer.codes & LISTED
    outcomes = _OUTCOME_OF_BITS.take(bits)
    if not numbers.all():
        outcomes[numbers == 0] = INVALID
    return Judged(numbers, outcomes, answers)


def _join(parts: list[Answers]) -> Answers:
    details = [part.detail for part in parts if part.detail is not None]
    return Answers(
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.which for part in parts]),
        np.concatenate(details) if details else None,
    )


def explain(snapshot: Snapshot, judged: Judged, at: int) -> str:
    """Return in words why a number has its outcome."""
    number, outcome = int(judged.numbers[at]), int(judged.outcomes[at])
    if outcome == INVALID:
        return "it is no North American telephone number"
    area = number // 10_000_000
    pairs = list(zip(snapshot.lists, judged.answers, strict=True))
    if outcome == BLOCKED:
        return "; ".join(_say_listed(each) for each, answer in pairs if answer.codes[at] == LISTED)
    if outcome == OPEN:
        said = [
            _say_unknown(each, area)
            for each, answer in pairs
            if answer.codes[at] == UNKNOWN
            and (
                each.name.kind is ListKind.NATIONAL or (each.name.kind is ListKind.STATE and state_of(area) == each.name.state)
            )
        ]
        if not snapshot.find(ListKind.NATIONAL):
            said.insert(0, "no national registry was loaded")
        return "; ".join(said)
    return "on none of the lists in force"


def note(snapshot: Snapshot, judged: Judged, at: int) -> str:
    """Return what the outcome leaves open without changing it; empty for nothing."""
    number = int(judged.numbers[at])
    if not number:
        return ""
    state = state_of(number // 10_000_000)
    notes = []
    if state in snapshot.missing_states:
        notes.append(f"{state} keeps a list of its own, which is not loaded")
    for each, answer in zip(snapshot.lists, judged.answers, strict=True):
        was_asked = answer.detail is not None and answer.detail[at] >= 0
        if each.name.kind is ListKind.REASSIGNED and answer.codes[at] == UNKNOWN and was_asked:
            notes.append("the reassigned numbers database had no data")
    return "; ".join(notes)


def _say_listed(each: ListSnapshot) -> str:
    if each.name.kind is ListKind.REASSIGNED:
        return "the number was reassigned"
    if each.name.kind is ListKind.INTERNAL:
        return "the person asked us not to call"
    return f"on the list {each.title}"


def _say_unknown(each: ListSnapshot, area: int) -> str:
    limit = LONGEST_AGE_DAYS.get(each.name.kind)
    if each.table[area] < 0:
        return f"the list {each.title} does not cover area code {area}"
    return f"the list {each.title} is {int(each.ages[area])} days old, at most {limit} are allowed"


@cache
def _weights_of(state: str) -> NDArray[np.uint8]:
    """Return which bits of a state list's answer count for each area code: that it cannot say matters in its own state only."""
    own = [area >= 200 and state_of(area) == state for area in range(1000)]
    return np.array([LISTED | UNKNOWN if is_own else LISTED for is_own in own], dtype=np.uint8)
