"""Attempts within a rolling day (section 9, case 6)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compliance.place.frequency import FrequencyResult, frequency_check, plain_entity
from app.compliance.place.state_rules import load_state_rules
from app.vocabulary import AttemptKind

T = datetime(2026, 11, 2, 15, tzinfo=UTC)
H, M = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tried:
    at: datetime
    subject: str | None = None
    entity: str | None = None
    kind: AttemptKind = AttemptKind.CALL
    number: str | None = None


def find(state: str, moment: datetime, *tried: Tried, on: date | None = None, **facts: object) -> FrequencyResult | None:
    rules = load_state_rules().states[state]
    return frequency_check(rules, moment, tried, on=on or moment.date(), **facts)  # type: ignore[arg-type]


def count(state: str, moment: datetime, *tried: Tried, **facts: object) -> FrequencyResult:
    result = find(state, moment, *tried, **facts)  # type: ignore[arg-type]
    assert result is not None, f"no cap holds in {state}"
    return result


def test_case_6_the_fourth_attempt_within_24_hours_is_one_too_many_in_florida() -> None:
    earlier = [Tried(T, "roof"), Tried(T + 2 * H, "roof"), Tried(T + 5 * H, "roof")]
    third = count("FL", T + 5 * H, *earlier[:2])
    fourth = count("FL", T + 24 * H - M, *earlier)
    next_day = count("FL", T + 24 * H + M, *earlier)
    assert [(r.sure, r.is_over) for r in (third, fourth, next_day)] == [(3, False), (4, True), (3, False)]


def test_exactly_24_hours_later_the_first_attempt_is_out_of_the_window() -> None:
    result = count("FL", T + 24 * H, Tried(T), Tried(T + H), Tried(T + 2 * H))
    assert result.sure == 3


def test_case_6_two_subjects_are_counted_apart_and_named() -> None:
    result = count("FL", T + 5 * H, Tried(T, "roof"), Tried(T + H, "auto"), Tried(T + 2 * H, "roof"), subject="Auto ")
    assert (result.sure, result.may_be_over, result.other_subjects) == (2, False, ("roof",))


def test_a_subject_that_is_not_known_may_make_it_one_too_many() -> None:
    tried = [Tried(T, "roof"), Tried(T + H, "roof"), Tried(T + 2 * H, "roof"), Tried(T + 3 * H, "auto")]
    result = count("FL", T + 5 * H, *tried)
    assert (result.is_over, result.may_be_over) == (False, True)
    assert count("FL", T + 5 * H, *tried[:3]).is_over  # one subject in all that is known


def test_case_6_four_attempts_on_two_subjects_pass_even_where_this_ones_subject_is_not_known() -> None:
    result = count("FL", T + 5 * H, Tried(T, "roof"), Tried(T + H, "auto"), Tried(T + 2 * H, "roof"))
    assert (result.sure, result.possible, result.may_be_over) == (1, 3, False)
    assert result.other_subjects == ("auto", "roof")


def test_subjects_of_other_sellers_do_not_make_ours_doubtful() -> None:
    ours = [Tried(T + n * M, "roof", "Acme Roofs, LLC") for n in range(3)]
    result = count("FL", T + H, *ours, Tried(T, "auto", "Other Inc."), entity="ACME ROOFS")
    assert (result.sure, result.is_over, result.other_subjects) == (4, True, ())


def test_attempts_whose_subject_nobody_noted_count_while_no_other_subject_is_known() -> None:
    tried = [Tried(T), Tried(T + H), Tried(T + 2 * H)]
    assert count("FL", T + 5 * H, *tried).is_over
    assert count("FL", T + 5 * H, *tried, subject="roof").is_over
    mixed = count("FL", T + 5 * H, *tried, Tried(T, "auto"), subject="roof")
    assert (mixed.is_over, mixed.may_be_over) == (False, True)


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [("Acme Roofs, LLC", "acme roofs", True), ("A & B Co., Inc.", "A & B", True), ("Acme", "Acne", False), ("Co", "co.", True)],
)
def test_company_names_are_compared_without_their_legal_form(one: str, other: str, are_one: bool) -> None:
    assert (plain_entity(one) == plain_entity(other)) is are_one
    assert plain_entity("") is plain_entity(None) is None


def test_other_sellers_and_other_numbers_do_not_count() -> None:
    others = [Tried(T + n * M, "roof", "Other Roofs LLC") for n in range(5)]
    result = count("FL", T + H, *others, subject="roof", entity="Acme Roofs LLC")
    assert result.sure == 1
    elsewhere = [Tried(T + n * M, number="+15032345678") for n in range(5)]
    in_oregon = count("OR", T + H, *elsewhere, number="+15032345679")
    assert in_oregon.sure == 1


def test_oregon_counts_without_regard_to_the_subject() -> None:
    tried = [Tried(T, "roof"), Tried(T + H, "auto"), Tried(T + 2 * H, "solar")]
    result = count("OR", T + 3 * H, *tried, subject="windows")
    assert (result.sure, result.is_over, result.cap.exempt_relationship_months) == (4, True, 18)


def test_case_6_texts_count_in_maryland_and_not_in_florida() -> None:
    tried = [Tried(T), Tried(T + H, kind=AttemptKind.TEXT), Tried(T + 2 * H, kind=AttemptKind.TEXT)]
    assert count("MD", T + 3 * H, *tried).is_over
    assert count("FL", T + 3 * H, *tried).sure == 2


@pytest.mark.parametrize(
    ("state", "before", "first"),
    [
        ("OR", "2025-12-31", "2026-01-01"),
        ("FL", "2021-06-30", "2021-07-01"),
        ("OK", "2022-10-31", "2022-11-01"),
        ("MD", "2023-12-31", "2024-01-01"),
    ],
)
def test_a_cap_holds_from_its_first_day(state: str, before: str, first: str) -> None:
    assert find(state, T, on=date.fromisoformat(before)) is None
    assert find(state, T, on=date.fromisoformat(first)) is not None


def test_maine_caps_automated_calls_alone_at_one_in_eight_hours() -> None:
    assert find("ME", T, Tried(T - H)) is None
    result = count("ME", T, Tried(T - H), is_automated=True)
    later = count("ME", T, Tried(T - 8 * H), is_automated=True)
    assert (result.is_over, later.is_over) == (True, False)


def test_washington_has_no_cap() -> None:
    assert find("WA", T, *[Tried(T - n * M) for n in range(9)]) is None


@given(st.lists(st.integers(-3000, 3000), max_size=12))
def test_the_count_is_that_of_a_plain_loop(minutes: list[int]) -> None:
    result = count("FL", T, *[Tried(T + m * M) for m in minutes])
    assert result.sure == 1 + sum(-1440 < m <= 0 for m in minutes)
