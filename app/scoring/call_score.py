"""How good was this call, and why? A first score from 0 to 100, made of parts that a person can check.

The formula: every call starts with 50 points. Each part adds or takes points for one measured thing and says so in a sentence;
a part that could not be measured gives 0 and says that. The last part holds the sum inside 0 to 100 where it would leave it, so
the parts always add up to the value. The weights are the product's first judgement, to be replaced by what reviewers' verdicts
teach; they are no law. Nothing is lowered for bad transcription: doubt is said, not charged to the call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.conversation import CallScore, KeywordHit, Listening, ScorePart, Utterance
from app.vocabulary import ChannelRole, PackKind, Severity

SCORE_VERSION = "call-score/1"

START_POINTS = 50
TWO_WAY_POINTS = 25  # a conversation through and through
ANSWER_POINTS = 5
DEAD_AIR_POINTS = -20
INTENT_POINTS = 5  # for each different phrase of a supporting pack, at most three
BILLABLE_POINTS = 5
VIOLATION_POINTS = {Severity.INFO: 0, Severity.LOW: -3, Severity.MEDIUM: -8, Severity.HIGH: -15, Severity.CRITICAL: -25}
WORST_VIOLATIONS = -60  # all violation words together take no more

QUICK_ANSWER_S = 5.0  # ASSUMPTION: an agent who speaks within this of the start answered quickly
SLOW_ANSWER_S = 20.0  # ASSUMPTION: from here on the caller waited too long
TOLERATED_DEAD_AIR = 0.10  # share of the call that pauses for typing and looking up take anyway
LOW_TRUST_DOUBT = 0.25  # share of doubtful words from which the score says so
SUPPORTING_PACKS = frozenset({"PH-CHAN-SEARCH"})


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the call log adds: the ad's billable duration and how long the parties were connected, in seconds."""

    billable_s: float | None = None
    connected_s: float | None = None


def score_call(listening: Listening, hits: Sequence[KeywordHit], facts: CallFacts | None = None) -> CallScore:
    """Return the score of a call with its parts; the parts add up to the value."""
    parts = [ScorePart("start", START_POINTS, f"Every call starts with {START_POINTS} points.")]
    measures: tuple[Callable[[], ScorePart], ...] = (
        lambda: _score_two_way_speech(listening),
        lambda: _score_answer(listening),
        lambda: _score_dead_air(listening),
        lambda: _score_intent(hits),
        lambda: _score_violations(hits),
        lambda: _score_duration(facts or CallFacts()),
        lambda: _say_trust(listening.utterances),
    )
    parts += [measure() for measure in measures]
    total = sum(part.points for part in parts)
    value = min(100, max(0, total))
    if value != total:
        bound = "above 100" if total > 100 else "below 0"
        parts.append(ScorePart("bounds", value - total, f"The parts add up to {total}; no score goes {bound}."))
    return CallScore(value, tuple(parts), SCORE_VERSION)


def _score_two_way_speech(listening: Listening) -> ScorePart:
    name = "two_way_speech"
    two_way_s, duration_s = listening.turns.two_way_speech_s, listening.duration_s
    if two_way_s is None:
        return ScorePart(name, 0, "The parties cannot be told apart on this recording, so two-way speech was not measured.")
    if duration_s <= 0:
        return ScorePart(name, 0, "The recording has no length, so two-way speech was not measured.")
    share = min(1.0, two_way_s / duration_s)
    points = round(TWO_WAY_POINTS * share) if two_way_s > 0 else -TWO_WAY_POINTS
    return ScorePart(name, points, f"Two-way speech {two_way_s:.0f} s of {duration_s:.0f} s.")


def _score_answer(listening: Listening) -> ScorePart:
    name = "answer"
    firsts = [
        first_s
        for role, first_s in zip(listening.channel_roles, listening.turns.first_word_s, strict=False)
        if role is ChannelRole.AGENT and first_s is not None
    ]
    if ChannelRole.AGENT not in listening.channel_roles:
        return ScorePart(name, 0, "It is not known which party is the agent, so the answer was not timed.")
    if not firsts:
        return ScorePart(name, -ANSWER_POINTS, "The agent was never heard.")
    first_s = min(firsts)
    points = ANSWER_POINTS if first_s <= QUICK_ANSWER_S else -ANSWER_POINTS if first_s >= SLOW_ANSWER_S else 0
    return ScorePart(name, points, f"The agent was first heard at {first_s:.1f} s (quick: up to {QUICK_ANSWER_S:.0f} s).")


def _score_dead_air(listening: Listening) -> ScorePart:
    name = "dead_air"
    dead_s, duration_s = listening.turns.dead_air_s, listening.duration_s
    if duration_s <= 0:
        return ScorePart(name, 0, "The recording has no length, so dead air was not measured.")
    share = min(1.0, dead_s / duration_s)
    excess = max(0.0, share - TOLERATED_DEAD_AIR) / (1.0 - TOLERATED_DEAD_AIR)
    longest_s = listening.turns.longest_dead_air_s
    why = f"Dead air {dead_s:.0f} s of {duration_s:.0f} s, the longest {longest_s:.0f} s ({TOLERATED_DEAD_AIR:.0%} is usual)."
    return ScorePart(name, round(DEAD_AIR_POINTS * excess), why)


def _score_intent(hits: Sequence[KeywordHit]) -> ScorePart:
    said = sorted({hit.phrase for hit in hits if hit.pack in SUPPORTING_PACKS and not hit.low_trust})
    if not said:
        return ScorePart("intent", 0, "No words of the caller tell that they looked for this service.")
    quoted = ", ".join(f'"{phrase}"' for phrase in said[:3])
    return ScorePart("intent", INTENT_POINTS * min(3, len(said)), f"The caller's own search is heard: {quoted}.")


def _score_violations(hits: Sequence[KeywordHit]) -> ScorePart:
    """Take points once for each pack; words of low trust and context take none."""
    worst: dict[str, KeywordHit] = {}
    for hit in hits:
        if hit.kind is PackKind.VIOLATION and not hit.low_trust:
            worst.setdefault(hit.pack, hit)
    if not worst:
        return ScorePart("violation_words", 0, "No words that speak for a violation.")
    ranked = sorted(worst.values(), key=lambda hit: (-hit.severity.rank, hit.span, hit.pack))
    points = max(WORST_VIOLATIONS, sum(VIOLATION_POINTS[hit.severity] for hit in ranked))
    quoted = "; ".join(f'"{hit.quote}" at {hit.span.start_s:.0f} s ({hit.severity}, {hit.rule})' for hit in ranked[:3])
    more = f" and {len(ranked) - 3} more" if len(ranked) > 3 else ""
    return ScorePart("violation_words", points, f"Words that speak for a violation: {quoted}{more}.")


def _score_duration(facts: CallFacts) -> ScorePart:
    name = "billable_duration"
    if facts.billable_s is None or facts.connected_s is None:
        missing = "billable duration" if facts.billable_s is None else "connected duration"
        return ScorePart(name, 0, f"The {missing} is not known.")
    is_reached = facts.connected_s >= facts.billable_s
    verdict = "reached" if is_reached else "not reached"
    why = f"Connected {facts.connected_s:.0f} s, billable from {facts.billable_s:.0f} s: {verdict}."
    return ScorePart(name, BILLABLE_POINTS if is_reached else -BILLABLE_POINTS, why)


def _say_trust(utterances: Sequence[Utterance]) -> ScorePart:
    words = [word for utterance in utterances for word in utterance.words]
    if not words:
        return ScorePart("transcription", 0, "No recognised words with times: nothing can be said about trust in them.")
    low = sum(word.low_trust for word in words)
    share = low / len(words)
    why = f"{low} of {len(words)} recognised words ({share:.0%}) are of low trust"
    doubt = "; read this score with doubt" if share >= LOW_TRUST_DOUBT else ""
    return ScorePart("transcription", 0, f"{why}{doubt}.")
