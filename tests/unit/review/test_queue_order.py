"""By when a call should be heard, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.review.queue.order import OpenFinding, SamplingPolicy, Waiting, find_place, is_sampled
from app.vocabulary import Authority, Outcome, QueueReason, ReviewQueue, Severity

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALL, NONE = SamplingPolicy(percent=100, first_of_source=0), SamplingPolicy(percent=0, first_of_source=0)


def finding(
    outcome: Outcome = Outcome.VIOLATION,
    severity: Severity = Severity.HIGH,
    authority: Authority = Authority.STATUTE,
    stake: int = 0,
) -> OpenFinding:
    return OpenFinding("R", "Called too early", outcome, severity, authority, stake)


def waiting(*findings: OpenFinding, **more: int) -> Waiting:
    return Waiting("c", NOW, findings, **more)


def due_h(call: Waiting) -> float:
    place = find_place(call, ALL)
    assert place is not None
    return (place.due_at - NOW).total_seconds() / 3600


def test_law_and_contract_wait_in_queues_of_their_own() -> None:
    contract = find_place(waiting(finding(authority=Authority.CONTRACT)), NONE)
    both = find_place(waiting(finding(authority=Authority.CONTRACT), finding()), NONE)
    assert contract is not None
    assert both is not None
    assert (contract.queue, both.queue) == (ReviewQueue.QUALITY, ReviewQueue.COMPLIANCE)


def test_a_violation_is_heard_before_a_doubt_and_a_grave_one_before_a_light_one() -> None:
    grave = due_h(waiting(finding(severity=Severity.CRITICAL)))
    doubt = due_h(waiting(finding(Outcome.REVIEW, Severity.CRITICAL)))
    light = due_h(waiting(finding(Outcome.REVIEW, Severity.LOW)))
    assert (grave, doubt, light) == (4, 12, 96)


def test_money_brings_a_call_forward_and_the_place_says_by_how_much() -> None:
    place = find_place(waiting(finding(stake=90_000), revenue_minor=0), NONE)
    assert place is not None
    assert place.due_at == NOW + timedelta(hours=12 / 2)  # 1 + log10(1 + 900/100) = 2
    assert place.parts == (
        "Called too early (high violation): within 12 h",
        "$900.00 at stake: 2.0 times as soon",
    )


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_money_is_never_heard_later(less: int, more: int) -> None:
    less, more = sorted((less, more))
    assert due_h(waiting(finding(stake=more))) <= due_h(waiting(finding(stake=less)))


def test_each_further_call_of_a_source_comes_a_little_later() -> None:
    assert due_h(waiting(finding(), waiting_of_source=4)) == 12 + 1
    place = find_place(waiting(finding(), waiting_of_source=4), NONE)
    assert place is not None
    assert place.parts[-1] == "4 of its source wait already: 1 h later"


def test_the_first_calls_of_a_source_are_heard_and_later_ones_by_chance() -> None:
    policy = SamplingPolicy(percent=0, first_of_source=10)
    first = find_place(waiting(calls_of_source=9), policy)
    assert first is not None
    assert (first.why, first.queue) == (QueueReason.NEW_SOURCE, ReviewQueue.QUALITY)
    assert find_place(waiting(calls_of_source=10), policy) is None
    drawn = find_place(waiting(calls_of_source=10), SamplingPolicy(percent=100, first_of_source=10))
    assert drawn is not None
    assert drawn.why is QueueReason.SAMPLE


@pytest.mark.parametrize("percent", [1.0, 5.0, 40.0])
def test_chance_draws_as_many_as_it_says_and_the_same_ones_again(percent: float) -> None:
    policy = SamplingPolicy(percent=percent)
    drawn = [is_sampled(f"call-{n}", policy) for n in range(20_000)]
    assert sum(drawn) / 200 == pytest.approx(percent, rel=0.15)
    assert drawn == [is_sampled(f"call-{n}", policy) for n in range(20_000)]
