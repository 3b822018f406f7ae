"""Section 9 of the rule sheet, case 34, and the other terms that make a call billable."""

from typing import Any

import pytest

from tests.factories.screening import inbound, outcome_of, said

AT = "2026-11-23T18:00:00Z"
CALLER = "+13055550142"


def call(**more: Any) -> dict[str, Any]:
    return {**inbound(CALLER, AT), "advertiser": "Acme", **more}


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ("2026-10-25T18:00:00Z", "violation"),  # 29 days
        ("2026-10-24T18:00:00Z", "violation"),  # exactly 30 times 24 hours
        ("2026-10-24T17:59:59Z", "pass"),
        ("2026-10-23T18:00:00Z", "pass"),  # 31 days
    ],
)
def test_9_34_the_same_number_for_the_same_advertiser_inside_the_window_is_a_duplicate(earlier: str, expected: str) -> None:
    assert outcome_of(call(prior_calls=[{"at": earlier, "advertiser": "acme"}]), "QUAL-DUPE") == expected


def test_9_34_another_advertiser_is_no_duplicate_and_an_anonymous_caller_needs_evidence() -> None:
    prior = [{"at": "2026-11-20T18:00:00Z", "advertiser": "Other"}]
    assert outcome_of(call(prior_calls=prior), "QUAL-DUPE") == "pass"
    hidden = {**inbound(CALLER, AT, **{"from": None}), "advertiser": "Acme", "prior_calls": prior}
    assert outcome_of(hidden, "QUAL-DUPE") == "needs_evidence"
    assert outcome_of(call(prior_calls=[{"at": "2026-11-20T18:00:00Z"}]), "QUAL-DUPE") == "needs_evidence"


def test_the_campaign_sets_its_own_window() -> None:
    week = {"dedupe": {"window_days": 7}}
    prior = [{"at": "2026-11-10T18:00:00Z", "advertiser": "Acme"}]
    assert outcome_of(call(prior_calls=prior, campaign=week), "QUAL-DUPE") == "pass"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23T13:59:59Z", "violation"),  # Monday 08:59:59 Eastern
        ("2026-11-23T14:00:00Z", "pass"),
        ("2026-11-24T00:59:59Z", "pass"),  # Monday 19:59:59
        ("2026-11-24T01:00:00Z", "violation"),  # the end is exclusive
        ("2026-11-22T18:00:00Z", "violation"),  # Sunday is not listed
    ],
)
def test_a_call_outside_the_campaigns_hours_is_not_billable(at: str, expected: str) -> None:
    hours = {"hours": {"tz": "America/New_York", "mon_fri": ["09:00", "20:00"]}}
    assert outcome_of({**inbound(CALLER, at), "campaign": hours}, "QUAL-HOURS") == expected


@pytest.mark.parametrize(
    ("lasted", "expected"), [(119, "violation"), (119.9, "violation"), (120, "pass"), (None, "needs_evidence")]
)
def test_a_call_is_billable_from_the_second_that_equals_the_limit(lasted: float | None, expected: str) -> None:
    assert outcome_of(call(duration_s=lasted, campaign={"billable_seconds": 120}), "QUAL-DURATION") == expected


def test_the_length_follows_from_the_last_legs_times_when_nobody_tells_it() -> None:
    times = {"answered_at": "2026-11-23T18:00:05Z", "ended_at": "2026-11-23T18:02:05Z"}
    facts = {**inbound(CALLER, AT, **times), "campaign": {"billable_seconds": 120}}
    assert outcome_of(facts, "QUAL-DURATION") == "pass"


def test_a_cap_that_was_reached_before_the_call_makes_it_not_billable() -> None:
    assert outcome_of(call(pacing=[{"period": "day", "cap": 5, "count_before": 5}]), "QUAL-PACING") == "violation"
    assert outcome_of(call(pacing=[{"period": "day", "cap": 5, "count_before": 4}]), "QUAL-PACING") == "pass"


def test_one_number_that_calls_six_times_in_a_week_is_looked_at() -> None:
    calls = [{"at": f"2026-11-{day}T18:00:00Z", "advertiser": name} for day, name in zip(range(18, 23), "abcde", strict=True)]
    assert outcome_of(call(prior_calls=calls), "FRAUD-REPEAT") == "review"
    assert outcome_of(call(prior_calls=calls[1:]), "FRAUD-REPEAT") == "pass"


def test_a_wrong_number_is_a_misdial() -> None:
    facts = call(utterances=said(("caller", 2.0, "oh sorry I dialed the wrong number")))
    assert outcome_of(facts, "QUAL-MISDIAL") == "violation"


@pytest.mark.parametrize(
    ("number", "consumer", "expected"),
    [
        ("+13052345678", {}, "pass"),
        ("+12142345678", {}, "violation"),
        ("+12142345678", {"zip": "33101"}, "pass"),
        ("+12142345678", {"stated_state": "FL"}, "review"),
        ("+18332345678", {}, "needs_evidence"),
    ],
)
def test_a_consumer_outside_the_campaigns_states_is_not_billable(number: str, consumer: dict[str, str], expected: str) -> None:
    facts = {**inbound(number, AT), "campaign": {"geo": {"states": ["FL"]}}, "consumer": consumer}
    assert outcome_of(facts, "QUAL-GEO") == expected
