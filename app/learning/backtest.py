"""What would change if calls were judged by other rules? Compares two judgements of each call and adds up what differs.

Pure values: :class:`CallSides` holds both judgements of a call, :func:`compare_call` names what differs, :class:`Totals` adds
up. Totals of parts add up to the totals of the whole, so that many processes may count. What was not decided by a person is
nobody's opinion: precision and recall come from decided findings alone, always with counts and an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from app.compliance.finding import FLAGGED
from app.vocabulary import FindingDecision, FlipKind, Outcome, Severity, Verdict

BILLING_RULES = "QUAL-"
"""Rules that ask whether the campaign pays for the call; a violation of one says that it does not."""

MOST_KEPT = 50
"""Flips, and phrases, that a result holds itself; all of them stand in its file."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one rule says of a call; ``stake_minor`` is the money at stake by law, least and most, in US cents. ``start_s`` and
    ``end_s`` are where to listen first, ``quote`` the words heard there, with numbers of people masked."""

    outcome: Outcome
    severity: Severity
    stake_minor: tuple[int, int] = (0, 0)
    reason: str = ""
    quote: str = ""
    start_s: float | None = None
    end_s: float | None = None

    @property
    def is_flag(self) -> bool:
        """Tell whether lists count it."""
        return self.outcome in FLAGGED


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a pack at its place in a call."""

    pack: str
    phrase: str
    start_s: float
    end_s: float
    quote: str = ""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One judgement of a call: what every rule says, and which phrases were heard."""

    said: Mapping[str, Said]
    phrases: tuple[Phrase, ...] = ()

    @property
    def flags(self) -> frozenset[str]:
        """Return the rules that flag the call."""
        return frozenset(rule for rule, said in self.said.items() if said.is_flag)

    @property
    def is_unbillable(self) -> bool:
        """Tell whether a term of the campaign is not met."""
        return any(s.outcome is Outcome.VIOLATION for rule, s in self.said.items() if rule.startswith(BILLING_RULES))


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Which call it is, and its money as the sender says; ``None``: nobody says."""

    id: str
    external_id: str
    started_at: datetime
    revenue_minor: int | None = None
    payout_minor: int | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class CallSides:
    """A call judged twice: ``before`` by what is in force, ``after`` by what is tried; and what people said of it."""

    call: CallFacts
    before: Side
    after: Side
    decisions: Mapping[str, FindingDecision] = field(default_factory=dict)
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """A rule that says something else of a call; a side is None where the rule says nothing at all there."""

    call: CallFacts
    rule: str
    kind: FlipKind
    before: Said | None
    after: Said | None
    decision: FindingDecision | None = None
    is_reviewed_good: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the flip as a result keeps it."""
        shown = self.after if self.after is not None and self.after.is_flag else self.before or self.after
        assert shown is not None
        return {
            "call_id": self.call.id,
            "external_id": self.call.external_id,
            "started_at": self.call.started_at.isoformat(),
            "rule": self.rule,
            "kind": str(self.kind),
            "before": _outcome_json(self.before),
            "after": _outcome_json(self.after),
            "quote": shown.quote,
            "reason": shown.reason,
            "start_s": shown.start_s,
            "end_s": shown.end_s,
            "revenue_minor": self.call.revenue_minor,
            "payout_minor": self.call.payout_minor,
            "currency": self.call.currency,
            "decision": None if self.decision is None else str(self.decision),
            "is_reviewed_good": self.is_reviewed_good,
        }


@dataclass(frozen=True, slots=True)
class PhraseChange:
    """A phrase that only one side hears."""

    call: CallFacts
    phrase: Phrase
    is_added: bool

    def to_json(self) -> dict[str, Any]:
        """Return the change as a result keeps it."""
        return {
            "call_id": self.call.id,
            "external_id": self.call.external_id,
            "pack": self.phrase.pack,
            "phrase": self.phrase.phrase,
            "change": "added" if self.is_added else "removed",
            "quote": self.phrase.quote,
            "speaker": self.phrase.speaker,
            "start_s": self.phrase.start_s,
            "end_s": self.phrase.end_s,
        }


@dataclass(slots=True)
class _Sum:
    """Counts that add up field by field."""

    def add(self, other: Self) -> None:
        """Add another's counts to these."""
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))

    def to_json(self) -> dict[str, Any]:
        """Return the counts by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(slots=True)
class RuleCounts(_Sum):
    """What a rule says on both sides, and how that fits what people decided.

    ``right`` and ``wrong`` count flags that a person agreed with and refused, ``missed`` calls a person agreed about that the
    side does not flag. ``doubtful`` are new flags on calls that a reviewer found good, while nobody decided about this rule.
    """

    violation_before: int = 0
    violation_after: int = 0
    review_before: int = 0
    review_after: int = 0
    needs_evidence_before: int = 0
    needs_evidence_after: int = 0
    newly_flagged: int = 0
    no_longer_flagged: int = 0
    changed: int = 0
    stake_least_added: int = 0
    stake_most_added: int = 0
    stake_least_removed: int = 0
    stake_most_removed: int = 0
    right_before: int = 0
    wrong_before: int = 0
    missed_before: int = 0
    right_after: int = 0
    wrong_after: int = 0
    missed_after: int = 0
    doubtful: int = 0

    @property
    def is_worth_telling(self) -> bool:
        """Tell whether the rule flags anything, asks for evidence, or differs between the sides."""
        return any(value for value in self.to_json().values())


@dataclass(slots=True)
class PackCounts(_Sum):
    """How often phrases of a pack were heard on both sides."""

    before: int = 0
    after: int = 0
    added: int = 0
    removed: int = 0


@dataclass(slots=True)
class MoneyCounts(_Sum):
    """Revenue and payout, in minor units of one currency, of the calls for which something changes.

    ``moved`` counts, each once, the calls that are flagged, or not billable, on one side only; ``with_new_flags`` those that a
    rule flags anew, whatever other rules say.
    """

    newly_flagged_revenue: int = 0
    newly_flagged_payout: int = 0
    no_longer_flagged_revenue: int = 0
    no_longer_flagged_payout: int = 0
    with_new_flags_revenue: int = 0
    with_new_flags_payout: int = 0
    with_lost_flags_revenue: int = 0
    with_lost_flags_payout: int = 0
    newly_unbillable_revenue: int = 0
    newly_unbillable_payout: int = 0
    billable_again_revenue: int = 0
    billable_again_payout: int = 0
    moved_revenue: int = 0
    moved_payout: int = 0


@dataclass(slots=True)
class CallCounts(_Sum):
    """Calls by how they were judged and what changes for them."""

    judged: int = 0
    from_record: int = 0
    judged_anew: int = 0
    record_differs: int = 0
    without_facts: int = 0
    without_transcript: int = 0
    flagged_before: int = 0
    flagged_after: int = 0
    newly_flagged: int = 0
    no_longer_flagged: int = 0
    with_new_flags: int = 0
    with_lost_flags: int = 0
    newly_unbillable: int = 0
    billable_again: int = 0
    with_flips: int = 0
    reviewed: int = 0
    money_unknown: int = 0


@dataclass(slots=True)
class Totals:
    """What was counted over many calls."""

    calls: CallCounts = field(default_factory=CallCounts)
    rules: dict[str, RuleCounts] = field(default_factory=dict)
    packs: dict[str, PackCounts] = field(default_factory=dict)
    money: dict[str, MoneyCounts] = field(default_factory=dict)

    def add(self, other: Totals) -> None:
        """Add what was counted over other calls."""
        self.calls.add(other.calls)
        for name, rule in other.rules.items():
            self.rules.setdefault(name, RuleCounts()).add(rule)
        for name, pack in other.packs.items():
            self.packs.setdefault(name, PackCounts()).add(pack)
        for name, money in other.money.items():
            self.money.setdefault(name, MoneyCounts()).add(money)

    def count(self, sides: CallSides) -> tuple[tuple[Flip, ...], tuple[PhraseChange, ...]]:
        """Count a call and return what differs on it."""
        flips, phrases = compare_call(sides)
        self._count_call(sides, flips)
        for rule in sides.before.said.keys() | sides.after.said.keys() | sides.decisions.keys():
            counts = self.rules.setdefault(rule, RuleCounts())
            _count_rule(counts, sides.before.said.get(rule), sides.after.said.get(rule), sides.decisions.get(rule))
        for flip in flips:
            _count_flip(self.rules[flip.rule], flip)
        for side, name in ((sides.before, "before"), (sides.after, "after")):
            for phrase in side.phrases:
                pack = self.packs.setdefault(phrase.pack, PackCounts())
                setattr(pack, name, getattr(pack, name) + 1)
        for change in phrases:
            pack = self.packs[change.phrase.pack]
            pack.added, pack.removed = pack.added + change.is_added, pack.removed + (not change.is_added)
        return flips, phrases

    def _count_call(self, sides: CallSides, flips: Sequence[Flip]) -> None:
        calls, call = self.calls, sides.call
        was, now = bool(sides.before.flags), bool(sides.after.flags)
        was_unbillable, is_unbillable = sides.before.is_unbillable, sides.after.is_unbillable
        calls.judged += 1
        calls.flagged_before, calls.flagged_after = calls.flagged_before + was, calls.flagged_after + now
        calls.newly_flagged += now and not was
        calls.no_longer_flagged += was and not now
        calls.newly_unbillable += is_unbillable and not was_unbillable
        calls.billable_again += was_unbillable and not is_unbillable
        calls.with_flips += bool(flips)
        calls.reviewed += sides.verdict is not None or bool(sides.decisions)
        has_new, has_lost = sides.after.flags - sides.before.flags, sides.before.flags - sides.after.flags
        calls.with_new_flags, calls.with_lost_flags = (
            calls.with_new_flags + bool(has_new),
            calls.with_lost_flags + bool(has_lost),
        )
        names = ["with_new_flags"] * bool(has_new) + ["with_lost_flags"] * bool(has_lost)
        if was != now or was_unbillable != is_unbillable:
            names.append("moved")
        if not names:
            return
        calls.money_unknown += call.revenue_minor is None
        money = self.money.setdefault(call.currency, MoneyCounts())
        if was != now:
            names.append("newly_flagged" if now else "no_longer_flagged")
        if was_unbillable != is_unbillable:
            names.append("newly_unbillable" if is_unbillable else "billable_again")
        for name in names:
            for of, amount in (("revenue", call.revenue_minor), ("payout", call.payout_minor)):
                setattr(money, f"{name}_{of}", getattr(money, f"{name}_{of}") + (amount or 0))

    def to_json(self) -> dict[str, Any]:
        """Return the counts as a result keeps them; rules about which there is nothing to say are left out."""
        told = {name: counts for name, counts in sorted(self.rules.items()) if counts.is_worth_telling}
        return {
            "calls": self.calls.to_json(),
            "money": [{"currency": name, **counts.to_json()} for name, counts in sorted(self.money.items())],
            "rules": [{"rule": name, **counts.to_json()} for name, counts in told.items()],
            "packs": [{"pack": name, **counts.to_json()} for name, counts in sorted(self.packs.items())],
        }


class Kept:
    """The first flips and phrase changes of each rule and pack, dealt out fairly at the end; few are in memory."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._flips: dict[str, list[Flip]] = {}
        self._phrases: dict[str, list[PhraseChange]] = {}
        self.flips_total = self.phrases_total = 0

    def add(self, flips: Iterable[Flip], phrases: Iterable[PhraseChange]) -> None:
        """Keep what there is room for."""
        for flip in flips:
            self.flips_total += 1
            _keep(self._flips, f"{_RANK[flip.kind]} {flip.rule}", flip, self._most)
        for change in phrases:
            self.phrases_total += 1
            _keep(self._phrases, change.phrase.pack, change, self._most)

    def to_json(self) -> dict[str, Any]:
        """Return what a result keeps: flags that come and go first, each rule in its turn."""
        ordered: list[Flip] = []
        for rank in sorted(set(_RANK.values())):
            ordered += _deal({name: some for name, some in self._flips.items() if name.startswith(str(rank))})
        return {
            "flips": [flip.to_json() for flip in ordered[: self._most]],
            "flips_total": self.flips_total,
            "phrases": [change.to_json() for change in list(_deal(self._phrases))[: self._most]],
            "phrases_total": self.phrases_total,
        }


_RANK = {FlipKind.NEWLY_FLAGGED: 0, FlipKind.NO_LONGER_FLAGGED: 0, FlipKind.CHANGED: 1}


def _keep(groups: dict[str, list[Any]], name: str, item: Any, most: int) -> None:
    group = groups.setdefault(name, [])
    if len(group) < most:
        group.append(item)


def _deal(groups: Mapping[str, Sequence[Any]]) -> Iterator[Any]:
    """Yield the first of each group, then the second of each, and so on; groups by name."""
    for turn in range(max(map(len, groups.values()), default=0)):
        yield from (groups[name][turn] for name in sorted(groups) if turn < len(groups[name]))


def compare_call(sides: CallSides) -> tuple[tuple[Flip, ...], tuple[PhraseChange, ...]]:
    """Return the rules that say something else of a call, by name, and the phrases that only one side hears, by time.

    That a rule is not there and that it does not apply are the same answer; how severe a pass would have been does not count.
    """
    flips = []
    for rule in sorted(sides.before.said.keys() | sides.after.said.keys()):
        before, after = sides.before.said.get(rule), sides.after.said.get(rule)
        if _short(before) == _short(after):
            continue
        was, now = before is not None and before.is_flag, after is not None and after.is_flag
        kind = FlipKind.CHANGED if was == now else FlipKind.NEWLY_FLAGGED if now else FlipKind.NO_LONGER_FLAGGED
        is_good = sides.verdict is Verdict.GOOD
        flips.append(Flip(sides.call, rule, kind, before, after, sides.decisions.get(rule), is_good))
    old, new = ({_place(p): p for p in side.phrases} for side in (sides.before, sides.after))
    changes = [PhraseChange(sides.call, p, is_added=True) for place, p in new.items() if place not in old]
    changes += [PhraseChange(sides.call, p, is_added=False) for place, p in old.items() if place not in new]
    return tuple(flips), tuple(sorted(changes, key=lambda c: (c.phrase.start_s, c.phrase.pack, c.phrase.phrase)))


def _count_rule(counts: RuleCounts, before: Said | None, after: Said | None, decision: FindingDecision | None) -> None:
    for side, said in (("before", before), ("after", after)):
        is_flag = said is not None and said.is_flag
        if said is not None and said.outcome in (*FLAGGED, Outcome.NEEDS_EVIDENCE):
            name = f"{said.outcome}_{side}"
            setattr(counts, name, getattr(counts, name) + 1)
        if decision is FindingDecision.AGREE:
            name = f"right_{side}" if is_flag else f"missed_{side}"
        elif decision is FindingDecision.REFUSE and is_flag:
            name = f"wrong_{side}"
        else:
            continue
        setattr(counts, name, getattr(counts, name) + 1)
    stakes = [said.stake_minor if said is not None and said.is_flag else (0, 0) for said in (before, after)]
    least, most = stakes[1][0] - stakes[0][0], stakes[1][1] - stakes[0][1]
    counts.stake_least_added, counts.stake_least_removed = (
        counts.stake_least_added + max(0, least),
        counts.stake_least_removed + max(0, -least),
    )
    counts.stake_most_added, counts.stake_most_removed = (
        counts.stake_most_added + max(0, most),
        counts.stake_most_removed + max(0, -most),
    )


def _count_flip(counts: RuleCounts, flip: Flip) -> None:
    setattr(counts, str(flip.kind), getattr(counts, str(flip.kind)) + 1)
    counts.doubtful += flip.kind is FlipKind.NEWLY_FLAGGED and flip.is_reviewed_good and flip.decision is None


def _short(said: Said | None) -> tuple[Outcome, Severity | None]:
    if said is None or said.outcome is Outcome.NOT_APPLICABLE:
        return Outcome.NOT_APPLICABLE, None
    return said.outcome, None if said.outcome is Outcome.PASS else said.severity


def _place(phrase: Phrase) -> tuple[str, str, float, float]:
    return phrase.pack, phrase.phrase, phrase.start_s, phrase.end_s


def _outcome_json(said: Said | None) -> dict[str, str] | None:
    return None if said is None else {"outcome": str(said.outcome), "severity": str(said.severity)}
