"""When do calls that end at the billable second accuse anybody? Tables of counts, and no verdict from few calls."""

from dataclasses import replace

import pytest

from app.compliance.patterns.durations import find_cliffs, find_undercuts
from app.compliance.patterns.rules import get_pattern_rule
from app.compliance.patterns.values import Durations, Subject, SubjectKind

CLIFF, UNDERCUT = get_pattern_rule("FRAUD-DURATION-CLIFF"), get_pattern_rule("FRAUD-DURATION-UNDERCUT")


def source(name: str, *, near: int, later: int, before: int = 0, party: str = "") -> Durations:
    """A source of whose calls ``near`` ended within 10 s past, ``later`` after it and ``before`` within 10 s before."""
    subject = Subject(SubjectKind.SOURCE, name, name.title(), party or f"p-{name}", f"Party {name}")
    return Durations(subject, (0,) * 10 + (before // 2, before - before // 2), (near // 2, near - near // 2) + (0,) * 10, later)


def advertiser(name: str, **counts: int) -> Durations:
    row = source(name, **counts)
    return replace(row, subject=Subject(SubjectKind.ADVERTISER, name, name.title(), name, name.title()))


def test_a_source_whose_callers_hang_up_as_soon_as_it_pays_is_told_with_both_counts() -> None:
    (found,) = find_cliffs(
        [source("bad", near=54, later=66), source("a", near=3, later=147), source("b", near=3, later=147)], CLIFF
    )
    assert found.subject is not None
    assert found.subject.name == "Bad"
    assert found.sentence.startswith(
        "Of 120 calls of Bad of Party bad that reached the billable second, 54 (45%) ended within 10 s of it; "
        "of all other sources it is 6 of 300 (2.0%). Chance alone would give this "
    )
    assert found.evidence["ratio"] == 22.5
    assert 0 < found.evidence["chance"] < 1e-20
    assert (found.rule, str(found.severity), found.citations) == ("FRAUD-DURATION-CLIFF", "medium", ("campaign terms",))
    assert found.peers is not None
    assert sum(found.peers.past) + found.peers.beyond == 300


def test_sources_that_are_alike_accuse_nobody() -> None:
    assert find_cliffs([source(name, near=10, later=90) for name in "abcdef"], CLIFF) == ()


@pytest.mark.parametrize(
    "rows",
    [
        [source("bad", near=30, later=9), source("a", near=3, later=300)],  # 39 calls of its own
        [source("bad", near=60, later=60), source("a", near=1, later=98)],  # 99 calls of others
        [source("bad", near=60, later=60)],  # nobody to compare with
        [source("bad", near=60, later=60), source("too", near=2, later=200, party="p-bad")],  # only its own publisher's
        [source("bad", near=199, later=801), source("a", near=1000, later=9000)],  # sure, and yet less than twice as often
        [source("bad", near=9, later=35), source("a", near=20, later=230)],  # often, and yet not sure
    ],
)
def test_too_few_calls_too_little_difference_or_no_peers_say_nothing(rows: list[Durations]) -> None:
    assert find_cliffs(rows, CLIFF) == ()


def test_what_is_rare_for_one_of_two_is_not_rare_for_one_of_two_hundred() -> None:
    suspect = source("bad", near=10, later=36)
    assert len(find_cliffs([suspect, source("all", near=12, later=288)], CLIFF)) == 1
    assert find_cliffs([suspect, *(source(f"s{n}", near=4, later=96) for n in range(200))], CLIFF) == ()


def test_a_pile_of_calls_before_the_billable_second_speaks_of_the_advertiser_and_not_of_the_source() -> None:
    rows = [advertiser("cut", near=0, later=60, before=60), advertiser("fair", near=5, later=390, before=5)]
    assert find_cliffs(rows, CLIFF) == ()
    (found,) = find_undercuts(rows, UNDERCUT)
    assert found.subject == rows[0].subject
    assert found.sentence.startswith(
        "Of 120 calls of Cut that came near the billable second or past it, 60 (50%) ended in the last 10 s before it; "
        "of all other advertisers it is 5 of 400 (1.2%)."
    )


def test_others_that_never_do_it_have_no_ratio_and_still_a_chance() -> None:
    (found,) = find_cliffs([source("bad", near=40, later=0), source("a", near=0, later=200)], CLIFF)
    assert found.evidence["ratio"] is None
    assert "once in a thousand million" in found.sentence


def test_calls_far_from_the_billable_second_count_for_the_whole_and_not_for_the_pile() -> None:
    row = Durations(Subject(SubjectKind.SOURCE, "s", "S", "p", "P"), (9,) * 12, (1, 2, 4, *(0,) * 9), 100)
    assert row.count_past(10) == (107, 3)
    assert row.count_before(10) == (125, 18)
