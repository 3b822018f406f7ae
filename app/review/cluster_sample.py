"""How many calls of a cluster must be heard before the rest may be decided with them, which ones, and do they agree?

The sample is the smallest one that, when every call in it is alike, leaves a chance of at most 5 % for a tenth or more of the
calls to be something else. The chance is that of drawing without replacement (hypergeometric), exact: of N calls with D misfits
a sample of n is clean with C(N-D, n) / C(N, n). So of up to ten calls all are heard, of 100 it is 25, and never more than 29.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

from app.vocabulary import FindingDecision, Verdict

LEAST_MISFITS_SHARE = Fraction(1, 10)
"""From this share of misfits on a cluster is not one thing; a clean sample must make it unlikely."""

DOUBT = Fraction(1, 20)
"""The chance that is left for it: confidence of 95 %."""

LEAST_HEARD_S = 10.0
"""A sampled call counts as heard from this many seconds on, or the whole of the shared audio when that is shorter."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A call of the sample: what its reviewer said since the check was opened, None while nobody did.

    ``decisions`` are those on findings, by rule. ``heard_s`` is what the reviewer played, ``needed_s`` what it takes.
    """

    call_id: str
    verdict: Verdict | None
    decisions: Mapping[str, FindingDecision]
    heard_s: float
    was_played: bool
    needed_s: float

    @property
    def is_heard(self) -> bool:
        """Whether enough was played to count."""
        return self.was_played and self.heard_s >= self.needed_s


@dataclass(frozen=True, slots=True)
class SampleStanding:
    """Where a sample stands: ``verdict`` is set, and nothing else stands in the way, once it may be applied.

    ``waiting`` are calls without a verdict, ``unheard`` those judged without listening, ``objections`` sentences that say why
    the calls are not alike.
    """

    verdict: Verdict | None
    waiting: tuple[str, ...]
    unheard: tuple[str, ...]
    objections: tuple[str, ...]

    @property
    def may_apply(self) -> bool:
        """Whether the sample decides the rest."""
        return self.verdict is not None and not (self.waiting or self.unheard or self.objections)


def find_sample_size(calls: int) -> int:
    """Return how many of so many undecided calls must be heard."""
    misfits = -(-calls * LEAST_MISFITS_SHARE.numerator // LEAST_MISFITS_SHARE.denominator)
    size = 0
    while size < calls and chance_of_clean_sample(calls, misfits, size) > DOUBT:
        size += 1
    return size


def find_most_misfits(calls: int, sample_size: int) -> int:
    """Return how many of the calls may be something else although the sample was clean, at 95 % confidence."""
    misfits = 0
    while misfits < calls and chance_of_clean_sample(calls, misfits + 1, sample_size) > DOUBT:
        misfits += 1
    return misfits


def chance_of_clean_sample(calls: int, misfits: int, sample_size: int) -> Fraction:
    """Return the chance that a sample drawn without replacement holds none of the misfits."""
    chance = Fraction(1)
    for drawn in range(sample_size):
        chance *= Fraction(max(0, calls - misfits - drawn), calls - drawn)
    return chance


def draw_sample(seed: str, call_ids: Sequence[str], size: int) -> tuple[str, ...]:
    """Return the calls to hear: the first in order of SHA-256 over ``seed:call id``, which anybody can draw again."""
    return tuple(sorted(call_ids, key=lambda call_id: sha256(f"{seed}:{call_id}".encode()).digest())[:size])


def judge_sample(sample: Sequence[Sampled], known_verdicts: Mapping[str, Verdict]) -> SampleStanding:
    """Say whether the sampled calls agree, with one another and with the verdicts that other calls of the cluster have.

    Parameters
    ----------
    known_verdicts
        By call id, what counts for calls of the cluster outside the check; undecided ones do not speak.
    """
    given = {call.verdict for call in sample if call.verdict is not None}
    objections = []
    if len(given) > 1:
        objections.append(f"The sample holds different verdicts: {_say(given)}.")
    if Verdict.UNDECIDED in given:
        objections.append("A call of the sample is left undecided.")
    elif given and (others := set(known_verdicts.values()) - {Verdict.UNDECIDED} - given):
        objections.append(f"Other calls of the cluster were decided otherwise: {_say(others)}.")
    for rule in sorted({rule for call in sample for rule in call.decisions}):
        decisions = {call.decisions[rule] for call in sample if rule in call.decisions}
        if len(decisions) > 1:
            objections.append(f"The finding {rule} was decided in different ways.")
    return SampleStanding(
        verdict=next(iter(given)) if len(given) == 1 else None,
        waiting=tuple(call.call_id for call in sample if call.verdict is None),
        unheard=tuple(call.call_id for call in sample if call.verdict is not None and not call.is_heard),
        objections=tuple(objections),
    )


def choose_decisions(sample: Sequence[Sampled], calls_with_finding: Mapping[str, int]) -> dict[str, FindingDecision]:
    """Return the decisions on findings that may be applied: those that enough calls with the finding were heard for.

    Parameters
    ----------
    calls_with_finding
        By rule, how many calls of the check have the finding, sampled ones included.
    """
    chosen = {}
    for rule, calls in calls_with_finding.items():
        decided = [call.decisions[rule] for call in sample if rule in call.decisions]
        if decided and len(set(decided)) == 1 and len(decided) >= find_sample_size(calls):
            chosen[rule] = decided[0]
    return chosen


def _say(verdicts: set[Verdict]) -> str:
    return ", ".join(sorted(str(verdict).replace("_", " ") for verdict in verdicts))
