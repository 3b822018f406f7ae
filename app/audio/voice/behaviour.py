"""Does the caller behave like somebody who listens? Reads turn-taking, wording and repetition; nothing about the sound.

A recording cannot hear: it talks on when it is spoken to, is never brought to an end by a question, and says the same again.
What is found is a fact with its spans; how much it weighs is decided in :mod:`app.audio.voice.verdict`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from app.conversation import Utterance
from app.timeline import Span, intersect, merge, total_s

TURN_PAUSE_S = 0.7
"""Pauses up to this stay inside a turn (see :mod:`app.audio.turns`, widened: a prompt pauses between its sentences)."""

LEAST_TURN_S = 0.6
"""Shorter stretches are listener's signals ("mhm"), which ask for no answer."""

ANSWER_WITHIN_S = 2.5
"""Answers come within this of the end of a turn; the mean gap between turns is near 0.2 s, and nearly all are below 2 s."""

YIELDS_WITHIN_S = 1.5
"""Whoever is interrupted stops within about a second or goes on after the other gave up."""

MONOLOGUE_S = 12.0
"""Nobody on the telephone talks this long before the other side has said anything but a greeting, unless reading out."""

LEAST_TESTS = 2
"""One turn of the other party that is not answered is chance."""

REPEATED_WORDS = 7
"""The same seven words twice are a repeated sentence, not a habit of speech."""

MENU_WORDING = re.compile(
    r"(?<!the )\b(?:press|dial)\s+(?:one|two|three|four|five|six|seven|eight|nine|zero|star|pound|[0-9])\b"
    r"|\bpress\s+any\s+key\b"
    r"|\bpress\s+(?:the\s+)?(?:number|key)\b"
    r"|\bthis\s+is\s+an?\s+(?:automated|recorded|pre-?recorded)\s+(?:message|call|announcement)\b"
    r"|\bthis\s+(?:call|message)\s+is\s+(?:automated|pre-?recorded)\b",
    re.IGNORECASE,
)
"""What only a machine says of itself or asks for. "This call is recorded" is a notice that people read out, and not among
them."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the caller did.

    ``answers`` are turns of the caller that begin soon after one of the other party's ends, ``chances`` the other party's
    turns that could have been answered. ``talked_through`` are turns of the other party during which the caller went on.
    ``is_two_party`` is False where the parties cannot be told apart; then only wording is known, as what is repeated there is
    mostly an announcement.
    """

    is_two_party: bool
    talk_s: float = 0.0
    other_talk_s: float = 0.0
    answers: int = 0
    chances: int = 0
    median_latency_s: float | None = None
    talked_through: tuple[Span, ...] = ()
    monologue: Span | None = None
    menu_wording: tuple[Span, ...] = ()
    repeated: tuple[Span, ...] = ()

    @property
    def does_converse(self) -> bool:
        """Tell whether the caller answers most of what is said to it."""
        return self.chances >= LEAST_TESTS and self.answers >= LEAST_TESTS and self.answers >= self.chances / 2

    @property
    def does_not_react(self) -> bool:
        """Tell whether the caller goes on over most of what is said to it, or leaves all of it unanswered."""
        if self.chances < LEAST_TESTS or self.talk_s < LEAST_TURN_S:
            return False
        return len(self.talked_through) >= max(LEAST_TESTS, self.chances / 2) or self.answers == 0


def read_behaviour(caller: Sequence[Span], others: Sequence[Span] | None, utterances: Sequence[Utterance]) -> Behaviour:
    """Return what the caller did.

    Parameters
    ----------
    caller
        Where the caller speaks.
    others
        Where anybody else does; None where the parties cannot be told apart.
    utterances
        What the caller said (or, where the parties cannot be told apart, anybody).
    """
    wording = find_menu_wording(utterances)
    if others is None:
        return Behaviour(False, talk_s=total_s(merge(caller)), menu_wording=wording)
    own = [turn for turn in merge(caller, gap_s=TURN_PAUSE_S) if turn.duration_s >= 0.2]
    asked = [turn for turn in merge(others, gap_s=TURN_PAUSE_S) if turn.duration_s >= LEAST_TURN_S]
    latencies = [latency for turn in asked if (latency := _find_latency_s(turn, own)) is not None]
    through = tuple(turn for turn in asked if _talks_through(turn, own))
    ends_s = max((turn.end_s for turn in own), default=0.0)
    chances = [
        turn for turn in asked if turn.end_s < ends_s + ANSWER_WITHIN_S and turn.start_s > (own[0].start_s if own else 0.0)
    ]
    return Behaviour(
        is_two_party=True,
        talk_s=total_s(merge(caller)),
        other_talk_s=total_s(merge(others)),
        answers=len(latencies),
        chances=len(chances),
        median_latency_s=round(median(latencies), 3) if latencies else None,
        talked_through=through,
        monologue=_find_monologue(caller, others),
        menu_wording=wording,
        repeated=find_repeated(utterances),
    )


def find_menu_wording(utterances: Sequence[Utterance]) -> tuple[Span, ...]:
    """Return where the words of a machine are said, by the times of trusted words."""
    spans = []
    for utterance in utterances:
        words = [word for word in utterance.words if not word.low_trust]
        starts, text = [], ""
        for word in words:
            starts.append(len(text))
            text += word.text.strip(" ,.!?;:") + " "
        for match in MENU_WORDING.finditer(text):
            said = [word.span for word, at in zip(words, starts, strict=True) if match.start() <= at < match.end()]
            spans.append(Span(said[0].start_s, said[-1].end_s))
    return tuple(spans)


def find_repeated(utterances: Sequence[Utterance]) -> tuple[Span, ...]:
    """Return the first and later places where a long run of words is said again word for word."""
    words = [(re.sub(r"\W", "", word.text.lower()), word.span) for u in utterances for word in u.words if not word.low_trust]
    words = [(text, span) for text, span in words if text]
    seen: dict[tuple[str, ...], Span] = {}
    found = []
    for at in range(len(words) - REPEATED_WORDS + 1):
        run = words[at : at + REPEATED_WORDS]
        key, span = tuple(text for text, _ in run), Span(run[0][1].start_s, max(run[0][1].end_s, run[-1][1].end_s))
        first = seen.setdefault(key, span)
        if span.start_s >= first.end_s and len(set(key)) > REPEATED_WORDS // 2:
            found += [first, span]
    return merge(found, gap_s=0.5)


def _find_latency_s(asked: Span, own: Sequence[Span]) -> float | None:
    """Return how long after a turn the caller begins; None when it does not, or was talking already."""
    if any(turn.start_s < asked.end_s - 0.3 and turn.end_s > asked.end_s + 0.3 for turn in own):
        return None
    after = [turn.start_s - asked.end_s for turn in own if asked.end_s - 0.3 <= turn.start_s <= asked.end_s + ANSWER_WITHIN_S]
    return max(0.0, min(after)) if after else None


def _talks_through(asked: Span, own: Sequence[Span]) -> bool:
    """Tell whether the caller was talking when the turn began and went on for longer than anybody who listens."""
    return any(turn.start_s < asked.start_s - 0.3 and turn.end_s > asked.start_s + YIELDS_WITHIN_S for turn in own)


def _find_monologue(caller: Sequence[Span], others: Sequence[Span]) -> Span | None:
    """Return the longest time in which the caller talks and nobody else takes a turn, when it is a monologue."""
    turns = merge(others, gap_s=TURN_PAUSE_S)
    longest = None
    borders = [turn for turn in turns if turn.duration_s >= LEAST_TURN_S]
    for group in _between(caller, borders):
        if (
            group
            and total_s(group) >= MONOLOGUE_S
            and (longest is None or total_s(group) > total_s(intersect(caller, [longest])))
        ):
            longest = Span(group[0].start_s, group[-1].end_s)
    return longest


def _between(spans: Sequence[Span], borders: Sequence[Span]) -> list[list[Span]]:
    groups: list[list[Span]] = [[]]
    left = list(borders)
    for span in merge(spans):
        while left and left[0].start_s < span.start_s:
            left.pop(0)
            groups.append([])
        groups[-1].append(span)
    return groups
