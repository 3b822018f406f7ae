"""Ids rise, carry their time, and are not made twice."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.clock import SystemClock
from app.adapters.ids import ALPHABET, UlidSource, ulid_time
from app.errors import InvalidInput
from tests.fakes import FrozenClock, SequentialIds

moments = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def test_the_time_in_an_id_is_the_one_of_the_specifications_example():
    assert ulid_time("01ARYZ6S41TSV4RRFFQ69G5FAV") == datetime.fromtimestamp(1469918176, UTC) + timedelta(milliseconds=385)


@given(moments)
def test_an_id_carries_the_moment_of_its_making_to_the_millisecond(moment):
    ulid = UlidSource(FrozenClock(moment)).new_id()
    assert len(ulid) == 26
    assert set(ulid) <= set(ALPHABET)
    assert abs(ulid_time(ulid) - moment) < timedelta(milliseconds=1)


@given(st.lists(moments, min_size=2, max_size=20))
def test_ids_rise_even_when_the_clock_stands_still_or_is_set_back(times):
    clock = FrozenClock(times[0])
    source = UlidSource(clock)
    made = []
    for moment in times:
        clock.set(moment)
        made += [source.new_id(), source.new_id()]
    assert made == sorted(set(made))


def test_threads_that_share_a_source_never_get_the_same_id():
    source = UlidSource(SystemClock())
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: source.new_id(), range(20_000)))
    assert len(set(made)) == 20_000


def test_processes_forked_in_one_millisecond_make_different_ids():
    source = UlidSource(FrozenClock())
    source.new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "\n".join(source.new_id() for _ in range(100)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as file:
        theirs = file.read().split("\n")
    ours = [source.new_id() for _ in range(100)]
    assert len({*theirs, *ours}) == 200


@pytest.mark.parametrize(
    "text", ["", "01ARYZ6S41TSV4RRFFQ69G5FA", "01ARYZ6S41TSV4RRFFQ69G5FAU", "81ARYZ6S41TSV4RRFFQ69G5FAV", "7" + "Z" * 25]
)
def test_what_is_not_an_id_is_refused_with_the_text(text):
    with pytest.raises(InvalidInput, match=re.escape(repr(text))):
        ulid_time(text)


def test_the_systems_clock_is_in_utc():
    assert SystemClock().now().tzinfo is UTC


def test_sequential_ids_look_like_ids_and_sort():
    ids = SequentialIds()
    made = [ids.new_id() for _ in range(40)]
    assert made == sorted(set(made))
    assert all(ulid_time(i) == datetime.fromtimestamp(0, UTC) for i in made)
