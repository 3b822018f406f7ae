"""Whatever is killed, every call ends analysed exactly once."""

import pytest

from tests.functional.house.conftest import CALLS, House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def recordings() -> list[str]:
    longest = sorted((p for p in CALLS.iterdir() if p.suffix == ".wav"), key=lambda p: p.stat().st_size, reverse=True)
    return [str(p) for p in longest[:2]]


def is_hearing(house: House) -> bool:
    return bool(house.ask("SELECT 1 FROM analysis_run WHERE finished_at IS NULL AND progress > 0.02"))


def is_all_analysed(house: House, count: int) -> bool:
    return house.ask("SELECT count(*) FROM current_screening") == [(count,)]


def assert_each_call_was_analysed_once(house: House, count: int) -> None:
    assert house.ask("SELECT count(*) FROM call") == [(count,)]
    assert house.ask("SELECT count(*), count(DISTINCT subject_id) FROM event WHERE kind = 'analysis.completed'") == [
        (count, count)
    ]
    assert house.ask("SELECT count(*), count(DISTINCT subject_id) FROM event WHERE kind = 'call.screened'") == [(count, count)]
    assert house.ask("SELECT count(*) FROM analysis_result") == [(count,)]
    assert house.ask("SELECT count(*) FROM analysis_run WHERE failed_at IS NOT NULL") == [(0,)]
    assert house.ask("SELECT count(*) FROM job WHERE done_at IS NULL") == [(0,)]
    assert "holds" in house.earshot("verify", "audit").stdout


def take_in(house: House) -> int:
    taken = house.earshot("ingest", *recordings(), "--time-zone", "UTC")
    assert taken.returncode == 0, taken.stdout + taken.stderr
    return len(recordings())


def test_an_audio_worker_killed_in_the_middle_of_a_call(house: House) -> None:
    house.start()
    count = take_in(house)
    house.wait(lambda: is_hearing(house), 60, "a call to be heard")
    house.kill("audio-1")
    house.wait(lambda: is_all_analysed(house, count), 120, "every call to be analysed")
    assert_each_call_was_analysed_once(house, count)
    assert house.ask("SELECT max(attempts) FROM job WHERE name = 'analyze_recording'") == [(2,)]


def test_the_queue_server_killed_while_calls_wait(house: House) -> None:
    house.start()
    count = take_in(house)
    house.wait(lambda: is_hearing(house), 60, "a call to be heard")
    house.kill("valkey")
    house.wait(lambda: is_all_analysed(house, count), 120, "every call to be analysed")
    assert_each_call_was_analysed_once(house, count)


def test_the_whole_tree_killed_leaves_no_orphan_and_goes_on_after_a_restart(house: House) -> None:
    house.start()
    count = take_in(house)
    house.wait(lambda: is_hearing(house), 60, "a call to be heard")
    house.kill_the_tree()
    house.wait(lambda: house.living() == [], 10, "every process to end with the supervisor")
    house.start()
    house.wait(lambda: is_all_analysed(house, count), 120, "every call to be analysed")
    assert_each_call_was_analysed_once(house, count)
    assert house.stop() == 0
