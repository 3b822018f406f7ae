"""How many answered calls of a campaign found nobody at the other end? A share over 30 days, not a fact of one call.

A call is abandoned when no live agent is there within two seconds of the end of the consumer's greeting (47 CFR 64.1200(a)(7);
16 CFR 310.4(b)(1)(iv), (b)(4)): at most three in a hundred calls that a person answered, by campaign and 30 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.vocabulary import Outcome

MOST_SHARE_PERCENT = 3
CONNECT_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A call that a person answered: seconds from the end of the greeting to a live agent.

    ``connect_s`` None with ``is_timed``: no agent ever came. Not ``is_timed``: nobody measured.
    """

    connect_s: float | None
    is_timed: bool = True


@dataclass(frozen=True, slots=True)
class Abandonment:
    """The share of abandoned calls of a campaign over a window, and what follows from it."""

    answered: int
    abandoned: int
    untimed: int
    outcome: Outcome
    reason: str


def measure_abandonment(calls: Iterable[AnsweredCall]) -> Abandonment:
    """Return the share of abandoned calls among those a person answered in a window of 30 days."""
    counted = list(calls)
    untimed = sum(not call.is_timed for call in counted)
    abandoned = sum(call.is_timed and (call.connect_s is None or call.connect_s > CONNECT_WITHIN_S) for call in counted)
    answered = len(counted)
    if answered == 0:
        return Abandonment(0, 0, 0, Outcome.NOT_APPLICABLE, "No call was answered by a person.")
    told = f"{abandoned} of {answered} answered calls were abandoned ({100 * abandoned / answered:.1f} %)"
    if 100 * abandoned > MOST_SHARE_PERCENT * answered:
        return Abandonment(
            answered, abandoned, untimed, Outcome.VIOLATION, f"{told}; at most {MOST_SHARE_PERCENT} % are allowed."
        )
    if untimed and 100 * (abandoned + untimed) > MOST_SHARE_PERCENT * answered:
        return Abandonment(
            answered, abandoned, untimed, Outcome.NEEDS_EVIDENCE, f"{told}; of {untimed} nobody measured the time."
        )
    return Abandonment(answered, abandoned, untimed, Outcome.PASS, f"{told}; at most {MOST_SHARE_PERCENT} % are allowed.")
