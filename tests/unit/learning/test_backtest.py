"""What counts as a change between two judgements, what money moves, and how that fits what people decided."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.learning.backtest import (
    MOST_KEPT,
    CallFacts,
    CallSides,
    Kept,
    Phrase,
    Said,
    Side,
    Totals,
    compare_call,
)
from app.vocabulary import FindingDecision, FlipKind, Outcome, Severity, Verdict

AT = datetime(2026, 11, 20, tzinfo=UTC)
V, R, E, P, N = (
    Outcome.VIOLATION, Outcome.REVIEW, Outcome.NEEDS_EVIDENCE, Outcome.PASS, Outcome.NOT_APPLICABLE,
)  # fmt: skip


def a_side(*phrases: Phrase, **said: Outcome | Said) -> Side:
    rules = {name.replace("_", "-"): s if isinstance(s, Said) else Said(s, Severity.HIGH) for name, s in said.items()}
    return Side(rules, phrases)


def a_call(before: Side, after: Side, **more: object) -> CallSides:
    money = {"revenue_minor": 3500, "payout_minor": 2100} | {k: more.pop(k) for k in ("revenue_minor", "currency") if k in more}
    return CallSides(CallFacts("c", "ext", AT, **money), before, after, **more)  # type: ignore[arg-type]


def count(*calls: CallSides) -> Totals:
    totals = Totals()
    for call in calls:
        totals.count(call)
    return totals


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (P, V, FlipKind.NEWLY_FLAGGED),
        (E, R, FlipKind.NEWLY_FLAGGED),
        (V, P, FlipKind.NO_LONGER_FLAGGED),
        (R, E, FlipKind.NO_LONGER_FLAGGED),
        (R, V, FlipKind.CHANGED),
        (P, E, FlipKind.CHANGED),
        (P, N, FlipKind.CHANGED),
    ],
)
def test_what_a_rule_says_anew_is_a_flip_of_its_kind(before: Outcome, after: Outcome, kind: FlipKind) -> None:
    flips, _ = compare_call(a_call(a_side(A=before), a_side(A=after)))
    assert [(flip.rule, flip.kind) for flip in flips] == [("A", kind)]


def test_a_rule_that_is_new_flips_only_where_it_says_something() -> None:
    nothing, flag, no_matter = a_side(), a_side(A=V), a_side(A=N)
    assert compare_call(a_call(nothing, no_matter)) == ((), ())
    (flip,), _ = compare_call(a_call(nothing, flag))
    assert (flip.kind, flip.before) == (FlipKind.NEWLY_FLAGGED, None)


def test_severity_flips_a_flag_and_not_a_pass() -> None:
    def said(outcome: Outcome, severity: Severity) -> Side:
        return a_side(A=Said(outcome, severity))

    flips, _ = compare_call(a_call(said(V, Severity.HIGH), said(V, Severity.LOW)))
    assert [flip.kind for flip in flips] == [FlipKind.CHANGED]
    assert compare_call(a_call(said(P, Severity.HIGH), said(P, Severity.LOW))) == ((), ())


def test_phrases_count_by_pack_words_and_place() -> None:
    one, moved, other = Phrase("PH-A", "hi", 1.0, 2.0), Phrase("PH-A", "hi", 5.0, 6.0), Phrase("PH-B", "hi", 1.0, 2.0)
    _, changes = compare_call(a_call(a_side(one), a_side(moved, other)))
    assert [(c.phrase, c.is_added) for c in changes] == [(one, False), (other, True), (moved, True)]
    packs = count(a_call(a_side(one), a_side(moved, other))).packs
    assert packs["PH-A"].to_json() == {"before": 1, "after": 1, "added": 1, "removed": 1}
    assert packs["PH-B"].to_json() == {"before": 0, "after": 1, "added": 1, "removed": 0}


def test_money_moves_once_with_a_call_that_is_flagged_or_not_billable_on_one_side_only() -> None:
    totals = count(
        a_call(a_side(A=P), a_side(A=V)),
        a_call(a_side(A=V), a_side(A=R, QUAL_DUPE=V)),  # flagged on both sides, no longer billable
        a_call(a_side(A=V, QUAL_DUPE=V), a_side(A=P, QUAL_DUPE=P)),  # neither flagged nor unbillable any more
        a_call(a_side(A=V), a_side(A=V, B=R)),  # a flag more, the call was flagged before
        a_call(a_side(A=V), a_side(A=V)),
    )
    money = totals.money["USD"]
    assert money.moved_revenue == 3 * 3500
    assert money.newly_flagged_revenue == 3500
    assert money.no_longer_flagged_payout == 2100
    assert money.newly_unbillable_revenue == 3500
    assert money.billable_again_revenue == 3500
    assert money.with_new_flags_revenue == 3 * 3500
    assert (totals.calls.newly_flagged, totals.calls.no_longer_flagged, totals.calls.with_new_flags) == (1, 1, 3)


def test_money_of_two_currencies_never_mixes_and_unknown_money_is_told() -> None:
    totals = count(
        a_call(a_side(), a_side(A=V), currency="EUR"),
        a_call(a_side(), a_side(A=V)),
        a_call(a_side(), a_side(A=V), revenue_minor=None),
    )
    assert {name: money.moved_revenue for name, money in totals.money.items()} == {"EUR": 3500, "USD": 3500}
    assert totals.calls.money_unknown == 1


def test_money_at_stake_is_that_of_flags() -> None:
    stake = Said(V, Severity.HIGH, (50_000, 150_000))
    larger = Said(R, Severity.HIGH, (100_000, 150_000))
    asked = Said(E, Severity.HIGH, (50_000, 150_000))
    rule = count(
        a_call(a_side(A=asked), a_side(A=stake)),
        a_call(a_side(A=stake), a_side(A=larger)),
        a_call(a_side(A=stake), a_side(A=asked)),
    ).rules["A"]
    assert (rule.stake_least_added, rule.stake_most_added) == (50_000 + 50_000, 150_000)
    assert (rule.stake_least_removed, rule.stake_most_removed) == (50_000, 150_000)


def test_precision_and_recall_come_from_decided_findings_alone() -> None:
    agreed, refused = {"A": FindingDecision.AGREE}, {"A": FindingDecision.REFUSE}
    rule = count(
        a_call(a_side(A=V), a_side(A=V), decisions=agreed),
        a_call(a_side(A=V), a_side(A=P), decisions=agreed),
        a_call(a_side(A=V), a_side(A=P), decisions=refused),
        a_call(a_side(A=P), a_side(A=R), decisions=refused),
        a_call(a_side(A=V), a_side(A=V), decisions={"A": FindingDecision.NEEDS_EVIDENCE}),
        a_call(a_side(A=V), a_side(A=V)),
    ).rules["A"]
    assert (rule.right_before, rule.wrong_before, rule.missed_before) == (2, 1, 0)
    assert (rule.right_after, rule.wrong_after, rule.missed_after) == (1, 1, 1)


def test_a_new_flag_on_a_call_found_good_is_doubtful_unless_somebody_decided_about_the_rule() -> None:
    good = {"verdict": Verdict.GOOD}
    totals = count(
        a_call(a_side(), a_side(A=V), **good),
        a_call(a_side(), a_side(A=V), decisions={"A": FindingDecision.AGREE}, **good),
        a_call(a_side(), a_side(A=V), verdict=Verdict.ROBOCALL),
        a_call(a_side(A=V), a_side(A=V), **good),
    )
    assert totals.rules["A"].doubtful == 1


outcomes = st.sampled_from(list(Outcome))
sides = st.dictionaries(
    st.sampled_from(["A", "B", "QUAL-DUPE"]),
    st.builds(Said, outcomes, st.sampled_from(list(Severity)), st.sampled_from([(0, 0), (500, 1500)])),
).map(Side)
decided = st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from(list(FindingDecision)))
facts = st.builds(CallFacts, st.just("c"), st.just("e"), st.just(AT), st.none() | st.integers(0, 9999), st.just(1))
calls = st.builds(CallSides, facts, sides, sides, decided, st.none() | st.sampled_from(list(Verdict)))


@given(st.lists(calls, max_size=12), st.integers(0, 12))
def test_totals_of_parts_add_up_to_the_totals_of_the_whole(many: list[CallSides], cut: int) -> None:
    parts = count(*many[:cut])
    parts.add(count(*many[cut:]))
    assert parts.to_json() == count(*many).to_json()


@given(st.lists(calls, max_size=8))
def test_a_judgement_beside_itself_changes_nothing(many: list[CallSides]) -> None:
    totals = count(*(CallSides(c.call, c.before, c.before, c.decisions, c.verdict) for c in many))
    assert totals.money == {}
    assert all(not (r.newly_flagged or r.no_longer_flagged or r.changed or r.doubtful) for r in totals.rules.values())
    assert totals.calls.flagged_before == totals.calls.flagged_after


@given(st.lists(calls, max_size=8))
def test_turning_the_sides_around_turns_the_counts_around(many: list[CallSides]) -> None:
    there = count(*many).calls
    back = count(*(CallSides(c.call, c.after, c.before, c.decisions, c.verdict) for c in many)).calls
    assert (there.newly_flagged, there.with_new_flags, there.newly_unbillable) == (
        back.no_longer_flagged, back.with_lost_flags, back.billable_again,
    )  # fmt: skip


def test_what_is_kept_is_bounded_and_every_rule_has_its_turn() -> None:
    kept = Kept()
    for _ in range(200):
        kept.add(*compare_call(a_call(a_side(B=R), a_side(A=V, B=V))))
    kept.add(*compare_call(a_call(a_side(C=R), a_side(C=P))))
    told = kept.to_json()
    assert (len(told["flips"]), told["flips_total"]) == (MOST_KEPT, 401)
    assert [flip["rule"] for flip in told["flips"][:3]] == ["A", "C", "A"]
    assert "B" not in [flip["rule"] for flip in told["flips"][:49]]  # flags that come and go stand first
