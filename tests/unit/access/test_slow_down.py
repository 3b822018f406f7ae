"""How long must somebody wait who keeps getting the password wrong?"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from app.access.slow_down import LONGEST_WAIT, SAME_PERSON_AND_ADDRESS, Patience, wait_needed

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def failures(count: int, *, ago: timedelta = timedelta(0)) -> list[datetime]:
    return [NOW - ago] * count


@pytest.mark.parametrize(
    ("count", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (16, 900), (500, 900)]
)
def test_five_failures_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour(count: int, seconds: int) -> None:
    assert wait_needed(failures(count), NOW, Patience(free=5)) == timedelta(seconds=seconds)


def test_time_that_has_passed_counts_towards_the_wait() -> None:
    assert wait_needed(failures(7, ago=timedelta(seconds=3)), NOW, Patience(free=5)) == timedelta(seconds=1)
    assert wait_needed(failures(7, ago=timedelta(seconds=4)), NOW, Patience(free=5)) == timedelta(0)


def test_failures_are_forgotten_after_an_hour() -> None:
    assert wait_needed(failures(500, ago=timedelta(hours=1)), NOW, Patience(free=5)) == timedelta(0)


def test_a_patient_guesser_gets_few_guesses_a_day() -> None:
    made: list[datetime] = []
    now, end = NOW, NOW + timedelta(days=1)
    while now < end:
        now += wait_needed(made, now, SAME_PERSON_AND_ADDRESS)
        made.append(now)
        now += timedelta(milliseconds=200)
    assert 250 < len(made) < 320
    assert max(later - earlier for earlier, later in pairwise(made)) <= LONGEST_WAIT + timedelta(seconds=1)
