"""How good was this call, and why? A first score from 0 to 100, made of parts that a person can check.

The formula: every call starts with 50 points. Each part adds or takes points for one measured thing and says so in a sentence;
a part that could not be measured gives 0 and says that. The last part holds the sum inside 0 to 100 where it would leave it, so
the parts always add up to the value. The weights are the product's first judgement, to be replaced by what reviewers' verdicts
teach; they are no law. Nothing is lowered for bad transcription: doubt is said, not charged to the call.

What was said is charged by what the rules found, never by the words alone: the same "you texted me" breaks one campaign's terms
and keeps another's, and only the rules know which campaign it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.compliance.finding import FindingValue
from app.conversation import CallScore, KeywordHit, Listening, ScorePart, Utterance
from app.vocabulary import ChannelRole, Outcome, Severity

SCORE_VERSION = "call-score/2"

START_POINTS = 50
TWO_WAY_POINTS = 25  # a conversation through and through
ANSWER_POINTS = 5
DEAD_AIR_POINTS = -20
INTENT_POINTS = 5  # for each different phrase of a supporting pack, at most three
BILLABLE_POINTS = 5
FINDING_POINTS = {Severity.INFO: 0, Severity.LOW: -3, Severity.MEDIUM: -8, Severity.HIGH: -15, Severity.CRITICAL: -25}
REVIEW_SHARE = 0.5  # of the points, while a person has yet to look
WORST_FINDINGS = -60  # all findings together take no more

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


def score_call(
    listening: Listening, hits: Sequence[KeywordHit], findings: Sequence[FindingValue], facts: CallFacts | None = None
) -> CallScore:
    """Return the score of a call with its parts; the parts add up to the value.

    ``findings`` are what the rules said of this call; only violations and what a person must look at count.
    """
    parts = [ScorePart("start", START_POINTS, f"Every call starts with {START_POINTS} points.")]
    measures: tuple[Callable[[], ScorePart], ...] = (
        lambda: _score_two_way_speech(listening),
        lambda: _score_answer(listening),
        lambda: _score_dead_air(listening),
        lambda: _score_intent(hits),
        lambda: _score_findings(findings),
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


def _score_findings(findings: Sequence[FindingValue]) -> ScorePart:
    """Take points once for each rule, by its worst finding; what a person must first look at takes half."""
    worst: dict[str, FindingValue] = {}
    for finding in findings:
        known = worst.get(finding.rule)
        if finding.is_flag and (known is None or _points_of(finding) < _points_of(known)):
            worst[finding.rule] = finding
    if not worst:
        return ScorePart("findings", 0, "No rule found anything against this call.")
    ranked = sorted(worst.values(), key=lambda finding: (_points_of(finding), finding.rule))
    points = max(WORST_FINDINGS, sum(map(_points_of, ranked)))
    named = "; ".join(map(_name_finding, ranked[:3]))
    more = f" and {len(ranked) - 3} more" if len(ranked) > 3 else ""
    return ScorePart("findings", points, f"The rules found: {named}{more}.")


def _points_of(finding: FindingValue) -> int:
    share = 1.0 if finding.outcome is Outcome.VIOLATION else REVIEW_SHARE
    return int(FINDING_POINTS[finding.severity] * share)


def _name_finding(finding: FindingValue) -> str:
    """Name the rule, not its reason: reasons may quote numbers, and a score is read by more people than findings are."""
    moment = f" at {finding.span.start_s:.0f} s" if finding.span else ""
    doubt = "" if finding.outcome is Outcome.VIOLATION else ", to be looked at: half"
    return f"{finding.rule}{moment} ({finding.severity}{doubt})"


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
